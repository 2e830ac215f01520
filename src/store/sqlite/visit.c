/*
 * Showing everything that feeds have said, in one state of the data.
 */
#include "store/sqlite/sqlite_priv.h"

static int visit_advisory(
	struct sqlite_store *s, int64_t id, struct store_visitor *v, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_vulnerability row;
	int r = sqlite_vulnerability_alone(s, id, &a, &row, err);

	if (r <= 0)
		return r;
	return v->advisory(v,
		&(struct advisory){ .name_space = row.name_space,
			.scheme = row.scheme,
			.name = row.name,
			.severity = row.severity,
			.link = row.link,
			.description = row.description,
			.metadata = row.metadata,
			.cves = row.cves,
			.n_cves = row.n_cves,
			.fixes = row.fixes,
			.n_fixes = row.n_fixes },
		err);
}

static int visit_source(
	struct sqlite_store *s, struct str name, struct store_visitor *v, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CURRENT);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state state;
	int64_t id;
	int r = sqlite_source_get(&s->base, name, &a, &state, err);

	/* Of one that only failed so far nothing is known. */
	if (r <= 0 || state.updated_at == 0)
		return r < 0 ? r : 0;
	if ((r = v->source(v, &state, err)) < 0 || (r = sqlite_source_id(s, name, &id, err)) < 0)
		return r;
	query_bind_i64(&q, id);
	while ((r = query_step(&q, err)) > 0) {
		if ((r = visit_advisory(s, query_i64(&q, 0), v, err)) < 0)
			return r;
	}
	return r;
}

static int visit_cves(struct sqlite_store *s, struct store_visitor *v, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CVES);
	int r;

	while ((r = query_step(&q, err)) > 0) {
		const struct cve_record c = { .name = query_str(&q, 0),
			.severity = (enum severity)query_i64(&q, 1),
			.metadata = query_str(&q, 2) };

		if ((r = v->cve(v, &c, err)) < 0)
			return r;
	}
	return r;
}

static int visit_all(struct sqlite_store *s, struct store_visitor *v, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state *sources;
	size_t n;
	int r = store_source_list(&s->base, &a, &sources, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = visit_source(s, sources[i].name, v, err);
	return r < 0 ? r : visit_cves(s, v, err);
}

int sqlite_visit(struct store *base, struct store_visitor *v, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int r = sqlite_begin_reading(s, err);

	if (r < 0)
		return r;
	if ((r = visit_all(s, v, err)) == 0)
		r = sqlite_commit(s, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r;
}
