/*
 * Request targets, see http_target.h.
 */
#include "base/base.h"

#include "net/http_target.h"

bool http_target_parse(struct str target, struct http_target *out)
{
	struct str rest = target, path, query;

	for (size_t i = 0; i < target.n; i++) {
		if ((unsigned char)target.p[i] <= ' ' || target.p[i] == 0x7f)
			return false;
	}
	if (str_eq(target, STR("*"))) {
		*out = (struct http_target){ .path = target, .query = STR_NULL };
		return true;
	}
	if (target.n && target.p[0] != '/') {
		ptrdiff_t scheme = str_find(target, STR("://"));
		if (scheme < 0 ||
			(!str_eq_nocase(str_head(target, (size_t)scheme), STR("http")) &&
				!str_eq_nocase(str_head(target, (size_t)scheme), STR("https"))))
			return false;
		rest = str_skip(target, (size_t)scheme + 3);
		while (rest.n && rest.p[0] != '/' && rest.p[0] != '?')
			rest = str_skip(rest, 1);
	} else if (target.n == 0) {
		return false;
	}
	(void)str_cut(rest, '?', &path, &query);
	*out = (struct http_target){ .path = path, .query = query };
	return true;
}

/* The component with %XX decoded, and "+" as a blank where that is asked for; false when a % is
 * not followed by two hexadecimal digits. */
static bool decode(struct arena *a, struct str raw, bool plus_is_blank, struct str *out)
{
	char *p = arena_alloc(a, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		uint8_t byte = (uint8_t)raw.p[i];

		if (raw.p[i] == '%') {
			if (raw.n - i < 3 || !parse_hex(str_n(raw.p + i + 1, 2), &byte, 1))
				return false;
			i += 2;
		} else if (plus_is_blank && raw.p[i] == '+') {
			byte = ' ';
		}
		p[n++] = (char)byte;
	}
	*out = str_n(p, n);
	return true;
}

bool http_path_decode(struct arena *a, struct str raw, struct str *out)
{
	return decode(a, raw, false, out);
}

bool http_query_next(struct str *rest, struct arena *a, struct str *key, struct str *value)
{
	while (rest->n) {
		struct str pair, k, v;

		(void)str_cut(*rest, '&', &pair, rest);
		if (pair.n == 0 || str_find_char(pair, ';') >= 0)
			continue;
		(void)str_cut(pair, '=', &k, &v);
		if (decode(a, k, true, key) && decode(a, v, true, value))
			return true;
	}
	return false;
}

bool http_query_get(struct str query, struct str key, struct arena *a, struct str *value)
{
	struct str k, v;

	while (http_query_next(&query, a, &k, &v)) {
		if (str_eq(k, key)) {
			*value = v;
			return true;
		}
	}
	return false;
}

bool http_query_has(struct str query, struct str key)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str value;

	return http_query_get(query, key, &a, &value);
}
