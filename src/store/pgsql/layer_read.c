/*
 * Reading layers: one round trip (and another to prepare statements on a new connection), one state
 * of the data.
 */
#include "store/pgsql/pgsql_priv.h"

/*
 * A server that takes over may not have the last commits of the one before, and count on from
 * there: the same number, and the same id, would be something else.
 */
static struct layer_state read_state(const struct pg_query *q, int id, int generation)
{
	enum { GENERATION_BITS = 40 };

	return (struct layer_state){ .id = pg_i64(q, id),
		.generation =
			pg_i64(q, generation) + q->s->timeline * (INT64_C(1) << GENERATION_BITS) };
}

static void read_layer(const struct pg_query *q, struct arena *a, struct stored_layer *out,
	struct layer_state *state)
{
	*out = (struct stored_layer){
		.id = pg_i64(q, 0),
		.name = arena_str(a, pg_str(q, 1)),
		.parent = arena_str(a, pg_str(q, 2)),
		.name_space = arena_str(a, pg_str(q, 3)),
		.scheme = arena_str(a, pg_str(q, 4)),
		.engine_version = (uint32_t)pg_i64(q, 5),
	};
	*state = read_state(q, 0, 6);
}

static int get_layer(struct pg_store *s, struct str name, struct arena *a, struct stored_layer *out,
	struct layer_state *state, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_GET);

	pg_bind_str(&q, name);
	int r = pg_select(&q, 0, err);
	if (r > 0)
		read_layer(&q, a, out, state);
	return r;
}

int pgsql_layer_get(struct store *s, struct str name, struct arena *a, struct stored_layer *out,
	struct err *err)
{
	struct layer_state state;

	return get_layer((struct pg_store *)s, name, a, out, &state, err);
}

int pgsql_layer_state(struct store *s, struct str name, struct layer_state *out, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_LAYER_STATE);

	pg_bind_str(&q, name);
	int r = pg_select(&q, 0, err);
	if (r > 0)
		*out = read_state(&q, 0, 1);
	return r;
}

/* --- the chain */

DEFINE_VEC(link_vec, struct chain_link);

struct chain {
	struct str name;
	struct arena *a;
	struct link_vec links; /* the layer first, and then what it stands on */
};

static int add_link(struct chain *c, const struct pg_query *q, uint64_t *bytes, struct err *err)
{
	struct span facts = pg_blob(q, 1);

	*bytes += facts.n;
	if (c->links.n >= LIMIT_LAYERS)
		return err_set(err, ERR_TOO_LARGE, "more than %d layers", LIMIT_LAYERS);
	if (*bytes > LIMIT_TARGET_FACTS)
		return err_set(err, ERR_TOO_LARGE, "facts of more than %d MiB",
			(int)(LIMIT_TARGET_FACTS / MIB));
	const struct chain_link link = { arena_str(c->a, pg_str(q, 0)),
		span_from_str(arena_str(c->a, str_from_span(facts))) };
	vec_push(&c->links, link);
	return 0;
}

static int read_chain(struct pg_store *s, void *ctx, struct err *err)
{
	struct chain *c = ctx;
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_CHAIN);
	uint64_t bytes = 0;

	vec_clear(&c->links);
	pg_bind_str(&q, c->name);
	int r = pg_stream(&q, err);
	while (r == 0 && (r = pg_next(&q, err)) > 0)
		r = add_link(c, &q, &bytes, err);
	if (r < 0)
		pg_drain(s);
	return r;
}

int pgsql_layer_chain(
	struct store *s, struct str name, struct arena *a, struct chain_link **out, struct err *err)
{
	struct chain c = { .name = name, .a = a, .links = VEC_INIT };
	int r = pg_call((struct pg_store *)s, PG_REPEATABLE, read_chain, &c, err);

	if (r == 0 && c.links.n > 0) {
		*out = arena_alloc(a, c.links.n * sizeof(**out));
		for (size_t i = 0; i < c.links.n; i++)
			(*out)[i] = c.links.v[c.links.n - 1 - i];
		r = (int)c.links.n;
	}
	vec_fini(&c.links);
	return r < 0 ? err_wrap(err, "layer %" PRIstr, STR_ARG(name)) : r;
}

/* --- features and vulnerabilities */

struct reading {
	struct str name;
	enum layer_part part;
	struct arena *a;
	struct layer_view *out;
	bool found;
	struct pg_query layer, features, matches;
};

static int add_layer(struct reading *x, struct err *err)
{
	int r = pg_pipeline_rows(&x->layer, err);

	x->found = false;
	while (r == 0 && (r = pg_next(&x->layer, err)) > 0) {
		read_layer(&x->layer, x->a, &x->out->layer, &x->out->state);
		x->found = true;
		r = 0;
	}
	return r;
}

