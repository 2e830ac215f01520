/*
 * The National Vulnerability Database's documents, in each of their forms:
 *
 *   JSON 2.0, feeds and pages of the API (https://nvd.nist.gov/developers/vulnerabilities):
 *     { "resultsPerPage", "startIndex", "totalResults", "timestamp", "vulnerabilities": [
 *       { "cve": { "id", "vulnStatus", "published", "metrics": { "cvssMetricV31": [
 *         { "type", "cvssData": { "vectorString", "baseScore" }, "exploitabilityScore",
 *           "impactScore" } ] }}}]}
 *   JSON 1.1: { "CVE_Items": [ { "cve": { "CVE_data_meta": { "ID" }, "description" },
 *     "publishedDate", "impact": { "baseMetricV3": { "cvssV3": … }, "baseMetricV2": … }}]}
 *   XML 2.0: entry elements with vuln:cve-id, vuln:summary and vuln:cvss/cvss:base_metrics.
 *
 * Each CVE is put as a struct cve_record whose metadata are, with what is known of it,
 *
 *   { "CVSSv2": { "PublishedDateTime", "Vectors", "Score" },
 *     "CVSSv3": { "Vectors", "Score", "ExploitabilityScore", "ImpactScore" },
 *     "CVSSv4": { "Vectors", "Score" } }
 *
 * without CVSSv2, PublishedDateTime stands beside the others. A CVE that is rejected, or that
 * nobody has rated, is put with empty metadata: what was known of it does not hold any more.
 */
#ifndef FEED_FORMAT_NVD_H
#define FEED_FORMAT_NVD_H

#include "feed/feed.h"

/* What a document says of itself. */
struct nvd_document {
	uint64_t start_index;   /* of its first entry among all; JSON 2.0 only, as is */
	uint64_t total_results; /* how many entries all pages have */
	uint64_t entries;       /* how many it has */
	char timestamp[40]; /* when it was made: "2023-11-15T11:15:08.840"; "" if it does not say */
};

/*
 * Reads a document, whatever its form, and puts its CVEs. Entries that make no sense are skipped
 * with a note; -ERR_INPUT for what is no such document. doc may be NULL.
 */
int nvd_parse(struct stream *in, struct nvd_document *doc, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

/* What a ".meta" file says of the feed of the same name. */
struct nvd_meta {
	char modified[40];    /* "2021-09-09T07:11:00-04:00"; "" if it does not say */
	bool has_digest;      /* it has this one: */
	struct digest digest; /* of the feed, decompressed */
};

void nvd_meta_parse(struct str text, struct nvd_meta *out);

/* Seconds since 1970 of "2021-09-09T07:11:00-04:00", "…:00.840", "…Z"; without a zone it is UTC.
 * false: it is none. */
bool nvd_time_parse(struct str text, int64_t *out) MUST_CHECK;

#endif
