/*
 * Conformance of a driver: namespaces and edits of single vulnerabilities.
 */
#include "layers_test.h"

/* --- namespaces */

static const char *namespaces(struct store *s, struct arena *a)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct stored_namespace *list;
	size_t n;
	struct err err = ERR_INIT;

	assert_ok(store_namespace_list(s, a, &list, &n, &err), &err);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%" PRIstr "/%" PRIstr, i ? " " : "", STR_ARG(list[i].name),
			STR_ARG(list[i].scheme));
	return arena_cstr(a, buf_str(&text));
}

static void test_namespaces_are_in_the_order_in_which_they_came(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_namespace ns;
	struct err err = ERR_INIT;

	assert_string_equal(namespaces(s, &a), "");
	assert_int_equal(store_namespace_get(s, STR("debian:12"), &a, &ns, &err), 0);
	(void)test_edit(
		s, (struct test_edit){ "CVE-1", "bash=", .name_space = "z:1", .scheme = "" });
	struct store_update *u = test_begin(s, "debian");
	test_put(u, "m:1", "CVE-1", "bash", "", "1");
	(void)test_commit(u, 1);
	assert_int_equal(
		test_try_layer(
			s, (struct test_layer){ "a", NULL, "x=1", .name_space = "a:1" }, &err),
		1);
	assert_string_equal(namespaces(s, &a), "z:1/ m:1/dpkg a:1/dpkg");
	assert_int_equal(store_namespace_get(s, STR("m:1"), &a, &ns, &err), 1);
	assert_str(ns.name, "m:1");
	assert_str(ns.scheme, "dpkg");
	assert_int_equal(store_namespace_get(s, STR("\xff"), &a, &ns, &err), 0);
}

static void test_namespace_gets_its_scheme_when_it_is_known(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;

	(void)test_edit(s, (struct test_edit){ "CVE-1", "bash=", .scheme = "" });
	(void)test_edit(s, (struct test_edit){ "CVE-9", "", .scheme = "", .name_space = "x:1" });
	assert_string_equal(namespaces(s, &a), "debian:12/ x:1/");
	assert_fails(test_try_edit(s, (struct test_edit){ "CVE-1", "bash=1", .scheme = "" }, &err),
		&err, ERR_INPUT, "scheme");
	(void)test_edit(s, (struct test_edit){ "CVE-1", "curl=1" });
	struct store_update *u = test_begin(s, "debian");
	test_put(u, "x:1", "CVE-1", "bash", "", "1");
	(void)test_commit(u, 1);
	assert_string_equal(namespaces(s, &a), "debian:12/dpkg x:1/dpkg");
	assert_vulnerability(s, "CVE-1", "Unknown ; bash= curl=1");
	assert_fails(test_try_edit(s, (struct test_edit){ "CVE-1", "", .scheme = "rpm" }, &err),
		&err, ERR_INPUT, "dpkg");
	assert_fails(
		test_try_edit(s,
			(struct test_edit){ "CVE-1", "", .scheme = "foo", .name_space = "y:1" },
			&err),
		&err, ERR_INPUT, "foo");
	/* What is known need not be said again. */
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "curl=2", .scheme = "" }));
	assert_match(s, "debian:12", "curl", "1", "CVE-1=2");
}

/* --- edits */

