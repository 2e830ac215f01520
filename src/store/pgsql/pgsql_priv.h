/*
 * The PostgreSQL driver's insides. A store is a connection with its prepared statements; a struct
 * pg_query is one use of a statement, whose parameters and columns are binary. What a call does is
 * repeated when the connection breaks or transactions get in each other's way (pg_call()).
 */
#ifndef STORE_PGSQL_PRIV_H
#define STORE_PGSQL_PRIV_H

#include <libpq-fe.h>

#include "store/store_priv.h"

/* Of pg_advisory_lock(): a number of ours ("clai" and "r"…), for each thing that is locked. */
#define PG_MIGRATION_LOCK_ID  "7164210853701255681"
#define PG_ADVISORIES_LOCK_ID "7164210853701255682" /* who writes advisories */
#define PG_LAYERS_LOCK_ID     "7164210853701255683" /* who changes layers, or (shared) adds one */

#define PG_FIX_COLUMNS                                                                 \
	"vulnerability_id, package_id, introduced_key, introduced_version, fixed_key," \
	" fixed_version, state, severity, arches"

enum pgsql_statement {
	PG_SOURCE_GET,
	PG_SOURCE_LIST,
	PG_SOURCE_TOUCH,
	PG_SOURCE_FAIL,
	PG_SOURCE_ID,
	PG_SOURCE_SET,
	PG_HAS_NAMESPACE,
	PG_MATCH,
	PG_FACTS_GET,
	PG_FACTS_PUT,
	PG_FACTS_DROP,
	PG_FILE_DIGEST_GET,
	PG_FILE_DIGEST_PUT,
	PG_FILE_DIGEST_DROP,
	PG_PING,

	PG_NAMESPACE_FIND,
	PG_NAMESPACE_ADD,
	PG_NAMESPACE_GET,
	PG_NAMESPACE_LIST,
	PG_PACKAGE_ADD,
	PG_FEATURE_FIND,
	PG_FEATURE_ADD,
	PG_GENERATION_BUMP,

	PG_LAYERS_LOCK,
	PG_LAYERS_LOCK_SHARED,
	PG_LAYER_FIND,
	PG_LAYER_PARENT,
	PG_LAYER_GET,
	PG_LAYER_STATE,
	PG_LAYER_CHAIN,
	PG_LAYER_ANCESTORS,
	PG_LAYER_ADD,
	PG_LAYER_REPLACE,
	PG_LAYER_HEIRS_SET,
	PG_LAYER_DELETE,
	PG_CONTENT_GET,
	PG_CONTENT_ADD,
	PG_CONTENT_DROP_UNUSED,
	PG_LAYER_FEATURE_ADD,
	PG_LAYER_FEATURES_DELETE,
	PG_LAYER_FEATURES,
	PG_LAYER_MATCHES,

	PG_ADVISORIES_LOCK,
	PG_TEXT_GET,
	PG_TEXT_ADD,
	PG_VULNERABILITY_FIND,
	PG_VULNERABILITY_GET,
	PG_VULNERABILITY_LIST,
	PG_VULNERABILITY_ADD,
	PG_VULNERABILITY_DELETE,
	PG_FIX_ADD,
	PG_FIX_MOVE,
	PG_FIXES,
	PG_SOURCE_COUNT,
	PG_NOTIFY_ALL,
	PG_NOTIFY_TOUCHING,
	PG_NOTIFICATION_DROP,
	PG_OUTDATED_DELETE,

	PG_NOTIFICATION_GET,
	PG_NOTIFICATION_LAYERS,
	PG_NOTIFICATION_TAKE,
	PG_NOTIFICATION_SENT,
	PG_NOTIFICATION_DELETE,

	PG_LOCK,
	PG_LOCK_FIND,
	PG_LOCK_DELETE,
	PG_LOCK_DROP_EXPIRED,
	PG_KEY_GET,
	PG_KEY_PUT,
	PG_STATEMENT_COUNT
};

extern const char *const pgsql_sql[PG_STATEMENT_COUNT];

