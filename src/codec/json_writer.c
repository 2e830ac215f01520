/*
 * The JSON writer (RFC 8259), see json_writer.h. Escapes are the shortest ones, and DEL and the C1
 * controls are escaped too, so that foreign text cannot drive a terminal; or they are those of Go's
 * encoding/json, for clients that compare or sign the bytes of an answer. Most characters stand for
 * themselves; SSE2 passes over 16 of them a step.
 */
#include "codec/json_writer.h"

#if defined(__SSE2__) && !defined(JSON_NO_SIMD)
#	include <emmintrin.h>
#endif

_Static_assert(LIMIT_JSON_DEPTH <= 64, "json_writer.objects has a bit for each level");

void json_writer_init(struct json_writer *w, struct buf *out, unsigned flags)
{
	*w = (struct json_writer){ .out = out, .flags = flags, .first = true };
}

static bool in_object(const struct json_writer *w)
{
	return w->depth > 0 && (w->objects >> (w->depth - 1) & 1);
}

static void indent(struct json_writer *w)
{
	if (!(w->flags & JSON_WRITER_PRETTY))
		return;
	buf_append_char(w->out, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		buf_append(w->out, "  ", 2);
}

/* The comma and the line break in front of a key, or of an element. */
static void begin_member(struct json_writer *w)
{
	if (!w->first)
		buf_append_char(w->out, ',');
	w->first = false;
	indent(w);
}

static void begin_value(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
	} else if (w->depth == 0) {
		assert(w->first);
		w->first = false;
	} else {
		assert(!in_object(w));
		begin_member(w);
	}
}

static void begin_container(struct json_writer *w, char bracket, bool object)
{
	assert(w->depth < LIMIT_JSON_DEPTH);
	begin_value(w);
	buf_append_char(w->out, bracket);
	w->objects = (w->objects & ~(1ULL << w->depth)) | (uint64_t)object << w->depth;
	w->depth++;
	w->first = true;
}

static void end_container(struct json_writer *w, char bracket)
{
	bool empty = w->first;

	assert(w->depth > 0 && !w->after_key);
	w->depth--;
	w->first = false;
	if (!empty)
		indent(w);
	buf_append_char(w->out, bracket);
}

void json_object_begin(struct json_writer *w)
{
	begin_container(w, '{', true);
}

void json_object_end(struct json_writer *w)
{
	assert(in_object(w));
	end_container(w, '}');
}

void json_array_begin(struct json_writer *w)
{
	begin_container(w, '[', false);
}

void json_array_end(struct json_writer *w)
{
	assert(!in_object(w));
	end_container(w, ']');
}

/* The letter behind the backslash of a short escape, or 0. */
static char short_escape(char c, bool html)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '\b':
		return html ? 0 : 'b';
	case '\f':
		return html ? 0 : 'f';
	default:
		return 0;
	}
}

/* Whether an ASCII character stands for itself. */
static bool is_plain(char c, bool html)
{
	if (html && (c == '<' || c == '>' || c == '&'))
		return false;
	return c >= ' ' && c != '"' && c != '\\' && (html || c != 0x7F);
}

#if defined(__SSE2__) && !defined(JSON_NO_SIMD)
/* How many of the 16 characters at p stand for themselves before the first that may not. */
static size_t count_plain_16(const char *p, bool html)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	/* Signed: control characters and everything from 0x80 on are below a space. */
	__m128i stop = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')),
		_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
			_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

	if (html) /* '<' and '>' differ in one bit */
		stop = _mm_or_si128(
			stop, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('&')),
				      _mm_cmpeq_epi8(_mm_or_si128(v, _mm_set1_epi8('<' ^ '>')),
					      _mm_set1_epi8('>'))));
	else
		stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7F)));
	return (size_t)__builtin_ctz((unsigned)_mm_movemask_epi8(stop) | 1U << 16);
}
#else
static size_t count_plain_16(const char *p, bool html)
{
	size_t n = 0;

	while (n < 16 && is_plain(p[n], html))
		n++;
	return n;
}
#endif

