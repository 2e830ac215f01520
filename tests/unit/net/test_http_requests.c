/*
 * What http_get() sends: headers of the caller, and to whom after redirects; and what ends it
 * before the server does.
 */
#include "../test.h"

#include "http_server.h"
#include "net/net.h"

#define OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* A download that is read to its end: 0, or the code of what failed. */
static int download(const struct http_get_options *o, struct buf *body, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_(http_closep) struct stream *s = NULL;
	struct http_response response;
	char chunk[4096];
	ssize_t n;

	int r = http_get(o, &a, &response, &s, err);
	if (r < 0)
		return r;
	while ((n = stream_read(s, chunk, sizeof(chunk), err)) > 0)
		buf_append(body, chunk, (size_t)n);
	return (int)n;
}

static const char *url_of(char url[static 256], const char *host, unsigned port, const char *path)
{
	(void)snprintf(url, 256, "http://%s:%u%s", host, port, path);
	return url;
}

static void test_headers_of_the_caller_are_sent_verbatim(void **state UNUSED)
{
	static const struct str response = STR_INIT(
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
	static const struct http_header headers[] = {
		{ STR_INIT("x-Registry-Auth"), STR_INIT("  {\"a\": \"b; c\"}\t") },
		{ STR_INIT("Authorization"), STR_INIT("Bearer ~t%2F") },
		{ STR_INIT("X-Empty"), STR_INIT("") },
		{ STR_INIT("Accept"), STR_INIT("application/x-layer") },
		{ STR_INIT("X-Utf8"), STR_INIT("\xC3\xA4") },
		/* Framing is not the caller's. */
		{ STR_INIT("host"), STR_INIT("elsewhere") },
		{ STR_INIT("Content-Length"), STR_INIT("7") },
		{ STR_INIT("TRANSFER-ENCODING"), STR_INIT("chunked") },
		{ STR_INIT("Trailer"), STR_INIT("x") },
	};
	static const char *const expected[] = { "GET /a%20b/../c?d=%2f HTTP/1.1\r\n",
		"\r\nx-Registry-Auth: {\"a\": \"b; c\"}\r\n", "\r\nAuthorization: Bearer ~t%2F\r\n",
		"\r\nX-Empty:\r\n", "\r\nAccept: application/x-layer\r\n",
		"\r\nX-Utf8: \xC3\xA4\r\n", "\r\nUser-Agent: Go-http-client/1.1\r\n",
		"\r\nHost: 127.0.0.1:" };
	static const char *const unexpected[] = { "elsewhere", "Content-Length", "chunked",
		"railer", "Accept-Encoding", "*/*" };
	struct server server = { 0 };
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;
	char url[256];

	server_start(&server, &response, 1);
	struct http_get_options o = { .url = url_of(
					      url, "127.0.0.1", server.port, "/a b/../c?d=%2f"),
		.max_bytes = KIB,
		.headers = headers,
		.header_count = ARRAY_LEN(headers),
		.user_agent = "Go-http-client/1.1",
		.no_accept_encoding = true };
	assert_ok(download(&o, &body, &err), &err);
	server_stop(&server);
	/* A body that says to be compressed is delivered as it is. */
	assert_str(buf_str(&body), "hello");
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		if (!server_saw(&server, expected[i]))
			fail_msg("no %s in %s", expected[i], buf_cstr(&server.requests));
	}
	for (size_t i = 0; i < ARRAY_LEN(unexpected); i++) {
		if (server_saw(&server, unexpected[i]))
			fail_msg("%s in %s", unexpected[i], buf_cstr(&server.requests));
	}
	server_fini(&server);
}

static void test_headers_of_the_caller_win(void **state UNUSED)
{
	static const struct str response = STR_INIT(OK_RESPONSE);
	static const struct http_header headers[] = { { STR_INIT("user-agent"), STR_INIT("mine") },
		{ STR_INIT("accept-encoding"), STR_INIT("zstd") } };
	struct server server = { 0 };
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;
	char url[256];

	server_start(&server, &response, 1);
	struct http_get_options o = { .url = url_of(url, "127.0.0.1", server.port, "/"),
		.max_bytes = KIB,
		.headers = headers,
		.header_count = ARRAY_LEN(headers) };
	assert_ok(download(&o, &body, &err), &err);
	server_stop(&server);
	assert_true(server_saw(&server, "\r\nuser-agent: mine\r\n"));
	assert_true(server_saw(&server, "\r\naccept-encoding: zstd\r\n"));
	assert_false(server_saw(&server, "clair"));
	assert_false(server_saw(&server, "identity"));
	server_fini(&server);
}

