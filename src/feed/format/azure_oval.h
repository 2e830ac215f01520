/*
 * Azure Linux's and CBL-Mariner's OVAL: a definition is a CVE in one source package, with one
 * criterion: "less than" the version that fixes it, or "less than or equal" the latest when nothing
 * does. Pure.
 */
#ifndef FEED_FORMAT_AZURE_OVAL_H
#define FEED_FORMAT_AZURE_OVAL_H

#include "feed/feed.h"

/* Puts the advisories of a release, "azurelinux:3.0". */
int azure_oval_parse(struct stream *in, struct str name_space, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

#endif
