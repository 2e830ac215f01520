/*
 * Names that a page links to: of plain files in the folder, sorted, each once.
 */
#include "../test.h"

#include "feed/listing.h"

static void assert_names(struct str page, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf found = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct str_vec names = VEC_INIT;
	struct stream_mem m;

	stream_mem_init(&m, span_from_str(page), 7);
	assert_ok(listing_of_page(&m.stream, &a, &names, &err), &err);
	vec_for_each(name, &names)
		buf_printf(&found, "%" PRIstr " ", STR_ARG(*name));
	assert_str(buf_str(&found), expected);
	vec_fini(&names);
}

static void test_links_become_names(void **state UNUSED)
{
	assert_names(STR("<a href=\"b.xml\">b</a><a href='/data/oval/a.xml.gz'>a</a>"),
		"a.xml.gz b.xml ");
	assert_names(STR("<a href=\"b.xml\"><a href=\"./b.xml\">"), "b.xml ");
}

static void test_what_is_no_plain_name_is_left_out(void **state UNUSED)
{
	assert_names(
		STR("<a href=\"?C=N;O=D\"><a href=\"../\"><a href=\".hidden\"><a href=\"\">"), "");
	assert_names(STR("<a href=\"a%2fb\"><a href=plain><a href=\"a b\"><a href=\"open"), "");
}

/* Where each of many quotes that never close was looked for to the end of the page, it took hours.
 */
static void test_quote_is_looked_for_nearby(void **state UNUSED)
{
	_cleanup_buf_ struct buf page = BUF_INIT(MIB);

	buf_append_str(&page, STR("href='"));
	for (size_t i = 0; i < LIMIT_PATH; i++)
		buf_append_char(&page, 'a');
	buf_append_str(&page, STR("/name'"));
	assert_names(buf_str(&page), "");
	assert_names(STR("href='aaaa/name'"), "name ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_become_names),
		cmocka_unit_test(test_what_is_no_plain_name_is_left_out),
		cmocka_unit_test(test_quote_is_looked_for_nearby),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