/* What a failure says about repeating. */
enum pg_failure {
	PG_FAILURE_FINAL,
	PG_FAILURE_CONFLICT, /* without effect, and may succeed next time */
	PG_FAILURE_LOST,     /* the connection is gone; whether there was an effect is not known */
	PG_FAILURE_STANDBY,  /* without effect: this server does not write */
};

struct pg_store {
	struct store base;
	PGconn *conn; /* NULL before the first connection */
	char *label;  /* names it in errors: the location without passwords; heap, owned */
	bool read_only;
	bool ready;    /* the session is set up */
	bool farewell; /* the server said that it ends the connection */
	bool in_call;
	/* Of the server's history: another one after a standby took over, or a backup was restored;
	 * 0: not known. */
	int64_t timeline;
	bool in_transaction;
	bool committing;
	enum pg_failure failure; /* of the last error */
	unsigned busy_timeout_ms;
	unsigned timeout_s; /* of a statement, in the session */
	bool prepared[PG_STATEMENT_COUNT];
};

/* --- conn.c: the connection */

/* Connects; what libpq is to be told stands in conninfo. s->label is set. */
int pg_connect(
	struct pg_store *s, const char *conninfo, bool many_hosts, struct err *err) MUST_CHECK;
void pg_disconnect(struct pg_store *s);
/* Connects again when the connection is broken, or the server has closed it meanwhile. */
int pg_ensure(struct pg_store *s, struct err *err) MUST_CHECK;

/* The error for a failed result (NULL: the connection failed); sets s->failure. */
int pg_fail(struct pg_store *s, const PGresult *result, struct err *err);
/* Waits for the next result, NULL: there are no more. Does not judge it. */
int pg_wait(struct pg_store *s, PGresult **out, struct err *err) MUST_CHECK;
/* Reads and forgets what results are left. */
void pg_drain(struct pg_store *s);
/* Runs statements without parameters and rows. */
int pg_exec(struct pg_store *s, const char *sql, struct err *err) MUST_CHECK;

/*
 * Runs fn, in a transaction when flags say so, and again when it failed for a reason that passes:
 * a deadlock, a race that another transaction won, a connection that had been closed meanwhile.
 * What fn does has to be the same each time. Calls may nest: the inner one just runs.
 */
enum pg_call_flags {
	PG_TRANSACTION = 1 << 0,
	PG_SNAPSHOT = 1 << 1, /* a transaction that reads one state of the data */
	PG_REPEATABLE =
		1 << 2, /* may be done twice: also when it is not known whether it was done */
};

int pg_call(struct pg_store *s, unsigned flags,
	int (*fn)(struct pg_store *s, void *ctx, struct err *err), void *ctx,
	struct err *err) MUST_CHECK;

/*
 * Runs fn once, on one connection: what it makes for its session stays. In it, pg_transaction()
 * runs a part in a transaction of its own, again when another transaction got in its way.
 */
int pg_session(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err) MUST_CHECK;
int pg_once(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err) MUST_CHECK; /* not again */
int pg_once_reading(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err) MUST_CHECK; /* as pg_once(), with PG_SNAPSHOT */
int pg_transaction(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err) MUST_CHECK;

/* In pg_call(): what it depends on has changed meanwhile; it is to be repeated. */
int pg_again(struct pg_store *s, struct err *err);

/* --- query.c: statements, their parameters and columns */

enum { PG_PARAMS_MAX = 16 };

struct pg_query {
	struct pg_store *s;
	int statement;   /* enum pgsql_statement, or -1 */
	const char *sql; /* when it is none */
	int n;
	bool odd; /* a parameter is no text */
	const char *values[PG_PARAMS_MAX];
	int lengths[PG_PARAMS_MAX];
	uint8_t ints[PG_PARAMS_MAX][8];
	struct buf arrays[PG_PARAMS_MAX];
	PGresult *result;
	int row; /* of the result */
};

struct pg_query pg_query(struct pg_store *s, enum pgsql_statement statement);
/* A statement that is not prepared; sql outlives the query. */
struct pg_query pg_query_sql(struct pg_store *s, const char *sql);
void pg_query_fini(struct pg_query *q);
#define _cleanup_pg_query_ _cleanup_(pg_query_fini)

