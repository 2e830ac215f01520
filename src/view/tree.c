/*
 * The union of layers, as far as it was kept: what an overlay file system would show at the wanted
 * paths. That everything below a path is gone is noted at that path and found on the way to what
 * lies below it, so that a layer costs as much as it has facts, however much it hides.
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

/*
 * Goes from the root to path: what stands there, or the first link on the way, with its place in
 * *at. NULL: neither.
 */
static const struct node *walk(struct tree *t, struct str path, bool stop_at_links, size_t *at)
{
	const struct node *root = map_get(&t->by_path, STR(""));
	size_t visible_from = root ? root->hides_below : 0;

	t->work += path.n;
	for (size_t i = 1; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		t->work += i;
		if (t->work > LIMIT_VIEW_WORK)
			return NULL;
		const struct node *n = map_get(&t->by_path, str_head(path, i));
		bool is_there = n && n->fact && n->layer >= visible_from;
		*at = i;
		if (is_there && (i == path.n || (stop_at_links && n->fact->kind == FACT_LINK)))
			return n;
		if (n && n->hides_below > visible_from)
			visible_from = n->hides_below;
	}
	return NULL;
}

const struct node *tree_get(struct tree *t, struct str path)
{
	size_t at;

	return walk(t, path, false, &at);
}

static struct node *node_at(struct tree *t, struct str path)
{
	struct node *n = map_get(&t->by_path, path);

	if (!n) {
		n = arena_alloc(&t->arena, sizeof(*n));
		n->path = path;
		map_set(&t->by_path, path, n);
		vec_push(&t->nodes, n);
	}
	return n;
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

	if (before && before->fact->kind == FACT_DATABASE) {
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
	struct node *n = node_at(t, fact->path);

	if (fact->kind == FACT_DATABASE)
		n->since = since_of(t, tree_get(t, fact->path), fact, layer);
	n->fact = fact;
	n->layer = layer;
}

void tree_add_layer(struct tree *t, const struct layer_facts *facts, size_t layer)
{
	/* What is hidden is hidden of the layers below, wherever in this layer it says so. */
	vec_for_each(f, &facts->facts) {
		if (f->kind == FACT_HIDDEN || f->kind == FACT_LINK || f->kind == FACT_OPAQUE)
			node_at(t, f->path)->hides_below = layer;
		if (f->kind == FACT_HIDDEN || f->kind == FACT_DIRECTORY)
			node_at(t, f->path)->fact = NULL;
	}
	vec_for_each(f, &facts->facts) {
		if (f->kind == FACT_RELEASE || f->kind == FACT_DATABASE || f->kind == FACT_LINK)
			put(t, f, layer);
	}
}

struct str tree_resolve(struct tree *t, struct arena *a, struct str path)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	const struct str original = path;

	for (int links = 0; links <= LINKS_MAX; links++) {
		size_t at;
		const struct node *link = walk(t, path, true, &at);

		if (!link || link->fact->kind != FACT_LINK)
			return path.p == original.p ? path : arena_str(a, path);
		/* Both parts are normalized; a target of "" is the root. */
		struct str rest = str_skip(path, at), target = link->fact->target;
		if (target.n + rest.n > LIMIT_PATH)
			return STR_NULL;
		path = target.n ? arena_printf(&scratch, "%" PRIstr "%" PRIstr, STR_ARG(target),
					  STR_ARG(rest))
				: str_skip(rest, 1);
	}
	return STR_NULL;
}
