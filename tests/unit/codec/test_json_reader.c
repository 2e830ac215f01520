/*
 * The JSON reader: which documents it takes and what it makes of them, whatever the pieces they
 * come in; its limits; the helpers for walking.
 */
#include "../test.h"
#include "json_cases.h"
#include "json_trace.h"

static const size_t chunks[] = { 0, 1, 2, 3, 7, 65536 };

struct fixture {
	struct stream_mem in;
	struct json_reader *r;
	struct arena arena;
	struct err err;
};

static void open_document(struct fixture *f, struct str document)
{
	*f = (struct fixture){ .arena = ARENA_INIT, .err = ERR_INIT };
	stream_mem_init(&f->in, span_from_str(document), 0);
	f->r = json_reader_new(&f->in.stream);
}

static void close_document(struct fixture *f)
{
	json_reader_free(f->r);
	arena_fini(&f->arena);
	err_clear(&f->err);
}

static void check_trace(const char *name, struct str document, const char *expected)
{
	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		_cleanup_buf_ struct buf trace = BUF_INIT(64 * MIB);

		(void)trace_document(document, chunks[i], &trace);
		if (!str_eq(buf_str(&trace), str_of(expected)))
			fail_msg("%s, %zu bytes at a time: got \"%.200s\", not \"%.200s\"", name,
				chunks[i], buf_cstr(&trace), expected);
	}
}

static void test_accepts_what_is_json(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted_cases); i++) {
		const struct json_case *c = &accepted_cases[i];

		check_trace(c->name, c->document, c->expected);
	}
}

static void test_rejects_what_is_not_json_and_says_where(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rejected_cases); i++) {
		const struct json_case *c = &rejected_cases[i];

		for (size_t k = 0; k < ARRAY_LEN(chunks); k++) {
			_cleanup_buf_ struct buf trace = BUF_INIT(MIB);

			if (trace_document(c->document, chunks[k], &trace) != -ERR_INPUT)
				fail_msg("%s: accepted", c->name);
			if (!str_ends(buf_str(&trace), str_of(c->expected)))
				fail_msg("%s, %zu bytes at a time: got \"%s\", not \"%s\"", c->name,
					chunks[k], buf_cstr(&trace), c->expected);
		}
	}
}

/* A document cut anywhere is a document still only when what is missing was white space or the rest
 * of a number. */
static void test_fails_cleanly_when_cut(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted_cases); i++) {
		struct str document = accepted_cases[i].document;
		char first = str_trim(document).p[0];

		for (size_t n = 0; n < document.n; n++) {
			struct str cut = str_head(document, n);
			struct str missing = str_trim(str_skip(document, n));
			_cleanup_buf_ struct buf whole = BUF_INIT(MIB);
			_cleanup_buf_ struct buf bytes = BUF_INIT(MIB);
			int rc = trace_document(cut, 0, &whole);

			assert_int_equal(trace_document(cut, 1, &bytes), rc);
			assert_string_equal(buf_cstr(&bytes), buf_cstr(&whole));
			if (rc == 0 && missing.n && !(first == '-' || ascii_is_digit(first)))
				fail_msg("%s: accepted without its last %zu bytes",
					accepted_cases[i].name, document.n - n);
			if (rc < 0)
				assert_int_equal(rc, -ERR_INPUT);
		}
	}
}

/* Every token lies across the end of the reader's window once, at each of its offsets. */
static void test_reads_tokens_across_the_end_of_the_window(void **state UNUSED)
{
	static const struct str document =
		STR_INIT("[\"plain text\",\"a\\\"\\u00e9\\ud83d\\ude00\","
			 "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",-12.5e+3,"
			 "true,false,null,{\"key\":\"value\"}]");
	_cleanup_buf_ struct buf expected = BUF_INIT(MIB);

	assert_int_equal(trace_document(document, 0, &expected), 0);
	for (size_t shift = 0; shift <= document.n; shift++) {
		_cleanup_buf_ struct buf padded = BUF_INIT(MIB);
		_cleanup_buf_ struct buf trace = BUF_INIT(MIB);

		memset(buf_reserve(&padded, 65536 - shift), ' ', 65536 - shift);
		buf_commit(&padded, 65536 - shift);
		buf_append_str(&padded, document);
		assert_int_equal(trace_document(buf_str(&padded), 0, &trace), 0);
		assert_string_equal(buf_cstr(&trace), buf_cstr(&expected));
	}
}

static void append_repeated(struct buf *b, const char *unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_append_str(b, str_of(unit));
}