/* Parameters in their order. What views show has to stay until the query is finished. */
void pg_bind_str(struct pg_query *q, struct str s);
void pg_bind_blob(struct pg_query *q, struct span s);
void pg_bind_i64(struct pg_query *q, int64_t v);
void pg_bind_null(struct pg_query *q);

/* An array parameter is begun with its number of elements, then appended to. Copied. */
struct buf *pg_bind_texts(struct pg_query *q, size_t n);
struct buf *pg_bind_blobs(struct pg_query *q, size_t n);
struct buf *pg_bind_i64s(struct pg_query *q, size_t n);
void pg_array_bytes(struct buf *array, struct span s);
void pg_array_i64(struct buf *array, int64_t v);

/*
 * Runs it and reads all rows: their number. Repeats as pg_call() does with these flags. A parameter
 * that no text column can hold: as if there were no rows.
 */
int pg_select(struct pg_query *q, unsigned flags, struct err *err) MUST_CHECK;
/* The same for a statement that writes: such a parameter is -ERR_INPUT. The number of rows that it
 * returns, or else that it changed. */
int pg_run(struct pg_query *q, unsigned flags, struct err *err) MUST_CHECK;

/* Reads row by row, inside pg_call(): begins. */
int pg_stream(struct pg_query *q, struct err *err) MUST_CHECK;
/* 1: q stands on the next row; 0: no more. To be called until then, or pg_drain() has to. */
int pg_next(struct pg_query *q, struct err *err) MUST_CHECK;

/* Prepares its statement on the connection, which running does by itself. */
int pg_prepare(struct pg_query *q, struct err *err) MUST_CHECK;

/* --- pipeline.c: several statements, one round trip, one state of the data; in pg_call() */

int pg_pipeline_begin(struct pg_store *s, struct err *err) MUST_CHECK;
/* Sends a statement that was prepared before. */
int pg_pipeline_send(struct pg_query *q, struct err *err) MUST_CHECK;
int pg_pipeline_end(struct pg_store *s, struct err *err) MUST_CHECK;
/* Then the answers, in the same order: what begins and ends, and rows, to be read by pg_next(). */
int pg_pipeline_skip(struct pg_store *s, struct err *err) MUST_CHECK;
int pg_pipeline_rows(struct pg_query *q, struct err *err) MUST_CHECK;
/* Leaves the pipeline, in any case. */
void pg_pipeline_fini(struct pg_store *s);

/* Columns of the row; views are valid until the next row or the end of the query. */
struct str pg_str(const struct pg_query *q, int column);
struct span pg_blob(const struct pg_query *q, int column);
int64_t pg_i64(const struct pg_query *q, int column); /* also smaller integers and booleans */
bool pg_is_null(const struct pg_query *q, int column);

/* --- open.c */

struct pgsql_migration {
	const char *name;
	const char *sql;
};

/* By number - 1; clair_schema.version is the number of the last one that was applied. */
extern const struct pgsql_migration pgsql_migrations[];
extern const int pgsql_migrations_count;

int pgsql_open(
	const char *location, unsigned flags, struct store **out, struct err *err) MUST_CHECK;
void pgsql_close(struct store *base);
bool pgsql_accepts(struct str location);

/* --- dictionary.c: ids of what is stored once and referred to */

struct pg_name_space {
	struct str name;
	struct str scheme; /* that somebody says it has, or empty; then the one that it has */
	int64_t id;
};

/* Namespaces, each once; made when they are missing, and given a scheme when they have none. */
int pg_namespace_ids(
	struct pg_store *s, struct pg_name_space *v, size_t n, struct err *err) MUST_CHECK;
/* Makes packages that are missing: positions i of both arrays together. */
int pg_add_packages(struct pg_store *s, const int64_t *name_spaces, const struct str *names,
	size_t n, struct err *err) MUST_CHECK;
