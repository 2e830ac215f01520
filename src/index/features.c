/*
 * From the view of an image to the features of its top layer, as the original shows them: of a
 * Debian package its source, of an rpm and an apk package itself.
 */
#include "index/index_priv.h"

#include "version/version.h"

/* Whether a database can hold it, and its index. */
static bool is_storable(struct str s)
{
	if (s.n > LIMIT_FEATURE_TEXT)
		return false;
	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_check(s.p + i, s.n - i);

		if (n == 0 || s.p[i] == '\0')
			return false;
		i += n;
	}
	return true;
}

struct builder {
	struct arena *a;
	struct str name_space;
	struct str scheme;
	struct map inherited; /* name and version → struct layer_feature of the parent */
	struct map seen;      /* name and version → place in items, plus 1 */
	size_t n_inherited;   /* of items */
	struct buf key;       /* the latest of those maps */
	struct layer_features *out;
};

static struct str key_of(struct builder *b, struct str name, struct str version)
{
	buf_clear(&b->key);
	buf_append_str(&b->key, name);
	buf_append_char(&b->key, '\0');
	buf_append_str(&b->key, version);
	return buf_str(&b->key);
}

/* The key of the package's version, where it is of the scheme that its namespace's advisories use.
 */
static struct span comparable_key(struct arena *a, struct str scheme, const struct view_package *vp)
{
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);
	struct str packages = str_of(vp->driver->scheme);
	const struct version_scheme *versions = version_scheme_by_name(packages);

	if (!versions || !str_eq(scheme, packages) ||
		version_key(versions, package_advisory_version(packages, vp->package), &key, NULL) <
			0)
		return (struct span){ 0 };
	return span_from_str(arena_str(a, buf_str(&key)));
}

static void add(struct builder *b, const struct view_package *vp, struct layer_feature f)
{
	struct str key = key_of(b, f.name, f.version);
	const struct layer_feature *old = map_get(&b->inherited, key);
	size_t at = (size_t)(uintptr_t)map_get(&b->seen, key);

	f.name_space = old ? old->name_space : b->name_space;
	f.scheme = old ? old->scheme : b->scheme;
	f.added_by = old ? old->added_by : 0;
	f.key = comparable_key(b->a, f.scheme, vp);
	if (f.name_space.n == 0 && b->out->homeless.n == 0)
		b->out->homeless = f.name;
	if (at) {
		/* Of two under one name and version, the one that can be compared. */
		if (b->out->items.v[at - 1].key.n == 0 && f.key.n)
			b->out->items.v[at - 1] = f;
		return;
	}
	vec_push(&b->out->items, f);
	map_set(&b->seen, key, (void *)(uintptr_t)b->out->items.n);
	b->n_inherited += old != NULL;
}

static void add_package(struct builder *b, const struct view_package *vp)
{
	const struct package *p = vp->package;
	struct str scheme = str_of(vp->driver->scheme);
	bool dpkg = str_eq(scheme, STR("dpkg"));
	struct layer_feature f = { .name = dpkg ? package_advisory_name(scheme, p, b->a) : p->name,
		.version = dpkg ? package_advisory_version(scheme, p) : p->version,
		.package = package_advisory_name(scheme, p, b->a) };

	/* A key that signs packages, as rpm keeps it among them. */
	if (str_eq(scheme, STR("rpm")) && str_eq(f.name, STR("gpg-pubkey")))
		return;
	if (f.name.n == 0 || f.version.n == 0 || !is_storable(f.name) || !is_storable(f.version) ||
		!is_storable(f.package)) {
		b->out->skipped++;
		return;
	}
	add(b, vp, f);
}

void layer_features_of(const struct view *v, struct str name_space, struct str scheme,
	const struct layer_feature *parent, size_t n_parent, struct arena *a,
	struct layer_features *out)
{
	struct builder b = { .a = a,
		.name_space = name_space,
		.scheme = scheme,
		.inherited = MAP_INIT,
		.seen = MAP_INIT,
		.key = BUF_INIT(SIZE_MAX / 2),
		.out = out };

	*out = (struct layer_features){ .items = VEC_INIT };
	for (size_t i = 0; i < n_parent; i++)
		map_set(&b.inherited, key_of(&b, parent[i].name, parent[i].version),
			(void *)(uintptr_t)&parent[i]);
	vec_for_each(vp, &v->packages)
		add_package(&b, vp);
	out->same_as_parent = b.n_inherited == out->items.n && b.n_inherited == n_parent;
	map_fini(&b.inherited);
	map_fini(&b.seen);
	buf_fini(&b.key);
}

void layer_features_fini(struct layer_features *f)
{
	vec_fini(&f->items);
}
