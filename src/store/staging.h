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

int store_staging_put_cve(
	struct store_staging *g, const struct cve_record *c, struct err *err) MUST_CHECK;

struct staged_cve {
	struct cve_record record; /* views until the next call */
	struct content_hash hash;
};

bool store_staging_has_cves(const struct store_staging *g);
/* Goes through them by name: 1 and *out, 0 at the end; then again from the front. */
int store_staging_next_cve(
	struct store_staging *g, struct staged_cve *out, struct err *err) MUST_CHECK;
/* 1 when there is one of this name. */
int store_staging_has_cve(struct store_staging *g, struct str name, struct err *err) MUST_CHECK;

/* From the first of these on puts outside of what is covered are refused. */
int store_staging_cover(struct store_staging *g, enum store_cover what, struct str name,
	struct err *err) MUST_CHECK;
/* How many names or namespaces are covered. */
uint64_t store_staging_covered(const struct store_staging *g, enum store_cover what);
/* Goes through them, in byte order: 1 and *out (a view until the next call), 0 at the end. Those of
 * one kind have to be read to their end. */
int store_staging_next_covered(struct store_staging *g, enum store_cover what, struct str *out,
	struct err *err) MUST_CHECK;

/* Gives back the memory of what was staged; more may follow. */
void store_staging_rest(struct store_staging *g);

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
