/*
 * Control stanzas.
 */
#include "../test.h"

#include "codec/codec.h"

/* Events as text: "name=value;" a field, "|" a break, "!" an error. */
static void trace(const char *text, size_t n, struct buf *out)
{
	struct stanza_reader r;
	struct stanza_field f;
	struct err err = ERR_INIT;
	int event;

	stanza_reader_init(&r, str_n(text, n));
	while ((event = stanza_next(&r, &f, &err)) != STANZA_END) {
		if (event == STANZA_FIELD)
			buf_printf(
				out, "%" PRIstr "=%" PRIstr ";", STR_ARG(f.name), STR_ARG(f.value));
		else
			buf_append_char(out, event == STANZA_BREAK ? '|' : '!');
		err_clear(&err);
	}
}

static void assert_trace(const char *text, const char *expected)
{
	struct buf got = BUF_INIT(MIB);

	trace(text, strlen(text), &got);
	assert_string_equal(buf_cstr(&got), expected);
	buf_fini(&got);
}

static void test_fields_and_breaks(void **state UNUSED)
{
	assert_trace("", "");
	assert_trace("\n \n\t\n", "");
	assert_trace("a: 1", "a=1;|");
	assert_trace("a: 1\nb:2\n", "a=1;b=2;|");
	assert_trace("\na:1\n\n\nb:2\n\n", "a=1;|b=2;|");
	assert_trace("a:\n", "a=;|");
	assert_trace("a :  x y  \r\n\r\nb: z\r\n", "a=x y;|b=z;|");
	assert_trace("a:b:c\n", "a=b:c;|");
}

static void test_continuation_lines_belong_to_the_value(void **state UNUSED)
{
	assert_trace("a: 1\n 2\n\t3\nb: 4\n", "a=1\n 2\n\t3;b=4;|");
	assert_trace("a:\n one\n .\n two\n", "a=one\n .\n two;|");
	assert_trace("a: 1\n \nb: 2\n", "a=1;|b=2;|");
}

static void test_reading_goes_on_behind_a_bad_line(void **state UNUSED)
{
	assert_trace("nonsense\na: 1\n", "!a=1;|");
	assert_trace(" x\na: 1\n", "!a=1;|");
	assert_trace(": 1\na: 1\n", "!a=1;|");
	assert_trace("a b: 1\n", "!");
}

static void test_errors_name_the_line(void **state UNUSED)
{
	struct stanza_reader r;
	struct stanza_field f;
	struct err err = ERR_INIT;

	stanza_reader_init(&r, STR("a: 1\n x\n\nbad\n"));
	assert_int_equal(stanza_next(&r, &f, &err), STANZA_FIELD);
	assert_int_equal(r.line, 1);
	assert_int_equal(stanza_next(&r, &f, &err), STANZA_BREAK);
	assert_fails(stanza_next(&r, &f, &err), &err, ERR_INPUT, "line 4: no colon");
}

static void test_cut_at_every_offset(void **state UNUSED)
{
	static const char text[] = "Package: a\nDescription: b\n c\n .\n d\n\nPackage: e\n";
	struct buf got = BUF_INIT(MIB);

	for (size_t i = 0; i < sizeof(text); i++) {
		char *part = xmalloc(i);

		memcpy(part, text, i);
		buf_clear(&got);
		trace(part, i, &got);
		free(part);
	}
	assert_string_equal(buf_cstr(&got), "Package=a;Description=b\n c\n .\n d;|Package=e;|");
	buf_fini(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_and_breaks),
		cmocka_unit_test(test_continuation_lines_belong_to_the_value),
		cmocka_unit_test(test_reading_goes_on_behind_a_bad_line),
		cmocka_unit_test(test_errors_name_the_line),
		cmocka_unit_test(test_cut_at_every_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
