/*
 * Debian's releases by codename (https://wiki.debian.org/DebianReleases): release files say
 * numbers, the archive and the security tracker say codenames.
 */
#include "base/base.h"

#include "distro/distro.h"

const char *distro_debian_version(struct str codename)
{
	static const struct {
		struct str codename;
		const char *version;
	} releases[] = {
		{ STR_INIT("sid"), "unstable" },
		{ STR_INIT("duke"), "15" },
		{ STR_INIT("forky"), "14" },
		{ STR_INIT("trixie"), "13" },
		{ STR_INIT("bookworm"), "12" },
		{ STR_INIT("bullseye"), "11" },
		{ STR_INIT("buster"), "10" },
		{ STR_INIT("stretch"), "9" },
		{ STR_INIT("jessie"), "8" },
		{ STR_INIT("wheezy"), "7" },
		{ STR_INIT("squeeze"), "6" },
		{ STR_INIT("lenny"), "5" },
		{ STR_INIT("etch"), "4" },
	};

	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		if (str_eq(codename, releases[i].codename))
			return releases[i].version;
	}
	return NULL;
}
