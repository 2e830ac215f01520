/*
 * The head of a request (RFC 9112), judged after libmicrohttpd has parsed it. Of what it lets
 * through, all is refused that another program on the way could read differently: that is how
 * requests are smuggled past a proxy.
 *
 * libmicrohttpd 0.9.75 splits the head where it lies and hands out pieces that end with NUL. A NUL
 * inside, a bare LF as the end of a line and a continued line show in that the pieces do not stand
 * where they should: name ":" value CR LF name …
 */
#include "base/base.h"

#include "net/http_server_priv.h"
#include "net/http_target.h"

/* RFC 9110 section 5.6.2 */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
			str_find_char(STR("!#$%&'*+-.^_`|~"), s.p[i]) < 0)
			return false;
	}
	return s.n > 0;
}

static bool is_field_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

struct reading {
	struct exchange *x;
	struct http_header *headers;
	size_t n;
	const char *expected; /* where the next name has to stand */
	bool sound;
};

static enum MHD_Result read_header(void *ctx, enum MHD_ValueKind kind UNUSED, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	struct reading *r = ctx;
	struct arena *a = &r->x->request.arena;
	struct str n = str_n(name, name_n), v = str_n(value, value ? value_n : 0);

	if (name != r->expected || !value || !is_token(n) || !is_field_value(v)) {
		r->sound = false;
		return MHD_NO;
	}
	r->expected = value + value_n + strlen("\r\n");
	r->headers[r->n++] =
		(struct http_header){ .name = arena_str(a, n), .value = arena_str(a, str_trim(v)) };
	return MHD_YES;
}

/* How many there are of a name, the first through *value. */
static size_t count_headers(const struct http_request *r, struct str name, struct str *value)
{
	size_t n = 0;

	*value = STR_NULL;
	for (size_t i = 0; i < r->n_headers; i++) {
		if (str_eq_nocase(r->headers[i].name, name) && n++ == 0)
			*value = r->headers[i].value;
	}
	return n;
}

struct str http_request_header(const struct http_request *r, struct str name)
{
	struct str value;

	(void)count_headers(r, name, &value);
	return value;
}

/* Where the body ends has to be certain. */
static unsigned check_framing(const struct http_request *r)
{
	struct str length, coding;
	size_t lengths = count_headers(r, STR("Content-Length"), &length);
	size_t codings = count_headers(r, STR("Transfer-Encoding"), &coding);

	if (lengths > 1 || codings > 1 || (lengths && codings) || (codings && r->http_1_0))
		return MHD_HTTP_BAD_REQUEST;
	for (size_t i = 0; i < length.n; i++) {
		if (!ascii_is_digit(length.p[i]))
			return MHD_HTTP_BAD_REQUEST;
	}
	if (lengths && length.n == 0)
		return MHD_HTTP_BAD_REQUEST;
	return codings && !str_eq_nocase(coding, STR("chunked")) ? MHD_HTTP_NOT_IMPLEMENTED : 0;
}

static unsigned check_headers(const struct http_request *r)
{
	struct str host;
	size_t hosts = count_headers(r, STR("Host"), &host);

	if (hosts > 1 || (hosts == 0 && !r->http_1_0))
		return MHD_HTTP_BAD_REQUEST;
	return check_framing(r);
}

static unsigned read_target(struct http_request *r)
{
	struct http_target t;

	if (!http_target_parse(r->target, &t) || !http_path_decode(&r->arena, t.path, &r->path))
		return MHD_HTTP_BAD_REQUEST;
	r->query = t.query;
	return 0;
}

/* The headers, copied; false when they are not sound. The head has `size` bytes from `start` on. */
static bool read_headers(struct exchange *x, const char *start, const char *version)
{
	struct http_request *r = &x->request;
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	int n = MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, NULL, NULL);
	struct reading reading = {
		.x = x, .expected = version + strlen("HTTP/1.1\r\n"), .sound = true
	};

	if (n < 0 || !size)
		return false;
	reading.headers = arena_alloc(&r->arena, (size_t)n * sizeof(*reading.headers));
	(void)MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, read_header, &reading);
	r->headers = reading.headers;
	r->n_headers = reading.n;
	return reading.sound && reading.expected + strlen("\r\n") == start + size->header_size;
}

unsigned exchange_read_head(struct exchange *x, const char *method, const char *version)
{
	struct http_request *r = &x->request;

	r->method = arena_str(&r->arena, str_of(method));
	r->http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
	if (!is_token(r->method) || x->raw_target != method + r->method.n + 1 ||
		version != x->raw_target + r->target.n + 1 || !read_headers(x, method, version))
		return MHD_HTTP_BAD_REQUEST;
	unsigned refused = check_headers(r);
	if (refused)
		return refused;
	r->accepts_gzip =
		str_find(http_request_header(r, STR("Accept-Encoding")), STR("gzip")) >= 0;
	return read_target(r);
}
