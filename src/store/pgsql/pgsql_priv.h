/*
 * The PostgreSQL driver's insides. A store is a connection with its prepared statements; a struct
 * pg_query is one use of a statement, whose parameters and columns are binary. What a call does is
 * repeated when the connection breaks or transactions get in each other's way (pg_call()).
 */
#ifndef STORE_PGSQL_PRIV_H
#define STORE_PGSQL_PRIV_H

#include <libpq-fe.h>

#include "store/store_priv.h"

enum pgsql_statement {
	PG_SOURCE_GET,
	PG_SOURCE_LIST,
	PG_SOURCE_TOUCH,
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
int pg_transaction(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err) MUST_CHECK;

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

/* --- the other files: the driver's functions */

int pgsql_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err) MUST_CHECK;
int pgsql_update_put(
	struct store_update *base, const struct advisory *a, struct err *err) MUST_CHECK;
int pgsql_update_commit(struct store_update *base, const struct source_state *state,
	struct store_update_result *out, struct err *err) MUST_CHECK;
void pgsql_update_free(struct store_update *base);

int pgsql_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err) MUST_CHECK;
int pgsql_source_list(struct store *s, struct arena *a, struct source_state **out, size_t *n,
	struct err *err) MUST_CHECK;
int pgsql_source_touch(
	struct store *s, const struct source_state *state, struct err *err) MUST_CHECK;

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

#endif
