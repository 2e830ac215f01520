/*
 * Conformance of a driver: what is said of a vulnerability besides versions.
 */
#include "layers_test.h"

static void test_fix_that_only_pro_gets_is_none_for_everybody(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct advisory_fix fix = {
		.package = STR("bash"), .fixed_version = STR("2"), .state = FIX_STATE_FIXED_IN_PRO
	};
	const struct match_query query = { STR("debian:12"), STR("bash"), test_key(&a, "1") };
	struct match_list list = { VEC_INIT };
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	test_put_full(u, SEVERITY_LOW, "", "", "", &fix, 1);
	(void)test_commit(u, 1);
	test_layer(s, "affected", NULL, "bash=1");
	test_layer(s, "fixed", NULL, "bash=2");
	assert_findings(s, "affected", "bash/1:CVE-1=");
	assert_findings(s, "fixed", "");
	assert_match(s, "debian:12", "bash", "2", "");
	assert_ok(store_match(s, &query, 1, &a, &list, &err), &err);
	assert_int_equal(list.items.n, 1);
	assert_str(list.items.v[0].fixed_version, "2");
	assert_int_equal(list.items.v[0].state, FIX_STATE_FIXED_IN_PRO);
	vec_fini(&list.items);
}

/* Who edits does not know of it, and says that there is no fix. */
static void test_edit_keeps_a_fix_that_only_pro_gets(void **state)
{
	struct store *s = store_of(state);
	const struct advisory_fix pro = {
		.package = STR("bash"), .fixed_version = STR("2"), .state = FIX_STATE_FIXED_IN_PRO
	};
	const struct advisory_fix none = { .package = STR("bash") };
	struct advisory a = {
		.name_space = STR("debian:12"), .name = STR("CVE-1"), .fixes = &none, .n_fixes = 1
	};
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	test_put_full(u, SEVERITY_UNKNOWN, "", "", "", &pro, 1);
	(void)test_commit(u, 1);
	assert_int_equal(store_vulnerability_put(s, &a, NULL, 0, 0, STORE_NOTIFY_NONE, &err), 0);
	a.severity = SEVERITY_HIGH;
	assert_int_equal(store_vulnerability_put(s, &a, NULL, 0, 0, STORE_NOTIFY_NONE, &err), 1);
	assert_match(s, "debian:12", "bash", "1", "CVE-1=2");
}

static void put_cves(struct store_update *u, const struct str *cves, size_t n)
{
	const struct advisory_fix fix = { .package = STR("bash") };
	const struct advisory a = {
		.name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = STR("DSA-1"),
		.cves = cves,
		.n_cves = n,
		.fixes = &fix,
		.n_fixes = 1,
	};
	struct err err = ERR_INIT;

	assert_ok(store_update_put(u, &a, &err), &err);
}

/* "CVE-1 CVE-2", as matches and the vulnerability itself tell them. */
static void assert_cves(struct store *s, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct match_query query = { STR("debian:12"), STR("bash"), test_key(&a, "1") };
	struct match_list list = { VEC_INIT };
	_cleanup_buf_ struct buf text = BUF_INIT(1000);
	struct stored_vulnerability v;
	struct err err = ERR_INIT;

	assert_ok(store_match(s, &query, 1, &a, &list, &err), &err);
	assert_int_equal(list.items.n, 1);
	const struct match *m = &list.items.v[0];
	assert_int_equal(
		store_vulnerability_get(s, STR("debian:12"), STR("DSA-1"), &a, &v, &err), 1);
	assert_int_equal(v.n_cves, m->n_cves);
	for (size_t i = 0; i < m->n_cves; i++) {
		buf_printf(&text, "%s%" PRIstr, i ? " " : "", STR_ARG(m->cves[i]));
		assert_true(str_eq(m->cves[i], v.cves[i]));
	}
	assert_string_equal(buf_cstr(&text), expected);
	vec_fini(&list.items);
}

