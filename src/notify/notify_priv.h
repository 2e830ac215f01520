/*
 * One turn of the notifier, apart from its thread.
 */
#ifndef NOTIFY_NOTIFY_PRIV_H
#define NOTIFY_NOTIFY_PRIV_H

#include <stdatomic.h>

#include "notify/notify.h"

/* What the original calls this way of sending, in logs and metrics. */
#define NOTIFIER_SENDER "webhook"

/* How often the queue is looked at, for how long a notification is locked beyond the next attempt,
 * and the waits between attempts: as the original's. */
enum { NOTIFIER_CHECK_S = 300, NOTIFIER_LOCK_S = 600 };
enum { NOTIFIER_BACKOFF_S = 1, NOTIFIER_BACKOFF_MAX_S = 900 };
/* How long a notification that was given up is left alone (the original tries again at once). */
enum { NOTIFIER_LATER_S = 60 };
/* How soon the database is asked again when it failed. */
enum { NOTIFIER_DATABASE_RETRY_S = 5 };
/* How long the receiver may take to answer. */
enum { NOTIFIER_TIMEOUT_MS = 5000 };

struct notifier {
	struct notifier_options options;
	struct sleeper sleeper;
	pthread_t thread;

	/* The notification in hand: */
	char *name; /* heap; NULL: none. Its lock is held. */
	unsigned attempts;
	uint64_t backoff_s;
	uint64_t next_attempt_ms; /* clock_monotonic_ms() */
	bool sent;                /* but that was not noted yet */
	uint64_t given_up_ms;     /* when the last one was left for later; 0: none */
};

/*
 * Does what is to be done now, and returns for how many milliseconds there is nothing to do
 * afterwards. Everything that goes wrong is logged.
 */
uint64_t notifier_turn(struct notifier *n);

/* Lets the notification in hand go, and its lock. */
void notifier_release(struct notifier *n);

#endif
