/*
 * Request bodies as Go's encoding/json takes them, brought into the strict form that the JSON
 * reader takes: the first value only, invalid UTF-8 and surrogates without their half as U+FFFD.
 * What is wrong is said in Go's words, which some clients show to people.
 */
#include "api/json_body.h"

enum state {
	BEFORE_VALUE,
	BEFORE_FIRST_VALUE, /* behind "[" */
	BEFORE_KEY,
	BEFORE_FIRST_KEY, /* behind "{" */
	BEFORE_COLON,
	AFTER_VALUE,
};

struct scanner {
	const char *p;
	const char *end;
	struct buf *out;
	struct err *err;
	enum state state;
	unsigned depth;
	uint64_t objects; /* bit d: the container at depth d + 1 is an object */
};

_Static_assert(LIMIT_JSON_DEPTH <= 64, "scanner.objects has a bit for each level");

/* A byte as Go quotes it in messages; bytes count as code points. */
static void append_byte(struct buf *b, uint8_t c)
{
	static const char *const names[] = {
		['\a'] = "\\a",
		['\b'] = "\\b",
		['\t'] = "\\t",
		['\n'] = "\\n",
		['\v'] = "\\v",
		['\f'] = "\\f",
		['\r'] = "\\r",
	};
	char utf8[4];

	if (c < ARRAY_LEN(names) && names[c])
		buf_append_str(b, str_of(names[c]));
	else if (c == '\'' || c == '\\')
		buf_printf(b, "\\%c", c);
	else if (c < ' ' || c == 0x7F)
		buf_printf(b, "\\x%02x", c);
	else if ((c >= 0x80 && c <= 0xA0) || c == 0xAD)
		buf_printf(b, "\\u%04x", c);
	else
		buf_append(b, utf8, utf8_encode(c, utf8));
}

/* The byte at p stands where it must not; or the body ends there. */
static int fail_here(struct scanner *s, const char *where)
{
	_cleanup_buf_ struct buf quoted = BUF_INIT(64);

	if (s->p == s->end)
		return err_set(s->err, ERR_INPUT, "unexpected EOF");
	append_byte(&quoted, (uint8_t)*s->p);
	return err_set(s->err, ERR_INPUT, "invalid character '%s' %s", buf_cstr(&quoted), where);
}

