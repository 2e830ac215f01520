/*
 * Names of the documents at a place: a directory, or a page with links as web servers make of one.
 */
#ifndef FEED_LISTING_H
#define FEED_LISTING_H

#include "base/base.h"

/* Appends the names in a directory, sorted, without those that begin with a dot, in a. */
int listing_of_directory(
	const char *path, struct arena *a, struct str_vec *out, struct err *err) MUST_CHECK;

/*
 * Appends the names that a page links to, sorted and each once, in a: the last part of what stands
 * in href="…" or href='…', where that is a plain name (no query, no escapes). -ERR_TOO_LARGE
 * beyond LIMIT_LISTING.
 */
int listing_of_page(
	struct stream *in, struct arena *a, struct str_vec *out, struct err *err) MUST_CHECK;

bool listing_has(const struct str_vec *names, struct str name);

/* Without the suffix of a compression (".gz", ".bz2", ".xz", ".zst"). */
struct str listing_plain_name(struct str name);

#endif
