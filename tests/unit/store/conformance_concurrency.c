/*
 * Conformance of a driver: several connections at once. Threads do not use cmocka: they note that
 * they failed, and why.
 */
#include <pthread.h>

#include "layers_test.h"

struct worker {
	pthread_t thread;
	const char *location;
	unsigned number;
	bool *stop;
	bool failed;
	char why[256];
};

static bool fails(struct worker *w, int r, struct err *err)
{
	if (r >= 0)
		return false;
	w->failed = true;
	(void)snprintf(w->why, sizeof(w->why), "%s", err_msg(err));
	err_clear(err);
	return true;
}

static void start(struct worker *w, void *(*run)(void *))
{
	assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
}

static void finish(struct worker *w)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	if (w->failed)
		fail_msg("thread %u: %s", w->number, w->why);
}

/* --- one state of the data */

enum { UPDATES = 40 };

static int update_to(struct store *s, unsigned fixed, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct advisory_fix fixes[2] = { { .package = STR("bash") }, { .package = STR("curl") } };
	struct advisory advisory = { .name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = STR("CVE-1"),
		.fixes = fixes,
		.n_fixes = 2 };
	const struct source_state state = { .updated_at = fixed, .checked_at = fixed };
	struct store_update_result result;
	struct store_update *u;
	int r = store_update_begin(s, STR("debian"), &u, err);

	if (r < 0)
		return r;
	fixes[0].fixed_version = fixes[1].fixed_version = arena_printf(&a, "%u", fixed);
	if ((r = store_update_put(u, &advisory, err)) < 0) {
		store_update_abort(u);
		return r;
	}
	return store_update_commit(u, &state, &result, err);
}

static void *update_again_and_again(void *aux)
{
	struct worker *w = aux;
	struct store *s = NULL;
	_cleanup_err_ struct err err = ERR_INIT;

	if (!fails(w, store_open(w->location, 0, &s, &err), &err)) {
		for (unsigned i = 1; i <= UPDATES; i++) {
			if (fails(w, update_to(s, 1 + i, &err), &err))
				break;
		}
	}
	store_close(s);
	__atomic_store_n(w->stop, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static void test_layer_is_read_in_one_state(void **state)
{
	struct fixture *f = *state;
	bool stop = false;
	struct worker w = { .location = f->location, .stop = &stop };
	struct layer_state last = { .generation = -1 };
	char last_text[256] = "";
	struct err err = ERR_INIT;

	test_layer(f->store, "a", NULL, "bash=0 curl=0");
	assert_ok(update_to(f->store, 1, &err), &err);
	start(&w, update_again_and_again);
	for (bool again = true; again;) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct layer_view view;

		again = !__atomic_load_n(&stop, __ATOMIC_SEQ_CST);
		assert_int_equal(store_layer_read(f->store, STR("a"), LAYER_PART_VULNERABILITIES,
					 &a, &view, &err),
			1);
		assert_int_equal(view.matches.n, 2);
		struct str fixed = view.matches.v[0].fixed_by;
		assert_true(str_eq(fixed, view.matches.v[1].fixed_by));
		/* What has the same generation says the same. */
		if (view.state.generation == last.generation)
			assert_str(fixed, last_text);
		(void)snprintf(last_text, sizeof(last_text), "%" PRIstr, STR_ARG(fixed));
		last = view.state;
		layer_view_fini(&view);
	}
	finish(&w);
	assert_int_equal(last.generation, test_state(f->store, "a").generation);
}

/* --- posts and deletes */

enum { WORKERS = 4, POSTS = 40 };

/* The parent may go at any moment. */
static bool post(struct worker *w, struct store *s, const char *name, const char *parent,
	const char *package, struct err *err)
{
	const struct layer_feature feature = { .name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = str_of(package),
		.version = STR("1"),
		.package = str_of(package),
		.key = span_n("\x55", 1) };
	const struct layer_put put = { .name = str_of(name),
		.parent = str_of(parent),
		.name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.engine_version = 3 + w->number / 2,
		.facts = span_n(name, strlen(name)),
		.inherits = parent && w->number % 2,
		.features = &feature,
		.n_features = 1 };
	int r = store_layer_put(s, &put, err);

	if (r == -ERR_NOT_FOUND && parent) {
		err_clear(err);
		return true;
	}
	return !fails(w, r, err);
}

static bool post_and_delete(struct worker *w, struct store *s, unsigned round, struct err *err)
{
	char package[32];

	(void)snprintf(package, sizeof(package), "package-%u", round);
	if (!post(w, s, "base", NULL, package, err) || !post(w, s, "mid", "base", package, err) ||
		!post(w, s, "top", "mid", package, err))
		return false;
	if ((round + w->number) % 5)
		return true;
	int r = store_layer_delete(s, (round & 1) ? STR("base") : STR("mid"), err);
	if (r == -ERR_NOT_FOUND)
		err_clear(err);
	return r == -ERR_NOT_FOUND || !fails(w, r, err);
}

static void *post_again_and_again(void *aux)
{
	struct worker *w = aux;
	struct store *s = NULL;
	_cleanup_err_ struct err err = ERR_INIT;

	if (!fails(w, store_open(w->location, 0, &s, &err), &err)) {
		for (unsigned i = 0; i < POSTS; i++) {
			if (!post_and_delete(w, s, i, &err))
				break;
		}
	}
	store_close(s);
	return NULL;
}

static void test_posts_and_deletes_at_once_stay_consistent(void **state)
{
	struct fixture *f = *state;
	struct worker workers[WORKERS];

	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .location = f->location, .number = i };
		start(&workers[i], post_again_and_again);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		finish(&workers[i]);
	assert_true(!test_has_layer(f->store, "top") || test_has_layer(f->store, "mid"));
	assert_true(!test_has_layer(f->store, "mid") || test_has_layer(f->store, "base"));
	if (test_has_layer(f->store, "base"))
		test_delete_layer(f->store, "base");
	assert_false(test_has_layer(f->store, "top"));
	test_layer(f->store, "base", NULL, "bash=1");
	assert_features(f->store, "base", "bash=1@base");
}

