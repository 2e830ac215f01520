/*
 * The JSON writer: layout, escapes, and that its output is always JSON.
 */
#include "../test.h"
#include "codec/json_writer.h"
#include "json_trace.h"

/* One string, written with the flags. */
static const char *written(struct buf *out, struct str s, unsigned flags)
{
	struct json_writer w;

	buf_clear(out);
	json_writer_init(&w, out, flags);
	json_string(&w, s);
	return buf_cstr(out);
}

static void test_escapes(void **state UNUSED)
{
	static const struct {
		struct str text;
		const char *plain;
		const char *go;
	} cases[] = {
		{ STR_INIT(""), "\"\"", "\"\"" },
		{ STR_INIT("abc"), "\"abc\"", "\"abc\"" },
		{ STR_INIT("\"\\/"), "\"\\\"\\\\/\"", "\"\\\"\\\\/\"" },
		{ STR_INIT("\n\r\t"), "\"\\n\\r\\t\"", "\"\\n\\r\\t\"" },
		{ STR_INIT("\b\f"), "\"\\b\\f\"", "\"\\u0008\\u000c\"" },
		{ STR_INIT("a\0b"), "\"a\\u0000b\"", "\"a\\u0000b\"" },
		{ STR_INIT("\x01\x1f\x7f"), "\"\\u0001\\u001f\\u007f\"", "\"\\u0001\\u001f\x7f\"" },
		{ STR_INIT("\xc2\x80\xc2\x9f\xc2\xa0"), "\"\\u0080\\u009f\xc2\xa0\"",
			"\"\xc2\x80\xc2\x9f\xc2\xa0\"" },
		{ STR_INIT("<a&b>"), "\"<a&b>\"", "\"\\u003ca\\u0026b\\u003e\"" },
		{ STR_INIT("é€😀"), "\"é€😀\"", "\"é€😀\"" },
		{ STR_INIT("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
			"\"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\"",
			"\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"" },
		{ STR_INIT("a\xff"
			   "b"),
			"\"a\xef\xbf\xbd"
			"b\"",
			"\"a\\ufffdb\"" },
		{ STR_INIT("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\"\\ufffd\\ufffd\"" },
		{ STR_INIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
			"\"\\ufffd\\ufffd\\ufffd\"" },
	};
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(written(&out, cases[i].text, 0), cases[i].plain);
		assert_string_equal(
			written(&out, cases[i].text, JSON_WRITER_HTML_ESCAPE), cases[i].go);
	}
}

/* Long texts are passed over in steps: each byte at each place is written as it is alone. */
static void test_bytes_are_written_alike_at_all_places(void **state UNUSED)
{
	enum { LENGTH = 40 };
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	_cleanup_buf_ struct buf alone = BUF_INIT(MIB);

	for (unsigned byte = 0; byte < 256 * 2; byte++) {
		unsigned flags = byte >= 256 ? JSON_WRITER_HTML_ESCAPE : 0;
		char c = (char)(byte & 0xFF);

		(void)written(&alone, str_n(&c, 1), flags);
		for (size_t place = 0; place < LENGTH; place++) {
			char text[LENGTH];

			memset(text, 'x', sizeof(text));
			text[place] = c;
			(void)written(&out, str_n(text, sizeof(text)), flags);
			assert_int_equal(out.n, alone.n + LENGTH - 1);
			assert_memory_equal(out.p + 1 + place, alone.p + 1, alone.n - 2);
			assert_int_equal(
				out.p[out.n - 2], place < LENGTH - 1 ? 'x' : alone.p[alone.n - 2]);
		}
	}
}

static void write_sample(struct json_writer *w)
{
	json_object_begin(w);
	json_member(w, "name", STR("x"));
	json_member_nonempty(w, "absent", STR_NULL);
	json_member_nonempty(w, "present", STR("y"));
	json_member_u64(w, "n", UINT64_MAX);
	json_key(w, "list");
	json_array_begin(w);
	json_i64(w, INT64_MIN);
	json_bool(w, true);
	json_bool(w, false);
	json_null(w);
	json_raw(w, STR("1.5e3"));
	json_array_begin(w);
	json_array_end(w);
	json_object_begin(w);
	json_object_end(w);
	json_array_end(w);
	json_key_str(w, STR("a\0<"));
	json_object_begin(w);
	json_key(w, "inner");
	json_string(w, STR("z"));
	json_object_end(w);
	json_object_end(w);
}

static void test_compact_layout(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	write_sample(&w);
	assert_string_equal(buf_cstr(&out),
		"{\"name\":\"x\",\"present\":\"y\",\"n\":18446744073709551615,"
		"\"list\":[-9223372036854775808,true,false,null,1.5e3,[],{}],"
		"\"a\\u0000<\":{\"inner\":\"z\"}}");
}

static void test_pretty_layout(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	struct json_writer w;

	json_writer_init(&w, &out, JSON_WRITER_PRETTY | JSON_WRITER_HTML_ESCAPE);
	write_sample(&w);
	assert_string_equal(buf_cstr(&out), "{\n"
					    "  \"name\": \"x\",\n"
					    "  \"present\": \"y\",\n"
					    "  \"n\": 18446744073709551615,\n"
					    "  \"list\": [\n"
					    "    -9223372036854775808,\n"
					    "    true,\n"
					    "    false,\n"
					    "    null,\n"
					    "    1.5e3,\n"
					    "    [],\n"
					    "    {}\n"
					    "  ],\n"
					    "  \"a\\u0000\\u003c\": {\n"
					    "    \"inner\": \"z\"\n"
					    "  }\n"
					    "}");
}

static void test_nests_as_deep_as_the_reader(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	_cleanup_buf_ struct buf trace = BUF_INIT(MIB);
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	for (unsigned i = 0; i < LIMIT_JSON_DEPTH; i++) {
		if (i % 2) {
			json_object_begin(&w);
			json_key(&w, "k");
		} else {
			json_array_begin(&w);
		}
	}
	json_null(&w);
	for (unsigned i = LIMIT_JSON_DEPTH; i-- > 0;) {
		if (i % 2)
			json_object_end(&w);
		else
			json_array_end(&w);
	}
	assert_int_equal(trace_document(buf_str(&out), 0, &trace), 0);
}

/* Any two bytes, alone and between others, come back as they were, or as U+FFFD. */
static void test_any_bytes_give_json(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);

	for (unsigned pair = 0; pair < 65536; pair++) {
		char text[2] = { (char)(pair >> 8), (char)(pair & 255) };
		bool valid = utf8_check(text, 2) == 2 ||
			     (utf8_check(text, 1) == 1 && utf8_check(text + 1, 1) == 1);
		_cleanup_buf_ struct buf trace = BUF_INIT(MIB);
		_cleanup_buf_ struct buf expected = BUF_INIT(MIB);

		(void)written(&out, str_n(text, 2), pair % 2 ? JSON_WRITER_HTML_ESCAPE : 0);
		assert_int_equal(trace_document(buf_str(&out), 0, &trace), 0);
		trace_text(&expected, 'S', str_n(text, 2));
		if (valid)
			assert_string_equal(buf_cstr(&trace), buf_cstr(&expected));
		else
			assert_non_null(strstr(buf_cstr(&trace), "\xef\xbf\xbd"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_bytes_are_written_alike_at_all_places),
		cmocka_unit_test(test_compact_layout),
		cmocka_unit_test(test_pretty_layout),
		cmocka_unit_test(test_nests_as_deep_as_the_reader),
		cmocka_unit_test(test_any_bytes_give_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
