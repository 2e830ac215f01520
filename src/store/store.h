/*
 * store: what clair knows, in a database. One interface; SQLite (embedded) and PostgreSQL behind
 * it. A struct store is one connection: one thread at a time. -ERR_UPSTREAM from any call: the
 * database server cannot be reached, or the connection broke; the same call may succeed later.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "codec/codec.h"

enum severity {
	SEVERITY_UNKNOWN,
	SEVERITY_NEGLIGIBLE,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITY_DEFCON1,
	SEVERITY_COUNT
};

/* "Unknown", "Negligible" … */
const char *severity_to_str(enum severity s);
/* Case-insensitive; false for another word. */
bool severity_from_str(struct str s, enum severity *out) MUST_CHECK;

/* What a distribution says it does about a vulnerability in one of its packages. */
enum fix_state {
	FIX_STATE_AFFECTED,     /* no fix yet, no word about one */
	FIX_STATE_FIXED,        /* fixed in fixed_version */
	FIX_STATE_DEFERRED,     /* to be fixed some time (Debian: postponed) */
	FIX_STATE_WILL_NOT_FIX, /* Debian: ignored */
	FIX_STATE_END_OF_LIFE,  /* the package is not supported any more */
	/* Fixed in fixed_version, which only those who pay for more support get (Ubuntu Pro): what
	 * is installed is compared with it, but it is no fix of the plain archive. */
	FIX_STATE_FIXED_IN_PRO,
	FIX_STATE_COUNT
};

/* "affected", "fixed", "fix_deferred", "will_not_fix", "end_of_life", "fixed_in_pro". */
const char *fix_state_to_str(enum fix_state s);
bool fix_state_from_str(struct str s, enum fix_state *out) MUST_CHECK;

/* The fixed version that everybody can get: empty, too, where only those who pay more do. */
static inline struct str fix_public_version(enum fix_state state, struct str fixed_version)
{
	return state == FIX_STATE_FIXED_IN_PRO ? STR_NULL : fixed_version;
}

/* How an advisory concerns one package: versions from introduced (empty: all) up to, without,
 * fixed_version. */
struct advisory_fix {
	struct str package; /* in the words of the scheme: source package for dpkg and apk, binary
			       for rpm */
	struct str introduced;    /* first affected version, or empty */
	struct str fixed_version; /* first version that is not affected; empty: there is none */
	enum fix_state state;
	enum severity severity; /* of this vulnerability in this package */
	/* Architectures of the package that it is about, in the distribution's words, separated by
	 * spaces; empty: all. */
	struct str arches;
};

struct advisory {
	struct str name_space; /* "debian:12" */
	struct str scheme;     /* version scheme of that namespace */
	struct str name;       /* "CVE-2023-1234" */
	enum severity severity;
	struct str link;
	struct str description;
	struct str metadata; /* JSON text, or empty */
	/* The CVEs that the advisory of a vendor (RHSA, ELSA, ALAS …) is about; none when its name
	 * is that of the CVE. */
	const struct str *cves;
	size_t n_cves;
	const struct advisory_fix *fixes;
	size_t n_fixes;
};

/*
 * What is said of a CVE whatever the distribution. It completes what is read of the vulnerabilities
 * that have its name: the severity where theirs is unknown, and metadata where theirs have no
 * "NVD".
 */
struct cve_record {
	struct str name; /* "CVE-2023-1234" */
	enum severity severity;
	struct str metadata; /* a JSON object: what stands at "NVD" in an advisory's metadata; or
				empty */
};

/* What is known about a data source. Views in the arena of the call. */
struct source_state {
	struct str name;     /* "debian" */
	struct str location; /* URL or path of the last update */
	struct str etag;
	struct str last_modified; /* as the server said it */
	struct str digest;        /* says what was read, and by which reader; opaque to the store */
	struct str documents;     /* what the feed remembers of each of its documents; opaque too */
	int64_t updated_at;       /* when data was last written, seconds since 1970; 0: never */
	int64_t checked_at;       /* when it was last found current or written; 0: never */
	uint64_t advisories;      /* (namespace, name) pairs of this source */
	int64_t failed_at;        /* when the last try failed; 0: it did not */
	struct str error;         /* why it did */
};

struct store;

