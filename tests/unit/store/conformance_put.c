/*
 * Conformance of a driver: what may be put, and how puts add up.
 */
#include "conformance.h"

static void test_match_tells_all_that_was_put(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");
	struct advisory_fix fix = { .package = STR("bash"),
		.fixed_version = STR("2"),
		.state = FIX_STATE_WILL_NOT_FIX,
		.severity = SEVERITY_HIGH };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct match_query query = { STR("debian:12"), STR("bash"), test_key(&a, "1") };
	struct match_list list = { VEC_INIT };
	struct err err = ERR_INIT;

	test_put_full(u, SEVERITY_LOW, "http://l/",
		"Ein \xc3\x9c"
		"berlauf",
		"{\"a\":1}", &fix, 1);
	(void)test_commit(u, 1);
	assert_ok(store_match(s, &query, 1, &a, &list, &err), &err);
	assert_int_equal(list.items.n, 1);
	assert_int_equal(list.items.v[0].query, 0);
	assert_int_equal(list.items.v[0].severity, SEVERITY_HIGH);
	assert_int_equal(list.items.v[0].state, FIX_STATE_WILL_NOT_FIX);
	assert_str(list.items.v[0].name, "CVE-1");
	assert_str(list.items.v[0].fixed_version, "2");
	assert_str(list.items.v[0].link, "http://l/");
	assert_str(list.items.v[0].description, "Ein \xc3\x9c"
						"berlauf");
	vec_fini(&list.items);
}

static void test_puts_of_one_advisory_add_up(void **state)
{
	struct store *s = store_of(state);
	const struct advisory_fix fixes[] = {
		{ .package = STR("bash"), .fixed_version = STR("1.0") },
		{ .package = STR("dash"), .fixed_version = STR("2.0") },
		{ .package = STR("bash"), .introduced = STR("5"), .fixed_version = STR("6") },
		{ .package = STR("bash"), .fixed_version = STR("3.0") },
	};
	struct store_update *u = test_begin(s, "debian");

	test_put_full(u, SEVERITY_LOW, "", "", "{}", &fixes[0], 2);
	test_put(u, "debian:12", "CVE-0", "bash", "", "1");
	test_put_full(u, SEVERITY_HIGH, "first", "", "", &fixes[2], 1);
	test_put_full(u, SEVERITY_MEDIUM, "second", "text", "[]", &fixes[3], 1);
	assert_result(test_commit(u, 1), 2, 0, 0, 0);
	assert_match(s, "debian:12", "bash", "2.0", "CVE-1=3.0");
	assert_match(s, "debian:12", "dash", "1.0", "CVE-1=2.0");
	assert_match(s, "debian:12", "bash", "5.1", "CVE-1=6");

	/* The same in one put is the same. */
	const struct advisory_fix folded[] = { fixes[2], fixes[3], fixes[1] };
	u = test_begin(s, "debian");
	test_put_full(u, SEVERITY_HIGH, "first", "text", "{}", folded, 3);
	test_put(u, "debian:12", "CVE-0", "bash", "", "1");
	assert_result(test_commit(u, 2), 0, 0, 0, 2);
}

static void test_advisories_without_fixes_are_dropped(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put_full(u, SEVERITY_LOW, "l", "d", "", NULL, 0);
	assert_result(test_commit(u, 1), 0, 0, 0, 0);
	u = test_begin(s, "debian");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1.0");
	assert_result(test_commit(u, 2), 1, 0, 0, 0);
	u = test_begin(s, "debian");
	test_put_full(u, SEVERITY_LOW, "l", "d", "", NULL, 0);
	assert_result(test_commit(u, 3), 0, 0, 1, 0);
	assert_match(s, "debian:12", "bash", "0.1", "");
}

static void test_what_cannot_be_stored_is_refused_alone(void **state)
{
	static const struct {
		const char *name_space, *name, *package, *introduced, *fixed, *message;
	} cases[] = {
		{ "", "CVE-1", "bash", "", "1", "namespace is empty" },
		{ "debian:12", "", "bash", "", "1", "name is empty" },
		{ "debian:12", "CVE-1", "", "", "1", "package is empty" },
		{ "debian:12", "CVE-1", "bash", "", "a b", "CVE-1, package bash" },
		{ "debian:12", "CVE-1", "bash", "not a version", "1", "CVE-1, package bash" },
		{ "debian:12", "CVE-\xff", "bash", "", "1", "not UTF-8" },
		{ "debian:12", "CVE-1", "\xc0\x80", "", "1", "not UTF-8" },
		{ "debian:12", "CVE-1", "\xed\xa0\x80", "", "1", "not UTF-8" },
		{ "debian:12", "CVE-1", "\xf4\x90\x80\x80", "", "1", "not UTF-8" },
		{ "debian:12", "CVE-1", "cut\xe2\x82", "", "1", "not UTF-8" },
	};
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_fails(test_try_put(u, cases[i].name_space, cases[i].name, cases[i].package,
				     cases[i].introduced, cases[i].fixed, &err),
			&err, ERR_INPUT, cases[i].message);
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	assert_result(test_commit(u, 1), 1, 0, 0, 0);
}

static void test_odd_texts_are_refused(void **state)
{
	struct store_update *u = test_begin(store_of(state), "debian");
	struct advisory_fix fix = { .package = STR("bash") };
	struct advisory a = { STR("debian:12"), STR("pascal"), STR("CVE-1"), .fixes = &fix,
		.n_fixes = 1 };
	_cleanup_free_ char *long_text = xcalloc(1, LIMIT_ADVISORY_TEXT + 1);
	struct err err = ERR_INIT;

	memset(long_text, 'x', LIMIT_ADVISORY_TEXT + 1);
	assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "\"pascal\"");
	a.scheme = STR("dpkg");
	a.description = STR("a\0b");
	assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "description");
	a.description = str_n(long_text, LIMIT_ADVISORY_TEXT + 1);
	assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "description");
	a.description = STR_NULL;
	a.link = str_n(long_text, LIMIT_ADVISORY_TEXT + 1);
	assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "link");
	a.link = STR_NULL;
	a.name = str_n(long_text, LIMIT_PACKAGE_FIELD + 1);
	assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "name");
	a.name = STR("CVE-1");
	a.severity = SEVERITY_COUNT;
	assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "severity");
	a.severity = SEVERITY_LOW;
	a.description = str_n(long_text, LIMIT_ADVISORY_TEXT);
	assert_ok(store_update_put(u, &a, &err), &err);
	assert_result(test_commit(u, 1), 1, 0, 0, 0);
}

static void test_namespace_has_one_scheme(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");
	struct advisory_fix fix = { .package = STR("bash") };
	struct advisory a = { STR("debian:12"), STR("rpm"), STR("CVE-1"), .fixes = &fix,
		.n_fixes = 1 };
	struct store_update_result result;
	struct err err = ERR_INIT;

	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "dpkg");
	(void)test_commit(u, 1);
	u = test_begin(s, "other");
	assert_ok(store_update_put(u, &a, &err), &err);
	assert_fails(test_try_commit(u, 2, &result, &err), &err, ERR_INPUT, "dpkg");
	assert_match(s, "debian:12", "bash", "0", "CVE-2=1");
}

int conformance_put(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_match_tells_all_that_was_put),
		TEST(test_puts_of_one_advisory_add_up),
		TEST(test_advisories_without_fixes_are_dropped),
		TEST(test_what_cannot_be_stored_is_refused_alone),
		TEST(test_odd_texts_are_refused),
		TEST(test_namespace_has_one_scheme),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
