/*
 * Names of SUSE's products, as OVAL has them. A module or extension of SUSE Linux Enterprise is a
 * part of the server of the same version; what follows the version (-LTSS, -ESPOS …) is how long
 * it is supported.
 */
#include "base/base.h"

#include "feed/suse.h"

static const struct {
	struct str product; /* what the name begins with */
	struct str id;      /* in front of the namespace's colon; empty: no distribution */
} products[] = {
	/* Longer ones first. */
	{ STR_INIT("SUSE Linux Enterprise Server for SAP "), STR_INIT("sles_sap") },
	{ STR_INIT("SUSE Linux Enterprise Server for "), STR_INIT("") },
	{ STR_INIT("SUSE Linux Enterprise Server Teradata "), STR_INIT("") },
	{ STR_INIT("SUSE Linux Enterprise Server "), STR_INIT("sles") },
	{ STR_INIT("SUSE Linux Enterprise Desktop "), STR_INIT("sled") },
	{ STR_INIT("SUSE Linux Enterprise High Performance Computing "), STR_INIT("sle_hpc") },
	{ STR_INIT("SUSE Linux Enterprise Module for "), STR_INIT("sles") },
	{ STR_INIT("SUSE Linux Enterprise Software Development Kit "), STR_INIT("sles") },
	{ STR_INIT("SUSE Linux Enterprise Workstation Extension "), STR_INIT("sles") },
	{ STR_INIT("SUSE Linux Enterprise High Availability "), STR_INIT("sles") },
	{ STR_INIT("SUSE Linux Enterprise Live Patching "), STR_INIT("sles") },
	{ STR_INIT("SUSE Package Hub "), STR_INIT("sles") },
	{ STR_INIT("SUSE Linux Enterprise Micro "), STR_INIT("sle-micro") },
	{ STR_INIT("SUSE Linux Micro "), STR_INIT("sl-micro") },
	{ STR_INIT("openSUSE Leap Micro "), STR_INIT("opensuse-leap-micro") },
	{ STR_INIT("openSUSE Leap "), STR_INIT("opensuse-leap") },
	{ STR_INIT("openSUSE Tumbleweed"), STR_INIT("opensuse-tumbleweed") },
	{ STR_INIT("openSUSE "), STR_INIT("opensuse") },
};

/* "15" of "15", "15-LTSS" and "15.6"; with the part behind the point of the last. */
static struct str number(struct str word)
{
	size_t n = 0;

	while (n < word.n &&
		(ascii_is_digit(word.p[n]) || (word.p[n] == '.' && n > 0 && n + 1 < word.n &&
						      ascii_is_digit(word.p[n + 1]))))
		n++;
	return n == word.n || word.p[n] == '-' ? str_head(word, n) : STR_NULL;
}

/* The version at the end of a name, "15 SP5-LTSS" → "15.5"; STR_NULL when there is none. */
static struct str version_of(struct str name, struct arena *a)
{
	struct str rest, last, before, pack;

	if (!str_rcut(name, ' ', &rest, &last))
		rest = STR_NULL;
	pack = last;
	if (!str_skip_prefix(&pack, STR("SP")))
		return number(last);
	(void)str_rcut(rest, ' ', NULL, &before);
	before = number(before);
	pack = number(pack);
	if (before.n == 0 || pack.n == 0)
		return STR_NULL;
	return arena_printf(a, "%" PRIstr ".%" PRIstr, STR_ARG(before), STR_ARG(pack));
}

/* "sles11-sp4" → "11.4": how the documents of SUSE Linux Enterprise 10 and 11 name it. */
static struct str version_of_short(struct str name, struct arena *a)
{
	struct str major, pack;

	(void)str_cut(name, '-', &major, &pack);
	major = number(major);
	if (!str_skip_prefix(&pack, STR("sp")))
		return pack.n ? STR_NULL : major;
	pack = number(pack);
	if (major.n == 0 || pack.n == 0)
		return STR_NULL;
	return arena_printf(a, "%" PRIstr ".%" PRIstr, STR_ARG(major), STR_ARG(pack));
}

struct str suse_namespace(struct str product, struct arena *a)
{
	struct str id = STR_NULL, version;

	if (str_skip_prefix(&product, STR("sles"))) {
		version = version_of_short(product, a);
		id = STR("sles");
	} else {
		for (size_t i = 0; i < ARRAY_LEN(products); i++) {
			if (str_skip_prefix(&product, products[i].product)) {
				id = products[i].id;
				break;
			}
		}
		version = str_eq(id, STR("opensuse-tumbleweed")) ? STR("rolling")
								 : version_of(product, a);
	}
	if (id.n == 0 || version.n == 0 || version.n > LIMIT_RELEASE_WORD)
		return STR_NULL;
	return arena_printf(a, "%" PRIstr ":%" PRIstr, STR_ARG(id), STR_ARG(version));
}

bool suse_in_scope(const struct suse_scope *scope, struct str name_space)
{
	for (size_t i = 0; i < scope->n_prefixes; i++) {
		struct str rest = name_space;

		if (str_skip_prefix(&rest, scope->prefixes[i]) && (rest.n == 0 || rest.p[0] == '.'))
			return true;
	}
	return scope->n_prefixes == 0;
}
