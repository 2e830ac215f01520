/*
 * The driver of the Debian security tracker: documents in tests/data/feed with what they come to.
 */
#include "../test.h"

#include "feed/feed.h"

/* Writes down what is put and noted, a line each. */
struct recorder {
	struct feed_sink sink;
	struct buf lines;
	size_t puts;
	size_t notes;
	int answer; /* of put() */
};

static void append_fix(struct buf *out, const struct advisory_fix *fix)
{
	buf_printf(out, " %" PRIstr " %" PRIstr " %s %s", STR_ARG(fix->package),
		STR_ARG(fix->fixed_version.n ? fix->fixed_version : STR("-")),
		fix_state_to_str(fix->state), severity_to_str(fix->severity));
	assert_int_equal(fix->introduced.n, 0);
}

static int record_put(struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct recorder *r = (struct recorder *)sink;
	_cleanup_arena_ struct arena arena = ARENA_INIT;

	r->puts++;
	buf_printf(&r->lines, "%" PRIstr " %" PRIstr " %s", STR_ARG(a->name_space),
		STR_ARG(a->name), severity_to_str(a->severity));
	for (size_t i = 0; i < a->n_fixes; i++)
		append_fix(&r->lines, &a->fixes[i]);
	buf_printf(&r->lines, " | %" PRIstr "\n", STR_ARG(a->description));
	assert_str(a->scheme, "dpkg");
	assert_str(a->link,
		arena_printf(&arena, "https://security-tracker.debian.org/tracker/%" PRIstr,
			STR_ARG(a->name))
			.p);
	return r->answer ? err_set(err, (enum err_code) - r->answer, "refused") : 0;
}

static void record_note(struct feed_sink *sink, const char *what)
{
	struct recorder *r = (struct recorder *)sink;

	r->notes++;
	buf_printf(&r->lines, "note: %s\n", what);
}

static void recorder_init(struct recorder *r)
{
	*r = (struct recorder){ .sink = { .put = record_put, .note = record_note },
		.lines = BUF_INIT(64 * MIB) };
}

static int parse(struct recorder *r, struct str document, size_t chunk, struct err *err)
{
	struct stream_mem m;

	recorder_init(r);
	stream_mem_init(&m, span_from_str(document), chunk);
	return feed_driver_by_name(STR("debian"))->parse(&m.stream, &r->sink, err);
}

static void test_documents_come_to_what_is_expected(void **state UNUSED)
{
	static const char *const names[] = { "debian-good", "debian-odd", "debian-various" };
	static const size_t chunks[] = { 0, 1, 7 };

	for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(chunks); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r;
		const char *name = names[i / ARRAY_LEN(chunks)];
		size_t n, n_expected;
		_cleanup_free_ char *document =
			test_read_data(arena_printf(&a, "feed/%s.json", name).p, &n);
		_cleanup_free_ char *expected =
			test_read_data(arena_printf(&a, "feed/%s.expected", name).p, &n_expected);

		assert_ok(parse(&r, str_n(document, n), chunks[i % ARRAY_LEN(chunks)], &err), &err);
		assert_str(buf_str(&r.lines), expected);
		buf_fini(&r.lines);
	}
}

static void test_document_cut_anywhere_fails(void **state UNUSED)
{
	static const char *const names[] = { "feed/debian-good.json", "feed/debian-odd.json",
		"feed/debian-various.json" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n;
		_cleanup_free_ char *document = test_read_data(names[i], &n);

		while (n && document[n - 1] != '}')
			n--;
		for (size_t cut = 0; cut < n; cut++) {
			_cleanup_err_ struct err err = ERR_INIT;
			struct recorder r;

			assert_fails(
				parse(&r, str_n(document, cut), 0, &err), &err, ERR_INPUT, "line ");
			buf_fini(&r.lines);
		}
	}
}

