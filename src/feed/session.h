/*
 * One update of one source, for drivers whose source is several documents. What a document was at
 * the last update (ETag, Last-Modified, SHA-256) is remembered, so that only what has changed is
 * read. Everything in the arena of the session lives until the update ends.
 */
#ifndef FEED_SESSION_H
#define FEED_SESSION_H

#include "feed/feed.h"

enum feed_place { FEED_HTTP, FEED_FILE, FEED_DIRECTORY };

/* Where the source is to be read from, as the user gave it: a URL, or a path (file URLs were made
 * paths). */
const char *feed_location(const struct feed_session *s);
enum feed_place feed_place(const struct feed_session *s);

struct feed_sink *feed_sink(struct feed_session *s);
struct arena *feed_arena(struct feed_session *s);
/* True when the update is to end soon; streams of the session end by themselves. */
bool feed_is_cancelled(const struct feed_session *s);

/* The name below a base, which is a directory or a URL: one slash between the two. In the arena. */
const char *feed_join(struct feed_session *s, const char *base, const char *name);

/*
 * What the last successful update of this location by this revision of the driver remembered under
 * a key: "commit", "changes until" … STR_NULL for nothing. What is set is remembered when this
 * update is committed; what is not set again is kept.
 */
struct str feed_recall(struct feed_session *s, struct str key);
void feed_remember(struct feed_session *s, struct str key, struct str value);

struct feed_document;

/* A URL as it is fetched: behind the mirror's when there is one. */
const char *feed_mirrored(struct feed_session *s, const char *url);

/* Reads it even if it has not changed. */
#define FEED_ALWAYS (1u << 0)
/* It is not remembered: one of many that are read once. */
#define FEED_ONCE (1u << 1)

/*
 * Opens a document, a URL or a path: 0 and *out; 1 when it is what it was at the last update,
 * without FEED_ALWAYS; -ERR_NOT_FOUND when there is none. Downloads are resumed and tried again by
 * themselves.
 */
int feed_open(struct feed_session *s, const char *location, unsigned flags,
	struct feed_document **out, struct err *err) MUST_CHECK;
/* Its content, decompressed whatever the format. */
struct stream *feed_stream(struct feed_document *d);
/* For archives (zip): its content as it is; either of the two is used, not both. */
struct stream *feed_raw_stream(struct feed_document *d);
/* Reads what is left, and remembers the document as read. d is gone in any case. */
int feed_finish(struct feed_document *d, struct err *err) MUST_CHECK;
/* After a failure r to make sense of it: names it, unless err does, and leaves it. Returns r. */
int feed_fail(struct feed_document *d, int r, struct err *err);
/* Leaves it before its end. NULL is fine. */
void feed_drop(struct feed_document *d);
DEFINE_CLEANUP(struct feed_document *, feed_drop)

/* Documents that together say all of some namespaces. */
struct feed_part {
	const struct str *name_spaces; /* none: all of the source */
	size_t n_name_spaces;
	const char *const *locations;
	size_t n_locations;
	/* Whether some of the documents, not all, may be missing (404). When others of the part
	 * have changed, what a server had before must not, unless shrinking is accepted. */
	bool may_miss;
	int (*parse)(struct stream *in, const char *location, void *ctx, struct feed_sink *sink,
		struct err *err);
	void *ctx;
};

/*
 * Reads a part when any of its documents has changed: 0, or 1 when none has and the part stays as
 * it was. Covers its namespaces. -ERR_NOT_FOUND when none of the documents is there.
 */
int feed_read_part(
	struct feed_session *s, const struct feed_part *part, struct err *err) MUST_CHECK;

#endif
