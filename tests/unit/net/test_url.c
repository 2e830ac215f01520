/*
 * What is known of URLs outside of libcurl.
 */
#include "../test.h"

#include "net/net.h"

static void test_credentials_are_removed(void **state UNUSED)
{
	static const struct {
		const char *url, *expected;
	} cases[] = {
		{ "http://host/path", "http://host/path" },
		{ "https://user:secret@host/path", "https://host/path" },
		{ "https://user@host", "https://host" },
		{ "https://us@er:se@cret@host:8080?q", "https://host:8080?q" },
		{ "https://host/a@b", "https://host/a@b" },
		{ "https://host?a@b", "https://host?a@b" },
		{ "https://host#a@b", "https://host#a@b" },
		{ "https://@", "https://" },
		{ "https://", "https://" },
		{ "user:secret@host", "user:secret@host" },
		{ "/path/a@b", "/path/a@b" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		assert_str(url_without_credentials(&a, str_of(cases[i].url)), cases[i].expected);
	}
}

static void test_secrets_are_removed(void **state UNUSED)
{
	static const struct {
		const char *url, *expected;
	} cases[] = {
		{ "http://host/path", "http://host/path" },
		{ "https://user:secret@host/path?X-Signature=s", "https://host/path" },
		{ "https://host?s", "https://host" },
		{ "https://host/a#token", "https://host/a" },
		{ "https://host/a?b@c", "https://host/a" },
		{ "/path?x", "/path" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		assert_str(url_without_secrets(&a, str_of(cases[i].url)), cases[i].expected);
	}
}

static void test_http_locations_are_recognised(void **state UNUSED)
{
	static const struct {
		const char *location;
		bool http;
	} cases[] = {
		{ "http://host", true },
		{ "HTTPS://host", true },
		{ "ftp://host", false },
		{ "file:///http://", false },
		{ "httpx://host", false },
		{ "http:/host", false },
		{ "/tmp/http", false },
		{ "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (url_is_http(str_of(cases[i].location)) != cases[i].http)
			fail_msg("%s", cases[i].location);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials_are_removed),
		cmocka_unit_test(test_secrets_are_removed),
		cmocka_unit_test(test_http_locations_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