static void test_what_is_no_tracker_document_fails(void **state UNUSED)
{
	static const struct {
		const char *document, *message;
	} cases[] = {
		{ "", "line 1" },
		{ "[]", "expected object" },
		{ "null", "expected object" },
		{ "{} {}", "line 1, column 4" },
		{ "<html>", "line 1, column 1" },
		{ "{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"sid\":{\"status\":open}}}}}",
			"line 1" },
		{ "{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"sid\":[}}}}}", "line 1" },
		{ "{\"a\":{\"\xff\":{}}}", "line 1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r;

		assert_fails(parse(&r, str_of(cases[i].document), 0, &err), &err, ERR_INPUT,
			cases[i].message);
		assert_int_equal(r.puts, 0);
		buf_fini(&r.lines);
	}
}

static void test_refused_advisory_does_not_end_the_parse(void **state UNUSED)
{
	static const struct {
		int answer;
		int expected;
		size_t puts;
	} cases[] = { { 0, 0, 7 }, { -ERR_INPUT, 0, 7 }, { -ERR_IO, -ERR_IO, 1 } };
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/debian-good.json", &n);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r;
		struct stream_mem m;

		recorder_init(&r);
		r.answer = cases[i].answer;
		stream_mem_init(&m, span_n(document, n), 0);
		assert_int_equal(
			feed_driver_by_name(STR("debian"))->parse(&m.stream, &r.sink, &err),
			cases[i].expected);
		assert_int_equal(err.code, -cases[i].expected);
		assert_int_equal(r.puts, cases[i].puts);
		buf_fini(&r.lines);
	}
}

/* A document of one CVE in which a text stands between the two pieces, many times over. */
static struct str document_with(struct buf *out, const char *before, const char *text, size_t times)
{
	buf_append_str(out, STR("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"sid\":{"));
	buf_append_str(out, str_of(before));
	for (size_t i = 0; i < times; i++)
		buf_append_str(out, str_of(text));
	buf_append_str(out, STR("\"status\":\"open\"}}}}}"));
	return buf_str(out);
}

static void test_repetition_does_not_grow_memory_without_bound(void **state UNUSED)
{
	_cleanup_buf_ struct buf document = BUF_INIT(64 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r;

	assert_ok(parse(&r,
			  document_with(
				  &document, "", "\"fixed_version\":\"1234567890123456\",", 200000),
			  0, &err),
		&err);
	assert_str(buf_str(&r.lines),
		"note: a CVE-2024-0001: debian:unstable: the fixed version is too long\n");
	buf_fini(&r.lines);
}

static void test_unknown_codenames_are_noted_once_each(void **state UNUSED)
{
	_cleanup_buf_ struct buf document = BUF_INIT(MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r;

	buf_append_str(&document, STR("{\"a\":{\"CVE-2024-0001\":{\"releases\":{"));
	for (int i = 0; i < 1000; i++)
		buf_printf(&document, "\"x%d\":{},", i % 100);
	buf_append_str(&document, STR("\"sid\":{\"status\":\"open\"}}}}}"));
	assert_ok(parse(&r, buf_str(&document), 0, &err), &err);
	assert_int_equal(r.notes, 16);
	assert_int_equal(r.puts, 1);
	buf_fini(&r.lines);
}

static void test_overlong_description_is_cut_between_characters(void **state UNUSED)
{
	_cleanup_buf_ struct buf document = BUF_INIT(8 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r;

	buf_append_str(&document, STR("{\"a\":{\"CVE-2024-0001\":{\"description\":\"x"));
	for (size_t i = 0; i < LIMIT_ADVISORY_TEXT / 2; i++)
		buf_append_str(&document, STR("\xc3\xa4"));
	buf_append_str(&document, STR("\",\"releases\":{\"sid\":{\"status\":\"open\"}}}}}"));
	assert_ok(parse(&r, buf_str(&document), 0, &err), &err);
	assert_int_equal(r.puts, 1);
	ptrdiff_t at = str_find(buf_str(&r.lines), STR("| x"));
	assert_true(at > 0);
	assert_int_equal(r.lines.n - (size_t)at - 3, LIMIT_ADVISORY_TEXT - 1);
	buf_fini(&r.lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents_come_to_what_is_expected),
		cmocka_unit_test(test_document_cut_anywhere_fails),
		cmocka_unit_test(test_what_is_no_tracker_document_fails),
		cmocka_unit_test(test_refused_advisory_does_not_end_the_parse),
		cmocka_unit_test(test_repetition_does_not_grow_memory_without_bound),
		cmocka_unit_test(test_unknown_codenames_are_noted_once_each),
		cmocka_unit_test(test_overlong_description_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
