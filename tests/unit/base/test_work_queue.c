/*
 * The queue of jobs. What has to happen first is waited for by semaphores.
 */
#include "../test.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/resource.h>

enum { JOBS = 1000 };

struct gate {
	sem_t entered;
	sem_t leave;
};

static struct work_queue *queue(size_t threads, size_t capacity)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct work_queue *q = NULL;

	assert_ok(work_queue_new("test", threads, capacity, &q, &err), &err);
	return q;
}

static void gate_init(struct gate *g)
{
	assert_int_equal(sem_init(&g->entered, 0, 0), 0);
	assert_int_equal(sem_init(&g->leave, 0, 0), 0);
}

static void gate_fini(struct gate *g)
{
	assert_int_equal(sem_destroy(&g->entered), 0);
	assert_int_equal(sem_destroy(&g->leave), 0);
}

static void wait_for(sem_t *s)
{
	while (sem_wait(s) != 0)
		;
}

/* Says that it runs, and stays until it may leave. */
static void block(void *ctx, size_t thread UNUSED)
{
	struct gate *g = ctx;

	(void)sem_post(&g->entered);
	wait_for(&g->leave);
}

static void count(void *ctx, size_t thread)
{
	atomic_size_t *counts = ctx;

	atomic_fetch_add(&counts[thread == WORK_DROPPED ? 1 : 0], 1);
}

struct order {
	size_t n;
	size_t seen[JOBS];
};

struct numbered {
	struct order *order;
	size_t i;
};

static void note_order(void *ctx, size_t thread)
{
	struct numbered *job = ctx;

	assert_int_equal(thread, 0);
	job->order->seen[job->order->n++] = job->i;
}

static void test_one_thread_runs_jobs_in_their_order(void **state UNUSED)
{
	struct work_queue *q = queue(1, JOBS);
	static struct order order;
	static struct numbered jobs[JOBS];

	for (size_t i = 0; i < JOBS; i++) {
		jobs[i] = (struct numbered){ .order = &order, .i = i };
		assert_true(work_queue_push(q, note_order, &jobs[i]));
	}
	work_queue_stop(q, true);
	assert_int_equal(order.n, JOBS);
	for (size_t i = 0; i < JOBS; i++)
		assert_int_equal(order.seen[i], i);
	work_queue_free(q);
}

static void test_a_full_queue_refuses_and_tells_its_depth(void **state UNUSED)
{
	struct work_queue *q = queue(2, 3);
	atomic_size_t counts[2] = { 0, 0 };
	struct gate g;

	gate_init(&g);
	for (size_t i = 0; i < 2; i++)
		assert_true(work_queue_push(q, block, &g));
	for (size_t i = 0; i < 2; i++)
		wait_for(&g.entered);
	assert_int_equal(work_queue_running(q), 2);
	assert_int_equal(work_queue_waiting(q), 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(work_queue_push(q, count, counts));
	assert_false(work_queue_push(q, count, counts));
	assert_int_equal(work_queue_waiting(q), 3);
	(void)sem_post(&g.leave);
	(void)sem_post(&g.leave);
	work_queue_stop(q, true);
	assert_int_equal(counts[0], 3);
	assert_int_equal(work_queue_waiting(q), 0);
	assert_int_equal(work_queue_running(q), 0);
	assert_false(work_queue_push(q, count, counts));
	work_queue_free(q);
	gate_fini(&g);
}

static void *stop_without_draining(void *ctx)
{
	work_queue_stop(ctx, false);
	return NULL;
}

static void release(void *ctx, size_t thread)
{
	struct gate *g = ctx;

	if (thread == WORK_DROPPED)
		(void)sem_post(&g->leave);
}

static void test_stopping_drops_what_waits_and_ends_what_runs(void **state UNUSED)
{
	struct work_queue *q = queue(1, 8);
	atomic_size_t counts[2] = { 0, 0 };
	struct gate g;
	pthread_t stopper;

	gate_init(&g);
	assert_true(work_queue_push(q, block, &g));
	wait_for(&g.entered);
	for (size_t i = 0; i < 5; i++)
		assert_true(work_queue_push(q, count, counts));
	/* Dropping this one is what lets the running one end. */
	assert_true(work_queue_push(q, release, &g));
	assert_int_equal(pthread_create(&stopper, NULL, stop_without_draining, q), 0);
	assert_int_equal(pthread_join(stopper, NULL), 0);
	assert_int_equal(counts[0], 0);
	assert_int_equal(counts[1], 5);
	work_queue_free(q);
	gate_fini(&g);
}

struct pusher {
	struct work_queue *q;
	atomic_size_t *counts;
	size_t accepted;
};

static void *push_many(void *ctx)
{
	struct pusher *p = ctx;

	for (size_t i = 0; i < JOBS; i++)
		p->accepted += work_queue_push(p->q, count, p->counts);
	return NULL;
}

static void test_each_accepted_job_is_called_once_whatever_the_threads(void **state UNUSED)
{
	struct work_queue *q = queue(4, 64);
	atomic_size_t counts[2] = { 0, 0 };
	struct pusher pushers[4];
	pthread_t ids[4];
	size_t accepted = 0;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		pushers[i] = (struct pusher){ .q = q, .counts = counts };
		assert_int_equal(pthread_create(&ids[i], NULL, push_many, &pushers[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_int_equal(pthread_join(ids[i], NULL), 0);
		accepted += pushers[i].accepted;
	}
	work_queue_stop(q, false);
	assert_true(accepted > 0);
	assert_int_equal(counts[0] + counts[1], accepted);
	work_queue_free(q);
}

/* Sanitizers map terabytes, which no limit of address space allows. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#	define SANITIZED
#elif defined(__has_feature)
#	if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#		define SANITIZED
#	endif
#endif

#ifndef SANITIZED
static void test_no_threads_is_an_error_and_leaves_none(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct work_queue *q = NULL;
	struct rlimit old, none;

	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	none = old;
	/* Stacks do not fit any more. */
	none.rlim_cur = 256 * MIB;
	if (setrlimit(RLIMIT_AS, &none) != 0)
		return;
	int r = work_queue_new("test", 256, 1, &q, &err);
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	if (r == 0) {
		work_queue_free(q);
		fail_msg("256 stacks of 8 MiB fit into 256 MiB");
	}
	assert_int_equal(r, -ERR_BUSY);
	assert_non_null(strstr(err_msg(&err), "of 256 does not start"));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_thread_runs_jobs_in_their_order),
		cmocka_unit_test(test_a_full_queue_refuses_and_tells_its_depth),
		cmocka_unit_test(test_stopping_drops_what_waits_and_ends_what_runs),
		cmocka_unit_test(test_each_accepted_job_is_called_once_whatever_the_threads),
#ifndef SANITIZED
		cmocka_unit_test(test_no_threads_is_an_error_and_leaves_none),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
