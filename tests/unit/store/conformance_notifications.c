/*
 * Conformance of a driver: which changes make notifications, what these show, and how they are
 * handed out.
 */
#include "layers_test.h"

enum { MAX_NAMES = 64 };

struct names {
	struct str v[MAX_NAMES];
	size_t n;
};

static bool take(struct store *s, const char *owner, int64_t renotify_s, int64_t lock_s,
	struct arena *a, struct str *name)
{
	struct err err = ERR_INIT;
	int r = store_notification_take(s, str_of(owner), renotify_s, lock_s, a, name, &err);

	assert_ok(r, &err);
	return r == 1;
}

/* All that are to be sent, in their order; none of them is locked afterwards. */
static struct names all(struct store *s, struct arena *a)
{
	struct names names = { .n = 0 };
	struct err err = ERR_INIT;

	while (take(s, "all", 0, 1000, a, &names.v[names.n])) {
		names.n++;
		assert_true(names.n < MAX_NAMES);
	}
	for (size_t i = 0; i < names.n; i++)
		assert_ok(store_unlock(s, names.v[i], STR("all"), &err), &err);
	return names;
}

static void append_side(struct buf *text, const char *what, const struct notification_side *side)
{
	if (!side->exists) {
		assert_int_equal(side->n_layers, 0);
		return;
	}
	buf_printf(
		text, "%s%s %" PRIstr, text->n ? " " : "", what, STR_ARG(side->vulnerability.name));
	for (size_t i = 0; i < side->vulnerability.n_fixes; i++)
		buf_printf(text, " %" PRIstr "=%" PRIstr,
			STR_ARG(side->vulnerability.fixes[i].package),
			STR_ARG(side->vulnerability.fixes[i].fixed_version));
	for (size_t i = 0; i < side->n_layers; i++) {
		assert_true(i == 0 || side->layers[i].index > side->layers[i - 1].index);
		buf_printf(text, " [%" PRIstr "]", STR_ARG(side->layers[i].name));
	}
}

static const char *page_text(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct notification_page *next)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct stored_notification n;
	struct err err = ERR_INIT;
	int r = store_notification_get(s, name, limit, page, a, &n, next, &err);

	assert_ok(r, &err);
	if (r == 0)
		return "none";
	assert_true(str_eq(n.name, name));
	append_side(&text, "old", &n.before);
	append_side(&text, "new", &n.after);
	return arena_cstr(a, buf_str(&text));
}

static int cmp_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "old CVE-1 bash=1 [layer]; new …" of all notifications: those of one update are in no order. */
static const char *all_text(struct store *s, struct arena *a)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct names names = all(s, a);
	const char *lines[MAX_NAMES];

	for (size_t i = 0; i < names.n; i++) {
		struct notification_page next, first = { 0, 0 };

		lines[i] = page_text(s, names.v[i], 100, first, a, &next);
		assert_int_equal(next.old_id, -1);
		assert_int_equal(next.new_id, -1);
	}
	qsort(lines, names.n, sizeof(*lines), cmp_text);
	for (size_t i = 0; i < names.n; i++)
		buf_printf(&text, "%s%s", i ? "; " : "", lines[i]);
	return arena_cstr(a, buf_str(&text));
}

static void delete_all(struct store *s)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct names names = all(s, &a);
	struct err err = ERR_INIT;

	for (size_t i = 0; i < names.n; i++)
		assert_ok(store_notification_delete(s, names.v[i], &err), &err);
}

#define assert_notifications(store, expected)                                \
	do {                                                                 \
		struct arena arena_ = ARENA_INIT;                            \
		assert_string_equal(all_text((store), &arena_), (expected)); \
		arena_fini(&arena_);                                         \
	} while (0)

/* --- which changes make them */

/* An update that says "CVE-1 bash 2.0" a line. */
static uint64_t update(
	struct store *s, const char *source, const char *lines, enum store_notify notify)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str rest = str_of(lines), name, package, fixed;
	struct store_update *u = test_begin(s, source);

	while (str_next_word(&rest, &name)) {
		assert_true(str_next_word(&rest, &package) && str_next_word(&rest, &fixed));
		test_put(u, "debian:12", arena_cstr(&a, name), arena_cstr(&a, package), "",
			str_eq(fixed, STR("-")) ? "" : arena_cstr(&a, fixed));
	}
	store_update_set_notify(u, notify);
	return test_commit(u, 1).notifications;
}

