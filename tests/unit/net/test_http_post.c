/*
 * http_post(): what is sent, what comes of each status, redirects as Go's client follows them,
 * proxies and limits.
 */
#include "../test.h"

#include "http_server.h"
#include "net/net.h"

#define BODY "{\"Notification\":{\"Name\":\"x\"}}"

static const char *url_of(char url[static 256], const char *host, unsigned port, const char *path)
{
	(void)snprintf(url, 256, "http://%s:%u%s", host, port, path);
	return url;
}

static struct http_post_options post_to(const char *url)
{
	return (struct http_post_options){
		.url = url, .content_type = "application/json", .body = STR(BODY)
	};
}

static void test_a_body_is_posted(void **state UNUSED)
{
	static const struct str response =
		STR_INIT("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
	static const char *const expected[] = { "POST /secscan/notify?a=b HTTP/1.1\r\n",
		"\r\nUser-Agent: Go-http-client/1.1\r\n", "\r\nContent-Type: application/json\r\n",
		"\r\nContent-Length: 29\r\n", ("\r\n\r\n" BODY) };
	struct server server = { 0 };
	_cleanup_err_ struct err err = ERR_INIT;
	long status = 0;
	char url[256];

	server_start(&server, &response, 1);
	struct http_post_options o =
		post_to(url_of(url, "127.0.0.1", server.port, "/secscan/notify?a=b"));
	assert_ok(http_post(&o, &status, &err), &err);
	server_stop(&server);
	assert_int_equal(status, 201);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		if (!server_saw(&server, expected[i]))
			fail_msg("no %s in %s", expected[i], buf_cstr(&server.requests));
	}
	assert_false(server_saw(&server, "Expect"));
	server_fini(&server);
}

static void test_an_empty_body_is_posted(void **state UNUSED)
{
	static const struct str response = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	struct server server = { 0 };
	_cleanup_err_ struct err err = ERR_INIT;
	long status = 0;
	char url[256];

	server_start(&server, &response, 1);
	struct http_post_options o = post_to(url_of(url, "127.0.0.1", server.port, "/"));
	o.body = STR_NULL;
	o.user_agent = "other";
	assert_ok(http_post(&o, &status, &err), &err);
	server_stop(&server);
	assert_true(server_saw(&server, "\r\nContent-Length: 0\r\n"));
	assert_true(server_saw(&server, "\r\nUser-Agent: other\r\n"));
	server_fini(&server);
}

static void test_every_status_is_a_result(void **state UNUSED)
{
	static const struct {
		const char *response;
		long status;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nendless", 200 },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: nonsense\r\n\r\n", 200 },
		{ "HTTP/1.0 204 No Content\r\n\r\n", 204 },
		{ "HTTP/1.1 304 Not Modified\r\n\r\n", 304 },
		{ "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", 302 },
		{ "HTTP/1.1 300 Choices\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 300 },
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404 },
		{ "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: "
		  "0\r\n\r\n",
			401 },
		{ "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 500 },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Oops\r\nContent-Length: 0\r\n\r\n",
			503 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str response = str_of(cases[i].response);
		struct server server = { 0 };
		_cleanup_err_ struct err err = ERR_INIT;
		long status = 0;
		char url[256];

		server_start(&server, &response, 1);
		struct http_post_options o = post_to(url_of(url, "127.0.0.1", server.port, "/"));
		assert_ok(http_post(&o, &status, &err), &err);
		server_stop(&server);
		assert_int_equal(status, cases[i].status);
		assert_int_equal(server.connections, 1);
		server_fini(&server);
	}
}

