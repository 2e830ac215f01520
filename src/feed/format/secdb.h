/*
 * Security databases of apk distributions: which version of a package (of an origin) fixed what.
 * As JSON (https://secdb.alpinelinux.org/, Wolfi, Chainguard), and as YAML in the repository of
 * before (https://git.alpinelinux.org/alpine-secdb/):
 *
 *   { "distroversion": "v3.19", "reponame": "main", "packages": [ { "pkg": {
 *       "name": "busybox", "secfixes": { "1.36.1-r2": [ "CVE-2022-48174" ] } } } ] }
 *
 * Version 0 says that the package never was affected. An id is a line of words that people write:
 * CVEs, and names of advisories elsewhere. Pure; any thread.
 */
#ifndef FEED_FORMAT_SECDB_H
#define FEED_FORMAT_SECDB_H

#include "feed/feed.h"

/*
 * Puts the advisories of one document, whatever the form, into name_space; empty: into that of the
 * Alpine release which the document names ("alpine:v3.19"). -ERR_INPUT for a document that does not
 * parse.
 */
int secdb_parse(struct stream *in, struct str name_space, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

#endif