/* Ids of features, made when they are missing. name_spaces[i] is the id of f[i]'s. */
int pg_feature_ids(struct pg_store *s, const struct layer_feature *f, const int64_t *name_spaces,
	size_t n, int64_t *out, struct err *err) MUST_CHECK;
/* What answers about layers depend on has changed. At the end of a transaction: others wait. */
int pg_generation_bump(struct pg_store *s, struct err *err) MUST_CHECK;
/* -ERR_INPUT for names that the database would not find. */
int pg_check_names(const struct advisory *a, struct err *err) MUST_CHECK;

/* --- rows.c: rows of vulnerabilities, inside a transaction */

/* Notifications of one change (0: there is none on that side), or of staged ones. */
int pg_notify(struct pg_store *s, int64_t old_id, int64_t new_id, enum store_notify notify,
	struct err *err) MUST_CHECK;
/* History has an end: what is older than now allows. */
int pg_drop_outdated(struct pg_store *s, int64_t now, struct err *err) MUST_CHECK;
/* Runs an ad hoc statement with some numbers; the number of rows. */
int pg_run_sql(struct pg_store *s, const char *sql, const int64_t *numbers, size_t n,
	struct err *err) MUST_CHECK;

/*
 * The statement that makes notifications of changes(position, old_id, new_id), a table or a query
 * in parentheses. The old vulnerability's fixes have been moved, the new one's are current.
 */
#define PG_NOW "floor(extract(epoch FROM clock_timestamp()))::bigint"
#define PG_NOTIFY_ALL_SQL(changes)                                                          \
	"INSERT INTO notification (name, created_at, vulnerability_old, vulnerability_new)" \
	" SELECT gen_random_uuid()::text, " PG_NOW ", nullif(old_id, 0), nullif(new_id, 0)" \
	" FROM " changes " AS c ORDER BY position"
#define PG_TOUCHES(fixes, id)                                                      \
	" LEFT JOIN LATERAL (SELECT true AS hit FROM " fixes " x"                  \
	" JOIN feature f ON f.package_id = x.package_id"                           \
	" AND substr(f.key, 1, 200) <= substr(x.fixed_key, 1, 200)"                \
	" AND f.key >= x.introduced_key AND f.key < x.fixed_key"                   \
	" JOIN layer_feature i ON i.feature_id = f.id AND i.added_by = i.layer_id" \
	" WHERE x.vulnerability_id = c." id " LIMIT 1) AS " fixes "_hits ON true"
#define PG_NOTIFY_TOUCHING_SQL(changes)                                                     \
	"INSERT INTO notification (name, created_at, vulnerability_old, vulnerability_new)" \
	" SELECT gen_random_uuid()::text, " PG_NOW ", nullif(old_id, 0), nullif(new_id, 0)" \
	" FROM " changes " AS c" PG_TOUCHES("fix", "new_id") PG_TOUCHES("deleted_fix",      \
		"old_id") " WHERE fix_hits.hit OR deleted_fix_hits.hit ORDER BY position"

/* --- vulnerability_read.c */

/* The first columns of PG_VULNERABILITY_GET, and the columns of PG_FIXES, on the row. */
int pg_read_vulnerability(const struct pg_query *q, struct arena *a,
	struct stored_vulnerability *out, struct err *err) MUST_CHECK;
int pg_read_fix(const struct pg_query *q, struct arena *a, struct fix_record *out,
	struct err *err) MUST_CHECK;

/* 1 and the current row, 0. */
int pg_vulnerability_find(struct pg_store *s, struct str name_space, struct str name, int64_t *id,
	int64_t *source_id, struct err *err) MUST_CHECK;
/* 1 and what is stored of it without its fixes, 0. Deleted ones, too. */
int pg_vulnerability_row(struct pg_store *s, int64_t id, struct arena *a,
	struct stored_vulnerability *out, struct cve_of_row *cve, struct span *description_hash,
	int64_t *description_id, struct err *err) MUST_CHECK;
int pg_vulnerability_by_id(struct pg_store *s, int64_t id, struct arena *a,
	struct stored_vulnerability *out, struct err *err) MUST_CHECK;
