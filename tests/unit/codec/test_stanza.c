/*
 * Control stanzas: what is taken from well-formed text, how each kind of wrong line is named and
 * passed over, and that no cut or flipped byte makes up a field.
 */
#include "../test.h"

#include "codec/codec.h"

/* What a reader takes, an event a word: "name=value" in braces, "/" a break, "!" and the message.
 */
static void trace(struct str text, struct buf *out)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stanza_reader r;
	struct stanza_field f;
	int event;

	stanza_reader_init(&r, text);
	while ((event = stanza_next(&r, &f, &err)) != STANZA_END) {
		if (event == STANZA_FIELD)
			buf_printf(out, "%zu{%" PRIstr "=%" PRIstr "}", r.line, STR_ARG(f.name),
				STR_ARG(f.value));
		else if (event == STANZA_BREAK)
			buf_append_char(out, '/');
		else
			buf_printf(out, "!%s!", err_msg(&err));
		if (event < 0)
			assert_int_equal(event, -ERR_INPUT);
		err_clear(&err);
	}
	assert_int_equal(r.rest.n, 0);
	assert_int_equal(stanza_next(&r, &f, &err), STANZA_END);
}

static void assert_trace(struct str text, const char *expected)
{
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);

	trace(text, &got);
	assert_str(buf_str(&got), expected);
}

static void test_fields_and_breaks(void **state UNUSED)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "" },
		{ "\n", "" },
		{ "\n \n\t\n\r\n", "" },
		{ "A: b\n", "1{A=b}/" },
		{ "A: b", "1{A=b}/" },
		{ "A: b\nC: d\n", "1{A=b}2{C=d}/" },
		{ "A: b\n\nC: d\n", "1{A=b}/3{C=d}/" },
		{ "\n\nA: b\n\n\n \n\nC: d\n\n", "3{A=b}/8{C=d}/" },
		{ "A:b\n", "1{A=b}/" },
		{ "A:\n", "1{A=}/" },
		{ "A", "!line 1: no colon behind a field name!" },
		{ "A:", "1{A=}/" },
		{ "A  :  b  \n", "1{A=b}/" },
		{ "A: b: c\n", "1{A=b: c}/" },
		{ "A: b\nA: c\n", "1{A=b}2{A=c}/" },
		{ "a-B_9.x+#: b\n", "1{a-B_9.x+#=b}/" },
		{ "A: b\r\nC: d\r\n\r\nE: f\r\n", "1{A=b}2{C=d}/4{E=f}/" },
		{ "A: \xc3\xa4\xff\x01\n", "1{A=\xc3\xa4\xff\x01}/" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_trace(str_of(cases[i].text), cases[i].expected);
}

static void test_continuation_lines_belong_to_their_field(void **state UNUSED)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "A: b\n c\n", "1{A=b\n c}/" },
		{ "A:\n c\n\td\nE: f\n", "1{A=c\n\td}4{E=f}/" },
		{ "A: b\n .\n c: d\n", "1{A=b\n .\n c: d}/" },
		{ "A: b\n c", "1{A=b\n c}/" },
		{ "A: b\r\n c\r\nD: e\r\n", "1{A=b\r\n c}3{D=e}/" },
		/* A line of white space is a blank one: what follows has no field. */
		{ "A: b\n \n c\n", "1{A=b}/!line 3: a continuation line without a field!" },
		{ "A: b\n c\n\t\nD: e\n", "1{A=b\n c}/4{D=e}/" },
		{ "A: b\n c\n\nD: e\n f\n", "1{A=b\n c}/4{D=e\n f}/" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_trace(str_of(cases[i].text), cases[i].expected);
}

