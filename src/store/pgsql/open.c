/*
 * Opening a database: where it is, whether what it holds is ours, and its schema. Tables lie in the
 * first schema of the connection's search_path. The schema's version stands in clair_schema; it is
 * made and migrated in one transaction, under a lock, so that instances that start at once take
 * turns.
 */
#include "store/pgsql/pgsql_priv.h"

static const char scheme_prefix[] = "pgsql:";

bool pgsql_accepts(struct str location)
{
	return str_starts(location, STR("postgresql://")) ||
	       str_starts(location, STR("postgres://")) ||
	       str_starts(location, str_of(scheme_prefix));
}

/* --- the location */

static bool is_secret(const PQconninfoOption *o)
{
	return (o->dispchar[0] == '*' || strstr(o->keyword, "password")) && o->val;
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++) {
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	}
	return NULL;
}

/* What stands for the location in messages: itself, or, when it holds a secret, its parts. */
static char *format_label(const char *location, const PQconninfoOption *options)
{
	_cleanup_buf_ struct buf label = BUF_INIT(2 * LIMIT_PATH);
	bool secret = false;

	for (const PQconninfoOption *o = options; o->keyword; o++)
		secret = secret || is_secret(o);
	if (!secret)
		return xstrdup(location);
	const char *user = option(options, "user"), *host = option(options, "host");
	const char *port = option(options, "port"), *name = option(options, "dbname");
	buf_printf(&label, "postgresql://%s%s%s%s%s/%s", user ? user : "", user ? "@" : "",
		host ? host : "", port ? ":" : "", port ? port : "", name ? name : "");
	return xstrdup(buf_cstr(&label));
}

/*
 * Whether a URL holds an '@' where there is none: libpq ends the password at the first '@', '/'
 * before it, and takes the rest for a host, a port, a name, which messages tell.
 */
static bool is_ambiguous(const char *url)
{
	const char *at = strstr(url, "://");

	if (!at)
		return false;
	at += strlen("://");
	const char *end = at + strcspn(at, "@/");
	if (*end == '@')
		at = end + 1;
	return memchr(at, '@', strcspn(at, "?")) != NULL;
}

static bool names_many_hosts(const PQconninfoOption *options)
{
	const char *host = option(options, "host"), *address = option(options, "hostaddr");

	return (host && strchr(host, ',')) || (address && strchr(address, ','));
}

/* NULL: it is none. What libpq says of a string that it does not understand may quote any part. */
static PQconninfoOption *parse_location(const char *conninfo, struct err *err)
{
	char *text = NULL;
	bool may_hold_secret = strchr(conninfo, '@') || strstr(conninfo, "pass");

	if (strlen(conninfo) >= LIMIT_PATH) {
		(void)err_set(err, ERR_USAGE, "the location of the database is too long");
		return NULL;
	}
	if (is_ambiguous(conninfo)) {
		(void)err_set(err, ERR_USAGE,
			"the location of the database: '@' and '/' in a user's name or password are"
			" written %%40 and %%2F");
		return NULL;
	}
	PQconninfoOption *options = PQconninfoParse(conninfo, &text);
	struct str why =
		may_hold_secret || !text ? STR("libpq does not understand it") : str_of(text);
	if (!options)
		(void)err_set(err, ERR_USAGE,
			"the location of the database is none of PostgreSQL: %" PRIstr,
			STR_ARG(str_trim(why)));
	PQfreemem(text);
	return options;
}

/* --- the schema */

static const char identify_sql[] =
	"SELECT current_schema() IS NULL, EXISTS (SELECT FROM pg_tables WHERE schemaname ="
	" current_schema() AND tablename = 'clair_schema'), EXISTS (SELECT FROM pg_tables"
	" WHERE schemaname = current_schema() AND tablename IN ('schema_migrations',"
	" 'featureversion', 'vulnerability_fixedin_feature')), EXISTS (SELECT FROM pg_tables"
	" WHERE schemaname = current_schema() AND tablename IN ('namespace', 'vulnerability',"
	" 'layer', 'feature', 'keyvalue'))";

