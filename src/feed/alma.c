/*
 * AlmaLinux's errata (https://github.com/AlmaLinux/osv-database), in the archive of OSV records
 * that osv.dev exports.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/rpm_osv.h"

static struct str alma_link(struct arena *a, struct str id, struct str release)
{
	struct str kind, number;

	if (!str_cut(id, ':', &kind, &number))
		return STR_NULL;
	return arena_printf(a,
		"https://errata.almalinux.org/%" PRIstr "/%" PRIstr "-%" PRIstr ".html",
		STR_ARG(release), STR_ARG(kind), STR_ARG(number));
}

static const struct rpm_osv alma = {
	.ecosystem = STR_INIT("AlmaLinux"),
	.name_space = STR_INIT("almalinux"),
	.security = STR_INIT("ALSA-"),
	.others = { STR_INIT("ALBA-"), STR_INIT("ALEA-") },
	.link = alma_link,
};

static int alma_read(struct feed_session *s, struct err *err)
{
	return feed_read_rpm_osv(s, &alma, err);
}

const struct feed_driver feed_alma = {
	.name = "alma",
	.title = "AlmaLinux errata",
	.default_url = "https://osv-vulnerabilities.storage.googleapis.com/AlmaLinux/all.zip",
	.revision = 1,
	.read = alma_read,
};
