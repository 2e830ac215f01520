/*
 * etc/SuSE-release, from before SUSE had os-release: a line with the product, then VERSION = 11 and
 * PATCHLEVEL = 4 (the service pack).
 */
#include "base/base.h"

#include "distro/distro_priv.h"

static struct str id_of_product(struct str line)
{
	if (str_starts(line, STR("openSUSE ")))
		return STR("opensuse");
	if (str_starts(line, STR("SUSE Linux Enterprise Server ")))
		return STR("sles");
	if (str_starts(line, STR("SUSE Linux Enterprise Desktop ")))
		return STR("sled");
	return STR_NULL;
}

static int parse(struct str path UNUSED, struct str content, struct arena *a, struct distro *out)
{
	struct release_claim claim = { .id = STR_NULL };
	struct str line, key, value, patch = STR_NULL;

	if (!str_next_line(&content, &claim.name))
		return 0;
	claim.id = id_of_product(claim.name);
	while (str_next_line(&content, &line)) {
		(void)str_cut(line, '=', &key, &value);
		if (str_eq(str_trim(key), STR("VERSION")))
			claim.version = str_trim(value);
		else if (str_eq(str_trim(key), STR("PATCHLEVEL")))
			patch = str_trim(value);
	}
	if (claim.version.n == 0)
		return 0;
	if (patch.n && !str_eq(patch, STR("0")))
		claim.version = arena_printf(
			a, "%" PRIstr ".%" PRIstr, STR_ARG(claim.version), STR_ARG(patch));
	return distro_describe(&claim, a, out);
}

static const char *const paths[] = { "etc/SuSE-release", NULL };

const struct release_detector release_suse = {
	.name = "suse-release",
	.paths = paths,
	.parse = parse,
};
