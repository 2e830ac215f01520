/*
 * What the parts of the NVD driver share.
 */
#ifndef FEED_NVD_PRIV_H
#define FEED_NVD_PRIV_H

#include "feed/format/nvd.h"
#include "feed/session.h"

/* A feed, with where its ".meta" would be (NULL: it has none). */
struct nvd_place {
	const char *feed;
	const char *meta;
};

/*
 * Reads a feed when it has changed: 0, 1 when it has not, -ERR_NOT_FOUND when there is none,
 * -ERR_MISMATCH when it is damaged. *meta says what its ".meta" says, when that was read.
 */
int nvd_read_feed(struct feed_session *s, const struct nvd_place *place, struct nvd_meta *meta,
	struct err *err) MUST_CHECK;

/* The update only adds to what is known of CVEs: not all of the source is read. */
int nvd_set_partial(struct feed_session *s, struct err *err) MUST_CHECK;

/* Whether a location is named like one document: ".json", ".xml.gz" … */
bool nvd_is_file(struct str location);
/* Reads what has changed of the feeds in the directory that the source is. */
int nvd_read_directory(struct feed_session *s, struct err *err) MUST_CHECK;

/* Whether a URL is that of an API rather than of files. */
bool nvd_is_api(const char *location);
/* Reads what has changed since the last update: all of it at the first. */
int nvd_read_api(struct feed_session *s, struct err *err) MUST_CHECK;

#endif