/* Appends its fixes, in their order. */
int pg_fixes(struct pg_store *s, int64_t vulnerability, struct arena *a,
	struct advisory_record *out, struct err *err) MUST_CHECK;

/* --- the other files: the driver's functions */

int pgsql_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err) MUST_CHECK;
int pgsql_update_put(
	struct store_update *base, const struct advisory *a, struct err *err) MUST_CHECK;
int pgsql_update_put_cve(
	struct store_update *base, const struct cve_record *c, struct err *err) MUST_CHECK;
int pgsql_update_cover(struct store_update *base, enum store_cover what, struct str name,
	struct err *err) MUST_CHECK;
int pgsql_update_commit(struct store_update *base, const struct source_state *state,
	struct store_update_result *out, struct err *err) MUST_CHECK;
int pgsql_update_commit_all(
	struct store *base, struct store_update_part *parts, size_t n, struct err *err) MUST_CHECK;
void pgsql_update_rest(struct store_update *base);
void pgsql_update_free(struct store_update *base);
int pgsql_visit(struct store *base, struct store_visitor *v, struct err *err) MUST_CHECK;

int pgsql_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err) MUST_CHECK;
int pgsql_source_list(struct store *s, struct arena *a, struct source_state **out, size_t *n,
	struct err *err) MUST_CHECK;
int pgsql_source_touch(
	struct store *s, const struct source_state *state, struct err *err) MUST_CHECK;

int pgsql_source_fail(struct store *s, struct str source, int64_t when, struct str message,
	struct err *err) MUST_CHECK;

int pgsql_has_namespace(struct store *s, struct str name_space, struct err *err) MUST_CHECK;
int pgsql_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err) MUST_CHECK;

int pgsql_facts_get(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct arena *a, struct span *out, struct err *err) MUST_CHECK;
int pgsql_facts_put(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct span facts, struct err *err) MUST_CHECK;
int pgsql_file_digest_get(struct store *s, const struct file_stamp *stamp, struct digest *out,
	struct err *err) MUST_CHECK;
int pgsql_file_digest_put(struct store *s, const struct file_stamp *stamp, const struct digest *d,
	struct err *err) MUST_CHECK;

int pgsql_layer_get(struct store *s, struct str name, struct arena *a, struct stored_layer *out,
	struct err *err) MUST_CHECK;
int pgsql_layer_chain(struct store *s, struct str name, struct arena *a, struct chain_link **out,
	struct err *err) MUST_CHECK;
int pgsql_layer_put(struct store *base, const struct layer_put *put, struct err *err) MUST_CHECK;
int pgsql_layer_delete(struct store *s, struct str name, struct err *err) MUST_CHECK;
int pgsql_layer_state(
	struct store *s, struct str name, struct layer_state *out, struct err *err) MUST_CHECK;
int pgsql_layer_read(struct store *base, struct str name, enum layer_part part, struct arena *a,
	struct layer_view *out, struct err *err) MUST_CHECK;

int pgsql_namespace_list(struct store *s, struct arena *a, struct stored_namespace **out, size_t *n,
	struct err *err) MUST_CHECK;
int pgsql_namespace_get(struct store *s, struct str name, struct arena *a,
	struct stored_namespace *out, struct err *err) MUST_CHECK;
int pgsql_vulnerability_get(struct store *s, struct str name_space, struct str name,
	struct arena *a, struct stored_vulnerability *out, struct err *err) MUST_CHECK;
int pgsql_vulnerability_list(struct store *base, struct str name_space, int64_t start_id,
	size_t limit, struct arena *a, struct stored_vulnerability **out, size_t *n,
	int64_t *next_id, struct err *err) MUST_CHECK;
int pgsql_vulnerability_put(struct store *s, const struct advisory *a,
	const struct str *not_affected, size_t n_not_affected, unsigned flags,
	enum store_notify notify, struct err *err) MUST_CHECK;
int pgsql_vulnerability_delete(struct store *s, struct str name_space, struct str name,
	enum store_notify notify, struct err *err) MUST_CHECK;

