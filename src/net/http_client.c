/*
 * An HTTP download as a stream (RFC 9110, RFC 9112), by libcurl's multi interface. The transfer
 * advances only inside http_get() and the stream's read, in the caller's thread. Received bytes
 * wait in a bounded buffer; when it is full the transfer pauses, and TCP makes the server wait.
 *
 * Silence is measured here and not by CURLOPT_LOW_SPEED_TIME, which would count the time that the
 * reader itself takes: a millisecond of waiting costs a point, a byte that arrives pays for one.
 */
#include "base/base.h"

#include <curl/curl.h>
#include <pthread.h>

#include "net/net.h"

struct http_stream {
	struct stream stream;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct arena arena;      /* of this transfer */
	const char *name;        /* the URL without credentials */
	const char *stalled_for; /* the limit in words of the message */
	uint64_t stall_ms;
	uint64_t waited_ms; /* points, see above */
	uint64_t max_bytes;
	uint64_t received;
	struct buf pending; /* received, not read yet: from taken on */
	size_t taken;
	bool paused;
	bool head_ended;    /* the empty line of the latest response was seen */
	bool head_complete; /* that response is the one to deliver */
	bool done;
	CURLcode result;
	enum err_code refused; /* why a callback ended the transfer */
	size_t head_bytes;
	struct str etag; /* of the latest response, in arena */
	struct str last_modified;
	struct str content_encoding;
	char detail[CURL_ERROR_SIZE];
};

/* The value of a header line if it has that name: printable and of a sane length, or nothing. */
static bool header_value(struct str line, struct str name, struct str *value)
{
	struct str key, rest;

	if (!str_cut(line, ':', &key, &rest) || !str_eq_nocase(key, name))
		return false;
	rest = str_trim(rest);
	if (rest.n > KIB)
		return false;
	for (size_t i = 0; i < rest.n; i++) {
		if ((unsigned char)rest.p[i] < 0x20 || rest.p[i] == 0x7f)
			return false;
	}
	*value = rest;
	return true;
}

/* Whether the response whose head just ended is the one to deliver: not 1xx, not a redirect. */
static bool response_is_final(struct http_stream *h)
{
	long status = 0;

	if (curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		return false;
	return (status >= 200 && status < 300) || status == 304 || status >= 400;
}

static void count_received(struct http_stream *h, size_t n)
{
	h->waited_ms -= n < h->waited_ms ? n : h->waited_ms;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct http_stream *h = ctx;
	struct str line = str_n(p, size * n);
	struct str value;

	count_received(h, line.n);
	h->head_bytes += line.n;
	if (h->head_bytes > LIMIT_HTTP_HEAD) {
		h->refused = ERR_TOO_LARGE;
		return 0;
	}
	if (str_starts(line, STR("HTTP/"))) {
		h->etag = h->last_modified = h->content_encoding = STR_NULL;
		h->head_ended = false;
	} else if (header_value(line, STR("etag"), &value)) {
		h->etag = arena_str(&h->arena, value);
	} else if (header_value(line, STR("last-modified"), &value)) {
		h->last_modified = arena_str(&h->arena, value);
	} else if (header_value(line, STR("content-encoding"), &value)) {
		h->content_encoding = arena_str(&h->arena, value);
	} else if (str_trim(line).n == 0) {
		h->head_ended = true;
		h->head_complete = response_is_final(h);
	}
	return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_stream *h = ctx;
	size_t bytes = size * n;

	if (h->pending.n && bytes > LIMIT_HTTP_BUFFER - h->pending.n) {
		h->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (bytes > h->max_bytes - h->received) {
		h->refused = ERR_TOO_LARGE;
		return 0;
	}
	buf_append(&h->pending, p, bytes);
	if (h->pending.overflowed) {
		h->refused = ERR_INTERNAL;
		return 0;
	}
	h->received += bytes;
	count_received(h, bytes);
	return bytes;
}

/* Whose fault a failure is; a malformed URL the server's when a redirect brought it. */
static enum err_code code_of(const struct http_stream *h)
{
	switch (h->result) {
	case CURLE_URL_MALFORMAT:
		return h->head_bytes ? ERR_UPSTREAM : ERR_USAGE;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return ERR_INTERNAL;
	default:
		return ERR_UPSTREAM;
	}
}

/* The error of a transfer that ended badly. */
static int fail(const struct http_stream *h, struct err *err)
{
	if (h->refused == ERR_TOO_LARGE && h->head_bytes > LIMIT_HTTP_HEAD)
		return err_set(err, ERR_TOO_LARGE, "%s: more than %" PRIu64 " bytes of headers",
			h->name, LIMIT_HTTP_HEAD);
	if (h->refused == ERR_TOO_LARGE)
		return err_set(err, ERR_TOO_LARGE, "%s: more than %" PRIu64 " bytes", h->name,
			h->max_bytes);
	if (h->refused == ERR_UPSTREAM)
		return err_set(err, ERR_UPSTREAM, "%s: the server stopped sending for %s seconds",
			h->name, h->stalled_for);
	if (h->refused)
		return err_set(err, h->refused, "%s: a piece of the body is too large", h->name);
	return err_set(err, code_of(h), "%s: %s", h->name,
		h->detail[0] ? h->detail : curl_easy_strerror(h->result));
}

/* Lets the transfer stand as ended. */
static void finish(struct http_stream *h, CURLcode result)
{
	h->done = true;
	h->result = result;
}

static void notice_end(struct http_stream *h)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		if (m->msg == CURLMSG_DONE)
			finish(h, m->data.result);
	}
}

