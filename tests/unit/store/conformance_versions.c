/*
 * Conformance of a driver: which versions are affected, and the order of matches.
 */
#include "conformance.h"

static void test_fixed_version_is_not_affected(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "1:2.0-3");
	(void)test_commit(u, 1);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1:2.0-3");
	assert_match(s, "debian:12", "bash", "1:2.0-2", "CVE-1=1:2.0-3");
	assert_match(s, "debian:12", "bash", "1:2.0-3~rc1", "CVE-1=1:2.0-3");
	assert_match(s, "debian:12", "bash", "1:2.0-3", "");
	assert_match(s, "debian:12", "bash", "1:2.0-3+deb12u1", "");
	assert_match(s, "debian:12", "bash", "2:0", "");
}

static void test_unfixed_affects_every_version(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "");
	(void)test_commit(u, 1);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=");
	assert_match(s, "debian:12", "bash", "99999:99999z", "CVE-1=");
}

static void test_introduced_version_is_the_first_affected(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "2.0", "3.0");
	test_put(u, "debian:12", "CVE-2", "bash", "2.0", "");
	(void)test_commit(u, 1);
	assert_match(s, "debian:12", "bash", "1.9", "");
	assert_match(s, "debian:12", "bash", "2.0", "CVE-1=3.0 CVE-2=");
	assert_match(s, "debian:12", "bash", "3.0", "CVE-2=");
}

static void test_ranges_of_one_package_each_count(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "1.5");
	test_put(u, "debian:12", "CVE-1", "bash", "2.0", "2.5");
	test_put(u, "debian:12", "CVE-1", "bash", "2.2", "2.9");
	(void)test_commit(u, 1);
	assert_match(s, "debian:12", "bash", "1.0", "CVE-1=1.5");
	assert_match(s, "debian:12", "bash", "1.7", "");
	assert_match(s, "debian:12", "bash", "2.1", "CVE-1=2.5");
	/* Fixed only in the last of the ranges that it is in, and told once. */
	assert_match(s, "debian:12", "bash", "2.3", "CVE-1=2.9");
}

static void test_matches_come_by_query_and_name(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct match_query queries[] = {
		{ STR("debian:12"), STR("dash"), test_key(&a, "1") },
		{ STR("debian:12"), STR("none"), test_key(&a, "1") },
		{ STR("debian:12"), STR("bash"), test_key(&a, "1") },
		{ STR("debian:99"), STR("bash"), test_key(&a, "1") },
		{ STR("debian:12"), STR("bash"), test_key(&a, "5") },
		{ STR("debian:12"), STR("bash"), test_key(&a, "1") },
		{ STR("debian:12"), STR(""), span_n(NULL, 0) },
		/* An image may call its packages anything. */
		{ STR("debian:12"), STR("bash\0"), test_key(&a, "1") },
		{ STR("debian:12"), STR("\xff"), test_key(&a, "1") },
	};
	static const struct {
		size_t query;
		const char *name;
	} expected[] = { { 0, "CVE-3" }, { 2, "CVE-1" }, { 2, "CVE-10" }, { 2, "CVE-2" },
		{ 4, "CVE-10" }, { 5, "CVE-1" }, { 5, "CVE-10" }, { 5, "CVE-2" } };
	struct match_list list = { VEC_INIT };
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	test_put(u, "debian:12", "CVE-2", "bash", "", "3");
	test_put(u, "debian:12", "CVE-10", "bash", "", "");
	test_put(u, "debian:12", "CVE-1", "bash", "", "5");
	test_put(u, "debian:12", "CVE-3", "dash", "", "2");
	test_put(u, "debian:11", "CVE-9", "bash", "", "2");
	(void)test_commit(u, 1);
	assert_ok(store_match(s, queries, ARRAY_LEN(queries), &a, &list, &err), &err);
	assert_int_equal(list.items.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(list.items.v[i].query, expected[i].query);
		assert_str(list.items.v[i].name, expected[i].name);
	}
	/* Appends. */
	assert_ok(store_match(s, queries, 1, &a, &list, &err), &err);
	assert_int_equal(list.items.n, ARRAY_LEN(expected) + 1);
	assert_ok(store_match(s, queries, 0, &a, &list, &err), &err);
	assert_int_equal(list.items.n, ARRAY_LEN(expected) + 1);
	vec_fini(&list.items);
}

static void test_matches_are_limited(void **state)
{
	enum { NAMES = 500 };
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	size_t n = LIMIT_MATCHES / NAMES + 1;
	struct match_query *queries = arena_alloc(&a, n * sizeof(*queries));
	struct match_list list = { VEC_INIT };
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	for (int i = 0; i < NAMES; i++)
		test_put(u, "debian:12", arena_printf(&a, "CVE-%d", i).p, "linux", "", "");
	(void)test_commit(u, 1);
	for (size_t i = 0; i < n; i++)
		queries[i] =
			(struct match_query){ STR("debian:12"), STR("linux"), test_key(&a, "1") };
	assert_fails(store_match(s, queries, n, &a, &list, &err), &err, ERR_TOO_LARGE, "matches");
	assert_int_equal(list.items.n, 0);
	assert_ok(store_match(s, queries, n - 1, &a, &list, &err), &err);
	assert_int_equal(list.items.n, LIMIT_MATCHES);
	vec_fini(&list.items);
}

static void test_namespace_is_known_while_it_has_advisories(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	assert_int_equal(store_has_namespace(s, STR("debian:12"), &err), 0);
	test_put(u, "debian:12", "CVE-2", "bash", "", "3");
	(void)test_commit(u, 1);
	assert_int_equal(store_has_namespace(s, STR("debian:12"), &err), 1);
	assert_int_equal(store_has_namespace(s, STR("debian:1"), &err), 0);
	assert_int_equal(store_has_namespace(s, STR(""), &err), 0);
	(void)test_commit(test_begin(s, "debian"), 2);
	assert_int_equal(store_has_namespace(s, STR("debian:12"), &err), 0);
}

int conformance_versions(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fixed_version_is_not_affected),
		TEST(test_unfixed_affects_every_version),
		TEST(test_introduced_version_is_the_first_affected),
		TEST(test_ranges_of_one_package_each_count),
		TEST(test_matches_come_by_query_and_name),
		TEST(test_matches_are_limited),
		TEST(test_namespace_is_known_while_it_has_advisories),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
