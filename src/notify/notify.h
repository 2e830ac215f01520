/*
 * notify: sends notifications to a webhook, as Clair 2.0.7 does. Of several instances that share a
 * database only one sends a notification at a time: it holds a lock of its name, which expires.
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include "base/base.h"

struct store_pool;

/* Strings stay the caller's and outlive the notifier. */
struct notifier_options {
	struct store_pool *pool;       /* outlives the notifier */
	const char *owner;             /* of locks: unique to this instance */
	const char *endpoint;          /* URL; NULL or empty: disabled */
	unsigned attempts;             /* before a notification is left for later */
	uint64_t renotify_interval_ms; /* until one that nobody deleted is sent again */
	/* NULL: none. The certificate and its key go together. */
	const char *proxy, *server_name, *ca_file, *cert_file, *key_file;
};

struct notifier;

/* Starts the thread; without an endpoint it logs that it is disabled, and ends. */
int notifier_start(
	const struct notifier_options *o, struct notifier **out, struct err *err) MUST_CHECK;

/* There may be notifications: it looks at once, not only every five minutes. Any thread; NULL is
 * fine. */
void notifier_wake(struct notifier *n);

/* Asks it to end, which breaks off what it sends. Does not wait. NULL is fine. */
void notifier_stop(struct notifier *n);

/* Stops it, waits for its end and frees it; locks are released. NULL is fine. */
void notifier_free(struct notifier *n);

#endif
