/*
 * The table match_query(position, namespace, package, key): the queries of a running store_match(),
 * read where the caller holds them. A virtual table that exists without being created
 * (https://www.sqlite.org/vtab.html#eponymous_only_virtual_tables) and is always read from the
 * front to the end.
 */
#include "store/sqlite/sqlite_priv.h"

struct match_table {
	sqlite3_vtab base;
	const struct sqlite_store *store;
};

struct match_cursor {
	sqlite3_vtab_cursor base;
	size_t position;
};

static const struct sqlite_store *store_of(const sqlite3_vtab_cursor *cursor)
{
	return ((const struct match_table *)cursor->pVtab)->store;
}

static int table_connect(sqlite3 *db, void *aux, int argc UNUSED, const char *const *argv UNUSED,
	sqlite3_vtab **out, char **message UNUSED)
{
	int rc = sqlite3_declare_vtab(
		db, "CREATE TABLE x(position INTEGER, namespace TEXT, package TEXT, key BLOB)");

	if (rc != SQLITE_OK)
		return rc;
	struct match_table *table = xcalloc(1, sizeof(*table));
	table->store = aux;
	*out = &table->base;
	return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int table_best_index(sqlite3_vtab *table UNUSED, sqlite3_index_info *info)
{
	info->estimatedRows = 1000;
	info->estimatedCost = 1000;
	return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table UNUSED, sqlite3_vtab_cursor **out)
{
	struct match_cursor *cursor = xcalloc(1, sizeof(*cursor));

	*out = &cursor->base;
	return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *cursor, int index UNUSED, const char *name UNUSED,
	int argc UNUSED, sqlite3_value **argv UNUSED)
{
	((struct match_cursor *)cursor)->position = 0;
	return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *cursor)
{
	((struct match_cursor *)cursor)->position++;
	return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *cursor)
{
	return ((const struct match_cursor *)cursor)->position >= store_of(cursor)->n_queries;
}

static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *ctx, int column)
{
	size_t position = ((const struct match_cursor *)cursor)->position;
	const struct match_query *q = &store_of(cursor)->queries[position];

	/* The caller's memory outlives the statement's run. */
	if (column == 0)
		sqlite3_result_int64(ctx, (int64_t)position);
	else if (column == 1)
		sqlite3_result_text64(ctx, q->name_space.p ? q->name_space.p : "", q->name_space.n,
			SQLITE_STATIC, SQLITE_UTF8);
	else if (column == 2)
		sqlite3_result_text64(ctx, q->package.p ? q->package.p : "", q->package.n,
			SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_result_blob64(
			ctx, q->key.p ? (const void *)q->key.p : "", q->key.n, SQLITE_STATIC);
	return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	*out = (int64_t)((const struct match_cursor *)cursor)->position;
	return SQLITE_OK;
}

static const sqlite3_module match_module = {
	.iVersion = 1,
	.xConnect = table_connect,
	.xBestIndex = table_best_index,
	.xDisconnect = table_disconnect,
	.xOpen = cursor_open,
	.xClose = cursor_close,
	.xFilter = cursor_filter,
	.xNext = cursor_next,
	.xEof = cursor_eof,
	.xColumn = cursor_column,
	.xRowid = cursor_rowid,
};

int sqlite_match_table_register(struct sqlite_store *s)
{
	return sqlite3_create_module(s->db.handle, "match_query", &match_module, s);
}