enum store_flags {
	STORE_CREATE = 1 << 0, /* make the database when it is missing */
	STORE_READ_ONLY =
		1
		<< 1 /* never write; without write access to the file this is how it still opens */
};

/*
 * Opens a database by location: a path, for SQLite; for PostgreSQL a URL ("postgresql://…") or a
 * connection string of libpq behind "pgsql:". -ERR_NOT_FOUND when it is missing (without
 * STORE_CREATE), -ERR_INPUT when the file is no database or not ours, -ERR_UNSUPPORTED when it was
 * made by a newer version, -ERR_BUSY when another process holds it for too long. Migrates an older
 * schema (not with STORE_READ_ONLY).
 */
int store_open(
	const char *location, unsigned flags, struct store **out, struct err *err) MUST_CHECK;
/* Whether a location is the path of a file: SQLite's. */
bool store_location_is_file(struct str location);
void store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close)

/* Whether the database answers: 0 or a negative code. */
int store_ping(struct store *s, struct err *err) MUST_CHECK;

/* --- advisories
 * ------------------------------------------------------------------------------------------- */

/*
 * A complete new state of one source. Puts are staged apart from the data; nothing that readers see
 * changes until the commit, which is one transaction: what is new is inserted, what differs
 * supersedes, what vanished is marked deleted.
 */
struct store_update;

/* -ERR_USAGE for "api", the source of edits. */
int store_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err) MUST_CHECK;

/*
 * Stages an advisory. Puts of the same namespace and name add up: the highest severity, the first
 * non-empty texts, all CVEs, all fixes (of two for one package, introduced version and text of
 * architectures the later one counts). Advisories that end without fixes are dropped. -ERR_INPUT
 * for one that cannot be stored (unknown scheme, a fixed version that is none, empty names); the
 * update may go on without it.
 */
int store_update_put(struct store_update *u, const struct advisory *a, struct err *err) MUST_CHECK;

/* Which changes of vulnerabilities make notifications. */
enum store_notify {
	STORE_NOTIFY_TOUCHING, /* those that affect, or affected, a feature of a stored layer */
	STORE_NOTIFY_ALL,
	STORE_NOTIFY_NONE,
};

/*
 * Stages what is known of a CVE; the later one of two counts. -ERR_INPUT as store_update_put().
 * Records are no source's: those of an update that is not partial and has some are all there are,
 * any other one only adds and changes.
 */
int store_update_put_cve(
	struct store_update *u, const struct cve_record *c, struct err *err) MUST_CHECK;

/*
 * From the first of these on the update is partial: it says all of the namespaces, and all of the
 * names (in whatever namespace), that it covers, and what is current outside of them stays (and
 * counts as unchanged). A put outside of what is covered by then is -ERR_INPUT; what was put before
 * the first of these has to be covered in the end, or the commit fails. Covering names takes time
 * in proportion to them, not to what the source has.
 */
int store_update_cover_namespace(
	struct store_update *u, struct str name_space, struct err *err) MUST_CHECK;
int store_update_cover_name(struct store_update *u, struct str name, struct err *err) MUST_CHECK;

/*
 * For the commit, which otherwise refuses (-ERR_INPUT) an update after which the source would have
 * fewer than half of the advisories that it had within what is covered: it is taken for damaged.
 * One that covers names is not judged.
 */
void store_update_accept_shrinking(struct store_update *u);

/* For the commit; STORE_NOTIFY_TOUCHING at first. The first update of a source makes none. */
void store_update_set_notify(struct store_update *u, enum store_notify notify);

struct store_update_result {
	uint64_t inserted;
	uint64_t changed;
	uint64_t deleted;
	uint64_t unchanged;
	uint64_t cves_inserted; /* the same of the records of CVEs */
	uint64_t cves_changed;
	uint64_t cves_deleted;
	uint64_t cves_unchanged;
	uint64_t notifications; /* that were made */
};

/*
 * Makes the staged state the source's, and sets its source_state (name and advisories are filled in
 * by the store). When nothing differs, no data is written and updated_at stays what it was. On
 * success and on failure u is gone.
 */
int store_update_commit(struct store_update *u, const struct source_state *state,
	struct store_update_result *out, struct err *err) MUST_CHECK;
