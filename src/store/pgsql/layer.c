/*
 * Layers: stored, replaced and deleted, each in one transaction. What a layer refers to by name
 * (namespaces, packages, features) is made before, in transactions of its own; it stays.
 */
#include "store/pgsql/pgsql_priv.h"

/* A layer as it is stored. */
struct layer_row {
	int64_t id; /* 0: it is not there */
	int64_t engine_version;
	int64_t parent_id; /* 0: none */
	int64_t content_id;
	int64_t features_of; /* 0: its own */
};

/* A layer_put() under way. */
struct putting {
	const struct layer_put *put;
	struct content_hash hash; /* of the facts */
	int64_t name_space_id;    /* 0: none */
	int64_t *features;        /* their ids; heap */
	bool replaces;
	/* Anew in each attempt: */
	struct layer_row old; /* what is there under the name */
	struct layer_row new;
};

static int find_layer(struct pg_store *s, struct str name, struct layer_row *out, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_FIND);

	pg_bind_str(&q, name);
	*out = (struct layer_row){ .id = 0 };
	int r = pg_select(&q, 0, err);
	if (r > 0)
		*out = (struct layer_row){
			.id = pg_i64(&q, 0),
			.engine_version = pg_i64(&q, 1),
			.parent_id = pg_i64(&q, 2),
			.content_id = pg_i64(&q, 3),
			.features_of = pg_i64(&q, 4),
		};
	return r < 0 ? r : 0;
}

static void bind_id(struct pg_query *q, int64_t id)
{
	if (id)
		pg_bind_i64(q, id);
	else
		pg_bind_null(q);
}

/* --- names, before the transaction */

/* The namespaces of the layer and its features, each once. */
struct spaces {
	struct arena arena;
	struct map index; /* name → size_t, its place in v, in the arena */
	VEC_OF(struct pg_name_space) v;
};

static void spaces_fini(struct spaces *x)
{
	map_fini(&x->index);
	vec_fini(&x->v);
	arena_fini(&x->arena);
}

/* The namespace of this name, or NULL. */
static struct pg_name_space *get_space(const struct spaces *x, struct str name)
{
	const size_t *known = map_get(&x->index, name);

	return known && *known < x->v.n ? x->v.v + *known : NULL;
}

static int add_space(struct spaces *x, struct str name, struct str scheme, struct err *err)
{
	struct pg_name_space *there = get_space(x, name);

	if (there)
		return store_merge_scheme(name, there->scheme, scheme, &there->scheme, err);
	if (name.n > LIMIT_PGSQL_NAME)
		return err_set(err, ERR_INPUT, "a namespace of %zu bytes", name.n);
	size_t *place = arena_alloc(&x->arena, sizeof(*place));
	*place = x->v.n;
	map_set(&x->index, name, place);
	const struct pg_name_space space = { .name = name, .scheme = scheme };
	vec_push(&x->v, space);
	return 0;
}

static size_t count_features(const struct layer_put *put)
{
	return put->inherits ? 0 : put->n_features;
}

static int64_t space_id(const struct spaces *x, struct str name)
{
	const struct pg_name_space *there = get_space(x, name);

	return there ? there->id : 0;
}

static int find_features(
	struct pg_store *s, struct putting *p, const struct spaces *x, struct err *err)
{
	size_t n = count_features(p->put);
	_cleanup_free_ int64_t *ids = xcalloc(n + 1, sizeof(*ids));

	p->features = xcalloc(n + 1, sizeof(*p->features));
	for (size_t i = 0; i < n; i++)
		ids[i] = space_id(x, p->put->features[i].name_space);
	return pg_feature_ids(s, p->put->features, ids, n, p->features, err);
}

static int prepare_names(struct pg_store *s, struct putting *p, struct err *err)
{
	_cleanup_(spaces_fini) struct spaces x = {
		.arena = ARENA_INIT, .index = MAP_INIT, .v = VEC_INIT
	};
	const struct layer_put *put = p->put;
	int r = 0;

	if (put->name_space.n > 0)
		r = add_space(&x, put->name_space, put->scheme, err);
	for (size_t i = 0; r == 0 && i < count_features(put); i++)
		r = add_space(&x, put->features[i].name_space, put->features[i].scheme, err);
	if (r == 0)
		r = pg_namespace_ids(s, x.v.v, x.v.n, err);
	if (r < 0)
		return r;
	p->name_space_id = space_id(&x, put->name_space);
	p->hash = content_hash_of(put->facts);
	return find_features(s, p, &x, err);
}

