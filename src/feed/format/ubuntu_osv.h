/*
 * Canonical's OSV records of CVEs (https://security-metadata.canonical.com/osv/): one a CVE,
 * "UBUNTU-CVE-2024-1.json". A release is an ecosystem, "Ubuntu:22.04:LTS"; what Expanded Security
 * Maintenance says of it another, "Ubuntu:Pro:22.04:LTS". A package without a fix is affected or
 * not looked at: that is not told apart. Not thread-safe.
 */
#ifndef FEED_FORMAT_UBUNTU_OSV_H
#define FEED_FORMAT_UBUNTU_OSV_H

#include "feed/format/ubuntu_rows.h"

/* The name of the CVE that the record at this path is about, a view into path; STR_NULL: it is none
 * of a CVE. */
struct str ubuntu_osv_cve(struct str path);

/*
 * Puts what the record that `in` holds says; one that was withdrawn says nothing. cover: the sink
 * that is told first that its CVE is covered, or NULL. -ERR_INPUT for what is no record of a CVE;
 * else 0, or what the sink fails with.
 */
int ubuntu_osv_parse(struct ubuntu_rows *rows, struct stream *in, struct feed_sink *cover,
	struct err *err) MUST_CHECK;

#endif