static void test_cves_of_an_advisory_are_told(void **state)
{
	static const struct str cves[] = { STR_INIT("CVE-2"), STR_INIT("CVE-3"),
		STR_INIT("CVE-1") };
	static const struct str bad[] = { STR_INIT("CVE 2"), STR_INIT("") };
	struct store *s = store_of(state);
	struct err err = ERR_INIT;
	struct advisory a = {
		.name_space = STR("debian:12"), .name = STR("DSA-1"), .severity = SEVERITY_HIGH
	};
	struct store_update *u = test_begin(s, "debian");

	put_cves(u, cves, 2);
	put_cves(u, &cves[1], 2);
	assert_result(test_commit(u, 1), 1, 0, 0, 0);
	assert_cves(s, "CVE-1 CVE-2 CVE-3");
	/* In another order. */
	u = test_begin(s, "debian");
	put_cves(u, &cves[2], 1);
	put_cves(u, cves, 2);
	assert_result(test_commit(u, 2), 0, 0, 0, 1);
	/* Who edits does not know of them. */
	assert_int_equal(store_vulnerability_put(s, &a, NULL, 0, 0, STORE_NOTIFY_NONE, &err), 1);
	assert_cves(s, "CVE-1 CVE-2 CVE-3");
	u = test_begin(s, "debian");
	put_cves(u, cves, 1);
	assert_result(test_commit(u, 3), 0, 1, 0, 0);
	assert_cves(s, "CVE-2");
	u = test_begin(s, "debian");
	put_cves(u, NULL, 0);
	a.scheme = STR("dpkg");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		a.cves = &bad[i];
		a.n_cves = 1;
		assert_fails(store_update_put(u, &a, &err), &err, ERR_INPUT, "CVE");
	}
	assert_result(test_commit(u, 4), 0, 1, 0, 0);
	assert_cves(s, "");
}

/* "1 2": the fixed versions for a package of this architecture. */
static void assert_fixed_for(struct store *s, const char *arch, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct match_query query = { STR("debian:12"), STR("bash"), test_key(&a, "0"),
		str_of(arch) };
	struct match_list list = { VEC_INIT };
	_cleanup_buf_ struct buf text = BUF_INIT(1000);
	struct err err = ERR_INIT;

	assert_ok(store_match(s, &query, 1, &a, &list, &err), &err);
	vec_for_each(m, &list.items)
		buf_printf(&text, "%s%" PRIstr, text.n ? " " : "", STR_ARG(m->fixed_version));
	if (!str_eq(buf_str(&text), str_of(expected)))
		fail_msg("%s: %s, not %s", arch, buf_cstr(&text), expected);
	vec_fini(&list.items);
}

static void test_fixes_are_for_architectures(void **state)
{
	static const struct {
		const char *arch, *fixed;
	} cases[] = {
		{ "x86_64", "2" },
		{ "amd64", "2" },
		{ "aarch64", "1" },
		{ "arm64", "1" },
		{ "i386", "2" },
		{ "i686", "2" },
		{ "x86", "2" },
		{ "s390x", "" },
		{ "x86_6", "" },
		{ "", "2" },
		{ "noarch", "2" },
		{ "all", "2" },
	};
	const struct advisory_fix fixes[] = {
		{ .package = STR("bash"), .fixed_version = STR("1"), .arches = STR("aarch64") },
		{ .package = STR("bash"), .fixed_version = STR("2"), .arches = STR("x86_64 i686") },
		{ .package = STR("bash"),
			.fixed_version = STR("3"),
			.arches = STR("aarch64 noarch") },
		{ .package = STR("bash"), .fixed_version = STR("3") },
	};
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_vulnerability v;
	struct err err = ERR_INIT;

	for (int again = 0; again < 2; again++) {
		struct store_update *u = test_begin(s, "debian");

		test_put_full(u, SEVERITY_LOW, "", "", "", fixes, 2);
		assert_result(test_commit(u, 1), !again, 0, 0, again);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_fixed_for(s, cases[i].arch, cases[i].fixed);
	assert_int_equal(
		store_vulnerability_get(s, STR("debian:12"), STR("CVE-1"), &a, &v, &err), 1);
	assert_int_equal(v.n_fixes, 2);
	assert_str(v.fixes[0].arches, "aarch64");
	assert_str(v.fixes[1].arches, "x86_64 i686");
	/* A feature of a stored layer has none: everything matches. */
	test_layer(s, "a", NULL, "bash=1");
	assert_findings(s, "a", "bash/1:CVE-1=2");
	for (size_t i = 2; i < ARRAY_LEN(fixes); i++) {
		struct store_update *u = test_begin(s, "debian");

		test_put_full(u, SEVERITY_LOW, "", "", "", &fixes[i], 1);
		assert_result(test_commit(u, 2), 0, 1, 0, 0);
		assert_fixed_for(s, "s390x", "3");
	}
}

/* Who edits does not know of architectures either. */
static void test_edit_keeps_fixes_for_architectures(void **state)
{
	const struct advisory_fix fixes[] = {
		{ .package = STR("bash"), .fixed_version = STR("2"), .arches = STR("aarch64") },
		{ .package = STR("bash"), .fixed_version = STR("2"), .arches = STR("x86_64") },
	};
	struct advisory_fix edited = { .package = STR("bash"), .fixed_version = STR("2") };
	struct advisory a = { .name_space = STR("debian:12"),
		.name = STR("CVE-1"),
		.severity = SEVERITY_HIGH,
		.fixes = &edited,
		.n_fixes = 1 };
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	test_put_full(u, SEVERITY_LOW, "", "", "", fixes, 2);
	(void)test_commit(u, 1);
	assert_int_equal(store_vulnerability_put(s, &a, NULL, 0, 0, STORE_NOTIFY_NONE, &err), 1);
	assert_fixed_for(s, "x86_64", "2");
	assert_fixed_for(s, "s390x", "");
	edited.fixed_version = STR("3");
	assert_int_equal(store_vulnerability_put(s, &a, NULL, 0, 0, STORE_NOTIFY_NONE, &err), 1);
	assert_fixed_for(s, "x86_64", "3");
	assert_fixed_for(s, "s390x", "3");
}

/* --- records of CVEs */

static void put_cve(
	struct store_update *u, const char *name, enum severity severity, const char *metadata)
{
	const struct cve_record c = { str_of(name), severity, str_of(metadata) };
	struct err err = ERR_INIT;

	assert_ok(store_update_put_cve(u, &c, &err), &err);
}

#define assert_cve_result(result, n_inserted, n_changed, n_deleted, n_unchanged) \
	do {                                                                     \
		struct store_update_result cves_ = (result);                     \
		assert_int_equal(cves_.cves_inserted, (n_inserted));             \
		assert_int_equal(cves_.cves_changed, (n_changed));               \
		assert_int_equal(cves_.cves_deleted, (n_deleted));               \
		assert_int_equal(cves_.cves_unchanged, (n_unchanged));           \
	} while (0)

/* What is read of CVE-1 in all ways: its severity and metadata. */
static void assert_completed(struct store *s, enum severity severity, const char *metadata)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct match_query query = { STR("debian:12"), STR("bash"), test_key(&a, "1") };
	struct match_list list = { VEC_INIT };
	struct stored_vulnerability v, *all;
	struct layer_view view;
	size_t n;
	int64_t next;
	struct err err = ERR_INIT;

	assert_ok(store_match(s, &query, 1, &a, &list, &err), &err);
	assert_int_equal(list.items.n, 1);
	assert_int_equal(list.items.v[0].severity, severity);
	vec_fini(&list.items);
	assert_int_equal(
		store_vulnerability_get(s, STR("debian:12"), STR("CVE-1"), &a, &v, &err), 1);
	assert_int_equal(v.severity, severity);
	assert_str(v.metadata, metadata);
	assert_int_equal(
		store_vulnerability_list(s, STR("debian:12"), 0, 9, &a, &all, &n, &next, &err), 1);
	assert_int_equal(all[0].severity, severity);
	assert_str(all[0].metadata, metadata);
	assert_int_equal(
		store_layer_read(s, STR("a"), LAYER_PART_VULNERABILITIES, &a, &view, &err), 1);
	assert_int_equal(view.matches.n, 1);
	assert_int_equal(view.matches.v[0].severity, severity);
	assert_str(view.matches.v[0].metadata, metadata);
	layer_view_fini(&view);
}

