/*
 * Oracle Linux: https://linux.oracle.com/security/oval/, OVAL documents of one advisory
 * (com.oracle.elsa-20070057.xml), of a year (com.oracle.elsa-2007.xml.bz2) or of all
 * (com.oracle.elsa-all.xml.bz2).
 */
#ifndef FEED_ORACLE_H
#define FEED_ORACLE_H

#include "feed/feed.h"

/* One document: advisories named ELSA-… with their CVEs, in oracle:N. With covering, what is put
 * covers its name. */
int oracle_parse(
	struct stream *in, bool covering, struct feed_sink *sink, struct err *err) MUST_CHECK;

#endif
