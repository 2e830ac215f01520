/*
 * Conformance of a driver: updates that cover only a part of their source.
 */
#include "conformance.h"

static void cover_name(struct store_update *u, const char *name)
{
	struct err err = ERR_INIT;

	assert_ok(store_update_cover_name(u, str_of(name), &err), &err);
}

static void cover_namespace(struct store_update *u, const char *name)
{
	struct err err = ERR_INIT;

	assert_ok(store_update_cover_namespace(u, str_of(name), &err), &err);
}

/* CVE-1 … CVE-3 of debian:11 and debian:12. */
static void put_all(struct store *s)
{
	static const char *const name_spaces[] = { "debian:11", "debian:12" };
	static const char *const names[] = { "CVE-1", "CVE-2", "CVE-3" };
	struct store_update *u = test_begin(s, "debian");

	for (size_t i = 0; i < ARRAY_LEN(name_spaces); i++) {
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			test_put(u, name_spaces[i], names[k], "bash", "", "1");
	}
	assert_result(test_commit(u, 1), 6, 0, 0, 0);
}

static uint64_t count(struct store *s)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state state;

	assert_int_equal(store_source_get(s, STR("debian"), &a, &state, NULL), 1);
	return state.advisories;
}

static void test_names_outside_stay(void **state)
{
	struct store *s = store_of(state);

	put_all(s);
	struct store_update *u = test_begin(s, "debian");
	cover_name(u, "CVE-2");
	cover_name(u, "CVE-4");
	cover_name(u, "CVE-2");
	test_put(u, "debian:12", "CVE-2", "bash", "", "2");
	test_put(u, "debian:10", "CVE-4", "bash", "", "4");
	assert_result(test_commit(u, 2), 1, 1, 1, 4);
	assert_match(s, "debian:10", "bash", "0", "CVE-4=4");
	assert_match(s, "debian:11", "bash", "0", "CVE-1=1 CVE-3=1");
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1 CVE-2=2 CVE-3=1");
	assert_int_equal(count(s), 6);
}

static void test_namespaces_outside_stay(void **state)
{
	struct store *s = store_of(state);

	put_all(s);
	struct store_update *u = test_begin(s, "debian");
	cover_namespace(u, "debian:12");
	cover_namespace(u, "debian:13");
	test_put(u, "debian:12", "CVE-3", "bash", "", "1");
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	test_put(u, "debian:13", "CVE-2", "bash", "", "1");
	assert_result(test_commit(u, 2), 1, 0, 1, 5);
	assert_match(s, "debian:11", "bash", "0", "CVE-1=1 CVE-2=1 CVE-3=1");
	assert_match(s, "debian:12", "bash", "0", "CVE-2=1 CVE-3=1");
	assert_match(s, "debian:13", "bash", "0", "CVE-2=1");
	assert_int_equal(count(s), 6);
}

static void test_names_and_namespaces_add_up(void **state)
{
	struct store *s = store_of(state);

	put_all(s);
	struct store_update *u = test_begin(s, "debian");
	cover_name(u, "CVE-1");
	cover_namespace(u, "debian:12");
	test_put(u, "debian:12", "CVE-3", "bash", "", "1");
	assert_result(test_commit(u, 2), 0, 0, 3, 3);
	assert_match(s, "debian:11", "bash", "0", "CVE-2=1 CVE-3=1");
	assert_match(s, "debian:12", "bash", "0", "CVE-3=1");
}

static void test_partial_update_that_says_the_same_changes_nothing(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state source;

	put_all(s);
	struct store_update *u = test_begin(s, "debian");
	cover_name(u, "CVE-1");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	test_put(u, "debian:11", "CVE-1", "bash", "", "1");
	assert_result(test_commit(u, 2), 0, 0, 0, 6);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, NULL), 1);
	assert_int_equal(source.updated_at, 1);
	assert_int_equal(source.checked_at, 2);
}

static void test_put_outside_is_refused(void **state)
{
	struct store *s = store_of(state);
	struct err err = ERR_INIT;

	put_all(s);
	struct store_update *u = test_begin(s, "debian");
	assert_fails(store_update_cover_name(u, STR(""), &err), &err, ERR_INPUT, "name");
	cover_name(u, "CVE-1");
	cover_namespace(u, "debian:13");
	assert_fails(test_try_put(u, "debian:12", "CVE-2", "bash", "", "1", &err), &err, ERR_INPUT,
		"does not cover");
	test_put(u, "debian:13", "CVE-2", "bash", "", "1");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	assert_result(test_commit(u, 2), 1, 0, 1, 5);
}

static void test_what_was_put_before_has_to_be_covered(void **state)
{
	struct store *s = store_of(state);
	struct store_update_result result;
	struct err err = ERR_INIT;

	put_all(s);
	struct store_update *u = test_begin(s, "debian");
	test_put(u, "debian:12", "CVE-1", "bash", "", "2");
	cover_name(u, "CVE-1");
	test_put(u, "debian:11", "CVE-1", "bash", "", "2");
	assert_result(test_commit(u, 2), 0, 2, 0, 4);
	u = test_begin(s, "debian");
	test_put(u, "debian:12", "CVE-2", "bash", "", "2");
	cover_name(u, "CVE-1");
	assert_fails(test_try_commit(u, 3, &result, &err), &err, ERR_INPUT, "does not cover");
	assert_match(s, "debian:12", "bash", "0", "CVE-1=2 CVE-2=1 CVE-3=1");
}

