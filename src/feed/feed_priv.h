/*
 * What the files of feed/ share.
 */
#ifndef FEED_FEED_PRIV_H
#define FEED_FEED_PRIV_H

#include "feed/feed.h"

extern const struct feed_driver feed_debian;

enum location_kind { LOCATION_HTTP, LOCATION_FILE };

/*
 * What a location is; for a file *path is its path (in a). -ERR_UNSUPPORTED for a URL of another
 * scheme or host, -ERR_USAGE for a malformed file URL.
 */
int location_resolve(const char *location, struct arena *a, enum location_kind *kind,
	const char **path, struct err *err) MUST_CHECK;

#endif
