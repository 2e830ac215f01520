/*
 * The target of a request, as a server sees it (RFC 9112 section 3.2), taken apart as Go's net/url
 * does it, which clients of the original have been tested against. Pure functions.
 */
#ifndef NET_HTTP_TARGET_H
#define NET_HTTP_TARGET_H

#include "base/base.h"

struct http_target {
	struct str path;  /* as sent, percent-encoded; "*" for the server as a whole */
	struct str query; /* what follows the first "?", as sent */
};

/*
 * Takes a target apart: "/path?query", "http://host/path?query" or "*". Views into it. False when
 * it is none of these or holds a blank or a control character.
 */
bool http_target_parse(struct str target, struct http_target *out) MUST_CHECK;

/* Decodes %XX in a path; "+" stays. Copy in a. False where a % is not followed by two digits. */
bool http_path_decode(struct arena *a, struct str raw, struct str *out) MUST_CHECK;

/*
 * Takes the next well-formed pair off a query: true, and *key and *value decoded (%XX, and "+" as
 * a blank), in a. A key without "=" has an empty value. Pairs that are empty, contain ";" or do not
 * decode are passed over.
 */
bool http_query_next(struct str *rest, struct arena *a, struct str *key, struct str *value);

/* Whether a query has the key, with or without a value. */
bool http_query_has(struct str query, struct str key);

/* The first value of the key, in a; false when there is none. */
bool http_query_get(struct str query, struct str key, struct arena *a, struct str *value);

#endif
