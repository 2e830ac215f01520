/*
 * Connections to one database for many threads.
 */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include "base/base.h"

struct store;
struct store_pool;

/* At most `max` connections, opened with these flags when they are needed; opens none yet. */
struct store_pool *store_pool_new(const char *location, unsigned flags, size_t max);
/* All connections have been given back. NULL is fine. */
void store_pool_free(struct store_pool *p);
DEFINE_CLEANUP(struct store_pool *, store_pool_free)

/*
 * A connection for this thread alone: an idle one, a new one, or the first that is given back
 * (-ERR_BUSY after LIMIT_POOL_WAIT_MS). Opening may fail as store_open().
 */
int store_pool_take(struct store_pool *p, struct store **out, struct err *err) MUST_CHECK;
/* Gives it back, whatever state it is in. NULL is fine. */
void store_pool_give(struct store_pool *p, struct store *s);

#endif
