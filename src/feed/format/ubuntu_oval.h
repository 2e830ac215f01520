/*
 * Ubuntu's OVAL of CVEs (https://ubuntu.com/security/oval): a document a release, a definition a
 * CVE. Its tests name binary packages; the source package that they are made from, and its state,
 * stand in the comments of criteria, in words that have stayed the same for years:
 *
 *   "openssl package in jammy was vulnerable but has been fixed (note: '3.0.2-0ubuntu1.8')."
 *   "nodejs package in jammy is affected and may need fixing."
 */
#ifndef FEED_FORMAT_UBUNTU_OVAL_H
#define FEED_FORMAT_UBUNTU_OVAL_H

#include "feed/format/ubuntu_rows.h"

/* The codename in the name of a document ("com.ubuntu.jammy.cve.oval.xml.bz2", also with "oci." in
 * front), a view into it; STR_NULL for those that are not of the CVEs of a release. */
struct str ubuntu_oval_codename(struct str name);

/* Puts what a document says. -ERR_INPUT for one that is no OVAL. */
int ubuntu_oval_parse(struct stream *in, struct ubuntu_rows *rows, struct err *err) MUST_CHECK;

#endif
