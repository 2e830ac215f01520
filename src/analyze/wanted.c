/*
 * Which paths of an image matter: release files (distro/), package databases (package/), their
 * companions, folders of databases, everything on the way to these, and extra places that links
 * lead to.
 */
#include "analyze/analyze_priv.h"

/* Databases first, then release files. */
const char *wanted_path_at(size_t i)
{
	const struct package_db_driver *d;

	for (size_t k = 0; (d = package_db_driver_at(k)); k++) {
		for (size_t p = 0; d->paths[p]; p++) {
			if (i-- == 0)
				return d->paths[p];
		}
	}
	return distro_release_path_at(i);
}

static void add(struct wanted *w, struct str path, struct wanted_path value)
{
	const struct wanted_path *old = map_get(&w->roles, path);
	struct wanted_path *p;

	/* A path may be both a file that is wanted and on the way to another: what is read counts.
	 */
	if (old && old->role >= value.role)
		return;
	p = arena_alloc(&w->arena, sizeof(*p));
	*p = value;
	map_set(&w->roles, path, p);
}

static void add_ancestors(struct wanted *w, struct str path)
{
	for (struct str dir = path_dirname(path); dir.n; dir = path_dirname(dir))
		add(w, dir, (struct wanted_path){ .role = WANTED_ANCESTOR });
	add(w, STR(""), (struct wanted_path){ .role = WANTED_ANCESTOR });
}

/* path is read as if it stood at like. */
static void add_wanted(struct wanted *w, struct str path, struct str like)
{
	const struct package_db_driver *driver = package_db_driver_for(like);

	if (str_ends(like, STR("/"))) {
		struct str folder = str_head(path, path.n - str_ends(path, STR("/")));

		add(w, folder, (struct wanted_path){ .role = WANTED_FOLDER, .like = like });
		add_ancestors(w, folder);
		return;
	}
	if (driver) {
		add(w, path,
			(struct wanted_path){
				.role = WANTED_DATABASE, .like = like, .driver = driver });
		if (driver->companion_suffix) {
			struct str companion = arena_printf(&w->arena, "%" PRIstr "%s",
				STR_ARG(path), driver->companion_suffix);

			add(w, companion, (struct wanted_path){ .role = WANTED_COMPANION });
		}
	}
	if (distro_is_release_path(like))
		add(w, path, (struct wanted_path){ .role = WANTED_RELEASE, .like = like });
	add_ancestors(w, path);
}

void wanted_init(struct wanted *w, const struct wanted_extras *extras)
{
	const char *path;

	*w = (struct wanted){ .roles = MAP_INIT, .arena = ARENA_INIT };
	for (size_t i = 0; (path = wanted_path_at(i)); i++)
		add_wanted(w, str_of(path), str_of(path));
	if (!extras)
		return;
	vec_for_each(e, &extras->items) {
		/* What a path usually means is not for an image to change. */
		struct wanted_path usual = wanted_lookup(w, e->path);
		struct str folder = str_head(e->path, e->path.n - str_ends(e->path, STR("/")));

		if (usual.role > WANTED_ANCESTOR || wanted_lookup(w, folder).role > WANTED_ANCESTOR)
			continue;
		add_wanted(w, arena_str(&w->arena, e->path), arena_str(&w->arena, e->like));
	}
}

void wanted_fini(struct wanted *w)
{
	map_fini(&w->roles);
	arena_fini(&w->arena);
}

struct wanted_path wanted_lookup(const struct wanted *w, struct str path)
{
	const struct wanted_path *p = map_get(&w->roles, path);
	struct wanted_path found = { .role = WANTED_NOT };

	if (p)
		return *p;
	const struct wanted_path *folder = map_get(&w->roles, path_dirname(path));
	if (folder && folder->role == WANTED_FOLDER) {
		/* The driver judges by the usual path: it may leave some files of a folder out. */
		_cleanup_buf_ struct buf usual = BUF_INIT(2 * LIMIT_PATH);

		buf_append_str(&usual, folder->like);
		buf_append_str(&usual, path_basename(path));
		found.driver = package_db_driver_for(buf_str(&usual));
		if (found.driver)
			found.role = WANTED_DATABASE;
	}
	return found;
}
