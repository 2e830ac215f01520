/*
 * The updates of a yum repository (updateinfo.xml), as createrepo's modifyrepo puts them there and
 * yum and dnf read them: Amazon Linux, CentOS (CESA), Rocky and Alma publish their advisories so.
 *
 *   <updates><update type="security"><id/><title/><severity/><description/>
 *     <references><reference type="cve" id="CVE-…"/></references>
 *     <pkglist><collection><module name="" stream=""/>
 *       <package name="" epoch="" version="" release="" arch=""/></collection></pkglist>
 *   </update></updates>
 *
 * Pure; any thread, one reader each.
 */
#ifndef FEED_FORMAT_UPDATEINFO_H
#define FEED_FORMAT_UPDATEINFO_H

#include "store/store.h"

struct updateinfo_package {
	struct str name;    /* "MODULE:STREAM::NAME" when it is of a module */
	struct str version; /* "[epoch:]version-release"; an epoch of 0 is left out */
	struct str arch;    /* "x86_64", "noarch", "src" … */
};

struct updateinfo_update {
	struct str id;       /* "ALAS2-2018-939" */
	struct str type;     /* "security", "bugfix" … */
	struct str release;  /* "CentOS 6"; most leave it out */
	struct str severity; /* the word as it stands */
	struct str description;
	const struct str *cves; /* each once */
	size_t n_cves;
	const struct updateinfo_package *packages;
	size_t n_packages;
	/* Why it is to be skipped: something is missing or malformed, or it has more than
	 * LIMIT_ADVISORY_RECORD. NULL: nothing is wrong. Static. */
	const char *problem;
};

struct updateinfo_reader;

/* Reads from in, which has to outlive it. */
struct updateinfo_reader *updateinfo_new(struct stream *in);
void updateinfo_free(struct updateinfo_reader *r);
DEFINE_CLEANUP(struct updateinfo_reader *, updateinfo_free)

/*
 * The next update, everything in a: 1; 0 at the end of the document; -ERR_INPUT when it does not
 * parse.
 */
int updateinfo_next(struct updateinfo_reader *r, struct arena *a, struct updateinfo_update *out,
	struct err *err) MUST_CHECK;

/*
 * The fixes that an update is: one for each package that is not a source, with its architectures.
 * Where it has several versions of one, the last counts. *out in a; how many.
 */
size_t updateinfo_fixes(
	const struct updateinfo_update *u, struct arena *a, struct advisory_fix **out);

#endif