/* A document of prefix, count times unit, suffix; -ERR_… or the length of the longest token. */
static ssize_t longest_token(const char *prefix, const char *unit, size_t count, const char *suffix)
{
	_cleanup_buf_ struct buf document = BUF_INIT(64 * MIB);
	struct fixture f;
	struct json_token t;
	size_t longest = 0;
	int rc;

	buf_append_str(&document, str_of(prefix));
	append_repeated(&document, unit, count);
	buf_append_str(&document, str_of(suffix));
	open_document(&f, buf_str(&document));
	while ((rc = json_next(f.r, &t, &f.err)) > 0)
		longest = max_size(longest, t.text.n);
	close_document(&f);
	return rc < 0 ? rc : (ssize_t)longest;
}

static void test_limits_the_size_of_a_token(void **state UNUSED)
{
	const size_t limit = LIMIT_JSON_TOKEN;

	assert_int_equal(longest_token("\"", "a", 200000, "\""), 200000);
	assert_int_equal(longest_token("\"", "a", limit, "\""), limit);
	assert_int_equal(longest_token("\"", "a", limit + 1, "\""), -ERR_TOO_LARGE);
	assert_int_equal(longest_token("\"", "\\n", limit, "\""), limit);
	assert_int_equal(longest_token("\"", "\\n", limit + 1, "\""), -ERR_TOO_LARGE);
	assert_int_equal(longest_token("\"", "\xc3\xa9", limit / 2, "\""), limit);
	assert_int_equal(longest_token("\"", "\xc3\xa9", limit / 2 + 1, "\""), -ERR_TOO_LARGE);
	assert_int_equal(longest_token("{\"", "a", limit, "\":1}"), limit);
	assert_int_equal(longest_token("{\"", "a", limit + 1, "\":1}"), -ERR_TOO_LARGE);
	assert_int_equal(longest_token("", "1", limit, ""), limit);
	assert_int_equal(longest_token("[", "1", limit, "]"), limit);
	assert_int_equal(longest_token("[", "1", limit + 1, "]"), -ERR_TOO_LARGE);
}

static void test_limits_the_nesting(void **state UNUSED)
{
	static const char *const units[] = { "[", "{\"a\":", "[{\"a\":" };

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t levels = i == 2 ? 2 : 1;
		struct str deepest = i == 0 ? STR("[]") : STR("{}");
		_cleanup_buf_ struct buf fits = BUF_INIT(MIB);
		_cleanup_buf_ struct buf too_deep = BUF_INIT(MIB);
		_cleanup_buf_ struct buf trace = BUF_INIT(MIB);

		/* With the value in the middle: one level less than the limit, and the limit. */
		append_repeated(&fits, units[i], LIMIT_JSON_DEPTH / levels);
		append_repeated(&too_deep, units[i], LIMIT_JSON_DEPTH / levels);
		buf_append_str(&fits, STR("1"));
		buf_append_str(&too_deep, deepest);
		for (size_t k = LIMIT_JSON_DEPTH / levels; k-- > 0;)
			buf_append_str(&fits, i == 0 ? STR("]") : i == 1 ? STR("}") : STR("}]"));
		assert_int_equal(trace_document(buf_str(&fits), 0, &trace), 0);
		buf_clear(&trace);
		assert_int_equal(trace_document(buf_str(&too_deep), 0, &trace), -ERR_TOO_LARGE);
		assert_non_null(strstr(buf_cstr(&trace), "nested more than 64 deep"));
	}
}

static void test_stays_at_the_end(void **state UNUSED)
{
	struct fixture f;
	struct json_token t;

	open_document(&f, STR("1 "));
	assert_int_equal(json_next(f.r, &t, &f.err), 1);
	assert_int_equal(json_next(f.r, &t, &f.err), 0);
	assert_int_equal(json_next(f.r, &t, &f.err), 0);
	assert_int_equal(t.type, JSON_NUMBER);
	close_document(&f);
}

static void test_a_failure_lasts(void **state UNUSED)
{
	struct fixture f;
	struct json_token t = { .type = JSON_NULL };
	struct str s;
	uint64_t v;

	open_document(&f, STR("[1,x,2]"));
	assert_int_equal(json_next(f.r, &t, &f.err), 1);
	assert_int_equal(json_next(f.r, &t, &f.err), 1);
	for (int i = 0; i < 3; i++) {
		assert_fails(json_next(f.r, &t, &f.err), &f.err, ERR_INPUT, "line 1, column 4:");
		assert_str(t.text, "1");
	}
	assert_fails(json_skip_container(f.r, &f.err), &f.err, ERR_INPUT, "column 4");
	assert_fails(json_skip_value(f.r, &f.err), &f.err, ERR_INPUT, "column 4");
	assert_fails(json_read_u64(f.r, &v, &f.err), &f.err, ERR_INPUT, "column 4");
	assert_fails(json_next_key(f.r, NULL, &s, &f.err), &f.err, ERR_INPUT, "column 4");
	assert_int_equal(json_next(f.r, &t, NULL), -ERR_INPUT);
	close_document(&f);
}

