/*
 * The public functions for notifications, locks, and key/value pairs: what cannot be in any
 * database is not asked for, and not put into one.
 */
#include "store/store_priv.h"

int store_notification_get(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err)
{
	if (!store_is_name(name))
		return 0;
	/* One more is read, to know where to go on. */
	return s->driver->notification_get(
		s, name, min_size(limit, INT64_MAX - 1), page, a, out, next, err);
}

/* Ends of locks are sums of times. */
static int check_seconds(int64_t seconds, struct err *err)
{
	if (seconds > INT32_MAX || seconds < -INT32_MAX)
		return err_set(err, ERR_USAGE, "%" PRId64 " seconds", seconds);
	return 0;
}

int store_notification_take(struct store *s, struct str owner, int64_t renotify_s, int64_t lock_s,
	struct arena *a, struct str *name, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r < 0 || (r = store_check_name("owner", owner, err)) < 0 ||
		(r = check_seconds(renotify_s, err)) < 0 || (r = check_seconds(lock_s, err)) < 0)
		return r;
	return s->driver->notification_take(s, owner, renotify_s, lock_s, a, name, err);
}

int store_notification_sent(struct store *s, struct str name, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r < 0 || !store_is_name(name))
		return r;
	return s->driver->notification_sent(s, name, err);
}

int store_notification_delete(struct store *s, struct str name, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r == 0 && !store_is_name(name))
		r = err_set(err, ERR_NOT_FOUND, "there is no such notification");
	return r < 0 ? r : s->driver->notification_delete(s, name, err);
}

int store_lock(struct store *s, struct str name, struct str owner, int64_t seconds, bool renew,
	int64_t *until, struct err *err)
{
	int64_t end;
	int r = store_check_writable(s, err);

	if (r < 0 || (r = store_check_name("lock", name, err)) < 0 ||
		(r = store_check_name("owner", owner, err)) < 0 ||
		(r = check_seconds(seconds, err)) < 0)
		return r;
	r = s->driver->lock(s, name, owner, seconds, renew, &end, err);
	if (r >= 0 && until)
		*until = end;
	return r;
}

int store_unlock(struct store *s, struct str name, struct str owner, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r < 0 || !store_is_name(name) || !store_is_name(owner))
		return r;
	return s->driver->unlock(s, name, owner, err);
}

int store_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err)
{
	return store_is_name(name) ? s->driver->lock_find(s, name, a, owner, until, err) : 0;
}

int store_key_get(
	struct store *s, struct str key, struct arena *a, struct str *value, struct err *err)
{
	return store_is_name(key) ? s->driver->key_get(s, key, a, value, err) : 0;
}

int store_key_put(struct store *s, struct str key, struct str value, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r < 0 || (r = store_check_name("key", key, err)) < 0 ||
		(r = store_check_text("value", value, LIMIT_ADVISORY_TEXT, err)) < 0)
		return r;
	return s->driver->key_put(s, key, value, err);
}
