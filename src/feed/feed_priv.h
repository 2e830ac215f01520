/*
 * What the files of feed/ share.
 */
#ifndef FEED_FEED_PRIV_H
#define FEED_FEED_PRIV_H

#include "feed/feed.h"

extern const struct feed_driver feed_alma;
extern const struct feed_driver feed_alpine;
extern const struct feed_driver feed_amazon;
extern const struct feed_driver feed_chainguard;
extern const struct feed_driver feed_azurelinux;
extern const struct feed_driver feed_debian;
extern const struct feed_driver feed_oracle;
extern const struct feed_driver feed_nvd;
extern const struct feed_driver feed_photon;
extern const struct feed_driver feed_rhel;
extern const struct feed_driver feed_rocky;
extern const struct feed_driver feed_wolfi;

/* Reads a source that is one archive of OSV records, if it has changed. */
struct rpm_osv;
int feed_read_rpm_osv(
	struct feed_session *s, const struct rpm_osv *source, struct err *err) MUST_CHECK;
extern const struct feed_driver feed_suse;
extern const struct feed_driver feed_ubuntu;

enum location_kind { LOCATION_HTTP, LOCATION_FILE };

/*
 * What a location is (a repository of git elsewhere counts as HTTP); for a file *path is its path
 * (in a). -ERR_UNSUPPORTED for a URL of another scheme or host, -ERR_USAGE for a malformed file
 * URL.
 */
int location_resolve(const char *location, struct arena *a, enum location_kind *kind,
	const char **path, struct err *err) MUST_CHECK;

#endif
