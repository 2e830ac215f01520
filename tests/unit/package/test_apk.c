/*
 * apk's database: records, their fields, damage.
 */
#include "text_test.h"

static const struct package_db_driver *const apk = &package_apk;

static void test_records_are_packages(void **state UNUSED)
{
	assert_parses(apk, "", "");
	assert_parses(apk, "P:musl\nV:1.2.4-r2\nA:x86_64\no:musl\n\n",
		"musl 1.2.4-r2 x86_64 musl 1.2.4-r2\n");
	assert_parses(apk,
		"C:Q1abc=\nP:libcrypto3\nV:3.1.7-r0\nA:x86_64\nS:1\nT:text: with colons\no:openssl\nF:lib\nR:a\n\nP:b\nV:1-r0",
		"libcrypto3 3.1.7-r0 x86_64 openssl 3.1.7-r0\nb 1-r0 - b 1-r0\n");
	assert_parses(
		apk, "\n\nP:a\nV:1-r0\n\n\n\nP:b\nV:2-r0\n", "a 1-r0 - a 1-r0\nb 2-r0 - b 2-r0\n");
	assert_parses(apk, "P:a\r\nV:1-r0\r\n", "a 1-r0 - a 1-r0\n");
}

static void test_what_is_missing(void **state UNUSED)
{
	assert_parses(apk, "P:a\n", "a - - a -\n");
	assert_parses(apk, "P:.build-deps\nV:20240101.120000\n",
		".build-deps 20240101.120000 - .build-deps 20240101.120000\n");
	assert_refuses(apk, "V:1-r0\n", 7, "record at line 1: no package name");
	assert_refuses(apk, "P:a\nV:1\n\nV:1-r0\n", 16, "record at line 4: no package name");
}

static void test_damage_is_an_error_with_its_line(void **state UNUSED)
{
	assert_refuses(apk, "nonsense\n", 9, "db: line 1: no letter and colon");
	assert_refuses(apk, "P:a\nV\n", 6, "line 2");
	assert_refuses(apk, "\0\0\0", 3, "line 1");
	assert_refuses(apk, "P:a\x1b[m\nV:1\n", 11, "name");
}

static void test_real_database_cut_and_damaged(void **state UNUSED)
{
	assert_cuts_are_clean(apk, "package/apk/alpine318.installed");
	assert_flips_are_clean(apk, "package/apk/alpine318.installed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_are_packages),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_damage_is_an_error_with_its_line),
		cmocka_unit_test(test_real_database_cut_and_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
