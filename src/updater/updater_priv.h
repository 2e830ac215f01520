/*
 * One turn of the updater, apart from its thread.
 */
#ifndef UPDATER_UPDATER_PRIV_H
#define UPDATER_UPDATER_PRIV_H

#include "updater/updater.h"

/* The lock is taken for LOCK_S seconds and renewed after LOCK_RENEW_S, as the original does; when
 * that fails, again soon, while it still holds. */
enum { UPDATER_LOCK_S = 600, UPDATER_LOCK_RENEW_S = 480, UPDATER_LOCK_RETRY_S = 10 };

/* After a failure: doubled each time, up to the interval. */
enum { UPDATER_RETRY_S = 60 };

/* Feeds that are read at once: each holds what its parser needs, and a connection. */
enum { UPDATER_FEEDS_AT_ONCE = UPDATER_CONNECTIONS - 2 };

struct updater {
	struct updater_options options;
	struct sleeper sleeper;
	pthread_t thread;
	unsigned failures; /* turns that failed, one after the other */
	/* Of the turn: what feed_update() looks at. Set by a stop, or when the lock is lost. */
	atomic_bool cancel;
	struct sleeper keeper; /* of the thread that renews the lock */
};

/*
 * Does what is to be done now, and returns for how many milliseconds there is nothing to do
 * afterwards. Everything that goes wrong is logged.
 */
uint64_t updater_turn(struct updater *u);

/* Renews the lock, or notes that it is lost; in how many milliseconds it is to be done again. */
uint64_t updater_renew_lock(struct updater *u);

#endif
