/*
 * What the files of the HTTP client share: a request, and the transfer that carries it out.
 */
#ifndef NET_HTTP_PRIV_H
#define NET_HTTP_PRIV_H

#include <curl/curl.h>

#include "net/net.h"

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)

/* What http_get() and http_post() have in common. It lives as long as the call. */
struct http_order {
	const char *url;
	bool hide_query;
	const struct http_header *headers; /* checked by http_headers_check() */
	size_t header_count;
	const char *user_agent;
	bool post; /* with the body and content type; a redirect may turn it into a GET */
	const char *content_type;
	struct str body;
	bool may_leave_tls;
	bool insecure_tls;
	const char *proxy; /* NULL: the environment's */
	const char *cert_file, *key_file, *ca_file;
	const char *server_name;
	const char *netrc; /* NULL: none */
};

/* Why a transfer was ended from this side. */
enum http_stop {
	HTTP_STOP_NONE,
	HTTP_STOP_HEAD_TOO_LARGE,
	HTTP_STOP_BODY_TOO_LARGE,
	HTTP_STOP_PIECE_TOO_LARGE,
	HTTP_STOP_SILENCE,
	HTTP_STOP_TIME,
	HTTP_STOP_CANCELLED,
};

struct http_transfer {
	struct stream stream; /* what http_get() hands out */
	CURLM *multi;
	CURL *easy;
	struct arena arena;
	const char *name; /* the URL as it may be shown */

	/* Of this hop: redirects make several. */
	CURLU *url;
	struct curl_slist *lines;
	struct curl_slist *connect_to;
	bool post;
	bool secrets_dropped; /* a redirect led to somebody else */
	unsigned redirects;

	/* Limits. */
	const _Atomic bool *cancel;
	uint64_t stall_ms;
	uint64_t waited_ms;   /* points, see http_transfer.c */
	uint64_t total_ms;    /* 0: none */
	uint64_t deadline_ms; /* on the monotonic clock */
	uint64_t max_bytes;
	uint64_t received;
	size_t head_bytes; /* of all responses */
	enum http_stop stop;

	/* The response. */
	struct buf pending; /* received, not read yet: from taken on */
	size_t taken;
	bool paused;
	bool head_ended;    /* the empty line of the latest response was seen */
	bool head_complete; /* and that was no interim one (1xx) */
	bool done;
	CURLcode result;
	struct str etag; /* of the latest response, in arena */
	struct str last_modified;
	struct str content_encoding;
	struct str content_range;
	struct str location;
	char detail[CURL_ERROR_SIZE];
};

/* Set max_bytes and the limits, then open; the transfer is freed by http_transfer_free() in any
 * case. */
struct http_transfer *http_transfer_new(void);
void http_transfer_free(struct http_transfer *h);
DEFINE_CLEANUP(struct http_transfer *, http_transfer_free)

/* Sends the request and follows redirects until a head is there that is none. The status, or a
 * negative code. */
long http_transfer_open(
	struct http_transfer *h, const struct http_order *q, struct err *err) MUST_CHECK;

/* The stream's read. */
ssize_t http_transfer_read(struct stream *s, void *p, size_t n, struct err *err);

/* -ERR_USAGE for headers that would be read as something else, -ERR_TOO_LARGE for too many. */
int http_headers_check(const struct http_header *headers, size_t n, struct err *err) MUST_CHECK;

/* Sets the easy handle up for this hop. */
CURLcode http_request_apply(struct http_transfer *h, const struct http_order *q);

/* Parses the first URL: -ERR_USAGE when it is none. */
int http_url_parse(struct http_transfer *h, const char *url, struct err *err) MUST_CHECK;

/* Makes h->location, which came with this status, the URL of the next hop. */
int http_redirect(struct http_transfer *h, const struct http_order *q, long status,
	struct err *err) MUST_CHECK;

/* A part of a URL in the arena, "" when it has none. */
const char *http_url_part(struct http_transfer *h, CURLU *url, CURLUPart part);

#endif
