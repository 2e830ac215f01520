/*
 * version: the order of version strings as each packaging system defines it, and keys: byte strings
 * whose memcmp order is that order, so that a database can compare versions. Pure functions, any
 * thread.
 */
#ifndef VERSION_VERSION_H
#define VERSION_VERSION_H

#include "base/base.h"

struct version_scheme {
	const char *name; /* "dpkg", "rpm", "apk" */
	/*
	 * Appends the key of v without the leading class byte. -ERR_INPUT when v is no version in
	 * this scheme (the message says why).
	 */
	int (*append_key)(struct str v, struct buf *key, struct err *err);
	/*
	 * The order by direct comparison, written apart from the keys and after the scheme's own
	 * tool: negative, 0 or positive. Both have to be valid. Kept as the reference that the keys
	 * are tested against.
	 */
	int (*compare)(struct str a, struct str b);
};

/*
 * No key is longer: three bytes for each of the version (rpm's a1a1…: class, letter, end, class,
 * count, digit), with room for epoch and ends.
 */
#define VERSION_KEY_MAX (3 * LIMIT_VERSION + 16)

/* By name; NULL when there is none. */
const struct version_scheme *version_scheme_by_name(struct str name);

/* All schemes: version_scheme_at(0), … until NULL. */
const struct version_scheme *version_scheme_at(size_t i);

/*
 * The key of v: a class byte that puts it between version_key_min() and version_key_max(), then the
 * scheme's key. out is cleared first. An rpm version without release has a key that is a prefix of,
 * hence sorts before, every one with that epoch and version. -ERR_INPUT when v is no version; v
 * longer than LIMIT_VERSION is none. -ERR_TOO_LARGE only when out holds less than VERSION_KEY_MAX.
 */
int version_key(
	const struct version_scheme *s, struct str v, struct buf *out, struct err *err) MUST_CHECK;

/* Whether v is a version in this scheme. */
bool version_is_valid(const struct version_scheme *s, struct str v);

/* Keys below and above every version: "not affected" and "unfixed". */
struct span version_key_min(void);
struct span version_key_max(void);

/* Order by keys: *out is -1, 0 or 1. -ERR_INPUT naming the one that is no version. */
int version_compare(const struct version_scheme *s, struct str a, struct str b, int *out,
	struct err *err) MUST_CHECK;

#endif