static void test_vulnerability_is_read_as_it_was_put(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct advisory_fix fixes[] = {
		{ STR("curl"), STR_NULL, STR_NULL, FIX_STATE_AFFECTED, SEVERITY_HIGH },
		{ STR("bash"), STR("3"), STR("4"), FIX_STATE_FIXED, SEVERITY_LOW },
		{ STR("bash"), STR_NULL, STR("2"), FIX_STATE_FIXED, SEVERITY_LOW },
	};
	const struct advisory put = {
		.name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = STR("CVE-1"),
		.severity = SEVERITY_DEFCON1,
		.link = STR("https://x/"),
		.description = STR("text \xc3\xa9"),
		.metadata = STR("{}"),
		.fixes = fixes,
		.n_fixes = 3,
	};
	struct stored_vulnerability v;
	struct err err = ERR_INIT;

	assert_int_equal(store_vulnerability_get(s, put.name_space, put.name, &a, &v, &err), 0);
	assert_int_equal(store_vulnerability_put(s, &put, NULL, 0, 0, STORE_NOTIFY_NONE, &err), 1);
	assert_int_equal(store_vulnerability_get(s, put.name_space, put.name, &a, &v, &err), 1);
	assert_true(v.id > 0);
	assert_str(v.scheme, "dpkg");
	assert_int_equal(v.severity, SEVERITY_DEFCON1);
	assert_str(v.link, "https://x/");
	assert_str(v.description, "text \xc3\xa9");
	assert_str(v.metadata, "{}");
	assert_vulnerability(s, "CVE-1", "Defcon1 text \xc3\xa9; bash=2 bash=3-4 curl=");
	assert_int_equal(v.fixes[1].state, FIX_STATE_FIXED);
	assert_int_equal(v.fixes[1].severity, SEVERITY_LOW);
	assert_int_equal(v.fixes[2].state, FIX_STATE_AFFECTED);
	assert_int_equal(v.fixes[2].severity, SEVERITY_HIGH);
}

static void test_edit_that_says_the_same_changes_nothing(void **state)
{
	struct store *s = store_of(state);
	const struct test_edit e = { "CVE-1", "bash=1 curl=", SEVERITY_LOW, "d" };

	test_layer(s, "a", NULL, "bash=0");
	assert_true(test_edit(s, e));
	int64_t g = test_state(s, "a").generation;
	assert_false(test_edit(s, e));
	assert_false(test_edit(s, (struct test_edit){ "CVE-1", "", SEVERITY_LOW, "d" }));
	assert_false(test_edit(s, (struct test_edit){ "CVE-1", "-zsh", SEVERITY_LOW, "d" }));
	assert_int_equal(test_state(s, "a").generation, g);
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "", SEVERITY_HIGH, "d" }));
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "", SEVERITY_HIGH, "e" }));
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "", SEVERITY_HIGH, "" }));
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "-bash", SEVERITY_HIGH, "" }));
	assert_int_not_equal(test_state(s, "a").generation, g);
	assert_vulnerability(s, "CVE-1", "High ; curl=");
}

static void test_fixes_are_merged_by_package(void **state)
{
	struct store *s = store_of(state);

	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "b=1 d=1 -x" }));
	assert_vulnerability(s, "CVE-1", "Unknown ; b=1 d=1");
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "a=1 b=2 c=" }));
	assert_vulnerability(s, "CVE-1", "Unknown ; a=1 b=2 c= d=1");
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "-a e=3 -d -d -nothing" }));
	assert_vulnerability(s, "CVE-1", "Unknown ; b=2 c= e=3");
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "-b -c -e" }));
	/* Without any fix it is still there. */
	assert_vulnerability(s, "CVE-1", "Unknown ;");
	assert_match(s, "debian:12", "b", "1", "");
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "b=2" }));
	assert_match(s, "debian:12", "b", "1", "CVE-1=2");
}

static void test_only_fixes_change_when_asked(void **state)
{
	struct store *s = store_of(state);
	struct test_edit e = { "CVE-1", "bash=1", SEVERITY_LOW, "other", VULNERABILITY_FIXES_ONLY };
	struct err err = ERR_INIT;

	assert_fails(test_try_edit(s, e, &err), &err, ERR_NOT_FOUND, "CVE-1");
	(void)test_edit(s, (struct test_edit){ "CVE-1", "curl=1", SEVERITY_HIGH, "text" });
	assert_true(test_edit(s, e));
	assert_vulnerability(s, "CVE-1", "High text; bash=1 curl=1");
	assert_false(test_edit(s, e));
	e.fixes = "-zsh";
	assert_fails(test_try_edit(s, e, &err), &err, ERR_NOT_FOUND, "zsh");
	e.fixes = "-bash";
	assert_true(test_edit(s, e));
	assert_fails(test_try_edit(s, e, &err), &err, ERR_NOT_FOUND, "bash");
	assert_vulnerability(s, "CVE-1", "High text; curl=1");
}

