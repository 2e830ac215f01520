/*
 * scan: from a target to its findings.
 */
#ifndef SCAN_SCAN_H
#define SCAN_SCAN_H

#include "image/image.h"
#include "report/report.h"
#include "store/store.h"
#include "view/view.h"

/* Bytes of layers, as they are read. Called from several threads. */
struct scan_progress {
	void (*bytes)(struct scan_progress *p, uint64_t more);
	void (*total)(struct scan_progress *p, uint64_t more); /* that are going to be read */
};

struct scan_options {
	const char *platform; /* NULL: the host's */
	bool verify;    /* check every digest, also where it means reading more, and use no cache */
	size_t threads; /* layers at once; 0: one a processor */
	struct store *store;            /* advisories and cache; NULL: neither */
	bool cache;                     /* whether the store may be written to */
	struct scan_progress *progress; /* may be NULL */
};

/* A scan of any number of targets; owns everything its report points to. */
struct scan;

struct scan *scan_new(const struct scan_options *o);
void scan_free(struct scan *s);
DEFINE_CLEANUP(struct scan *, scan_free)

/*
 * Scans one target: its images are added to the report. What went wrong with a layer or database
 * stands in the report (report_target.errors) and the rest is still there. A negative code: the
 * target could not be opened at all, nothing was added.
 */
int scan_add(struct scan *s, const char *target, struct err *err) MUST_CHECK;

struct report *scan_report(struct scan *s);

/* The jobs that a scan runs in workers, for sandbox_start(). */
extern const struct sandbox_job *const scan_jobs[];

#endif
