/*
 * All that feeds have said, out of a database into a file and back: for machines without a network,
 * and from one kind of database to the other.
 *
 * The file is zstd of: "CLAIRDB\n", the version of the form as u32, records, end. A record is its
 * kind (u8), the length of its content (u32) and the content; strings stand behind their length
 * (u32); all integers are big-endian.
 *
 *   'S'  a source; what follows is its: name, location, etag, last modified, digest, documents,
 *        updated at (u64), checked at (u64)
 *   'A'  an advisory: namespace, scheme, name, severity (u8), link, description, metadata,
 *        CVEs (u32 and as many strings), fixes (u32 and for each: package, introduced, fixed
 *        version, state (u8), severity (u8), architectures)
 *   'C'  what is known of a CVE: name, severity (u8), metadata
 *   'E'  the end: number of 'S', 'A' and 'C' records (u64 each)
 *
 * Sources come in the order of their names, their advisories in that of namespaces and names, CVEs
 * by name behind the last of them: they are no source's, and all there are. Behind the end stands
 * the SHA-256 of all bytes before it, and nothing else. Equal content is equal bytes.
 */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

#include "base/base.h"

struct store;
struct source_state;
struct advisory;
struct cve_record;

/* Who is told of everything, source by source, and then of CVEs; what is handed over is valid
 * during the call. */
struct store_visitor {
	int (*source)(struct store_visitor *v, const struct source_state *state,
		struct err *err) MUST_CHECK;
	int (*advisory)(
		struct store_visitor *v, const struct advisory *a, struct err *err) MUST_CHECK;
	int (*cve)(struct store_visitor *v, const struct cve_record *c, struct err *err) MUST_CHECK;
};

/*
 * Shows v one state of all that feeds have said (no edits): the sources by name, each with its
 * advisories by namespace and name, then CVEs by name. Memory does not grow with the data. A
 * failure of v ends it.
 */
int store_visit(struct store *s, struct store_visitor *v, struct err *err) MUST_CHECK;

struct dump_counts {
	uint64_t sources;
	uint64_t advisories;
	uint64_t cves;
};

/* Writes everything to fd, which stays the caller's; `what` names it in errors. */
int store_export(struct store *s, int fd, const char *what, struct dump_counts *counts,
	struct err *err) MUST_CHECK;

/*
 * Makes what the file holds the state of its sources (others stay), in one transaction at its end,
 * with notifications as of updates. `in` is the file, still compressed. -ERR_INPUT for a file that
 * is damaged, cut off or none of ours, -ERR_UNSUPPORTED for that of a newer version: nothing has
 * changed then.
 */
int store_import(
	struct store *s, struct stream *in, struct dump_counts *counts, struct err *err) MUST_CHECK;

/* Reads a file, decompressed. 0 only when all of it is as it was written; v has seen the rest in
 * either case. */
int dump_read(struct stream *in, struct store_visitor *v, struct dump_counts *counts,
	struct err *err) MUST_CHECK;

#endif
