/*
 * etc/lsb-release, in which Ubuntu and some others name themselves for lsb_release(1): DISTRIB_ID,
 * DISTRIB_RELEASE, DISTRIB_CODENAME and DISTRIB_DESCRIPTION. Ids that are no single word
 * ("VMware Photon OS") name nothing here: os-release has them right.
 */
#include "base/base.h"

#include "distro/distro_priv.h"

/* Debian in the making says "testing", "unstable" or "n/a", and its code name beside it. */
static bool is_codename(struct str word)
{
	return debian_release_of_codename(word).n || ubuntu_release_of_codename(word).n;
}

static int parse(struct str path UNUSED, struct str content, struct arena *a, struct distro *out)
{
	struct release_claim claim = { .id = STR_NULL };
	struct str key, quoted, codename = STR_NULL;

	while (shell_vars_next(&content, &key, &quoted)) {
		if (str_eq(key, STR("DISTRIB_ID")))
			claim.id = shell_vars_unquote(a, quoted);
		else if (str_eq(key, STR("DISTRIB_RELEASE")))
			claim.version = shell_vars_unquote(a, quoted);
		else if (str_eq(key, STR("DISTRIB_CODENAME")))
			codename = shell_vars_unquote(a, quoted);
		else if (str_eq(key, STR("DISTRIB_DESCRIPTION")))
			claim.name = shell_vars_unquote(a, quoted);
	}
	if (distro_leading_digits(claim.version).n == 0 && is_codename(codename))
		claim.version = codename;
	return distro_describe(&claim, a, out);
}

static const char *const paths[] = { "etc/lsb-release", NULL };

const struct release_detector release_lsb = {
	.name = "lsb-release",
	.paths = paths,
	.parse = parse,
};
