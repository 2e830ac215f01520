/*
 * Chainguard's security database (https://packages.cgr.dev/chainguard/security.json): one document,
 * of the one release that rolls.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/secdb.h"

static int chainguard_parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	return secdb_parse(in, STR("chainguard:rolling"), sink, err);
}

const struct feed_driver feed_chainguard = {
	.name = "chainguard",
	.title = "Chainguard secdb",
	.default_url = "https://packages.cgr.dev/chainguard/security.json",
	.revision = 1,
	.parse = chainguard_parse,
};
