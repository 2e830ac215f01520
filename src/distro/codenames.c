/*
 * Code names of the releases of Debian and Ubuntu. The numbers of Debian are those that its
 * advisories go by: the major one from etch (4.0) on. "stable", "testing" and the like are not
 * here: which release they meant depends on the day the image was made.
 */
#include "base/base.h"

#include "distro/distro_priv.h"

struct codename {
	struct str name;
	struct str release;
};

static const struct codename debian[] = {
	{ STR_INIT("buzz"), STR_INIT("1.1") },
	{ STR_INIT("rex"), STR_INIT("1.2") },
	{ STR_INIT("bo"), STR_INIT("1.3") },
	{ STR_INIT("hamm"), STR_INIT("2.0") },
	{ STR_INIT("slink"), STR_INIT("2.1") },
	{ STR_INIT("potato"), STR_INIT("2.2") },
	{ STR_INIT("woody"), STR_INIT("3.0") },
	{ STR_INIT("sarge"), STR_INIT("3.1") },
	{ STR_INIT("etch"), STR_INIT("4") },
	{ STR_INIT("lenny"), STR_INIT("5") },
	{ STR_INIT("squeeze"), STR_INIT("6") },
	{ STR_INIT("wheezy"), STR_INIT("7") },
	{ STR_INIT("jessie"), STR_INIT("8") },
	{ STR_INIT("stretch"), STR_INIT("9") },
	{ STR_INIT("buster"), STR_INIT("10") },
	{ STR_INIT("bullseye"), STR_INIT("11") },
	{ STR_INIT("bookworm"), STR_INIT("12") },
	{ STR_INIT("trixie"), STR_INIT("13") },
	{ STR_INIT("forky"), STR_INIT("14") },
	{ STR_INIT("duke"), STR_INIT("15") },
	{ STR_INIT("sid"), STR_INIT("unstable") },
	{ STR_INIT("unstable"), STR_INIT("unstable") },
};

static const struct codename ubuntu[] = {
	{ STR_INIT("warty"), STR_INIT("4.10") },
	{ STR_INIT("hoary"), STR_INIT("5.04") },
	{ STR_INIT("breezy"), STR_INIT("5.10") },
	{ STR_INIT("dapper"), STR_INIT("6.06") },
	{ STR_INIT("edgy"), STR_INIT("6.10") },
	{ STR_INIT("feisty"), STR_INIT("7.04") },
	{ STR_INIT("gutsy"), STR_INIT("7.10") },
	{ STR_INIT("hardy"), STR_INIT("8.04") },
	{ STR_INIT("intrepid"), STR_INIT("8.10") },
	{ STR_INIT("jaunty"), STR_INIT("9.04") },
	{ STR_INIT("karmic"), STR_INIT("9.10") },
	{ STR_INIT("lucid"), STR_INIT("10.04") },
	{ STR_INIT("maverick"), STR_INIT("10.10") },
	{ STR_INIT("natty"), STR_INIT("11.04") },
	{ STR_INIT("oneiric"), STR_INIT("11.10") },
	{ STR_INIT("precise"), STR_INIT("12.04") },
	{ STR_INIT("quantal"), STR_INIT("12.10") },
	{ STR_INIT("raring"), STR_INIT("13.04") },
	{ STR_INIT("saucy"), STR_INIT("13.10") },
	{ STR_INIT("trusty"), STR_INIT("14.04") },
	{ STR_INIT("utopic"), STR_INIT("14.10") },
	{ STR_INIT("vivid"), STR_INIT("15.04") },
	{ STR_INIT("wily"), STR_INIT("15.10") },
	{ STR_INIT("xenial"), STR_INIT("16.04") },
	{ STR_INIT("yakkety"), STR_INIT("16.10") },
	{ STR_INIT("zesty"), STR_INIT("17.04") },
	{ STR_INIT("artful"), STR_INIT("17.10") },
	{ STR_INIT("bionic"), STR_INIT("18.04") },
	{ STR_INIT("cosmic"), STR_INIT("18.10") },
	{ STR_INIT("disco"), STR_INIT("19.04") },
	{ STR_INIT("eoan"), STR_INIT("19.10") },
	{ STR_INIT("focal"), STR_INIT("20.04") },
	{ STR_INIT("groovy"), STR_INIT("20.10") },
	{ STR_INIT("hirsute"), STR_INIT("21.04") },
	{ STR_INIT("impish"), STR_INIT("21.10") },
	{ STR_INIT("jammy"), STR_INIT("22.04") },
	{ STR_INIT("kinetic"), STR_INIT("22.10") },
	{ STR_INIT("lunar"), STR_INIT("23.04") },
	{ STR_INIT("mantic"), STR_INIT("23.10") },
	{ STR_INIT("noble"), STR_INIT("24.04") },
	{ STR_INIT("oracular"), STR_INIT("24.10") },
	{ STR_INIT("plucky"), STR_INIT("25.04") },
	{ STR_INIT("questing"), STR_INIT("25.10") },
	{ STR_INIT("resolute"), STR_INIT("26.04") },
	{ STR_INIT("stonking"), STR_INIT("26.10") },
};

static struct str find(const struct codename *table, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(table[i].name, name))
			return table[i].release;
	}
	return STR_NULL;
}

struct str debian_release_of_codename(struct str codename)
{
	return find(debian, ARRAY_LEN(debian), codename);
}

struct str ubuntu_release_of_codename(struct str codename)
{
	return find(ubuntu, ARRAY_LEN(ubuntu), codename);
}

const char *distro_debian_version(struct str codename)
{
	/* The table holds literals: they end in NUL. */
	return debian_release_of_codename(codename).p;
}

const char *distro_ubuntu_version(struct str codename)
{
	return ubuntu_release_of_codename(codename).p;
}

const char *distro_ubuntu_codename(struct str version)
{
	for (size_t i = 0; i < ARRAY_LEN(ubuntu); i++) {
		if (str_eq(ubuntu[i].release, version))
			return ubuntu[i].name.p;
	}
	return NULL;
}
