/*
 * The JSON reader against jansson: both accept the same documents and read the same values, on a
 * sample of a real feed, on documents made up at random, and on damaged ones. Files named on the
 * command line are compared too.
 */
#include "../test.h"
#include "jansson_oracle.h"
#include "json_cases.h"
#include "json_trace.h"

#include <fcntl.h>

/* xorshift64*: the same documents in every run. */
static uint64_t random_state = 88172645463325252ULL;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 2685821657736338717ULL) >> 33) % n;
}

static void show_token(const struct json_token *t, struct buf *out)
{
	static const char letters[JSON_TYPE_COUNT] = { '{', '}', '[', ']', 'K', 'S', 'N', 'T', 'F',
		'0' };

	if (t->type == JSON_NUMBER) {
		oracle_number(t->text, out);
		return;
	}
	buf_append_char(out, letters[t->type]);
	if (t->type == JSON_KEY || t->type == JSON_STRING) {
		buf_printf(out, "%zu:", t->text.n);
		buf_append_str(out, t->text);
	}
}

/* 0, or the reader's error; the values in *out in the oracle's form. */
static int read_ours(struct str document, struct buf *out)
{
	struct stream_mem in;
	struct json_token t;
	int rc;

	stream_mem_init(&in, span_from_str(document), random_below(4) ? 0 : 1 + random_below(9));
	struct json_reader *r = json_reader_new(&in.stream);
	while ((rc = json_next(r, &t, NULL)) > 0)
		show_token(&t, out);
	json_reader_free(r);
	return rc;
}

/* How often both accepted and both rejected a document. */
static size_t both_accepted, both_rejected;

static void compare(struct str document)
{
	_cleanup_buf_ struct buf ours = BUF_INIT(512 * MIB);
	_cleanup_buf_ struct buf theirs = BUF_INIT(512 * MIB);
	int rc = read_ours(document, &ours);
	enum oracle_verdict verdict = oracle_read(document, &theirs);

	if (verdict == ORACLE_ABSTAINS || rc == -ERR_TOO_LARGE)
		return;
	if ((rc == 0) != (verdict == ORACLE_ACCEPTS))
		fail_msg("%s, jansson does not: %" PRIstr, rc == 0 ? "we accept" : "we reject",
			STR_ARG(document));
	if (rc == 0 && !str_eq(buf_str(&ours), buf_str(&theirs)))
		fail_msg(
			"we read %.500s\njansson reads %.500s", buf_cstr(&ours), buf_cstr(&theirs));
	both_accepted += rc == 0;
	both_rejected += rc != 0;
}

static void test_agree_on_named_documents(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted_cases); i++)
		compare(accepted_cases[i].document);
	for (size_t i = 0; i < ARRAY_LEN(rejected_cases); i++)
		compare(rejected_cases[i].document);
}

static void test_agree_on_a_real_feed(void **state UNUSED)
{
	size_t n;
	char *p = test_read_data("codec/debian-tracker.json", &n);
	size_t before = both_accepted;

	compare(str_n(p, n));
	assert_int_equal(both_accepted, before + 1);
	free(p);
}

static void append_any(struct buf *b, const char *const *of, size_t n)
{
	buf_append_str(b, str_of(of[random_below((uint32_t)n)]));
}

static void append_random_string(struct buf *b)
{
	static const char *const pieces[] = { "a", "key", " ", "\\n", "\\\"", "\\\\", "\\/",
		"\\u0041", "\\u00e9", "\\ud83d\\ude00", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "0123456789abcdef", "\\u0001", "{}[]:," };

	buf_append_char(b, '"');
	for (uint32_t n = random_below(5); n > 0; n--)
		append_any(b, pieces, ARRAY_LEN(pieces));
	buf_append_char(b, '"');
}

