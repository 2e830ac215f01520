/*
 * Platforms.
 */
#include "../test.h"

#include "image/image.h"

static void test_platforms_are_read(void **state UNUSED)
{
	static const struct {
		const char *text, *os, *architecture, *variant;
	} good[] = {
		{ "linux/amd64", "linux", "amd64", "" },
		{ "linux/arm64/v8", "linux", "arm64", "v8" },
		{ "windows/amd64", "windows", "amd64", "" },
		{ "arm64", "linux", "arm64", "" },
		{ "linux/arm/", "linux", "arm", "" },
	};
	static const char *const bad[] = { "", "/", "linux/", "/amd64", "linux//v8", "a/b/c/d",
		"linux/arm/v7/" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err err = ERR_INIT;
		struct platform p;

		assert_ok(platform_parse(str_of(good[i].text), &p, &err), &err);
		assert_str(p.os, good[i].os);
		assert_str(p.architecture, good[i].architecture);
		assert_str(p.variant, good[i].variant);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct platform p = { .os = STR("untouched") };
		struct err err = ERR_INIT;

		assert_fails(platform_parse(str_of(bad[i]), &p, &err), &err, ERR_USAGE,
			"is no platform; one looks like linux/arm64/v8");
		assert_str(p.os, "untouched");
	}
}

static void test_what_is_empty_does_not_matter(void **state UNUSED)
{
	static const struct {
		const char *want, *have;
		bool matches;
	} cases[] = {
		{ "linux/amd64", "linux/amd64", true },
		{ "linux/amd64", "linux/arm64", false },
		{ "linux/amd64", "windows/amd64", false },
		{ "linux/arm/v7", "linux/arm", true },
		{ "linux/arm", "linux/arm/v7", true },
		{ "linux/arm/v7", "linux/arm/v6", false },
	};
	const struct platform nothing = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct platform want, have;
		struct err err = ERR_INIT;

		assert_ok(platform_parse(str_of(cases[i].want), &want, &err), &err);
		assert_ok(platform_parse(str_of(cases[i].have), &have, &err), &err);
		if (platform_matches(&want, &have) != cases[i].matches)
			fail_msg("%s, %s", cases[i].want, cases[i].have);
		assert_true(platform_matches(&want, &nothing));
		assert_true(platform_matches(&nothing, &have));
	}
}

static void test_host_has_a_platform(void **state UNUSED)
{
	struct platform host = platform_host();

	assert_str(host.os, "linux");
	assert_true(host.architecture.n > 0);
	assert_true(platform_matches(&host, &host));
}

static void test_kinds_have_names(void **state UNUSED)
{
	assert_string_equal(image_kind_to_str(IMAGE_DOCKER_ARCHIVE), "docker-archive");
	assert_string_equal(image_kind_to_str(IMAGE_OCI_LAYOUT), "oci-layout");
	assert_string_equal(image_kind_to_str(IMAGE_LAYER), "layer");
	assert_string_equal(image_kind_to_str(IMAGE_DIRECTORY), "dir");
	assert_string_equal(image_kind_to_str(IMAGE_KIND_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_platforms_are_read),
		cmocka_unit_test(test_what_is_empty_does_not_matter),
		cmocka_unit_test(test_host_has_a_platform),
		cmocka_unit_test(test_kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