static int read_version(struct pg_store *s, int64_t *version, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query_sql(s, "SELECT version FROM clair_schema");
	int r = pg_select(&q, 0, err);

	if (r < 0)
		return r;
	*version = r > 0 ? pg_i64(&q, 0) : 0;
	if (*version > pgsql_migrations_count)
		return err_set(err, ERR_UNSUPPORTED,
			"%s: made by a newer version of this program (its schema is %" PRId64
			", known are those up to %d)",
			s->label, *version, pgsql_migrations_count);
	return 0;
}

/* The version of the schema: 0 when nobody's tables are there yet. */
static int identify(struct pg_store *s, int64_t *version, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query_sql(s, identify_sql);
	int r = pg_select(&q, 0, err);

	*version = 0;
	if (r < 0)
		return r;
	if (pg_i64(&q, 0))
		return err_set(err, ERR_INPUT,
			"%s: no schema of the search_path exists, or may be used", s->label);
	if (pg_i64(&q, 1))
		return read_version(s, version, err);
	if (pg_i64(&q, 2))
		return err_set(err, ERR_INPUT,
			"%s: holds the data of Clair 2, which this program does not read; use a new"
			" database",
			s->label);
	if (pg_i64(&q, 3))
		return err_set(err, ERR_INPUT,
			"%s: holds tables of another program; use a new database", s->label);
	return 0;
}

static int migrate(struct pg_store *s, void *ctx UNUSED, struct err *err)
{
	char sql[256];
	int64_t version = 0;
	int r = pg_exec(s, "SELECT pg_advisory_xact_lock(" PG_MIGRATION_LOCK_ID ")", err);

	if (r == 0)
		r = identify(s, &version, err); /* again: another process may have been faster */
	if (r < 0 || version == pgsql_migrations_count)
		return r;
	for (int64_t i = version; i < pgsql_migrations_count; i++) {
		r = pg_exec(s, pgsql_migrations[i].sql, err);
		if (r < 0)
			return err_wrap(err, "migration %s", pgsql_migrations[i].name);
	}
	(void)snprintf(sql, sizeof(sql),
		"CREATE TABLE IF NOT EXISTS clair_schema (version integer NOT NULL);"
		"DELETE FROM clair_schema; INSERT INTO clair_schema VALUES (%d)",
		pgsql_migrations_count);
	return pg_exec(s, sql, err);
}

static int check_schema(struct pg_store *s, unsigned flags, struct err *err)
{
	int64_t version = 0;
	int r = identify(s, &version, err);

	if (r < 0 || version == pgsql_migrations_count)
		return r;
	if (version == 0 && (!(flags & STORE_CREATE) || s->read_only))
		return err_set(err, ERR_NOT_FOUND, "%s: the database is empty", s->label);
	if (s->read_only)
		return err_set(err, ERR_UNSUPPORTED,
			"%s: made by an older version of this program, and may not be changed",
			s->label);
	s->timeout_s = LIMIT_PGSQL_UPDATE_S;
	s->ready = false;
	r = pg_call(s, PG_TRANSACTION | PG_REPEATABLE, migrate, NULL, err);
	s->timeout_s = LIMIT_PGSQL_STATEMENT_S;
	s->ready = false;
	return r;
}

int pgsql_open(const char *location, unsigned flags, struct store **out, struct err *err)
{
	struct str conninfo = str_of(location);

	(void)str_skip_prefix(&conninfo, str_of(scheme_prefix));
	PQconninfoOption *options = parse_location(conninfo.p, err);
	if (!options)
		return -ERR_USAGE;
	struct pg_store *s = xcalloc(1, sizeof(*s));
	s->label = format_label(location, options);
	s->read_only = flags & STORE_READ_ONLY;
	s->busy_timeout_ms = LIMIT_STORE_BUSY_MS;
	s->timeout_s = LIMIT_PGSQL_STATEMENT_S;
	int r = pg_connect(s, conninfo.p, names_many_hosts(options), err);
	PQconninfoFree(options);
	if (r == 0)
		r = check_schema(s, flags, err);
	if (r < 0) {
		pgsql_close(&s->base);
		return r;
	}
	*out = &s->base;
	return 0;
}

void pgsql_close(struct store *base)
{
	struct pg_store *s = (struct pg_store *)base;

	pg_disconnect(s);
	free(s->label);
	free(s);
}