static void test_redirects_are_followed_as_go_does(void **state UNUSED)
{
	static const struct {
		int status;
		bool post_again;
	} cases[] = { { 301, false }, { 302, false }, { 303, false }, { 307, true },
		{ 308, true } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct server server = { 0 };
		_cleanup_err_ struct err err = ERR_INIT;
		long status = 0;
		char url[256];

		struct str responses[] = {
			arena_printf(&a,
				"HTTP/1.1 %d X\r\nLocation: ../b?c\r\nContent-Length: "
				"0\r\nConnection: close\r\n\r\n",
				cases[i].status),
			STR("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
		};
		server_start(&server, responses, 2);
		struct http_post_options o = post_to(url_of(url, "127.0.0.1", server.port, "/x/a"));
		assert_ok(http_post(&o, &status, &err), &err);
		server_stop(&server);
		assert_int_equal(status, 200);
		struct str second = buf_str(&server.requests);
		ptrdiff_t end = str_find(second, STR(BODY));
		second = str_skip(second, (size_t)end + sizeof(BODY) - 1);
		assert_true(str_starts(second, cases[i].post_again ? STR("POST /b?c HTTP/1.1\r\n")
								   : STR("GET /b?c HTTP/1.1\r\n")));
		assert_true(str_ends(second, STR(BODY)) == cases[i].post_again);
		assert_true((str_find(second, STR("Content-")) > 0) == cases[i].post_again);
		server_fini(&server);
	}
}

static void test_endless_redirects_are_ended(void **state UNUSED)
{
	static const struct str response = STR_INIT("HTTP/1.1 307 X\r\nLocation: /again\r\nContent-"
						    "Length: 0\r\nConnection: close\r\n\r\n");
	struct server server = { 0 };
	_cleanup_err_ struct err err = ERR_INIT;
	long status = 0;
	char url[256];

	server_start(&server, &response, 1);
	struct http_post_options o = post_to(url_of(url, "127.0.0.1", server.port, "/"));
	assert_fails(http_post(&o, &status, &err), &err, ERR_UPSTREAM, "more than 10 redirects");
	server_stop(&server);
	assert_int_equal(server.connections, 11);
	server_fini(&server);
}

static void test_a_server_that_does_not_answer_is_given_up(void **state UNUSED)
{
	static const struct str response = STR_INIT("HTTP/1.1 200");
	struct server server = { .keep_open = true };
	_cleanup_err_ struct err err = ERR_INIT;
	long status = 0;
	char url[256];

	server_start(&server, &response, 1);
	struct http_post_options o = post_to(url_of(url, "127.0.0.1", server.port, "/"));
	o.timeout_ms = 300;
	assert_fails(http_post(&o, &status, &err), &err, ERR_UPSTREAM, "not done after 300 ms");
	server_stop(&server);
	server_fini(&server);
}

static void test_posting_can_be_cancelled(void **state UNUSED)
{
	_Atomic bool cancel = true;
	_cleanup_err_ struct err err = ERR_INIT;
	long status = 0;
	struct http_post_options o = post_to("http://127.0.0.1:1/");

	o.cancel = &cancel;
	assert_fails(http_post(&o, &status, &err), &err, ERR_CANCELLED, "cancelled");
}

static void test_proxy_is_the_calls_or_the_environments(void **state UNUSED)
{
	static const struct str response = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	static const struct {
		const char *variable, *environment; /* PROXY: the server */
		const char *exempt;
		const char *option;
		bool by_proxy;
	} cases[] = {
		{ "http_proxy", NULL, "*", "PROXY", true },
		{ "http_proxy", "http://127.0.0.1:1", NULL, "PROXY", true },
		{ "http_proxy", "PROXY", NULL, NULL, true },
		{ "HTTP_PROXY", "PROXY", NULL, NULL, true },
		{ "https_proxy", "PROXY", NULL, NULL, false },
		{ "http_proxy", "PROXY", "127.0.0.1", NULL, false },
		{ "HTTP_PROXY", "PROXY", "127.0.0.1", NULL, false },
		{ "http_proxy", "http://127.0.0.1:1", NULL, "", false },
		{ "HTTP_PROXY", "http://127.0.0.1:1", NULL, "", false },
		{ "http_proxy", NULL, NULL, NULL, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct server server = { 0 };
		_cleanup_err_ struct err err = ERR_INIT;
		char url[256], proxy[256], seen[300];
		long status = 0;

		server_start(&server, &response, 1);
		(void)snprintf(proxy, sizeof(proxy), "http://user:pw@127.0.0.1:%u", server.port);
		const char *environment = cases[i].environment;
		if (environment)
			assert_int_equal(
				setenv(cases[i].variable,
					strcmp(environment, "PROXY") == 0 ? proxy : environment, 1),
				0);
		assert_int_equal(cases[i].exempt ? setenv("no_proxy", cases[i].exempt, 1)
						 : unsetenv("no_proxy"),
			0);
		struct http_post_options o = post_to(url_of(url, "127.0.0.1", server.port, "/n"));
		o.proxy = cases[i].option;
		if (o.proxy && o.proxy[0])
			o.proxy = proxy;
		assert_ok(http_post(&o, &status, &err), &err);
		server_stop(&server);
		(void)snprintf(seen, sizeof(seen), "POST %s HTTP/1.1\r\n", url);
		if (server_saw(&server, seen) != cases[i].by_proxy ||
			server_saw(&server, "Proxy-Authorization: Basic ") != cases[i].by_proxy)
			fail_msg("case %zu: %s", i, buf_cstr(&server.requests));
		server_fini(&server);
		assert_int_equal(unsetenv(cases[i].variable) + setenv("no_proxy", "*", 1), 0);
	}
}

static void test_secrets_are_not_shown(void **state UNUSED)
{
	static const struct {
		const char *url, *proxy;
		enum err_code code;
	} cases[] = {
		{ "http://u:secret@127.0.0.1:1/hook?token=secret", NULL, ERR_UPSTREAM },
		{ "http://u:secret@:x/hook", NULL, ERR_USAGE },
		{ "ftp://u:secret@127.0.0.1/hook", NULL, ERR_USAGE },
		{ "http://127.0.0.1/hook", "http://u:secret@127.0.0.1:1", ERR_UPSTREAM },
		{ "http://127.0.0.1/hook", "http://u:secret@127.0.0.1:x", ERR_USAGE },
		{ "http://127.0.0.1/hook", "nonsense://u:secret@127.0.0.1", ERR_USAGE },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_post_options o = post_to(cases[i].url);
		_cleanup_err_ struct err err = ERR_INIT;
		long status;

		o.proxy = cases[i].proxy;
		int r = http_post(&o, &status, &err);
		if (r != -(int)cases[i].code || strstr(err_msg(&err), "secret") ||
			!strstr(err_msg(&err), "/hook"))
			fail_msg("case %zu: %s: %s", i, err_code_to_str(err.code), err_msg(&err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_body_is_posted),
		cmocka_unit_test(test_an_empty_body_is_posted),
		cmocka_unit_test(test_every_status_is_a_result),
		cmocka_unit_test(test_redirects_are_followed_as_go_does),
		cmocka_unit_test(test_endless_redirects_are_ended),
		cmocka_unit_test(test_a_server_that_does_not_answer_is_given_up),
		cmocka_unit_test(test_posting_can_be_cancelled),
		cmocka_unit_test(test_proxy_is_the_calls_or_the_environments),
		cmocka_unit_test(test_secrets_are_not_shown),
	};

	return cmocka_run_group_tests(tests, clean_environment, NULL);
}
