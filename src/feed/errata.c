/*
 * Reading a source that is one archive of OSV records.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/rpm_osv.h"
#include "feed/session.h"

int feed_read_rpm_osv(struct feed_session *s, const struct rpm_osv *source, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	int r = feed_open(s, feed_location(s), 0, &d, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = rpm_osv_parse(feed_raw_stream(d), source, feed_sink(s), err);
	return r < 0 ? r : feed_finish(take_ptr(d), err);
}
