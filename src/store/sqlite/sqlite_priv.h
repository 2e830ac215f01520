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

enum { SQLITE_STATEMENTS_MAX = 96 };

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
	SQL_BEGIN_READING,
	SQL_NAMESPACE_GET,
	SQL_NAMESPACE_ADD,
	SQL_NAMESPACE_SET_SCHEME,
	SQL_NAMESPACE_LIST,
	SQL_PACKAGE_GET,
	SQL_PACKAGE_ADD,
	SQL_TEXT_GET,
	SQL_TEXT_ADD,
	SQL_SOURCE_GET,
	SQL_SOURCE_LIST,
	SQL_SOURCE_ADD,
	SQL_SOURCE_SET,
	SQL_SOURCE_FAIL,
	SQL_SOURCE_ID,
	SQL_CURRENT,
	SQL_CURRENT_COVERED,
	SQL_COVER,
	SQL_CVE_GET,
	SQL_CVE_PUT,
	SQL_CVE_NAMES,
	SQL_CVES,
	SQL_CVE_DELETE,
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
	SQL_GENERATION_BUMP,
	SQL_CHANGE_ADD,
	SQL_NOTIFY_ALL,
	SQL_NOTIFY_TOUCHING,
	SQL_NOTIFICATION_DROP,
	SQL_LAYER_FIND,
	SQL_LAYER_FEATURES_OF,
	SQL_LAYER_GET,
	SQL_LAYER_STATE,
	SQL_LAYER_CHAIN,
	SQL_LAYER_ANCESTORS,
	SQL_LAYER_ADD,
	SQL_LAYER_REPLACE,
	SQL_LAYER_HEIRS_SET,
	SQL_LAYER_DESCENDANTS,
	SQL_LAYER_DELETE,
	SQL_CONTENT_GET,
	SQL_CONTENT_ADD,
	SQL_CONTENT_DROP_UNUSED,
	SQL_FEATURE_GET,
	SQL_FEATURE_ADD,
	SQL_LAYER_FEATURE_ADD,
	SQL_LAYER_FEATURES_DELETE,
	SQL_LAYER_FEATURES,
	SQL_LAYER_MATCHES,
	SQL_VULNERABILITY_FIND,
	SQL_VULNERABILITY_GET,
	SQL_VULNERABILITY_LIST,
	SQL_FIXES,
	SQL_SOURCE_COUNT,
	SQL_NOTIFICATION_GET,
	SQL_NOTIFICATION_LAYERS,
	SQL_NOTIFICATION_DUE,
	SQL_NOTIFICATION_SENT,
	SQL_NOTIFICATION_DELETE,
	SQL_LOCK_GET,
	SQL_LOCK_SET,
	SQL_LOCK_DELETE,
	SQL_LOCK_DROP_EXPIRED,
	SQL_KEY_GET,
	SQL_KEY_PUT,
	SQL_COUNT
};

extern const char *const sqlite_store_sql[SQL_COUNT];

