/*
 * Values as Go writes them after it read them.
 */
#include "../test.h"

#include "api/json_tree.h"

static void assert_rewritten(const char *text, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct json_node *root = NULL;

	assert_ok(json_tree_read(span_from_str(str_of(text)), &a, &root, &err), &err);
	assert_ok(json_tree_write(root, &out, &err), &err);
	assert_str(buf_str(&out), expected);
}

static void documents_come_back_with_sorted_keys(void **state)
{
	(void)state;
	assert_rewritten("null", "null");
	assert_rewritten("[]", "[]");
	assert_rewritten("{}", "{}");
	assert_rewritten("[[],{},[[1]],\"a\"]", "[[],{},[[1]],\"a\"]");
	assert_rewritten("{\"b\":{\"d\":1,\"c\":[true,false,null]},\"a\":\"x\"}",
		"{\"a\":\"x\",\"b\":{\"c\":[true,false,null],\"d\":1}}");
	assert_rewritten("{\"B\":1,\"a\":2,\"\":3}", "{\"\":3,\"B\":1,\"a\":2}");
}

static void of_equal_keys_the_last_counts(void **state)
{
	(void)state;
	assert_rewritten("{\"a\":1,\"b\":2,\"a\":3,\"a\":{\"x\":4}}", "{\"a\":{\"x\":4},\"b\":2}");
}

static void strings_are_escaped_as_go_does(void **state)
{
	(void)state;
	assert_rewritten("\"<a href=\\\"x\\\">&\\u2028\\u0007é\"",
		"\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\u2028\\u0007é\"");
}

/* By Go's json.Marshal() of float64. */
static void numbers_are_the_shortest_float64(void **state)
{
	static const char *const pairs[][2] = {
		{ "0", "0" },
		{ "-0", "-0" },
		{ "-0.0e5", "-0" },
		{ "7.50", "7.5" },
		{ "10", "10" },
		{ "1e2", "100" },
		{ "-12.0", "-12" },
		{ "0.1", "0.1" },
		{ "0.1000000000000000055", "0.1" },
		{ "0.30000000000000004", "0.30000000000000004" },
		{ "9007199254740993", "9007199254740992" },
		{ "123456789012345678901", "123456789012345680000" },
		{ "1e20", "100000000000000000000" },
		{ "1e21", "1e+21" },
		{ "1.5e300", "1.5e+300" },
		{ "0.000001", "0.000001" },
		{ "0.0000012", "0.0000012" },
		{ "0.0000001", "1e-7" },
		{ "1.25e-10", "1.25e-10" },
		{ "5e-324", "5e-324" },
		{ "1e-400", "0" },
		{ "1.7976931348623157e308", "1.7976931348623157e+308" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		assert_rewritten(pairs[i][0], pairs[i][1]);
}

static void numbers_that_no_float64_holds_are_refused(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(1 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct json_node *root = NULL;

	(void)state;
	assert_ok(json_tree_read(span_from_str(STR("[1e999]")), &a, &root, &err), &err);
	assert_fails(json_tree_write(root, &out, &err), &err, ERR_INPUT, "number 1e999");
}

static void the_deepest_document_comes_back(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT(4 * KIB);

	(void)state;
	for (size_t i = 0; i < LIMIT_JSON_DEPTH; i++)
		buf_append_char(&text, '[');
	for (size_t i = 0; i < LIMIT_JSON_DEPTH; i++)
		buf_append_char(&text, ']');
	assert_rewritten(buf_cstr(&text), buf_cstr(&text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_come_back_with_sorted_keys),
		cmocka_unit_test(of_equal_keys_the_last_counts),
		cmocka_unit_test(strings_are_escaped_as_go_does),
		cmocka_unit_test(numbers_are_the_shortest_float64),
		cmocka_unit_test(numbers_that_no_float64_holds_are_refused),
		cmocka_unit_test(the_deepest_document_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
