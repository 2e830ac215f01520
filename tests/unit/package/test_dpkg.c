/*
 * dpkg's databases: which stanzas count, what their fields mean, damage.
 */
#include "text_test.h"

static const struct package_db_driver *const dpkg = &package_dpkg_status;

#define STANZA(name, fields) "Package: " name "\n" fields "Version: 1-1\nArchitecture: amd64\n\n"
#define STATUS(words)        STANZA("p", "Status: " words "\n")

static void test_only_what_may_be_on_disk_counts(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool counts;
	} cases[] = {
		{ STATUS("install ok installed"), true }, { STATUS("hold ok installed"), true },
		{ STATUS("deinstall ok installed"), true }, { STATUS("install ok unpacked"), true },
		{ STATUS("install ok half-configured"), true },
		{ STATUS("install reinstreq half-installed"), true },
		{ STATUS("install ok triggers-awaited"), true },
		{ STATUS("install ok triggers-pending"), true },
		{ STATUS("deinstall ok config-files"), false },
		{ STATUS("purge ok not-installed"), false },
		{ STANZA("p", ""), true }, /* status.d has no Status */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_parses(dpkg, cases[i].text, cases[i].counts ? "p 1-1 amd64 p 1-1\n" : "");
}

static void test_source_has_its_own_name_and_version(void **state UNUSED)
{
	assert_parses(dpkg, STANZA("libp1", "Source: p\n"), "libp1 1-1 amd64 p 1-1\n");
	assert_parses(dpkg, STANZA("libp1", "Source: p (2:3-4)\n"), "libp1 1-1 amd64 p 2:3-4\n");
	assert_parses(dpkg, STANZA("libp1", "Source: p (3)\n"), "libp1 1-1 amd64 p 3\n");
	assert_parses(dpkg, STANZA("libp1", "Source: p(3\n"), "libp1 1-1 amd64 p 3\n");
	assert_parses(dpkg, STANZA("libp1", "Source: \n"), "libp1 1-1 amd64 libp1 1-1\n");
	assert_parses(dpkg, STANZA("libp1", "Source: p ()\n"), "libp1 1-1 amd64 p 1-1\n");
}

static void test_version_is_printed_as_dpkg_does(void **state UNUSED)
{
	assert_parses(dpkg, "Package: p\nVersion: 0:1-1\n", "p 1-1 - p 1-1\n");
	assert_parses(dpkg, "Package: p\nVersion: 1:1-1\n", "p 1:1-1 - p 1:1-1\n");
	/* Kept: it will be counted as not comparable. */
	assert_parses(dpkg, "Package: p\nStatus: install ok installed\n", "p - - p -\n");
	assert_parses(dpkg, "Package: p\nVersion: nonsense here\n",
		"p nonsense here - p nonsense here\n");
}

static void test_stanzas_are_separated_by_blank_lines(void **state UNUSED)
{
	assert_parses(dpkg, "", "");
	assert_parses(dpkg, "\n\n\n", "");
	assert_parses(dpkg, "\n\nPackage: a\nVersion: 1\n\n\n\nPackage: b\nVersion: 2",
		"a 1 - a 1\nb 2 - b 2\n");
	assert_parses(dpkg, "Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\nVersion: 2\r\n",
		"a 1 - a 1\nb 2 - b 2\n");
	assert_parses(dpkg, "package: a\nVERSION: 1\n", "a 1 - a 1\n");
	assert_parses(dpkg, "Package: a\nDescription: x\n Version: 9\n .\n more\nVersion: 1\n",
		"a 1 - a 1\n");
}

static void test_one_package_for_two_architectures(void **state UNUSED)
{
	assert_parses(dpkg,
		"Package: a\nArchitecture: amd64\nVersion: 1\n\nPackage: a\nArchitecture: i386\nVersion: 1\n",
		"a 1 amd64 a 1\na 1 i386 a 1\n");
}

static void test_damage_is_an_error_with_its_line(void **state UNUSED)
{
	static const struct {
		const char *text;
		size_t n;
		const char *why;
	} cases[] = {
#define CASE(text, why) { text, sizeof(text) - 1, why }
		CASE("Package a\n", "db: line 1: no colon"),
		CASE("Package: a\nVersion: 1\n\nnonsense\n", "line 4"),
		CASE(" continuation\n", "line 1: a continuation line"),
		CASE("\0\0\0\0", "line 1"),
		CASE("Package: a\0b\nVersion: 1\n", "NUL"),
		CASE("Version: 1\n", "stanza at line 1: no package name"),
		CASE("Package: a\nVersion: 1\n\nPackage: \nVersion: 1\n",
			"stanza at line 4: no package name"),
		CASE("Package: a\nVersion: 1\x1b[31m\n",
			"stanza at line 1: a control character in the version"),
#undef CASE
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_refuses(dpkg, cases[i].text, cases[i].n, cases[i].why);
}

static void test_fields_have_a_limit(void **state UNUSED)
{
	struct buf text = BUF_INIT(MIB), out = BUF_INIT(MIB);

	buf_append_str(&text, STR("Package: a\nVersion: 1"));
	for (size_t i = 0; i < LIMIT_PACKAGE_FIELD; i++)
		buf_append_char(&text, '0');
	assert_int_equal(parse_to_lines(dpkg, text.p, text.n, &out), -ERR_TOO_LARGE);
	/* What nobody reads may be longer. */
	buf_clear(&text);
	buf_append_str(&text, STR("Package: a\nVersion: 1\nDepends: "));
	for (size_t i = 0; i < 2 * LIMIT_PACKAGE_FIELD; i++)
		buf_append_char(&text, '0');
	buf_clear(&out);
	assert_int_equal(parse_to_lines(dpkg, text.p, text.n, &out), 0);
	assert_string_equal(buf_cstr(&out), "a 1 - a 1\n");
	buf_fini(&text);
	buf_fini(&out);
}

static void test_more_packages_than_anybody_has(void **state UNUSED)
{
	struct buf text = BUF_INIT(64 * MIB), out = BUF_INIT(64 * MIB);

	for (int i = 0; i <= LIMIT_PACKAGES; i++)
		buf_append_str(&text, STR("Package: a\nVersion: 1\n\n"));
	assert_int_equal(parse_to_lines(dpkg, text.p, text.n, &out), -ERR_TOO_LARGE);
	buf_fini(&text);
	buf_fini(&out);
}

static void test_real_database_cut_and_damaged(void **state UNUSED)
{
	assert_cuts_are_clean(dpkg, "package/dpkg/bookworm.status");
	assert_flips_are_clean(dpkg, "package/dpkg/bookworm.status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_may_be_on_disk_counts),
		cmocka_unit_test(test_source_has_its_own_name_and_version),
		cmocka_unit_test(test_version_is_printed_as_dpkg_does),
		cmocka_unit_test(test_stanzas_are_separated_by_blank_lines),
		cmocka_unit_test(test_one_package_for_two_architectures),
		cmocka_unit_test(test_damage_is_an_error_with_its_line),
		cmocka_unit_test(test_fields_have_a_limit),
		cmocka_unit_test(test_more_packages_than_anybody_has),
		cmocka_unit_test(test_real_database_cut_and_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