static void test_first_update_of_a_source_makes_none(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=1");
	assert_int_equal(update(s, "alpha", "CVE-1 bash 2", STORE_NOTIFY_ALL), 0);
	assert_int_equal(update(s, "beta", "CVE-1 bash 3", STORE_NOTIFY_TOUCHING), 0);
	assert_notifications(s, "");
	/* An empty state is one, too. */
	assert_int_equal(update(s, "gamma", "", STORE_NOTIFY_TOUCHING), 0);
	assert_int_equal(update(s, "gamma", "CVE-1 bash 2", STORE_NOTIFY_TOUCHING), 1);
}

static void test_update_that_failed_was_none(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state *sources, source;
	struct store_update_result result;
	struct err err = ERR_INIT;
	size_t n;

	test_layer(s, "a", NULL, "bash=1");
	assert_int_equal(
		test_try_layer(s,
			(struct test_layer){
				.name = "b", .features = "bash=1", .name_space = "debian:13" },
			&err),
		1);
	struct store_update *u = test_begin(s, "d");
	test_put(u, "debian:12", "CVE-1", "bash", "", "5");
	const struct advisory other = { .name_space = STR("debian:13"),
		.scheme = STR("rpm"),
		.name = STR("CVE-1"),
		.fixes = &(struct advisory_fix){ .package = STR("bash") },
		.n_fixes = 1 };
	assert_ok(store_update_put(u, &other, &err), &err);
	assert_fails(test_try_commit(u, 1, &result, &err), &err, ERR_INPUT, "debian:13");
	assert_int_equal(store_source_get(s, STR("d"), &a, &source, &err), 0);
	assert_ok(store_source_list(s, &a, &sources, &n, &err), &err);
	assert_int_equal(n, 0);
	assert_int_equal(update(s, "d", "CVE-1 bash 5", STORE_NOTIFY_ALL), 0);
	assert_notifications(s, "");
}

static void test_changes_that_touch_a_layer_make_notifications(void **state)
{
	struct store *s = store_of(state);

	(void)update(s, "d", "CVE-1 bash 5 CVE-2 curl 5 CVE-3 bash 5 CVE-4 zsh 5 CVE-5 bash 5",
		STORE_NOTIFY_TOUCHING);
	test_layer(s, "a", NULL, "bash=4");
	test_layer(s, "b", "a", "bash=4@a curl=4");
	/* 1: changed, touches before and after; 2: before only; 3: withdrawn; 4: touches nothing;
	 * 5: the same; 6: new; 7: new, touches nothing; 8: new, affects no version that is there.
	 */
	assert_int_equal(update(s, "d",
				 "CVE-1 bash 6 CVE-2 curl 3 CVE-4 zsh 6 CVE-5 bash 5 CVE-6 curl - "
				 "CVE-7 zsh - CVE-8 bash 2",
				 STORE_NOTIFY_TOUCHING),
		4);
	assert_notifications(s, "new CVE-6 curl= [b]; "
				"old CVE-1 bash=5 [a] new CVE-1 bash=6 [a]; "
				"old CVE-2 curl=5 [b] new CVE-2 curl=3; "
				"old CVE-3 bash=5 [a]");
	delete_all(s);
	/* The same again is no change. */
	assert_int_equal(update(s, "d",
				 "CVE-1 bash 6 CVE-2 curl 3 CVE-4 zsh 6 CVE-5 bash 5 CVE-6 curl - "
				 "CVE-7 zsh - CVE-8 bash 2",
				 STORE_NOTIFY_ALL),
		0);
	assert_notifications(s, "");
}

static void test_policy_is_what_was_set(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=4");
	(void)update(s, "d", "CVE-1 bash 5 CVE-2 zsh 5", STORE_NOTIFY_TOUCHING);
	assert_int_equal(update(s, "d", "CVE-1 bash 6 CVE-2 zsh 6", STORE_NOTIFY_NONE), 0);
	assert_notifications(s, "");
	assert_int_equal(update(s, "d", "CVE-1 bash 7 CVE-2 zsh 7", STORE_NOTIFY_ALL), 2);
	assert_notifications(s, "old CVE-1 bash=6 [a] new CVE-1 bash=7 [a]; "
				"old CVE-2 zsh=6 new CVE-2 zsh=7");
}

static void test_inherited_features_are_introduced_once(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=4");
	test_layer(s, "b", "a", NULL);
	test_layer(s, "c", "a", "bash=4@a zsh=1");
	test_layer(s, "d", NULL, "bash=4 bash=3");
	(void)update(s, "d", "", STORE_NOTIFY_TOUCHING);
	(void)update(s, "d", "CVE-1 bash 5 CVE-1 zsh 5", STORE_NOTIFY_TOUCHING);
	assert_notifications(s, "new CVE-1 bash=5 zsh=5 [a] [c] [d]");
	test_delete_layer(s, "a");
	assert_notifications(s, "new CVE-1 bash=5 zsh=5 [d]");
}