static void test_repeated_version_keeps_what_is_known_of_the_fix(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct advisory_fix fix = { STR("bash"), STR("1"), STR_NULL, FIX_STATE_DEFERRED,
		SEVERITY_CRITICAL };
	struct store_update *u = test_begin(s, "debian");
	struct stored_vulnerability v;
	struct err err = ERR_INIT;

	test_put_full(u, SEVERITY_CRITICAL, "", "d", "", &fix, 1);
	(void)test_commit(u, 1);
	assert_false(test_edit(s, (struct test_edit){ "CVE-1", "bash=", SEVERITY_CRITICAL, "d" }));
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "bash= curl=1", SEVERITY_LOW, "d" }));
	assert_int_equal(
		store_vulnerability_get(s, STR("debian:12"), STR("CVE-1"), &a, &v, &err), 1);
	assert_int_equal(v.fixes[0].state, FIX_STATE_DEFERRED);
	assert_int_equal(v.fixes[0].severity, SEVERITY_CRITICAL);
	assert_str(v.fixes[0].introduced, "1");
	/* Another version is another fix. */
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "bash=3", SEVERITY_LOW, "d" }));
	assert_vulnerability(s, "CVE-1", "Low d; bash=3 curl=1");
}

static void test_what_cannot_be_stored_is_refused(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct advisory good = { STR("debian:12"), STR("dpkg"), STR("CVE-1") }, bad[5];
	const struct advisory_fix fixes[] = {
		{ .package = STR(""), .fixed_version = STR("1") },
		{ .package = STR("bash"), .fixed_version = STR("1 2") },
		{ .package = STR("bash"), .fixed_version = STR("\xff") },
		{ .package = STR("b\0sh"), .fixed_version = STR("1") },
	};
	struct str no_text = STR("\xff");
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = good;
	bad[0].name_space = STR("");
	bad[1].name = STR("");
	bad[2].name = no_text;
	bad[3].description = no_text;
	bad[4].severity = SEVERITY_COUNT;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(
			store_vulnerability_put(s, &bad[i], NULL, 0, 0, STORE_NOTIFY_ALL, &err),
			&err, ERR_INPUT, "");
	for (size_t i = 0; i < ARRAY_LEN(fixes); i++) {
		struct advisory put = good;

		put.fixes = &fixes[i];
		put.n_fixes = 1;
		assert_fails(store_vulnerability_put(s, &put, NULL, 0, 0, STORE_NOTIFY_ALL, &err),
			&err, ERR_INPUT, "");
	}
	assert_fails(store_vulnerability_put(s, &good, &no_text, 1, 0, STORE_NOTIFY_ALL, &err),
		&err, ERR_INPUT, "");
	assert_vulnerability(s, "CVE-1", "none");
	assert_string_equal(namespaces(s, &a), "");
}

static void test_delete_withdraws(void **state)
{
	struct store *s = store_of(state);
	struct err err = ERR_INIT;

	test_layer(s, "a", NULL, "bash=0");
	(void)test_edit(s, (struct test_edit){ "CVE-1", "bash=1" });
	assert_findings(s, "a", "bash/0:CVE-1=1");
	int64_t g = test_state(s, "a").generation;
	assert_ok(store_vulnerability_delete(
			  s, STR("debian:12"), STR("CVE-1"), STORE_NOTIFY_NONE, &err),
		&err);
	assert_int_not_equal(test_state(s, "a").generation, g);
	assert_findings(s, "a", "");
	assert_vulnerability(s, "CVE-1", "none");
	assert_fails(store_vulnerability_delete(
			     s, STR("debian:12"), STR("CVE-1"), STORE_NOTIFY_NONE, &err),
		&err, ERR_NOT_FOUND, "CVE-1");
	assert_fails(store_vulnerability_delete(s, STR("x"), STR("\xff"), STORE_NOTIFY_NONE, &err),
		&err, ERR_NOT_FOUND, "");
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "bash=2" }));
	assert_findings(s, "a", "bash/0:CVE-1=2");
}

static void test_read_only_store_edits_nothing(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	(void)test_edit(f->store, (struct test_edit){ "CVE-1", "bash=1" });
	struct store *s = test_open(f->location, STORE_READ_ONLY);
	assert_vulnerability(s, "CVE-1", "Unknown ; bash=1");
	assert_fails(test_try_edit(s, (struct test_edit){ "CVE-1", "bash=2" }, &err), &err,
		ERR_USAGE, "reading");
	assert_fails(store_vulnerability_delete(
			     s, STR("debian:12"), STR("CVE-1"), STORE_NOTIFY_NONE, &err),
		&err, ERR_USAGE, "reading");
	store_close(s);
}

