/*
 * What Ubuntu says of source packages in its releases, in the words of its CVE tracker, in whatever
 * form it came: the rows of one CVE are gathered, and come to an advisory a release. Not
 * thread-safe.
 */
#ifndef FEED_FORMAT_UBUNTU_ROWS_H
#define FEED_FORMAT_UBUNTU_ROWS_H

#include "feed/feed.h"

struct ubuntu_rows;

/* sink has to outlive it. */
struct ubuntu_rows *ubuntu_rows_new(struct feed_sink *sink);
void ubuntu_rows_free(struct ubuntu_rows *t);
DEFINE_CLEANUP(struct ubuntu_rows *, ubuntu_rows_free)

/* Forgets what was gathered, and starts with another CVE. */
void ubuntu_rows_begin(struct ubuntu_rows *t, struct str cve);

void ubuntu_rows_set_severity(struct ubuntu_rows *t, enum severity severity);
/* Of one package, or "PACKAGE_CODENAME": in one release. */
void ubuntu_rows_add_priority(struct ubuntu_rows *t, struct str package, enum severity severity);
/* Adds a line to the description, as valid UTF-8 without NUL. */
void ubuntu_rows_describe(struct ubuntu_rows *t, struct str line);

/*
 * A row: of a release ("jammy", "esm-infra/xenial") the state of a source package ("released",
 * "needed" …) and what explains it, a version or words. Later ones replace earlier ones. What does
 * not make sense is noted and skipped.
 */
void ubuntu_rows_add(struct ubuntu_rows *t, struct str release, struct str package,
	struct str status, struct str why);

/* Puts what was gathered. 0, or what the sink fails with. */
int ubuntu_rows_put(struct ubuntu_rows *t, struct err *err) MUST_CHECK;

/* The severity of a priority: "untriaged" and unknown words are SEVERITY_UNKNOWN. */
enum severity ubuntu_severity(struct str priority);

/* Whether a source package is a kernel, or one that is made with it: these are left out, as an
 * image has no kernel that runs. */
bool ubuntu_is_kernel(struct str package);

#endif
