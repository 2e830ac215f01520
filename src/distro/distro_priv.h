/*
 * What the files of distro/ share: the detectors, and the step from what a file states to a
 * release.
 */
#ifndef DISTRO_DISTRO_PRIV_H
#define DISTRO_DISTRO_PRIV_H

#include "distro/distro.h"

extern const struct release_detector release_redhat, release_alpine, release_lsb,
	release_apt_sources, release_os_release, release_debian_version, release_suse;

/* What a file states, in its own words; views into it or into an arena. */
struct release_claim {
	struct str id;      /* as os-release's ID would be */
	struct str version; /* of any precision, or a code name where the distribution has them */
	struct str like;    /* related ids, as os-release's ID_LIKE */
	struct str name;    /* for people */
	/* A line of development of the same id that advisories of its releases do not speak of:
	 * "stream" of centos, "kitten" of almalinux; or empty. */
	struct str edition;
};

/*
 * The release that is claimed: 1 and *out (views in a), or 0 when the claim is none: no id, words
 * with other characters than a-z 0-9 . _ - (after lowering), or without the version that advisories
 * of this distribution are told apart by.
 */
int distro_describe(const struct release_claim *claim, struct arena *a, struct distro *out);

/* The release of a code name ("bookworm": "12", "sid": "unstable"), or the empty view. */
struct str debian_release_of_codename(struct str codename);
struct str ubuntu_release_of_codename(struct str codename);

/*
 * Files of shell assignments (os-release(5), lsb-release): the next KEY=VALUE off *rest, the value
 * still quoted. Lines that are none are passed over; false at the end.
 */
bool shell_vars_next(struct str *rest, struct str *key, struct str *quoted);
/* The value without its quotes, in a. */
struct str shell_vars_unquote(struct arena *a, struct str quoted);

/* The leading part of s that consists of digits. */
struct str distro_leading_digits(struct str s);

#endif
