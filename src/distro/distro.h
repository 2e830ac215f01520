/*
 * distro: which release of which distribution an image is, from its release files. Parsers are pure
 * functions over foreign bytes and run in the sandbox; choosing among what several files say is
 * separate, since the files of an image come from different layers.
 */
#ifndef DISTRO_DISTRO_H
#define DISTRO_DISTRO_H

#include "base/base.h"

/* A release. All views lie in the arena of the call that made it. */
struct distro {
	struct str id;      /* "debian", "rhel", "opensuse-leap" … as os-release's ID */
	struct str version; /* "12", "22.04", "9.3", "unstable"; may be empty (rolling releases) */
	struct str name_space; /* the word of advisories: "debian:12", "alpine:v3.19", "centos:7" */
	struct str name;   /* for people: PRETTY_NAME, or the release file's line; may be empty */
	struct str scheme; /* version scheme of its packages: "dpkg", "rpm", "apk"; empty when
			      unknown */
};

struct release_detector {
	const char *name;
	/* Paths relative to the root of the image, NULL-terminated. */
	const char *const *paths;
	/*
	 * What the file says: 1 and *out (views in a), 0 when it names no release. Never fails: a
	 * file that cannot be read says nothing.
	 */
	int (*parse)(struct str path, struct str content, struct arena *a, struct distro *out);
};

/* All detectors, the most specific first: release_detector_at(0), … until NULL. */
const struct release_detector *release_detector_at(size_t i);

/* Whether a file at this (normalized) path is one that detection has to know about, if only that it
 * exists. */
bool distro_is_release_path(struct str path);

/* Every such path: distro_release_path_at(0), … until NULL. */
const char *distro_release_path_at(size_t i);

/* The version of a Debian release by its codename: "12" for "bookworm", "unstable" for "sid"; NULL
 * for another word. */
const char *distro_debian_version(struct str codename);
/* The same of Ubuntu: "22.04" for "jammy". Always the same pointer for the same release. */
const char *distro_ubuntu_version(struct str codename);
/* "jammy" for "22.04"; NULL for another word. */
const char *distro_ubuntu_codename(struct str version);

/* What one release file says. Files that exist but name no release are given too, with found =
 * false. */
struct release_file {
	struct str path;
	bool found;
	struct distro distro;
};

/*
 * Reads one release file with the first detector that has its path and understands it. out->path is
 * a copy in a.
 */
void distro_read_file(
	struct str path, struct str content, struct arena *a, struct release_file *out);

/*
 * The release of an image with these files: that of the most specific detector, by the rules that
 * one file's existence silences another. NULL when none names one. The result points into files.
 */
const struct distro *distro_choose(const struct release_file *files, size_t n);

#endif
