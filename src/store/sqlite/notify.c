/*
 * Making notifications: the changes of a transaction are noted in a table of the connection, and
 * one statement makes the notifications of all of them. Pairs (old, new); either may be 0: none.
 */
#include "store/sqlite/sqlite_priv.h"

/* The SQL function uuid(). */
static void uuid_function(sqlite3_context *ctx, int argc UNUSED, sqlite3_value **argv UNUSED)
{
	char uuid[STORE_UUID_SIZE];
	_cleanup_err_ struct err err = ERR_INIT;

	if (store_uuid(uuid, &err) < 0)
		sqlite3_result_error(ctx, err_msg(&err), -1);
	else
		sqlite3_result_text(ctx, uuid, -1, SQLITE_TRANSIENT);
}

int sqlite_notify_register(struct sqlite_store *s)
{
	return sqlite3_create_function(s->db.handle, "uuid", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY,
		NULL, uuid_function, NULL, NULL);
}

int sqlite_changes_start(struct sqlite_store *s, struct err *err)
{
	return sqlite_exec(&s->db,
		"CREATE TEMP TABLE IF NOT EXISTS change (old_id INTEGER, new_id INTEGER);"
		"DELETE FROM change",
		err);
}

int sqlite_changes_add(struct sqlite_store *s, int64_t old_id, int64_t new_id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CHANGE_ADD);

	query_bind_i64(&q, old_id);
	query_bind_i64(&q, new_id);
	return query_run(&q, err);
}

int sqlite_changes_notify(
	struct sqlite_store *s, enum store_notify notify, uint64_t *made, struct err *err)
{
	_cleanup_query_ struct query q = query_start(
		&s->db, notify == STORE_NOTIFY_ALL ? SQL_NOTIFY_ALL : SQL_NOTIFY_TOUCHING);

	query_bind_i64(&q, clock_wall_s());
	int r = query_run(&q, err);
	if (r < 0)
		return r;
	*made = (uint64_t)sqlite3_changes64(s->db.handle);
	return sqlite_exec(&s->db, "DELETE FROM change", err);
}
