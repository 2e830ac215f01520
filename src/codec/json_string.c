/*
 * Strings and numbers of the JSON reader (RFC 8259, sections 6 and 7). A string without escapes
 * that lies whole in the window is returned as a view of it; every other one is put together in the
 * scratch buffer, up to LIMIT_JSON_TOKEN. The search for the end of a plain run, where most of the
 * time of a large document goes, takes 16 bytes a step with SSE2.
 */
#include "codec/json_reader_priv.h"

#if defined(__SSE2__) && !defined(JSON_NO_SIMD)
#	include <emmintrin.h>

/* The first byte from p on that is no plain ASCII character of a string. */
static inline const char *skip_plain(const char *p)
{
	const __m128i space = _mm_set1_epi8(' ');
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');

	for (;; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* Signed: control characters and everything from 0x80 on are below a space. */
		__m128i stop = _mm_or_si128(_mm_cmplt_epi8(v, space),
			_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
		int mask = _mm_movemask_epi8(stop);

		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
}
#else
static inline const char *skip_plain(const char *p)
{
	while ((signed char)*p >= ' ' && *p != '"' && *p != '\\')
		p++;
	return p;
}
#endif

static int hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int fail_truncated(struct json_reader *r)
{
	return json_fail_at(r, r->end, ERR_INPUT, "the document ends inside a string");
}

/* Appends a piece of the token. */
static int gather(struct json_reader *r, const char *p, size_t n)
{
	buf_append(&r->scratch, p, n);
	if (r->scratch.overflowed)
		return json_fail_at(r, NULL, ERR_TOO_LARGE,
			"a string or number of more than %zu bytes", r->scratch.max);
	return 0;
}

/* The four digits of the \u escape at p, which has to be available up to its end. */
static int scan_hex4(struct json_reader *r, const char *p, uint32_t *out)
{
	uint32_t v = 0;

	for (int i = 2; i < 6; i++) {
		int digit = hex_value(p[i]);

		if (p + i == r->end)
			return fail_truncated(r);
		if (digit < 0)
			return json_fail_at(
				r, p + i, ERR_INPUT, "a \\u escape needs four hex digits");
		v = v << 4 | (uint32_t)digit;
	}
	*out = v;
	return 0;
}

/* \uXXXX, or two of them when the first is a high surrogate. p is behind it afterwards. */
static int scan_unicode_escape(struct json_reader *r)
{
	uint32_t c, low;
	char utf8[4];
	int rc = json_need(r, 12);

	if (rc < 0 || (rc = scan_hex4(r, r->p, &c)) < 0)
		return rc;
	const char *p = r->p + 6;
	if (c >= 0xD800 && c <= 0xDBFF) {
		if (p == r->end || (p[0] == '\\' && p + 1 == r->end))
			return fail_truncated(r);
		if (p[0] != '\\' || p[1] != 'u')
			return json_fail_at(
				r, r->p, ERR_INPUT, "a high surrogate without a low one");
		if ((rc = scan_hex4(r, p, &low)) < 0)
			return rc;
		if (low < 0xDC00 || low > 0xDFFF)
			return json_fail_at(
				r, r->p, ERR_INPUT, "a high surrogate without a low one");
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		p += 6;
	} else if (c >= 0xDC00 && c <= 0xDFFF) {
		return json_fail_at(r, r->p, ERR_INPUT, "a low surrogate without a high one");
	}
	r->p = p;
	return gather(r, utf8, utf8_encode(c, utf8));
}

/* The escape whose backslash is at p. */
static int scan_escape(struct json_reader *r)
{
	static const char short_forms[256] = {
		['"'] = '"',
		['\\'] = '\\',
		['/'] = '/',
		['b'] = '\b',
		['f'] = '\f',
		['n'] = '\n',
		['r'] = '\r',
		['t'] = '\t',
	};
	int rc = json_need(r, 2);

	if (rc < 0)
		return rc;
	if (r->end - r->p < 2)
		return fail_truncated(r);
	if (r->p[1] == 'u')
		return scan_unicode_escape(r);
	const char *c = &short_forms[(uint8_t)r->p[1]];
	if (!*c)
		return json_fail_at(r, r->p, ERR_INPUT, "an escape that JSON does not have");
	r->p += 2;
	return gather(r, c, 1);
}

/* Whether the n bytes at p may be the start of a longer sequence. */
static bool is_utf8_start(const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)p[i] & 0xC0) != 0x80)
			return false;
	}
	return true;
}

