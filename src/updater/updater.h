/*
 * updater: brings all data sources up to date, again and again. Of several instances that share a
 * database one does it at a time: it holds the lock "updater", which expires when it dies.
 */
#ifndef UPDATER_UPDATER_H
#define UPDATER_UPDATER_H

#include "feed/feed.h"

/* Connections that an updater takes of the pool at most. */
enum { UPDATER_CONNECTIONS = 6 };

/* How one source differs from its default. */
struct updater_source {
	const char *name;        /* of the feed's driver */
	const char *location;    /* NULL: the driver's */
	const char *credentials; /* netrc; NULL: that of all */
	bool disabled;
};

struct updater_options {
	struct store_pool *pool; /* outlives the updater */
	const char *owner;       /* of locks: unique to this instance */
	uint64_t interval_ms;    /* between the last success and the next update; 0: never */
	enum store_notify notify;
	const struct updater_source *sources; /* sources that differ; outlive the updater */
	size_t n_sources;
	const char *mirror;      /* see feed.h; NULL: none */
	const char *credentials; /* netrc; NULL: none */
	/* Called after a feed made notifications, from the updater's thread. May be NULL. */
	void (*notified)(void *ctx); /* one call at a time is not promised */
	void *ctx;
};

struct updater;

/* Starts the thread; it logs that it is disabled, and ends, when the interval is 0. */
int updater_start(
	const struct updater_options *o, struct updater **out, struct err *err) MUST_CHECK;

/*
 * Asks it to end: a download is broken off, a running commit is finished. Does not wait. NULL is
 * fine.
 */
void updater_stop(struct updater *u);

/* Stops it, waits for its end and frees it; the lock is released. NULL is fine. */
void updater_free(struct updater *u);

#endif
