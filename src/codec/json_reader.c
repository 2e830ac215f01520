/*
 * The JSON pull reader (RFC 8259), see json_reader.h: the structure of a document. Strings and
 * numbers are json_string.c. The nesting is one bit a level, the rest of the grammar one state:
 * what may come next.
 */
#include "codec/json_reader_priv.h"

/* What next_char() yields beside bytes. */
enum { CHAR_END = -1, CHAR_FAILED = -2 };

static const char *const type_names[JSON_TYPE_COUNT] = {
	[JSON_OBJECT_BEGIN] = "object",
	[JSON_OBJECT_END] = "end of object",
	[JSON_ARRAY_BEGIN] = "array",
	[JSON_ARRAY_END] = "end of array",
	[JSON_KEY] = "key",
	[JSON_STRING] = "string",
	[JSON_NUMBER] = "number",
	[JSON_TRUE] = "true",
	[JSON_FALSE] = "false",
	[JSON_NULL] = "null",
};

const char *json_type_to_str(enum json_type t)
{
	return (size_t)t < JSON_TYPE_COUNT ? type_names[t] : "unknown";
}

struct json_reader *json_reader_new(struct stream *in)
{
	struct json_reader *r = xmalloc(sizeof(*r));

	memset(r, 0, offsetof(struct json_reader, window));
	memset(r->window, 0, JSON_SLACK);
	r->in = in;
	r->p = r->end = r->window;
	r->line = r->token_line = 1;
	r->state = JSON_BEFORE_VALUE;
	r->last = JSON_TYPE_COUNT;
	buf_init(&r->scratch, LIMIT_JSON_TOKEN);
	return r;
}

void json_reader_free(struct json_reader *r)
{
	if (!r)
		return;
	buf_fini(&r->scratch);
	err_clear(&r->failure);
	free(r);
}

static uint64_t offset_of(const struct json_reader *r, const char *p)
{
	return r->base + (uint64_t)(p - r->window);
}

int json_fail_at(struct json_reader *r, const char *at, enum err_code code, const char *fmt, ...)
{
	va_list ap;
	_cleanup_free_ char *what = NULL;
	uint64_t line = at ? r->line : r->token_line;
	uint64_t column = at ? offset_of(r, at) - r->line_at : r->token_at - r->token_line_at;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		abort();
	va_end(ap);
	return err_set(&r->failure, code, "line %" PRIu64 ", column %" PRIu64 ": %s", line,
		column + 1, what);
}

/* Hands the caller a copy of the failure. */
static int report_failure(const struct json_reader *r, struct err *err)
{
	return err_set(err, r->failure.code, "%s", err_msg(&r->failure));
}

int json_refill(struct json_reader *r)
{
	size_t kept = (size_t)(r->end - r->p);

	if (r->ended)
		return 0;
	assert(kept <= JSON_SLACK);
	r->base += (uint64_t)(r->p - r->window);
	memmove(r->window, r->p, kept);
	r->p = r->window;
	r->end = r->window + kept;
	ssize_t n = stream_read(r->in, r->window + kept, JSON_WINDOW - kept, &r->failure);
	if (n > 0)
		kept += (size_t)n;
	assert(kept <= JSON_WINDOW);
	r->end = r->window + kept;
	memset(r->window + kept, 0, JSON_SLACK);
	if (n < 0)
		return (int)n;
	r->ended = n == 0;
	return n > 0;
}

int json_need(struct json_reader *r, size_t n)
{
	while ((size_t)(r->end - r->p) < n) {
		int rc = json_refill(r);

		if (rc <= 0)
			return rc;
	}
	return 0;
}

/* Whitespace of more than nothing, the end of the window, and bytes that may stand nowhere. */
static __attribute__((noinline)) int next_char_slow(struct json_reader *r)
{
	const char *p = r->p;

	for (;; p++) {
		if ((uint8_t)*p > ' ')
			break;
		if (*p == '\n') {
			r->line++;
			r->line_at = offset_of(r, p) + 1;
		} else if (p == r->end) {
			r->p = p;
			int rc = json_refill(r);
			if (rc < 0)
				return CHAR_FAILED;
			if (rc == 0)
				return CHAR_END;
			p = r->p - 1;
		} else if (*p != ' ' && *p != '\t' && *p != '\r') {
			break;
		}
	}
	r->p = p;
	return (uint8_t)*p;
}

/* Moves p to the next byte that is no white space and returns it, or CHAR_END or CHAR_FAILED. */
static inline int next_char(struct json_reader *r)
{
	if ((uint8_t)*r->p > ' ')
		return (uint8_t)*r->p;
	return next_char_slow(r);
}

