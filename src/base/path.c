/*
 * Image paths, see path.h.
 */
#include "base/base.h"

/* Appends the parts of raw to the normalized path out[0..n-1] and returns its new length. */
static size_t append_parts(char *out, size_t n, struct str raw)
{
	while (raw.n) {
		struct str part;

		(void)str_cut(raw, '/', &part, &raw);
		if (part.n == 0 || str_eq(part, STR(".")))
			continue;
		if (str_eq(part, STR(".."))) {
			n = path_dirname(str_n(out, n)).n;
			continue;
		}
		if (n)
			out[n++] = '/';
		memcpy(out + n, part.p, part.n);
		n += part.n;
	}
	return n;
}

struct str path_normalize(struct arena *a, struct str raw)
{
	return path_resolve_link(a, STR_NULL, raw);
}

struct str path_resolve_link(struct arena *a, struct str link, struct str target)
{
	struct str dir = target.n && target.p[0] == '/' ? STR_NULL : path_dirname(link);
	char *out = arena_alloc(a, dir.n + target.n + 2);
	size_t n = append_parts(out, 0, dir);

	n = append_parts(out, n, target);
	out[n] = '\0';
	return str_n(out, n);
}

bool path_contains(struct str dir, struct str path)
{
	return dir.n == 0 || (str_starts(path, dir) && (path.n == dir.n || path.p[dir.n] == '/'));
}

struct str path_dirname(struct str path)
{
	struct str dir;

	(void)str_rcut(path, '/', &dir, NULL);
	return dir;
}

struct str path_basename(struct str path)
{
	struct str base;

	(void)str_rcut(path, '/', NULL, &base);
	return base;
}
