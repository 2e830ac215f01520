/*
 * Matching: the join of the queries with the fixes (see PG_MATCH), one range of the index fix_match
 * for each query, in one statement and so in one state of the data. Rows are read one by one: many
 * of them repeat a vulnerability and its texts, which are kept once.
 */
#include "store/pgsql/pgsql_priv.h"

int pgsql_has_namespace(struct store *s, struct str name_space, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_HAS_NAMESPACE);

	pg_bind_str(&q, name_space);
	int r = pg_select(&q, 0, err);
	return r > 0 ? pg_i64(&q, 0) != 0 : r;
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
	const struct match_query *queries;
	size_t n;
	struct arena *a;
	struct map
		vulnerabilities; /* by the bytes of the id → struct vulnerability, in the arena */
	VEC_OF(struct row) rows;
	VEC_OF(size_t) asked; /* the queries that a database can hold an answer to */
};

static const struct vulnerability *get_vulnerability(
	struct matching *m, const struct pg_query *q, int64_t id)
{
	struct str key = str_n((const char *)&id, sizeof(id));
	struct vulnerability *v = map_get(&m->vulnerabilities, key);

	if (v)
		return v;
	v = arena_alloc(m->a, sizeof(*v));
	v->name = arena_str(m->a, pg_str(q, 2));
	v->source = arena_str(m->a, pg_str(q, 3));
	v->link = arena_str(m->a, pg_str(q, 7));
	v->description = arena_str(m->a, pg_str(q, 8));
	map_set(&m->vulnerabilities, key, v);
	return v;
}

static int read_row(struct matching *m, const struct pg_query *q, struct err *err)
{
	int64_t position = pg_i64(q, 0), severity = pg_i64(q, 4), state = pg_i64(q, 5);

	if (severity < 0 || severity >= SEVERITY_COUNT || state < 0 || state >= FIX_STATE_COUNT)
		return err_set(err, ERR_INPUT, "%s: severity %" PRId64 ", state %" PRId64,
			q->s->label, severity, state);
	if (m->rows.n >= LIMIT_MATCHES)
		return err_set(err, ERR_TOO_LARGE, "more than %d matches", LIMIT_MATCHES);
	const struct vulnerability *v = get_vulnerability(m, q, pg_i64(q, 1));
	struct row row = {
		.match = {
			.query = m->asked.v[position - 1],
			.name = v->name,
			.severity = (enum severity)severity,
			.state = (enum fix_state)state,
			.fixed_version = arena_str(m->a, pg_str(q, 6)),
			.link = v->link,
			.description = v->description,
		},
		.vulnerability_id = pg_i64(q, 1),
		.fixed_key = span_from_str(arena_str(m->a, pg_str(q, 9))),
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

	vec_clear(&m->rows);
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
	struct matching m = { queries, n, a, MAP_INIT, VEC_INIT, VEC_INIT };
	int r = 0;

	/* An image may call its packages anything. */
	for (size_t i = 0; i < n; i++) {
		if (store_is_text(queries[i].name_space) && store_is_text(queries[i].package))
			vec_push(&m.asked, i);
	}
	if (m.asked.n > 0)
		r = pg_call((struct pg_store *)s, PG_REPEATABLE, run, &m, err);
	if (r == 0)
		hand_over(&m, out);
	map_fini(&m.vulnerabilities);
	vec_fini(&m.rows);
	vec_fini(&m.asked);
	return r;
}
