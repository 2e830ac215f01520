/*
 * Errata of the distributions that are built from Red Hat's sources, as an archive (zip) of OSV
 * records, the way osv.dev exports them. Pure; any thread.
 *
 * An update of a module concerns only packages of that module: its packages are named
 * MODULE:STREAM::PACKAGE. The records do not say of which stream they are but in their summary
 * ("Important: nodejs:12 security update"), which is where it is taken from for what has a version
 * of a module ("….module_el8.5.0+…").
 */
#ifndef FEED_FORMAT_RPM_OSV_H
#define FEED_FORMAT_RPM_OSV_H

#include "feed/feed.h"

struct rpm_osv {
	struct str ecosystem;  /* "AlmaLinux", of "AlmaLinux:8" */
	struct str name_space; /* "almalinux", of "almalinux:8" */
	/* What ids of security advisories begin with ("ALSA-"). */
	struct str security;
	/* Those of other errata, which count if they name a CVE. */
	struct str others[2];
	/* The page of an advisory. In a. */
	struct str (*link)(struct arena *a, struct str id, struct str release);
};

/* Puts the advisories of an archive. A document in it that does not parse is skipped with a note;
 * -ERR_INPUT when the archive does not. */
int rpm_osv_parse(struct stream *archive, const struct rpm_osv *source, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

#endif
