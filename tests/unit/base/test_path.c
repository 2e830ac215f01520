/*
 * Paths inside an image.
 */
#include "../test.h"

static void test_normal_forms(void **state UNUSED)
{
	static const struct {
		const char *raw, *normal;
	} cases[] = {
		{ "", "" },
		{ "/", "" },
		{ ".", "" },
		{ "./", "" },
		{ "..", "" },
		{ "../../..", "" },
		{ "a", "a" },
		{ "/a/b", "a/b" },
		{ "./a/b/", "a/b" },
		{ "//a///b//", "a/b" },
		{ "a/./b/.", "a/b" },
		{ "a/../b", "b" },
		{ "a/b/../../c", "c" },
		{ "a/../../../b", "b" },
		{ "../etc/passwd", "etc/passwd" },
		{ "...", "..." },
		{ "a/..b/.c", "a/..b/.c" },
		{ "a/b/..", "a" },
	};
	_cleanup_arena_ struct arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str once = path_normalize(&a, str_of(cases[i].raw));

		assert_str(once, cases[i].normal);
		assert_str(path_normalize(&a, once), cases[i].normal);
	}
	assert_str(path_normalize(&a, STR_NULL), "");
}

static void test_link_targets(void **state UNUSED)
{
	static const struct {
		const char *link, *target, *normal;
	} cases[] = {
		{ "etc/os-release", "../usr/lib/os-release", "usr/lib/os-release" },
		{ "etc/os-release", "/usr/lib/os-release", "usr/lib/os-release" },
		{ "etc/os-release", "os-release.d/x", "etc/os-release.d/x" },
		{ "etc/os-release", "../../../usr", "usr" },
		{ "var/lib/rpm", "../../usr/lib/sysimage/rpm", "usr/lib/sysimage/rpm" },
		{ "a", "b", "b" },
		{ "a", "..", "" },
		{ "a/b", "", "a" },
		{ "a/b", ".", "a" },
		{ "a/b", "//x//y", "x/y" },
	};
	_cleanup_arena_ struct arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(path_resolve_link(&a, str_of(cases[i].link), str_of(cases[i].target)),
			cases[i].normal);
}

static void test_ancestors_are_whole_parts(void **state UNUSED)
{
	assert_true(path_contains(STR(""), STR("a/b")));
	assert_true(path_contains(STR(""), STR("")));
	assert_true(path_contains(STR("a"), STR("a")));
	assert_true(path_contains(STR("a"), STR("a/b")));
	assert_false(path_contains(STR("a"), STR("ab")));
	assert_false(path_contains(STR("a/b"), STR("a")));
	assert_str(path_dirname(STR("a/b/c")), "a/b");
	assert_str(path_dirname(STR("a")), "");
	assert_str(path_dirname(STR("")), "");
	assert_str(path_basename(STR("a/b/c")), "c");
	assert_str(path_basename(STR("a")), "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_forms),
		cmocka_unit_test(test_link_targets),
		cmocka_unit_test(test_ancestors_are_whole_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
