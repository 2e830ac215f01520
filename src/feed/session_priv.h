/*
 * A session from the inside: what update.c begins and ends, and session.c reads in between.
 */
#ifndef FEED_SESSION_PRIV_H
#define FEED_SESSION_PRIV_H

#include "feed/documents.h"
#include "feed/feed_priv.h"
#include "feed/session.h"

/* Whose message it is when something fails: it tells what the message already names. */
enum blame { BLAME_CONTENT, BLAME_LOCATION, BLAME_STORE };

struct feed_session {
	struct feed_sink sink; /* first: what the sink is given is the session */
	const struct feed_update_options *o;
	struct store *store;
	struct store_update *update; /* begun by the first put */
	struct arena arena;

	const char *where; /* a URL, or a path */
	enum feed_place place;
	struct str location; /* as it was given, without credentials */

	bool known; /* the source was updated before: */
	struct source_state before;
	struct documents remembered; /* of the same location, by the same reader; else empty */
	struct documents now;
	struct str etag; /* of the document that was read last, when it is the only one */
	struct str last_modified;
	struct str digest;
	size_t documents; /* that were opened */
	bool changed;     /* something is not what it was */

	bool partial;
	uint64_t puts;
	uint64_t read_bytes; /* of the documents before this one */
	struct feed_result result;
	enum blame blame;
};

/* Begins the update when that has not been done. */
int session_need_update(struct feed_session *s, struct err *err) MUST_CHECK;

#endif
