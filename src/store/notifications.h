/*
 * Notifications of changed vulnerabilities, and what instances that share a database agree by:
 * locks that expire, and key/value pairs. Times are the database's where it is a server.
 */
#ifndef STORE_NOTIFICATIONS_H
#define STORE_NOTIFICATIONS_H

#include "store/vulnerabilities.h"

/* Where a page starts on either side: the id of a layer, 0 for the first page, -1: that side is
 * finished. */
struct notification_page {
	int64_t old_id;
	int64_t new_id;
};

struct introducing_layer {
	int64_t index; /* the layer's id */
	struct str name;
};

/* The vulnerability before or after the change. */
struct notification_side {
	bool exists;
	struct stored_vulnerability vulnerability;
	const struct introducing_layer *layers; /* that introduce an affected feature, by index */
	size_t n_layers;
};

/* Views in the arena of the call. Times in seconds since 1970, 0: not (yet). */
struct stored_notification {
	struct str name; /* a UUID */
	int64_t created_at;
	int64_t notified_at;
	int64_t deleted_at;
	struct notification_side before;
	struct notification_side after;
};

/*
 * 1, *out with at most limit layers on each side, and *next (both -1: that was the last page); 0
 * when there is none of this name. A deleted one is still there.
 */
int store_notification_get(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err) MUST_CHECK;

/*
 * Finds a notification that is to be sent (not deleted; never sent, or not for renotify_s seconds;
 * not locked), the oldest first, and takes the lock of its name for owner. 1 and *name in a, 0 when
 * there is none.
 */
int store_notification_take(struct store *s, struct str owner, int64_t renotify_s, int64_t lock_s,
	struct arena *a, struct str *name, struct err *err) MUST_CHECK;
/* Notes that it was sent. One that is gone meanwhile is no error. */
int store_notification_sent(struct store *s, struct str name, struct err *err) MUST_CHECK;
/* Marks it as dealt with. -ERR_NOT_FOUND when there is none of this name. */
int store_notification_delete(struct store *s, struct str name, struct err *err) MUST_CHECK;

/*
 * Takes the lock for some seconds from now on, when it is free or expired; with renew also when it
 * is owner's. 1, or 0 when somebody else has it; *until (may be NULL) is its end either way.
 */
int store_lock(struct store *s, struct str name, struct str owner, int64_t seconds, bool renew,
	int64_t *until, struct err *err) MUST_CHECK;
/* Nothing happens when it is not owner's. */
int store_unlock(struct store *s, struct str name, struct str owner, struct err *err) MUST_CHECK;
/* 1 and who has it until when, 0 when it is free. */
int store_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err) MUST_CHECK;

/* 1 and the value in a, 0 when there is none. In a table keyvalue(key, value) that others read by
 * SQL. */
int store_key_get(struct store *s, struct str key, struct arena *a, struct str *value,
	struct err *err) MUST_CHECK;
int store_key_put(struct store *s, struct str key, struct str value, struct err *err) MUST_CHECK;

#endif
