/*
 * Red Hat: advisories of Red Hat Enterprise Linux, in the forms that Red Hat publishes today
 * (CSAF VEX, rhel_vex.h) and published before (OVAL, rhel_oval.h). CentOS was built from the same
 * sources, so all is said of both.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/rhel_oval.h"
#include "feed/rhel_vex.h"

static int rhel_read(struct feed_session *s, struct err *err)
{
	return rhel_vex_is_there(s) ? rhel_vex_read(s, err) : rhel_oval_read(s, err);
}

const struct feed_driver feed_rhel = {
	.name = "rhel",
	.title = "Red Hat security data",
	.default_url = "https://security.access.redhat.com/data/csaf/v2/vex/",
	.revision = 1,
	.read = rhel_read,
};
