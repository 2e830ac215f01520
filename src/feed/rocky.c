/*
 * Rocky Linux's errata (https://errata.rockylinux.org/), in the archive of OSV records that osv.dev
 * exports. Those of special interest groups (RXSA) are about other repositories.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/rpm_osv.h"

static struct str rocky_link(struct arena *a, struct str id, struct str release UNUSED)
{
	return arena_printf(a, "https://errata.rockylinux.org/%" PRIstr, STR_ARG(id));
}

static const struct rpm_osv rocky = {
	.ecosystem = STR_INIT("Rocky Linux"),
	.name_space = STR_INIT("rocky"),
	.security = STR_INIT("RLSA-"),
	.others = { STR_INIT("RLBA-"), STR_INIT("RLEA-") },
	.link = rocky_link,
};

static int rocky_read(struct feed_session *s, struct err *err)
{
	return feed_read_rpm_osv(s, &rocky, err);
}

const struct feed_driver feed_rocky = {
	.name = "rocky",
	.title = "Rocky Linux errata",
	.default_url = "https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip",
	.revision = 1,
	.read = rocky_read,
};