/* A document of at most depth levels. */
static void append_random_value(struct buf *b, unsigned depth)
{
	static const char *const scalars[] = { "null", "true", "false", "0", "-0", "1", "-17",
		"3.25", "1e5", "-2.5E-3", "123456789012" };
	static const char *const spaces[] = { "", "", "", "", " ", "\n", "\t\r\n " };
	uint32_t kind = random_below(depth ? 6 : 3);
	bool object = kind == 4;

	append_any(b, spaces, ARRAY_LEN(spaces));
	if (kind == 0) {
		append_random_string(b);
	} else if (kind < 3) {
		append_any(b, scalars, ARRAY_LEN(scalars));
	} else {
		buf_append_char(b, object ? '{' : '[');
		for (uint32_t i = 0, n = random_below(4); i < n; i++) {
			if (i)
				buf_append_char(b, ',');
			if (object) {
				append_random_string(b);
				buf_append_char(b, ':');
			}
			append_random_value(b, depth - 1);
		}
		append_any(b, spaces, ARRAY_LEN(spaces));
		buf_append_char(b, object ? '}' : ']');
	}
	append_any(b, spaces, ARRAY_LEN(spaces));
}

/* One damage: a byte replaced, inserted or removed, a part doubled, the end cut off. */
static void mutate(struct buf *b)
{
	static const char bytes[] = "{}[]:,\"\\ \n0123456789-+.eEtrufalsn/u\x00\x01\x1f\x7f\x80\xbf"
				    "\xc0\xc3\xe2\xed\xf0\xf4\xff";
	uint32_t at = random_below((uint32_t)b->n + 1);
	char c = bytes[random_below(sizeof(bytes) - 1)];
	_cleanup_buf_ struct buf old = BUF_INIT(MIB);

	buf_append_str(&old, buf_str(b));
	struct str head = str_head(buf_str(&old), at);
	struct str tail = str_skip(buf_str(&old), at);
	buf_clear(b);
	buf_append_str(b, head);
	switch (random_below(5)) {
	case 0:
		buf_append_char(b, c);
		buf_append_str(b, str_skip(tail, 1));
		break;
	case 1:
		buf_append_char(b, c);
		buf_append_str(b, tail);
		break;
	case 2:
		buf_append_str(b, str_skip(tail, 1));
		break;
	case 3:
		buf_append_str(b, str_head(tail, 1 + random_below(8)));
		buf_append_str(b, tail);
		break;
	default:
		buf_append_str(b, str_head(tail, random_below(8)));
		break;
	}
}

static void test_agree_on_random_and_damaged_documents(void **state UNUSED)
{
	both_accepted = both_rejected = 0;
	for (int i = 0; i < 8000; i++) {
		_cleanup_buf_ struct buf document = BUF_INIT(MIB);

		append_random_value(&document, 5);
		compare(buf_str(&document));
		for (int k = 0; k < 4; k++) {
			mutate(&document);
			compare(buf_str(&document));
		}
	}
	assert_true(both_accepted > 5000);
	assert_true(both_rejected > 5000);
}

static void test_agree_on_damaged_named_documents(void **state UNUSED)
{
	both_accepted = both_rejected = 0;
	for (size_t i = 0; i < ARRAY_LEN(accepted_cases); i++) {
		for (int k = 0; k < 100; k++) {
			_cleanup_buf_ struct buf document = BUF_INIT(MIB);

			buf_append_str(&document, accepted_cases[i].document);
			mutate(&document);
			compare(buf_str(&document));
		}
	}
	assert_true(both_accepted > 1000);
	assert_true(both_rejected > 1000);
}

static void compare_file(const char *path)
{
	_cleanup_buf_ struct buf content = BUF_INIT(512 * MIB);
	struct err err = ERR_INIT;
	int fd = io_open(path, O_RDONLY, 0, &err);

	if (fd < 0)
		fail_msg("%s", err_msg(&err));
	assert_ok(io_read_to_end(fd, &content, path, &err), &err);
	(void)close(fd);
	compare(buf_str(&content));
}

static char **files;

static void test_agree_on_the_files_given(void **state UNUSED)
{
	for (char **file = files; *file; file++)
		compare_file(*file);
}

int main(int argc UNUSED, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agree_on_named_documents),
		cmocka_unit_test(test_agree_on_a_real_feed),
		cmocka_unit_test(test_agree_on_random_and_damaged_documents),
		cmocka_unit_test(test_agree_on_damaged_named_documents),
		cmocka_unit_test(test_agree_on_the_files_given),
	};

	files = argv + 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
