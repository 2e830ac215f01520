/*
 * Conformance of a driver: what a commit changes.
 */
#include "conformance.h"

static void test_commit_counts_what_differs(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:11", "CVE-1", "bash", "", "1");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	test_put(u, "debian:12", "CVE-4", "bash", "", "1");
	assert_result(test_commit(u, 1), 4, 0, 0, 0);
	u = test_begin(s, "debian");
	test_put(u, "debian:12", "CVE-5", "bash", "", "1");
	test_put(u, "debian:12", "CVE-3", "bash", "", "1");
	test_put(u, "debian:12", "CVE-2", "bash", "", "2");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	test_put(u, "debian:10", "CVE-1", "bash", "", "1");
	assert_result(test_commit(u, 2), 3, 1, 2, 1);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1 CVE-2=2 CVE-3=1 CVE-5=1");
	assert_match(s, "debian:11", "bash", "0", "");
	assert_match(s, "debian:10", "bash", "0", "CVE-1=1");
}

static void test_every_difference_counts(void **state)
{
	struct store *s = store_of(state);
	const struct advisory_fix fixes[] = {
		{ .package = STR("bash"), .fixed_version = STR("1"), .state = FIX_STATE_FIXED },
		{ .package = STR("dash"), .fixed_version = STR("1"), .state = FIX_STATE_FIXED },
		{ .package = STR("bash"), .fixed_version = STR("1-0"), .state = FIX_STATE_FIXED },
		{ .package = STR("bash"),
			.introduced = STR("0"),
			.fixed_version = STR("1"),
			.state = FIX_STATE_FIXED },
		{ .package = STR("bash"), .fixed_version = STR("1"), .state = FIX_STATE_DEFERRED },
		{ .package = STR("bash"),
			.fixed_version = STR("1"),
			.state = FIX_STATE_DEFERRED,
			.severity = SEVERITY_LOW },
	};
	static const struct {
		enum severity severity;
		const char *link, *description, *metadata;
		size_t first_fix, n_fixes;
	} steps[] = {
		{ SEVERITY_LOW, "l", "d", "m", 0, 1 },
		{ SEVERITY_HIGH, "l", "d", "m", 0, 1 },
		{ SEVERITY_HIGH, "", "d", "m", 0, 1 },
		{ SEVERITY_HIGH, "", "e", "m", 0, 1 },
		{ SEVERITY_HIGH, "", "", "m", 0, 1 },
		{ SEVERITY_HIGH, "", "", "", 0, 1 },
		{ SEVERITY_HIGH, "", "", "", 0, 2 },
		{ SEVERITY_HIGH, "", "", "", 1, 1 },
		{ SEVERITY_HIGH, "", "", "", 2, 1 },
		{ SEVERITY_HIGH, "", "", "", 3, 1 },
		{ SEVERITY_HIGH, "", "", "", 4, 1 },
		{ SEVERITY_HIGH, "", "", "", 5, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		for (int again = 0; again < 2; again++) {
			struct store_update *u = test_begin(s, "debian");

			test_put_full(u, steps[i].severity, steps[i].link, steps[i].description,
				steps[i].metadata, &fixes[steps[i].first_fix], steps[i].n_fixes);
			struct store_update_result r = test_commit(u, 1);
			if (again)
				assert_result(r, 0, 0, 0, 1);
			else
				assert_result(r, i == 0, i != 0, 0, 0);
		}
	}
}

static void test_order_of_puts_does_not_matter(void **state)
{
	struct store *s = store_of(state);
	const struct advisory_fix fixes[] = {
		{ .package = STR("b"), .fixed_version = STR("1") },
		{ .package = STR("a"), .fixed_version = STR("1") },
		{ .package = STR("b"), .fixed_version = STR("1") },
	};
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	test_put_full(u, SEVERITY_LOW, "l", "d", "", &fixes[0], 2);
	(void)test_commit(u, 1);
	u = test_begin(s, "debian");
	test_put_full(u, SEVERITY_LOW, "l", "d", "", &fixes[1], 2);
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	assert_result(test_commit(u, 1), 0, 0, 0, 2);
}

static void test_nothing_is_seen_before_the_commit(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	(void)test_commit(u, 1);
	u = test_begin(s, "debian");
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1");
	store_update_abort(u);
	store_update_abort(NULL);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1");
}

static void test_sources_do_not_disturb_each_other(void **state)
{
	struct store *s = store_of(state);
	struct store_update *a = test_begin(s, "alpha");
	struct store_update *b = test_begin(s, "beta");

	/* Both staged at once, on one connection. */
	test_put(a, "debian:12", "CVE-1", "bash", "", "1");
	test_put(b, "debian:12", "CVE-1", "bash", "", "2");
	test_put(a, "debian:12", "CVE-2", "bash", "", "1");
	assert_result(test_commit(b, 1), 1, 0, 0, 0);
	assert_result(test_commit(a, 1), 2, 0, 0, 0);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1 CVE-1=2 CVE-2=1");
	a = test_begin(s, "alpha");
	assert_result(test_commit(a, 2), 0, 0, 2, 0);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=2");
	b = test_begin(s, "beta");
	test_put(b, "debian:12", "CVE-1", "bash", "", "2");
	assert_result(test_commit(b, 3), 0, 0, 0, 1);
}

static void test_what_vanished_may_come_back(void **state)
{
	struct store *s = store_of(state);

	for (int i = 0; i < 3; i++) {
		struct store_update *u = test_begin(s, "debian");
		test_put(u, "debian:12", "CVE-1", "bash", "", "1");
		assert_result(test_commit(u, i), 1, 0, 0, 0);
		u = test_begin(s, "debian");
		assert_result(test_commit(u, i), 0, 0, 1, 0);
		assert_match(s, "debian:12", "bash", "0", "");
	}
}

static void test_facts_may_be_stored_while_an_update_is_staged(void **state)
{
	struct store *s = store_of(state);
	struct store *other = test_open(((struct fixture *)*state)->location, 0);
	struct store_update *u = test_begin(s, "debian");
	struct digest d = { { 1 } };
	struct err err = ERR_INIT;

	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	assert_ok(store_facts_put(s, &d, 1, span_n("x", 1), &err), &err);
	assert_ok(store_facts_put(other, &d, 1, span_n("y", 1), &err), &err);
	assert_result(test_commit(u, 1), 1, 0, 0, 0);
	assert_match(other, "debian:12", "bash", "0", "CVE-1=1");
	store_close(other);
}

int conformance_commit(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_commit_counts_what_differs),
		TEST(test_every_difference_counts),
		TEST(test_order_of_puts_does_not_matter),
		TEST(test_nothing_is_seen_before_the_commit),
		TEST(test_sources_do_not_disturb_each_other),
		TEST(test_what_vanished_may_come_back),
		TEST(test_facts_may_be_stored_while_an_update_is_staged),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