/* Fails because something else than c should stand at p. */
static int fail_char(struct json_reader *r, int c, const char *expected)
{
	if (c == CHAR_FAILED)
		return -(int)r->failure.code;
	if (c == CHAR_END)
		return json_fail_at(
			r, r->end, ERR_INPUT, "expected %s, but the document ends", expected);
	if (c > ' ' && c < 0x7F)
		return json_fail_at(r, r->p, ERR_INPUT, "expected %s, found '%c'", expected, c);
	return json_fail_at(
		r, r->p, ERR_INPUT, "expected %s, found byte 0x%02X", expected, (unsigned)c);
}

static inline void mark_token(struct json_reader *r)
{
	r->token_at = offset_of(r, r->p);
	r->token_line = r->line;
	r->token_line_at = r->line_at;
}

static int begin_container(struct json_reader *r, bool object)
{
	if (r->depth == LIMIT_JSON_DEPTH)
		return json_fail_at(
			r, r->p, ERR_TOO_LARGE, "nested more than %d deep", LIMIT_JSON_DEPTH);
	r->in_object[r->depth++] = object;
	r->state = object ? JSON_BEFORE_FIRST_KEY : JSON_BEFORE_FIRST;
	r->p++;
	return 0;
}

static void end_container(struct json_reader *r, struct json_token *out)
{
	mark_token(r);
	r->p++;
	r->depth--;
	out->type = r->in_object[r->depth] ? JSON_OBJECT_END : JSON_ARRAY_END;
	r->state = JSON_AFTER_VALUE;
}

/* true, false and null. */
static int read_literal(struct json_reader *r, int c, struct json_token *out)
{
	static const struct {
		struct str text;
		enum json_type type;
	} literals[] = {
		{ STR_INIT("true"), JSON_TRUE },
		{ STR_INIT("false"), JSON_FALSE },
		{ STR_INIT("null"), JSON_NULL },
	};
	int rc = json_need(r, 5);

	if (rc < 0)
		return rc;
	struct str rest = str_n(r->p, (size_t)(r->end - r->p));
	for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
		if (str_starts(rest, literals[i].text)) {
			r->p += literals[i].text.n;
			r->state = JSON_AFTER_VALUE;
			out->type = literals[i].type;
			return 0;
		}
		if (rest.n && str_starts(literals[i].text, rest))
			return json_fail_at(r, r->end, ERR_INPUT,
				"the document ends inside \"%" PRIstr "\"",
				STR_ARG(literals[i].text));
	}
	return fail_char(r, c, "a value");
}

/* The value that starts with c, at p. */
static inline int read_value(struct json_reader *r, int c, struct json_token *out)
{
	mark_token(r);
	switch (c) {
	case '"':
		out->type = JSON_STRING;
		r->state = JSON_AFTER_VALUE;
		return json_scan_string(r, &out->text);
	case '{':
		out->type = JSON_OBJECT_BEGIN;
		return begin_container(r, true);
	case '[':
		out->type = JSON_ARRAY_BEGIN;
		return begin_container(r, false);
	case '-':
	case '0' ... '9':
		out->type = JSON_NUMBER;
		r->state = JSON_AFTER_VALUE;
		return json_scan_number(r, &out->text);
	case 't':
	case 'f':
	case 'n':
		return read_literal(r, c, out);
	default:
		return fail_char(r, c, "a value");
	}
}

static inline int read_key(
	struct json_reader *r, int c, const char *expected, struct json_token *out)
{
	if (c != '"')
		return fail_char(r, c, expected);
	mark_token(r);
	r->state = JSON_BEFORE_COLON;
	out->type = JSON_KEY;
	return json_scan_string(r, &out->text);
}

/* Behind a value: a comma and the next key or value, the end of the container, or of the document.
 */
static inline int read_after_value(struct json_reader *r, int c, struct json_token *out)
{
	if (r->depth == 0)
		return c == CHAR_END ? 0 : fail_char(r, c, "the end of the document");
	bool object = r->in_object[r->depth - 1];
	if (c == (object ? '}' : ']')) {
		end_container(r, out);
		return 1;
	}
	if (c != ',')
		return fail_char(r, c, object ? "',' or '}'" : "',' or ']'");
	r->p++;
	r->state = object ? JSON_BEFORE_KEY : JSON_BEFORE_VALUE;
	c = next_char(r);
	int rc = object ? read_key(r, c, "a key", out) : read_value(r, c, out);
	return rc < 0 ? rc : 1;
}

