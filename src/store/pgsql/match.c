/*
 * Matching: the join of the queries with the fixes (see PG_MATCH), one range of the index fix_match
 * for each query, in one statement and so in one state of the data. Rows are read one by one.
 */
#include "store/pgsql/pgsql_priv.h"

int pgsql_has_namespace(struct store *s, struct str name_space, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_HAS_NAMESPACE);

	pg_bind_str(&q, name_space);
	int r = pg_select(&q, 0, err);
	return r > 0 ? pg_i64(&q, 0) != 0 : r;
}

/* A running match. */
struct matching {
	const struct match_query *queries;
	struct match_fold fold;
	VEC_OF(size_t) asked; /* the queries that a database can hold an answer to */
};

static int read_row(struct matching *m, const struct pg_query *q, struct err *err)
{
	const struct match_row row = {
		.query = m->asked.v[pg_i64(q, 0) - 1],
		.vulnerability_id = pg_i64(q, 1),
		.name = pg_str(q, 2),
		.source = pg_str(q, 3),
		.severity = pg_i64(q, 4),
		.state = pg_i64(q, 5),
		.fixed_version = pg_str(q, 6),
		.link = pg_str(q, 7),
		.description = pg_str(q, 8),
		.fixed_key = span_from_str(pg_str(q, 9)),
		.cves = pg_str(q, 10),
		.arches = pg_str(q, 11),
	};

	return match_fold_add(&m->fold, &row, err);
}

static void bind_queries(const struct matching *m, struct pg_query *q)
{
	struct buf *name_spaces = pg_bind_texts(q, m->asked.n);
	struct buf *packages = pg_bind_texts(q, m->asked.n);
	struct buf *keys = pg_bind_blobs(q, m->asked.n);

	for (size_t i = 0; i < m->asked.n; i++) {
		const struct match_query *query = &m->queries[m->asked.v[i]];

		pg_array_bytes(name_spaces, span_from_str(query->name_space));
		pg_array_bytes(packages, span_from_str(query->package));
		pg_array_bytes(keys, query->key);
	}
}

static int run(struct pg_store *s, void *ctx, struct err *err)
{
	struct matching *m = ctx;
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_MATCH);
	int r;

	match_fold_restart(&m->fold);
	bind_queries(m, &q);
	r = pg_stream(&q, err);
	while (r == 0 && (r = pg_next(&q, err)) > 0)
		r = read_row(m, &q, err);
	if (r < 0)
		pg_drain(s);
	return r;
}

int pgsql_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err)
{
	struct matching m = { .queries = queries, .asked = VEC_INIT };
	int r = 0;

	match_fold_init(&m.fold, queries, a, ((struct pg_store *)s)->label);
	/* An image may call its packages anything. */
	for (size_t i = 0; i < n; i++) {
		if (store_is_text(queries[i].name_space) && store_is_text(queries[i].package))
			vec_push(&m.asked, i);
	}
	if (m.asked.n > 0)
		r = pg_call((struct pg_store *)s, PG_REPEATABLE, run, &m, err);
	if (r == 0)
		match_fold_finish(&m.fold, out);
	match_fold_fini(&m.fold);
	vec_fini(&m.asked);
	return r;
}
