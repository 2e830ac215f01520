/*
 * Connections to PostgreSQL: made, watched, made again; what their errors mean; and the loop that
 * repeats what failed for a reason that passes
 * (https://www.postgresql.org/docs/15/libpq.html, error codes in appendix A).
 */
#include <errno.h>
#include <poll.h>

#include "store/pgsql/pgsql_priv.h"

enum { OLDEST_SERVER = 130000 };

static bool is_code(const char *code, const char *prefix)
{
	return code && strncmp(code, prefix, strlen(prefix)) == 0;
}

/* Notices are nobody's business, but the last words of a server that shuts down. */
static void receive_notice(void *ctx, const PGresult *result)
{
	struct pg_store *s = ctx;

	if (is_code(PQresultErrorField(result, PG_DIAG_SQLSTATE), "57P"))
		s->farewell = true;
}

/* libpq's messages have several lines, indented. */
static int fail_lost(struct pg_store *s, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(4 * KIB);
	struct str rest = str_of(s->conn ? PQerrorMessage(s->conn) : "out of memory"), line;

	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (line.n > 0)
			buf_printf(&text, "%s%" PRIstr, text.n ? "; " : "", STR_ARG(line));
	}
	s->failure = PG_FAILURE_LOST;
	s->farewell = true;
	return err_set(err, ERR_UPSTREAM, "%s: %s", s->label,
		text.n ? buf_cstr(&text) : "the connection to the database broke");
}

#define NEEDS_SESSIONS                                                                             \
	"the connection's prepared statements are not there: a connection pooler in between is to" \
	" keep sessions together (PgBouncer: pool_mode = session)"

struct meaning {
	const char *prefix; /* of SQLSTATE */
	enum err_code code;
	enum pg_failure failure;
	const char *text; /* NULL: the server's */
};

static const struct meaning meanings[] = {
	{ "08", ERR_UPSTREAM, PG_FAILURE_LOST, NULL },
	{ "57P", ERR_UPSTREAM, PG_FAILURE_LOST, NULL },
	{ "25006", ERR_UPSTREAM, PG_FAILURE_STANDBY, NULL },
	{ "25P03", ERR_UPSTREAM, PG_FAILURE_LOST, NULL }, /* idle in a transaction for too long */
	/* Sessions are not what they seem. */
	{ "26000", ERR_UPSTREAM, PG_FAILURE_LOST, NEEDS_SESSIONS },
	{ "42P05", ERR_UPSTREAM, PG_FAILURE_LOST, NEEDS_SESSIONS },
	{ "40", ERR_BUSY, PG_FAILURE_CONFLICT, NULL },
	{ "23503", ERR_BUSY, PG_FAILURE_CONFLICT, NULL },
	{ "23505", ERR_BUSY, PG_FAILURE_CONFLICT, NULL },
	{ "55P03", ERR_BUSY, PG_FAILURE_FINAL, "another process is writing to it, for too long" },
	{ "57014", ERR_BUSY, PG_FAILURE_FINAL, NULL },
	{ "53100", ERR_IO, PG_FAILURE_FINAL, "no space left" },
	{ "53", ERR_BUSY, PG_FAILURE_FINAL, NULL },
	{ "42501", ERR_IO, PG_FAILURE_FINAL, NULL },
	{ "54", ERR_TOO_LARGE, PG_FAILURE_FINAL, NULL },
	{ "58", ERR_IO, PG_FAILURE_FINAL, NULL },
	{ "XX001", ERR_INPUT, PG_FAILURE_FINAL, NULL },
	{ "XX002", ERR_INPUT, PG_FAILURE_FINAL, NULL },
	{ "", ERR_INTERNAL, PG_FAILURE_FINAL, NULL },
};

int pg_fail(struct pg_store *s, const PGresult *result, struct err *err)
{
	const char *code = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const struct meaning *m = meanings;

	if (!code)
		return fail_lost(s, err);
	while (!is_code(code, m->prefix))
		m++;
	s->failure = m->failure;
	/* A standby is left, so that the next connection finds who is the primary now. */
	if (m->failure == PG_FAILURE_LOST || m->failure == PG_FAILURE_STANDBY)
		s->farewell = true;
	return err_set(err, m->code, "%s: %s", s->label, m->text ? m->text : text ? text : code);
}

/* --- waiting */

static int wait_readable(struct pg_store *s, uint64_t deadline, struct err *err)
{
	struct pollfd p = { .fd = PQsocket(s->conn), .events = POLLIN };
	uint64_t now = clock_monotonic_ms();
	int n = p.fd < 0 ? -1 : poll(&p, 1, now < deadline ? (int)(deadline - now) : 0);

	if (n > 0 || (n < 0 && p.fd >= 0 && errno == EINTR))
		return 0;
	if (n < 0)
		return fail_lost(s, err);
	s->farewell = true;
	s->failure = PG_FAILURE_LOST;
	return err_set(err, ERR_UPSTREAM, "%s: the server does not answer", s->label);
}

