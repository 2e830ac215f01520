/*
 * What updates and edits do besides writing rows: notifications, and the end of history.
 */
#include "store/pgsql/pgsql_priv.h"

int pg_run_sql(
	struct pg_store *s, const char *sql, const int64_t *numbers, size_t n, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query_sql(s, sql);

	for (size_t i = 0; i < n; i++)
		pg_bind_i64(&q, numbers[i]);
	return pg_run(&q, 0, err);
}

int pg_notify(struct pg_store *s, int64_t old_id, int64_t new_id, enum store_notify notify,
	struct err *err)
{
	_cleanup_pg_query_ struct pg_query q =
		pg_query(s, notify == STORE_NOTIFY_ALL ? PG_NOTIFY_ALL : PG_NOTIFY_TOUCHING);

	if (notify == STORE_NOTIFY_NONE)
		return 0;
	pg_bind_i64(&q, old_id);
	pg_bind_i64(&q, new_id);
	int r = pg_run(&q, 0, err);
	return r < 0 ? r : 0;
}

static int run_with(
	struct pg_store *s, enum pgsql_statement statement, int64_t number, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, statement);

	pg_bind_i64(&q, number);
	return pg_run(&q, 0, err);
}

int pg_drop_outdated(struct pg_store *s, int64_t now, struct err *err)
{
	int r = run_with(s, PG_NOTIFICATION_DROP, LIMIT_DELETED_NOTIFICATION_S, err);

	if (r >= 0)
		r = run_with(s, PG_OUTDATED_DELETE, now - LIMIT_DELETED_ADVISORY_S, err);
	if (r <= 0)
		return r;
	return pg_exec(s,
		"DELETE FROM text t WHERE NOT EXISTS (SELECT FROM vulnerability v"
		" WHERE v.description_id = t.id)",
		err);
}