static void test_other_sources_are_not_covered(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "other");

	test_put(u, "debian:12", "CVE-1", "bash", "", "9");
	(void)test_commit(u, 1);
	put_all(s);
	u = test_begin(s, "debian");
	cover_name(u, "CVE-1");
	assert_result(test_commit(u, 2), 0, 0, 2, 4);
	u = test_begin(s, "debian");
	cover_namespace(u, "debian:12");
	assert_result(test_commit(u, 3), 0, 0, 2, 2);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=9");
}

/* More than are looked up one by one. */
static void test_any_number_of_names(void **state)
{
	enum { NAMES = 20100 };
	struct store *s = store_of(state);
	char name[32];

	put_all(s);
	struct store_update *u = test_begin(s, "debian");
	for (int i = 1; i < NAMES; i++) {
		(void)snprintf(name, sizeof(name), "CVE-%d", i == 3 ? NAMES : i);
		cover_name(u, name);
	}
	cover_namespace(u, "debian:10");
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	test_put(u, "debian:12", "CVE-20099", "bash", "", "1");
	assert_result(test_commit(u, 2), 1, 0, 3, 3);
	assert_match(s, "debian:12", "bash", "0", "CVE-2=1 CVE-20099=1 CVE-3=1");
}

/* --- updates that are taken for damaged */

static struct store_update *begin_judged(struct store *s)
{
	struct store_update *u = NULL;
	struct err err = ERR_INIT;

	assert_ok(store_update_begin(s, STR("debian"), &u, &err), &err);
	return u;
}

static void assert_refused(struct store_update *u, const char *message)
{
	struct store_update_result result;
	struct err err = ERR_INIT;

	assert_fails(test_try_commit(u, 9, &result, &err), &err, ERR_INPUT, message);
}

static void test_fewer_than_half_are_refused(void **state)
{
	struct store *s = store_of(state);

	put_all(s);
	struct store_update *u = begin_judged(s);
	test_put(u, "debian:12", "CVE-1", "bash", "", "2");
	test_put(u, "debian:12", "CVE-9", "bash", "", "1");
	assert_refused(u, "holds 2 advisories, fewer than half of the 6 of the last update");
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1 CVE-2=1 CVE-3=1");
	assert_int_equal(count(s), 6);
	assert_refused(begin_judged(s), "holds 0 advisories");
	u = begin_judged(s);
	store_update_accept_shrinking(u);
	test_put(u, "debian:12", "CVE-1", "bash", "", "2");
	assert_result(test_commit(u, 2), 0, 1, 5, 0);
}

static void test_half_is_enough(void **state)
{
	struct store *s = store_of(state);

	put_all(s);
	struct store_update *u = begin_judged(s);
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	test_put(u, "debian:12", "CVE-2", "bash", "", "2");
	test_put(u, "debian:13", "CVE-9", "bash", "", "1");
	assert_result(test_commit(u, 2), 1, 1, 4, 1);
	/* Of three, two are. */
	u = begin_judged(s);
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	assert_refused(u, "holds 1 advisories, fewer than half of the 3");
}

static void test_what_is_covered_is_judged(void **state)
{
	struct store *s = store_of(state);

	put_all(s);
	struct store_update *u = begin_judged(s);
	cover_namespace(u, "debian:12");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	assert_refused(u, "holds 1 advisories, fewer than half of the 3");
	u = begin_judged(s);
	cover_namespace(u, "debian:12");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	assert_result(test_commit(u, 2), 0, 0, 1, 5);
	/* Of names nothing may be left. */
	u = begin_judged(s);
	cover_name(u, "CVE-2");
	assert_result(test_commit(u, 3), 0, 0, 2, 3);
}

/* The first state of a source, and records of CVEs alone, are fewer than half of nothing. */
static void test_nothing_was_there(void **state)
{
	const struct cve_record c = { STR("CVE-1"), SEVERITY_LOW, STR("{}") };
	struct store *s = store_of(state);
	struct err err = ERR_INIT;

	for (int i = 0; i < 2; i++) {
		struct store_update *u = begin_judged(s);

		assert_ok(store_update_put_cve(u, &c, &err), &err);
		(void)test_commit(u, 1 + i);
	}
}

int conformance_partial(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_outside_stay),
		TEST(test_namespaces_outside_stay),
		TEST(test_names_and_namespaces_add_up),
		TEST(test_partial_update_that_says_the_same_changes_nothing),
		TEST(test_put_outside_is_refused),
		TEST(test_what_was_put_before_has_to_be_covered),
		TEST(test_other_sources_are_not_covered),
		TEST(test_any_number_of_names),
		TEST(test_fewer_than_half_are_refused),
		TEST(test_half_is_enough),
		TEST(test_what_is_covered_is_judged),
		TEST(test_nothing_was_there),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
