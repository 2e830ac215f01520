/*
 * Red Hat's OVAL: https://www.redhat.com/security/data/oval/, a document an advisory
 * (com.redhat.rhsa-….xml), a release (com.redhat.rhsa-RHEL9.xml, rhel-9.oval.xml.bz2), or a release
 * with what is not fixed (rhel-9-including-unpatched.oval.xml.bz2).
 */
#ifndef FEED_RHEL_OVAL_H
#define FEED_RHEL_OVAL_H

#include "feed/session.h"

/*
 * One document: advisories named RHSA-…, RHBA-… or RHEA-… with their CVEs, and what is not fixed,
 * named by CVE, each in rhel:N and the same in centos:N, for N ≥ 5. With a release ("9") nothing
 * is put of others. With covering, what is put covers its name.
 */
int rhel_oval_parse(struct stream *in, struct str release, bool covering, struct feed_sink *sink,
	struct err *err) MUST_CHECK;

/* The read() of a driver, for the forms above: a directory, a server's folder, or one file. */
int rhel_oval_read(struct feed_session *s, struct err *err) MUST_CHECK;

#endif
