/*
 * The index of a yum repository (repodata/repomd.xml): where its documents are and what they have
 * to be. Pure.
 */
#ifndef FEED_FORMAT_REPOMD_H
#define FEED_FORMAT_REPOMD_H

#include "codec/codec.h"

struct repomd_document {
	struct str location; /* relative to the repository: "repodata/updateinfo.xml.gz" */
	bool has_digest;     /* there is a SHA-256 of the document as it is served */
	struct digest digest;
};

/*
 * 1 and the document of this type ("updateinfo"), in a; 0 when the repository has none. -ERR_INPUT
 * for an index that does not parse, or that leads out of the repository.
 */
int repomd_find(struct stream *in, struct str type, struct arena *a, struct repomd_document *out,
	struct err *err) MUST_CHECK;

#endif
