/*
 * net: HTTP as a client, by libcurl, and as a server, by libmicrohttpd (http_server.h).
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/base.h"

#include "net/http_header.h"
#include "net/http_server.h"
#include "net/http_target.h"

/*
 * Sets up HTTP and TLS, with OpenSSL's configuration file. Done by the first request at the latest;
 * to be called before digests are computed where both happen, since those set OpenSSL up without
 * that file. Any thread, any number of times.
 */
void net_init(void);

/* Zero and NULL everywhere but url and max_bytes: a plain download. */
struct http_get_options {
	const char *url;          /* http or https */
	struct str etag;          /* sent as If-None-Match when not empty */
	struct str last_modified; /* sent as If-Modified-Since when not empty */
	uint64_t max_bytes;       /* -ERR_TOO_LARGE beyond it */
	/*
	 * The server may send the body gzipped (Content-Encoding); it is delivered as it comes, and
	 * response->content_encoding tells. Else it is asked not to, unless no_accept_encoding:
	 * then nothing is said, and the body is delivered as it comes as well.
	 */
	bool accept_gzip;
	bool no_accept_encoding;
	/*
	 * Sent verbatim, and instead of those that would be sent by themselves (User-Agent, Accept,
	 * If-None-Match …). Host, Content-Length, Transfer-Encoding and Trailer are left out;
	 * hop-by-hop headers are the caller's to leave out. A name that is none, or a value with
	 * control characters (line ends!), is -ERR_USAGE; LIMIT_REQUEST_HEADERS holds.
	 */
	const struct http_header *headers; /* views that live during the call only */
	size_t header_count;
	const char *user_agent; /* NULL: "clair" */
	const char *netrc;      /* a file of user names and passwords by host (netrc); NULL: none */
	bool any_success;       /* every 2xx is a success, not 200 only */
	bool insecure_tls;      /* believe any certificate */
	bool may_leave_tls;     /* follow redirects from https to http */
	bool hide_query;        /* the query string is a secret, as in signed URLs of layers */
	unsigned stall_s;       /* instead of LIMIT_STALL_S and $CLAIR_HTTP_STALL_S */
	unsigned total_s;       /* instead of LIMIT_DOWNLOAD_S: until the stream's end */
	/* Ends the transfer with -ERR_CANCELLED when it becomes true, within a second. NULL: nobody
	 * does. It has to outlive the stream. */
	const _Atomic bool *cancel;
};

struct http_response {
	long status;     /* 304, 200, or another 2xx where it is wanted */
	struct str etag; /* in the arena of the call */
	struct str last_modified;
	struct str content_encoding; /* empty: none */
	struct str content_range;    /* empty: none */
	uint64_t content_length;     /* UINT64_MAX when the server does not say */
};

/*
 * GETs a URL: redirects are followed (LIMIT_REDIRECTS), proxies come from the environment, TLS is
 * verified, stalls and silent servers end by LIMIT_CONNECT_S, LIMIT_STALL_S ($CLAIR_HTTP_STALL_S
 * instead, where it is set) and LIMIT_DOWNLOAD_S. Authorization, Cookie and their like are sent to
 * the host and port of the URL and to its subdomains only, and not again once a redirect has left
 * them. Returns when the response's head is there: *out delivers the body as it arrives (nothing
 * for a 304). -ERR_NOT_FOUND for 404, -ERR_UPSTREAM for other status and for network failures,
 * -ERR_USAGE for what is no http or https URL, naming the URL (without credentials). A body that
 * ends early is an error of the stream. On failure response->status is that of the response, or 0
 * when there was none.
 */
int http_get(const struct http_get_options *o, struct arena *a, struct http_response *response,
	struct stream **out, struct err *err) MUST_CHECK;
void http_close(struct stream *s);
DEFINE_CLEANUP(struct stream *, http_close)

struct http_post_options {
	const char *url; /* http or https */
	const char *content_type;
	struct str body;
	const char *user_agent; /* NULL: "Go-http-client/1.1" */
	unsigned timeout_ms;    /* for everything, redirects too; 0: LIMIT_POST_MS */
	const char *proxy;      /* http or https URL; "": none; NULL: the environment decides */
	/* PEM files, read anew each time; NULL or "": no client certificate, the system's CAs. */
	const char *cert_file;
	const char *key_file;
	const char *ca_file;
	/* What to call the server in TLS (SNI) and to check its certificate against, instead of the
	 * host of the URL; of redirects too, as tls.Config.ServerName of Go. */
	const char *server_name;
	const _Atomic bool *cancel; /* as in http_get_options */
};

/*
 * POSTs a body. Whatever final status comes is a result; the body of the response is dropped.
 * Redirects as Go's client follows them (LIMIT_REDIRECTS): 301, 302 and 303 by a GET, 307 and 308
 * by the same POST; from https to http, too. -ERR_UPSTREAM for network failures and when the time
 * is up, -ERR_USAGE for what is no URL and for files that cannot be used, -ERR_CANCELLED. Errors
 * name the URL without credentials and query.
 */
int http_post(const struct http_post_options *o, long *status, struct err *err) MUST_CHECK;

/* Whether a location is an http or https URL. */
bool url_is_http(struct str location);

/* The location for people and for keeping: a URL without its user name and password. Copy in a. */
struct str url_without_credentials(struct arena *a, struct str location);

/* The same without query and fragment either, for URLs that are signed or hold tokens. Copy in a.
 */
struct str url_without_secrets(struct arena *a, struct str location);

#endif