/* 1, 0 at the end, or a negative code with the failure in r. */
static int read_token(struct json_reader *r, struct json_token *out)
{
	int c = next_char(r);
	int rc = 0;

	switch (r->state) {
	case JSON_AFTER_VALUE:
		return read_after_value(r, c, out);
	case JSON_BEFORE_COLON:
		if (c != ':')
			return fail_char(r, c, "':'");
		r->p++;
		r->state = JSON_BEFORE_VALUE;
		rc = read_value(r, next_char(r), out);
		break;
	case JSON_BEFORE_FIRST_KEY:
		if (c == '}')
			end_container(r, out);
		else
			rc = read_key(r, c, "a key or '}'", out);
		break;
	case JSON_BEFORE_FIRST:
		if (c == ']')
			end_container(r, out);
		else
			rc = read_value(r, c, out);
		break;
	case JSON_BEFORE_KEY:
		rc = read_key(r, c, "a key", out);
		break;
	case JSON_BEFORE_VALUE:
		rc = read_value(r, c, out);
		break;
	}
	return rc < 0 ? rc : 1;
}

int json_next(struct json_reader *r, struct json_token *out, struct err *err)
{
	struct json_token token = { .text = STR_NULL };
	int rc = r->failure.code == ERR_NONE ? read_token(r, &token) : -1;

	if (rc < 0)
		return report_failure(r, err);
	if (rc > 0) {
		r->last = token.type;
		*out = token;
	}
	return rc;
}

void json_position(const struct json_reader *r, uint64_t *line, uint64_t *column)
{
	*line = r->token_line;
	*column = r->token_at - r->token_line_at + 1;
}

/* Fails at the token that json_next() gave (rc 1) or at the end of the document (rc 0). */
static int fail_type(
	struct json_reader *r, int rc, enum json_type found, const char *expected, struct err *err)
{
	const char *name = rc > 0 ? json_type_to_str(found) : "end of document";

	(void)json_fail_at(
		r, rc > 0 ? NULL : r->end, ERR_INPUT, "expected %s, found %s", expected, name);
	return report_failure(r, err);
}

int json_expect(struct json_reader *r, enum json_type type, struct json_token *out, struct err *err)
{
	struct json_token token = { .text = STR_NULL };
	int rc = json_next(r, &token, err);

	if (rc < 0)
		return rc;
	if (rc == 0 || token.type != type)
		return fail_type(r, rc, rc ? token.type : 0, json_type_to_str(type), err);
	*out = token;
	return 0;
}

/* Goes on until the nesting is down to depth. */
static int skip_to_depth(struct json_reader *r, unsigned depth, struct err *err)
{
	struct json_token token = { .text = STR_NULL };

	while (r->depth > depth) {
		int rc = json_next(r, &token, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int json_skip_value(struct json_reader *r, struct err *err)
{
	struct json_token token = { .text = STR_NULL };
	unsigned depth = r->depth;
	int rc = json_next(r, &token, err);

	if (rc < 0)
		return rc;
	if (rc == 0 || token.type == JSON_KEY || token.type == JSON_OBJECT_END ||
		token.type == JSON_ARRAY_END)
		return fail_type(r, rc, rc ? token.type : 0, "a value", err);
	return skip_to_depth(r, depth, err);
}

int json_skip_container(struct json_reader *r, struct err *err)
{
	if (r->failure.code != ERR_NONE)
		return report_failure(r, err);
	assert(r->last == JSON_OBJECT_BEGIN || r->last == JSON_ARRAY_BEGIN);
	return skip_to_depth(r, r->depth - 1, err);
}

int json_next_key(struct json_reader *r, struct arena *a, struct str *key, struct err *err)
{
	struct json_token token = { .text = STR_NULL };
	int rc = json_next(r, &token, err);

	if (rc < 0)
		return rc;
	if (rc > 0 && token.type == JSON_OBJECT_END)
		return 0;
	if (rc == 0 || token.type != JSON_KEY)
		return fail_type(r, rc, rc ? token.type : 0, "key", err);
	*key = a ? arena_str(a, token.text) : token.text;
	return 1;
}

int json_read_string(struct json_reader *r, struct arena *a, struct str *out, struct err *err)
{
	struct json_token token = { .text = STR_NULL };
	int rc = json_next(r, &token, err);

	if (rc < 0)
		return rc;
	if (rc == 0 || (token.type != JSON_STRING && token.type != JSON_NULL))
		return fail_type(r, rc, rc ? token.type : 0, "string", err);
	*out = arena_str(a, token.text);
	return 0;
}

int json_read_u64(struct json_reader *r, uint64_t *out, struct err *err)
{
	struct json_token token = { .text = STR_NULL };
	uint64_t v;
	int rc = json_expect(r, JSON_NUMBER, &token, err);

	if (rc < 0)
		return rc;
	if (!parse_u64(token.text, &v) || v > INT64_MAX) {
		(void)json_fail_at(r, NULL, ERR_INPUT,
			"expected a whole number below 2^63, found %" PRIstr,
			STR_ARG(str_head(token.text, 40)));
		return report_failure(r, err);
	}
	*out = v;
	return 0;
}
