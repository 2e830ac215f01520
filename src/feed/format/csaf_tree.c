/*
 * The product tree: which products there are, and which are components of which.
 */
#include "feed/format/csaf_priv.h"

static bool has_room(const struct csaf_reader *r, size_t n)
{
	return r->arena.used_bytes + r->by_id.keys.used_bytes + n <= LIMIT_CSAF_TEXT;
}

int csaf_find_product(
	struct csaf_reader *r, struct str id, struct csaf_product **out, struct err *err)
{
	*out = map_get(&r->by_id, id);
	if (*out)
		return 0;
	if (r->n_products == LIMIT_CSAF_PRODUCTS)
		return err_set(err, ERR_TOO_LARGE, "more than %d products", LIMIT_CSAF_PRODUCTS);
	if (!has_room(r, id.n))
		return csaf_too_much_text(err);
	*out = arena_alloc(&r->arena, sizeof(**out));
	(*out)->next = r->products;
	r->products = *out;
	r->n_products++;
	map_set(&r->by_id, id, *out);
	return 0;
}

static int read_product_id(struct csaf_reader *r, struct csaf_product **out, struct err *err)
{
	struct json_token t;
	int n = json_expect(r->json, JSON_STRING, &t, err);

	return n < 0 ? n : csaf_find_product(r, t.text, out, err);
}

/* What of a full product name is used; views in the arena of the call. */
struct full_name {
	struct str id, purl, cpe;
};

static int read_helper(
	struct csaf_reader *r, struct arena *a, struct full_name *out, struct err *err)
{
	struct str key;
	int n = csaf_begin(r, JSON_OBJECT_BEGIN, err);

	while (n >= 0 && (n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("purl")))
			n = json_read_string(r->json, a, &out->purl, err);
		else if (str_eq(key, STR("cpe")))
			n = json_read_string(r->json, a, &out->cpe, err);
		else
			n = json_skip_value(r->json, err);
	}
	return n;
}

/* Inside a full product name. */
static int read_full_name(
	struct csaf_reader *r, struct arena *a, struct full_name *out, struct err *err)
{
	struct str key;
	int n;

	while ((n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("product_id")))
			n = json_read_string(r->json, a, &out->id, err);
		else if (str_eq(key, STR("product_identification_helper")))
			n = read_helper(r, a, out, err);
		else
			n = json_skip_value(r->json, err);
		if (n < 0)
			return n;
	}
	return n;
}

/* Inside a full product name of a branch. */
static int read_product(struct csaf_reader *r, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct full_name name = { .id = STR_NULL };
	struct csaf_product *p;
	int n = read_full_name(r, &a, &name, err);

	if (n < 0 || name.id.n == 0)
		return n;
	n = csaf_find_product(r, name.id, &p, err);
	if (n < 0)
		return n;
	if (!has_room(r, name.id.n + name.purl.n + name.cpe.n))
		return csaf_too_much_text(err);
	p->id = arena_str(&r->arena, name.id);
	p->purl = name.purl.n ? arena_str(&r->arena, name.purl) : STR_NULL;
	p->cpe = name.cpe.n ? arena_str(&r->arena, name.cpe) : STR_NULL;
	return 0;
}

/*
 * The branches: an array of objects that have a product or more branches. Only these two members
 * are entered, so that what is left to know is how deep.
 */
static int read_branches(struct csaf_reader *r, struct err *err)
{
	unsigned depth = 0;

	do {
		struct json_token t;
		int n = json_next(r->json, &t, err);

		if (n < 0)
			return n;
		if (t.type == JSON_KEY && str_eq(t.text, STR("product"))) {
			n = csaf_begin(r, JSON_OBJECT_BEGIN, err);
			n = n < 0 ? n : read_product(r, err);
		} else if (t.type == JSON_KEY && !str_eq(t.text, STR("branches"))) {
			n = json_skip_value(r->json, err);
		} else if (t.type == JSON_ARRAY_BEGIN || t.type == JSON_OBJECT_BEGIN) {
			depth++;
		} else if (t.type == JSON_ARRAY_END || t.type == JSON_OBJECT_END) {
			depth--;
		}
		if (n < 0)
			return n;
	} while (depth > 0);
	return 0;
}

/* Inside a relationship. */
static int read_relationship(struct csaf_reader *r, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct full_name name = { .id = STR_NULL };
	struct csaf_product *component = NULL, *platform = NULL, *p;
	struct str key;
	int n;

	while ((n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("product_reference"))) {
			n = read_product_id(r, &component, err);
		} else if (str_eq(key, STR("relates_to_product_reference"))) {
			n = read_product_id(r, &platform, err);
		} else if (str_eq(key, STR("full_product_name"))) {
			n = csaf_begin(r, JSON_OBJECT_BEGIN, err);
			n = n < 0 ? n : read_full_name(r, &a, &name, err);
		} else {
			n = json_skip_value(r->json, err);
		}
		if (n < 0)
			return n;
	}
	if (n < 0 || name.id.n == 0 || !component || !platform)
		return n;
	n = csaf_find_product(r, name.id, &p, err);
	if (n < 0)
		return n;
	p->component = component;
	p->platform = platform;
	return 0;
}

int csaf_read_tree(struct csaf_reader *r, struct err *err)
{
	struct str key;
	int n = csaf_begin(r, JSON_OBJECT_BEGIN, err);

	while (n >= 0 && (n = json_next_key(r->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("branches")))
			n = read_branches(r, err);
		else if (str_eq(key, STR("relationships")))
			n = csaf_read_array(r, read_relationship, err);
		else if (str_eq(key, STR("full_product_names")))
			n = csaf_read_array(r, read_product, err);
		else
			n = json_skip_value(r->json, err);
	}
	r->has_tree = true;
	return n;
}