struct sqlite_store {
	struct store base;
	struct sqlite_db db;
	/* What the table match_query shows while store_match() runs. */
	const struct match_query *queries;
	size_t n_queries;
	unsigned busy_ms; /* how long a call waits for other writers */
	uint64_t busy_since_ms;
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
/* Starts a transaction that sees one state of the data, and waits for nobody. */
int sqlite_begin_reading(struct sqlite_store *s, struct err *err) MUST_CHECK;

/* --- dictionary.c: ids of what is referred to, made when they are missing; inside a transaction */

/* A scheme may be empty: not known. -ERR_INPUT when the namespace has another one. */
int sqlite_namespace_id(struct sqlite_store *s, struct str name, struct str scheme, int64_t *id,
	struct err *err) MUST_CHECK;
int sqlite_package_id(struct sqlite_store *s, int64_t name_space, struct str name, int64_t *id,
	struct err *err) MUST_CHECK;
/* 1 and *id, 0 when there is none. */
int sqlite_text_find(
	struct sqlite_store *s, struct span hash, int64_t *id, struct err *err) MUST_CHECK;
int sqlite_text_add(struct sqlite_store *s, struct span hash, struct str body, int64_t *id,
	struct err *err) MUST_CHECK;

/* --- rows.c: vulnerabilities; inside a transaction */

/* What cached answers depend on has changed. */
int sqlite_generation_bump(struct sqlite_store *s, struct err *err) MUST_CHECK;

struct vulnerability_row {
	int64_t name_space_id;
	int64_t source_id;
	int64_t description_id; /* 0: none */
	struct str name;
	const struct advisory_record *content;
	const struct content_hash *hash;
	int64_t now;
};

int sqlite_vulnerability_add(struct sqlite_store *s, const struct vulnerability_row *row,
	int64_t *id, struct err *err) MUST_CHECK;
int sqlite_vulnerability_mark_deleted(
	struct sqlite_store *s, int64_t id, int64_t now, struct err *err) MUST_CHECK;
/* History has an end: deleted vulnerabilities that no open notification shows, and notifications
 * that were dealt with. */
int sqlite_drop_outdated(struct sqlite_store *s, int64_t now, struct err *err) MUST_CHECK;

/* --- update_cve.c */

struct store_staging;

/* Writes the staged records of CVEs; counts them in *result. */
int sqlite_cves_write(struct sqlite_store *s, struct store_staging *g, bool partial,
	struct store_update_result *result, struct err *err) MUST_CHECK;

/* --- notify.c: notifications of a transaction's changes */

/* Makes the function uuid() known to the connection. */
int sqlite_notify_register(struct sqlite_store *s) MUST_CHECK;
int sqlite_changes_start(struct sqlite_store *s, struct err *err) MUST_CHECK;
/* Either id may be 0: none. The old one was marked deleted, the new one has its fixes. */
int sqlite_changes_add(
	struct sqlite_store *s, int64_t old_id, int64_t new_id, struct err *err) MUST_CHECK;
int sqlite_changes_notify(struct sqlite_store *s, enum store_notify notify, uint64_t *made,
	struct err *err) MUST_CHECK;

/* --- the other files: the driver's functions */

int sqlite_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err) MUST_CHECK;
int sqlite_update_put(
	struct store_update *base, const struct advisory *a, struct err *err) MUST_CHECK;
int sqlite_update_put_cve(
	struct store_update *base, const struct cve_record *c, struct err *err) MUST_CHECK;
int sqlite_update_cover(struct store_update *base, enum store_cover what, struct str name,
	struct err *err) MUST_CHECK;
int sqlite_update_commit(struct store_update *base, const struct source_state *state,
	struct store_update_result *out, struct err *err) MUST_CHECK;
int sqlite_update_commit_all(
	struct store *base, struct store_update_part *parts, size_t n, struct err *err) MUST_CHECK;
void sqlite_update_rest(struct store_update *base);
void sqlite_update_free(struct store_update *base);
int sqlite_visit(struct store *base, struct store_visitor *v, struct err *err) MUST_CHECK;

int sqlite_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err) MUST_CHECK;
int sqlite_source_list(struct store *s, struct arena *a, struct source_state **out, size_t *n,
	struct err *err) MUST_CHECK;
int sqlite_source_touch(
	struct store *s, const struct source_state *state, struct err *err) MUST_CHECK;
int sqlite_source_fail(struct store *base, struct str source, int64_t when, struct str message,
	struct err *err) MUST_CHECK;
/* The row's id, made when it is missing; inside a transaction. */
int sqlite_source_id(
	struct sqlite_store *s, struct str source, int64_t *id, struct err *err) MUST_CHECK;
/* Sets everything, and that nothing failed; inside a transaction. */
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

int sqlite_ping(struct store *s, struct err *err) MUST_CHECK;

int sqlite_layer_get(struct store *s, struct str name, struct arena *a, struct stored_layer *out,
	struct err *err) MUST_CHECK;
int sqlite_layer_chain(struct store *s, struct str name, struct arena *a, struct chain_link **out,
	struct err *err) MUST_CHECK;
