/*
 * Ids of namespaces, packages and features. Rows are made in statements of their own, each at once
 * seen by all, or in the order of their names: nobody waits for a transaction of somebody else, and
 * no two of them for each other.
 */
#include "store/pgsql/pgsql_priv.h"

int pg_generation_bump(struct pg_store *s, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_GENERATION_BUMP);
	int r = pg_run(&q, 0, err);

	return r < 0 ? r : 0;
}

static int check_name(const struct advisory *a, const char *what, struct str name, struct err *err)
{
	if (name.n <= LIMIT_PGSQL_NAME)
		return 0;
	return err_set(err, ERR_INPUT, "advisory %" PRIstr ": %s of %zu bytes",
		STR_ARG(str_head(a->name, 100)), what, name.n);
}

int pg_check_names(const struct advisory *a, struct err *err)
{
	int r = check_name(a, "a name", a->name, err);

	if (r == 0)
		r = check_name(a, "a namespace", a->name_space, err);
	for (size_t i = 0; r == 0 && i < a->n_fixes; i++)
		r = check_name(a, "a package", a->fixes[i].package, err);
	return r;
}

/* --- namespaces */

struct name_spaces {
	struct pg_name_space *v;
	size_t n;
	bool missing;
	bool without_scheme; /* one has none, and is to get one */
};

static int find_name_spaces(struct pg_store *s, struct name_spaces *x, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_NAMESPACE_FIND);
	struct buf *names = pg_bind_texts(&q, x->n);

	for (size_t i = 0; i < x->n; i++)
		pg_array_bytes(names, span_from_str(x->v[i].name));
	int n = pg_select(&q, 0, err);
	if (n < 0)
		return n;
	x->missing = (size_t)n < x->n;
	x->without_scheme = false;
	for (q.row = 0; q.row < n; q.row++) {
		struct pg_name_space *v = &x->v[pg_i64(&q, 0) - 1];
		struct str known = pg_str(&q, 2), merged;
		int r = store_merge_scheme(v->name, known, v->scheme, &merged, err);

		if (r < 0)
			return r;
		v->id = pg_i64(&q, 1);
		x->without_scheme = x->without_scheme || merged.n > known.n;
	}
	return 0;
}

static int add_name_spaces(struct pg_store *s, void *ctx, struct err *err)
{
	struct name_spaces *x = ctx;
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_NAMESPACE_ADD);
	struct buf *names = pg_bind_texts(&q, x->n), *schemes = pg_bind_texts(&q, x->n);

	for (size_t i = 0; i < x->n; i++) {
		pg_array_bytes(names, span_from_str(x->v[i].name));
		pg_array_bytes(schemes, span_from_str(x->v[i].scheme));
	}
	int r = pg_run(&q, 0, err);
	/* What is shown of its features changes with a scheme. */
	return r < 0 || !x->without_scheme ? r : pg_generation_bump(s, err);
}

int pg_namespace_ids(struct pg_store *s, struct pg_name_space *v, size_t n, struct err *err)
{
	struct name_spaces x = { .v = v, .n = n };
	int r = n > 0 ? find_name_spaces(s, &x, err) : 0;

	if (r < 0 || (!x.missing && !x.without_scheme))
		return r;
	r = pg_call(s, PG_TRANSACTION | PG_REPEATABLE, add_name_spaces, &x, err);
	return r < 0 ? r : find_name_spaces(s, &x, err);
}

/* --- packages */

int pg_add_packages(struct pg_store *s, const int64_t *name_spaces, const struct str *names,
	size_t n, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_PACKAGE_ADD);
	struct buf *ids = pg_bind_i64s(&q, n), *texts = pg_bind_texts(&q, n);

	for (size_t i = 0; i < n; i++) {
		pg_array_i64(ids, name_spaces[i]);
		pg_array_bytes(texts, span_from_str(names[i]));
	}
	int r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : 0;
}

/* --- features */

/* Features whose ids are looked for. */
struct features {
	struct arena arena;
	const struct layer_feature *v;
	const int64_t *name_spaces;
	size_t n;
	struct content_hash *hashes;
	int64_t *ids; /* 0: it is not there */
};