static void test_cve_completes_the_vulnerability_of_its_name(void **state)
{
	static const struct {
		enum severity severity;
		const char *metadata;
		enum severity completed;
		const char *with_nvd;
	} cases[] = {
		{ SEVERITY_UNKNOWN, "", SEVERITY_HIGH, "{\"NVD\":{\"a\":1}}" },
		{ SEVERITY_UNKNOWN, " { } ", SEVERITY_HIGH, "{\"NVD\":{\"a\":1}}" },
		{ SEVERITY_LOW, "{\"x\":\"NVD\"}", SEVERITY_LOW,
			"{\"NVD\":{\"a\":1},\"x\":\"NVD\"}" },
		{ SEVERITY_LOW, "{\"x\":{\"NVD\":2}}", SEVERITY_LOW,
			"{\"NVD\":{\"a\":1},\"x\":{\"NVD\":2}}" },
		{ SEVERITY_LOW, "{\"x\":1,\"NVD\":{}}", SEVERITY_LOW, "{\"x\":1,\"NVD\":{}}" },
		{ SEVERITY_LOW, "{\"N\\u0056D\":3}", SEVERITY_LOW, "{\"N\\u0056D\":3}" },
		{ SEVERITY_LOW, "[1]", SEVERITY_LOW, "[1]" },
	};
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=1");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct advisory_fix fix = { .package = STR("bash"),
			.severity = cases[i].severity };
		struct store_update *u = test_begin(s, "debian");

		test_put_full(u, cases[i].severity, "", "", cases[i].metadata, &fix, 1);
		(void)test_commit(u, 1);
		assert_completed(s, cases[i].severity, cases[i].metadata);
		u = test_begin(s, "nvd");
		put_cve(u, "CVE-1", SEVERITY_HIGH, "{\"a\":1}");
		put_cve(u, "CVE-2", SEVERITY_LOW, "{}");
		assert_cve_result(test_commit(u, 1), i == 0 ? 2 : 1, 0, 0, i != 0);
		assert_completed(s, cases[i].completed, cases[i].with_nvd);
		/* Nobody has rated it any more. */
		u = test_begin(s, "nvd");
		put_cve(u, "CVE-2", SEVERITY_LOW, "{}");
		assert_cve_result(test_commit(u, 1), 0, 0, 1, 1);
		assert_completed(s, cases[i].severity, cases[i].metadata);
	}
}

