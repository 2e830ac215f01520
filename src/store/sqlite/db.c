/*
 * Connections to SQLite: prepared statements, their parameters and columns, and errors. Texts and
 * blobs are bound without a copy; columns are read as bytes, so that no conversion can fail.
 */
#include "store/sqlite/sqlite_priv.h"

int sqlite_db_init(struct sqlite_db *db, const char *uri, int open_flags, const char *label,
	const char *const *sql)
{
	*db = (struct sqlite_db){ .sql = sql, .label = xstrdup(label) };
	return sqlite3_open_v2(uri, &db->handle,
		open_flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
}

void sqlite_db_fini(struct sqlite_db *db)
{
	for (size_t i = 0; i < SQLITE_STATEMENTS_MAX; i++)
		(void)sqlite3_finalize(db->statements[i]); /* repeats the error of the last step */
	int rc = sqlite3_close(db->handle);
	assert(rc == SQLITE_OK);
	(void)rc;
	free(db->label);
	*db = (struct sqlite_db){ .handle = NULL };
}

static int fail_io(struct sqlite_db *db, int rc, struct err *err)
{
	int system_errno = sqlite3_system_errno(db->handle);

	if (rc == SQLITE_IOERR_NOMEM)
		return err_set(err, ERR_INTERNAL, "%s: out of memory", db->label);
	if (system_errno)
		return err_set_errno(
			err, ERR_IO, system_errno, "%s: %s", db->label, sqlite3_errstr(rc));
	return err_set(err, ERR_IO, "%s: %s", db->label, sqlite3_errstr(rc));
}

int sqlite_db_fail(struct sqlite_db *db, int rc, struct err *err)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_BUSY, "%s: another process is writing to it, for too long",
			db->label);
	case SQLITE_FULL:
		return err_set(err, ERR_IO, "%s: no space left", db->label);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return fail_io(db, rc, err);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(err, ERR_IO, "%s: may not be written to", db->label);
	case SQLITE_NOTADB:
		return err_set(err, ERR_INPUT, "%s: not a database", db->label);
	case SQLITE_CORRUPT:
		return err_set(err, ERR_INPUT, "%s: the database is damaged", db->label);
	case SQLITE_TOOBIG:
		return err_set(err, ERR_TOO_LARGE, "%s: a value is too large", db->label);
	case SQLITE_NOMEM:
		return err_set(err, ERR_INTERNAL, "%s: out of memory", db->label);
	default:
		return err_set(err, ERR_INTERNAL, "%s: %s", db->label, sqlite3_errmsg(db->handle));
	}
}

int sqlite_exec(struct sqlite_db *db, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_db_fail(db, rc, err);
}

int sqlite_exec_i64(struct sqlite_db *db, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return sqlite_db_fail(db, rc, err);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt); /* repeats the error of the step */
	return rc == SQLITE_ROW ? 0 : sqlite_db_fail(db, rc, err);
}

void sqlite_rollback(struct sqlite_db *db)
{
	/* SQLite has rolled back already after some errors; if this fails, closing does it. */
	if (!sqlite3_get_autocommit(db->handle))
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

struct query query_start(struct sqlite_db *db, size_t statement)
{
	struct query q = { .db = db, .rc = SQLITE_OK, .next = 1 };

	assert(statement < SQLITE_STATEMENTS_MAX);
	if (!db->statements[statement])
		q.rc = sqlite3_prepare_v3(db->handle, db->sql[statement], -1,
			SQLITE_PREPARE_PERSISTENT, &db->statements[statement], NULL);
	q.stmt = db->statements[statement];
	return q;
}

void query_fini(struct query *q)
{
	(void)sqlite3_reset(q->stmt); /* repeats the error of the last step */
}

static void note(struct query *q, int rc)
{
	if (rc != SQLITE_OK)
		q->rc = rc;
}

/* SQLite takes a NULL pointer for NULL. */
void query_bind_str(struct query *q, struct str s)
{
	if (q->rc == SQLITE_OK)
		note(q, sqlite3_bind_text64(q->stmt, q->next++, s.p ? s.p : "", s.n, SQLITE_STATIC,
				SQLITE_UTF8));
}

void query_bind_blob(struct query *q, struct span s)
{
	if (q->rc == SQLITE_OK)
		note(q, sqlite3_bind_blob64(q->stmt, q->next++, s.p ? (const void *)s.p : "", s.n,
				SQLITE_STATIC));
}

void query_bind_i64(struct query *q, int64_t v)
{
	if (q->rc == SQLITE_OK)
		note(q, sqlite3_bind_int64(q->stmt, q->next++, v));
}

void query_bind_null(struct query *q)
{
	if (q->rc == SQLITE_OK)
		note(q, sqlite3_bind_null(q->stmt, q->next++));
}

int query_step(struct query *q, struct err *err)
{
	if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
		q->rc = sqlite3_step(q->stmt);
	if (q->rc == SQLITE_ROW)
		return 1;
	if (q->rc == SQLITE_DONE)
		return 0;
	return sqlite_db_fail(q->db, q->rc, err);
}

int query_run(struct query *q, struct err *err)
{
	int r = query_step(q, err);

	if (r < 0)
		return r;
	q->rc = sqlite3_reset(q->stmt);
	q->next = 1;
	return q->rc == SQLITE_OK ? 0 : sqlite_db_fail(q->db, q->rc, err);
}

struct str query_str(const struct query *q, int column)
{
	return str_from_span(query_blob(q, column));
}

struct span query_blob(const struct query *q, int column)
{
	const void *p = sqlite3_column_blob(q->stmt, column);

	return span_n(p, p ? (size_t)sqlite3_column_bytes(q->stmt, column) : 0);
}

int64_t query_i64(const struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}
