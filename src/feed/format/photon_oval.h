/*
 * Photon OS's advisories as OVAL (com.vmware.phsa-photon5.xml): a definition is an advisory, with
 * a criterion for each binary package ("sqlite is earlier than 0:3.27.2-5.ph3"). Pure.
 */
#ifndef FEED_FORMAT_PHOTON_OVAL_H
#define FEED_FORMAT_PHOTON_OVAL_H

#include "feed/feed.h"

/* Puts the advisories of a branch, "photon:5.0". */
int photon_oval_parse(struct stream *in, struct str name_space, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

#endif
