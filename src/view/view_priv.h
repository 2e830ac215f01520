/*
 * Internals of view/.
 */
#ifndef VIEW_VIEW_PRIV_H
#define VIEW_VIEW_PRIV_H

#include "view/view.h"

/* What stands at a path of the union. */
struct node {
	struct str path;
	const struct fact
		*fact; /* FACT_RELEASE, FACT_DATABASE or FACT_LINK; NULL: nothing any more */
	size_t layer;
	size_t *since;      /* FACT_DATABASE: for each of its packages, the layer that brought it */
	size_t hides_below; /* nothing of layers below this one is left below path */
};

struct tree {
	struct arena arena;
	struct map by_path;          /* path → struct node */
	VEC_OF(struct node *) nodes; /* some of them hidden: tree_get() tells */
	uint64_t work; /* bytes of paths looked up; beyond LIMIT_VIEW_WORK nothing is found */
};

void tree_init(struct tree *t);
void tree_fini(struct tree *t);

/* Puts a layer on top. */
void tree_add_layer(struct tree *t, const struct layer_facts *facts, size_t layer);

/* What is at this path, links not followed; NULL: nothing known. */
const struct node *tree_get(struct tree *t, struct str path);

/* Follows links in every part of path; an empty view when they go in circles or become too long. In
 * memory of a, or path itself. */
struct str tree_resolve(struct tree *t, struct arena *a, struct str path);

#endif