static void test_versions_that_cannot_be_compared_are_not_touched(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=?");
	(void)update(s, "d", "", STORE_NOTIFY_TOUCHING);
	assert_int_equal(update(s, "d", "CVE-1 bash -", STORE_NOTIFY_TOUCHING), 0);
	assert_int_equal(update(s, "d", "CVE-1 bash 5", STORE_NOTIFY_ALL), 1);
	assert_notifications(s, "old CVE-1 bash= new CVE-1 bash=5");
}

static void test_edits_make_notifications(void **state)
{
	struct store *s = store_of(state);
	struct err err = ERR_INIT;

	test_layer(s, "a", NULL, "bash=4");
	(void)test_edit(s, (struct test_edit){ "CVE-1", "bash=5" });
	(void)test_edit(s, (struct test_edit){ "CVE-1", "bash=5" });
	(void)test_edit(s, (struct test_edit){ "CVE-2", "zsh=5" });
	(void)test_edit(s, (struct test_edit){ "CVE-3", "zsh=5", .notify = STORE_NOTIFY_ALL });
	(void)test_edit(s, (struct test_edit){ "CVE-4", "bash=5", .notify = STORE_NOTIFY_NONE });
	assert_notifications(s, "new CVE-1 bash=5 [a]; new CVE-3 zsh=5");
	delete_all(s);
	(void)test_edit(s, (struct test_edit){ "CVE-1", "-bash" });
	(void)test_edit(s, (struct test_edit){ "CVE-1", "zsh=1" });
	assert_ok(store_vulnerability_delete(
			  s, STR("debian:12"), STR("CVE-1"), STORE_NOTIFY_TOUCHING, &err),
		&err);
	assert_ok(store_vulnerability_delete(
			  s, STR("debian:12"), STR("CVE-4"), STORE_NOTIFY_TOUCHING, &err),
		&err);
	assert_notifications(s, "old CVE-1 bash=5 [a] new CVE-1; old CVE-4 bash=5 [a]");
}

static void test_vulnerabilities_stay_as_they_were_notified(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=4");
	(void)update(s, "d", "CVE-1 bash 5", STORE_NOTIFY_TOUCHING);
	(void)update(s, "d", "CVE-1 bash 6", STORE_NOTIFY_TOUCHING);
	(void)update(s, "d", "CVE-1 bash 7", STORE_NOTIFY_TOUCHING);
	(void)update(s, "d", "", STORE_NOTIFY_TOUCHING);
	assert_notifications(s, "old CVE-1 bash=5 [a] new CVE-1 bash=6 [a]; "
				"old CVE-1 bash=6 [a] new CVE-1 bash=7 [a]; "
				"old CVE-1 bash=7 [a]");
}

static void test_history_that_a_notification_shows_is_kept(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=4");
	for (int i = 0; i < 3; i++) {
		struct store_update *u = test_begin(s, "d");

		if (i < 2)
			test_put(u, "debian:12", "CVE-1", "bash", "", i == 0 ? "5" : "6");
		else
			test_put(u, "debian:12", "CVE-2", "zsh", "", "1");
		(void)test_commit(u, i == 2 ? 10 * LIMIT_DELETED_ADVISORY_S : 1);
	}
	assert_notifications(s, "old CVE-1 bash=5 [a] new CVE-1 bash=6 [a]; old CVE-1 bash=6 [a]");
	(void)update(s, "d", "CVE-2 zsh 2", STORE_NOTIFY_TOUCHING);
	assert_notifications(s, "old CVE-1 bash=5 [a] new CVE-1 bash=6 [a]; old CVE-1 bash=6 [a]");
}

/* --- pages */

