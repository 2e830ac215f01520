/*
 * Query parameters. Numbers are read as Go's strconv.Atoi reads them, whose messages clients see.
 */
#include "api/api_priv.h"

/* As strconv.Quote(). Characters beyond U+00A0 are taken for printable. */
static void append_quoted(struct buf *b, struct str s)
{
	static const char escapes[] = "abtnvfr";

	buf_append_char(b, '"');
	while (s.n) {
		size_t n = utf8_check(s.p, s.n);
		uint8_t c = (uint8_t)*s.p;

		if (c >= '\a' && c <= '\r')
			buf_printf(b, "\\%c", escapes[c - '\a']);
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (n == 0 || c < ' ' || c == 0x7F)
			buf_printf(b, "\\x%02x", c);
		else if (c == 0xC2 && (uint8_t)s.p[1] <= 0xA0)
			buf_printf(b, "\\u%04x", (uint8_t)s.p[1]);
		else
			buf_append(b, s.p, n);
		s = str_skip(s, n ? n : 1);
	}
	buf_append_char(b, '"');
}

static int fail_limit(struct str text, const char *why, struct err *err)
{
	_cleanup_buf_ struct buf quoted = BUF_INIT(64 * KIB);

	append_quoted(&quoted, text);
	return err_set(err, ERR_INPUT, "invalid limit format: strconv.Atoi: parsing %s: %s",
		buf_cstr(&quoted), why);
}

int query_limit(struct call *c, int64_t *out, struct err *err)
{
	struct str text, digits;
	uint64_t v;

	if (!http_query_get(c->r->query, STR("limit"), &c->r->arena, &text))
		return err_set(err, ERR_INPUT, "must provide limit query parameter");
	digits = text;
	bool negative = str_skip_prefix(&digits, STR("-"));
	if (!negative)
		(void)str_skip_prefix(&digits, STR("+"));
	for (size_t i = 0; i < digits.n; i++) {
		if (!ascii_is_digit(digits.p[i]))
			return fail_limit(text, "invalid syntax", err);
	}
	if (digits.n == 0)
		return fail_limit(text, "invalid syntax", err);
	if (!parse_u64(digits, &v) || v > (uint64_t)INT64_MAX + negative)
		return fail_limit(text, "value out of range", err);
	*out = negative ? (int64_t)-v : (int64_t)v;
	return 0;
}