/* Waits for the network, at most as long as the server may still keep silent. */
static void wait_for_network(struct http_stream *h)
{
	uint64_t left = h->stall_ms - h->waited_ms;
	uint64_t start = clock_monotonic_ms();

	/* A second at most: libcurl's own timers are checked between the waits. */
	if (curl_multi_poll(h->multi, NULL, 0, left < 1000 ? (int)left : 1000, NULL) != CURLM_OK)
		finish(h, CURLE_FAILED_INIT);
	h->waited_ms += clock_monotonic_ms() - start;
	if (h->waited_ms >= h->stall_ms) {
		h->refused = ERR_UPSTREAM;
		finish(h, CURLE_OPERATION_TIMEDOUT);
	}
}

/* Advances the transfer until something is there to read, the head when !body is enough, or the
 * end. */
static void pump(struct http_stream *h, bool body)
{
	int running;

	while (!h->done && !h->pending.n && (body || !h->head_complete)) {
		if (h->paused) {
			/* Delivers at once what was held back. */
			h->paused = false;
			if (curl_easy_pause(h->easy, CURLPAUSE_CONT) != CURLE_OK)
				finish(h, CURLE_WRITE_ERROR);
			continue;
		}
		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			finish(h, CURLE_FAILED_INIT);
		notice_end(h);
		if (!h->done && !h->pending.n && (body || !h->head_complete))
			wait_for_network(h);
	}
}

static ssize_t http_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct http_stream *h = (struct http_stream *)s;

	if (h->pending.n == 0)
		pump(h, true);
	if (h->pending.n == 0)
		return h->result == CURLE_OK ? 0 : fail(h, err);
	size_t take = min_size(n, h->pending.n - h->taken);
	memcpy(p, h->pending.p + h->taken, take);
	h->taken += take;
	if (h->taken == h->pending.n) {
		buf_clear(&h->pending);
		h->taken = 0;
	}
	return (ssize_t)take;
}

void http_close(struct stream *s)
{
	struct http_stream *h = (struct http_stream *)s;

	if (h->multi && h->easy)
		(void)curl_multi_remove_handle(h->multi, h->easy);
	curl_easy_cleanup(h->easy);
	(void)curl_multi_cleanup(h->multi);
	curl_slist_free_all(h->headers);
	buf_fini(&h->pending);
	arena_fini(&h->arena);
	free(h);
}

static void init_curl(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

void net_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, init_curl) != 0)
		abort();
}

static void add_header(struct http_stream *h, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	struct str line = arena_printf(&h->arena, "%s: %" PRIstr, name, STR_ARG(value));
	struct curl_slist *all = curl_slist_append(h->headers, line.p);
	if (!all)
		abort();
	h->headers = all;
}

static int set_stall_limit(struct http_stream *h, struct err *err)
{
	const char *seconds = getenv("CLAIR_HTTP_STALL_S");
	uint64_t n = LIMIT_STALL_S;

	if (seconds && (!parse_u64(str_of(seconds), &n) || n < 1 || n > 3600))
		return err_set(err, ERR_USAGE, "CLAIR_HTTP_STALL_S: expected 1 ... 3600, found %s",
			seconds);
	h->stall_ms = n * 1000;
	h->stalled_for = arena_printf(&h->arena, "%" PRIu64, n).p;
	return 0;
}

