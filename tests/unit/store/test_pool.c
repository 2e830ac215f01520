/*
 * The pool of connections, with threads that want more of them than there are.
 */
#include <pthread.h>

#include "store/store_priv.h"
#include "store_test.h"

static struct store *take(struct store_pool *p)
{
	struct store *s = NULL;
	struct err err = ERR_INIT;

	assert_ok(store_pool_take(p, &s, &err), &err);
	assert_non_null(s);
	return s;
}

static void test_connections_are_opened_when_they_are_needed(void **state UNUSED)
{
	char *path = test_new_path();
	struct store_pool *p = store_pool_new(path, STORE_CREATE, 2);
	struct err err = ERR_INIT;

	assert_int_equal(access(path, F_OK), -1);
	struct store *a = take(p);
	assert_ok(store_ping(a, &err), &err);
	store_pool_give(p, NULL);
	store_pool_free(NULL);
	store_pool_give(p, a);
	store_pool_free(p);
	test_remove_path(path);
}

static void test_last_given_back_is_taken_first(void **state UNUSED)
{
	char *path = test_new_path();
	struct store_pool *p = store_pool_new(path, STORE_CREATE, 3);
	struct store *a = take(p), *b = take(p), *c = take(p);

	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(b, c);
	store_pool_give(p, b);
	store_pool_give(p, c);
	store_pool_give(p, a);
	assert_ptr_equal(take(p), a);
	assert_ptr_equal(take(p), c);
	store_pool_give(p, c);
	assert_ptr_equal(take(p), c);
	store_pool_give(p, a);
	store_pool_give(p, c);
	store_pool_free(p);
	test_remove_path(path);
}

static void test_failure_to_open_takes_no_place(void **state UNUSED)
{
	char *path = test_new_path();
	struct store_pool *p = store_pool_new(path, 0, 1);
	struct store *s = NULL;
	struct err err = ERR_INIT;

	store_pool_set_wait(p, 0);
	for (int i = 0; i < 3; i++)
		assert_fails(store_pool_take(p, &s, &err), &err, ERR_NOT_FOUND, path);
	assert_null(s);
	store_close(test_open(path, STORE_CREATE));
	store_pool_give(p, take(p));
	store_pool_free(p);
	test_remove_path(path);
}

static void test_waiting_has_an_end(void **state UNUSED)
{
	char *path = test_new_path();
	struct store_pool *p = store_pool_new(path, STORE_CREATE, 1);
	struct store *a = take(p), *b = NULL;
	uint64_t start = clock_monotonic_ms();
	struct err err = ERR_INIT;

	store_pool_set_wait(p, 20);
	assert_fails(store_pool_take(p, &b, &err), &err, ERR_BUSY, "all 1 connections");
	assert_true(clock_monotonic_ms() - start >= 20);
	assert_null(b);
	store_pool_give(p, a);
	assert_ptr_equal(take(p), a);
	store_pool_give(p, a);
	store_pool_free(p);
	test_remove_path(path);
}

enum { THREADS = 8, CONNECTIONS = 3, ROUNDS = 40 };

struct worker {
	pthread_t thread;
	struct store_pool *pool;
	int *in_use;
	bool failed;
};

static void *work(void *aux)
{
	struct worker *w = aux;
	_cleanup_err_ struct err err = ERR_INIT;

	for (int i = 0; i < ROUNDS && !w->failed; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct store *s;
		struct str value;

		w->failed = store_pool_take(w->pool, &s, &err) < 0;
		if (w->failed)
			break;
		w->failed |= __atomic_add_fetch(w->in_use, 1, __ATOMIC_SEQ_CST) > CONNECTIONS;
		w->failed |= store_key_get(s, STR("key"), &a, &value, &err) != 1;
		(void)__atomic_sub_fetch(w->in_use, 1, __ATOMIC_SEQ_CST);
		store_pool_give(w->pool, s);
	}
	return NULL;
}

static void test_threads_share_connections(void **state UNUSED)
{
	char *path = test_new_path();
	struct store_pool *p = store_pool_new(path, STORE_CREATE, CONNECTIONS);
	struct store *s = take(p);
	struct worker workers[THREADS];
	int in_use = 0;
	struct err err = ERR_INIT;

	assert_ok(store_key_put(s, STR("key"), STR("value"), &err), &err);
	store_pool_give(p, s);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .pool = p, .in_use = &in_use };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_false(workers[i].failed);
	}
	store_pool_free(p);
	test_remove_path(path);
}

/* A thread that waits gets what is given back. */
static void *wait_for_one(void *aux)
{
	struct worker *w = aux;
	struct store *s = NULL;
	_cleanup_err_ struct err err = ERR_INIT;

	w->failed = store_pool_take(w->pool, &s, &err) < 0;
	store_pool_give(w->pool, s);
	return NULL;
}

static void test_who_waits_gets_what_is_given_back(void **state UNUSED)
{
	char *path = test_new_path();
	struct store_pool *p = store_pool_new(path, STORE_CREATE, 1);
	struct store *s = take(p);
	struct worker w = { .pool = p };

	assert_int_equal(pthread_create(&w.thread, NULL, wait_for_one, &w), 0);
	store_pool_give(p, s);
	assert_int_equal(pthread_join(w.thread, NULL), 0);
	assert_false(w.failed);
	store_pool_free(p);
	test_remove_path(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connections_are_opened_when_they_are_needed),
		cmocka_unit_test(test_last_given_back_is_taken_first),
		cmocka_unit_test(test_failure_to_open_takes_no_place),
		cmocka_unit_test(test_waiting_has_an_end),
		cmocka_unit_test(test_threads_share_connections),
		cmocka_unit_test(test_who_waits_gets_what_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
