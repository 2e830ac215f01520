/*
 * Reading layers: a constant number of statements whatever the layer, all in one state of the data.
 */
#include "store/sqlite/sqlite_priv.h"

/* A row of SQL_LAYER_GET; *features_of is where its features are. 1, or 0 when there is none. */
static int get_layer(struct sqlite_store *s, struct str name, struct arena *a,
	struct stored_layer *out, struct layer_state *state, int64_t *features_of, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LAYER_GET);

	query_bind_str(&q, name);
	int r = query_step(&q, err);
	if (r <= 0)
		return r;
	*out = (struct stored_layer){
		.id = query_i64(&q, 0),
		.name = arena_str(a, query_str(&q, 1)),
		.parent = arena_str(a, query_str(&q, 2)),
		.name_space = arena_str(a, query_str(&q, 3)),
		.scheme = arena_str(a, query_str(&q, 4)),
		.engine_version = (uint32_t)query_i64(&q, 5),
	};
	*state = (struct layer_state){ .id = out->id, .generation = query_i64(&q, 6) };
	*features_of = query_i64(&q, 7);
	return 1;
}

int sqlite_layer_get(struct store *s, struct str name, struct arena *a, struct stored_layer *out,
	struct err *err)
{
	struct layer_state state;
	int64_t features_of;

	return get_layer((struct sqlite_store *)s, name, a, out, &state, &features_of, err);
}

int sqlite_layer_state(struct store *s, struct str name, struct layer_state *out, struct err *err)
{
	_cleanup_query_ struct query q =
		query_start(&((struct sqlite_store *)s)->db, SQL_LAYER_STATE);

	query_bind_str(&q, name);
	int r = query_step(&q, err);
	if (r > 0)
		*out = (struct layer_state){ .id = query_i64(&q, 0),
			.generation = query_i64(&q, 1) };
	return r;
}

DEFINE_VEC(link_vec, struct chain_link);

/* The layer first, and then what it stands on. */
static int read_chain(struct query *q, struct arena *a, struct link_vec *links, struct err *err)
{
	uint64_t bytes = 0;
	int r;

	while ((r = query_step(q, err)) > 0) {
		struct span facts = query_blob(q, 1);

		bytes += facts.n;
		if (links->n >= LIMIT_LAYERS)
			return err_set(err, ERR_TOO_LARGE, "more than %d layers", LIMIT_LAYERS);
		if (bytes > LIMIT_TARGET_FACTS)
			return err_set(err, ERR_TOO_LARGE, "facts of more than %d MiB",
				(int)(LIMIT_TARGET_FACTS / MIB));
		const struct chain_link link = { arena_str(a, query_str(q, 0)),
			span_from_str(arena_str(a, str_from_span(facts))) };
		vec_push(links, link);
	}
	return r;
}

int sqlite_layer_chain(
	struct store *s, struct str name, struct arena *a, struct chain_link **out, struct err *err)
{
	_cleanup_query_ struct query q =
		query_start(&((struct sqlite_store *)s)->db, SQL_LAYER_CHAIN);
	struct link_vec links = VEC_INIT;

	query_bind_str(&q, name);
	int r = read_chain(&q, a, &links, err);
	if (r == 0 && links.n > 0) {
		*out = arena_alloc(a, links.n * sizeof(**out));
		for (size_t i = 0; i < links.n; i++)
			(*out)[i] = links.v[links.n - 1 - i];
		r = (int)links.n;
	}
	vec_fini(&links);
	return r < 0 ? err_wrap(err, "layer %" PRIstr, STR_ARG(name)) : r;
}

static int read_features(
	struct sqlite_store *s, int64_t features_of, struct view_builder *b, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LAYER_FEATURES);
	int r;

	query_bind_i64(&q, features_of);
	while ((r = query_step(&q, err)) > 0) {
		const struct layer_feature f = {
			.name_space = query_str(&q, 1),
			.scheme = query_str(&q, 2),
			.name = query_str(&q, 3),
			.version = query_str(&q, 4),
			.package = query_str(&q, 5),
			.key = query_blob(&q, 6),
			.added_by = query_i64(&q, 7),
			.added_by_name = query_str(&q, 8),
		};

		view_builder_add_feature(b, query_i64(&q, 0), &f);
	}
	return r;
}

static int read_matches(
	struct sqlite_store *s, int64_t features_of, struct view_builder *b, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LAYER_MATCHES);
	int r;

	query_bind_i64(&q, features_of);
	while ((r = query_step(&q, err)) > 0) {
		const struct view_fix fix = {
			.feature_id = query_i64(&q, 0),
			.vulnerability_id = query_i64(&q, 1),
			.fixed_key = query_blob(&q, 2),
			.severity = query_i64(&q, 5),
			.source = query_str(&q, 9),
			.state = query_i64(&q, 10),
			.cve = { query_i64(&q, 11), query_str(&q, 12) },
			.match = {
				.fixed_by = query_str(&q, 3),
				.name = query_str(&q, 4),
				.link = query_str(&q, 6),
				.description = query_str(&q, 7),
				.metadata = query_str(&q, 8),
			},
		};

		if (view_builder_add_fix(b, &fix, err) < 0)
			return err_wrap(err, "%s", s->db.label);
	}
	return r;
}

static int read_parts(struct sqlite_store *s, int64_t features_of, enum layer_part part,
	struct arena *a, struct layer_view *out, struct err *err)
{
	struct view_builder b;
	int r = 0;

	view_builder_init(&b, a, out);
	if (part >= LAYER_PART_FEATURES)
		r = read_features(s, features_of, &b, err);
	if (r == 0 && part >= LAYER_PART_VULNERABILITIES)
		r = read_matches(s, features_of, &b, err);
	if (r == 0)
		view_builder_finish(&b);
	view_builder_fini(&b);
	return r;
}

int sqlite_layer_read(struct store *base, struct str name, enum layer_part part, struct arena *a,
	struct layer_view *out, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int64_t features_of;
	int found, r = sqlite_begin_reading(s, err);

	if (r < 0)
		return r;
	found = r = get_layer(s, name, a, &out->layer, &out->state, &features_of, err);
	if (r > 0)
		r = read_parts(s, features_of, part, a, out, err);
	if (r == 0)
		r = sqlite_commit(s, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r < 0 ? r : found;
}
