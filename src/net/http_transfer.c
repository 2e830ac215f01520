/*
 * A transfer by libcurl's multi interface. It advances only inside http_transfer_open() and the
 * stream's read, in the caller's thread. Received bytes wait in a bounded buffer; when it is full
 * the transfer pauses, and TCP makes the server wait.
 *
 * Silence is measured here and not by CURLOPT_LOW_SPEED_TIME, which would count the time that the
 * reader itself takes: a millisecond of waiting costs a point, a byte that arrives pays for one.
 * Redirects are followed here, too: libcurl decides otherwise about what may be sent to whom.
 */
#include "base/base.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/http_priv.h"
#include "net/net.h"

/* The value of a header line if it has that name: printable and of a sane length, or nothing. */
static bool header_value(struct str line, struct str name, size_t max, struct str *value)
{
	struct str key, rest;

	if (!str_cut(line, ':', &key, &rest) || !str_eq_nocase(key, name))
		return false;
	rest = str_trim(rest);
	if (rest.n > max)
		return false;
	for (size_t i = 0; i < rest.n; i++) {
		if ((unsigned char)rest.p[i] < 0x20 || rest.p[i] == 0x7f)
			return false;
	}
	*value = rest;
	return true;
}

/* An interim response (1xx) is followed by another one. */
static bool response_is_interim(struct http_transfer *h)
{
	long status = 0;

	return curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
	       status < 200;
}

static void count_received(struct http_transfer *h, size_t n)
{
	h->waited_ms -= n < h->waited_ms ? n : h->waited_ms;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct http_transfer *h = ctx;
	struct str line = str_n(p, size * n);
	struct str value;

	count_received(h, line.n);
	h->head_bytes += line.n;
	if (h->head_bytes > LIMIT_HTTP_HEAD) {
		h->stop = HTTP_STOP_HEAD_TOO_LARGE;
		return 0;
	}
	if (str_starts(line, STR("HTTP/"))) {
		h->etag = h->last_modified = h->content_encoding = h->location = STR_NULL;
		h->content_range = STR_NULL;
		h->head_ended = false;
	} else if (header_value(line, STR("etag"), KIB, &value)) {
		h->etag = arena_str(&h->arena, value);
	} else if (header_value(line, STR("last-modified"), KIB, &value)) {
		h->last_modified = arena_str(&h->arena, value);
	} else if (header_value(line, STR("content-encoding"), KIB, &value)) {
		h->content_encoding = arena_str(&h->arena, value);
	} else if (header_value(line, STR("content-range"), KIB, &value)) {
		h->content_range = arena_str(&h->arena, value);
	} else if (header_value(line, STR("location"), LIMIT_HTTP_HEAD, &value)) {
		h->location = arena_str(&h->arena, value);
	} else if (str_trim(line).n == 0) {
		h->head_ended = true;
		h->head_complete = !response_is_interim(h);
	}
	return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_transfer *h = ctx;
	size_t bytes = size * n;

	if (h->pending.n && bytes > LIMIT_HTTP_BUFFER - h->pending.n) {
		h->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (bytes > h->max_bytes - h->received) {
		h->stop = HTTP_STOP_BODY_TOO_LARGE;
		return 0;
	}
	buf_append(&h->pending, p, bytes);
	if (h->pending.overflowed) {
		h->stop = HTTP_STOP_PIECE_TOO_LARGE;
		return 0;
	}
	h->received += bytes;
	count_received(h, bytes);
	return bytes;
}

/* Whose fault a failure is; a malformed URL the server's when a redirect brought it. */
static enum err_code code_of(const struct http_transfer *h)
{
	switch (h->result) {
	case CURLE_URL_MALFORMAT:
		return h->head_bytes ? ERR_UPSTREAM : ERR_USAGE;
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return ERR_USAGE;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return ERR_INTERNAL;
	default:
		return ERR_UPSTREAM;
	}
}

/* The error of a transfer that ended badly. */
static int fail(const struct http_transfer *h, struct err *err)
{
	switch (h->stop) {
	case HTTP_STOP_HEAD_TOO_LARGE:
		return err_set(err, ERR_TOO_LARGE, "%s: more than %" PRIu64 " bytes of headers",
			h->name, LIMIT_HTTP_HEAD);
	case HTTP_STOP_BODY_TOO_LARGE:
		return err_set(err, ERR_TOO_LARGE, "%s: more than %" PRIu64 " bytes", h->name,
			h->max_bytes);
	case HTTP_STOP_PIECE_TOO_LARGE:
		return err_set(err, ERR_INTERNAL, "%s: a piece of the body is too large", h->name);
	case HTTP_STOP_SILENCE:
		return err_set(err, ERR_UPSTREAM,
			"%s: the server stopped sending for %" PRIu64 " seconds", h->name,
			h->stall_ms / 1000);
	case HTTP_STOP_TIME:
		return err_set(err, ERR_UPSTREAM, "%s: not done after %" PRIu64 " ms", h->name,
			h->total_ms);
	case HTTP_STOP_CANCELLED:
		return err_set(err, ERR_CANCELLED, "%s: cancelled", h->name);
	case HTTP_STOP_NONE:
		break;
	}
	/* libcurl would show the whole URL with its password. */
	if (str_starts(str_of(h->detail), STR("Unsupported proxy")))
		return err_set(
			err, ERR_USAGE, "%s: the proxy has no URL that can be used", h->name);
	return err_set(err, code_of(h), "%s: %s", h->name,
		h->detail[0] ? h->detail : curl_easy_strerror(h->result));
}

/* Lets the transfer stand as ended. */
static void finish(struct http_transfer *h, CURLcode result)
{
	h->done = true;
	h->result = result;
}

static void end_because(struct http_transfer *h, enum http_stop stop)
{
	h->stop = stop;
	finish(h, CURLE_ABORTED_BY_CALLBACK);
}

static void notice_end(struct http_transfer *h)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		if (m->msg == CURLMSG_DONE)
			finish(h, m->data.result);
	}
}

