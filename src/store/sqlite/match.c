/*
 * Matching: the join of the queries with the fixes (see SQL_MATCH), one range of the index
 * fix_match for each query, in one statement and so in one state of the data.
 */
#include "store/sqlite/sqlite_priv.h"

int sqlite_has_namespace(struct store *s, struct str name_space, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_HAS_NAMESPACE);

	query_bind_str(&q, name_space);
	int r = query_step(&q, err);
	return r > 0 ? query_i64(&q, 0) != 0 : r;
}

/* A match with what orders it. */
struct row {
	struct match match;
	int64_t vulnerability_id;
	struct span fixed_key;
	struct str source;
};

static int read_row(const struct query *q, struct arena *a, struct row *out, struct err *err)
{
	int64_t severity = query_i64(q, 4), state = query_i64(q, 5);

	if (severity < 0 || severity >= SEVERITY_COUNT || state < 0 || state >= FIX_STATE_COUNT)
		return err_set(err, ERR_INPUT, "%s: severity %" PRId64 ", state %" PRId64,
			q->db->label, severity, state);
	*out = (struct row){
		.match = {
			.query = (size_t)query_i64(q, 0),
			.severity = (enum severity)severity,
			.state = (enum fix_state)state,
			.name = arena_str(a, query_str(q, 3)),
			.fixed_version = arena_str(a, query_str(q, 6)),
			.link = arena_str(a, query_str(q, 7)),
			.description = arena_str(a, query_str(q, 8)),
		},
		.vulnerability_id = query_i64(q, 1),
		.fixed_key = span_from_str(arena_str(a, query_str(q, 2))),
		.source = arena_str(a, query_str(q, 9)),
	};
	return 0;
}

/* By query, name, source; of one vulnerability the last fix comes first. */
static int cmp_row(const void *va, const void *vb)
{
	const struct row *a = va, *b = vb;
	int c;

	if (a->match.query != b->match.query)
		return a->match.query < b->match.query ? -1 : 1;
	if ((c = str_cmp(a->match.name, b->match.name)) != 0 ||
		(c = str_cmp(a->source, b->source)) != 0)
		return c;
	return str_cmp(str_from_span(b->fixed_key), str_from_span(a->fixed_key));
}

int sqlite_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	VEC_OF(struct row) rows = VEC_INIT;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_MATCH);
	struct row row;
	int r;

	store->queries = queries;
	store->n_queries = n;
	while ((r = query_step(&q, err)) > 0) {
		r = read_row(&q, a, &row, err);
		if (r < 0)
			break;
		vec_push(&rows, row);
	}
	if (r == 0 && rows.n > 0) {
		qsort(rows.v, rows.n, sizeof(*rows.v), cmp_row);
		for (size_t i = 0; i < rows.n; i++) {
			const struct row *last = i > 0 ? &rows.v[i - 1] : NULL;

			if (!last || last->match.query != rows.v[i].match.query ||
				last->vulnerability_id != rows.v[i].vulnerability_id)
				vec_push(&out->items, rows.v[i].match);
		}
	}
	store->n_queries = 0;
	vec_fini(&rows);
	return r;
}
