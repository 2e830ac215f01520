/*
 * Layers: stored, replaced and deleted, each in one transaction.
 */
#include "store/sqlite/sqlite_priv.h"

/* A layer as it is stored. */
struct layer_row {
	int64_t id; /* 0: it is not there */
	int64_t engine_version;
	int64_t parent_id; /* 0: none */
	int64_t content_id;
	int64_t features_of; /* 0: its own */
};

static int find_layer(
	struct sqlite_store *s, struct str name, struct layer_row *out, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LAYER_FIND);

	query_bind_str(&q, name);
	*out = (struct layer_row){ .id = 0 };
	int r = query_step(&q, err);
	if (r > 0)
		*out = (struct layer_row){
			.id = query_i64(&q, 0),
			.engine_version = query_i64(&q, 1),
			.parent_id = query_i64(&q, 2),
			.content_id = query_i64(&q, 3),
			.features_of = query_i64(&q, 4),
		};
	return r < 0 ? r : 0;
}

static void bind_id(struct query *q, int64_t id)
{
	if (id)
		query_bind_i64(q, id);
	else
		query_bind_null(q);
}

/* --- facts */

static int content_id(struct sqlite_store *s, struct span facts, int64_t *id, struct err *err)
{
	const struct content_hash hash = content_hash_of(facts);
	_cleanup_query_ struct query get = query_start(&s->db, SQL_CONTENT_GET);
	_cleanup_query_ struct query add = query_start(&s->db, SQL_CONTENT_ADD);

	query_bind_blob(&get, content_hash_span(&hash));
	int r = query_step(&get, err);
	if (r > 0)
		*id = query_i64(&get, 0);
	if (r != 0)
		return r < 0 ? r : 0;
	query_bind_blob(&add, content_hash_span(&hash));
	query_bind_blob(&add, facts);
	if ((r = query_run(&add, err)) == 0)
		*id = sqlite3_last_insert_rowid(s->db.handle);
	return r;
}

static int drop_unused_content(struct sqlite_store *s, int64_t id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CONTENT_DROP_UNUSED);

	query_bind_i64(&q, id);
	return query_run(&q, err);
}

/* --- features */

/* A layer_put() under way. */
struct putting {
	struct sqlite_store *s;
	const struct layer_put *put;
	struct layer_row old; /* what is there under the name */
	struct layer_row new;
	int64_t name_space_id;
	struct str last_name_space; /* of the feature before: they repeat */
	int64_t last_name_space_id;
	VEC_OF(int64_t) ancestors; /* only when a feature comes from one */
};

static int load_ancestors(struct putting *p, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&p->s->db, SQL_LAYER_ANCESTORS);
	int r;

	query_bind_i64(&q, p->new.parent_id);
	while ((r = query_step(&q, err)) > 0)
		vec_push(&p->ancestors, query_i64(&q, 0));
	return r;
}

/* Who introduced a feature has to be there, below this layer. */
static int check_added_by(struct putting *p, int64_t id, struct err *err)
{
	int r = p->ancestors.n > 0 || !p->new.parent_id ? 0 : load_ancestors(p, err);

	if (r < 0)
		return r;
	vec_for_each(ancestor, &p->ancestors) {
		if (*ancestor == id)
			return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "a layer below it, which introduced a feature, is gone");
}

static int feature_name_space(
	struct putting *p, const struct layer_feature *f, int64_t *id, struct err *err)
{
	if (p->last_name_space_id && str_eq(p->last_name_space, f->name_space)) {
		*id = p->last_name_space_id;
		return 0;
	}
	int r = sqlite_namespace_id(p->s, f->name_space, f->scheme, id, err);
	if (r == 0) {
		p->last_name_space = f->name_space;
		p->last_name_space_id = *id;
	}
	return r;
}

static void bind_feature(
	struct query *q, int64_t name_space, int64_t package, const struct layer_feature *f)
{
	query_bind_i64(q, name_space);
	query_bind_str(q, f->name);
	query_bind_str(q, f->version);
	query_bind_i64(q, package);
	query_bind_blob(q, f->key);
}