/* All that tells a feature from others. */
static struct content_hash hash_feature(const struct layer_feature *f, struct buf *work)
{
	buf_clear(work);
	buf_append_lstr(work, f->name_space);
	buf_append_lstr(work, f->package);
	buf_append_lstr(work, f->name);
	buf_append_lstr(work, f->version);
	buf_append_lstr(work, str_from_span(f->key));
	return content_hash_of(buf_span(work));
}

static void hash_features(struct features *x)
{
	_cleanup_buf_ struct buf work = BUF_INIT(16 * LIMIT_PACKAGE_FIELD);

	x->hashes = arena_alloc(&x->arena, x->n * sizeof(*x->hashes));
	for (size_t i = 0; i < x->n; i++)
		x->hashes[i] = hash_feature(&x->v[i], &work);
}

/* The number of those that are missing. */
static int find_features(struct pg_store *s, struct features *x, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_FEATURE_FIND);
	struct buf *hashes = pg_bind_blobs(&q, x->n);

	for (size_t i = 0; i < x->n; i++)
		pg_array_bytes(hashes, content_hash_span(&x->hashes[i]));
	int n = pg_select(&q, 0, err);
	for (q.row = 0; q.row < n; q.row++)
		x->ids[pg_i64(&q, 0) - 1] = pg_i64(&q, 1);
	return n < 0 ? n : (int)x->n - n;
}

/* A package whose name is too long to be found is stored under its digest: no advisory names it. */
static struct str package_name(struct arena *a, struct str name)
{
	char text[DIGEST_TEXT_SIZE];

	if (name.n <= LIMIT_PGSQL_NAME)
		return name;
	struct digest d = digest_of(span_from_str(name));
	digest_format(&d, text);
	return arena_str(a, str_of(text));
}

static int insert_features(struct pg_store *s, const struct features *x, const struct str *packages,
	size_t missing, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_FEATURE_ADD);
	struct buf *name_spaces = pg_bind_i64s(&q, missing), *names = pg_bind_texts(&q, missing);
	struct buf *hashes = pg_bind_blobs(&q, missing), *shown = pg_bind_texts(&q, missing);
	struct buf *versions = pg_bind_texts(&q, missing), *keys = pg_bind_blobs(&q, missing);
	size_t k = 0;

	for (size_t i = 0; i < x->n; i++) {
		if (x->ids[i])
			continue;
		pg_array_i64(name_spaces, x->name_spaces[i]);
		pg_array_bytes(names, span_from_str(packages[k++]));
		pg_array_bytes(hashes, content_hash_span(&x->hashes[i]));
		pg_array_bytes(shown, span_from_str(x->v[i].name));
		pg_array_bytes(versions, span_from_str(x->v[i].version));
		pg_array_bytes(keys, x->v[i].key);
	}
	int r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : 0;
}

static int add_features(struct pg_store *s, struct features *x, size_t missing, struct err *err)
{
	int64_t *ids = arena_alloc(&x->arena, missing * sizeof(*ids));
	struct str *packages = arena_alloc(&x->arena, missing * sizeof(*packages));
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++) {
		if (x->ids[i])
			continue;
		ids[n] = x->name_spaces[i];
		packages[n++] = package_name(&x->arena, x->v[i].package);
	}
	int r = pg_add_packages(s, ids, packages, n, err);
	return r < 0 ? r : insert_features(s, x, packages, n, err);
}

int pg_feature_ids(struct pg_store *s, const struct layer_feature *f, const int64_t *name_spaces,
	size_t n, int64_t *out, struct err *err)
{
	struct features x = {
		.arena = ARENA_INIT, .v = f, .name_spaces = name_spaces, .n = n, .ids = out
	};
	int r = 0;

	hash_features(&x);
	if (n > 0)
		r = find_features(s, &x, err);
	if (r > 0) {
		r = add_features(s, &x, (size_t)r, err);
		if (r == 0)
			r = find_features(s, &x, err);
		if (r > 0)
			r = err_set(err, ERR_INTERNAL, "%s: features vanish", s->label);
	}
	arena_fini(&x.arena);
	return r;
}
