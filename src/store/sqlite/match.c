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

/* What is the same in all matches of a vulnerability; in the caller's arena. */
struct vulnerability {
	struct str name;
	struct str link;
	struct str description;
	struct str source;
};

/* A match with what orders it. */
struct row {
	struct match match;
	int64_t vulnerability_id;
	struct span fixed_key;
	struct str source;
};

/* A running match. */
struct matching {
	struct arena *a;
	struct map
		vulnerabilities; /* by the bytes of the id → struct vulnerability, in the arena */
	VEC_OF(struct row) rows;
};

static const struct vulnerability *get_vulnerability(
	struct matching *m, const struct query *q, int64_t id)
{
	struct str key = str_n((const char *)&id, sizeof(id));
	struct vulnerability *v = map_get(&m->vulnerabilities, key);

	if (v)
		return v;
	v = arena_alloc(m->a, sizeof(*v));
	v->name = arena_str(m->a, query_str(q, 3));
	v->link = arena_str(m->a, query_str(q, 7));
	v->description = arena_str(m->a, query_str(q, 8));
	v->source = arena_str(m->a, query_str(q, 9));
	map_set(&m->vulnerabilities, key, v);
	return v;
}

static int read_row(struct matching *m, const struct query *q, struct err *err)
{
	int64_t id = query_i64(q, 1), severity = query_i64(q, 4), state = query_i64(q, 5);

	if (severity < 0 || severity >= SEVERITY_COUNT || state < 0 || state >= FIX_STATE_COUNT)
		return err_set(err, ERR_INPUT, "%s: severity %" PRId64 ", state %" PRId64,
			q->db->label, severity, state);
	if (m->rows.n >= LIMIT_MATCHES)
		return err_set(err, ERR_TOO_LARGE, "more than %d matches", LIMIT_MATCHES);
	const struct vulnerability *v = get_vulnerability(m, q, id);
	struct row row = {
		.match = {
			.query = (size_t)query_i64(q, 0),
			.name = v->name,
			.severity = (enum severity)severity,
			.state = (enum fix_state)state,
			.fixed_version = arena_str(m->a, query_str(q, 6)),
			.link = v->link,
			.description = v->description,
		},
		.vulnerability_id = id,
		.fixed_key = span_from_str(arena_str(m->a, query_str(q, 2))),
		.source = v->source,
	};
	vec_push(&m->rows, row);
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

/* Orders the rows, and hands on the first of each query and vulnerability. */
static void hand_over(struct matching *m, struct match_list *out)
{
	const struct row *last = NULL;

	if (m->rows.n > 0)
		qsort(m->rows.v, m->rows.n, sizeof(*m->rows.v), cmp_row);
	for (size_t i = 0; i < m->rows.n; i++) {
		const struct row *row = &m->rows.v[i];

		if (!last || last->match.query != row->match.query ||
			last->vulnerability_id != row->vulnerability_id)
			vec_push(&out->items, row->match);
		last = row;
	}
}

int sqlite_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	struct matching m = { .a = a, .vulnerabilities = MAP_INIT, .rows = VEC_INIT };
	_cleanup_query_ struct query q = query_start(&store->db, SQL_MATCH);
	int r;

	store->queries = queries;
	store->n_queries = n;
	while ((r = query_step(&q, err)) > 0) {
		r = read_row(&m, &q, err);
		if (r < 0)
			break;
	}
	if (r == 0)
		hand_over(&m, out);
	store->n_queries = 0;
	map_fini(&m.vulnerabilities);
	vec_fini(&m.rows);
	return r;
}