static int feature_id(
	struct putting *p, const struct layer_feature *f, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query get = query_start(&p->s->db, SQL_FEATURE_GET);
	_cleanup_query_ struct query add = query_start(&p->s->db, SQL_FEATURE_ADD);
	int64_t name_space = 0, package = 0;
	int r = feature_name_space(p, f, &name_space, err);

	if (r < 0 || (r = sqlite_package_id(p->s, name_space, f->package, &package, err)) < 0)
		return r;
	bind_feature(&get, name_space, package, f);
	r = query_step(&get, err);
	if (r > 0)
		*id = query_i64(&get, 0);
	if (r != 0)
		return r < 0 ? r : 0;
	bind_feature(&add, name_space, package, f);
	if ((r = query_run(&add, err)) == 0)
		*id = sqlite3_last_insert_rowid(p->s->db.handle);
	return r;
}

static int add_feature(struct putting *p, const struct layer_feature *f, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&p->s->db, SQL_LAYER_FEATURE_ADD);
	bool own = f->added_by == 0 || f->added_by == p->new.id;
	int64_t id = 0;
	int r = own ? 0 : check_added_by(p, f->added_by, err);

	if (r == 0)
		r = feature_id(p, f, &id, err);
	if (r < 0)
		return r;
	query_bind_i64(&q, p->new.id);
	query_bind_i64(&q, id);
	query_bind_i64(&q, own ? p->new.id : f->added_by);
	return query_run(&q, err);
}

static int add_features(struct putting *p, struct err *err)
{
	int r = 0;

	if (p->put->inherits)
		return 0;
	for (size_t i = 0; r == 0 && i < p->put->n_features; i++)
		r = add_feature(p, &p->put->features[i], err);
	return r;
}

/* --- the layer itself */

static int find_parent(struct putting *p, struct layer_row *parent, struct err *err)
{
	int r = find_layer(p->s, p->put->parent, parent, err);

	if (r == 0 && parent->id == 0)
		r = err_set(err, ERR_NOT_FOUND, "its parent %" PRIstr " is not there",
			STR_ARG(p->put->parent));
	return r;
}

/* Where an inherited list is: the parent's place, which may be another's. */
static int find_heritage(struct putting *p, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&p->s->db, SQL_LAYER_FEATURES_OF);

	if (!p->put->inherits || !p->new.parent_id)
		return 0;
	query_bind_i64(&q, p->new.parent_id);
	int r = query_step(&q, err);
	if (r > 0)
		p->new.features_of = query_i64(&q, 0);
	return r < 0 ? r : 0;
}

/* All that a row refers to. */
static int prepare(struct putting *p, struct err *err)
{
	struct layer_row parent = { .id = 0 };
	int r = 0;

	if (p->old.id)
		p->new.parent_id = p->old.parent_id;
	else if (p->put->parent.n > 0 && (r = find_parent(p, &parent, err)) == 0)
		p->new.parent_id = parent.id;
	if (r == 0 && p->put->name_space.n > 0)
		r = sqlite_namespace_id(
			p->s, p->put->name_space, p->put->scheme, &p->name_space_id, err);
	if (r == 0)
		r = find_heritage(p, err);
	return r < 0 ? r : content_id(p->s, p->put->facts, &p->new.content_id, err);
}

static int add_layer(struct putting *p, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&p->s->db, SQL_LAYER_ADD);

	query_bind_str(&q, p->put->name);
	bind_id(&q, p->new.parent_id);
	bind_id(&q, p->name_space_id);
	query_bind_i64(&q, p->put->engine_version);
	query_bind_i64(&q, p->new.content_id);
	bind_id(&q, p->new.features_of);
	query_bind_i64(&q, clock_wall_s());
	int r = query_run(&q, err);
	if (r == 0)
		p->new.id = sqlite3_last_insert_rowid(p->s->db.handle);
	return r;
}

