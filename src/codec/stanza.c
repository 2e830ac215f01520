/*
 * Reader of control stanzas (deb822(5)), see stanza.h. Fields and values are views into the text;
 * nothing is copied and every byte is looked at once or twice.
 *
 * A line of nothing but white space ends a stanza, which deb822(5) allows; dpkg itself refuses such
 * lines. Comments are not known here: dpkg's own databases have none.
 */
#include "codec/stanza.h"

void stanza_reader_init(struct stanza_reader *r, struct str text)
{
	*r = (struct stanza_reader){ .rest = text };
}

static bool is_blank(struct str line)
{
	return str_trim(line).n == 0;
}

static bool starts_with_blank(struct str s)
{
	return s.n && (s.p[0] == ' ' || s.p[0] == '\t');
}

static bool next_line(struct stanza_reader *r, struct str *line)
{
	if (!str_next_line(&r->rest, line))
		return false;
	r->lines_read++;
	return true;
}

/* The end of the continuation lines that follow a field, or end when there are none. */
static const char *skip_continuation(struct stanza_reader *r, const char *end)
{
	while (starts_with_blank(r->rest)) {
		struct stanza_reader ahead = *r;
		struct str line;

		if (!next_line(&ahead, &line) || is_blank(line))
			break;
		end = line.p + line.n;
		*r = ahead;
	}
	return end;
}

static bool is_field_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	}
	return name.n > 0;
}

static int read_field(
	struct stanza_reader *r, struct str line, struct stanza_field *out, struct err *err)
{
	struct str name, value;

	if (starts_with_blank(line))
		return err_set(
			err, ERR_INPUT, "line %zu: a continuation line without a field", r->line);
	if (!str_cut(line, ':', &name, &value))
		return err_set(err, ERR_INPUT, "line %zu: no colon behind a field name", r->line);
	name = str_trim(name);
	if (!is_field_name(name))
		return err_set(err, ERR_INPUT, "line %zu: not a field name", r->line);
	value.n = (size_t)(skip_continuation(r, value.p + value.n) - value.p);
	if (str_find_char(value, '\0') >= 0)
		return err_set(
			err, ERR_INPUT, "line %zu: a NUL byte in the value of a field", r->line);
	*out = (struct stanza_field){ .name = name, .value = str_trim(value) };
	r->in_stanza = true;
	return STANZA_FIELD;
}

int stanza_next(struct stanza_reader *r, struct stanza_field *out, struct err *err)
{
	struct str line;

	while (next_line(r, &line)) {
		r->line = r->lines_read;
		if (!is_blank(line))
			return read_field(r, line, out, err);
		if (r->in_stanza) {
			r->in_stanza = false;
			return STANZA_BREAK;
		}
	}
	if (!r->in_stanza)
		return STANZA_END;
	r->in_stanza = false;
	return STANZA_BREAK;
}
