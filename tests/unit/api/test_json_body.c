/*
 * Bodies as Go takes them: the messages, what becomes strict, where the first value ends.
 */
#include "../test.h"

#include "api/json_body.h"

static const struct {
	const char *body;
	const char *strict;  /* NULL: it fails */
	const char *message; /* of the failure */
} cases[] = {
	{ "", NULL, "EOF" },
	{ " \t\r\n", NULL, "EOF" },
	{ "{}", "{}", NULL },
	{ " { \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}", NULL },
	{ "{} trailing", "{}", NULL },
	{ "{}{\"a\"", "{}", NULL },
	{ "null", "null", NULL },
	{ "12x", "12", NULL },
	{ "\"a\"b", "\"a\"", NULL },
	{ "[-0.5e+10,0,1E2]", "[-0.5e+10,0,1E2]", NULL },
	{ "{", NULL, "unexpected EOF" },
	{ "{\"Layer\":", NULL, "unexpected EOF" },
	{ "{\"Lay", NULL, "unexpected EOF" },
	{ "[1", NULL, "unexpected EOF" },
	{ "tru", NULL, "unexpected EOF" },
	{ "\"\\u00", NULL, "unexpected EOF" },
	{ "-", NULL, "unexpected EOF" },
	{ "{\"a\":1,}", NULL, "invalid character '}' looking for beginning of object key string" },
	{ "{a:1}", NULL, "invalid character 'a' looking for beginning of object key string" },
	{ "<html>", NULL, "invalid character '<' looking for beginning of value" },
	{ "[1,]", NULL, "invalid character ']' looking for beginning of value" },
	{ "'", NULL, "invalid character '\\'' looking for beginning of value" },
	{ "\\", NULL, "invalid character '\\\\' looking for beginning of value" },
	{ "\x01", NULL, "invalid character '\\x01' looking for beginning of value" },
	{ "\xFF", NULL, "invalid character 'ÿ' looking for beginning of value" },
	{ "\x80", NULL, "invalid character '\\u0080' looking for beginning of value" },
	{ "{\"a\" 1}", NULL, "invalid character '1' after object key" },
	{ "{\"a\":1 \"b\"}", NULL, "invalid character '\"' after object key:value pair" },
	{ "[1 2]", NULL, "invalid character '2' after array element" },
	{ "[01]", NULL, "invalid character '1' after array element" },
	{ "\"a\nb\"", NULL, "invalid character '\\n' in string literal" },
	{ "\"\\x\"", NULL, "invalid character 'x' in string escape code" },
	{ "\"\\u00g0\"", NULL, "invalid character 'g' in \\u hexadecimal character escape" },
	{ "trux", NULL, "invalid character 'x' in literal true (expecting 'e')" },
	{ "falze", NULL, "invalid character 'z' in literal false (expecting 's')" },
	{ "nil", NULL, "invalid character 'i' in literal null (expecting 'u')" },
	{ "-a", NULL, "invalid character 'a' in numeric literal" },
	{ "1.a", NULL, "invalid character 'a' after decimal point in numeric literal" },
	{ "1e+a", NULL, "invalid character 'a' in exponent of numeric literal" },
	{ "\"\xFF\xFE|\"", "\"\xEF\xBF\xBD\xEF\xBF\xBD|\"", NULL },
	{ "\"ä€\"", "\"ä€\"", NULL },
	{ "\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"", NULL },
	{ "\"\\ud83d|\\ude00\"", "\"\\ufffd|\\ufffd\"", NULL },
	{ "\"\\ud83d\\u0041\"", "\"\\ufffd\\u0041\"", NULL },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", NULL },
};

static void bodies_become_strict_or_fail_with_the_words_of_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(JSON_BODY_STRICT_MAX);
		_cleanup_err_ struct err err = ERR_INIT;
		int r = json_body_normalize(str_of(cases[i].body), &out, &err);

		if (cases[i].strict) {
			if (r < 0)
				fail_msg("%s: %s", cases[i].body, err_msg(&err));
			assert_str(buf_str(&out), cases[i].strict);
		} else {
			if (r >= 0)
				fail_msg("%s is accepted", cases[i].body);
			assert_string_equal(err_msg(&err), cases[i].message);
		}
	}
}

static void a_document_cut_anywhere_ends_unexpectedly(void **state)
{
	static const char whole[] = "{\"a\\u0041\":[1.5e-3,true,null,{\"b\":\"c\"}],\"d\":false}";

	(void)state;
	for (size_t n = 1; n < sizeof(whole) - 1; n++) {
		_cleanup_buf_ struct buf out = BUF_INIT(JSON_BODY_STRICT_MAX);
		_cleanup_err_ struct err err = ERR_INIT;

		assert_true(json_body_normalize(str_n(whole, n), &out, &err) < 0);
		assert_string_equal(err_msg(&err), "unexpected EOF");
	}
}

static void what_lies_beyond_the_limit_is_not_read(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT(4 * MIB), out = BUF_INIT(JSON_BODY_STRICT_MAX);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	buf_append_char(&body, '"');
	while (body.n < LIMIT_HTTP_BODY - 1)
		buf_append_char(&body, '\xFF');
	buf_append_str(&body, STR("\" and more"));
	assert_ok(json_body_normalize(buf_str(&body), &out, &err), &err);
	assert_int_equal(out.n, 3 * (LIMIT_HTTP_BODY - 2) + 2);
	memset(body.p + 1, 'x', LIMIT_HTTP_BODY);
	assert_fails(
		json_body_normalize(buf_str(&body), &out, &err), &err, ERR_INPUT, "unexpected EOF");
}

static void nesting_is_limited(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT(4 * KIB), out = BUF_INIT(JSON_BODY_STRICT_MAX);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < LIMIT_JSON_DEPTH; i++)
		buf_append_char(&body, '[');
	assert_fails(
		json_body_normalize(buf_str(&body), &out, &err), &err, ERR_INPUT, "unexpected EOF");
	buf_append_char(&body, '[');
	assert_fails(json_body_normalize(buf_str(&body), &out, &err), &err, ERR_TOO_LARGE,
		"exceeded max depth");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_become_strict_or_fail_with_the_words_of_go),
		cmocka_unit_test(a_document_cut_anywhere_ends_unexpectedly),
		cmocka_unit_test(what_lies_beyond_the_limit_is_not_read),
		cmocka_unit_test(nesting_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