static int run_for_id(
	struct sqlite_store *s, enum sqlite_statement statement, int64_t id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, statement);

	query_bind_i64(&q, id);
	return query_run(&q, err);
}

/* What inherits from this layer follows it to where its list is now. */
static int move_heirs(struct putting *p, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&p->s->db, SQL_LAYER_HEIRS_SET);

	query_bind_i64(&q, p->new.id);
	query_bind_i64(&q, p->new.features_of ? p->new.features_of : p->new.id);
	return query_run(&q, err);
}

static int update_row(struct putting *p, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&p->s->db, SQL_LAYER_REPLACE);

	bind_id(&q, p->name_space_id);
	query_bind_i64(&q, p->put->engine_version);
	query_bind_i64(&q, p->new.content_id);
	bind_id(&q, p->new.features_of);
	query_bind_i64(&q, p->new.id);
	return query_run(&q, err);
}

static int replace_layer(struct putting *p, struct err *err)
{
	int r;

	p->new.id = p->old.id;
	if ((r = update_row(p, err)) < 0 ||
		(r = run_for_id(p->s, SQL_LAYER_FEATURES_DELETE, p->new.id, err)) < 0)
		return r;
	if (p->new.features_of != p->old.features_of && (r = move_heirs(p, err)) < 0)
		return r;
	if (p->new.content_id != p->old.content_id &&
		(r = drop_unused_content(p->s, p->old.content_id, err)) < 0)
		return r;
	return sqlite_generation_bump(p->s, err);
}

static int put_in_transaction(struct putting *p, struct err *err)
{
	int r = find_layer(p->s, p->put->name, &p->old, err);

	if (r < 0)
		return r;
	if (p->old.id && p->old.engine_version >= p->put->engine_version)
		return 0;
	if ((r = prepare(p, err)) == 0)
		r = p->old.id ? replace_layer(p, err) : add_layer(p, err);
	if (r == 0)
		r = add_features(p, err);
	if (r == 0)
		r = sqlite_commit(p->s, err);
	return r < 0 ? r : 1;
}

int sqlite_layer_put(struct store *base, const struct layer_put *put, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	struct putting p = { .s = s, .put = put, .ancestors = VEC_INIT };
	int r = sqlite_begin(s, err);

	if (r < 0)
		return r;
	r = put_in_transaction(&p, err);
	if (r <= 0)
		sqlite_rollback(&s->db);
	vec_fini(&p.ancestors);
	return r;
}

/* --- deleting */

/* A layer that is to be deleted. */
struct doomed {
	int64_t id;
	int64_t content_id;
};

DEFINE_VEC(doomed_vec, struct doomed);

/* The layer, and its descendants behind those they stand on. */
static int find_descendants(
	struct sqlite_store *s, struct str name, struct doomed_vec *out, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_LAYER_DESCENDANTS);
	int r;

	query_bind_str(&q, name);
	while ((r = query_step(&q, err)) > 0) {
		const struct doomed d = { query_i64(&q, 0), query_i64(&q, 1) };

		vec_push(out, d);
	}
	if (r == 0 && out->n == 0)
		r = err_set(err, ERR_NOT_FOUND, "there is no layer %" PRIstr, STR_ARG(name));
	return r;
}

/* From the top: else SQLite would recurse, and not deep enough for any tree. */
static int delete_in_transaction(struct sqlite_store *s, struct str name, struct err *err)
{
	struct doomed_vec doomed = VEC_INIT;
	int r = find_descendants(s, name, &doomed, err);

	for (size_t i = doomed.n; r == 0 && i-- > 0;) {
		r = run_for_id(s, SQL_LAYER_DELETE, doomed.v[i].id, err);
		if (r == 0)
			r = drop_unused_content(s, doomed.v[i].content_id, err);
	}
	vec_fini(&doomed);
	return r < 0 ? r : sqlite_commit(s, err);
}

int sqlite_layer_delete(struct store *base, struct str name, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int r = sqlite_begin(s, err);

	if (r < 0)
		return r;
	r = delete_in_transaction(s, name, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r;
}
