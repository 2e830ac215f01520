/*
 * Several statements in one round trip
 * (https://www.postgresql.org/docs/15/libpq-pipeline-mode.html), between BEGIN and COMMIT of a
 * transaction that sees one state of the data.
 */
#include "store/pgsql/pgsql_priv.h"

static int send_plain(struct pg_store *s, const char *sql, struct err *err)
{
	if (!PQsendQueryParams(s->conn, sql, 0, NULL, NULL, NULL, NULL, 1))
		return pg_fail(s, NULL, err);
	return 0;
}

int pg_pipeline_begin(struct pg_store *s, struct err *err)
{
	if (!PQenterPipelineMode(s->conn))
		return pg_fail(s, NULL, err);
	return send_plain(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

int pg_pipeline_end(struct pg_store *s, struct err *err)
{
	int r = send_plain(s, "COMMIT", err);

	if (r == 0 && !PQpipelineSync(s->conn))
		r = pg_fail(s, NULL, err);
	return r;
}

int pg_pipeline_skip(struct pg_store *s, struct err *err)
{
	PGresult *result;
	int r = pg_wait(s, &result, err);

	if (r < 0)
		return r;
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		r = pg_fail(s, result, err);
	PQclear(result);
	pg_drain(s); /* to the end of this statement */
	return r;
}

int pg_pipeline_rows(struct pg_query *q, struct err *err)
{
	if (!PQsetSingleRowMode(q->s->conn))
		return err_set(err, ERR_INTERNAL, "%s: no rows one by one", q->s->label);
	return 0;
}

void pg_pipeline_fini(struct pg_store *s)
{
	_cleanup_err_ struct err err = ERR_INIT;
	bool end = false;
	PGresult *result;

	if (PQpipelineStatus(s->conn) == PQ_PIPELINE_OFF)
		return;
	/* Statements are set apart by NULL. */
	while (!end && PQstatus(s->conn) == CONNECTION_OK && !s->farewell &&
		pg_wait(s, &result, &err) == 0) {
		end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		PQclear(result);
	}
	if (!PQexitPipelineMode(s->conn))
		s->farewell = true;
}