/* Updates of different sources that are committed together. */
struct store_update_part {
	struct store_update *update;
	struct source_state state;
	struct store_update_result result; /* of the commit */
};

/*
 * Commits all of them in one transaction, or none. On success and on failure the updates are gone
 * (NULL).
 */
int store_update_commit_all(
	struct store *s, struct store_update_part *parts, size_t n, struct err *err) MUST_CHECK;
/* Gives back memory until the commit: more puts will hardly come. */
void store_update_rest(struct store_update *u);
/* Forgets what was staged. NULL is fine. */
void store_update_abort(struct store_update *u);
DEFINE_CLEANUP(struct store_update *, store_update_abort)

/* 1 and *out, 0 when the source never was tried; of one that only failed so far updated_at is 0. */
int store_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err) MUST_CHECK;
/* All sources by name, in *out (n of them, in a), without that of edits, and without documents. */
int store_source_list(struct store *s, struct arena *a, struct source_state **out, size_t *n,
	struct err *err) MUST_CHECK;
/*
 * Notes that a source was found current: checked_at, and location, validators and documents if they
 * are not empty. The validators of one location are nothing to another: with a new location, empty
 * ones replace those that were. With a digest, only if that is still the source's: what was found
 * current may have been replaced meanwhile, and stays as it is then. -ERR_NOT_FOUND for a source
 * that never was updated.
 */
int store_source_touch(
	struct store *s, const struct source_state *state, struct err *err) MUST_CHECK;
/* Notes that a try to update a source failed, and why; until a commit or touch of it. What else is
 * known of the source stays, and it need not be known. */
int store_source_fail(struct store *s, struct str source, int64_t when, struct str message,
	struct err *err) MUST_CHECK;

/* --- matching
 * --------------------------------------------------------------------------------------------- */

/* 1 when there are advisories for this namespace, 0 when not. */
int store_has_namespace(struct store *s, struct str name_space, struct err *err) MUST_CHECK;

struct match_query {
	struct str name_space;
	struct str package; /* in the words of advisories */
	struct span key;    /* version_key() of the installed version */
	/* Of the package, in its words: amd64, x86_64, noarch …; empty: not known, everything
	 * matches. */
	struct str arch;
};

struct match {
	size_t query;           /* index of the query it answers */
	struct str name;        /* of the vulnerability */
	enum severity severity; /* in this package */
	enum fix_state state;
	struct str fixed_version; /* empty: unfixed */
	struct str link;
	struct str description;
	const struct str
		*cves; /* that the advisory is about, in byte order; none: its name is one */
	size_t n_cves;
};

struct match_list {
	VEC_OF(struct match) items;
};

/*
 * Appends every (query, vulnerability) with introduced ≤ key < fixed and a fix that is about the
 * architecture, in the order of queries, then
 * of names, then of the names of sources: two sources' advisories of one name are two
 * vulnerabilities. Where several fixes of one apply, the one with the last fixed version counts.
 * Views in a. One range join in the database however many queries there are. -ERR_TOO_LARGE beyond
 * LIMIT_MATCHES.
 */
int store_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err) MUST_CHECK;

/* --- layer facts
 * ------------------------------------------------------------------------------------------ */

/* 1 and a copy of the facts in a, 0 when there are none for this digest and engine version. */
int store_facts_get(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct arena *a, struct span *out, struct err *err) MUST_CHECK;
/*
 * Replaces the facts of a layer, those of other engine versions too. The caller has checked the
 * digest. What was stored first is dropped beyond LIMIT_FACTS_TOTAL.
 */
int store_facts_put(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct span facts, struct err *err) MUST_CHECK;

/* What the file system says of a file: as long as this is the same, so is its content. */
struct file_stamp {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

/* 1 and the digest that was computed when the file had this stamp, or 0. */
int store_file_digest_get(struct store *s, const struct file_stamp *stamp, struct digest *out,
	struct err *err) MUST_CHECK;
int store_file_digest_put(struct store *s, const struct file_stamp *stamp, const struct digest *d,
	struct err *err) MUST_CHECK;

#include "store/dump.h"
#include "store/layers.h"
#include "store/notifications.h"
#include "store/pool.h"
#include "store/vulnerabilities.h"

#endif
