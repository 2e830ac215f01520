/*
 * http_get() and http_post(): what each wants of a transfer, and what it makes of the response.
 */
#include "base/base.h"

#include "net/http_priv.h"
#include "net/net.h"

static int get_stall_limit(const struct http_get_options *o, uint64_t *ms, struct err *err)
{
	const char *seconds = getenv("CLAIR_HTTP_STALL_S");
	uint64_t n = LIMIT_STALL_S;

	if (seconds && (!parse_u64(str_of(seconds), &n) || n < 1 || n > 3600))
		return err_set(err, ERR_USAGE, "CLAIR_HTTP_STALL_S: expected 1 ... 3600, found %s",
			seconds);
	*ms = (o->stall_s ? o->stall_s : n) * 1000;
	return 0;
}

static bool has_header(const struct http_get_options *o, struct str name)
{
	for (size_t i = 0; i < o->header_count; i++) {
		if (str_eq_nocase(o->headers[i].name, name))
			return true;
	}
	return false;
}

/* The caller's headers and, where they do not speak of the same, those that the options ask for. */
static void make_headers(
	const struct http_get_options *o, struct arena *a, struct http_order *request)
{
	struct str encoding = o->accept_gzip ? STR("gzip") : STR("identity");
	const struct http_header own[] = {
		{ STR("If-None-Match"), o->etag },
		{ STR("If-Modified-Since"), o->last_modified },
		/* As a header of our own: libcurl then leaves the body as it is. */
		{ STR("Accept-Encoding"), o->no_accept_encoding ? STR_NULL : encoding },
	};
	struct http_header *all = arena_alloc(a, (o->header_count + ARRAY_LEN(own)) * sizeof(*all));
	size_t n = o->header_count;

	if (n)
		memcpy(all, o->headers, n * sizeof(*all));
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (own[i].value.n && !has_header(o, own[i].name))
			all[n++] = own[i];
	}
	request->headers = all;
	request->header_count = n;
}

static bool is_wanted_status(const struct http_get_options *o, long status)
{
	if (status == 304)
		return o->etag.n || o->last_modified.n;
	return status == 200 || (o->any_success && status >= 200 && status < 300);
}

/* Judges the head of the response. */
static int check_response(struct http_transfer *h, const struct http_get_options *o, long status,
	uint64_t *length, struct err *err)
{
	curl_off_t n = -1;

	if (!is_wanted_status(o, status))
		return err_set(err, status == 404 ? ERR_NOT_FOUND : ERR_UPSTREAM,
			"%s: the server answered with status %ld", h->name, status);
	if (curl_easy_getinfo(h->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "%s: libcurl tells no length", h->name);
	*length = n < 0 ? UINT64_MAX : (uint64_t)n;
	if (status != 304 && n >= 0 && *length > h->max_bytes)
		return err_set(err, ERR_TOO_LARGE, "%s: %" PRIu64 " bytes, more than %" PRIu64,
			h->name, *length, h->max_bytes);
	return 0;
}

int http_get(const struct http_get_options *o, struct arena *a, struct http_response *response,
	struct stream **out, struct err *err)
{
	_cleanup_(http_transfer_freep) struct http_transfer *h = http_transfer_new();
	struct http_order request = {
		.url = o->url,
		.hide_query = o->hide_query,
		.user_agent = o->user_agent ? o->user_agent : "clair",
		.may_leave_tls = o->may_leave_tls,
		.insecure_tls = o->insecure_tls,
		.netrc = o->netrc,
	};
	uint64_t length = UINT64_MAX;

	*response = (struct http_response){ .status = 0 };
	int r = get_stall_limit(o, &h->stall_ms, err);
	if (r < 0)
		return r;
	h->max_bytes = o->max_bytes;
	h->total_ms = (o->total_s ? o->total_s : LIMIT_DOWNLOAD_S) * UINT64_C(1000);
	h->cancel = o->cancel;
	make_headers(o, &h->arena, &request);
	long status = http_transfer_open(h, &request, err);
	if (status < 0)
		return (int)status;
	response->status = status;
	r = check_response(h, o, status, &length, err);
	if (r < 0)
		return r;
	*response = (struct http_response){
		.status = status,
		.etag = arena_str(a, h->etag),
		.last_modified = arena_str(a, h->last_modified),
		.content_encoding = arena_str(a, h->content_encoding),
		.content_range = arena_str(a, h->content_range),
		.content_length = length,
	};
	*out = &take_ptr(h)->stream;
	return 0;
}

int http_post(const struct http_post_options *o, long *status, struct err *err)
{
	_cleanup_(http_transfer_freep) struct http_transfer *h = http_transfer_new();
	struct http_order request = {
		.url = o->url,
		.hide_query = true,
		.user_agent = o->user_agent ? o->user_agent : "Go-http-client/1.1",
		.post = true,
		.content_type = o->content_type,
		.body = o->body,
		.may_leave_tls = true,
		.proxy = o->proxy,
		.cert_file = o->cert_file,
		.key_file = o->key_file,
		.ca_file = o->ca_file,
		.server_name = o->server_name,
	};

	h->total_ms = o->timeout_ms ? o->timeout_ms : LIMIT_POST_MS;
	/* The time for everything is what counts. */
	h->stall_ms = h->total_ms + 1000;
	h->max_bytes = UINT64_MAX;
	h->cancel = o->cancel;
	long r = http_transfer_open(h, &request, err);
	if (r < 0)
		return (int)r;
	*status = r;
	return 0;
}
