/*
 * Namespaces and single vulnerabilities, as the /v1 API reads and edits them.
 *
 * A vulnerability goes by namespace and name; where several sources have one of that name, it is
 * that of the first source by name. An edit supersedes the row where it stands, so that it holds
 * until its source says something new; what no source has belongs to the source "api".
 */
#ifndef STORE_VULNERABILITIES_H
#define STORE_VULNERABILITIES_H

#include "codec/codec.h"

struct stored_namespace {
	struct str name;
	struct str scheme; /* empty when nothing with a version was ever stored in it */
};

/* All namespaces, in the order in which they were first seen; in a. */
int store_namespace_list(struct store *s, struct arena *a, struct stored_namespace **out, size_t *n,
	struct err *err) MUST_CHECK;
/* 1 and *out, 0 when there is none of this name. */
int store_namespace_get(struct store *s, struct str name, struct arena *a,
	struct stored_namespace *out, struct err *err) MUST_CHECK;

/* Views in the arena of the call. */
struct stored_vulnerability {
	int64_t id;
	struct str name;
	struct str name_space;
	struct str scheme;
	enum severity severity;
	struct str link;
	struct str description;
	struct str metadata;    /* JSON, or empty */
	const struct str *cves; /* in byte order */
	size_t n_cves;
	const struct advisory_fix *fixes; /* by package, then introduced version */
	size_t n_fixes;
};

/* 1 and *out with its fixes, 0 when there is none. */
int store_vulnerability_get(struct store *s, struct str name_space, struct str name,
	struct arena *a, struct stored_vulnerability *out, struct err *err) MUST_CHECK;

/*
 * Up to limit vulnerabilities of a namespace with ids from start_id on, by id, without their fixes,
 * and in *next_id where to go on (-1: that was all): fewer when their texts come to
 * LIMIT_PAGE_TEXTS. 1; 0 when there is no such namespace.
 */
int store_vulnerability_list(struct store *s, struct str name_space, int64_t start_id, size_t limit,
	struct arena *a, struct stored_vulnerability **out, size_t *n, int64_t *next_id,
	struct err *err) MUST_CHECK;

enum vulnerability_put_flags {
	/* The vulnerability has to exist; only its fixes change, and what is removed has to be
	 * there. */
	VULNERABILITY_FIXES_ONLY = 1 << 0,
};

/*
 * Inserts a vulnerability, or supersedes the one of that namespace and name when something differs:
 * severity, link, description and metadata become a's, and CVEs when it names some; a's fixes
 * replace those of the same packages and are added to the others, but for those that only repeat
 * which version is fixed: these stay as they are; the fixes of the packages in not_affected are
 * removed. Makes a notification (see enum store_notify). a->scheme is that of the namespace, or
 * empty when not known; a namespace without one gets it. 1 when something changed, 0 when not.
 * -ERR_INPUT for what cannot be stored (as store_update_put(), also a scheme that is not the
 * namespace's), -ERR_NOT_FOUND with VULNERABILITY_FIXES_ONLY.
 */
int store_vulnerability_put(struct store *s, const struct advisory *a,
	const struct str *not_affected, size_t n_not_affected, unsigned flags,
	enum store_notify notify, struct err *err) MUST_CHECK;

/* Marks it deleted, with a notification. -ERR_NOT_FOUND. */
int store_vulnerability_delete(struct store *s, struct str name_space, struct str name,
	enum store_notify notify, struct err *err) MUST_CHECK;

#endif