static bool at(const struct scanner *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool at_digit(const struct scanner *s)
{
	return s->p < s->end && ascii_is_digit(*s->p);
}

static void skip_digits(struct scanner *s)
{
	while (at_digit(s))
		s->p++;
}

static void skip_space(struct scanner *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
		s->p++;
}

static int scan_number(struct scanner *s)
{
	const char *start = s->p;

	if (at(s, '-'))
		s->p++;
	if (!at_digit(s))
		return fail_here(s, "in numeric literal");
	if (*s->p == '0')
		s->p++;
	else
		skip_digits(s);
	if (at(s, '.')) {
		s->p++;
		if (!at_digit(s))
			return fail_here(s, "after decimal point in numeric literal");
		skip_digits(s);
	}
	if (at(s, 'e') || at(s, 'E')) {
		s->p++;
		if (at(s, '+') || at(s, '-'))
			s->p++;
		if (!at_digit(s))
			return fail_here(s, "in exponent of numeric literal");
		skip_digits(s);
	}
	buf_append(s->out, start, (size_t)(s->p - start));
	return 0;
}

static int scan_literal(struct scanner *s)
{
	const char *word = *s->p == 't' ? "true" : *s->p == 'f' ? "false" : "null";
	char where[48];

	for (const char *c = word; *c; c++, s->p++) {
		if (at(s, *c))
			continue;
		(void)snprintf(where, sizeof(where), "in literal %s (expecting '%c')", word, *c);
		return fail_here(s, where);
	}
	buf_append_str(s->out, str_of(word));
	return 0;
}

/* The code unit of the \u escape at p, or -1 when there is none. */
static int32_t peek_unit(const struct scanner *s, const char *p)
{
	uint8_t bytes[2];

	if (s->end - p < 6 || p[0] != '\\' || p[1] != 'u' || !parse_hex(str_n(p + 2, 4), bytes, 2))
		return -1;
	return bytes[0] << 8 | bytes[1];
}

static bool is_high(int32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Four digits behind "\u"; a surrogate counts with its other half only. */
static int scan_unicode_escape(struct scanner *s)
{
	const char *start = s->p;
	int32_t unit = peek_unit(s, start);

	s->p += 2;
	for (int i = 0; i < 4; i++, s->p++) {
		uint8_t nibble;
		char pair[2] = { '0', s->p < s->end ? *s->p : ' ' };

		if (!parse_hex(str_n(pair, 2), &nibble, 1))
			return fail_here(s, "in \\u hexadecimal character escape");
	}
	if (is_high(unit) && is_low(peek_unit(s, s->p)))
		s->p += 6;
	else if (is_high(unit) || is_low(unit))
		start = NULL;
	if (start)
		buf_append(s->out, start, (size_t)(s->p - start));
	else
		buf_append_str(s->out, STR("\\ufffd"));
	return 0;
}

static int scan_escape(struct scanner *s)
{
	if (s->end - s->p >= 2 && s->p[1] == 'u')
		return scan_unicode_escape(s);
	s->p++;
	if (s->p == s->end || !strchr("bfnrt\\/\"", *s->p) || *s->p == '\0')
		return fail_here(s, "in string escape code");
	buf_append(s->out, s->p - 1, 2);
	s->p++;
	return 0;
}

/* A sequence beyond ASCII, or U+FFFD for a byte that is part of none. */
static void scan_sequence(struct scanner *s)
{
	size_t n = utf8_check(s->p, (size_t)(s->end - s->p));

	if (n)
		buf_append(s->out, s->p, n);
	else
		buf_append_str(s->out, STR("\xEF\xBF\xBD"));
	s->p += n ? n : 1;
}

static int scan_string(struct scanner *s)
{
	buf_append_char(s->out, '"');
	for (s->p++; !at(s, '"');) {
		const char *run = s->p;
		int r = 0;

		while (s->p < s->end && (signed char)*s->p >= ' ' && *s->p != '"' && *s->p != '\\')
			s->p++;
		buf_append(s->out, run, (size_t)(s->p - run));
		if (at(s, '"'))
			break;
		if (at(s, '\\'))
			r = scan_escape(s);
		else if (s->p == s->end || (uint8_t)*s->p < ' ')
			r = fail_here(s, "in string literal");
		else
			scan_sequence(s);
		if (r < 0)
			return r;
	}
	s->p++;
	buf_append_char(s->out, '"');
	return 0;
}

static int begin_container(struct scanner *s, bool object)
{
	if (s->depth == LIMIT_JSON_DEPTH)
		return err_set(s->err, ERR_TOO_LARGE, "exceeded max depth");
	s->objects = (s->objects & ~(UINT64_C(1) << s->depth)) | (uint64_t)object << s->depth;
	s->depth++;
	buf_append_char(s->out, *s->p++);
	s->state = object ? BEFORE_FIRST_KEY : BEFORE_FIRST_VALUE;
	return 0;
}

static int end_container(struct scanner *s)
{
	s->depth--;
	buf_append_char(s->out, *s->p++);
	s->state = AFTER_VALUE;
	return 0;
}

static int scan_value(struct scanner *s)
{
	s->state = AFTER_VALUE;
	switch (s->p < s->end ? *s->p : '\0') {
	case '{':
	case '[':
		return begin_container(s, *s->p == '{');
	case '"':
		return scan_string(s);
	case 't':
	case 'f':
	case 'n':
		return scan_literal(s);
	case '-':
	case '0' ... '9':
		return scan_number(s);
	default:
		return fail_here(s, "looking for beginning of value");
	}
}

static int scan_key(struct scanner *s)
{
	if (!at(s, '"'))
		return fail_here(s, "looking for beginning of object key string");
	s->state = BEFORE_COLON;
	return scan_string(s);
}

static int scan_after_value(struct scanner *s)
{
	bool object = s->objects >> (s->depth - 1) & 1;

	if (at(s, object ? '}' : ']'))
		return end_container(s);
	if (!at(s, ','))
		return fail_here(s, object ? "after object key:value pair" : "after array element");
	buf_append_char(s->out, *s->p++);
	s->state = object ? BEFORE_KEY : BEFORE_VALUE;
	return 0;
}

static int scan_step(struct scanner *s)
{
	switch (s->state) {
	case BEFORE_FIRST_VALUE:
		return at(s, ']') ? end_container(s) : scan_value(s);
	case BEFORE_FIRST_KEY:
		return at(s, '}') ? end_container(s) : scan_key(s);
	case BEFORE_KEY:
		return scan_key(s);
	case BEFORE_COLON:
		if (!at(s, ':'))
			return fail_here(s, "after object key");
		buf_append_char(s->out, *s->p++);
		s->state = BEFORE_VALUE;
		return 0;
	case AFTER_VALUE:
		return scan_after_value(s);
	case BEFORE_VALUE:
	default:
		return scan_value(s);
	}
}

int json_body_normalize(struct str body, struct buf *out, struct err *err)
{
	struct str cut = str_head(body, LIMIT_HTTP_BODY);
	struct scanner s = {
		.p = cut.p ? cut.p : "",
		.end = (cut.p ? cut.p : "") + cut.n,
		.out = out,
		.err = err,
		.state = BEFORE_VALUE,
	};

	buf_clear(out);
	skip_space(&s);
	if (s.p == s.end)
		return err_set(err, ERR_INPUT, "EOF");
	do {
		int r = scan_step(&s);

		if (r < 0)
			return r;
		if (s.depth > 0 || s.state != AFTER_VALUE)
			skip_space(&s);
	} while (s.depth > 0 || s.state != AFTER_VALUE);
	return buf_check(out, "the body", err);
}
