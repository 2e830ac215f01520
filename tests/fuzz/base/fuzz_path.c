/*
 * Normal forms of paths: they are their own, have no odd part, and lie where the link says.
 */
#include "base/base.h"

static void assert_normal(struct arena *a, struct str path)
{
	struct str rest = path, part;

	assert(str_eq(path_normalize(a, path), path));
	assert(path.n == 0 || (path.p[0] != '/' && path.p[path.n - 1] != '/'));
	while (rest.n) {
		(void)str_cut(rest, '/', &part, &rest);
		assert(part.n && !str_eq(part, STR(".")) && !str_eq(part, STR("..")));
	}
	assert(path_contains(STR(""), path) && path_contains(path_dirname(path), path));
	assert(path_basename(path).n <= path.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str link, target;

	/* The part in front of the first NUL is a path, what follows a link's target. */
	(void)str_cut(str_n((const char *)data, n), '\0', &link, &target);
	link = path_normalize(&a, link);
	assert_normal(&a, link);
	struct str resolved = path_resolve_link(&a, link, target);
	assert_normal(&a, resolved);
	/* The same as normalizing where it stands. */
	struct str dir = target.n && target.p[0] == '/' ? STR_NULL : path_dirname(link);
	struct str joined = arena_printf(&a, "%" PRIstr "/%" PRIstr, STR_ARG(dir), STR_ARG(target));
	if (str_find_char(target, '\0') < 0)
		assert(str_eq(path_normalize(&a, joined), resolved));
	return 0;
}