/* How many characters at the start of s stand for themselves. */
static size_t count_plain(struct str s, bool html)
{
	size_t i = 0, n = 16;

	for (; n == 16 && s.n - i >= 16; i += n)
		n = count_plain_16(s.p + i, html);
	while (n == 16 && i < s.n && is_plain(s.p[i], html))
		i++;
	return i;
}

static void append_unicode_escape(struct buf *out, unsigned c)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = { '\\', 'u', digits[c >> 12 & 15], digits[c >> 8 & 15], digits[c >> 4 & 15],
		digits[c & 15] };

	buf_append(out, text, sizeof(text));
}

/* The character at s, which may not stand for itself; returns how many bytes it has. */
static size_t append_special(struct buf *out, struct str s, bool html)
{
	char letter = short_escape(s.p[0], html);
	size_t n = utf8_check(s.p, s.n);

	if (letter) {
		buf_append(out, (char[]){ '\\', letter }, 2);
	} else if (n == 1) {
		append_unicode_escape(out, (unsigned char)s.p[0]);
	} else if (n == 0) {
		if (html)
			append_unicode_escape(out, 0xFFFD);
		else
			buf_append_str(out, STR("\xEF\xBF\xBD"));
		return 1;
	} else if (!html && n == 2 && (uint8_t)s.p[0] == 0xC2 && (uint8_t)s.p[1] < 0xA0) {
		append_unicode_escape(out, (uint8_t)s.p[1]);
	} else if (html && n == 3 && memcmp(s.p, "\xE2\x80", 2) == 0 &&
		   ((uint8_t)s.p[2] & 0xFE) == 0xA8) {
		append_unicode_escape(out, 0x2000U | ((uint8_t)s.p[2] & 0x3F));
	} else {
		buf_append(out, s.p, n);
	}
	return n;
}

static void append_quoted(struct buf *out, struct str s, bool html)
{
	buf_append_char(out, '"');
	while (s.n) {
		size_t n = count_plain(s, html);

		buf_append(out, s.p, n);
		s = str_skip(s, n);
		if (s.n)
			s = str_skip(s, append_special(out, s, html));
	}
	buf_append_char(out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
	json_key_str(w, str_of(key));
}

void json_key_str(struct json_writer *w, struct str key)
{
	assert(in_object(w) && !w->after_key);
	begin_member(w);
	append_quoted(w->out, key, w->flags & JSON_WRITER_HTML_ESCAPE);
	buf_append_char(w->out, ':');
	if (w->flags & JSON_WRITER_PRETTY)
		buf_append_char(w->out, ' ');
	w->after_key = true;
}

void json_string(struct json_writer *w, struct str s)
{
	begin_value(w);
	append_quoted(w->out, s, w->flags & JSON_WRITER_HTML_ESCAPE);
}

void json_u64(struct json_writer *w, uint64_t v)
{
	begin_value(w);
	buf_printf(w->out, "%" PRIu64, v);
}

void json_i64(struct json_writer *w, int64_t v)
{
	begin_value(w);
	buf_printf(w->out, "%" PRId64, v);
}

void json_bool(struct json_writer *w, bool v)
{
	json_raw(w, v ? STR("true") : STR("false"));
}

void json_null(struct json_writer *w)
{
	json_raw(w, STR("null"));
}

void json_raw(struct json_writer *w, struct str text)
{
	begin_value(w);
	buf_append_str(w->out, text);
}

void json_member(struct json_writer *w, const char *key, struct str value)
{
	json_key(w, key);
	json_string(w, value);
}

void json_member_nonempty(struct json_writer *w, const char *key, struct str value)
{
	if (value.n)
		json_member(w, key, value);
}

void json_member_u64(struct json_writer *w, const char *key, uint64_t v)
{
	json_key(w, key);
	json_u64(w, v);
}
