/*
 * What an update remembers for the next: of each document what it was (ETag, Last-Modified,
 * SHA-256), and values of the driver's. A text of lines, key TAB value, sorted.
 */
#ifndef FEED_DOCUMENTS_H
#define FEED_DOCUMENTS_H

#include "codec/codec.h"

struct documents {
	struct map values; /* key → struct str *, in the arena */
	struct arena arena;
};

void documents_init(struct documents *d);
void documents_fini(struct documents *d);

/* Adds the lines of a text; what is no such line is left out. */
void documents_parse(struct documents *d, struct str text);
/* STR_NULL for none. */
struct str documents_get(const struct documents *d, struct str key);
/* A value with a line end is cut before it, since no key or value of ours has one. */
void documents_set(struct documents *d, struct str key, struct str value);
/* -ERR_TOO_LARGE beyond the maximum of out. */
int documents_format(const struct documents *d, struct buf *out, struct err *err) MUST_CHECK;

/* A document as it was read. */
struct document_state {
	struct str etag;
	struct str last_modified;
	struct str digest; /* "sha256:…" */
};

/* false: nothing is known of it. Views in d. */
bool documents_find(
	const struct documents *d, const char *name, struct document_state *out) MUST_CHECK;
void documents_note(struct documents *d, const char *name, const struct document_state *state);

#endif
