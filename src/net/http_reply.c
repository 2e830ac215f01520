/*
 * Replies in libmicrohttpd's form. It adds Date, Content-Length and Connection by itself, and
 * leaves the body out for HEAD.
 */
#include "base/base.h"

#include "codec/codec.h"
#include "net/http_server_priv.h"

struct http_body {
	atomic_uint holders;
	struct buf bytes;
	bool gzipped;
};

static struct http_body *body_empty(bool gzipped)
{
	struct http_body *body = xcalloc(1, sizeof(*body));

	atomic_init(&body->holders, 1);
	buf_init(&body->bytes, SIZE_MAX / 2);
	body->gzipped = gzipped;
	return body;
}

struct http_body *http_body_new(struct buf *content, bool gzip)
{
	struct http_body *body = body_empty(gzip);

	if (gzip) {
		gzip_append(&body->bytes, buf_span(content));
		buf_fini(content);
	} else {
		body->bytes = *content;
		buf_init(content, content->max);
	}
	buf_trim(&body->bytes);
	return body;
}

struct http_body *http_body_ref(struct http_body *body)
{
	atomic_fetch_add(&body->holders, 1);
	return body;
}

void http_body_unref(struct http_body *body)
{
	if (atomic_fetch_sub(&body->holders, 1) > 1)
		return;
	buf_fini(&body->bytes);
	free(body);
}

struct span http_body_bytes(const struct http_body *body)
{
	return buf_span(&body->bytes);
}

static void release_body(void *body)
{
	http_body_unref(body);
}

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (MHD_add_response_header(r, name, value) != MHD_YES)
		log_debug("the header %s is not sent: it is not sound", name);
}

static void add_headers(
	struct MHD_Response *r, const struct exchange *x, const struct http_reply *reply)
{
	const struct http_server_options *o = &x->server->o;
	_cleanup_arena_ struct arena a = ARENA_INIT;

	if (o->server_header && !reply->no_server_header)
		add_header(r, "Server", o->server_header);
	for (size_t i = 0; i < reply->n_headers; i++)
		add_header(r, arena_cstr(&a, reply->headers[i].name),
			arena_cstr(&a, reply->headers[i].value));
	if (x->refused || atomic_load(&x->server->stopping) ||
		atomic_load(&x->server->n_connections) > LIMIT_HTTP_KEPT)
		add_header(r, "Connection", "close");
}

static struct http_body *copy_of(struct span bytes, bool gzip)
{
	struct http_body *body = body_empty(gzip);

	if (gzip)
		gzip_append(&body->bytes, bytes);
	else
		buf_append(&body->bytes, bytes.p, bytes.n);
	return body;
}

/* What is sent, in the form it is sent in. */
static struct http_body *body_of(const struct exchange *x, const struct http_reply *reply)
{
	const struct http_body *shared = reply->shared;
	struct span bytes = shared ? buf_span(&shared->bytes) : reply->body;
	bool gzip = reply->gzip_allowed && x->request.accepts_gzip && bytes.n > 0;

	if (!shared)
		return copy_of(bytes, gzip);
	assert(!shared->gzipped || x->request.accepts_gzip);
	return shared->gzipped || !gzip ? http_body_ref(reply->shared) : copy_of(bytes, true);
}

struct MHD_Response *reply_build(
	const struct exchange *x, const struct http_reply *reply, uint64_t *bytes)
{
	struct http_body *body = body_of(x, reply);
	bool gzipped = body->gzipped;
	struct buf *sent = &body->bytes;

	*bytes = str_eq(x->request.method, STR("HEAD")) ? 0 : sent->n;
	struct MHD_Response *r = MHD_create_response_from_buffer_with_free_callback_cls(
		sent->n, sent->p, release_body, body);
	if (!r)
		abort();
	if (x->request.http_1_0 && MHD_set_response_options(r, MHD_RF_HTTP_VERSION_1_0_RESPONSE,
					   MHD_RO_END) != MHD_YES)
		abort();
	if (sent->n && reply->content_type)
		add_header(r, "Content-Type", reply->content_type);
	if (gzipped)
		add_header(r, "Content-Encoding", "gzip");
	add_headers(r, x, reply);
	return r;
}
