/*
 * Downloads that go on after a failure: a request that fails for a reason that may pass is made
 * again after a while, and a body that breaks off is continued where it did (RFC 9110, section 14).
 */
#ifndef FEED_FETCH_H
#define FEED_FETCH_H

#include "net/net.h"

struct fetch;

struct fetch_options {
	const char *url;
	struct str etag;          /* of what is there already; empty: none */
	struct str last_modified; /* likewise */
	const char *netrc;        /* a file of credentials (netrc); NULL: none */
	const atomic_bool *cancel;
};

/*
 * As http_get(); views of the response in a. LIMIT_FETCH_ATTEMPTS in a row without a byte are
 * tried, and the wait before each is twice that before the last.
 */
int fetch_open(const struct fetch_options *o, struct arena *a, struct http_response *response,
	struct fetch **out, struct err *err) MUST_CHECK;
struct stream *fetch_stream(struct fetch *f);
void fetch_close(struct fetch *f);
DEFINE_CLEANUP(struct fetch *, fetch_close)

#endif
