/*
 * The part of the store that an indexer uses, in memory, with failures on demand. The real ones are
 * tested by the store's conformance suite.
 */
#include "test_store.h"

#include <pthread.h>

struct row {
	struct stored_layer layer;
	struct row *parent;
	struct span facts;
	const struct layer_feature *features; /* of the layer itself or of an ancestor */
	size_t n_features;
	struct row *next;
};

struct fake_store fake_store = { .fail = ERR_NONE };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena memory;
static struct row *rows;
static int64_t last_id;

void fake_store_clear(void)
{
	arena_fini(&memory);
	rows = NULL;
	last_id = 0;
	fake_store = (struct fake_store){ .fail = ERR_NONE };
}

void test_store_begin(void)
{
	fake_store_clear();
}

void test_store_end(void)
{
}

struct store_pool *test_store_pool(void)
{
	return (struct store_pool *)(void *)&fake_store;
}

struct store *test_store(void)
{
	return (struct store *)(void *)&fake_store;
}

static struct row *find(struct str name)
{
	struct row *r = rows;

	while (r && !str_eq(r->layer.name, name))
		r = r->next;
	return r;
}

/* One that a test knows to be there. */
static struct row *get(const char *name)
{
	struct row *r = find(str_of(name));

	if (!r)
		abort();
	return r;
}

void fake_store_set_engine(const char *name, uint32_t version)
{
	get(name)->layer.engine_version = version;
}

void fake_store_set_facts(const char *name, struct str facts)
{
	get(name)->facts = span_from_str(facts);
}

void fake_store_forget(const char *name)
{
	get(name)->layer.name = STR("(gone)");
}

int store_pool_take(struct store_pool *p UNUSED, struct store **out, struct err *err)
{
	if (fake_store.fail != ERR_NONE)
		return err_set(err, fake_store.fail, "no connection");
	if (fake_store.fail_once) {
		fake_store.fail_once--;
		return err_set(err, ERR_UPSTREAM, "the connection broke");
	}
	*out = (struct store *)(void *)&fake_store;
	return 0;
}

void store_pool_give(struct store_pool *p UNUSED, struct store *s UNUSED)
{
}

int store_layer_get(struct store *s UNUSED, struct str name, struct arena *a UNUSED,
	struct stored_layer *out, struct err *err UNUSED)
{
	(void)pthread_mutex_lock(&lock);
	const struct row *r = find(name);
	if (r)
		*out = r->layer;
	(void)pthread_mutex_unlock(&lock);
	return r != NULL;
}

int store_layer_chain(struct store *s UNUSED, struct str name, struct arena *a,
	struct chain_link **out, struct err *err UNUSED)
{
	int n = 0;

	(void)pthread_mutex_lock(&lock);
	for (const struct row *r = find(name); r; r = r->parent)
		n++;
	*out = arena_alloc(a, (size_t)(n + 1) * sizeof(**out));
	int i = n;
	for (const struct row *r = find(name); r; r = r->parent)
		(*out)[--i] = (struct chain_link){ .name = r->layer.name, .facts = r->facts };
	(void)pthread_mutex_unlock(&lock);
	return n;
}

/* All strings are copied; a layer's own features get its id. */
static void set_features(struct row *r, const struct layer_put *put)
{
	struct layer_feature *copy = arena_alloc(&memory, (put->n_features + 1) * sizeof(*copy));

	for (size_t i = 0; i < put->n_features; i++) {
		const struct layer_feature *f = &put->features[i];

		copy[i] = (struct layer_feature){ .name_space = arena_str(&memory, f->name_space),
			.scheme = arena_str(&memory, f->scheme),
			.name = arena_str(&memory, f->name),
			.version = arena_str(&memory, f->version),
			.package = arena_str(&memory, f->package),
			.key = span_from_str(arena_str(&memory, str_from_span(f->key))),
			.added_by = f->added_by ? f->added_by : r->layer.id };
	}
	r->features = copy;
	r->n_features = put->n_features;
}

int store_layer_put(struct store *s UNUSED, const struct layer_put *put, struct err *err)
{
	int result = 0;

	(void)pthread_mutex_lock(&lock);
	struct row *parent = put->parent.n ? find(put->parent) : NULL, *r = find(put->name);
	if (put->parent.n && !parent) {
		result = err_set(err, ERR_NOT_FOUND, "no parent");
	} else if (!r || r->layer.engine_version < put->engine_version) {
		if (!r) {
			r = arena_alloc(&memory, sizeof(*r));
			r->layer.id = ++last_id;
			r->layer.name = arena_str(&memory, put->name);
			r->layer.parent = arena_str(&memory, put->parent);
			r->parent = parent;
			r->next = rows;
			rows = r;
		}
		r->layer.name_space = arena_str(&memory, put->name_space);
		r->layer.scheme = arena_str(&memory, put->scheme);
		r->layer.engine_version = put->engine_version;
		r->facts = span_from_str(arena_str(&memory, str_from_span(put->facts)));
		if (put->inherits) {
			r->features = r->parent->features;
			r->n_features = r->parent->n_features;
		} else {
			set_features(r, put);
		}
		result = 1;
		fake_store.inherited += put->inherits;
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

static struct str name_of(int64_t id)
{
	const struct row *r = rows;

	while (r && r->layer.id != id)
		r = r->next;
	return r ? r->layer.name : STR_NULL;
}

int store_layer_read(struct store *s UNUSED, struct str name, enum layer_part part UNUSED,
	struct arena *a UNUSED, struct layer_view *out, struct err *err UNUSED)
{
	*out = (struct layer_view){ .features = VEC_INIT };
	(void)pthread_mutex_lock(&lock);
	const struct row *r = find(name);
	if (r)
		out->layer = r->layer;
	for (size_t i = 0; r && i < r->n_features; i++) {
		vec_push(&out->features, r->features[i]);
		out->features.v[i].added_by_name = name_of(r->features[i].added_by);
	}
	(void)pthread_mutex_unlock(&lock);
	return r != NULL;
}

void layer_view_fini(struct layer_view *v)
{
	vec_fini(&v->features);
	vec_fini(&v->matches);
}
