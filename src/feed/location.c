/*
 * Where a feed lies: an http or https URL, a URL of git's, a file URL (RFC 8089)
 * of this host, or a path.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/git.h"
#include "net/net.h"

/* Replaces %XX; a malformed one, or a NUL, is no path. */
static bool percent_decode(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte = (uint8_t)s.p[i];

		if (s.p[i] == '%') {
			if (i + 2 >= s.n || !parse_hex(str_n(s.p + i + 1, 2), &byte, 1))
				return false;
			i += 2;
		}
		if (byte == 0)
			return false;
		buf_append_u8(out, byte);
	}
	return true;
}

static bool skip_prefix_nocase(struct str *s, struct str prefix)
{
	if (!str_eq_nocase(str_head(*s, prefix.n), prefix))
		return false;
	*s = str_skip(*s, prefix.n);
	return true;
}

int location_resolve(const char *location, struct arena *a, enum location_kind *kind,
	const char **path, struct err *err)
{
	struct str rest = str_of(location);
	_cleanup_buf_ struct buf decoded = BUF_INIT(LIMIT_PATH);

	if (url_is_http(rest) || git_is_remote(location)) {
		*kind = LOCATION_HTTP;
		return 0;
	}
	if (!skip_prefix_nocase(&rest, STR("file://"))) {
		if (str_find(rest, STR("://")) > 0)
			return err_set(err, ERR_UNSUPPORTED,
				"%s: only http, https and file URLs, and paths",
				url_without_credentials(a, rest).p);
		*kind = LOCATION_FILE;
		*path = location;
		return 0;
	}
	(void)skip_prefix_nocase(&rest, STR("localhost"));
	if (!str_starts(rest, STR("/")))
		return err_set(err, ERR_UNSUPPORTED, "%s: a file URL of another host", location);
	if (!percent_decode(rest, &decoded))
		return err_set(err, ERR_USAGE, "%s: malformed file URL", location);
	int r = buf_check(&decoded, location, err);
	if (r < 0)
		return r;
	*kind = LOCATION_FILE;
	*path = arena_cstr(a, buf_str(&decoded));
	return 0;
}
