/*
 * net: HTTP as a client, by libcurl, and as a server, by libmicrohttpd (http_server.h).
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/base.h"

#include "net/http_server.h"
#include "net/http_target.h"

/*
 * Sets up HTTP and TLS, with OpenSSL's configuration file. Done by the first request at the latest;
 * to be called before digests are computed where both happen, since those set OpenSSL up without
 * that file. Any thread, any number of times.
 */
void net_init(void);

struct http_get_options {
	const char *url;          /* http or https */
	struct str etag;          /* sent as If-None-Match when not empty */
	struct str last_modified; /* sent as If-Modified-Since when not empty */
	uint64_t max_bytes;       /* -ERR_TOO_LARGE beyond it */
	/*
	 * The server may send the body gzipped (Content-Encoding); it is delivered as it comes, and
	 * response->content_encoding tells.
	 */
	bool accept_gzip;
};

struct http_response {
	long status;     /* 200 or 304 */
	struct str etag; /* in the arena of the call */
	struct str last_modified;
	struct str content_encoding; /* empty: none */
	uint64_t content_length;     /* UINT64_MAX when the server does not say */
};

/*
 * GETs a URL: redirects are followed (LIMIT_REDIRECTS; not from https to http), proxies come from
 * the environment, TLS is verified, stalls and silent servers end by LIMIT_CONNECT_S and
 * LIMIT_STALL_S ($CLAIR_HTTP_STALL_S instead, where it is set). Returns when the response's head is
 * there: *out delivers the body as it arrives (nothing for a 304). -ERR_NOT_FOUND for 404,
 * -ERR_UPSTREAM for other status and for network failures, -ERR_USAGE for what is no http or https
 * URL, naming the URL (without credentials). A body that ends early is an error of the stream.
 */
int http_get(const struct http_get_options *o, struct arena *a, struct http_response *response,
	struct stream **out, struct err *err) MUST_CHECK;
void http_close(struct stream *s);
DEFINE_CLEANUP(struct stream *, http_close)

/* Whether a location is an http or https URL. */
bool url_is_http(struct str location);

/* The location for people and for keeping: a URL without its user name and password. Copy in a. */
struct str url_without_credentials(struct arena *a, struct str location);

#endif
