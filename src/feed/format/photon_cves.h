/*
 * What Photon OS publishes of the CVEs of one of its branches (cve_data_photon5.0.json): an array
 * of {"cve_id", "pkg", "cve_score", "aff_ver", "res_ver", "status"}, one for each CVE and binary
 * package. Pure.
 */
#ifndef FEED_FORMAT_PHOTON_CVES_H
#define FEED_FORMAT_PHOTON_CVES_H

#include "feed/feed.h"

/*
 * Puts the advisories of a branch, "photon:5.0". Names that are no CVE (Photon has some of its own)
 * are passed over, as are packages that are not affected.
 */
int photon_cves_parse(struct stream *in, struct str name_space, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

#endif
