/*
 * What has to be known of URLs (RFC 3986) outside of libcurl: whether a location is one, and where
 * the credentials stand in it.
 */
#include "base/base.h"

#include "net/net.h"

bool url_is_http(struct str location)
{
	struct str scheme;

	ptrdiff_t end = str_find(location, STR("://"));
	if (end < 0)
		return false;
	scheme = str_head(location, (size_t)end);
	return str_eq_nocase(scheme, STR("http")) || str_eq_nocase(scheme, STR("https"));
}

static bool ends_authority(char c)
{
	return c == '/' || c == '?' || c == '#';
}

/*
 * userinfo is everything between "//" and the last "@" of the authority, which ends at the first
 * of "/", "?" and "#".
 */
struct str url_without_credentials(struct arena *a, struct str location)
{
	ptrdiff_t scheme = str_find(location, STR("://"));
	if (scheme < 0)
		return arena_str(a, location);
	struct str head = str_head(location, (size_t)scheme + 3);
	struct str rest = str_skip(location, (size_t)scheme + 3);
	size_t end = 0, host = 0;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): p is only NULL when n is 0 */
	while (end < rest.n && !ends_authority(rest.p[end])) {
		if (rest.p[end] == '@')
			host = end + 1;
		end++;
	}
	rest = str_skip(rest, host);
	return arena_printf(a, "%" PRIstr "%" PRIstr, STR_ARG(head), STR_ARG(rest));
}

struct str url_without_secrets(struct arena *a, struct str location)
{
	size_t n = 0;

	while (n < location.n && location.p[n] != '?' && location.p[n] != '#')
		n++;
	return url_without_credentials(a, str_head(location, n));
}
