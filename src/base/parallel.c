/*
 * A parallel loop on pthreads, see parallel.h.
 */
#include "base/base.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { THREADS_MAX = 64 };

struct loop {
	size_t count;
	atomic_size_t next;
	void (*job)(void *ctx, size_t i);
	void *ctx;
};

size_t parallel_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (size_t)CPU_COUNT(&set);
}

static void *run(void *arg)
{
	struct loop *l = arg;

	for (;;) {
		size_t i = atomic_fetch_add(&l->next, 1);

		if (i >= l->count)
			return NULL;
		l->job(l->ctx, i);
	}
}

void parallel_for(size_t count, size_t threads, void (*job)(void *ctx, size_t i), void *ctx)
{
	struct loop l = { .count = count, .next = 0, .job = job, .ctx = ctx };
	pthread_t ids[THREADS_MAX];
	size_t started = 0;

	threads = min_size(min_size(threads, count), THREADS_MAX);
	while (started + 1 < threads && pthread_create(&ids[started], NULL, run, &l) == 0)
		started++;
	(void)run(&l);
	while (started > 0)
		(void)pthread_join(ids[--started], NULL);
}
