/*
 * What a location is.
 */
#include "../test.h"

#include "feed/feed_priv.h"

static void test_locations_are_told_apart(void **state UNUSED)
{
	static const struct {
		const char *location;
		enum err_code code;
		enum location_kind kind;
		const char *path;
	} cases[] = {
		{ "https://host/x", 0, LOCATION_HTTP, NULL },
		{ "HTTP://host", 0, LOCATION_HTTP, NULL },
		{ "feed.json", 0, LOCATION_FILE, "feed.json" },
		{ "/a%20b", 0, LOCATION_FILE, "/a%20b" },
		{ "", 0, LOCATION_FILE, "" },
		{ "file:///a%20b%2Fc", 0, LOCATION_FILE, "/a b/c" },
		{ "File://LocalHost/a", 0, LOCATION_FILE, "/a" },
		{ "file://host/a", ERR_UNSUPPORTED, 0, NULL },
		{ "file://", ERR_UNSUPPORTED, 0, NULL },
		{ "file:///a%2", ERR_USAGE, 0, NULL },
		{ "file:///a%", ERR_USAGE, 0, NULL },
		{ "file:///a%xy", ERR_USAGE, 0, NULL },
		{ "file:///a%00", ERR_USAGE, 0, NULL },
		{ "ftp://user:secret@host/a", ERR_UNSUPPORTED, 0, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		enum location_kind kind = 0;
		const char *path = NULL;

		int r = location_resolve(cases[i].location, &a, &kind, &path, &err);
		if (r != -(int)cases[i].code)
			fail_msg("%s: %d %s", cases[i].location, r, err_msg(&err));
		assert_int_equal(kind, cases[i].kind);
		assert_null(strstr(err_msg(&err), "secret"));
		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
	}
}

static void test_overlong_file_url_is_refused(void **state UNUSED)
{
	_cleanup_buf_ struct buf url = BUF_INIT(MIB);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	enum location_kind kind;
	const char *path;

	buf_append_str(&url, STR("file:///"));
	for (size_t i = 0; i < LIMIT_PATH; i++)
		buf_append_char(&url, 'a');
	assert_fails(location_resolve(buf_cstr(&url), &a, &kind, &path, &err), &err, ERR_TOO_LARGE,
		"file:///a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locations_are_told_apart),
		cmocka_unit_test(test_overlong_file_url_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
