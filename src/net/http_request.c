/*
 * What is sent: header lines, method, TLS and proxy of one hop, as options of libcurl.
 */
#include "base/base.h"

#include "net/http_priv.h"

/* RFC 9110, section 5.6.2. */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!ascii_is_alpha(c) && !ascii_is_digit(c) &&
			(c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.n > 0;
}

/* No control characters but the tab: they would end the line, or the string. */
static bool is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

int http_headers_check(const struct http_header *headers, size_t n, struct err *err)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_token(headers[i].name))
			return err_set(err, ERR_USAGE, "header %zu: no name of a header", i + 1);
		if (!is_value(headers[i].value))
			return err_set(err, ERR_USAGE,
				"header %" PRIstr ": control characters in its value",
				STR_ARG(str_head(headers[i].name, 100)));
		bytes += headers[i].name.n + headers[i].value.n + 4;
		if (bytes > LIMIT_REQUEST_HEADERS)
			return err_set(err, ERR_TOO_LARGE,
				"request headers of more than %" PRIu64 " bytes",
				LIMIT_REQUEST_HEADERS);
	}
	return 0;
}

static bool is_one_of(struct str name, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(name, names[i]))
			return true;
	}
	return false;
}

/* Where the request begins and ends, and to whom it goes, is not the caller's to say. */
static bool is_framing(struct str name)
{
	static const struct str names[] = { STR_INIT("host"), STR_INIT("content-length"),
		STR_INIT("transfer-encoding"), STR_INIT("trailer") };

	return is_one_of(name, names, ARRAY_LEN(names));
}

/* What must not go to another server than the one it was meant for. */
static bool is_secret(struct str name)
{
	static const struct str names[] = { STR_INIT("authorization"), STR_INIT("www-authenticate"),
		STR_INIT("cookie"), STR_INIT("cookie2"), STR_INIT("proxy-authorization"),
		STR_INIT("proxy-authenticate") };

	return is_one_of(name, names, ARRAY_LEN(names));
}

static void add_line(struct curl_slist **list, struct str line)
{
	struct curl_slist *all = curl_slist_append(*list, line.p);

	if (!all)
		abort();
	*list = all;
}

static void make_lines(struct http_transfer *h, const struct http_order *q)
{
	curl_slist_free_all(take_ptr(h->lines));
	for (size_t i = 0; i < q->header_count; i++) {
		struct str name = q->headers[i].name, value = str_trim(q->headers[i].value);

		if (is_framing(name) || (h->secrets_dropped && is_secret(name)))
			continue;
		/* libcurl takes "name:" for a header to leave out, and "name;" for an empty one. */
		add_line(&h->lines,
			value.n ? arena_printf(&h->arena, "%" PRIstr ": %" PRIstr, STR_ARG(name),
					  STR_ARG(value))
				: arena_printf(&h->arena, "%" PRIstr ";", STR_ARG(name)));
	}
	if (h->post) {
		add_line(&h->lines, arena_printf(&h->arena, "Content-Type: %s", q->content_type));
		add_line(&h->lines, STR("Expect:"));
	}
}

/*
 * To have the server believe (SNI), and its certificate checked against, another name than that of
 * the URL, the URL gets that name, the connection goes where the URL led, and the Host header says
 * what the URL said. A proxy is asked for the URL's host, too.
 */
static CURLcode apply_server_name(struct http_transfer *h, const struct http_order *q, CURLU *url)
{
	const char *host = http_url_part(h, url, CURLUPART_HOST);
	const char *port = http_url_part(h, url, CURLUPART_PORT);
	bool is_default = str_eq(str_of(port), STR("443"));

	add_line(&h->lines, arena_printf(&h->arena, "Host: %s%s%s", host, is_default ? "" : ":",
				    is_default ? "" : port));
	add_line(&h->connect_to, arena_printf(&h->arena, "::%s:%s", host, port));
	if (curl_url_set(url, CURLUPART_HOST, q->server_name, 0) != CURLUE_OK)
		return CURLE_URL_MALFORMAT;
	return CURLE_OK;
}

