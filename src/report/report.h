/*
 * report: the result of a scan for people (table) and programs (JSON, docs/report.schema.json).
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "distro/distro.h"
#include "package/package.h"
#include "store/store.h"

struct report_package {
	struct package package;
	struct str database; /* path of the package database in the image */
	struct str layer; /* digest of the layer that brought it; empty when the target has none */
};

struct report_vulnerability {
	struct str id;
	enum severity severity;
	struct str package;   /* installed (binary) package */
	struct str installed; /* its version */
	struct str
		fixed_in; /* empty when unfixed; for a source package's fix, the source version */
	enum fix_state state;
	struct str link;
	struct str description;
	struct str layer;
	const struct str *cves; /* that an advisory of a vendor is about */
	size_t n_cves;
};

struct report_unevaluated {
	struct str name;
	struct str version;
	struct str reason; /* "no data for rocky:9", "version cannot be compared: …" */
};

/* Something that could not be read: what the report says is incomplete. */
struct report_error {
	struct str layer; /* may be empty */
	struct str message;
};

struct report_target {
	struct str target; /* as the user named it */
	struct str digest; /* of the image or layer; may be empty */
	bool has_distro;
	struct distro distro;
	VEC_OF(struct str) layers; /* digests, lowest first */
	VEC_OF(struct report_vulnerability) vulnerabilities;
	VEC_OF(struct report_package) packages;
	VEC_OF(struct report_unevaluated) not_evaluated;
	VEC_OF(struct report_error) errors;
};

void report_target_init(struct report_target *t);
/* Frees the arrays, not what views point to. */
void report_target_fini(struct report_target *t);

struct report {
	VEC_OF(struct report_target) targets;
};

struct report_options {
	unsigned severities; /* bit 1 << severity for each one to show; 0: all */
	bool only_fixed;     /* show only what has a fix for everybody */
	bool list_packages;
	bool color;     /* ANSI colours (table) */
	unsigned width; /* columns of the terminal (table); 0: unlimited */
};

/* Worst first: by severity, then id, package, installed, layer. */
void report_sort(struct report_target *t);

/*
 * Makes one finding a CVE of each: what several advisories say of one CVE in one package is one
 * finding, with the highest severity and the last fixed version. An advisory that names no CVE
 * stays as it is. Sorts.
 */
void report_by_cve(struct report_target *t);

/* Whether there is a fix for everybody: one that only those get who pay more
 * (FIX_STATE_FIXED_IN_PRO) is none. */
bool report_has_fix(const struct report_vulnerability *v);

/* Whether the options show this finding. */
bool report_shows(const struct report_options *o, const struct report_vulnerability *v);

struct report_summary {
	uint64_t by_severity[SEVERITY_COUNT]; /* findings: (vulnerability, package) pairs; all,
						 whatever is shown */
	uint64_t findings;
	uint64_t fixable;
	uint64_t packages;  /* installed packages found */
	uint64_t evaluated; /* of these, compared with advisories */
	uint64_t not_evaluated;
	uint64_t hidden; /* findings that the options do not show */
};

struct report_summary report_summarize(
	const struct report_target *t, const struct report_options *o);

struct report_format {
	const char *name; /* "table", "json" */
	void (*write)(const struct report *r, const struct report_options *o, struct buf *out);
};

/* All formats: report_format_at(0), … until NULL. */
const struct report_format *report_format_at(size_t i);
const struct report_format *report_format_by_name(struct str name);

#endif
