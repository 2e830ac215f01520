/*
 * etc/alpine-release: a line with the version, "3.19.1", or "3.21.0_alpha20240807" on edge.
 */
#include "base/base.h"

#include "distro/distro_priv.h"

static int parse(struct str path UNUSED, struct str content, struct arena *a, struct distro *out)
{
	struct str line;

	while (str_next_line(&content, &line)) {
		line = str_trim(line);
		const struct release_claim claim = {
			.id = STR("alpine"),
			.version = line,
			.name = arena_printf(a, "Alpine Linux %" PRIstr,
				STR_ARG(str_head(line, LIMIT_RELEASE_WORD))),
		};

		if (line.n)
			return distro_describe(&claim, a, out);
	}
	return 0;
}

static const char *const paths[] = { "etc/alpine-release", NULL };

const struct release_detector release_alpine = {
	.name = "alpine",
	.paths = paths,
	.parse = parse,
};
