/*
 * Statements, prepared at their first use on a connection; parameters and columns in PostgreSQL's
 * binary form (network byte order; arrays: src/backend/utils/adt/arrayfuncs.c, array_recv()).
 */
#include "store/pgsql/pgsql_priv.h"

/* OIDs of types never change (pg_type.dat). */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25 };

struct pg_query pg_query(struct pg_store *s, enum pgsql_statement statement)
{
	return (struct pg_query){ .s = s, .statement = (int)statement };
}

struct pg_query pg_query_sql(struct pg_store *s, const char *sql)
{
	return (struct pg_query){ .s = s, .statement = -1, .sql = sql };
}

void pg_query_fini(struct pg_query *q)
{
	PQclear(q->result);
	q->result = NULL;
	for (int i = 0; i < q->n; i++)
		buf_fini(&q->arrays[i]);
}

/* libpq takes a NULL pointer for NULL. */
static void bind_bytes(struct pg_query *q, const void *p, size_t n)
{
	assert(q->n < PG_PARAMS_MAX);
	assert(n <= INT32_MAX);
	q->values[q->n] = p ? p : "";
	q->lengths[q->n++] = (int)n;
}

void pg_bind_str(struct pg_query *q, struct str s)
{
	if (!store_is_text(s))
		q->odd = true;
	bind_bytes(q, s.p, s.n);
}

void pg_bind_blob(struct pg_query *q, struct span s)
{
	bind_bytes(q, s.p, s.n);
}

void pg_bind_i64(struct pg_query *q, int64_t v)
{
	uint8_t *p = q->ints[q->n];

	put_be64(p, (uint64_t)v);
	bind_bytes(q, p, 8);
}

void pg_bind_null(struct pg_query *q)
{
	bind_bytes(q, NULL, 0);
	q->values[q->n - 1] = NULL;
}

static struct buf *bind_array(struct pg_query *q, uint32_t type, size_t n)
{
	struct buf *array = &q->arrays[q->n];

	bind_bytes(q, NULL, 0);
	buf_init(array, LIMIT_PGSQL_ARRAYS);
	buf_append_u32(array, n ? 1 : 0); /* dimensions */
	buf_append_u32(array, 0);         /* no NULLs */
	buf_append_u32(array, type);
	if (n) {
		buf_append_u32(array, (uint32_t)n);
		buf_append_u32(array, 1); /* the first index */
	}
	return array;
}

struct buf *pg_bind_texts(struct pg_query *q, size_t n)
{
	return bind_array(q, OID_TEXT, n);
}

struct buf *pg_bind_blobs(struct pg_query *q, size_t n)
{
	return bind_array(q, OID_BYTEA, n);
}

struct buf *pg_bind_i64s(struct pg_query *q, size_t n)
{
	return bind_array(q, OID_INT8, n);
}

void pg_array_bytes(struct buf *array, struct span s)
{
	buf_append_lstr(array, str_from_span(s));
}

void pg_array_i64(struct buf *array, int64_t v)
{
	buf_append_u32(array, 8);
	buf_append_u64(array, (uint64_t)v);
}

/* --- running */

static int prepare(struct pg_query *q, char name[static 16], struct err *err)
{
	struct pg_store *s = q->s;

	(void)snprintf(name, 16, "clair%d", q->statement);
	if (s->prepared[q->statement])
		return 0;
	if (!PQsendPrepare(s->conn, name, pgsql_sql[q->statement], q->n, NULL))
		return pg_fail(s, NULL, err);
	PGresult *result;
	int r = pg_wait(s, &result, err);
	if (r < 0)
		return r;
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		r = pg_fail(s, result, err);
	PQclear(result);
	pg_drain(s);
	s->prepared[q->statement] = r == 0;
	return r;
}

int pg_prepare(struct pg_query *q, struct err *err)
{
	char name[16];

	return prepare(q, name, err);
}

