/*
 * Wolfi's security database (https://packages.wolfi.dev/os/security.json): one document, of the one
 * release that rolls.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/secdb.h"

static int wolfi_parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	return secdb_parse(in, STR("wolfi:rolling"), sink, err);
}

const struct feed_driver feed_wolfi = {
	.name = "wolfi",
	.title = "Wolfi secdb",
	.default_url = "https://packages.wolfi.dev/os/security.json",
	.revision = 1,
	.parse = wolfi_parse,
};