/* The URL of this hop, and the lists that belong to it. */
static CURLcode apply_url(struct http_transfer *h, const struct http_order *q)
{
	_cleanup_(curl_url_cleanupp) CURLU *url = curl_url_dup(h->url);
	CURLcode result = CURLE_OK;

	if (!url)
		abort();
	curl_slist_free_all(take_ptr(h->connect_to));
	make_lines(h, q);
	if (q->server_name && q->server_name[0] &&
		str_eq(str_of(http_url_part(h, url, CURLUPART_SCHEME)), STR("https")))
		result = apply_server_name(h, q, url);
	const char *text = http_url_part(h, url, CURLUPART_URL);
	if (result == CURLE_OK && !text[0])
		result = CURLE_URL_MALFORMAT;
	if (result == CURLE_OK)
		result = curl_easy_setopt(h->easy, CURLOPT_URL, text);
	if (result == CURLE_OK)
		result = curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->lines);
	if (result == CURLE_OK)
		result = curl_easy_setopt(h->easy, CURLOPT_CONNECT_TO, h->connect_to);
	return result;
}

#define SET(option, value) (result = result ? result : curl_easy_setopt(h->easy, option, value))

static CURLcode apply_method(struct http_transfer *h, const struct http_order *q)
{
	CURLcode result = CURLE_OK;

	if (!h->post)
		return curl_easy_setopt(h->easy, CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
	SET(CURLOPT_POSTFIELDS, q->body.n ? q->body.p : "");
	return result;
}

/* HTTP_PROXY, which libcurl leaves to the lower-case name because CGI programs find a header of the
 * client there; Go's client reads it. NULL: whatever libcurl finds. */
static const char *proxy_of_environment(struct http_transfer *h)
{
	const char *proxy = getenv("HTTP_PROXY");

	if (getenv("http_proxy") || getenv("REQUEST_METHOD") || !proxy || !proxy[0] ||
		!str_eq(str_of(http_url_part(h, h->url, CURLUPART_SCHEME)), STR("http")))
		return NULL;
	return proxy;
}

static CURLcode apply_peer(struct http_transfer *h, const struct http_order *q)
{
	CURLcode result = CURLE_OK;

	if (q->proxy) {
		/* This one, or none, whatever the environment exempts. */
		SET(CURLOPT_PROXY, q->proxy);
		SET(CURLOPT_NOPROXY, "");
	} else {
		SET(CURLOPT_PROXY, proxy_of_environment(h));
	}
	if (q->netrc) {
		SET(CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
		SET(CURLOPT_NETRC_FILE, q->netrc);
	}
	if (q->insecure_tls) {
		SET(CURLOPT_SSL_VERIFYPEER, 0L);
		SET(CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (q->ca_file && q->ca_file[0]) {
		SET(CURLOPT_CAINFO, q->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (q->cert_file && q->cert_file[0])
		SET(CURLOPT_SSLCERT, q->cert_file);
	if (q->key_file && q->key_file[0])
		SET(CURLOPT_SSLKEY, q->key_file);
	return result;
}

CURLcode http_request_apply(struct http_transfer *h, const struct http_order *q)
{
	CURLcode result = apply_url(h, q);

	if (result == CURLE_OK)
		result = apply_method(h, q);
	if (result == CURLE_OK)
		result = apply_peer(h, q);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_CONNECTTIMEOUT, (long)LIMIT_CONNECT_S);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* A name that is still being resolved is not waited for at the end: getaddrinfo() can take
	 * minutes, whatever the limits say. Its thread ends by itself. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_USERAGENT, q->user_agent);
	SET(CURLOPT_BUFFERSIZE, (long)(64 * KIB));
	return result;
}

#undef SET