int sqlite_layer_put(struct store *base, const struct layer_put *put, struct err *err) MUST_CHECK;
int sqlite_layer_delete(struct store *base, struct str name, struct err *err) MUST_CHECK;
int sqlite_layer_state(
	struct store *s, struct str name, struct layer_state *out, struct err *err) MUST_CHECK;
int sqlite_layer_read(struct store *base, struct str name, enum layer_part part, struct arena *a,
	struct layer_view *out, struct err *err) MUST_CHECK;

int sqlite_namespace_list(struct store *s, struct arena *a, struct stored_namespace **out,
	size_t *n, struct err *err) MUST_CHECK;
int sqlite_namespace_get(struct store *s, struct str name, struct arena *a,
	struct stored_namespace *out, struct err *err) MUST_CHECK;
int sqlite_vulnerability_get(struct store *base, struct str name_space, struct str name,
	struct arena *a, struct stored_vulnerability *out, struct err *err) MUST_CHECK;
int sqlite_vulnerability_list(struct store *base, struct str name_space, int64_t start_id,
	size_t limit, struct arena *a, struct stored_vulnerability **out, size_t *n,
	int64_t *next_id, struct err *err) MUST_CHECK;
int sqlite_vulnerability_put(struct store *base, const struct advisory *a,
	const struct str *not_affected, size_t n_not_affected, unsigned flags,
	enum store_notify notify, struct err *err) MUST_CHECK;
int sqlite_vulnerability_delete(struct store *base, struct str name_space, struct str name,
	enum store_notify notify, struct err *err) MUST_CHECK;
/* 1 and the current row that goes by this name (see vulnerabilities.h), 0 when there is none. */
int sqlite_vulnerability_find(struct sqlite_store *s, struct str name_space, struct str name,
	int64_t *id, int64_t *source_id, struct err *err) MUST_CHECK;
/* 1 and *out as it is stored, without its fixes, also of a deleted one; 0 when there is none. */
int sqlite_vulnerability_row(struct sqlite_store *s, int64_t id, struct arena *a,
	struct stored_vulnerability *out, struct cve_of_row *cve, struct span *description_hash,
	int64_t *description_id, struct err *err) MUST_CHECK;
/* Appends the fixes, by package and introduced version. */
int sqlite_fixes(struct sqlite_store *s, int64_t vulnerability, struct arena *a,
	struct advisory_record *out, struct err *err) MUST_CHECK;
/* 1 and *out with its fixes, also of a deleted one; 0 when there is none. */
int sqlite_vulnerability_alone(struct sqlite_store *s, int64_t id, struct arena *a,
	struct stored_vulnerability *out,
	struct err *err) MUST_CHECK; /* without its CVE's record */
int sqlite_vulnerability_by_id(struct sqlite_store *s, int64_t id, struct arena *a,
	struct stored_vulnerability *out, struct err *err) MUST_CHECK;

int sqlite_notification_get(struct store *base, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err) MUST_CHECK;
int sqlite_notification_take(struct store *base, struct str owner, int64_t renotify_s,
	int64_t lock_s, struct arena *a, struct str *name, struct err *err) MUST_CHECK;
int sqlite_notification_sent(struct store *base, struct str name, struct err *err) MUST_CHECK;
int sqlite_notification_delete(struct store *base, struct str name, struct err *err) MUST_CHECK;

int sqlite_lock(struct store *base, struct str name, struct str owner, int64_t seconds, bool renew,
	int64_t *until, struct err *err) MUST_CHECK;
int sqlite_unlock(struct store *s, struct str name, struct str owner, struct err *err) MUST_CHECK;
int sqlite_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err) MUST_CHECK;
/* Sets a lock whoever has it; inside a transaction. */
int sqlite_lock_set(struct sqlite_store *s, struct str name, struct str owner, int64_t until,
	struct err *err) MUST_CHECK;
int sqlite_key_get(struct store *s, struct str key, struct arena *a, struct str *value,
	struct err *err) MUST_CHECK;
int sqlite_key_put(struct store *s, struct str key, struct str value, struct err *err) MUST_CHECK;

#endif
