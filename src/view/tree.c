/*
 * The union of layers, as far as it was kept: what an overlay file system would show at the wanted
 * paths.
 */
#include "view/view_priv.h"

/* As many as Linux follows (MAXSYMLINKS in path_resolution(7)). */
enum { LINKS_MAX = 40 };

void tree_init(struct tree *t)
{
	*t = (struct tree){ .arena = ARENA_INIT, .by_path = MAP_INIT };
}

void tree_fini(struct tree *t)
{
	vec_fini(&t->nodes);
	map_fini(&t->by_path);
	arena_fini(&t->arena);
}

const struct node *tree_get(const struct tree *t, struct str path)
{
	const struct node *n = map_get(&t->by_path, path);

	return n && n->fact ? n : NULL;
}

static void remove_at(struct tree *t, struct str path)
{
	struct node *n = map_get(&t->by_path, path);

	if (n)
		n->fact = NULL;
}

/* Everything below dir, not dir itself. */
static void remove_below(struct tree *t, struct str dir)
{
	/* Files have nothing below them, and they are many. */
	if (package_db_driver_for(dir) || distro_is_release_path(dir))
		return;
	vec_for_each(n, &t->nodes) {
		if ((*n)->path.n != dir.n && path_contains(dir, (*n)->path))
			(*n)->fact = NULL;
	}
}

static struct str package_key(struct arena *a, const struct package *p)
{
	return arena_printf(a, "%" PRIstr "%c%" PRIstr "%c%" PRIstr, STR_ARG(p->name), 0,
		STR_ARG(p->version), 0, STR_ARG(p->arch));
}

/* Packages that the database held before, in the same version, keep the layer that brought them. */
static size_t *since_of(
	struct tree *t, const struct node *before, const struct fact *fact, size_t layer)
{
	_cleanup_map_ struct map known = MAP_INIT;
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	size_t *since = arena_alloc(&t->arena, fact->packages.items.n * sizeof(*since));

	if (before && before->fact && before->fact->kind == FACT_DATABASE) {
		const struct package_list *old = &before->fact->packages;

		for (size_t i = 0; i < old->items.n; i++)
			map_set(&known, package_key(&scratch, &old->items.v[i]), &before->since[i]);
	}
	for (size_t i = 0; i < fact->packages.items.n; i++) {
		const size_t *old =
			map_get(&known, package_key(&scratch, &fact->packages.items.v[i]));

		since[i] = old ? *old : layer;
	}
	return since;
}

static void put(struct tree *t, const struct fact *fact, size_t layer)
{
	struct node *n = map_get(&t->by_path, fact->path);
	size_t *since = fact->kind == FACT_DATABASE ? since_of(t, n, fact, layer) : NULL;

	if (!n) {
		n = arena_alloc(&t->arena, sizeof(*n));
		map_set(&t->by_path, fact->path, n);
		vec_push(&t->nodes, n);
	}
	*n = (struct node){ .path = fact->path, .fact = fact, .layer = layer, .since = since };
}

void tree_add_layer(struct tree *t, const struct layer_facts *facts, size_t layer)
{
	/* What is hidden is hidden of the layers below, wherever in this layer it says so. */
	vec_for_each(f, &facts->facts) {
		if (f->kind == FACT_HIDDEN || f->kind == FACT_LINK || f->kind == FACT_OPAQUE)
			remove_below(t, f->path);
		if (f->kind == FACT_HIDDEN || f->kind == FACT_DIRECTORY)
			remove_at(t, f->path);
	}
	vec_for_each(f, &facts->facts) {
		if (f->kind == FACT_RELEASE || f->kind == FACT_DATABASE || f->kind == FACT_LINK)
			put(t, f, layer);
	}
}

/* The first link on the way, as the length of the path up to it; 0: none. */
static size_t first_link(const struct tree *t, struct str path, const struct node **link)
{
	for (size_t i = 1; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		*link = tree_get(t, str_head(path, i));
		if (*link && (*link)->fact->kind == FACT_LINK)
			return i;
	}
	return 0;
}

struct str tree_resolve(const struct tree *t, struct arena *a, struct str path)
{
	const struct node *link;
	size_t at;

	for (int links = 0; (at = first_link(t, path, &link)); links++) {
		if (links == LINKS_MAX)
			return STR_NULL;
		struct str rest = str_skip(path, at);
		struct str target = link->fact->target;

		/* Both parts are normalized; a target of "" is the root. */
		path = target.n ? arena_printf(
					  a, "%" PRIstr "%" PRIstr, STR_ARG(target), STR_ARG(rest))
				: str_skip(rest, 1);
	}
	return path;
}
