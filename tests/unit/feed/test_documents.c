/*
 * What an update remembers for the next: it comes back as it was set, whatever a server sent.
 */
#include "../test.h"

#include "feed/documents.h"

static void test_text_gives_back_what_was_set(void **state UNUSED)
{
	struct documents d, again;
	struct buf text = BUF_INIT(KIB), second = BUF_INIT(KIB);
	struct document_state out;
	_cleanup_err_ struct err err = ERR_INIT;

	documents_init(&d);
	documents_init(&again);
	documents_set(&d, STR("commit"), STR("1234"));
	documents_note(&d, "https://a.example/x y",
		&(struct document_state){ .etag = STR("\"e\""),
			.last_modified = STR("Mon, 1"),
			.digest = STR("sha256:00") });
	documents_note(&d, "b", &(struct document_state){ .digest = STR("sha256:01") });
	assert_ok(documents_format(&d, &text, &err), &err);
	documents_parse(&again, buf_str(&text));
	assert_str(documents_get(&again, STR("commit")), "1234");
	assert_true(documents_find(&again, "https://a.example/x y", &out));
	assert_str(out.etag, "\"e\"");
	assert_str(out.last_modified, "Mon, 1");
	assert_str(out.digest, "sha256:00");
	assert_true(documents_find(&again, "b", &out));
	assert_int_equal(out.etag.n, 0);
	assert_false(documents_find(&again, "c", &out));
	/* In one order, whatever the map's. */
	assert_ok(documents_format(&again, &second, &err), &err);
	assert_true(str_eq(buf_str(&text), buf_str(&second)));
	buf_fini(&text);
	buf_fini(&second);
	documents_fini(&d);
	documents_fini(&again);
}

static void test_separators_in_values_do_no_harm(void **state UNUSED)
{
	struct documents d, again;
	struct buf text = BUF_INIT(KIB);
	struct document_state out;
	_cleanup_err_ struct err err = ERR_INIT;

	documents_init(&d);
	documents_init(&again);
	documents_set(&d, STR("a\tb"), STR("1\n2"));
	documents_note(&d, "x",
		&(struct document_state){ .etag = STR("\"a\tb\""), .digest = STR("sha256:02") });
	assert_ok(documents_format(&d, &text, &err), &err);
	documents_parse(&again, buf_str(&text));
	assert_str(documents_get(&again, STR("a")), "1");
	assert_true(documents_find(&again, "x", &out));
	assert_int_equal(out.etag.n, 0);
	assert_str(out.digest, "sha256:02");
	buf_fini(&text);
	documents_fini(&d);
	documents_fini(&again);
}

static void test_damaged_text_is_as_if_not_there(void **state UNUSED)
{
	struct documents d;
	struct document_state out;

	documents_init(&d);
	documents_parse(&d, STR("no tab\n\ndocument x\tonly one\ncommit\tabc"));
	assert_str(documents_get(&d, STR("commit")), "abc");
	assert_false(documents_find(&d, "x", &out));
	documents_fini(&d);
}

static void test_too_much_is_refused(void **state UNUSED)
{
	struct documents d;
	struct buf text = BUF_INIT(16);
	_cleanup_err_ struct err err = ERR_INIT;

	documents_init(&d);
	documents_set(&d, STR("key"), STR("a value that is longer than that"));
	assert_fails(documents_format(&d, &text, &err), &err, ERR_TOO_LARGE, "16 bytes");
	buf_fini(&text);
	documents_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_gives_back_what_was_set),
		cmocka_unit_test(test_separators_in_values_do_no_harm),
		cmocka_unit_test(test_damaged_text_is_as_if_not_there),
		cmocka_unit_test(test_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
