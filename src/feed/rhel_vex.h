/*
 * Red Hat's CSAF VEX: https://security.access.redhat.com/data/csaf/v2/vex/, a document a CVE. The
 * driver of Red Hat's data comes here when its location holds such.
 */
#ifndef FEED_RHEL_VEX_H
#define FEED_RHEL_VEX_H

#include "feed/session.h"

/*
 * One document to advisories: named after the CVE, one in rhel:N and the same in centos:N for each
 * release of Red Hat Enterprise Linux that is affected or was. What is no CSAF document is
 * -ERR_INPUT, and nothing was put then.
 */
int rhel_vex_parse(struct stream *in, struct feed_sink *sink, struct err *err) MUST_CHECK;

/* Whether the session's location is one for rhel_vex_read(), by its name and what lies there. */
bool rhel_vex_is_there(struct feed_session *s);

/*
 * The read() of a driver. The location is a repository (a base URL or a directory, with
 * archive_latest.txt, changes.csv, deletions.csv), an archive of documents (csaf_vex_….tar.zst), a
 * directory of them or a single one. Of a repository the archive is read first, then what has
 * changed since; later only the latter, unless that is most of it.
 */
int rhel_vex_read(struct feed_session *s, struct err *err) MUST_CHECK;

#endif
