/*
 * Control stanzas: what is taken lies in the lines it was taken from, nothing is left out but white
 * space and the colon, and the reader ends at the end.
 */
#include "base/base.h"

#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_space(const char *from, const char *to)
{
	return str_trim(str_n(from, (size_t)(to - from))).n == 0;
}

/* Name, colon and value with white space around are all that was taken. */
static void check_field(const struct stanza_field *f, const char *from, const char *to)
{
	const char *colon = memchr(from, ':', (size_t)(to - from));

	check(f->name.n > 0 && colon);
	check(f->name.p >= from && f->name.p + f->name.n <= colon);
	check(is_space(from, f->name.p) && is_space(f->name.p + f->name.n, colon));
	for (size_t i = 0; i < f->name.n; i++)
		check(f->name.p[i] > ' ' && f->name.p[i] < 0x7f && f->name.p[i] != ':');
	check(str_find_char(f->value, '\0') < 0);
	if (f->value.n == 0) {
		check(is_space(colon + 1, to));
		return;
	}
	check(f->value.p > colon && f->value.p + f->value.n <= to);
	check(is_space(colon + 1, f->value.p) && is_space(f->value.p + f->value.n, to));
	/* Each further line of a value is a continuation. */
	for (size_t i = 0; i + 1 < f->value.n; i++)
		check(f->value.p[i] != '\n' || f->value.p[i + 1] == ' ' ||
			f->value.p[i + 1] == '\t');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_n((const char *)data, n);
	struct stanza_reader r;
	struct stanza_field f;
	bool in_stanza = false;
	size_t line = 0;
	int event;

	stanza_reader_init(&r, text);
	do {
		struct err err = ERR_INIT;
		size_t before = n - r.rest.n;

		event = stanza_next(&r, &f, &err);
		size_t after = n - r.rest.n;
		check(after >= before && (event <= 0) == (event == 0 || err.code == ERR_INPUT));
		if (event == STANZA_FIELD || event < 0)
			check(r.line > line);
		line = r.line;
		check(after == before || after == n || text.p[after - 1] == '\n');
		if (event == STANZA_FIELD)
			/* Blank lines in front of a stanza's first field are taken with it. */
			check_field(&f, text.p + before, text.p + after);
		else if (event >= 0 && after > before)
			check(is_space(text.p + before, text.p + after));
		if (event == STANZA_BREAK)
			check(in_stanza);
		in_stanza = event == STANZA_FIELD || (event < 0 && in_stanza);
		err_clear(&err);
	} while (event != STANZA_END);
	check(r.rest.n == 0 && !in_stanza);
	return 0;
}
