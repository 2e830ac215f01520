/*
 * The puts of an update, staged in a temporary SQLite database of their own whatever the driver:
 * sorted and folded on disk, so that memory does not grow with the feed.
 */
#ifndef STORE_STAGING_H
#define STORE_STAGING_H

#include "store/store_priv.h"

struct store_staging;

int store_staging_new(struct store_staging **out, struct err *err) MUST_CHECK;
void store_staging_free(struct store_staging *g);
int store_staging_put(
	struct store_staging *g, const struct advisory *a, struct err *err) MUST_CHECK;

/* An advisory as it results from all puts. Views are valid until the next call. */
struct staged_advisory {
	struct str name;
	struct str name_space;
	struct str scheme;
	struct span record; /* canonical */
	struct content_hash hash;
	struct advisory_record content;
};

/*
 * Goes through the staged advisories by namespace and then name (byte order), those without fixes
 * left out. Start sorts; 1 and *out for each, 0 at the end.
 */
int store_staging_start(struct store_staging *g, struct err *err) MUST_CHECK;
int store_staging_next(
	struct store_staging *g, const struct staged_advisory **out, struct err *err) MUST_CHECK;

/* The description of this hash; a view until the next call. */
int store_staging_text(
	struct store_staging *g, struct span hash, struct str *out, struct err *err) MUST_CHECK;

/*
 * A list of what is to be done when the current rows have been read to their end: the staged
 * advisory (NULL: vanished) takes the place of row old_id (0: none).
 */
int store_staging_defer(struct store_staging *g, int64_t old_id, const struct staged_advisory *a,
	struct err *err) MUST_CHECK;
/* 1, *old_id and *out (NULL: vanished); 0 at the end. */
int store_staging_next_deferred(struct store_staging *g, int64_t *old_id,
	const struct staged_advisory **out, struct err *err) MUST_CHECK;

#endif