static void test_sides_page_together(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct notification_page next = { 0, 0 };

	/* Of before: a b c d e; of after: c e. */
	test_layer(s, "a", NULL, "bash=1");
	test_layer(s, "b", NULL, "bash=2");
	test_layer(s, "c", NULL, "bash=1 curl=1");
	test_layer(s, "d", NULL, "bash=1");
	test_layer(s, "x", NULL, "zsh=1");
	test_layer(s, "e", NULL, "bash=1 curl=1");
	(void)update(s, "d", "CVE-1 bash 5", STORE_NOTIFY_TOUCHING);
	(void)update(s, "d", "CVE-1 curl 5", STORE_NOTIFY_TOUCHING);
	struct names names = all(s, &a);
	assert_int_equal(names.n, 1);
	struct str n = names.v[0];

	assert_string_equal(page_text(s, n, 2, next, &a, &next),
		"old CVE-1 bash=5 [a] [b] new CVE-1 curl=5 [c] [e]");
	assert_int_equal(next.old_id, test_state(s, "c").id);
	assert_int_equal(next.new_id, -1);
	assert_string_equal(
		page_text(s, n, 2, next, &a, &next), "old CVE-1 bash=5 [c] [d] new CVE-1 curl=5");
	assert_int_equal(next.old_id, test_state(s, "e").id);
	assert_int_equal(next.new_id, -1);
	assert_string_equal(
		page_text(s, n, 2, next, &a, &next), "old CVE-1 bash=5 [e] new CVE-1 curl=5");
	assert_int_equal(next.old_id, -1);
	assert_int_equal(next.new_id, -1);
	assert_string_equal(
		page_text(s, n, 2, next, &a, &next), "old CVE-1 bash=5 new CVE-1 curl=5");

	/* A page may start at a layer that is gone meanwhile. */
	next = (struct notification_page){ test_state(s, "c").id, -1 };
	test_delete_layer(s, "c");
	assert_string_equal(
		page_text(s, n, 100, next, &a, &next), "old CVE-1 bash=5 [d] [e] new CVE-1 curl=5");
}

static void test_no_layers_when_none_are_asked_for(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct notification_page next = { 7, 7 }, first = { 0, 0 };

	test_layer(s, "a", NULL, "bash=1");
	(void)update(s, "d", "CVE-1 bash 5", STORE_NOTIFY_TOUCHING);
	(void)update(s, "d", "CVE-1 bash 1", STORE_NOTIFY_TOUCHING);
	struct str n = all(s, &a).v[0];
	assert_string_equal(
		page_text(s, n, 0, first, &a, &next), "old CVE-1 bash=5 new CVE-1 bash=1");
	assert_int_equal(next.old_id, test_state(s, "a").id);
	assert_int_equal(next.new_id, -1);
	assert_string_equal(page_text(s, n, SIZE_MAX, first, &a, &next),
		"old CVE-1 bash=5 [a] new CVE-1 bash=1");
}

/* --- handing out */

/* A store with this many notifications. */
static struct names make(struct store *s, struct arena *a, int n)
{
	for (int i = 1; i <= n; i++)
		(void)test_edit(s, (struct test_edit){ arena_printf(a, "CVE-%d", i).p, "bash=1",
					   .notify = STORE_NOTIFY_ALL });
	struct names names = all(s, a);
	assert_int_equal(names.n, n);
	return names;
}

static struct stored_notification get(struct store *s, struct arena *a, struct str name)
{
	struct stored_notification n;
	struct notification_page next, first = { 0, 0 };
	struct err err = ERR_INIT;

	assert_int_equal(store_notification_get(s, name, 1, first, a, &n, &next, &err), 1);
	return n;
}

static void test_names_are_random_uuids(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct names names = make(s, &a, 20);

	for (size_t i = 0; i < names.n; i++) {
		struct str n = names.v[i];

		assert_int_equal(n.n, 36);
		for (size_t k = 0; k < n.n; k++) {
			bool dash = k == 8 || k == 13 || k == 18 || k == 23;

			assert_true(
				dash ? n.p[k] == '-'
				     : ascii_is_digit(n.p[k]) || (n.p[k] >= 'a' && n.p[k] <= 'f'));
		}
		assert_int_equal(n.p[14], '4');
		assert_non_null(strchr("89ab", n.p[19]));
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(n, names.v[k]));
	}
}

static void test_unknown_notification_is_not_there(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct notification_page next, first = { 0, 0 };
	struct str name;
	struct err err = ERR_INIT;

	assert_false(take(s, "me", 0, 10, &a, &name));
	assert_string_equal(page_text(s, STR("x"), 1, first, &a, &next), "none");
	assert_string_equal(page_text(s, STR("\xff"), 1, first, &a, &next), "none");
	assert_fails(store_notification_delete(s, STR("x"), &err), &err, ERR_NOT_FOUND, "");
	assert_fails(store_notification_delete(s, STR("\xff"), &err), &err, ERR_NOT_FOUND, "");
	assert_ok(store_notification_sent(s, STR("x"), &err), &err);
	assert_ok(store_notification_sent(s, STR("\xff"), &err), &err);
}