static ssize_t read_then_fail(struct stream *s, void *p, size_t n, struct err *err)
{
	struct stream_mem *m = (struct stream_mem *)s;

	if (m->left.n == 0)
		return err_set(err, ERR_UPSTREAM, "connection reset");
	n = min_size(n, m->left.n);
	memcpy(p, m->left.p, n);
	m->left.p += n;
	m->left.n -= n;
	return (ssize_t)n;
}

static void test_passes_on_errors_of_the_stream(void **state UNUSED)
{
	static const char *const beginnings[] = { "", "[", "[1", "[\"a", "{\"a\"", "[tr", "[1 ",
		"[\"\\u", "[\"\xe2" };

	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		struct fixture f;
		struct json_token t;
		int rc;

		open_document(&f, str_of(beginnings[i]));
		f.in.stream.read = read_then_fail;
		while ((rc = json_next(f.r, &t, &f.err)) > 0)
			;
		assert_fails(rc, &f.err, ERR_UPSTREAM, "connection reset");
		assert_fails(json_next(f.r, &t, &f.err), &f.err, ERR_UPSTREAM, "connection reset");
		close_document(&f);
	}
}

static void test_position_is_that_of_the_last_token(void **state UNUSED)
{
	static const struct {
		uint64_t line, column;
	} expected[] = { { 1, 2 }, { 2, 3 }, { 2, 9 }, { 3, 3 }, { 4, 1 }, { 4, 2 }, { 5, 2 } };
	struct fixture f;
	struct json_token t;
	uint64_t line, column;

	open_document(&f, STR(" {\n  \"\xc3\xa9\": 1,\n  \"b\":\n[]\n } "));
	json_position(f.r, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 1);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(json_next(f.r, &t, &f.err), 1);
		json_position(f.r, &line, &column);
		assert_int_equal(line, expected[i].line);
		assert_int_equal(column, expected[i].column);
	}
	assert_int_equal(json_next(f.r, &t, &f.err), 0);
	close_document(&f);
}

static void test_skips_whole_values(void **state UNUSED)
{
	struct fixture f;
	struct json_token t;
	struct str key;

	open_document(&f, STR("{\"a\":[1,{\"b\":[]},2],\"c\":\"x\",\"d\":{},\"e\":7}"));
	assert_ok(json_expect(f.r, JSON_OBJECT_BEGIN, &t, &f.err), &f.err);
	for (const char *name = "acd"; *name; name++) {
		assert_int_equal(json_next_key(f.r, NULL, &key, &f.err), 1);
		assert_int_equal(key.p[0], *name);
		assert_ok(json_skip_value(f.r, &f.err), &f.err);
	}
	assert_int_equal(json_next_key(f.r, NULL, &key, &f.err), 1);
	assert_ok(json_expect(f.r, JSON_NUMBER, &t, &f.err), &f.err);
	assert_str(t.text, "7");
	assert_int_equal(json_next_key(f.r, NULL, &key, &f.err), 0);
	assert_int_equal(json_next(f.r, &t, &f.err), 0);
	close_document(&f);
}

static void test_skips_elements_and_the_rest_of_a_container(void **state UNUSED)
{
	struct fixture f;
	struct json_token t;

	open_document(&f, STR("[[1,[2]],[3,{\"a\":[4]},5],6]"));
	assert_ok(json_expect(f.r, JSON_ARRAY_BEGIN, &t, &f.err), &f.err);
	assert_ok(json_skip_value(f.r, &f.err), &f.err);
	assert_ok(json_expect(f.r, JSON_ARRAY_BEGIN, &t, &f.err), &f.err);
	assert_ok(json_skip_container(f.r, &f.err), &f.err);
	assert_ok(json_skip_value(f.r, &f.err), &f.err);
	assert_fails(json_skip_value(f.r, &f.err), &f.err, ERR_INPUT,
		"line 1, column 27: expected a value, found end of array");
	close_document(&f);
}

static void test_skipping_still_checks(void **state UNUSED)
{
	struct fixture f;

	open_document(&f, STR("[[1,[2,]],3]"));
	assert_fails(json_skip_value(f.r, &f.err), &f.err, ERR_INPUT, "column 8");
	close_document(&f);
	open_document(&f, STR("[[1,[2"));
	assert_fails(json_skip_value(f.r, &f.err), &f.err, ERR_INPUT, "the document ends");
	close_document(&f);
}

