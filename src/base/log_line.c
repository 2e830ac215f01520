/*
 * A record of the log as a line, see log.h: text, or JSON (RFC 8259) as Go's encoding/json writes
 * it, so that "<", ">" and "&" are escaped too. There is a complete writer in codec, which base
 * cannot use; a log needs an object of scalars only.
 */
#include "base/base.h"

#include <math.h>

#include "base/log_priv.h"

#define ELLIPSIS "\xE2\x80\xA6"

static const char *const level_names[LOG_LEVEL_COUNT] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARNING] = "warning",
	[LOG_ERROR] = "error",
	[LOG_FATAL] = "fatal",
	[LOG_PANIC] = "panic",
};

const char *log_level_to_str(enum log_level level)
{
	return level_names[level];
}

bool log_level_from_str(struct str name, enum log_level *out)
{
	if (str_eq_nocase(name, STR("warn")))
		name = STR("warning");
	for (size_t i = 0; i < LOG_LEVEL_COUNT; i++) {
		if (str_eq_nocase(name, str_of(level_names[i]))) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* What of a value is written: not more than the limit, and no part of a character. */
static struct str cut(struct str s)
{
	size_t n = LIMIT_LOG_VALUE;

	if (s.n <= n)
		return s;
	for (int i = 0; i < 3 && ((unsigned char)s.p[n] & 0xC0) == 0x80; i++)
		n--;
	return str_head(s, n);
}

/* Everything but strings; JSON knows no infinity. */
static void append_scalar(struct buf *out, const struct log_field *f, bool json)
{
	switch (f->kind) {
	case LOG_FIELD_I64:
		buf_printf(out, "%" PRId64, f->i64);
		break;
	case LOG_FIELD_U64:
		buf_printf(out, "%" PRIu64, f->u64);
		break;
	case LOG_FIELD_DOUBLE:
		if (json && !isfinite(f->number))
			buf_append_str(out, STR("null"));
		else
			buf_append_double(out, f->number);
		break;
	case LOG_FIELD_BOOL:
		buf_append_str(out, f->boolean ? STR("true") : STR("false"));
		break;
	case LOG_FIELD_STR:
		break;
	}
}

/* Whether a value would not be told from what follows it. */
static bool wants_quotes(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == '=')
			return true;
	}
	return s.n == 0;
}

static void append_text(struct buf *out, struct str s)
{
	struct str shown = cut(s);

	(void)text_append_clean(out, shown);
	if (shown.n < s.n)
		buf_append_str(out, STR(ELLIPSIS));
}

static void append_quoted(struct buf *out, struct str s)
{
	_cleanup_buf_ struct buf clean = BUF_INIT(SIZE_MAX / 2);

	append_text(&clean, s);
	buf_append_char(out, '"');
	for (size_t i = 0; i < clean.n; i++) {
		if (clean.p[i] == '"' || clean.p[i] == '\\')
			buf_append_char(out, '\\');
		buf_append_char(out, clean.p[i]);
	}
	buf_append_char(out, '"');
}

void log_line_text(struct buf *out, const struct log_record *r)
{
	buf_append_str(out, STR("clair: "));
	if (r->level != LOG_INFO)
		buf_printf(out, "%s: ", level_names[r->level]);
	append_text(out, r->event);
	for (const struct log_field *f = r->fields; f && f->key; f++) {
		buf_printf(out, " %s=", f->key);
		if (f->kind != LOG_FIELD_STR)
			append_scalar(out, f, false);
		else if (wants_quotes(f->str))
			append_quoted(out, f->str);
		else
			append_text(out, f->str);
	}
	buf_append_char(out, '\n');
}

static void append_u_escape(struct buf *out, uint32_t c)
{
	if (c >= 0x10000) {
		c -= 0x10000;
		buf_printf(out, "\\u%04x\\u%04x", 0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF));
	} else {
		buf_printf(out, "\\u%04x", c);
	}
}

static void append_json_char(struct buf *out, const char *p, size_t n)
{
	uint32_t c = utf8_decode(p, n);

	if (c == '"' || c == '\\')
		buf_append_char(out, '\\');
	if (c == '\n')
		buf_append_str(out, STR("\\n"));
	else if (c == '\r')
		buf_append_str(out, STR("\\r"));
	else if (c == '\t')
		buf_append_str(out, STR("\\t"));
	else if (c == '<' || c == '>' || c == '&' || text_is_harmful(c))
		append_u_escape(out, c);
	else
		buf_append(out, p, n);
}

static void append_json_string(struct buf *out, struct str s)
{
	struct str shown = cut(s);

	buf_append_char(out, '"');
	for (size_t i = 0; i < shown.n;) {
		size_t n = utf8_check(shown.p + i, shown.n - i);
		if (n == 0)
			buf_append_str(out, STR("\\ufffd"));
		else
			append_json_char(out, shown.p + i, n);
		i += n ? n : 1;
	}
	if (shown.n < s.n)
		buf_append_str(out, STR(ELLIPSIS));
	buf_append_char(out, '"');
}

/* "2018-11-19 12:34:56.789012", local time. */
static struct str format_time(struct timespec t, char out[static 64])
{
	struct tm tm;
	size_t n = 0;

	if (localtime_r(&t.tv_sec, &tm))
		n = strftime(out, 40, "%Y-%m-%d %H:%M:%S", &tm);
	int more = snprintf(out + n, 64 - n, ".%06ld", t.tv_nsec / 1000);
	return str_n(out, n + (size_t)more);
}

enum { OWN_FIELDS = 4, MAX_FIELDS = LIMIT_LOG_FIELDS + OWN_FIELDS };

/* Puts the field where the order of keys wants it; the first one of a name stays. */
static size_t insert_sorted(
	const struct log_field *sorted[static MAX_FIELDS], size_t n, const struct log_field *f)
{
	size_t at = n;

	while (at > 0) {
		int order = strcmp(sorted[at - 1]->key, f->key);
		if (order == 0)
			return n;
		if (order < 0)
			break;
		at--;
	}
	assert(n < MAX_FIELDS);
	if (n == MAX_FIELDS)
		return n;
	for (size_t i = n; i > at; i--)
		sorted[i] = sorted[i - 1];
	sorted[at] = f;
	return n + 1;
}

void log_line_json(struct buf *out, const struct log_record *r)
{
	const struct log_field *sorted[MAX_FIELDS];
	char location[128], when[64];
	size_t n = 0;

	(void)snprintf(location, sizeof(location), "%s:%d", r->file, r->line);
	const struct log_field own[OWN_FIELDS] = { LOG_STR("Event", r->event),
		LOG_CSTR("Level", level_names[r->level]), LOG_CSTR("Location", location),
		LOG_STR("Time", format_time(r->time, when)) };
	for (size_t i = 0; i < OWN_FIELDS; i++)
		n = insert_sorted(sorted, n, &own[i]);
	for (const struct log_field *f = r->fields; f && f->key; f++)
		n = insert_sorted(sorted, n, f);
	for (size_t i = 0; i < n; i++) {
		buf_append_char(out, i ? ',' : '{');
		append_json_string(out, str_of(sorted[i]->key));
		buf_append_char(out, ':');
		if (sorted[i]->kind == LOG_FIELD_STR)
			append_json_string(out, sorted[i]->str);
		else
			append_scalar(out, sorted[i], true);
	}
	buf_append_str(out, STR("}\n"));
}
