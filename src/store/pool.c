/*
 * Connections for many threads: idle ones are a stack, so that those in use stay warm and the rest
 * is left alone. Nobody holds the lock while a connection is opened or closed.
 */
#include <pthread.h>

#include "store/store_priv.h"

struct store_pool {
	char *location;
	unsigned flags;
	size_t max;
	unsigned wait_ms;

	pthread_mutex_t mutex;  /* guards what follows */
	pthread_cond_t changed; /* an idle connection more, or an open one less */
	VEC_OF(struct store *) idle;
	size_t open; /* idle, in use, or being opened */
};

/* What fails here was used wrongly. */
static void must(int errno_value)
{
	assert(errno_value == 0);
	(void)errno_value;
}

struct store_pool *store_pool_new(const char *location, unsigned flags, size_t max)
{
	struct store_pool *p = xcalloc(1, sizeof(*p));
	pthread_condattr_t attr;

	assert(max > 0);
	p->location = xstrdup(location);
	p->flags = flags;
	p->max = max;
	p->wait_ms = LIMIT_POOL_WAIT_MS;
	must(pthread_mutex_init(&p->mutex, NULL));
	must(pthread_condattr_init(&attr));
	must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
	must(pthread_cond_init(&p->changed, &attr));
	must(pthread_condattr_destroy(&attr));
	return p;
}

void store_pool_free(struct store_pool *p)
{
	if (!p)
		return;
	assert(p->open == p->idle.n);
	vec_for_each(s, &p->idle)
		store_close(*s);
	vec_fini(&p->idle);
	must(pthread_cond_destroy(&p->changed));
	must(pthread_mutex_destroy(&p->mutex));
	free(p->location);
	free(p);
}

void store_pool_set_wait(struct store_pool *p, unsigned ms)
{
	p->wait_ms = ms;
}

static struct timespec deadline_in(unsigned ms)
{
	uint64_t ns = clock_monotonic_ns() + (uint64_t)ms * 1000000;

	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000) };
}

/* An idle connection, or NULL and the right to open one; false when neither came in time. */
static bool wait_for_turn(struct store_pool *p, struct store **out)
{
	struct timespec deadline = deadline_in(p->wait_ms);
	bool in_time = true;

	must(pthread_mutex_lock(&p->mutex));
	while (in_time && p->idle.n == 0 && p->open == p->max)
		in_time = pthread_cond_timedwait(&p->changed, &p->mutex, &deadline) == 0;
	*out = NULL;
	/* What came with the deadline is taken, too. */
	bool mine = p->idle.n > 0 || p->open < p->max;
	if (p->idle.n > 0)
		*out = p->idle.v[--p->idle.n];
	else if (mine)
		p->open++;
	must(pthread_mutex_unlock(&p->mutex));
	return mine;
}

static void give_up_turn(struct store_pool *p)
{
	must(pthread_mutex_lock(&p->mutex));
	p->open--;
	must(pthread_cond_signal(&p->changed));
	must(pthread_mutex_unlock(&p->mutex));
}

int store_pool_take(struct store_pool *p, struct store **out, struct err *err)
{
	struct store *s;

	if (!wait_for_turn(p, &s))
		return err_set(
			err, ERR_BUSY, "all %zu connections to the database are in use", p->max);
	if (!s) {
		int r = store_open(p->location, p->flags, &s, err);

		if (r < 0) {
			give_up_turn(p);
			return r;
		}
	}
	*out = s;
	return 0;
}

void store_pool_give(struct store_pool *p, struct store *s)
{
	if (!s)
		return;
	must(pthread_mutex_lock(&p->mutex));
	vec_push(&p->idle, s);
	must(pthread_cond_signal(&p->changed));
	must(pthread_mutex_unlock(&p->mutex));
}
