/*
 * The cache of answers, see cache.h: a hash table with chains, and a list by last use. An answer
 * that is being made is in the table, without a body and not in the list. One mutex, held for some
 * pointers; bodies are immutable and counted.
 */
#include "api/cache.h"

#include <pthread.h>

enum { CHAINS = 1024 };

struct entry {
	struct answer_key key;
	struct entry *chain;
	struct entry *newer, *older;
	struct http_body *body; /* NULL: being made */
	uint64_t bytes;
	struct answer_waiter *waiters;
};

struct answer_cache {
	pthread_mutex_t lock;
	struct entry *chains[CHAINS];
	struct entry *newest, *oldest;
	uint64_t bytes;
	uint64_t max_bytes;
};

struct answer_cache *answer_cache_new(uint64_t max_bytes)
{
	struct answer_cache *c = xcalloc(1, sizeof(*c));

	(void)pthread_mutex_init(&c->lock, NULL);
	c->max_bytes = max_bytes;
	return c;
}

static struct entry **chain_of(struct answer_cache *c, const struct answer_key *key)
{
	uint64_t h = (uint64_t)key->state.id * UINT64_C(0x9E3779B97F4A7C15);

	h ^= (uint64_t)key->state.generation * UINT64_C(0xC2B2AE3D27D4EB4F);
	h ^= (uint64_t)key->part << 1 | key->gzip;
	return &c->chains[(h ^ h >> 32) % CHAINS];
}

static bool same_key(const struct answer_key *a, const struct answer_key *b)
{
	return a->state.id == b->state.id && a->state.generation == b->state.generation &&
	       a->part == b->part && a->gzip == b->gzip;
}

static struct entry *find(struct answer_cache *c, const struct answer_key *key)
{
	for (struct entry *e = *chain_of(c, key); e; e = e->chain) {
		if (same_key(&e->key, key))
			return e;
	}
	return NULL;
}

static struct entry *add(struct answer_cache *c, const struct answer_key *key)
{
	struct entry **chain = chain_of(c, key);
	struct entry *e = xcalloc(1, sizeof(*e));

	e->key = *key;
	e->chain = *chain;
	*chain = e;
	return e;
}

static void list_remove(struct answer_cache *c, struct entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
	e->newer = e->older = NULL;
}

static void list_add(struct answer_cache *c, struct entry *e)
{
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void drop(struct answer_cache *c, struct entry *e)
{
	struct entry **link = chain_of(c, &e->key);

	while (*link != e)
		link = &(*link)->chain;
	*link = e->chain;
	if (e->body) {
		list_remove(c, e);
		c->bytes -= e->bytes;
		http_body_unref(e->body);
	}
	free(e);
}

void answer_cache_free(struct answer_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CHAINS; i++) {
		while (c->chains[i])
			drop(c, c->chains[i]);
	}
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

/* What a body takes, with the entry itself. */
static uint64_t cost(const struct http_body *body)
{
	return http_body_bytes(body).n + sizeof(struct entry) + 256;
}

enum answer_found answer_cache_ask(struct answer_cache *c, const struct answer_key *key,
	struct answer_waiter *waiter, struct http_body **body)
{
	enum answer_found found = ANSWER_MAKE;

	(void)pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, key);
	if (e && e->body) {
		list_remove(c, e);
		list_add(c, e);
		*body = http_body_ref(e->body);
		found = ANSWER_HIT;
	} else if (e) {
		waiter->next = e->waiters;
		e->waiters = waiter;
		found = ANSWER_JOINED;
	} else {
		(void)add(c, key);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return found;
}

/* Keeps a body when there is no such one yet and it fits at all. */
static void keep(struct answer_cache *c, const struct answer_key *key, struct http_body *body)
{
	uint64_t bytes = cost(body);

	if (bytes > c->max_bytes / 4 || find(c, key))
		return;
	while (c->oldest && c->bytes + bytes > c->max_bytes)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): dropped, it is the oldest no more */
		drop(c, c->oldest);
	struct entry *e = add(c, key);
	e->body = http_body_ref(body);
	e->bytes = bytes;
	c->bytes += bytes;
	list_add(c, e);
}

struct answer_waiter *answer_cache_settle(struct answer_cache *c, const struct answer_key *asked,
	const struct answer_key *made, struct http_body *body)
{
	struct answer_waiter *waiters;

	(void)pthread_mutex_lock(&c->lock);
	struct entry *e = find(c, asked);
	assert(e && !e->body);
	waiters = e->waiters;
	drop(c, e);
	if (body)
		keep(c, made, body);
	(void)pthread_mutex_unlock(&c->lock);
	return waiters;
}

uint64_t answer_cache_bytes(struct answer_cache *c)
{
	(void)pthread_mutex_lock(&c->lock);
	uint64_t bytes = c->bytes;
	(void)pthread_mutex_unlock(&c->lock);
	return bytes;
}