static void test_headers_that_would_be_others_are_refused(void **state UNUSED)
{
	static const struct {
		struct http_header header;
		const char *message;
	} cases[] = {
		{ { STR_INIT("X\r\nY"), STR_INIT("v") }, "header 1" },
		{ { STR_INIT("X: Y"), STR_INIT("v") }, "header 1" },
		{ { STR_INIT("X "), STR_INIT("v") }, "header 1" },
		{ { STR_INIT(""), STR_INIT("v") }, "header 1" },
		{ { STR_INIT("X\0"), STR_INIT("v") }, "header 1" },
		{ { STR_INIT("X"), STR_INIT("v\r\nY: z") }, "header X" },
		{ { STR_INIT("X"), STR_INIT("v\n") }, "header X" },
		{ { STR_INIT("X"), STR_INIT("v\rw") }, "header X" },
		{ { STR_INIT("X"), STR_INIT("v\0w") }, "header X" },
		{ { STR_INIT("X"), STR_INIT("v\x7f") }, "header X" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf body = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;
		struct http_get_options o = { .url = "http://127.0.0.1:1/",
			.max_bytes = KIB,
			.headers = &cases[i].header,
			.header_count = 1 };

		assert_fails(download(&o, &body, &err), &err, ERR_USAGE, cases[i].message);
	}
}

static void test_too_many_headers_are_refused(void **state UNUSED)
{
	static char value[LIMIT_REQUEST_HEADERS];
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;

	memset(value, 'x', sizeof(value));
	struct http_header header = { STR("X"), str_n(value, sizeof(value)) };
	struct http_get_options o = { .url = "http://127.0.0.1:1/",
		.max_bytes = KIB,
		.headers = &header,
		.header_count = 1 };
	assert_fails(download(&o, &body, &err), &err, ERR_TOO_LARGE, "request headers");
}

static struct str redirect_to(struct arena *a, const char *url)
{
	return arena_printf(a,
		"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 3\r\nConnection: "
		"close\r\n\r\nbad",
		url);
}

/* GETs http://HOST:port/ of the first server with secrets in its headers. */
static void get_with_secrets(struct server *first, const char *host)
{
	static const struct http_header headers[] = {
		{ STR_INIT("authorization"), STR_INIT("Bearer secret") },
		{ STR_INIT("Cookie"), STR_INIT("secret=1") },
		{ STR_INIT("X-Other"), STR_INIT("kept") },
	};
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;
	char url[256];

	struct http_get_options o = { .url = url_of(url, host, first->port, "/"),
		.max_bytes = KIB,
		.headers = headers,
		.header_count = ARRAY_LEN(headers) };
	assert_ok(download(&o, &body, &err), &err);
	assert_str(buf_str(&body), "hello");
}

/* How often a text is in what a server was asked. */
static int count_seen(struct server *s, const char *text)
{
	struct str rest = buf_str(&s->requests);
	ptrdiff_t at;
	int n = 0;

	for (; (at = str_find(rest, str_of(text))) >= 0; n++)
		rest = str_skip(rest, (size_t)at + 1);
	return n;
}

static void test_secrets_stay_with_their_server_and_its_subdomains(void **state UNUSED)
{
	static const struct {
		const char *from, *to; /* "" for a relative redirect */
		bool kept;
	} cases[] = {
		{ "localhost", "", true },
		{ "localhost", "localhost", true },
		{ "localhost", "LOCALHOST", true },
		{ "localhost", "sub.localhost", true },
		{ "sub.localhost", "localhost", false },
		{ "localhost", "127.0.0.1", false },
		{ "b.localhost", "ab.localhost", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct server server = { 0 };
		struct str responses[2];
		char url[256] = "/other";

		server_listen(&server);
		if (cases[i].to[0])
			(void)url_of(url, cases[i].to, server.port, "/other");
		responses[0] = redirect_to(&a, url);
		responses[1] = STR(OK_RESPONSE);
		server_serve(&server, responses, 2);
		get_with_secrets(&server, cases[i].from);
		server_stop(&server);
		assert_int_equal(count_seen(&server, "GET /other "), 1);
		assert_int_equal(count_seen(&server, "X-Other: kept"), 2);
		if (count_seen(&server, "secret") != (cases[i].kept ? 4 : 2))
			fail_msg("case %zu: %s", i, buf_cstr(&server.requests));
		server_fini(&server);
	}
}

static void test_secrets_do_not_come_back(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct server first = { 0 }, second = { 0 };
	struct str from_first[2], from_second;
	char url[256];

	server_listen(&first);
	server_listen(&second);
	from_first[0] = redirect_to(&a, url_of(url, "localhost", second.port, "/a"));
	from_first[1] = STR(OK_RESPONSE);
	from_second = redirect_to(&a, url_of(url, "localhost", first.port, "/b"));
	server_serve(&first, from_first, 2);
	server_serve(&second, &from_second, 1);
	get_with_secrets(&first, "localhost");
	server_stop(&first);
	server_stop(&second);
	assert_int_equal(count_seen(&first, "secret"), 2);
	assert_int_equal(count_seen(&first, "GET /b "), 1);
	assert_int_equal(count_seen(&second, "secret"), 0);
	assert_int_equal(count_seen(&second, "X-Other: kept"), 1);
	server_fini(&first);
	server_fini(&second);
}

static void test_credentials_of_the_url_stay_with_their_server(void **state UNUSED)
{
	static const struct {
		const char *to;
		int sent;
	} cases[] = { { "localhost", 2 }, { "127.0.0.1", 1 }, { "sub.localhost", 1 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_buf_ struct buf body = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;
		struct server server = { 0 };
		struct str responses[2];
		char url[256];

		server_listen(&server);
		responses[0] = redirect_to(&a, url_of(url, cases[i].to, server.port, "/other"));
		responses[1] = STR(OK_RESPONSE);
		server_serve(&server, responses, 2);
		struct http_get_options o = { .url = url_of(url, "user:p%40ss@localhost",
						      server.port, "/"),
			.max_bytes = KIB };
		assert_ok(download(&o, &body, &err), &err);
		server_stop(&server);
		/* user:p@ss */
		assert_int_equal(
			count_seen(&server, "Authorization: Basic dXNlcjpwQHNz"), cases[i].sent);
		server_fini(&server);
	}
}

static void test_other_success_is_one_where_it_is_wanted(void **state UNUSED)
{
	static const struct {
		const char *response;
		bool any_success, ok;
	} cases[] = {
		{ "HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello", true, true },
		{ "HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello", false, false },
		{ "HTTP/1.1 204 No Content\r\n\r\n", true, true },
		{ "HTTP/1.1 100 Continue\r\n\r\n" OK_RESPONSE, true, true },
		{ "HTTP/1.1 300 Choices\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", true,
			false },
		{ "HTTP/1.1 304 Not Modified\r\n\r\n", true, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf body = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;
		struct str response = str_of(cases[i].response);
		struct server server = { 0 };
		char url[256];

		server_start(&server, &response, 1);
		struct http_get_options o = { .url = url_of(url, "127.0.0.1", server.port, "/"),
			.max_bytes = KIB,
			.any_success = cases[i].any_success };
		int r = download(&o, &body, &err);
		if ((r == 0) != cases[i].ok)
			fail_msg("case %zu: %s", i, err_msg(&err));
		server_stop(&server);
		server_fini(&server);
	}
}

static void test_signatures_are_not_shown(void **state UNUSED)
{
	static const char *const responses[] = {
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: /x?secret\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: ftp://x?secret\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://x:secret/\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"",
	};

	for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
		_cleanup_buf_ struct buf body = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;
		struct str response = str_of(responses[i]);
		struct server server = { 0 };
		char url[256];

		server_start(&server, &response, 1);
		struct http_get_options o = { .url = url_of(url, "u:secret@127.0.0.1", server.port,
						      "/layer?sig=secret#secret"),
			.max_bytes = KIB,
			.hide_query = true };
		assert_true(download(&o, &body, &err) < 0);
		assert_null(strstr(err_msg(&err), "secret"));
		assert_non_null(strstr(err_msg(&err), "/layer: "));
		server_stop(&server);
		server_fini(&server);
	}
}

/* Cancels once the server has answered; the answer is incomplete. */
struct canceller {
	_Atomic bool served;
	_Atomic bool cancel;
};

static void *cancel_when_served(void *ctx)
{
	struct canceller *c = ctx;

	while (!c->served)
		(void)sched_yield();
	c->cancel = true;
	return NULL;
}

static void test_cancelling_ends_a_waiting_transfer(void **state UNUSED)
{
	static const struct str responses[] = { STR_INIT("HTTP/1.1 200 OK\r\nContent"),
		STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello") };

	for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
		struct canceller c = { 0 };
		struct server server = { .keep_open = true, .served = &c.served };
		_cleanup_buf_ struct buf body = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;
		pthread_t thread;
		char url[256];

		server_start(&server, &responses[i], 1);
		assert_int_equal(pthread_create(&thread, NULL, cancel_when_served, &c), 0);
		struct http_get_options o = { .url = url_of(url, "127.0.0.1", server.port, "/"),
			.max_bytes = KIB,
			.cancel = &c.cancel };
		uint64_t start = clock_monotonic_ms();
		assert_fails(download(&o, &body, &err), &err, ERR_CANCELLED, "cancelled");
		/* Far from any other limit. */
		assert_true(clock_monotonic_ms() - start < 20000);
		assert_int_equal(pthread_join(thread, NULL), 0);
		server_stop(&server);
		server_fini(&server);
	}
}

static void test_what_is_cancelled_already_is_not_started(void **state UNUSED)
{
	static const struct str response = STR_INIT(OK_RESPONSE);
	_Atomic bool cancel = true;
	struct server server = { 0 };
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;
	char url[256];

	server_start(&server, &response, 1);
	struct http_get_options o = { .url = url_of(url, "127.0.0.1", server.port, "/"),
		.max_bytes = KIB,
		.cancel = &cancel };
	assert_fails(download(&o, &body, &err), &err, ERR_CANCELLED, "cancelled");
	server_stop(&server);
	assert_int_equal(server.connections, 0);
	server_fini(&server);
}

static void test_cancelling_drops_what_was_not_read(void **state UNUSED)
{
	static const struct str response = STR_INIT(OK_RESPONSE);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_(http_closep) struct stream *s = NULL;
	_Atomic bool cancel = false;
	struct http_response head;
	struct server server = { 0 };
	_cleanup_err_ struct err err = ERR_INIT;
	char url[256], c;

	server_start(&server, &response, 1);
	struct http_get_options o = { .url = url_of(url, "127.0.0.1", server.port, "/"),
		.max_bytes = KIB,
		.cancel = &cancel };
	assert_ok(http_get(&o, &a, &head, &s, &err), &err);
	assert_int_equal(stream_read(s, &c, 1, &err), 1);
	cancel = true;
	assert_fails((int)stream_read(s, &c, 1, &err), &err, ERR_CANCELLED, "cancelled");
	assert_fails((int)stream_read(s, &c, 1, &err), &err, ERR_CANCELLED, "cancelled");
	server_stop(&server);
	server_fini(&server);
}

static void test_limits_of_a_call(void **state UNUSED)
{
	static const struct str response =
		STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	static const struct {
		unsigned stall_s, total_s;
		const char *message;
	} cases[] = { { 1, 0, "stopped sending for 1 seconds" },
		{ 0, 1, "not done after 1000 ms" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct server server = { .keep_open = true };
		_cleanup_buf_ struct buf body = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;
		char url[256];

		server_start(&server, &response, 1);
		struct http_get_options o = { .url = url_of(url, "127.0.0.1", server.port, "/"),
			.max_bytes = KIB,
			.stall_s = cases[i].stall_s,
			.total_s = cases[i].total_s };
		assert_fails(download(&o, &body, &err), &err, ERR_UPSTREAM, cases[i].message);
		assert_str(buf_str(&body), "hello");
		server_stop(&server);
		server_fini(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers_of_the_caller_are_sent_verbatim),
		cmocka_unit_test(test_headers_of_the_caller_win),
		cmocka_unit_test(test_headers_that_would_be_others_are_refused),
		cmocka_unit_test(test_too_many_headers_are_refused),
		cmocka_unit_test(test_secrets_stay_with_their_server_and_its_subdomains),
		cmocka_unit_test(test_secrets_do_not_come_back),
		cmocka_unit_test(test_credentials_of_the_url_stay_with_their_server),
		cmocka_unit_test(test_other_success_is_one_where_it_is_wanted),
		cmocka_unit_test(test_signatures_are_not_shown),
		cmocka_unit_test(test_cancelling_ends_a_waiting_transfer),
		cmocka_unit_test(test_what_is_cancelled_already_is_not_started),
		cmocka_unit_test(test_cancelling_drops_what_was_not_read),
		cmocka_unit_test(test_limits_of_a_call),
	};

	return cmocka_run_group_tests(tests, clean_environment, NULL);
}
