/*
 * What instances agree by: locks that expire, by the server's clock, and key/value pairs.
 */
#include "store/pgsql/pgsql_priv.h"

static int check_length(const char *what, struct str s, struct err *err)
{
	if (s.n <= LIMIT_PGSQL_NAME)
		return 0;
	return err_set(err, ERR_INPUT, "%s of %zu bytes", what, s.n);
}

static int try_lock(struct pg_store *s, struct str name, struct str owner, int64_t seconds,
	bool renew, int64_t *until, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LOCK);

	pg_bind_str(&q, name);
	pg_bind_str(&q, owner);
	pg_bind_i64(&q, seconds);
	pg_bind_i64(&q, renew);
	/* Taken twice, a lock would seem to be somebody else's; renewed twice it is as once. */
	int r = pg_run(&q, renew ? PG_REPEATABLE : 0, err);
	if (r > 0)
		*until = pg_i64(&q, 0);
	return r;
}

static int find_lock(struct pg_store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LOCK_FIND);

	pg_bind_str(&q, name);
	int r = pg_select(&q, 0, err);
	if (r > 0) {
		*owner = arena_str(a, pg_str(&q, 0));
		*until = pg_i64(&q, 1);
	}
	return r;
}

/* Nobody else removes the locks of who died. The lock that was taken is held, whether or not. */
static void drop_expired(struct pg_store *s)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LOCK_DROP_EXPIRED);
	_cleanup_err_ struct err err = ERR_INIT;

	if (pg_run(&q, PG_REPEATABLE, &err) < 0)
		log_debug("%s", err_msg(&err));
}

int pgsql_lock(struct store *base, struct str name, struct str owner, int64_t seconds, bool renew,
	int64_t *until, struct err *err)
{
	struct pg_store *s = (struct pg_store *)base;
	int r = check_length("a lock's name", name, err);

	if (r < 0)
		return r;
	for (;;) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct str holder;

		r = try_lock(s, name, owner, seconds, renew, until, err);
		if (r > 0 && !renew)
			drop_expired(s);
		if (r != 0)
			return r;
		r = find_lock(s, name, &a, &holder, until, err);
		if (r != 0)
			return r < 0 ? r : 0;
		/* It has come free meanwhile. */
	}
}

int pgsql_unlock(struct store *s, struct str name, struct str owner, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_LOCK_DELETE);

	pg_bind_str(&q, name);
	pg_bind_str(&q, owner);
	int r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : 0;
}

int pgsql_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err)
{
	return find_lock((struct pg_store *)s, name, a, owner, until, err);
}

int pgsql_key_get(
	struct store *s, struct str key, struct arena *a, struct str *value, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_KEY_GET);

	pg_bind_str(&q, key);
	int r = pg_select(&q, 0, err);
	if (r > 0)
		*value = arena_str(a, pg_str(&q, 0));
	return r;
}

int pgsql_key_put(struct store *s, struct str key, struct str value, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_KEY_PUT);
	int r = check_length("a key", key, err);

	if (r < 0)
		return r;
	pg_bind_str(&q, key);
	pg_bind_str(&q, value);
	r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : 0;
}
