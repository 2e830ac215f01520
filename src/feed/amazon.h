/*
 * What Amazon's advisories say, apart from where they are.
 */
#ifndef FEED_AMAZON_H
#define FEED_AMAZON_H

#include "feed/feed.h"

/* Reads one updateinfo.xml of any Amazon Linux; the ids of the advisories tell of which. */
int amazon_parse(struct stream *in, struct feed_sink *sink, struct err *err) MUST_CHECK;

/* Namespaces of one Amazon Linux, "1", "2", "2022" or "2023": NULL-terminated; NULL for another. */
const char *const *amazon_namespaces(struct str release);

#endif