static void test_records_of_cves_differ_by_content(void **state)
{
	struct store *s = store_of(state);
	struct err err = ERR_INIT;
	struct cve_record bad = { STR("CVE-1"), SEVERITY_COUNT, STR("{}") };

	test_layer(s, "a", NULL, "bash=1");
	struct store_update *u = test_begin(s, "nvd");
	put_cve(u, "CVE-3", SEVERITY_LOW, "{}");
	put_cve(u, "CVE-1", SEVERITY_LOW, "{}");
	put_cve(u, "CVE-1", SEVERITY_HIGH, "");
	put_cve(u, "CVE-2", SEVERITY_LOW, "{}");
	assert_cve_result(test_commit(u, 10), 3, 0, 0, 0);
	int64_t before = test_state(s, "a").generation;
	u = test_begin(s, "nvd");
	put_cve(u, "CVE-1", SEVERITY_HIGH, "");
	put_cve(u, "CVE-2", SEVERITY_LOW, "{}");
	put_cve(u, "CVE-3", SEVERITY_LOW, "{}");
	assert_cve_result(test_commit(u, 20), 0, 0, 0, 3);
	assert_int_equal(test_state(s, "a").generation, before);
	/* A partial update says nothing of the others. */
	u = test_begin(s, "nvd");
	assert_ok(store_update_cover_name(u, STR("CVE-2"), &err), &err);
	put_cve(u, "CVE-2", SEVERITY_MEDIUM, "{}");
	put_cve(u, "CVE-0", SEVERITY_MEDIUM, "{}");
	put_cve(u, "CVE-3", SEVERITY_LOW, "{}");
	assert_cve_result(test_commit(u, 30), 1, 1, 0, 1);
	assert_int_not_equal(test_state(s, "a").generation, before);
	/* One without any neither. */
	(void)test_commit(test_begin(s, "debian"), 40);
	u = test_begin(s, "nvd");
	put_cve(u, "CVE-2", SEVERITY_MEDIUM, "{ }");
	assert_cve_result(test_commit(u, 50), 0, 1, 3, 0);
	u = test_begin(s, "nvd");
	assert_fails(store_update_put_cve(u, &bad, &err), &err, ERR_INPUT, "severity");
	bad = (struct cve_record){ STR("CVE-1"), SEVERITY_LOW, STR("[]") };
	assert_fails(store_update_put_cve(u, &bad, &err), &err, ERR_INPUT, "metadata");
	bad = (struct cve_record){ STR(""), SEVERITY_LOW, STR("{}") };
	assert_fails(store_update_put_cve(u, &bad, &err), &err, ERR_INPUT, "name");
	store_update_abort(u);
}

/* What completes it is not its own. */
static void test_edit_does_not_take_over_what_completes(void **state)
{
	const struct advisory_fix fix = { .package = STR("bash") };
	struct advisory a = {
		.name_space = STR("debian:12"), .name = STR("CVE-1"), .fixes = &fix, .n_fixes = 1
	};
	struct store *s = store_of(state);
	struct err err = ERR_INIT;
	struct store_update *u = test_begin(s, "nvd");

	put_cve(u, "CVE-1", SEVERITY_HIGH, "{}");
	(void)test_commit(u, 1);
	test_layer(s, "a", NULL, "bash=1");
	assert_int_equal(store_vulnerability_put(s, &a, NULL, 0, 0, STORE_NOTIFY_NONE, &err), 1);
	assert_int_equal(store_vulnerability_put(
				 s, &a, NULL, 0, VULNERABILITY_FIXES_ONLY, STORE_NOTIFY_NONE, &err),
		0);
	assert_completed(s, SEVERITY_HIGH, "{\"NVD\":{}}");
	u = test_begin(s, "nvd");
	put_cve(u, "CVE-1", SEVERITY_LOW, "");
	(void)test_commit(u, 2);
	assert_completed(s, SEVERITY_LOW, "");
}

int conformance_content(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fix_that_only_pro_gets_is_none_for_everybody),
		TEST(test_cves_of_an_advisory_are_told),
		TEST(test_fixes_are_for_architectures),
		TEST(test_edit_keeps_fixes_for_architectures),
		TEST(test_cve_completes_the_vulnerability_of_its_name),
		TEST(test_records_of_cves_differ_by_content),
		TEST(test_edit_does_not_take_over_what_completes),
		TEST(test_edit_keeps_a_fix_that_only_pro_gets),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
