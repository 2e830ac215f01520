/*
 * URLs of a transfer, by libcurl's URL interface, and what a redirect changes (RFC 9110, section
 * 15.4). As in Go's net/http, which clients of the API rely on: 301, 302 and 303 turn a POST into a
 * GET, 307 and 308 repeat it; headers with credentials go to the same host and port and to
 * subdomains only. Once dropped they stay dropped.
 */
#include "base/base.h"

#include "net/http_priv.h"

int http_url_parse(struct http_transfer *h, const char *url, struct err *err)
{
	h->url = curl_url();
	if (!h->url)
		abort();
	/* The path goes out as it is, since it may be signed. */
	CURLUcode code = curl_url_set(
		h->url, CURLUPART_URL, url, CURLU_URLENCODE | CURLU_ALLOW_SPACE | CURLU_PATH_AS_IS);
	if (code != CURLUE_OK)
		return err_set(err, ERR_USAGE, "%s: %s", h->name, curl_url_strerror(code));
	return 0;
}

const char *http_url_part(struct http_transfer *h, CURLU *url, CURLUPart part)
{
	char *text = NULL;

	if (curl_url_get(url, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) !=
		CURLUE_OK)
		return "";
	const char *copy = arena_cstr(&h->arena, str_of(text));
	curl_free(text);
	return copy;
}

/* Whether what was meant for one server may go to the other: the same, or a subdomain on the same
 * port, and not out of TLS. */
static bool may_have_secrets(struct http_transfer *h, CURLU *from, CURLU *to)
{
	struct str from_host = str_of(http_url_part(h, from, CURLUPART_HOST));
	struct str to_host = str_of(http_url_part(h, to, CURLUPART_HOST));
	struct str end =
		to_host.n > from_host.n ? str_skip(to_host, to_host.n - from_host.n) : to_host;

	if (!str_eq(str_of(http_url_part(h, from, CURLUPART_PORT)),
		    str_of(http_url_part(h, to, CURLUPART_PORT))) ||
		!str_eq(str_of(http_url_part(h, from, CURLUPART_SCHEME)),
			str_of(http_url_part(h, to, CURLUPART_SCHEME))))
		return false;
	return str_eq_nocase(end, from_host) &&
	       (to_host.n == from_host.n || to_host.p[to_host.n - from_host.n - 1] == '.');
}

/* User name and password of a URL stand for its server; a redirect within it need not repeat them.
 */
static void keep_credentials(struct http_transfer *h, CURLU *from, CURLU *to)
{
	static const CURLUPart parts[] = { CURLUPART_USER, CURLUPART_PASSWORD };

	if (http_url_part(h, to, CURLUPART_USER)[0] ||
		!str_eq_nocase(str_of(http_url_part(h, from, CURLUPART_HOST)),
			str_of(http_url_part(h, to, CURLUPART_HOST))))
		return;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *part = http_url_part(h, from, parts[i]);
		if (part[0] && curl_url_set(to, parts[i], part, 0) != CURLUE_OK)
			abort();
	}
}

int http_redirect(struct http_transfer *h, const struct http_order *q, long status, struct err *err)
{
	_cleanup_(curl_url_cleanupp) CURLU *next = curl_url_dup(h->url);

	if (!next)
		abort();
	if (h->redirects++ >= LIMIT_REDIRECTS)
		return err_set(
			err, ERR_UPSTREAM, "%s: more than %d redirects", h->name, LIMIT_REDIRECTS);
	/* Relative to where the transfer is now. */
	CURLUcode code = curl_url_set(
		next, CURLUPART_URL, h->location.p, CURLU_URLENCODE | CURLU_ALLOW_SPACE);
	if (code != CURLUE_OK)
		return err_set(err, ERR_UPSTREAM, "%s: redirected to a wrong URL: %s", h->name,
			curl_url_strerror(code));
	struct str from = str_of(http_url_part(h, h->url, CURLUPART_SCHEME));
	struct str to = str_of(http_url_part(h, next, CURLUPART_SCHEME));
	if (!str_eq(to, STR("http")) && !str_eq(to, STR("https")))
		return err_set(err, ERR_UPSTREAM,
			"%s: redirected to something else than HTTP: %" PRIstr, h->name,
			STR_ARG(to));
	if (str_eq(from, STR("https")) && !str_eq(to, from) && !q->may_leave_tls)
		return err_set(err, ERR_UPSTREAM, "%s: redirected from https to http", h->name);
	if (may_have_secrets(h, h->url, next))
		keep_credentials(h, h->url, next);
	else
		h->secrets_dropped = true;
	if (status != 307 && status != 308)
		h->post = false;
	curl_url_cleanup(h->url);
	h->url = take_ptr(next);
	return 0;
}