/* --- edits and feeds */

static uint64_t count_of(struct store *s, const char *source)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state st;
	struct err err = ERR_INIT;

	assert_int_equal(store_source_get(s, str_of(source), &a, &st, &err), 1);
	return st.advisories;
}

static struct store_update_result update(struct store *s, const char *source, const char *fixed)
{
	struct store_update *u = test_begin(s, source);

	test_put(u, "debian:12", "CVE-1", "bash", "", fixed);
	test_put(u, "debian:12", "CVE-2", "bash", "", "7");
	return test_commit(u, 1);
}

static void test_feeds_leave_edits_alone(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state *sources, st;
	struct store_update *u = NULL;
	size_t n;
	struct err err = ERR_INIT;

	(void)test_edit(s, (struct test_edit){ "CVE-9", "bash=9" });
	(void)test_edit(s, (struct test_edit){ "CVE-8", "" });
	assert_result(update(s, "debian", "1"), 2, 0, 0, 0);
	u = test_begin(s, "debian");
	assert_result(test_commit(u, 2), 0, 0, 2, 0);
	assert_vulnerability(s, "CVE-9", "Unknown ; bash=9");
	assert_vulnerability(s, "CVE-8", "Unknown ;");
	assert_match(s, "debian:12", "bash", "0", "CVE-9=9");
	/* They are no feed. */
	assert_int_equal(store_source_list(s, &a, &sources, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_str(sources[0].name, "debian");
	assert_int_equal(store_source_get(s, STR("api"), &a, &st, &err), 0);
	assert_fails(store_update_begin(s, STR("api"), &u, &err), &err, ERR_USAGE, "edits");
}

static void test_edit_holds_until_the_feed_is_read_again(void **state)
{
	struct store *s = store_of(state);
	struct err err = ERR_INIT;

	assert_result(update(s, "debian", "1"), 2, 0, 0, 0);
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "bash=5", SEVERITY_LOW }));
	assert_vulnerability(s, "CVE-1", "Low ; bash=5");
	assert_match(s, "debian:12", "bash", "0", "CVE-1=5 CVE-2=7");
	assert_int_equal(count_of(s, "debian"), 2);
	assert_result(update(s, "debian", "1"), 0, 1, 0, 1);
	assert_vulnerability(s, "CVE-1", "Medium CVE-1; bash=1");

	/* An edit without fixes, and one that is deleted. */
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "-bash" }));
	assert_ok(store_vulnerability_delete(
			  s, STR("debian:12"), STR("CVE-2"), STORE_NOTIFY_NONE, &err),
		&err);
	assert_int_equal(count_of(s, "debian"), 1);
	assert_result(update(s, "debian", "1"), 1, 1, 0, 0);
	assert_int_equal(count_of(s, "debian"), 2);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=1 CVE-2=7");
}

static void test_edit_that_a_feed_says_itself_is_no_difference(void **state)
{
	struct store *s = store_of(state);
	const struct advisory_fix fixes[] = {
		{ STR("curl"), STR_NULL, STR_NULL, FIX_STATE_AFFECTED, SEVERITY_LOW },
		{ STR("bash"), STR_NULL, STR("2"), FIX_STATE_FIXED, SEVERITY_LOW },
	};

	for (int i = 0; i < 2; i++) {
		struct store_update *u = test_begin(s, "debian");

		test_put_full(u, SEVERITY_LOW, "", "d", "", fixes, i == 0 ? 1 : 2);
		assert_result(test_commit(u, 1), i == 0, 0, 0, i != 0);
		if (i == 0)
			assert_true(test_edit(
				s, (struct test_edit){ "CVE-1", "bash=2", SEVERITY_LOW, "d" }));
	}
	assert_vulnerability(s, "CVE-1", "Low d; bash=2 curl=");
}

