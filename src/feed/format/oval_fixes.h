/*
 * What the OVAL definitions of distributions with rpm packages come to: which package of which
 * release is fixed in which version, or is not. For vendors who write "PRODUCT N is installed",
 * "Module a:1 is enabled", "x is earlier than 0:1-2" and "x is installed". Pure.
 */
#ifndef FEED_FORMAT_OVAL_FIXES_H
#define FEED_FORMAT_OVAL_FIXES_H

#include "feed/format/oval.h"

struct oval_fix {
	struct str release; /* "8" */
	struct str package; /* "nodejs:12::npm" for one of a module */
	struct str name;    /* "npm" */
	struct str module;  /* "nodejs:12", or empty */
	struct str version; /* without an epoch of 0; empty: not fixed */
	struct str arches;  /* separated by spaces; empty: all */
};

struct oval_fix_list {
	VEC_OF(struct oval_fix) items;
};

/*
 * Appends the fixes of a definition, sorted by release and package, one for each unless its
 * architectures were built apart: of several versions for one architecture the latest. Views in a,
 * or in d. Live patches
 * (".ksplice" in the version) and packages certified by themselves ("_fips") are other builds than
 * those of the distribution, which are not to be compared with them: they are named
 * "ksplice::openssl" and "fips::openssl" (see package_advisory_name()). product: "Red Hat
 * Enterprise Linux". Criteria that say no release take those of the platforms.
 */
void oval_collect_fixes(const struct oval_definition *d, struct str product, struct arena *a,
	struct oval_fix_list *out);

/* A text in one line, as the original has it: a run of one to three newlines is one space. In a. */
struct str oval_text_in_line(struct arena *a, struct str text);

#endif
