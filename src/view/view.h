/*
 * view: the packages and the distribution of an image, folded from the facts of its layers.
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "analyze/analyze.h"

struct view_package {
	const struct package *package;
	const struct package_db_driver *driver;
	struct str database; /* path in the image */
	size_t layer; /* index of the layer since which it is there, under this name and version */
};

struct view_error {
	struct str database; /* path of the database that could not be read */
	struct str reason;
	size_t layer;
};

struct view {
	struct arena arena;
	bool has_distro;
	struct distro distro;
	VEC_OF(struct view_package) packages;
	VEC_OF(struct view_error) errors;
	/*
	 * Where links lead to that the layers were not searched for. When there are any, the layers
	 * have to be analyzed again with these extras (added to those they were analyzed with) for
	 * the view to be complete.
	 */
	struct wanted_extras missing;
};

/*
 * Folds n layers, the lowest first. The view points into the facts, which have to outlive it.
 */
void view_build(const struct layer_facts *const *layers, size_t n, struct view *out);
void view_fini(struct view *v);

#endif
