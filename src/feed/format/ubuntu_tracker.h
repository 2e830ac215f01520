/*
 * Files of the Ubuntu CVE tracker (https://git.launchpad.net/ubuntu-cve-tracker, its README): one a
 * CVE, of lines "Field: value" with continuation lines, and for each source package and release a
 * row "RELEASE_PACKAGE: STATUS (NOTE)". Not thread-safe.
 */
#ifndef FEED_FORMAT_UBUNTU_TRACKER_H
#define FEED_FORMAT_UBUNTU_TRACKER_H

#include "feed/format/ubuntu_rows.h"

/*
 * The name of the CVE that the file at this path is about, a view into path, or STR_NULL: the file
 * is none of active/CVE-… and retired/CVE-… (wherever these folders lie).
 */
struct str ubuntu_tracker_cve(struct str path);

/*
 * Puts what the file about a CVE says. Rows that do not make sense are skipped with a note. 0, or
 * what the sink fails with.
 */
int ubuntu_tracker_parse(
	struct ubuntu_rows *rows, struct str cve, struct str content, struct err *err) MUST_CHECK;

#endif