#define SET(option, value) (result = result ? result : curl_easy_setopt(h->easy, option, value))

static CURLcode set_options(struct http_stream *h, const struct http_get_options *o)
{
	CURLcode result = CURLE_OK;
	bool tls = str_eq_nocase(str_head(str_of(o->url), 6), STR("https:"));

	add_header(h, "If-None-Match", o->etag);
	add_header(h, "If-Modified-Since", o->last_modified);
	/* As a header of our own: libcurl then leaves the body as it is. */
	add_header(h, "Accept-Encoding", o->accept_gzip ? STR("gzip") : STR("identity"));
	SET(CURLOPT_URL, o->url);
	SET(CURLOPT_HTTPHEADER, h->headers);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, (long)LIMIT_REDIRECTS);
	SET(CURLOPT_CONNECTTIMEOUT, (long)LIMIT_CONNECT_S);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "clair");
	SET(CURLOPT_BUFFERSIZE, (long)(64 * KIB));
	SET(CURLOPT_ERRORBUFFER, h->detail);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, h);
	return result;
}

#undef SET

static int start(struct http_stream *h, const struct http_get_options *o, struct err *err)
{
	net_init();
	int r = set_stall_limit(h, err);
	if (r < 0)
		return r;
	h->multi = curl_multi_init();
	h->easy = curl_easy_init();
	if (!h->multi || !h->easy)
		return err_set(err, ERR_INTERNAL, "%s: libcurl does not start", h->name);
	h->result = set_options(h, o);
	if (h->result != CURLE_OK)
		return fail(h, err);
	if (curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		return err_set(err, ERR_INTERNAL, "%s: libcurl does not start", h->name);
	return 0;
}

/* Waits for the head of the response and judges the status. */
static int read_head(struct http_stream *h, const struct http_get_options *o, long *status,
	uint64_t *length, struct err *err)
{
	bool conditional = o->etag.n || o->last_modified.n;
	curl_off_t n = -1;

	pump(h, false);
	if (!h->head_complete && h->result != CURLE_OK)
		return fail(h, err);
	/* libcurl takes a connection that ends within the head for an empty body. */
	if (!h->head_ended)
		return err_set(err, ERR_UPSTREAM, "%s: the response ends within its head", h->name);
	if (curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, status) != CURLE_OK ||
		curl_easy_getinfo(h->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "%s: libcurl tells no status", h->name);
	if (*status != 200 && !(*status == 304 && conditional))
		return err_set(err, *status == 404 ? ERR_NOT_FOUND : ERR_UPSTREAM,
			"%s: the server answered with status %ld", h->name, *status);
	*length = n < 0 ? UINT64_MAX : (uint64_t)n;
	if (*status == 200 && n >= 0 && *length > h->max_bytes)
		return err_set(err, ERR_TOO_LARGE, "%s: %" PRIu64 " bytes, more than %" PRIu64,
			h->name, *length, h->max_bytes);
	return 0;
}

int http_get(const struct http_get_options *o, struct arena *a, struct http_response *response,
	struct stream **out, struct err *err)
{
	struct http_stream *h = xcalloc(1, sizeof(*h));
	_cleanup_(http_closep) struct stream *s = &h->stream;
	long status = 0;
	uint64_t length = UINT64_MAX;

	h->stream.read = http_read;
	h->max_bytes = o->max_bytes;
	buf_init(&h->pending, LIMIT_HTTP_BUFFER + MIB);
	h->name = url_without_credentials(&h->arena, str_of(o->url)).p;
	if (!url_is_http(str_of(o->url)))
		return err_set(err, ERR_USAGE, "%s: no http or https URL", h->name);
	int r = start(h, o, err);
	if (r == 0)
		r = read_head(h, o, &status, &length, err);
	if (r < 0)
		return r;
	*response = (struct http_response){
		.status = status,
		.etag = arena_str(a, h->etag),
		.last_modified = arena_str(a, h->last_modified),
		.content_encoding = arena_str(a, h->content_encoding),
		.content_length = length,
	};
	*out = take_ptr(s);
	return 0;
}
