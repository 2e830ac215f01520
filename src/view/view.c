/*
 * Looks the wanted paths up in the union of the layers.
 */
#include "view/view_priv.h"

struct builder {
	struct tree tree;
	struct view *view;
	struct map seen;     /* paths of files that were taken, under whatever name */
	struct map searched; /* extra → how many layers were searched for it (size_t) */
	size_t n_layers;
	VEC_OF(struct release_file) releases;
	VEC_OF(const struct node *) databases;
};

static bool is_usual_path(struct str path)
{
	return package_db_driver_for(path) || distro_is_release_path(path);
}

static struct str extra_key(struct builder *b, struct str path, struct str like)
{
	return arena_printf(&b->view->arena, "%" PRIstr "\n%" PRIstr, STR_ARG(path), STR_ARG(like));
}

/* More links out of the usual places than any image has: the view is incomplete then, and says so.
 */
enum { MISSING_MAX = 256 };

/* Notes that a link leads to where not every layer was searched. */
static void note_missing(struct builder *b, struct str path, struct str like)
{
	struct view *v = b->view;

	if (is_usual_path(path) || v->missing.items.n == MISSING_MAX)
		return;
	const size_t *layers = map_get(&b->searched, extra_key(b, path, like));
	if (!layers || *layers < b->n_layers)
		vec_push(&v->missing.items,
			(struct wanted_extra){ .path = arena_str(&v->arena, path),
				.like = arena_str(&v->arena, like) });
}

/* The node that wanted leads to, once; NULL: none, or it was taken before. */
static const struct node *take(struct builder *b, struct str wanted)
{
	struct str path = tree_resolve(&b->tree, &b->view->arena, wanted);
	const struct node *n = tree_get(&b->tree, path);

	if (!n) {
		if (path.n && !str_eq(path, wanted))
			note_missing(b, path, wanted);
		return NULL;
	}
	return n;
}

static void take_release(struct builder *b, struct str wanted)
{
	const struct node *n = take(b, wanted);

	if (!n || n->fact->kind != FACT_RELEASE)
		return;
	struct release_file file = n->fact->release;
	file.path = wanted;
	vec_push(&b->releases, file);
}

static void take_database(struct builder *b, const struct node *n)
{
	if (!n || n->fact->kind != FACT_DATABASE || map_has(&b->seen, n->path))
		return;
	map_set(&b->seen, n->path, b);
	vec_push(&b->databases, n);
}

/* An entry of a folder of databases; where it is a link, what that leads to is read as if it stood
 * in the usual folder. */
static const struct node *take_entry(struct builder *b, struct str entry, struct str folder)
{
	struct str path = tree_resolve(&b->tree, &b->view->arena, entry);
	const struct node *n = tree_get(&b->tree, path);

	if (!n && path.n && !str_eq(path, entry))
		note_missing(b, path,
			arena_printf(&b->view->arena, "%" PRIstr "%" PRIstr, STR_ARG(folder),
				STR_ARG(path_basename(entry))));
	return n;
}

/* Every database in a folder, which may itself be a link. */
static void take_folder(struct builder *b, struct str wanted)
{
	struct str folder = str_head(wanted, wanted.n - 1);
	struct str path = tree_resolve(&b->tree, &b->view->arena, folder);
	size_t before = b->databases.n;

	vec_for_each(n, &b->tree.nodes) {
		if ((*n)->fact && str_eq(path_dirname((*n)->path), path))
			take_database(b, take_entry(b, (*n)->path, wanted));
	}
	if (path.n && b->databases.n == before && !str_eq(path, folder))
		note_missing(
			b, arena_printf(&b->view->arena, "%" PRIstr "/", STR_ARG(path)), wanted);
}

/* Whether a better database stands in the same folder (see package_db_driver.rank). */
static bool is_outranked(const struct builder *b, const struct node *n)
{
	if (n->fact->driver->rank == 0)
		return false;
	vec_for_each(it, &b->databases) {
		const struct node *other = *it;

		if (other->fact->driver->rank > n->fact->driver->rank &&
			(other->fact->packages.items.n || other->fact->error.n) &&
			str_eq(path_dirname(other->path), path_dirname(n->path)))
			return true;
	}
	return false;
}

static void add_packages(struct view *v, const struct node *n)
{
	const struct fact *f = n->fact;

	if (f->error.n) {
		vec_push(&v->errors,
			(struct view_error){
				.database = n->path, .reason = f->error, .layer = n->layer });
		return;
	}
	for (size_t i = 0; i < f->packages.items.n; i++)
		vec_push(&v->packages, (struct view_package){ .package = &f->packages.items.v[i],
					       .driver = f->driver,
					       .database = n->path,
					       .layer = n->since[i] });
}

static void choose(struct builder *b)
{
	const struct distro *distro = distro_choose(b->releases.v, b->releases.n);

	if (distro) {
		b->view->has_distro = true;
		b->view->distro = *distro;
	}
	vec_for_each(n, &b->databases) {
		if (!is_outranked(b, *n))
			add_packages(b->view, *n);
	}
}

/* Counts for each extra how many layers were searched for it. */
static void count_searched(struct builder *b, const struct layer_facts *const *layers)
{
	for (size_t i = 0; i < b->n_layers; i++) {
		vec_for_each(e, &layers[i]->extras.items) {
			struct str key = extra_key(b, e->path, e->like);
			size_t *count = map_get(&b->searched, key);

			if (!count) {
				count = arena_alloc(&b->view->arena, sizeof(*count));
				map_set(&b->searched, key, count);
			}
			++*count;
		}
	}
}

void view_build(const struct layer_facts *const *layers, size_t n, struct view *out)
{
	struct builder b = { .view = out, .seen = MAP_INIT, .searched = MAP_INIT, .n_layers = n };
	const char *path;

	*out = (struct view){ .arena = ARENA_INIT };
	tree_init(&b.tree);
	count_searched(&b, layers);
	for (size_t i = 0; i < n; i++)
		tree_add_layer(&b.tree, layers[i], i);
	for (size_t i = 0; (path = wanted_path_at(i)); i++) {
		struct str wanted = str_of(path);

		if (str_ends(wanted, STR("/")))
			take_folder(&b, wanted);
		else if (distro_is_release_path(wanted))
			take_release(&b, wanted);
		else
			take_database(&b, take(&b, wanted));
	}
	choose(&b);
	if (b.tree.work > LIMIT_VIEW_WORK)
		vec_push(&out->errors,
			(struct view_error){ .database = STR("links"),
				.reason = STR(
					"more than can be followed; packages may be missing") });
	vec_fini(&b.releases);
	vec_fini(&b.databases);
	map_fini(&b.seen);
	map_fini(&b.searched);
	tree_fini(&b.tree);
}

void view_fini(struct view *v)
{
	vec_fini(&v->packages);
	vec_fini(&v->errors);
	vec_fini(&v->missing.items);
	arena_fini(&v->arena);
}
