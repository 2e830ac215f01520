/*
 * Conformance of a driver: locks, key/value pairs, and that the database answers.
 */
#include <pthread.h>

#include "conformance.h"

static bool lock(struct store *s, const char *owner, int64_t seconds, bool renew)
{
	int64_t until = 0, now = clock_wall_s();
	struct err err = ERR_INIT;
	int r = store_lock(s, STR("updater"), str_of(owner), seconds, renew, &until, &err);

	assert_ok(r, &err);
	/* The database's clock may be another. */
	if (r == 1)
		assert_true(until > now + seconds - 60 && until < now + seconds + 60);
	return r == 1;
}

static const char *owner_of(struct store *s, struct arena *a, int64_t *until)
{
	struct str owner;
	struct err err = ERR_INIT;
	int r = store_lock_find(s, STR("updater"), a, &owner, until, &err);

	assert_ok(r, &err);
	return r ? arena_cstr(a, owner) : "free";
}

static void test_lock_is_held_by_one(void **state)
{
	struct fixture *f = *state;
	struct store *s = f->store, *other = test_open(f->location, 0);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int64_t until, found, first;
	struct err err = ERR_INIT;

	assert_string_equal(owner_of(s, &a, &until), "free");
	assert_true(lock(s, "me", 1000, false));
	assert_string_equal(owner_of(other, &a, &first), "me");
	assert_false(lock(other, "you", 5000, false));
	assert_false(lock(other, "you", 5000, true));
	/* Its own lock, too, is taken again only to renew it. */
	assert_false(lock(s, "me", 2000, false));
	assert_string_equal(owner_of(s, &a, &until), "me");
	assert_int_equal(until, first);
	assert_int_equal(store_lock(other, STR("updater"), STR("you"), 5, false, &found, &err), 0);
	assert_int_equal(found, first);
	assert_true(lock(s, "me", 2000, true));
	assert_string_equal(owner_of(s, &a, &until), "me");
	assert_true(until >= first + 999);
	assert_int_equal(store_lock(s, STR("another"), STR("you"), 5, false, NULL, &err), 1);
	store_close(other);
}

static void test_lock_is_given_back_by_its_owner(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int64_t until;
	struct err err = ERR_INIT;

	assert_ok(store_unlock(s, STR("updater"), STR("me"), &err), &err);
	assert_true(lock(s, "me", 1000, false));
	assert_ok(store_unlock(s, STR("updater"), STR("you"), &err), &err);
	assert_ok(store_unlock(s, STR("other"), STR("me"), &err), &err);
	assert_string_equal(owner_of(s, &a, &until), "me");
	assert_ok(store_unlock(s, STR("updater"), STR("me"), &err), &err);
	assert_string_equal(owner_of(s, &a, &until), "free");
	assert_true(lock(s, "you", 1000, false));
}

static void test_expired_lock_is_free(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int64_t until;

	assert_true(lock(s, "me", 0, false));
	assert_string_equal(owner_of(s, &a, &until), "free");
	assert_true(lock(s, "you", -10, false));
	assert_string_equal(owner_of(s, &a, &until), "free");
	assert_true(lock(s, "me", 1000, true));
	assert_string_equal(owner_of(s, &a, &until), "me");
	assert_true(lock(s, "me", 0, true));
	assert_string_equal(owner_of(s, &a, &until), "free");
}

static void test_lock_needs_names_and_a_bounded_time(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str owner;
	int64_t until;
	struct err err = ERR_INIT;

	assert_fails(
		store_lock(s, STR(""), STR("a"), 1, false, NULL, &err), &err, ERR_INPUT, "lock");
	assert_fails(store_lock(s, STR("a"), STR("\xff"), 1, false, NULL, &err), &err, ERR_INPUT,
		"owner");
	assert_fails(store_lock(s, STR("a"), STR("b"), INT64_MAX, false, NULL, &err), &err,
		ERR_USAGE, "seconds");
	assert_int_equal(store_lock_find(s, STR("\xff"), &a, &owner, &until, &err), 0);
}

/* --- at once */

enum { THREADS = 4, ROUNDS = 25 };

struct contender {
	const char *location;
	const char *name;
	pthread_t thread;
	int *inside; /* how many have the lock */
	int taken;
	bool failed;
};

