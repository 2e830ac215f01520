/*
 * Showing everything that feeds have said, in one state of the data: a cursor over each source's
 * advisories, and for each piece of them their fixes by one statement.
 */
#include "store/pgsql/pgsql_priv.h"

static const char current_sql[] =
	"DECLARE visited CURSOR FOR"
	" SELECT v.id, v.name, n.name, n.version_format, v.severity, v.link, t.body,"
	" v.metadata, v.cves FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id"
	" LEFT JOIN text t ON t.id = v.description_id"
	" WHERE v.source_id = %" PRId64 " AND v.deleted_at IS NULL ORDER BY n.name, v.name";

/* As PG_FIXES, for several vulnerabilities, in the order of the array. */
static const char fixes_sql[] =
	"SELECT p.name, x.introduced_key, x.introduced_version, x.fixed_key, x.fixed_version,"
	" x.state, x.severity, x.arches, w.id FROM unnest($1::bigint[]) WITH ORDINALITY"
	" AS w(id, place) JOIN fix x ON x.vulnerability_id = w.id"
	" JOIN package p ON p.id = x.package_id"
	" ORDER BY w.place, p.name, x.introduced_key, x.arches COLLATE \"C\"";

DEFINE_VEC(fix_vec, struct advisory_fix);

/* The fixes of a vulnerability, from the row of q on, which then stands behind them. */
static int read_fixes(struct pg_query *q, int n, int64_t id, struct arena *a, struct fix_vec *out,
	struct err *err)
{
	struct fix_record f;
	int r = 0;

	vec_clear(out);
	for (; r == 0 && q->row < n && pg_i64(q, 8) == id; q->row++) {
		if ((r = pg_read_fix(q, a, &f, err)) < 0)
			break;
		const struct advisory_fix fix = { f.package, f.introduced, f.fixed_version, f.state,
			f.severity, f.arches };
		vec_push(out, fix);
	}
	return r;
}

static int show(struct store_visitor *v, const struct stored_vulnerability *row,
	const struct fix_vec *fixes, struct err *err)
{
	return v->advisory(v,
		&(struct advisory){ .name_space = row->name_space,
			.scheme = row->scheme,
			.name = row->name,
			.severity = row->severity,
			.link = row->link,
			.description = row->description,
			.metadata = row->metadata,
			.cves = row->cves,
			.n_cves = row->n_cves,
			.fixes = fixes->v,
			.n_fixes = fixes->n },
		err);
}

/* The n advisories that q holds. */
static int visit_piece(struct pg_query *q, int n, struct store_visitor *v, struct err *err)
{
	_cleanup_pg_query_ struct pg_query fixes_q = pg_query_sql(q->s, fixes_sql);
	struct buf *ids = pg_bind_i64s(&fixes_q, (size_t)n);
	struct fix_vec fixes = VEC_INIT;

	for (q->row = 0; q->row < n; q->row++)
		pg_array_i64(ids, pg_i64(q, 0));
	int n_fixes = pg_select(&fixes_q, 0, err);
	int r = n_fixes < 0 ? n_fixes : 0;
	fixes_q.row = 0;
	for (q->row = 0; r == 0 && q->row < n; q->row++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct stored_vulnerability row;

		if ((r = pg_read_vulnerability(q, &a, &row, err)) == 0)
			r = read_fixes(&fixes_q, n_fixes, row.id, &a, &fixes, err);
		if (r == 0)
			r = show(v, &row, &fixes, err);
	}
	vec_fini(&fixes);
	return r;
}

static int visit_advisories(
	struct pg_store *s, int64_t source, struct store_visitor *v, struct err *err)
{
	char sql[512];
	int r, n = 1;

	(void)snprintf(sql, sizeof(sql), current_sql, source);
	r = pg_exec(s, sql, err);
	while (r == 0 && n > 0) {
		_cleanup_pg_query_ struct pg_query q = pg_query_sql(s, "FETCH 256 FROM visited");

		n = pg_select(&q, 0, err);
		r = n < 0 ? n : visit_piece(&q, n, v, err);
	}
	return r < 0 ? r : pg_exec(s, "CLOSE visited", err);
}

static int visit_source(
	struct pg_store *s, struct str name, struct store_visitor *v, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_SOURCE_GET);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state state;
	int r = pgsql_source_get(&s->base, name, &a, &state, err);

	/* Of one that only failed so far nothing is known. */
	if (r <= 0 || state.updated_at == 0)
		return r < 0 ? r : 0;
	pg_bind_str(&q, name);
	r = pg_select(&q, 0, err);
	if (r <= 0)
		return r;
	int64_t id = pg_i64(&q, 8);
	r = v->source(v, &state, err);
	return r < 0 ? r : visit_advisories(s, id, v, err);
}

static int visit_cve(const struct pg_query *q, struct store_visitor *v, struct err *err)
{
	return v->cve(v,
		&(struct cve_record){ .name = pg_str(q, 0),
			.severity = (enum severity)pg_i64(q, 1),
			.metadata = pg_str(q, 2) },
		err);
}

static int visit_cves(struct pg_store *s, struct store_visitor *v, struct err *err)
{
	int r, n = 1;

	r = pg_exec(s,
		"DECLARE visited CURSOR FOR SELECT name, severity, metadata FROM cve"
		" ORDER BY name COLLATE \"C\"",
		err);
	while (r == 0 && n > 0) {
		_cleanup_pg_query_ struct pg_query q = pg_query_sql(s, "FETCH 256 FROM visited");

		n = pg_select(&q, 0, err);
		for (q.row = 0; r == 0 && q.row < n; q.row++)
			r = visit_cve(&q, v, err);
		if (n < 0)
			r = n;
	}
	return r < 0 ? r : pg_exec(s, "CLOSE visited", err);
}

static int visit_all(struct pg_store *s, void *ctx, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state *sources;
	size_t n;
	int r = store_source_list(&s->base, &a, &sources, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = visit_source(s, sources[i].name, ctx, err);
	return r < 0 ? r : visit_cves(s, ctx, err);
}

static int visit(struct pg_store *s, void *ctx, struct err *err)
{
	return pg_once_reading(s, visit_all, ctx, err);
}

int pgsql_visit(struct store *base, struct store_visitor *v, struct err *err)
{
	struct pg_store *s = (struct pg_store *)base;

	s->timeout_s = LIMIT_PGSQL_UPDATE_S;
	s->ready = false;
	int r = pg_session(s, visit, v, err);
	s->timeout_s = LIMIT_PGSQL_STATEMENT_S;
	s->ready = false;
	return r;
}