static void test_first_source_of_a_name_is_edited(void **state)
{
	struct store *s = store_of(state);
	struct err err = ERR_INIT;

	(void)update(s, "beta", "2");
	(void)update(s, "alpha", "1");
	assert_vulnerability(s, "CVE-1", "Medium CVE-1; bash=1");
	assert_true(test_edit(s, (struct test_edit){ "CVE-1", "bash=3", SEVERITY_LOW }));
	assert_vulnerability(s, "CVE-1", "Low ; bash=3");
	assert_match(s, "debian:12", "bash", "0", "CVE-1=3 CVE-1=2 CVE-2=7 CVE-2=7");
	assert_ok(store_vulnerability_delete(
			  s, STR("debian:12"), STR("CVE-1"), STORE_NOTIFY_NONE, &err),
		&err);
	assert_vulnerability(s, "CVE-1", "Medium CVE-1; bash=2");
}

/* --- lists */

/* "CVE-1 CVE-2", and where it goes on. */
static const char *list(struct store *s, struct arena *a, const char *name_space, int64_t start,
	size_t limit, int64_t *next)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct stored_vulnerability *v;
	size_t n;
	struct err err = ERR_INIT;
	int r = store_vulnerability_list(
		s, str_of(name_space), start, limit, a, &v, &n, next, &err);

	assert_ok(r, &err);
	if (r == 0)
		return "none";
	for (size_t i = 0; i < n; i++) {
		assert_str(v[i].name_space, name_space);
		assert_int_equal(v[i].n_fixes, 0);
		buf_printf(&text, "%s%" PRIstr, i ? " " : "", STR_ARG(v[i].name));
	}
	return arena_cstr(a, buf_str(&text));
}

static void test_list_goes_on_where_it_ended(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int64_t next, first;

	assert_string_equal(list(s, &a, "debian:12", 0, 10, &next), "none");
	for (int i = 5; i >= 1; i--)
		(void)test_edit(s, (struct test_edit){ arena_printf(&a, "CVE-%d", i).p, "bash=1" });
	(void)test_edit(s, (struct test_edit){ "CVE-6", "bash=1", .name_space = "debian:11" });
	assert_string_equal(
		list(s, &a, "debian:12", 0, 100, &next), "CVE-5 CVE-4 CVE-3 CVE-2 CVE-1");
	assert_int_equal(next, -1);
	assert_string_equal(
		list(s, &a, "debian:12", 0, SIZE_MAX, &next), "CVE-5 CVE-4 CVE-3 CVE-2 CVE-1");
	assert_string_equal(list(s, &a, "debian:12", 0, 0, &first), "");
	assert_true(first > 0);
	assert_string_equal(list(s, &a, "debian:12", first, 2, &next), "CVE-5 CVE-4");
	/* One that is superseded moves to the end. */
	(void)test_edit(s, (struct test_edit){ "CVE-5", "bash=2" });
	assert_string_equal(list(s, &a, "debian:12", next, 2, &next), "CVE-3 CVE-2");
	assert_string_equal(list(s, &a, "debian:12", next, 2, &next), "CVE-1 CVE-5");
	assert_int_equal(next, -1);
	assert_string_equal(list(s, &a, "debian:12", INT64_MAX, 2, &next), "");
	assert_int_equal(next, -1);
}

static void test_long_list_is_read_in_one(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct store_update *u = test_begin(s, "debian");
	struct stored_vulnerability *v;
	struct err err = ERR_INIT;
	int64_t next = 0;
	size_t n, seen = 0;

	for (int i = 0; i < 600; i++)
		test_put(u, "debian:12", arena_printf(&a, "CVE-%04d", i).p, "bash", "", "1");
	(void)test_commit(u, 1);
	assert_int_equal(
		store_vulnerability_list(s, STR("debian:12"), 0, 600, &a, &v, &n, &next, &err), 1);
	assert_int_equal(n, 600);
	assert_int_equal(next, -1);
	for (next = 0; next != -1; seen += n) {
		assert_int_equal(store_vulnerability_list(
					 s, STR("debian:12"), next, 299, &a, &v, &n, &next, &err),
			1);
		for (size_t i = 0; i < n; i++)
			assert_str(v[i].name, arena_printf(&a, "CVE-%04zu", seen + i).p);
	}
	assert_int_equal(seen, 600);
}