static bool is_cancelled(const struct http_transfer *h)
{
	return h->cancel && atomic_load_explicit(h->cancel, memory_order_relaxed);
}

/* What ends the transfer whether or not the server sends. */
static void check_limits(struct http_transfer *h)
{
	if (h->done)
		return;
	if (is_cancelled(h))
		end_because(h, HTTP_STOP_CANCELLED);
	else if (h->total_ms && clock_monotonic_ms() >= h->deadline_ms)
		end_because(h, HTTP_STOP_TIME);
}

/* Waits for the network, at most as long as the server may still keep silent. */
static void wait_for_network(struct http_transfer *h)
{
	uint64_t start = clock_monotonic_ms();
	/* A second at most: libcurl's own timers are checked between the waits; and whoever cancels
	 * cannot wake this. */
	uint64_t wait = h->cancel ? 250 : 1000;

	if (h->total_ms && h->deadline_ms < start + wait)
		wait = h->deadline_ms > start ? h->deadline_ms - start : 0;
	if (h->stall_ms - h->waited_ms < wait)
		wait = h->stall_ms - h->waited_ms;
	if (curl_multi_poll(h->multi, NULL, 0, (int)wait, NULL) != CURLM_OK)
		finish(h, CURLE_FAILED_INIT);
	h->waited_ms += clock_monotonic_ms() - start;
	if (!h->done && h->waited_ms >= h->stall_ms)
		end_because(h, HTTP_STOP_SILENCE);
}

/* Whether there is nothing to hand out yet: a body, or else a head. */
static bool is_wanting(const struct http_transfer *h, bool body)
{
	return !h->done && (body ? h->pending.n == 0 : !h->head_complete);
}

/* Lets libcurl do what it can without waiting. */
static void advance(struct http_transfer *h)
{
	int running;

	if (h->paused) {
		/* Delivers at once what was held back. */
		h->paused = false;
		if (curl_easy_pause(h->easy, CURLPAUSE_CONT) != CURLE_OK)
			finish(h, CURLE_WRITE_ERROR);
		return;
	}
	if (curl_multi_perform(h->multi, &running) != CURLM_OK)
		finish(h, CURLE_FAILED_INIT);
	notice_end(h);
}

/* Advances the transfer until what is wanted is there, or the end. */
static void pump(struct http_transfer *h, bool body)
{
	check_limits(h);
	while (is_wanting(h, body)) {
		bool held = h->paused;

		advance(h);
		if (held)
			continue;
		if (is_wanting(h, body))
			wait_for_network(h);
		check_limits(h);
	}
}

static size_t take_pending(struct http_transfer *h, void *p, size_t n)
{
	size_t take = min_size(n, h->pending.n - h->taken);

	memcpy(p, h->pending.p + h->taken, take);
	h->taken += take;
	if (h->taken == h->pending.n) {
		buf_clear(&h->pending);
		h->taken = 0;
	}
	return take;
}