int pg_wait(struct pg_store *s, PGresult **out, struct err *err)
{
	/* The server's own timeout has ended the statement before, unless the server hangs. */
	uint64_t deadline = clock_monotonic_ms() + UINT64_C(1200) * s->timeout_s;

	while (PQisBusy(s->conn)) {
		int r = wait_readable(s, deadline, err);

		if (r < 0)
			return r;
		if (!PQconsumeInput(s->conn))
			return fail_lost(s, err);
	}
	*out = PQgetResult(s->conn);
	return 0;
}

void pg_drain(struct pg_store *s)
{
	_cleanup_err_ struct err err = ERR_INIT;
	PGresult *result = NULL;

	while (PQstatus(s->conn) == CONNECTION_OK && !s->farewell &&
		pg_wait(s, &result, &err) == 0 && result)
		PQclear(result);
}

static int read_results(struct pg_store *s, struct err *err)
{
	PGresult *result = NULL;
	int r;

	while ((r = pg_wait(s, &result, err)) == 0 && result) {
		ExecStatusType status = PQresultStatus(result);

		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
			r = pg_fail(s, result, err);
		PQclear(result);
		if (r < 0) {
			pg_drain(s);
			return r;
		}
	}
	return r;
}

int pg_exec(struct pg_store *s, const char *sql, struct err *err)
{
	if (!PQsendQuery(s->conn, sql))
		return fail_lost(s, err);
	return read_results(s, err);
}

/* --- connecting */

/*
 * Every statement of this driver but those of updates is a lookup by indexes in the order in which
 * it names the tables. The planner is told so: nothing that it may believe about the sizes of
 * tables (nothing at all, before their first ANALYZE) makes it read a whole one.
 */
static const char planner[] =
	"SET jit = off; SET plan_cache_mode = force_generic_plan;"
	" SET join_collapse_limit = 1; SET from_collapse_limit = 1; SET enable_seqscan = off;"
	" SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;";

/* Any text has to have a form in the database, for an update is all or nothing. */
static int check_server(struct pg_store *s, struct err *err)
{
	const char *encoding = PQparameterStatus(s->conn, "server_encoding");

	if (PQserverVersion(s->conn) < OLDEST_SERVER)
		return err_set(err, ERR_UNSUPPORTED,
			"%s: PostgreSQL %d, at least version %d is needed", s->label,
			PQserverVersion(s->conn) / 10000, OLDEST_SERVER / 10000);
	if (encoding && strcmp(encoding, "UTF8") != 0 && strcmp(encoding, "SQL_ASCII") != 0)
		return err_set(err, ERR_UNSUPPORTED,
			"%s: the database's encoding is %s, which cannot hold every text; make one"
			" with ENCODING 'UTF8'",
			s->label, encoding);
	return 0;
}

static int set_up_session(struct pg_store *s, struct err *err)
{
	char sql[1024];
	int r = check_server(s, err);

	if (r < 0)
		return r;
	(void)snprintf(sql, sizeof(sql),
		"%s SET lock_timeout = %u; SET statement_timeout = '%us';"
		" SET idle_in_transaction_session_timeout = '%us';"
		" SET default_transaction_isolation = 'read committed';"
		" SET default_transaction_read_only = %s",
		planner, s->busy_timeout_ms ? s->busy_timeout_ms : 1, s->timeout_s, s->timeout_s,
		s->read_only ? "on" : "off");
	r = pg_exec(s, sql, err);
	s->ready = r == 0;
	return r;
}

/* Which a standby does not tell, nor servers that are not quite PostgreSQL. */
static int find_timeline(struct pg_store *s, struct err *err)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_pg_query_ struct pg_query q =
		pg_query_sql(s, "SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE ('x' || left("
				"pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END");
	int r = pg_select(&q, 0, &e);

	s->timeline = r > 0 ? pg_i64(&q, 0) : 0;
	return r < 0 && s->failure == PG_FAILURE_LOST ? err_move(err, &e) : 0;
}

static int check_connected(struct pg_store *s, struct err *err)
{
	memset(s->prepared, 0, sizeof(s->prepared));
	s->in_transaction = s->ready = s->farewell = false;
	if (!s->conn || PQstatus(s->conn) != CONNECTION_OK)
		return fail_lost(s, err);
	int r = set_up_session(s, err);
	return r < 0 ? r : find_timeline(s, err);
}

int pg_connect(struct pg_store *s, const char *conninfo, bool many_hosts, struct err *err)
{
	char connect_s[16], silence_ms[16];
	/* What stands behind "dbname" wins over what stands before it. */
	const char *const names[] = { "connect_timeout", "tcp_user_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "fallback_application_name",
		"target_session_attrs", "dbname", "client_encoding", NULL };
	const char *const values[] = { connect_s, silence_ms, "30", "10", "3", "clair",
		many_hosts && !s->read_only ? "read-write" : "any", conninfo, "UTF8", NULL };

	(void)snprintf(connect_s, sizeof(connect_s), "%d", LIMIT_PGSQL_CONNECT_S);
	(void)snprintf(silence_ms, sizeof(silence_ms), "%d", LIMIT_PGSQL_SILENCE_MS);
	s->conn = PQconnectdbParams(names, values, 1);
	if (s->conn)
		(void)PQsetNoticeReceiver(s->conn, receive_notice, s);
	return check_connected(s, err);
}