static void test_expect_names_both_types(void **state UNUSED)
{
	struct fixture f;
	struct json_token t = { .type = JSON_NULL };

	open_document(&f, STR("[\n {}]"));
	assert_ok(json_expect(f.r, JSON_ARRAY_BEGIN, &t, &f.err), &f.err);
	assert_fails(json_expect(f.r, JSON_STRING, &t, &f.err), &f.err, ERR_INPUT,
		"line 2, column 2: expected string, found object");
	assert_int_equal(t.type, JSON_ARRAY_BEGIN);
	close_document(&f);
	open_document(&f, STR("1"));
	assert_ok(json_expect(f.r, JSON_NUMBER, &t, &f.err), &f.err);
	assert_fails(json_expect(f.r, JSON_NUMBER, &t, &f.err), &f.err, ERR_INPUT,
		"line 1, column 2: expected number, found end of document");
	close_document(&f);
}

static void test_keys_may_outlive_the_next_call(void **state UNUSED)
{
	struct fixture f;
	struct json_token t;
	struct str first, second;

	open_document(&f, STR("{\"\\u0061\":1,\"\\u0062\":2}"));
	assert_ok(json_expect(f.r, JSON_OBJECT_BEGIN, &t, &f.err), &f.err);
	assert_int_equal(json_next_key(f.r, &f.arena, &first, &f.err), 1);
	assert_ok(json_skip_value(f.r, &f.err), &f.err);
	assert_int_equal(json_next_key(f.r, &f.arena, &second, &f.err), 1);
	assert_str(first, "a");
	assert_str(second, "b");
	close_document(&f);
	open_document(&f, STR("[1]"));
	assert_ok(json_expect(f.r, JSON_ARRAY_BEGIN, &t, &f.err), &f.err);
	assert_fails(json_next_key(f.r, NULL, &first, &f.err), &f.err, ERR_INPUT,
		"expected key, found number");
	close_document(&f);
}

static void test_reads_strings_and_null(void **state UNUSED)
{
	struct fixture f;
	struct json_token t;
	struct str a, b, c;

	open_document(&f, STR("[\"x\\ty\",null,\"\",false]"));
	assert_ok(json_expect(f.r, JSON_ARRAY_BEGIN, &t, &f.err), &f.err);
	assert_ok(json_read_string(f.r, &f.arena, &a, &f.err), &f.err);
	assert_ok(json_read_string(f.r, &f.arena, &b, &f.err), &f.err);
	assert_ok(json_read_string(f.r, &f.arena, &c, &f.err), &f.err);
	assert_str(a, "x\ty");
	assert_int_equal(b.n, 0);
	assert_int_equal(c.n, 0);
	assert_fails(json_read_string(f.r, &f.arena, &a, &f.err), &f.err, ERR_INPUT,
		"column 17: expected string, found false");
	assert_str(a, "x\ty");
	close_document(&f);
}

static void test_reads_whole_numbers(void **state UNUSED)
{
	static const struct {
		const char *document;
		const char *error; /* NULL: it is read */
		uint64_t value;
	} cases[] = {
		{ "0", NULL, 0 },
		{ "42", NULL, 42 },
		{ "9223372036854775807", NULL, INT64_MAX },
		{ "9223372036854775808", "whole number", 0 },
		{ "99999999999999999999999", "whole number", 0 },
		{ "-1", "whole number below 2^63, found -1", 0 },
		{ "-0", "whole number", 0 },
		{ "1.0", "whole number", 0 },
		{ "1e3", "whole number", 0 },
		{ "\"1\"", "expected number, found string", 0 },
		{ "null", "expected number, found null", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture f;
		uint64_t v = 7;

		open_document(&f, str_of(cases[i].document));
		if (cases[i].error) {
			assert_fails(
				json_read_u64(f.r, &v, &f.err), &f.err, ERR_INPUT, cases[i].error);
			assert_int_equal(v, 7);
		} else {
			assert_ok(json_read_u64(f.r, &v, &f.err), &f.err);
			assert_int_equal(v, cases[i].value);
		}
		close_document(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts_what_is_json),
		cmocka_unit_test(test_rejects_what_is_not_json_and_says_where),
		cmocka_unit_test(test_fails_cleanly_when_cut),
		cmocka_unit_test(test_reads_tokens_across_the_end_of_the_window),
		cmocka_unit_test(test_limits_the_size_of_a_token),
		cmocka_unit_test(test_limits_the_nesting),
		cmocka_unit_test(test_stays_at_the_end),
		cmocka_unit_test(test_a_failure_lasts),
		cmocka_unit_test(test_passes_on_errors_of_the_stream),
		cmocka_unit_test(test_position_is_that_of_the_last_token),
		cmocka_unit_test(test_skips_whole_values),
		cmocka_unit_test(test_skips_elements_and_the_rest_of_a_container),
		cmocka_unit_test(test_skipping_still_checks),
		cmocka_unit_test(test_expect_names_both_types),
		cmocka_unit_test(test_keys_may_outlive_the_next_call),
		cmocka_unit_test(test_reads_strings_and_null),
		cmocka_unit_test(test_reads_whole_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
