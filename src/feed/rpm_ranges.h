/*
 * Several versions of one rpm package that fix the same vulnerability: a distribution with minor
 * releases fixes each of them that is maintained ("-23.el9_2.4" and "-26.el9_3.2"). What is at
 * least the first of them is only fixed as long as it is of the same minor release.
 */
#ifndef FEED_RPM_RANGES_H
#define FEED_RPM_RANGES_H

#include "store/store.h"

struct rpm_range {
	struct str introduced; /* first affected version; empty: all */
	struct str fixed;      /* first version that is not; valid */
	uint32_t arches;       /* a set, to the caller's liking */
	enum severity severity;
};

/*
 * Turns fixes of one package into ranges: sorts them, sets introduced, and makes one of those that
 * are of one line. Returns how many are left. New texts in a.
 */
size_t rpm_ranges(struct rpm_range *ranges, size_t n, struct arena *a);

#endif
