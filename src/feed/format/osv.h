/*
 * One record in the Open Source Vulnerability format, as JSON
 * (https://ossf.github.io/osv-schema/). What distributions use of it is kept; the rest is passed
 * over. Pure; any thread.
 */
#ifndef FEED_FORMAT_OSV_H
#define FEED_FORMAT_OSV_H

#include "store/store.h"
#include "version/version.h"

enum osv_event_kind { OSV_INTRODUCED, OSV_FIXED, OSV_LAST_AFFECTED, OSV_LIMIT };

struct osv_event {
	enum osv_event_kind kind;
	struct str version; /* as it stands; "0" of OSV_INTRODUCED: before every version */
};

enum osv_range_type { OSV_RANGE_ECOSYSTEM, OSV_RANGE_SEMVER, OSV_RANGE_GIT, OSV_RANGE_OTHER };

struct osv_range {
	enum osv_range_type type;
	const struct osv_event *events; /* in the order of the record */
	size_t n_events;
};

struct osv_severity {
	struct str type;  /* "CVSS_V3", "Ubuntu" */
	struct str score; /* "CVSS:3.1/AV:N/…", "medium" */
};

/* A binary package that a source package makes: ecosystem_specific of Canonical's records. */
struct osv_binary {
	struct str name;
	struct str version;
};

struct osv_affected {
	struct str ecosystem; /* "AlmaLinux:8", "Ubuntu:Pro:18.04:LTS" */
	struct str package;
	struct str purl;
	const struct osv_range *ranges;
	size_t n_ranges;
	const struct str *versions; /* affected ones, enumerated */
	size_t n_versions;
	const struct osv_severity *severities;
	size_t n_severities;
	/* Of ecosystem_specific, and of database_specific: */
	struct str availability; /* "No subscription required" … */
	struct str priority;     /* "priority", "ubuntu_priority", "urgency" or "severity" */
	const struct osv_binary *binaries;
	size_t n_binaries;
};

struct osv_reference {
	struct str type; /* "ADVISORY", "REPORT" … */
	struct str url;
};

struct osv_record {
	struct str id;
	struct str summary;
	struct str details;
	struct str withdrawn; /* when it was withdrawn; empty: it was not */
	const struct str *aliases;
	size_t n_aliases;
	const struct str *related;
	size_t n_related;
	const struct str *upstream;
	size_t n_upstream;
	const struct osv_severity *severities;
	size_t n_severities;
	struct str severity; /* database_specific.severity */
	const struct osv_reference *references;
	size_t n_references;
	const struct osv_affected *affected;
	size_t n_affected;
	/* Why the record is to be skipped: a value is of a wrong type, something is missing, or it
	 * has more than LIMIT_ADVISORY_RECORD. NULL: nothing is wrong. Static. */
	const char *problem;
};

/*
 * Reads the one record that `in` holds, to its end. Everything in *out lives in a. A document that
 * does not parse is -ERR_INPUT; a record that makes no sense has a problem.
 */
int osv_parse(
	struct stream *in, struct arena *a, struct osv_record *out, struct err *err) MUST_CHECK;

/* Versions from introduced (empty: all) up to, without, fixed, or with last_affected; both empty:
 * no end. */
struct osv_interval {
	struct str introduced;
	struct str fixed;
	struct str last_affected;
};

/*
 * The intervals that the affected versions of a package make, by the order of the scheme, whatever
 * the order of the events: those of the ranges of versions, and where there are none, one for each
 * enumerated version. Events whose version is none in the scheme are left out, and *bad is the
 * first of them (empty: there was none). *out in a; how many.
 */
size_t osv_intervals(const struct osv_affected *affected, const struct version_scheme *scheme,
	struct arena *a, struct osv_interval **out, struct str *bad);

/* The CVEs that a record names: its id, aliases, upstream and related, each once, in a. */
size_t osv_cves(const struct osv_record *record, struct arena *a, const struct str **out);

#endif