static void test_notification_is_taken_by_one(void **state)
{
	struct fixture *f = *state;
	struct store *s = f->store, *other = test_open(f->location, 0);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct names names = make(s, &a, 2);
	struct str name, owner;
	int64_t until;
	struct err err = ERR_INIT;

	assert_true(take(s, "me", 0, 1000, &a, &name));
	assert_true(str_eq(name, names.v[0]));
	assert_int_equal(store_lock_find(other, name, &a, &owner, &until, &err), 1);
	assert_str(owner, "me");
	assert_true(take(other, "you", 0, 1000, &a, &name));
	assert_true(str_eq(name, names.v[1]));
	assert_false(take(s, "me", 0, 1000, &a, &name));
	assert_false(take(other, "you", 0, 1000, &a, &name));
	assert_ok(store_unlock(s, names.v[0], STR("me"), &err), &err);
	assert_true(take(other, "you", 0, 1000, &a, &name));
	assert_true(str_eq(name, names.v[0]));
	store_close(other);
}

static void test_expired_lock_holds_nobody_up(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct names names = make(s, &a, 1);
	struct str name;

	assert_true(take(s, "me", 0, 0, &a, &name));
	assert_true(take(s, "you", 0, -5, &a, &name));
	assert_true(take(s, "you", 0, 1000, &a, &name));
	assert_true(str_eq(name, names.v[0]));
	assert_false(take(s, "me", 0, 1000, &a, &name));
}

static void test_sent_notification_is_sent_again_after_a_while(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct names names = make(s, &a, 2);
	struct str name;
	struct err err = ERR_INIT;

	struct stored_notification n = get(s, &a, names.v[0]);
	assert_true(n.created_at > 1500000000);
	assert_int_equal(n.notified_at, 0);
	assert_int_equal(n.deleted_at, 0);
	assert_ok(store_notification_sent(s, names.v[0], &err), &err);
	n = get(s, &a, names.v[0]);
	assert_true(n.notified_at >= n.created_at);
	assert_true(take(s, "me", 1000, 0, &a, &name));
	assert_true(str_eq(name, names.v[1]));
	assert_ok(store_notification_sent(s, names.v[1], &err), &err);
	assert_false(take(s, "me", 1000, 0, &a, &name));
	assert_true(take(s, "me", 0, 1000, &a, &name));
	assert_true(str_eq(name, names.v[0]));
}

static void test_deleted_notification_is_there_but_not_sent(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct names names = make(s, &a, 1);
	struct str name;
	struct err err = ERR_INIT;

	assert_ok(store_notification_delete(s, names.v[0], &err), &err);
	struct stored_notification n = get(s, &a, names.v[0]);
	assert_true(n.deleted_at >= n.created_at);
	assert_true(n.after.exists);
	assert_false(take(s, "me", 0, 1000, &a, &name));
	assert_ok(store_notification_delete(s, names.v[0], &err), &err);
}

static void test_read_only_store_marks_nothing(void **state)
{
	struct fixture *f = *state;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str name = make(f->store, &a, 1).v[0], taken;
	struct store *s = test_open(f->location, STORE_READ_ONLY);
	struct err err = ERR_INIT;

	assert_true(get(s, &a, name).after.exists);
	assert_fails(store_notification_take(s, STR("me"), 0, 1, &a, &taken, &err), &err, ERR_USAGE,
		"reading");
	assert_fails(store_notification_sent(s, name, &err), &err, ERR_USAGE, "reading");
	assert_fails(store_notification_delete(s, name, &err), &err, ERR_USAGE, "reading");
	store_close(s);
}

int conformance_notifications(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_update_of_a_source_makes_none),
		TEST(test_update_that_failed_was_none),
		TEST(test_changes_that_touch_a_layer_make_notifications),
		TEST(test_policy_is_what_was_set),
		TEST(test_inherited_features_are_introduced_once),
		TEST(test_versions_that_cannot_be_compared_are_not_touched),
		TEST(test_edits_make_notifications),
		TEST(test_vulnerabilities_stay_as_they_were_notified),
		TEST(test_history_that_a_notification_shows_is_kept),
		TEST(test_sides_page_together),
		TEST(test_no_layers_when_none_are_asked_for),
		TEST(test_names_are_random_uuids),
		TEST(test_unknown_notification_is_not_there),
		TEST(test_notification_is_taken_by_one),
		TEST(test_expired_lock_holds_nobody_up),
		TEST(test_sent_notification_is_sent_again_after_a_while),
		TEST(test_deleted_notification_is_there_but_not_sent),
		TEST(test_read_only_store_marks_nothing),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
