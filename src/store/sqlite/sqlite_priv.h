/*
 * The SQLite driver's insides. A struct sqlite_db is a connection with its prepared statements; a
 * struct query is one use of such a statement. A store has one connection to its database, and
 * each update one more to a temporary database in which it is staged.
 */
#ifndef STORE_SQLITE_PRIV_H
#define STORE_SQLITE_PRIV_H

#include <sqlite3.h>

#include "store/store_priv.h"

/* --- db.c: connections and statements */

enum { SQLITE_STATEMENTS_MAX = 48 };

struct sqlite_db {
	sqlite3 *handle;
	char *label;                                     /* names it in errors; heap, owned */
	const char *const *sql;                          /* of the statements, by number */
	sqlite3_stmt *statements[SQLITE_STATEMENTS_MAX]; /* prepared at the first use */
};

/* Opens by URI; *db is to be finished in either case. The SQLite code, for the caller to judge. */
int sqlite_db_init(struct sqlite_db *db, const char *uri, int open_flags, const char *label,
	const char *const *sql) MUST_CHECK;
void sqlite_db_fini(struct sqlite_db *db);

/* The error for a SQLite result code; the code's sense decides the kind. */
int sqlite_db_fail(struct sqlite_db *db, int rc, struct err *err);

int sqlite_exec(struct sqlite_db *db, const char *sql, struct err *err) MUST_CHECK;
/* The first column of the first row of one query that needs no parameters. */
int sqlite_exec_i64(
	struct sqlite_db *db, const char *sql, int64_t *out, struct err *err) MUST_CHECK;
/* Ends an open transaction without effect. */
void sqlite_rollback(struct sqlite_db *db);

/* A statement being used. Errors of preparing and binding stick, and come out of the first step. */
struct query {
	struct sqlite_db *db;
	sqlite3_stmt *stmt;
	int rc;
	int next; /* parameter to bind */
};

struct query query_start(struct sqlite_db *db, size_t statement);
/* Makes the statement free for the next use. */
void query_fini(struct query *q);
#define _cleanup_query_ _cleanup_(query_fini)

/* Parameters in their order. What views show has to stay until the query is finished. */
void query_bind_str(struct query *q, struct str s);
void query_bind_blob(struct query *q, struct span s);
void query_bind_i64(struct query *q, int64_t v);
void query_bind_null(struct query *q);

/* 1: a row; 0: no more. */
int query_step(struct query *q, struct err *err) MUST_CHECK;
/* Runs a statement that has no rows, and makes it ready for new parameters. */
int query_run(struct query *q, struct err *err) MUST_CHECK;

/* Columns of the row; views are valid until the next step. */
struct str query_str(const struct query *q, int column);
struct span query_blob(const struct query *q, int column);
int64_t query_i64(const struct query *q, int column);

/* --- the database of a store */

enum sqlite_statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_NAMESPACE_GET,
	SQL_NAMESPACE_ADD,
	SQL_PACKAGE_GET,
	SQL_PACKAGE_ADD,
	SQL_TEXT_GET,
	SQL_TEXT_ADD,
	SQL_SOURCE_GET,
	SQL_SOURCE_LIST,
	SQL_SOURCE_ADD,
	SQL_SOURCE_SET,
	SQL_SOURCE_ID,
	SQL_CURRENT,
	SQL_VULNERABILITY_ADD,
	SQL_VULNERABILITY_DELETE,
	SQL_FIX_ADD,
	SQL_FIX_KEEP,
	SQL_FIX_DELETE,
	SQL_OUTDATED_DELETE,
	SQL_TEXT_DELETE_UNUSED,
	SQL_HAS_NAMESPACE,
	SQL_MATCH,
	SQL_FACTS_GET,
	SQL_FACTS_PUT,
	SQL_FACTS_TOTAL,
	SQL_FACTS_OLDEST,
	SQL_FACTS_DROP,
	SQL_FILE_DIGEST_GET,
	SQL_FILE_DIGEST_PUT,
	SQL_FILE_DIGEST_DROP,
	SQL_COUNT
};

extern const char *const sqlite_store_sql[SQL_COUNT];

struct sqlite_store {
	struct store base;
	struct sqlite_db db;
	/* What the table match_query shows while store_match() runs. */
	const struct match_query *queries;
	size_t n_queries;
};

/* "Clar": marks a SQLite file as ours (PRAGMA application_id). */
#define SQLITE_STORE_APPLICATION_ID 0x436c6172

struct sqlite_migration {
	const char *name;
	const char *sql;
};

/* By number - 1; PRAGMA user_version is the number of the last one that was applied. */
extern const struct sqlite_migration sqlite_migrations[];
extern const int sqlite_migrations_count;

int sqlite_store_open(
	const char *location, unsigned flags, struct store **out, struct err *err) MUST_CHECK;
void sqlite_store_close(struct store *base);

/* Starts a transaction that may write, waiting for other writers. */
int sqlite_begin(struct sqlite_store *s, struct err *err) MUST_CHECK;
int sqlite_commit(struct sqlite_store *s, struct err *err) MUST_CHECK;

/* --- the other files: the driver's functions */

int sqlite_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err) MUST_CHECK;
int sqlite_update_put(
	struct store_update *base, const struct advisory *a, struct err *err) MUST_CHECK;
int sqlite_update_commit(struct store_update *base, const struct source_state *state,
	struct store_update_result *out, struct err *err) MUST_CHECK;
void sqlite_update_free(struct store_update *base);

int sqlite_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err) MUST_CHECK;
int sqlite_source_list(struct store *s, struct arena *a, struct source_state **out, size_t *n,
	struct err *err) MUST_CHECK;
int sqlite_source_touch(
	struct store *s, const struct source_state *state, struct err *err) MUST_CHECK;
/* The row's id, made when it is missing; inside a transaction. */
int sqlite_source_id(
	struct sqlite_store *s, struct str source, int64_t *id, struct err *err) MUST_CHECK;
/* Sets everything; inside a transaction. */
int sqlite_source_set(
	struct sqlite_store *s, const struct source_state *state, struct err *err) MUST_CHECK;

int sqlite_has_namespace(struct store *s, struct str name_space, struct err *err) MUST_CHECK;
int sqlite_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err) MUST_CHECK;
/* Makes the table match_query known to the connection. */
int sqlite_match_table_register(struct sqlite_store *s) MUST_CHECK;

int sqlite_facts_get(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct arena *a, struct span *out, struct err *err) MUST_CHECK;
int sqlite_facts_put(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct span facts, struct err *err) MUST_CHECK;
int sqlite_file_digest_get(struct store *s, const struct file_stamp *stamp, struct digest *out,
	struct err *err) MUST_CHECK;
int sqlite_file_digest_put(struct store *s, const struct file_stamp *stamp, const struct digest *d,
	struct err *err) MUST_CHECK;

#endif