static void *contend(void *aux)
{
	struct contender *c = aux;
	struct store *s = NULL;
	_cleanup_err_ struct err err = ERR_INIT;

	c->failed = store_open(c->location, 0, &s, &err) < 0;
	while (!c->failed && c->taken < ROUNDS) {
		int r = store_lock(s, STR("l"), str_of(c->name), 1000, false, NULL, &err);

		if (r == 1) {
			c->failed |= __atomic_add_fetch(c->inside, 1, __ATOMIC_SEQ_CST) != 1;
			c->taken++;
			c->failed |= __atomic_sub_fetch(c->inside, 1, __ATOMIC_SEQ_CST) != 0;
			r = store_unlock(s, STR("l"), str_of(c->name), &err);
		}
		c->failed |= r < 0;
	}
	store_close(s);
	return NULL;
}

static void test_lock_excludes_threads_from_one_another(void **state)
{
	struct fixture *f = *state;
	static const char *const names[THREADS] = { "a", "b", "c", "d" };
	struct contender c[THREADS];
	int inside = 0;

	for (int i = 0; i < THREADS; i++) {
		c[i] = (struct contender){ f->location, names[i], .inside = &inside };
		assert_int_equal(pthread_create(&c[i].thread, NULL, contend, &c[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(c[i].thread, NULL), 0);
		assert_false(c[i].failed);
		assert_int_equal(c[i].taken, ROUNDS);
	}
}

/* --- key/value pairs */

static const char *value_of(struct store *s, struct arena *a, const char *key)
{
	struct str value;
	struct err err = ERR_INIT;
	int r = store_key_get(s, str_of(key), a, &value, &err);

	assert_ok(r, &err);
	return r ? arena_cstr(a, value) : "none";
}

static void test_keys_have_the_value_that_was_put_last(void **state)
{
	struct fixture *f = *state;
	struct store *s = f->store, *other = test_open(f->location, 0);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;

	assert_string_equal(value_of(s, &a, "updater/last"), "none");
	assert_ok(store_key_put(s, STR("updater/last"), STR("1"), &err), &err);
	assert_ok(store_key_put(s, STR("b"), STR("2"), &err), &err);
	assert_ok(store_key_put(other, STR("updater/last"), STR("3\xc3\xa9 '"), &err), &err);
	assert_string_equal(value_of(s, &a, "updater/last"), "3\xc3\xa9 '");
	assert_string_equal(value_of(other, &a, "b"), "2");
	assert_ok(store_key_put(s, STR("b"), STR(""), &err), &err);
	assert_string_equal(value_of(other, &a, "b"), "");
	assert_fails(store_key_put(s, STR(""), STR("1"), &err), &err, ERR_INPUT, "key");
	assert_fails(store_key_put(s, STR("c"), STR("\xff"), &err), &err, ERR_INPUT, "value");
	assert_string_equal(value_of(s, &a, "\xff"), "none");
	store_close(other);
}

static void test_read_only_store_locks_nothing(void **state)
{
	struct fixture *f = *state;
	struct store *s = test_open(f->location, STORE_READ_ONLY);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int64_t until;
	struct err err = ERR_INIT;

	assert_true(lock(f->store, "me", 1000, false));
	assert_string_equal(owner_of(s, &a, &until), "me");
	assert_fails(store_lock(s, STR("a"), STR("b"), 1, false, NULL, &err), &err, ERR_USAGE,
		"reading");
	assert_fails(store_unlock(s, STR("a"), STR("b"), &err), &err, ERR_USAGE, "reading");
	assert_fails(store_key_put(s, STR("a"), STR("b"), &err), &err, ERR_USAGE, "reading");
	assert_ok(store_ping(s, &err), &err);
	store_close(s);
}

static void test_database_answers(void **state)
{
	struct err err = ERR_INIT;

	assert_ok(store_ping(store_of(state), &err), &err);
}

int conformance_locks(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lock_is_held_by_one),
		TEST(test_lock_is_given_back_by_its_owner),
		TEST(test_expired_lock_is_free),
		TEST(test_lock_needs_names_and_a_bounded_time),
		TEST(test_lock_excludes_threads_from_one_another),
		TEST(test_keys_have_the_value_that_was_put_last),
		TEST(test_read_only_store_locks_nothing),
		TEST(test_database_answers),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