ssize_t http_transfer_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct http_transfer *h = (struct http_transfer *)s;

	if (h->pending.n == 0)
		pump(h, true);
	if (is_cancelled(h)) {
		buf_clear(&h->pending);
		h->taken = 0;
		end_because(h, HTTP_STOP_CANCELLED);
	}
	if (h->pending.n == 0)
		return h->result == CURLE_OK ? 0 : fail(h, err);
	size_t got = take_pending(h, p, n);
	/* What has come meanwhile, too: who reads may wait for somebody else at each piece. */
	while (got < n && !h->done) {
		bool held = h->paused;

		advance(h);
		if (h->pending.n == 0 && !held)
			break;
		got += take_pending(h, (char *)p + got, n - got);
	}
	return (ssize_t)got;
}

struct http_transfer *http_transfer_new(void)
{
	struct http_transfer *h = xcalloc(1, sizeof(*h));

	h->stream.read = http_transfer_read;
	buf_init(&h->pending, LIMIT_HTTP_BUFFER + MIB);
	return h;
}

void http_transfer_free(struct http_transfer *h)
{
	if (h->multi && h->easy)
		(void)curl_multi_remove_handle(h->multi, h->easy);
	curl_easy_cleanup(h->easy);
	(void)curl_multi_cleanup(h->multi);
	curl_url_cleanup(h->url);
	curl_slist_free_all(h->lines);
	curl_slist_free_all(h->connect_to);
	buf_fini(&h->pending);
	arena_fini(&h->arena);
	free(h);
}

void http_close(struct stream *s)
{
	http_transfer_free((struct http_transfer *)s);
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

static CURLcode set_callbacks(struct http_transfer *h)
{
	CURLcode result = curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->detail);

	if (result == CURLE_OK)
		result = curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, on_header);
	if (result == CURLE_OK)
		result = curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, h);
	if (result == CURLE_OK)
		result = curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, on_body);
	if (result == CURLE_OK)
		result = curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
	return result;
}

/* Forgets the response before, if there was one. */
static void clear_response(struct http_transfer *h)
{
	buf_clear(&h->pending);
	h->taken = 0;
	h->received = 0;
	h->paused = h->head_ended = h->head_complete = h->done = false;
	h->result = CURLE_OK;
	h->stop = HTTP_STOP_NONE;
	h->detail[0] = '\0';
}

/* One request and the head of its response: the status, or a negative code. */
static long run_hop(struct http_transfer *h, const struct http_order *q, struct err *err)
{
	long status = 0;

	clear_response(h);
	h->result = set_callbacks(h);
	if (h->result == CURLE_OK)
		h->result = http_request_apply(h, q);
	if (h->result != CURLE_OK)
		return fail(h, err);
	if (curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		return err_set(err, ERR_INTERNAL, "%s: libcurl does not start", h->name);
	pump(h, false);
	if (!h->head_complete && h->result != CURLE_OK)
		return fail(h, err);
	/* libcurl takes a connection that ends within the head for an empty body. */
	if (!h->head_ended)
		return err_set(err, ERR_UPSTREAM, "%s: the response ends within its head", h->name);
	if (curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "%s: libcurl tells no status", h->name);
	return status;
}

static bool is_redirect(const struct http_transfer *h, long status)
{
	return h->location.n &&
	       (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

long http_transfer_open(struct http_transfer *h, const struct http_order *q, struct err *err)
{
	net_init();
	h->name = q->hide_query ? url_without_secrets(&h->arena, str_of(q->url)).p
				: url_without_credentials(&h->arena, str_of(q->url)).p;
	h->post = q->post;
	h->deadline_ms = clock_monotonic_ms() + h->total_ms;
	if (!url_is_http(str_of(q->url)))
		return err_set(err, ERR_USAGE, "%s: no http or https URL", h->name);
	int r = http_headers_check(q->headers, q->header_count, err);
	if (r < 0)
		return err_wrap(err, "%s", h->name);
	r = http_url_parse(h, q->url, err);
	if (r < 0)
		return r;
	h->multi = curl_multi_init();
	h->easy = curl_easy_init();
	if (!h->multi || !h->easy)
		return err_set(err, ERR_INTERNAL, "%s: libcurl does not start", h->name);
	for (;;) {
		long status = run_hop(h, q, err);
		if (status < 0 || !is_redirect(h, status))
			return status;
		(void)curl_multi_remove_handle(h->multi, h->easy);
		r = http_redirect(h, q, status, err);
		if (r < 0)
			return r;
	}
}
