/*
 * The OSV records of Ubuntu's CVEs in a directory, in folders of any name: "cve/2024/…". Not
 * thread-safe.
 */
#ifndef FEED_UBUNTU_RECORDS_H
#define FEED_UBUNTU_RECORDS_H

#include "feed/format/ubuntu_osv.h"
#include "feed/session.h"

/* Whether a directory, or a folder in it, holds a record. */
bool ubuntu_records_are_in(const char *path);

/* Reads all of them from the directory where the source is. */
int ubuntu_records_read(
	struct feed_session *s, struct ubuntu_rows *rows, struct err *err) MUST_CHECK;

/* Puts what one of many records says; one that makes no sense is noted, by its path, and
 * skipped. */
int ubuntu_record_read(struct feed_session *s, struct ubuntu_rows *rows, struct str path,
	struct str content, struct err *err) MUST_CHECK;

#endif
