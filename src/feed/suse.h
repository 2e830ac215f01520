/*
 * What SUSE's OVAL says, apart from where it is.
 */
#ifndef FEED_SUSE_H
#define FEED_SUSE_H

#include "feed/feed.h"

/*
 * The namespace of a product of SUSE by its name ("SUSE Linux Enterprise Server 15 SP5-LTSS",
 * "openSUSE Leap 15.6"), in a; STR_NULL for products that are no distribution of images (SUSE
 * Manager, Storage …).
 */
struct str suse_namespace(struct str product, struct arena *a);

/* Which namespaces a document is read for: those that begin with one of these; none: all. */
struct suse_scope {
	const struct str *prefixes; /* "sles:15" */
	size_t n_prefixes;
};

/* Whether a namespace is of the scope: it is the prefix, or goes on with a point. */
bool suse_in_scope(const struct suse_scope *scope, struct str name_space);

/* Reads one OVAL document. */
int suse_parse(struct stream *in, const struct suse_scope *scope, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

#endif