/* Neither a page nor a layer holds whatever texts somebody has put there. */
static void test_texts_of_any_size_have_a_bound(void **state)
{
	enum { TEXTS = 140, TEXT = MIB - 100 };
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct store_update *u = test_begin(s, "debian");
	_cleanup_free_ char *text = xmalloc(TEXT);
	const struct advisory_fix fix = { .package = STR("bash") };
	struct stored_vulnerability *v;
	struct layer_view view;
	struct err err = ERR_INIT;
	int64_t next = 0;
	size_t n, seen = 0, pages = 0;

	memset(text, 'x', TEXT);
	for (int i = 0; i < TEXTS; i++) {
		(void)snprintf(text, TEXT, "%08d", i);
		text[8] = 'x';
		const struct advisory advisory = { .name_space = STR("debian:12"),
			.scheme = STR("dpkg"),
			.name = arena_printf(&a, "CVE-%04d", i),
			.description = str_n(text, TEXT),
			.fixes = &fix,
			.n_fixes = 1 };
		assert_ok(store_update_put(u, &advisory, &err), &err);
	}
	(void)test_commit(u, 1);
	for (; next != -1; seen += n, pages++) {
		assert_int_equal(store_vulnerability_list(
					 s, STR("debian:12"), next, 1000, &a, &v, &n, &next, &err),
			1);
		assert_true(n > 0 && n <= LIMIT_PAGE_TEXTS / TEXT + 1);
		assert_str(v[0].name, arena_printf(&a, "CVE-%04zu", seen).p);
		arena_fini(&a);
	}
	assert_int_equal(seen, TEXTS);
	assert_int_equal(pages, TEXTS / (LIMIT_PAGE_TEXTS / TEXT + 1) + 1);
	test_layer(s, "base", NULL, "bash=1");
	assert_fails(store_layer_read(s, STR("base"), LAYER_PART_VULNERABILITIES, &a, &view, &err),
		&err, ERR_TOO_LARGE, "128 MiB of texts");
	layer_view_fini(&view);
	assert_int_equal(store_layer_read(s, STR("base"), LAYER_PART_FEATURES, &a, &view, &err), 1);
	layer_view_fini(&view);
}

static void test_list_has_each_name_once(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int64_t next;

	(void)update(s, "beta", "2");
	(void)update(s, "alpha", "1");
	(void)test_edit(s, (struct test_edit){ "CVE-3", "bash=1" });
	assert_string_equal(list(s, &a, "debian:12", 0, 10, &next), "CVE-1 CVE-2 CVE-3");
}

/* --- several connections */

static void test_edits_are_seen_by_other_connections(void **state)
{
	struct fixture *f = *state;
	struct store *other = test_open(f->location, 0);

	(void)test_edit(f->store, (struct test_edit){ "CVE-1", "bash=1" });
	assert_vulnerability(other, "CVE-1", "Unknown ; bash=1");
	(void)test_edit(other, (struct test_edit){ "CVE-1", "curl=1" });
	(void)test_edit(f->store, (struct test_edit){ "CVE-1", "dash=1" });
	assert_vulnerability(other, "CVE-1", "Unknown ; bash=1 curl=1 dash=1");
	store_close(other);
}

int conformance_edits(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_namespaces_are_in_the_order_in_which_they_came),
		TEST(test_namespace_gets_its_scheme_when_it_is_known),
		TEST(test_vulnerability_is_read_as_it_was_put),
		TEST(test_edit_that_says_the_same_changes_nothing),
		TEST(test_fixes_are_merged_by_package),
		TEST(test_only_fixes_change_when_asked),
		TEST(test_repeated_version_keeps_what_is_known_of_the_fix),
		TEST(test_what_cannot_be_stored_is_refused),
		TEST(test_delete_withdraws),
		TEST(test_read_only_store_edits_nothing),
		TEST(test_feeds_leave_edits_alone),
		TEST(test_edit_holds_until_the_feed_is_read_again),
		TEST(test_edit_that_a_feed_says_itself_is_no_difference),
		TEST(test_first_source_of_a_name_is_edited),
		TEST(test_list_goes_on_where_it_ended),
		TEST(test_long_list_is_read_in_one),
		TEST(test_texts_of_any_size_have_a_bound),
		TEST(test_list_has_each_name_once),
		TEST(test_edits_are_seen_by_other_connections),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