static void test_wrong_lines_are_named_and_passed_over(void **state UNUSED)
{
	assert_trace(STR("A: b\nnonsense\nC: d\n"),
		"1{A=b}!line 2: no colon behind a field name!3{C=d}/");
	assert_trace(STR(" x\nC: d\n"), "!line 1: a continuation line without a field!2{C=d}/");
	assert_trace(STR("\n\n x: y\n"), "!line 3: a continuation line without a field!");
	assert_trace(STR(": b\n"), "!line 1: not a field name!");
	assert_trace(STR("A B: c\n"), "!line 1: not a field name!");
	assert_trace(STR("A\x01: c\n"), "!line 1: not a field name!");
	assert_trace(STR("\xc3\xa4: c\n"), "!line 1: not a field name!");
	assert_trace(STR("A\0: c\nB: d\n"), "!line 1: not a field name!2{B=d}/");
	assert_trace(STR("A: b\0c\nB: d\n"), "!line 1: a NUL byte in the value of a field!2{B=d}/");
	assert_trace(STR("A: b\n c\0\n d\nB: e\n"),
		"!line 1: a NUL byte in the value of a field!4{B=e}/");
	assert_trace(STR("\0\0\0\0"), "!line 1: no colon behind a field name!");
	assert_trace(STR("x\ny\n"),
		"!line 1: no colon behind a field name!!line 2: no colon behind a field name!");
}

#define SAMPLE                                                               \
	"Package: libc6\nStatus: install ok installed\nDescription: GNU C\n" \
	" Contains\n .\n the libraries\n\n\n"                                \
	"Package: zlib1g\r\nSource: zlib (1:1.2)\r\n more\r\n\r\nLast: one"

/* In memory of its own size, so that a sanitizer sees a byte read too far. */
static void trace_piece(struct str piece, struct buf *out)
{
	char *copy = xmalloc(piece.n ? piece.n : 1);

	memcpy(copy, piece.p, piece.n);
	trace(str_n(copy, piece.n), out);
	free(copy);
}

/* An event begins where a line does, and is the same whatever follows a stanza's end. */
static void test_a_cut_text_gives_the_same_up_to_the_stanza_cut(void **state UNUSED)
{
	_cleanup_buf_ struct buf whole = BUF_INIT(MIB);
	struct str text = STR(SAMPLE);
	size_t first_stanza = (size_t)str_find(text, STR("\n\n\n")) + 1;

	trace(text, &whole);
	struct str first =
		str_head(buf_str(&whole), (size_t)str_find_char(buf_str(&whole), '/') + 1);
	for (size_t cut = 0; cut <= text.n; cut++) {
		_cleanup_buf_ struct buf head = BUF_INIT(MIB), tail = BUF_INIT(MIB);

		trace_piece(str_head(text, cut), &head);
		trace_piece(str_skip(text, cut), &tail);
		assert_int_equal(str_starts(buf_str(&head), first), cut + 1 >= first_stanza);
	}
}

static void test_flipped_bytes_do_no_harm(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof(SAMPLE) - 1; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			_cleanup_buf_ struct buf out = BUF_INIT(MIB);
			char text[sizeof(SAMPLE)];

			memcpy(text, SAMPLE, sizeof(SAMPLE));
			text[i] = (char)(text[i] ^ (1 << bit));
			trace_piece(str_n(text, sizeof(SAMPLE) - 1), &out);
			assert_true(out.n > 0);
		}
	}
}

static void test_a_text_of_many_lines_takes_one_pass(void **state UNUSED)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * MIB);
	struct stanza_reader r;
	struct stanza_field f;
	size_t lines = 2000000;

	/* Were each line looked at again for each behind it, this would never end. */
	buf_append_str(&text, STR("A: b\n"));
	for (size_t i = 1; i < lines; i++)
		buf_append_str(&text, STR(" c\n"));
	buf_append_str(&text, STR("D: e\n"));
	stanza_reader_init(&r, buf_str(&text));
	assert_int_equal(stanza_next(&r, &f, NULL), STANZA_FIELD);
	assert_int_equal(f.value.n, 1 + 3 * (lines - 1));
	assert_int_equal(stanza_next(&r, &f, NULL), STANZA_FIELD);
	assert_int_equal(r.line, lines + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_and_breaks),
		cmocka_unit_test(test_continuation_lines_belong_to_their_field),
		cmocka_unit_test(test_wrong_lines_are_named_and_passed_over),
		cmocka_unit_test(test_a_cut_text_gives_the_same_up_to_the_stanza_cut),
		cmocka_unit_test(test_flipped_bytes_do_no_harm),
		cmocka_unit_test(test_a_text_of_many_lines_takes_one_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