static int finish_arrays(struct pg_query *q, struct err *err)
{
	for (int i = 0; i < q->n; i++) {
		if (q->arrays[i].max == 0)
			continue;
		int r = buf_check(&q->arrays[i], "what is asked of the database", err);

		if (r < 0)
			return r;
		q->values[i] = q->arrays[i].p;
		q->lengths[i] = (int)q->arrays[i].n;
	}
	return 0;
}

static int send_query(struct pg_query *q, struct err *err)
{
	static const int binary[PG_PARAMS_MAX] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	char name[16];
	int r = finish_arrays(q, err);

	if (r < 0)
		return r;
	if (q->statement < 0)
		r = PQsendQueryParams(
			q->s->conn, q->sql, q->n, NULL, q->values, q->lengths, binary, 1);
	else if ((r = prepare(q, name, err)) < 0)
		return r;
	else
		r = PQsendQueryPrepared(q->s->conn, name, q->n, q->values, q->lengths, binary, 1);
	return r ? 0 : pg_fail(q->s, NULL, err);
}

int pg_pipeline_send(struct pg_query *q, struct err *err)
{
	assert(q->s->prepared[q->statement]);
	return send_query(q, err);
}

static int count(const struct pg_query *q)
{
	uint32_t n;

	if (PQresultStatus(q->result) == PGRES_TUPLES_OK)
		return PQntuples(q->result);
	return parse_u32(str_of(PQcmdTuples(q->result)), &n) ? (int)n : 0;
}

static int run_once(struct pg_store *s, void *ctx, struct err *err)
{
	struct pg_query *q = ctx;
	int r = send_query(q, err);

	PQclear(q->result);
	q->result = NULL;
	q->row = 0;
	if (r == 0)
		r = pg_wait(s, &q->result, err);
	if (r < 0)
		return r;
	ExecStatusType status = PQresultStatus(q->result);
	r = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? count(q)
								    : pg_fail(s, q->result, err);
	pg_drain(s);
	return r;
}

int pg_select(struct pg_query *q, unsigned flags, struct err *err)
{
	return q->odd ? 0 : pg_call(q->s, flags | PG_REPEATABLE, run_once, q, err);
}

int pg_run(struct pg_query *q, unsigned flags, struct err *err)
{
	if (q->odd)
		return err_set(err, ERR_INPUT, "text that is not UTF-8");
	return pg_call(q->s, flags, run_once, q, err);
}

int pg_stream(struct pg_query *q, struct err *err)
{
	int r = send_query(q, err);

	assert(q->s->in_call);
	if (r == 0 && !PQsetSingleRowMode(q->s->conn))
		r = err_set(err, ERR_INTERNAL, "%s: no rows one by one", q->s->label);
	return r;
}

int pg_next(struct pg_query *q, struct err *err)
{
	PQclear(q->result);
	q->result = NULL;
	int r = pg_wait(q->s, &q->result, err);
	if (r < 0)
		return r;
	ExecStatusType status = PQresultStatus(q->result);
	if (status == PGRES_SINGLE_TUPLE)
		return 1;
	r = status == PGRES_TUPLES_OK ? 0 : pg_fail(q->s, q->result, err);
	pg_drain(q->s);
	return r;
}

/* --- columns */

struct span pg_blob(const struct pg_query *q, int column)
{
	return span_n(PQgetvalue(q->result, q->row, column),
		(size_t)PQgetlength(q->result, q->row, column));
}

struct str pg_str(const struct pg_query *q, int column)
{
	return str_from_span(pg_blob(q, column));
}

bool pg_is_null(const struct pg_query *q, int column)
{
	return PQgetisnull(q->result, q->row, column);
}

int64_t pg_i64(const struct pg_query *q, int column)
{
	struct span s = pg_blob(q, column);

	switch (s.n) {
	case 1:
		return s.p[0];
	case 2:
		return (int16_t)get_be16(s.p);
	case 4:
		return (int32_t)get_be32(s.p);
	case 8:
		return (int64_t)get_be64(s.p);
	default:
		return 0; /* NULL */
	}
}
