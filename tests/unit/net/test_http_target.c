/*
 * Targets of requests: what Go's net/url makes of them.
 */
#include "../test.h"

#include "net/net.h"

static void test_targets_are_taken_apart(void **state UNUSED)
{
	static const struct {
		const char *target, *path, *query;
	} cases[] = {
		{ "/", "/", "" },
		{ "/v1/layers/a?features", "/v1/layers/a", "features" },
		{ "/a?b?c", "/a", "b?c" },
		{ "/a?", "/a", "" },
		{ "/a#b", "/a#b", "" },
		{ "//host/a", "//host/a", "" },
		{ "*", "*", "" },
		{ "http://host:80/a/b?c=d", "/a/b", "c=d" },
		{ "HTTPS://host/a", "/a", "" },
		{ "http://host", "", "" },
		{ "http://host?a/b", "", "a/b" },
		{ "/a\xc3\xa4", "/a\xc3\xa4", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_target t;

		assert_true(http_target_parse(str_of(cases[i].target), &t));
		assert_str(t.path, cases[i].path);
		assert_str(t.query, cases[i].query);
	}
}

static void test_what_is_no_target_is_refused(void **state UNUSED)
{
	static const struct str cases[] = {
		STR_INIT(""),
		STR_INIT("a"),
		STR_INIT("?a"),
		STR_INIT("ftp://host/a"),
		STR_INIT("://host/a"),
		STR_INIT("host:80"),
		STR_INIT("**"),
		STR_INIT("/a b"),
		STR_INIT("/a\tb"),
		STR_INIT("/a\x7f"),
		STR_INIT("/a\0b"),
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_target t;

		if (http_target_parse(cases[i], &t))
			fail_msg("case %zu was taken for a target", i);
	}
}

static void test_paths_are_decoded_but_for_plus(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str out;

	assert_true(http_path_decode(&a, STR("/v1/layers/sha256%3Aab%2fc+d%00"), &out));
	assert_true(str_eq(out, STR("/v1/layers/sha256:ab/c+d\0")));
	assert_true(http_path_decode(&a, STR_NULL, &out));
	assert_int_equal(out.n, 0);
	assert_false(http_path_decode(&a, STR("/%zz"), &out));
	assert_false(http_path_decode(&a, STR("/%4"), &out));
	assert_false(http_path_decode(&a, STR("/%"), &out));
}

/* All pairs, as "key=value|". */
static void assert_pairs(const char *query, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(KIB);
	struct str rest = str_of(query), key, value;

	while (http_query_next(&rest, &a, &key, &value))
		buf_printf(&got, "%" PRIstr "=%" PRIstr "|", STR_ARG(key), STR_ARG(value));
	assert_str(buf_str(&got), expected);
}

static void test_queries_give_their_well_formed_pairs(void **state UNUSED)
{
	assert_pairs("", "");
	assert_pairs("a", "a=|");
	assert_pairs("a=", "a=|");
	assert_pairs("a=b", "a=b|");
	assert_pairs("a=b=c&&d&=e", "a=b=c|d=|=e|");
	assert_pairs("a+b=c+%2B%20d", "a b=c + d|");
	assert_pairs("%zz=1&a=%4&b=2", "b=2|");
	assert_pairs("a=1;b=2&c=3", "c=3|");
	assert_pairs("&&&", "");
}

static void test_keys_are_found_by_presence_and_the_first_value_counts(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str value = STR_NULL;
	struct str query = STR("features&limit=2&limit=3&p%61ge=x");

	assert_true(http_query_has(query, STR("features")));
	assert_false(http_query_has(query, STR("feature")));
	assert_false(http_query_has(query, STR("Features")));
	assert_true(http_query_get(query, STR("limit"), &a, &value));
	assert_str(value, "2");
	assert_true(http_query_get(query, STR("page"), &a, &value));
	assert_str(value, "x");
	assert_false(http_query_get(query, STR("vulnerabilities"), &a, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets_are_taken_apart),
		cmocka_unit_test(test_what_is_no_target_is_refused),
		cmocka_unit_test(test_paths_are_decoded_but_for_plus),
		cmocka_unit_test(test_queries_give_their_well_formed_pairs),
		cmocka_unit_test(test_keys_are_found_by_presence_and_the_first_value_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