static int add_features(struct pg_query *q, struct view_builder *b, struct err *err)
{
	int r = pg_pipeline_rows(q, err);

	while (r == 0 && (r = pg_next(q, err)) > 0) {
		const struct layer_feature f = {
			.name_space = pg_str(q, 1),
			.scheme = pg_str(q, 2),
			.name = pg_str(q, 3),
			.version = pg_str(q, 4),
			.package = pg_str(q, 5),
			.key = pg_blob(q, 6),
			.added_by = pg_i64(q, 7),
			.added_by_name = pg_str(q, 8),
		};

		view_builder_add_feature(b, pg_i64(q, 0), &f);
		r = 0;
	}
	return r;
}

static int add_matches(struct pg_query *q, struct view_builder *b, struct err *err)
{
	int r = pg_pipeline_rows(q, err);

	while (r == 0 && (r = pg_next(q, err)) > 0) {
		const struct view_fix fix = {
			.feature_id = pg_i64(q, 0),
			.vulnerability_id = pg_i64(q, 1),
			.fixed_key = pg_blob(q, 2),
			.severity = pg_i64(q, 5),
			.source = pg_str(q, 9),
			.state = pg_i64(q, 10),
			.cve = { pg_i64(q, 11), pg_str(q, 12) },
			.match = {
				.fixed_by = pg_str(q, 3),
				.name = pg_str(q, 4),
				.link = pg_str(q, 6),
				.description = pg_str(q, 7),
				.metadata = pg_str(q, 8),
			},
		};

		if ((r = view_builder_add_fix(b, &fix, err)) < 0)
			return err_wrap(err, "%s", q->s->label);
	}
	return r;
}

static int prepare(struct pg_query *q, struct pg_store *s, enum pgsql_statement statement,
	struct str name, struct err *err)
{
	*q = pg_query(s, statement);
	pg_bind_str(q, name);
	return pg_prepare(q, err);
}

static int prepare_all(struct pg_store *s, struct reading *x, struct err *err)
{
	int r = prepare(&x->layer, s, PG_LAYER_GET, x->name, err);

	if (r == 0)
		r = prepare(&x->features, s, PG_LAYER_FEATURES, x->name, err);
	return r < 0 ? r : prepare(&x->matches, s, PG_LAYER_MATCHES, x->name, err);
}

static int send_all(struct pg_store *s, struct reading *x, struct err *err)
{
	int r = pg_pipeline_begin(s, err);

	if (r == 0)
		r = pg_pipeline_send(&x->layer, err);
	if (r == 0)
		r = pg_pipeline_send(&x->features, err);
	if (r == 0 && x->part >= LAYER_PART_VULNERABILITIES)
		r = pg_pipeline_send(&x->matches, err);
	return r < 0 ? r : pg_pipeline_end(s, err);
}

static int receive_all(
	struct pg_store *s, struct reading *x, struct view_builder *b, struct err *err)
{
	int r = pg_pipeline_skip(s, err);

	if (r == 0)
		r = add_layer(x, err);
	if (r == 0)
		r = add_features(&x->features, b, err);
	if (r == 0 && x->part >= LAYER_PART_VULNERABILITIES)
		r = add_matches(&x->matches, b, err);
	return r < 0 ? r : pg_pipeline_skip(s, err);
}

static int read_all(struct pg_store *s, void *ctx, struct err *err)
{
	struct reading *x = ctx;
	struct view_builder b;

	view_builder_init(&b, x->a, x->out);
	int r = prepare_all(s, x, err);
	if (r == 0) {
		r = send_all(s, x, err);
		if (r == 0)
			r = receive_all(s, x, &b, err);
		pg_pipeline_fini(s);
	}
	if (r == 0)
		view_builder_finish(&b);
	view_builder_fini(&b);
	pg_query_fini(&x->layer);
	pg_query_fini(&x->features);
	pg_query_fini(&x->matches);
	return r;
}

int pgsql_layer_read(struct store *base, struct str name, enum layer_part part, struct arena *a,
	struct layer_view *out, struct err *err)
{
	struct pg_store *s = (struct pg_store *)base;
	struct reading x = { .name = name, .part = part, .a = a, .out = out };

	if (part == LAYER_PART_NONE)
		return get_layer(s, name, a, &out->layer, &out->state, err);
	int r = pg_call(s, PG_REPEATABLE, read_all, &x, err);
	return r < 0 ? r : x.found;
}