void pg_disconnect(struct pg_store *s)
{
	PQfinish(s->conn);
	s->conn = NULL;
}

/* Whether the server has closed the connection while nobody looked. */
static bool is_closed(struct pg_store *s)
{
	struct pollfd p = { .fd = PQsocket(s->conn), .events = POLLIN };

	if (s->farewell || PQstatus(s->conn) != CONNECTION_OK)
		return true;
	while (poll(&p, 1, 0) > 0) {
		if (!PQconsumeInput(s->conn))
			return true;
		(void)PQisBusy(s->conn); /* takes messages in */
		if (s->farewell)
			return true;
	}
	return false;
}

int pg_ensure(struct pg_store *s, struct err *err)
{
	if (is_closed(s)) {
		PQreset(s->conn);
		return check_connected(s, err);
	}
	return s->ready ? 0 : set_up_session(s, err);
}

/* --- repeating */

static int begin(struct pg_store *s, unsigned flags, struct err *err)
{
	int r = 0;

	if (flags & PG_SNAPSHOT)
		r = pg_exec(s, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
	else if (flags & PG_TRANSACTION)
		r = pg_exec(s, "BEGIN", err);
	s->in_transaction = r == 0 && (flags & (PG_SNAPSHOT | PG_TRANSACTION));
	return r;
}

static int commit(struct pg_store *s, struct err *err)
{
	if (!s->in_transaction)
		return 0;
	s->committing = true;
	int r = pg_exec(s, "COMMIT", err);
	if (r == 0)
		s->in_transaction = false;
	return r;
}

static void roll_back(struct pg_store *s)
{
	_cleanup_err_ struct err err = ERR_INIT;

	/* Where this fails, the connection is at its end, and with it the transaction. */
	if (PQstatus(s->conn) == CONNECTION_OK && !s->farewell &&
		PQtransactionStatus(s->conn) != PQTRANS_IDLE && pg_exec(s, "ROLLBACK", &err) < 0)
		s->farewell = true;
	s->in_transaction = false;
}

static bool may_repeat(const struct pg_store *s, unsigned flags, int attempt)
{
	bool unknown = s->committing || !(flags & (PG_TRANSACTION | PG_SNAPSHOT));

	switch (s->failure) {
	case PG_FAILURE_CONFLICT:
		return attempt < LIMIT_PGSQL_ATTEMPTS;
	case PG_FAILURE_STANDBY:
		return !s->read_only && attempt == 1;
	case PG_FAILURE_LOST:
		return attempt == 1 && (!unknown || flags & PG_REPEATABLE);
	default:
		return false;
	}
}

static int call_once(struct pg_store *s, unsigned flags,
	int (*fn)(struct pg_store *s, void *ctx, struct err *err), void *ctx, struct err *err)
{
	s->committing = false;
	s->failure = PG_FAILURE_FINAL;
	int r = begin(s, flags, err);
	if (r == 0)
		r = fn(s, ctx, err);
	if (r >= 0) {
		int c = commit(s, err);

		if (c < 0)
			r = c;
	}
	if (r < 0)
		roll_back(s);
	return r;
}

int pg_call(struct pg_store *s, unsigned flags,
	int (*fn)(struct pg_store *s, void *ctx, struct err *err), void *ctx, struct err *err)
{
	_cleanup_err_ struct err e = ERR_INIT;
	int r;

	if (s->in_call)
		return fn(s, ctx, err);
	s->in_call = true;
	for (int attempt = 1; (r = pg_ensure(s, &e)) == 0; attempt++) {
		r = call_once(s, flags, fn, ctx, &e);
		if (r >= 0 || !may_repeat(s, flags, attempt))
			break;
		err_clear(&e);
	}
	s->in_call = false;
	return r < 0 ? err_move(err, &e) : r;
}

int pg_again(struct pg_store *s, struct err *err)
{
	s->failure = PG_FAILURE_CONFLICT;
	return err_set(err, ERR_BUSY, "%s: others change the same at this moment", s->label);
}

int pg_session(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err)
{
	int r = pg_ensure(s, err);

	if (r < 0)
		return r;
	s->in_call = true;
	r = fn(s, ctx, err);
	s->in_call = false;
	return r;
}

int pg_once(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err)
{
	return call_once(s, PG_TRANSACTION, fn, ctx, err);
}

int pg_once_reading(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err)
{
	return call_once(s, PG_SNAPSHOT, fn, ctx, err);
}

int pg_transaction(struct pg_store *s, int (*fn)(struct pg_store *s, void *ctx, struct err *err),
	void *ctx, struct err *err)
{
	_cleanup_err_ struct err e = ERR_INIT;
	int r;

	for (int attempt = 1;; attempt++) {
		r = call_once(s, PG_TRANSACTION, fn, ctx, &e);
		if (r >= 0)
			return r;
		if (s->failure != PG_FAILURE_CONFLICT || attempt == LIMIT_PGSQL_ATTEMPTS)
			return err_move(err, &e);
		err_clear(&e);
	}
}