/* --- the transaction: what the row refers to */

static int lock_layers(struct pg_store *s, bool alone, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q =
		pg_query(s, alone ? PG_LAYERS_LOCK : PG_LAYERS_LOCK_SHARED);
	int r = pg_run(&q, 0, err);

	return r < 0 ? r : 0;
}

/* The parent stays until the end of the transaction. */
static int find_parent(struct pg_store *s, struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_PARENT);

	if (p->old.id ? p->old.parent_id == 0 : p->put->parent.n == 0)
		return 0;
	pg_bind_str(&q, p->old.id ? STR_NULL : p->put->parent);
	bind_id(&q, p->old.parent_id);
	int r = pg_select(&q, 0, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_NOT_FOUND, "its parent %" PRIstr " is not there",
			STR_ARG(p->put->parent));
	p->new.parent_id = pg_i64(&q, 0);
	if (p->put->inherits)
		p->new.features_of = pg_i64(&q, 1);
	return 0;
}

static int get_content(struct pg_store *s, struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_CONTENT_GET);

	pg_bind_blob(&q, content_hash_span(&p->hash));
	int r = pg_select(&q, 0, err);
	if (r > 0)
		p->new.content_id = pg_i64(&q, 0);
	return r;
}

static int find_content(struct pg_store *s, struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query add = pg_query(s, PG_CONTENT_ADD);
	int r = get_content(s, p, err);

	if (r != 0)
		return r < 0 ? r : 0;
	pg_bind_blob(&add, content_hash_span(&p->hash));
	pg_bind_blob(&add, p->put->facts);
	if ((r = pg_run(&add, 0, err)) > 0)
		p->new.content_id = pg_i64(&add, 0);
	else if (r == 0 && (r = get_content(s, p, err)) == 0)
		r = pg_again(s, err);
	return r < 0 ? r : 0;
}

/* Nobody else does this at the same time: whoever leaves a content has locked the others out. */
static int drop_unused_contents(struct pg_store *s, const int64_t *ids, size_t n, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_CONTENT_DROP_UNUSED);
	struct buf *array = pg_bind_i64s(&q, n);

	for (size_t i = 0; i < n; i++)
		pg_array_i64(array, ids[i]);
	int r = pg_run(&q, 0, err);
	return r < 0 ? r : 0;
}

/* --- features */

static bool is_own(const struct putting *p, const struct layer_feature *f)
{
	return f->added_by == 0 || f->added_by == p->new.id;
}

static bool has_row(struct pg_query *q, int n, int64_t id)
{
	for (q->row = 0; q->row < n; q->row++) {
		if (pg_i64(q, 0) == id)
			return true;
	}
	return false;
}

/* Who introduced a feature has to be there, below this layer. */
static int check_added_by(struct pg_store *s, const struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_ANCESTORS);
	int n = -1;

	pg_bind_i64(&q, p->new.parent_id);
	for (size_t i = 0; i < count_features(p->put); i++) {
		const struct layer_feature *f = &p->put->features[i];

		if (is_own(p, f))
			continue;
		if (n < 0 && (n = pg_select(&q, 0, err)) < 0)
			return n;
		if (p->new.parent_id == 0 || !has_row(&q, n, f->added_by))
			return err_set(err, ERR_NOT_FOUND,
				"a layer below it, which introduced a feature, is gone");
	}
	return 0;
}

static int add_features(struct pg_store *s, const struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_FEATURE_ADD);
	size_t n = count_features(p->put);
	int r = check_added_by(s, p, err);

	if (r < 0 || n == 0)
		return r;
	pg_bind_i64(&q, p->new.id);
	struct buf *ids = pg_bind_i64s(&q, n), *added_by = pg_bind_i64s(&q, n);
	for (size_t i = 0; i < n; i++) {
		const struct layer_feature *f = &p->put->features[i];

		pg_array_i64(ids, p->features[i]);
		pg_array_i64(added_by, is_own(p, f) ? p->new.id : f->added_by);
	}
	r = pg_run(&q, 0, err);
	return r < 0 ? r : 0;
}

/* --- the row */

