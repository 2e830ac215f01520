/*
 * From the temporary tables into the data, by statements over whole tables.
 */
#include "store/pgsql/update_priv.h"

/* --- names */

static const char namespaces_sql[] =
	"INSERT INTO namespace (name, version_format)"
	" SELECT * FROM unnest($1::text[], $2::text[]) AS x (name, version_format) ORDER BY 1"
	" ON CONFLICT (name) DO UPDATE SET version_format = excluded.version_format"
	" WHERE namespace.version_format = ''";

static const char other_scheme_sql[] =
	"SELECT n.name, n.version_format, x.version_format"
	" FROM unnest($1::text[], $2::text[]) AS x (name, version_format)"
	" JOIN namespace n ON n.name = x.name AND n.version_format <> x.version_format LIMIT 1";

static const char packages_sql[] =
	"INSERT INTO package (namespace_id, name)"
	" SELECT DISTINCT n.id, f.package FROM staged_fix f"
	" JOIN staged_advisory a ON a.position = f.position JOIN namespace n ON n.name = a.namespace"
	" WHERE NOT EXISTS (SELECT FROM package p WHERE p.namespace_id = n.id AND"
	" p.name = f.package) ORDER BY 1, 2 ON CONFLICT DO NOTHING";

static void bind_schemes(const struct pg_update *u, struct pg_query *q)
{
	struct buf *names = pg_bind_texts(q, u->schemes.n);
	struct buf *schemes = pg_bind_texts(q, u->schemes.n);
	struct str name;
	void *scheme;

	for (size_t pos = 0; map_next(&u->schemes, &pos, &name, &scheme);) {
		pg_array_bytes(names, span_from_str(name));
		pg_array_bytes(schemes, span_from_str(str_of(scheme)));
	}
}

/* All advisories of a namespace have one scheme. */
static int check_schemes(struct pg_update *u, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query_sql(u->store, other_scheme_sql);

	bind_schemes(u, &q);
	int r = pg_select(&q, 0, err);
	if (r > 0)
		return err_set(err, ERR_INPUT,
			"versions of %" PRIstr " are %" PRIstr "'s, not %" PRIstr "'s",
			STR_ARG(pg_str(&q, 0)), STR_ARG(pg_str(&q, 1)), STR_ARG(pg_str(&q, 2)));
	return r;
}

int pg_write_names(struct pg_store *s, void *update, struct err *err)
{
	struct pg_update *u = update;
	_cleanup_pg_query_ struct pg_query namespaces = pg_query_sql(s, namespaces_sql);
	int r = pg_exec(s, PG_PLAN_WHOLE_TABLES, err);

	bind_schemes(u, &namespaces);
	if (r == 0)
		r = pg_run(&namespaces, 0, err);
	if (r >= 0)
		r = check_schemes(u, err);
	return r < 0 ? r : pg_exec(s, packages_sql, err);
}

/* --- data */

static const char texts_sql[] =
	"INSERT INTO text (hash, body) SELECT DISTINCT ON (hash) hash, body FROM staged_text x"
	" WHERE NOT EXISTS (SELECT FROM text t WHERE t.hash = x.hash) ON CONFLICT DO NOTHING";

static const char mark_deleted_sql[] =
	"UPDATE vulnerability v SET deleted_at = $1 FROM staged_gone g WHERE v.id = g.id";

#define FIX_COLUMNS                                                                    \
	"vulnerability_id, package_id, introduced_key, introduced_version, fixed_key," \
	" fixed_version, state, severity"

static const char keep_fixes_sql[] =
	"WITH moved AS (DELETE FROM fix f USING staged_gone g WHERE f.vulnerability_id = g.id"
	" RETURNING " FIX_COLUMNS ")"
	" INSERT INTO deleted_fix (" FIX_COLUMNS ") SELECT " FIX_COLUMNS " FROM moved";

static const char advisories_sql[] =
	"INSERT INTO vulnerability (id, namespace_id, source_id, name, severity, link,"
	" description_id, metadata, content_hash, created_at)"
	" SELECT a.id, n.id, $1, a.name, a.severity, a.link, t.id, a.metadata, a.content_hash, $2"
	" FROM staged_advisory a JOIN namespace n ON n.name = a.namespace"
	" LEFT JOIN text t ON t.hash = a.description_hash ORDER BY a.position";

static const char fixes_sql[] =
	"INSERT INTO fix (" FIX_COLUMNS ")"
	" SELECT a.id, p.id, f.introduced_key, f.introduced_version, f.fixed_key,"
	" f.fixed_version, f.state, f.severity FROM staged_fix f"
	" JOIN staged_advisory a ON a.position = f.position"
	" JOIN namespace n ON n.name = a.namespace"
	" JOIN package p ON p.namespace_id = n.id AND p.name = f.package"
	" ORDER BY p.id, f.fixed_key";

static const char outdated_sql[] =
	"WITH gone AS (DELETE FROM vulnerability WHERE source_id = $1 AND deleted_at < $2"
	" RETURNING id), fixes AS (DELETE FROM deleted_fix f USING gone"
	" WHERE f.vulnerability_id = gone.id)"
	" SELECT count(*) FROM gone";

static const char unused_texts_sql[] =
	"DELETE FROM text t WHERE NOT EXISTS (SELECT FROM vulnerability v"
	" WHERE v.description_id = t.id)";

static int run(struct pg_store *s, const char *sql, int n_numbers, int64_t first, int64_t second,
	int64_t *answer, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query_sql(s, sql);

	if (n_numbers > 0)
		pg_bind_i64(&q, first);
	if (n_numbers > 1)
		pg_bind_i64(&q, second);
	int r = pg_run(&q, 0, err);
	if (r > 0 && answer)
		*answer = pg_i64(&q, 0);
	return r < 0 ? r : 0;
}

/* History has an end. */
static int drop_outdated(struct pg_update *u, struct err *err)
{
	int64_t n = 0;
	int r = run(u->store, outdated_sql, 2, u->source_id,
		u->state->updated_at - LIMIT_DELETED_ADVISORY_S, &n, err);

	return r < 0 || n == 0 ? r : pg_exec(u->store, unused_texts_sql, err);
}

int pg_write_differences(struct pg_update *u, struct err *err)
{
	struct pg_store *s = u->store;
	int64_t now = u->state->updated_at;
	int r = pg_exec(s, texts_sql, err);

	if (r == 0)
		r = run(s, mark_deleted_sql, 1, now, 0, NULL, err);
	if (r == 0)
		r = pg_exec(s, keep_fixes_sql, err);
	if (r == 0)
		r = pg_exec(s, PG_PLAN_WHOLE_TABLES, err);
	if (r == 0)
		r = run(s, advisories_sql, 2, u->source_id, now, NULL, err);
	if (r == 0)
		r = pg_exec(s, fixes_sql, err);
	if (r == 0)
		r = drop_outdated(u, err);
	/* At the end: whoever replaces a layer waits for this row. */
	return r < 0 ? r : pg_exec(s, "UPDATE generation SET value = value + 1", err);
}
