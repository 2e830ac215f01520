/*
 * Rounds, see rounds.h: a list, as there are no more of them than threads that lead one.
 */
#include "api/rounds.h"

#include <pthread.h>

struct round {
	struct round *next;
	struct answer_waiter *waiters;
	size_t n_name;
	char name[];
};

struct rounds {
	pthread_mutex_t lock;
	struct round *first;
};

struct rounds *rounds_new(void)
{
	struct rounds *rs = xcalloc(1, sizeof(*rs));

	(void)pthread_mutex_init(&rs->lock, NULL);
	return rs;
}

void rounds_free(struct rounds *rs)
{
	if (!rs)
		return;
	assert(!rs->first);
	(void)pthread_mutex_destroy(&rs->lock);
	free(rs);
}

struct str round_name(const struct round *r)
{
	return str_n(r->name, r->n_name);
}

static struct round *add(struct rounds *rs, struct str name)
{
	struct round *r = xcalloc(1, sizeof(*r) + name.n);

	r->n_name = name.n;
	if (name.n)
		memcpy(r->name, name.p, name.n);
	r->next = rs->first;
	rs->first = r;
	return r;
}

struct round *rounds_come(struct rounds *rs, struct str name, struct answer_waiter *waiter)
{
	struct round *lead = NULL;
	struct round *r;

	(void)pthread_mutex_lock(&rs->lock);
	for (r = rs->first; r && !str_eq(round_name(r), name); r = r->next)
		continue;
	if (r) {
		waiter->next = r->waiters;
		r->waiters = waiter;
	} else {
		waiter->next = NULL;
		lead = add(rs, name);
	}
	(void)pthread_mutex_unlock(&rs->lock);
	return lead;
}

static void drop(struct rounds *rs, struct round *r)
{
	struct round **link = &rs->first;

	while (*link != r)
		link = &(*link)->next;
	*link = r->next;
	free(r);
}

struct answer_waiter *round_next(struct rounds *rs, struct round *r)
{
	struct answer_waiter *waiters;

	(void)pthread_mutex_lock(&rs->lock);
	waiters = r->waiters;
	r->waiters = NULL;
	if (!waiters)
		drop(rs, r);
	(void)pthread_mutex_unlock(&rs->lock);
	return waiters;
}