static int add_layer(struct pg_store *s, struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_ADD);

	pg_bind_str(&q, p->put->name);
	bind_id(&q, p->new.parent_id);
	bind_id(&q, p->name_space_id);
	pg_bind_i64(&q, p->put->engine_version);
	pg_bind_i64(&q, p->new.content_id);
	bind_id(&q, p->new.features_of);
	int r = pg_run(&q, 0, err);
	if (r == 0)
		return pg_again(s, err); /* somebody else was faster */
	if (r > 0)
		p->new.id = pg_i64(&q, 0);
	return r < 0 ? r : 0;
}

static int update_row(struct pg_store *s, const struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_REPLACE);

	pg_bind_i64(&q, p->new.id);
	bind_id(&q, p->name_space_id);
	pg_bind_i64(&q, p->put->engine_version);
	pg_bind_i64(&q, p->new.content_id);
	bind_id(&q, p->new.features_of);
	int r = pg_run(&q, 0, err);
	/* Deleted meanwhile. */
	return r == 0 ? pg_again(s, err) : r < 0 ? r : 0;
}

static int delete_features(struct pg_store *s, int64_t layer, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_FEATURES_DELETE);

	pg_bind_i64(&q, layer);
	int r = pg_run(&q, 0, err);
	return r < 0 ? r : 0;
}

/* What inherits from this layer follows it to where its list is now. */
static int move_heirs(struct pg_store *s, const struct putting *p, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_HEIRS_SET);

	pg_bind_i64(&q, p->new.id);
	pg_bind_i64(&q, p->new.features_of ? p->new.features_of : p->new.id);
	int r = pg_run(&q, 0, err);
	return r < 0 ? r : 0;
}

static int replace_layer(struct pg_store *s, struct putting *p, struct err *err)
{
	int r;

	p->new.id = p->old.id;
	if ((r = update_row(s, p, err)) < 0 || (r = delete_features(s, p->new.id, err)) < 0)
		return r;
	if (p->new.features_of != p->old.features_of && (r = move_heirs(s, p, err)) < 0)
		return r;
	if (p->new.content_id == p->old.content_id)
		return 0;
	return drop_unused_contents(s, &p->old.content_id, 1, err);
}

/* 1, or 0 when what is there stays. */
static int put_in_transaction(struct pg_store *s, void *ctx, struct err *err)
{
	struct putting *p = ctx;
	int r = lock_layers(s, p->replaces, err);

	if (r == 0)
		r = find_layer(s, p->put->name, &p->old, err);
	if (r < 0 || (p->old.id && p->old.engine_version >= p->put->engine_version))
		return r;
	if (p->old.id && !p->replaces) {
		p->replaces = true;
		return pg_again(s, err);
	}
	p->new = (struct layer_row){ .id = 0 };
	if ((r = find_parent(s, p, err)) < 0 || (r = find_content(s, p, err)) < 0)
		return r;
	r = p->old.id ? replace_layer(s, p, err) : add_layer(s, p, err);
	if (r == 0)
		r = add_features(s, p, err);
	if (r == 0 && p->old.id)
		r = pg_generation_bump(s, err);
	return r < 0 ? r : 1;
}

int pgsql_layer_put(struct store *base, const struct layer_put *put, struct err *err)
{
	struct pg_store *s = (struct pg_store *)base;
	struct putting p = { .put = put };
	int r = find_layer(s, put->name, &p.old, err);

	if (r < 0 || (p.old.id && p.old.engine_version >= put->engine_version))
		return r;
	p.replaces = p.old.id != 0;
	r = prepare_names(s, &p, err);
	if (r == 0)
		r = pg_call(s, PG_TRANSACTION | PG_REPEATABLE, put_in_transaction, &p, err);
	free(p.features);
	return r;
}

/* --- deleting */

static int delete_in_transaction(struct pg_store *s, void *ctx, struct err *err)
{
	const struct str *name = ctx;
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_LAYER_DELETE);
	VEC_OF(int64_t) contents = VEC_INIT;
	int n = lock_layers(s, true, err);

	if (n < 0)
		return n;
	pg_bind_str(&q, *name);
	n = pg_run(&q, 0, err);
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no layer %" PRIstr, STR_ARG(*name));
	for (q.row = 0; q.row < n; q.row++)
		vec_push(&contents, pg_i64(&q, 0));
	if (n > 0)
		n = drop_unused_contents(s, contents.v, contents.n, err);
	vec_fini(&contents);
	return n;
}

int pgsql_layer_delete(struct store *s, struct str name, struct err *err)
{
	return pg_call((struct pg_store *)s, PG_TRANSACTION, delete_in_transaction, &name, err);
}
