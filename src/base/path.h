/*
 * Paths inside an image: relative to its root, "/" between parts, no leading "/", no "." or "..".
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

/*
 * The normal form of raw in memory of a: leading "/" and "./", doubled and trailing "/" and "."
 * parts are removed, ".." steps up and stops at the root (as chroot does). "" is the root.
 */
struct str path_normalize(struct arena *a, struct str raw);

/*
 * The normal form of a symbolic link's target: absolute ones start at the root, others at the
 * directory that holds `link` (normalized).
 */
struct str path_resolve_link(struct arena *a, struct str link, struct str target);

/* Whether dir (normalized) is an ancestor of path or path itself. "" is everything's ancestor. */
bool path_contains(struct str dir, struct str path);

/* Everything before the last "/", or "". */
struct str path_dirname(struct str path);
/* Everything after the last "/". */
struct str path_basename(struct str path);

#endif
