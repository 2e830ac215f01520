/*
 * Files of shell-compatible assignments, as os-release(5) describes them: KEY=VALUE lines, comments
 * with #, values bare, in single quotes, in double quotes with backslash escapes, or in several of
 * these one behind the other. Nothing is expanded. A byte order mark, CR LF and white space in
 * front of a line are put up with.
 */
#include "base/base.h"

#include "distro/distro_priv.h"

static bool is_key(struct str key)
{
	for (size_t i = 0; i < key.n; i++) {
		if (!ascii_is_alpha(key.p[i]) && !ascii_is_digit(key.p[i]) && key.p[i] != '_')
			return false;
	}
	return key.n > 0;
}

bool shell_vars_next(struct str *rest, struct str *key, struct str *quoted)
{
	struct str line;

	(void)str_skip_prefix(rest, STR("\xef\xbb\xbf"));
	while (str_next_line(rest, &line)) {
		line = str_trim(line);
		if (str_cut(line, '=', key, quoted) && is_key(*key))
			return true;
	}
	return false;
}

/* Inside double quotes a backslash is one unless it stands before these. */
static bool is_escapable(char c, char quote)
{
	return quote != '"' || c == '"' || c == '\\' || c == '$' || c == '`';
}

struct str shell_vars_unquote(struct arena *a, struct str quoted)
{
	char *out = arena_alloc(a, quoted.n + 1);
	size_t n = 0;
	char quote = '\0';

	for (size_t i = 0; i < quoted.n; i++) {
		char c = quoted.p[i];

		if (c == quote && quote) {
			quote = '\0';
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (!quote && ascii_is_space(c)) {
			break;
		} else {
			if (c == '\\' && quote != '\'' && i + 1 < quoted.n &&
				is_escapable(quoted.p[i + 1], quote))
				c = quoted.p[++i];
			out[n++] = c;
		}
	}
	return str_n(out, n);
}
