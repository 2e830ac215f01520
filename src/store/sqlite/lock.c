/*
 * What instances agree by: locks that expire, by wall clock, and key/value pairs.
 */
#include "store/sqlite/sqlite_priv.h"

/* 1 and who has the lock, whether or not it has expired. */
static int get_lock(struct sqlite_store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LOCK_GET);

	query_bind_str(&q, name);
	int r = query_step(&q, err);
	if (r > 0) {
		*owner = arena_str(a, query_str(&q, 0));
		*until = query_i64(&q, 1);
	}
	return r;
}

static int drop_expired(struct sqlite_store *s, int64_t now, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LOCK_DROP_EXPIRED);

	query_bind_i64(&q, now);
	return query_run(&q, err);
}

int sqlite_lock_set(
	struct sqlite_store *s, struct str name, struct str owner, int64_t until, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LOCK_SET);
	/* Nobody else removes those of who died. */
	int r = drop_expired(s, clock_wall_s(), err);

	if (r < 0)
		return r;
	query_bind_str(&q, name);
	query_bind_str(&q, owner);
	query_bind_i64(&q, until);
	return query_run(&q, err);
}

static int lock_in_transaction(struct sqlite_store *s, struct str name, struct str owner,
	int64_t seconds, bool renew, int64_t *until, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int64_t now = clock_wall_s();
	struct str holder;
	int r = get_lock(s, name, &a, &holder, until, err);

	if (r < 0)
		return r;
	if (r > 0 && *until > now && !(renew && str_eq(holder, owner)))
		return 0;
	*until = now + seconds;
	if ((r = sqlite_lock_set(s, name, owner, *until, err)) == 0)
		r = sqlite_commit(s, err);
	return r < 0 ? r : 1;
}

int sqlite_lock(struct store *base, struct str name, struct str owner, int64_t seconds, bool renew,
	int64_t *until, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int r = sqlite_begin(s, err);

	if (r < 0)
		return r;
	r = lock_in_transaction(s, name, owner, seconds, renew, until, err);
	if (r <= 0)
		sqlite_rollback(&s->db);
	return r;
}

int sqlite_unlock(struct store *s, struct str name, struct str owner, struct err *err)
{
	_cleanup_query_ struct query q =
		query_start(&((struct sqlite_store *)s)->db, SQL_LOCK_DELETE);

	query_bind_str(&q, name);
	query_bind_str(&q, owner);
	return query_run(&q, err);
}

int sqlite_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err)
{
	struct str holder;
	int64_t end;
	int r = get_lock((struct sqlite_store *)s, name, a, &holder, &end, err);

	if (r <= 0)
		return r;
	if (end <= clock_wall_s())
		return 0;
	*owner = holder;
	*until = end;
	return 1;
}

int sqlite_key_get(
	struct store *s, struct str key, struct arena *a, struct str *value, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&((struct sqlite_store *)s)->db, SQL_KEY_GET);

	query_bind_str(&q, key);
	int r = query_step(&q, err);
	if (r > 0)
		*value = arena_str(a, query_str(&q, 0));
	return r;
}

int sqlite_key_put(struct store *s, struct str key, struct str value, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&((struct sqlite_store *)s)->db, SQL_KEY_PUT);

	query_bind_str(&q, key);
	query_bind_str(&q, value);
	return query_run(&q, err);
}

int sqlite_ping(struct store *s, struct err *err)
{
	int64_t version;

	return sqlite_exec_i64(
		&((struct sqlite_store *)s)->db, "PRAGMA user_version", &version, err);
}