/* The sequence beyond ASCII at q, the end of the run that starts at p; when it may go on beyond the
 * window, the run is gathered first. */
static int scan_utf8(struct json_reader *r, const char **q)
{
	size_t length = utf8_sequence_length((uint8_t) * *q);

	if ((size_t)(r->end - *q) < length) {
		int rc = gather(r, r->p, (size_t)(*q - r->p));

		if (rc < 0)
			return rc;
		r->p = *q;
		if ((rc = json_need(r, length)) < 0)
			return rc;
		*q = r->p;
	}
	size_t available = (size_t)(r->end - *q);
	if (available < length && is_utf8_start(*q, available))
		return fail_truncated(r);
	if (!utf8_check(*q, available))
		return json_fail_at(r, *q, ERR_INPUT, "invalid UTF-8");
	*q += length;
	return 0;
}

/* What stopped the run from p to *q, other than the closing quote. On success a run from p to *q is
 * still to be gathered, and the scan goes on at *q. */
static int scan_special(struct json_reader *r, const char **q)
{
	int rc;

	if ((signed char)**q < 0)
		return scan_utf8(r, q);
	if (**q != '\\' && *q != r->end)
		return json_fail_at(r, *q, ERR_INPUT, "a control character in a string");
	rc = gather(r, r->p, (size_t)(*q - r->p));
	if (rc < 0)
		return rc;
	r->p = *q;
	if (r->p < r->end) {
		rc = scan_escape(r);
	} else {
		rc = json_refill(r);
		if (rc == 0)
			rc = fail_truncated(r);
	}
	*q = r->p;
	return rc < 0 ? rc : 0;
}

/* The rest of a string: nothing of it was gathered yet, the run from p to q is plain. */
static __attribute__((noinline)) int scan_long_string(
	struct json_reader *r, const char *q, struct str *out)
{
	buf_clear(&r->scratch);
	while (*q != '"') {
		int rc = scan_special(r, &q);

		if (rc < 0)
			return rc;
		q = skip_plain(q);
	}
	size_t n = (size_t)(q - r->p);
	if (r->scratch.n == 0) {
		*out = str_n(r->p, n);
	} else {
		int rc = gather(r, r->p, n);

		if (rc < 0)
			return rc;
		*out = buf_str(&r->scratch);
	}
	r->p = q + 1;
	return 0;
}

int json_scan_string(struct json_reader *r, struct str *out)
{
	const char *start = ++r->p;
	const char *q = skip_plain(start);

	if (*q != '"')
		return scan_long_string(r, q, out);
	*out = str_n(start, (size_t)(q - start));
	r->p = q + 1;
	return 0;
}

static bool is_number_char(char c)
{
	return ascii_is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static size_t count_digits(struct str s, size_t from)
{
	size_t i = from;

	while (i < s.n && ascii_is_digit(s.p[i]))
		i++;
	return i - from;
}

/* number = [ "-" ] ( "0" / digit1-9 *digit ) [ "." 1*digit ] [ "e" [ "+" / "-" ] 1*digit ] */
static bool is_number(struct str s)
{
	size_t i = s.n && s.p[0] == '-';
	size_t digits = count_digits(s, i);

	if (digits == 0 || (digits > 1 && s.p[i] == '0'))
		return false;
	i += digits;
	if (i < s.n && s.p[i] == '.') {
		digits = count_digits(s, ++i);
		if (digits == 0)
			return false;
		i += digits;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		digits = count_digits(s, i);
		if (digits == 0)
			return false;
		i += digits;
	}
	return i == s.n;
}

/* Takes everything that looks like part of a number, then judges it as a whole. */
int json_scan_number(struct json_reader *r, struct str *out)
{
	const char *q = r->p;
	struct str text;

	buf_clear(&r->scratch);
	for (;;) {
		while (is_number_char(*q))
			q++;
		if (q < r->end || r->ended)
			break;
		int rc = gather(r, r->p, (size_t)(q - r->p));
		if (rc < 0)
			return rc;
		r->p = q;
		rc = json_refill(r);
		if (rc < 0)
			return rc;
		q = r->p;
	}
	text = str_n(r->p, (size_t)(q - r->p));
	if (r->scratch.n) {
		int rc = gather(r, text.p, text.n);

		if (rc < 0)
			return rc;
		text = buf_str(&r->scratch);
	}
	r->p = q;
	if (!is_number(text))
		return json_fail_at(r, NULL, ERR_INPUT, "not a number: \"%" PRIstr "\"",
			STR_ARG(str_head(text, 40)));
	*out = text;
	return 0;
}
