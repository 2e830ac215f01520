/*
 * The lists of a repository of CSAF documents: changes.csv and deletions.csv, a line a document,
 *
 *   "2023/cve-2023-0030.json","2023-12-10T00:00:00+00:00"
 *
 * (CSAF 2.0, requirement 13 of distribution). Red Hat's deletions.csv is of the same form.
 */
#ifndef FEED_RHEL_VEX_CHANGES_H
#define FEED_RHEL_VEX_CHANGES_H

#include "base/base.h"

struct vex_change {
	struct str path; /* "2023/cve-2023-0030.json" */
	int64_t time;    /* seconds since 1970 */
	bool deleted;    /* by the later of its lines */
};

struct vex_changes {
	struct arena arena;
	struct map by_path; /* → struct vex_change */
	int64_t latest;     /* of all lines, also those that are not kept */
	size_t malformed;   /* lines that were skipped */
};

#define VEX_CHANGES_INIT                                 \
	{                                                \
		.arena = ARENA_INIT, .by_path = MAP_INIT \
	}

/*
 * Adds the lines that are not older than `since`. -ERR_INPUT when it has lines and none is one of a
 * list, -ERR_TOO_LARGE beyond LIMIT_CSAF_CHANGES.
 */
int vex_changes_read(struct stream *in, bool deleted, int64_t since, struct vex_changes *out,
	struct err *err) MUST_CHECK;
void vex_changes_fini(struct vex_changes *c);

/* "2023-12-10T00:00:00+00:00", "…Z", with or without a fraction, or a date alone; false else. */
bool vex_time(struct str text, int64_t *out) MUST_CHECK;

/* "CVE-2023-0030" of a document's path, in a; empty when it is none. */
struct str vex_cve_of(struct str path, struct arena *a);

#endif