int pgsql_notification_get(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err) MUST_CHECK;
int pgsql_notification_take(struct store *s, struct str owner, int64_t renotify_s, int64_t lock_s,
	struct arena *a, struct str *name, struct err *err) MUST_CHECK;
int pgsql_notification_sent(struct store *s, struct str name, struct err *err) MUST_CHECK;
int pgsql_notification_delete(struct store *s, struct str name, struct err *err) MUST_CHECK;

int pgsql_lock(struct store *base, struct str name, struct str owner, int64_t seconds, bool renew,
	int64_t *until, struct err *err) MUST_CHECK;
int pgsql_unlock(struct store *s, struct str name, struct str owner, struct err *err) MUST_CHECK;
int pgsql_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err) MUST_CHECK;
int pgsql_key_get(struct store *s, struct str key, struct arena *a, struct str *value,
	struct err *err) MUST_CHECK;
int pgsql_key_put(struct store *s, struct str key, struct str value, struct err *err) MUST_CHECK;

/* --- observed.c: the same, measured */

int pgsql_observed_layer_get(struct store *s, struct str name, struct arena *a,
	struct stored_layer *out, struct err *err) MUST_CHECK;
int pgsql_observed_layer_chain(struct store *s, struct str name, struct arena *a,
	struct chain_link **out, struct err *err) MUST_CHECK;
int pgsql_observed_layer_put(
	struct store *s, const struct layer_put *put, struct err *err) MUST_CHECK;
int pgsql_observed_layer_delete(struct store *s, struct str name, struct err *err) MUST_CHECK;
int pgsql_observed_layer_state(
	struct store *s, struct str name, struct layer_state *out, struct err *err) MUST_CHECK;
int pgsql_observed_layer_read(struct store *s, struct str name, enum layer_part part,
	struct arena *a, struct layer_view *out, struct err *err) MUST_CHECK;
int pgsql_observed_namespace_list(struct store *s, struct arena *a, struct stored_namespace **out,
	size_t *n, struct err *err) MUST_CHECK;
int pgsql_observed_namespace_get(struct store *s, struct str name, struct arena *a,
	struct stored_namespace *out, struct err *err) MUST_CHECK;
int pgsql_observed_vulnerability_get(struct store *s, struct str name_space, struct str name,
	struct arena *a, struct stored_vulnerability *out, struct err *err) MUST_CHECK;
int pgsql_observed_vulnerability_list(struct store *s, struct str name_space, int64_t start_id,
	size_t limit, struct arena *a, struct stored_vulnerability **out, size_t *n,
	int64_t *next_id, struct err *err) MUST_CHECK;
int pgsql_observed_vulnerability_put(struct store *s, const struct advisory *v,
	const struct str *not_affected, size_t n_not_affected, unsigned flags,
	enum store_notify notify, struct err *err) MUST_CHECK;
int pgsql_observed_vulnerability_delete(struct store *s, struct str name_space, struct str name,
	enum store_notify notify, struct err *err) MUST_CHECK;
int pgsql_observed_notification_get(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err) MUST_CHECK;
int pgsql_observed_notification_take(struct store *s, struct str owner, int64_t renotify_s,
	int64_t lock_s, struct arena *a, struct str *name, struct err *err) MUST_CHECK;
int pgsql_observed_notification_sent(struct store *s, struct str name, struct err *err) MUST_CHECK;
int pgsql_observed_notification_delete(
	struct store *s, struct str name, struct err *err) MUST_CHECK;
int pgsql_observed_lock(struct store *s, struct str name, struct str owner, int64_t seconds,
	bool renew, int64_t *until, struct err *err) MUST_CHECK;
int pgsql_observed_unlock(
	struct store *s, struct str name, struct str owner, struct err *err) MUST_CHECK;
int pgsql_observed_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err) MUST_CHECK;
int pgsql_observed_key_get(struct store *s, struct str key, struct arena *a, struct str *value,
	struct err *err) MUST_CHECK;
int pgsql_observed_key_put(
	struct store *s, struct str key, struct str value, struct err *err) MUST_CHECK;

#endif