/* --- edits */

static void *edit_again_and_again(void *aux)
{
	struct worker *w = aux;
	struct store *s = NULL;
	char package[32];
	_cleanup_err_ struct err err = ERR_INIT;

	bool opened = !fails(w, store_open(w->location, 0, &s, &err), &err);
	for (unsigned i = 0; opened && i < 10; i++) {
		(void)snprintf(package, sizeof(package), "p-%u-%u", w->number, i);
		const struct advisory_fix fix = { .package = str_of(package),
			.fixed_version = STR("1"),
			.state = FIX_STATE_FIXED };
		const struct advisory a = { .name_space = STR("debian:12"),
			.scheme = STR("dpkg"),
			.name = STR("CVE-1"),
			.fixes = &fix,
			.n_fixes = 1 };

		if (fails(w, store_vulnerability_put(s, &a, NULL, 0, 0, STORE_NOTIFY_ALL, &err),
			    &err))
			break;
	}
	store_close(s);
	return NULL;
}

static void test_edits_at_once_lose_nothing(void **state)
{
	struct fixture *f = *state;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct worker workers[WORKERS];
	struct stored_vulnerability v;
	struct str name;
	int notifications = 0;
	struct err err = ERR_INIT;

	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .location = f->location, .number = i };
		start(&workers[i], edit_again_and_again);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		finish(&workers[i]);
	assert_int_equal(
		store_vulnerability_get(f->store, STR("debian:12"), STR("CVE-1"), &a, &v, &err), 1);
	assert_int_equal(v.n_fixes, WORKERS * 10);
	while (store_notification_take(f->store, STR("me"), 0, 1000, &a, &name, &err) == 1)
		notifications++;
	assert_int_equal(notifications, WORKERS * 10);
}

/* --- taking */

static void *take_all(void *aux)
{
	struct worker *w = aux;
	struct store *s = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str name;
	_cleanup_err_ struct err err = ERR_INIT;

	if (!fails(w, store_open(w->location, 0, &s, &err), &err)) {
		int r;

		while ((r = store_notification_take(s, arena_printf(&a, "owner-%u", w->number), 0,
				1000, &a, &name, &err)) == 1)
			w->number += 1000;
		(void)fails(w, r, &err);
	}
	store_close(s);
	return NULL;
}

static void test_each_notification_is_taken_once(void **state)
{
	struct fixture *f = *state;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct worker workers[WORKERS];
	unsigned taken = 0;

	for (int i = 0; i < 30; i++)
		(void)test_edit(f->store, (struct test_edit){ arena_printf(&a, "CVE-%d", i).p,
						  "bash=1", .notify = STORE_NOTIFY_ALL });
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .location = f->location, .number = i };
		start(&workers[i], take_all);
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		finish(&workers[i]);
		taken += workers[i].number / 1000;
	}
	assert_int_equal(taken, 30);
}

int conformance_concurrency(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_layer_is_read_in_one_state),
		TEST(test_posts_and_deletes_at_once_stay_consistent),
		TEST(test_edits_at_once_lose_nothing),
		TEST(test_each_notification_is_taken_once),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
