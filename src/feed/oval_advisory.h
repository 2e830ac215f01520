/*
 * From an OVAL definition of a vendor of rpm packages to what an advisory holds: what Red Hat's and
 * Oracle's have in common.
 */
#ifndef FEED_OVAL_ADVISORY_H
#define FEED_OVAL_ADVISORY_H

#include "feed/feed.h"
#include "feed/format/oval_fixes.h"

/* The CVEs of a definition, of its advisory and its references, each once; in a. */
void oval_cves(const struct oval_definition *d, struct arena *a, const struct str **out, size_t *n);

/* The URL of the first reference of this source, case ignored, else of the first. */
struct str oval_link(const struct oval_definition *d, struct str source);

/* The words of Red Hat and Oracle: low, moderate, important, critical; case ignored. */
enum severity oval_severity(struct str word);

/*
 * Puts an advisory with fixes first … last-1 of the list, all of one release, into a namespace.
 * Fixes whose version is none are noted and left out. state gives the state of those without a
 * version: false leaves one out.
 */
struct oval_put {
	struct feed_sink *sink;
	const struct oval_definition *definition;
	struct advisory advisory; /* without namespace and fixes */
	bool (*state)(
		const struct oval_definition *d, const struct oval_fix *fix, enum fix_state *out);
	bool covering;
};

/* The namespace is each prefix ("centos:") and the release. */
int oval_put_release(const struct oval_put *p, const struct oval_fix *fixes, size_t n,
	const struct str *prefixes, size_t n_prefixes, struct err *err) MUST_CHECK;

#endif
