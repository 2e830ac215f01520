/*
 * http_get() against a server in this process: bodies, validators, redirects, limits.
 */
#include "../test.h"

#include "http_server.h"
#include "net/net.h"

/* What one download came to. */
struct outcome {
	int code; /* of http_get(), or of the stream */
	struct err err;
	struct http_response response;
	struct buf body;
	struct arena arena;
	unsigned connections;
	struct buf requests;
};

static void outcome_fini(struct outcome *o)
{
	err_clear(&o->err);
	buf_fini(&o->body);
	buf_fini(&o->requests);
	arena_fini(&o->arena);
}

static void read_all(struct outcome *o, struct stream *s, size_t piece)
{
	char chunk[65536];
	ssize_t r;

	while ((r = stream_read(s, chunk, piece, &o->err)) > 0)
		buf_append(&o->body, chunk, (size_t)r);
	o->code = (int)r;
	/* An end, and a failure, stay what they are. */
	_cleanup_err_ struct err again = ERR_INIT;
	assert_int_equal(stream_read(s, chunk, 1, &again), r);
}

struct request {
	const char *userinfo;
	struct http_get_options options;
	size_t piece;
	bool keep_open;
};

static void download_many(
	struct outcome *o, const struct request *q, const struct str *responses, size_t n)
{
	struct server server = { .keep_open = q->keep_open };
	_cleanup_(http_closep) struct stream *s = NULL;
	struct http_get_options options = q->options;

	*o = (struct outcome){ .body = BUF_INIT(64 * MIB) };
	server_start(&server, responses, n);
	options.url = arena_printf(&o->arena, "http://%s127.0.0.1:%u/feed",
		q->userinfo ? q->userinfo : "", server.port)
			      .p;
	if (!options.max_bytes)
		options.max_bytes = 64 * MIB;
	o->code = http_get(&options, &o->arena, &o->response, &s, &o->err);
	if (o->code == 0)
		read_all(o, s, q->piece ? q->piece : 4096);
	if (s)
		http_close(take_ptr(s));
	server_stop(&server);
	o->connections = server.connections;
	o->requests = server.requests;
}

static void download(struct outcome *o, const struct request *q, const char *response)
{
	struct str one = str_of(response);

	download_many(o, q, &one, 1);
}

static void test_body_and_validators_are_delivered(void **state UNUSED)
{
	_cleanup_(outcome_fini) struct outcome o;

	download(&o, &(struct request){ 0 },
		"HTTP/1.1 200 OK\r\nETag: \"a1\"\r\nLast-Modified: Fri, 14 Jul 2023 01:02:03 "
		"GMT\r\nContent-Type: nonsense\r\nContent-Encoding: gzip\r\n"
		"Content-Length: 5\r\n\r\nhello");
	assert_ok(o.code, &o.err);
	assert_str(buf_str(&o.body), "hello");
	assert_int_equal(o.response.status, 200);
	assert_str(o.response.etag, "\"a1\"");
	assert_str(o.response.last_modified, "Fri, 14 Jul 2023 01:02:03 GMT");
	assert_str(o.response.content_encoding, "gzip");
	assert_int_equal(o.response.content_length, 5);
	assert_true(str_find(buf_str(&o.requests), STR("Accept-Encoding: identity\r\n")) > 0);
	assert_true(str_find(buf_str(&o.requests), STR("If-")) < 0);
}

static void test_body_of_unknown_length(void **state UNUSED)
{
	static const char *const responses[] = {
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nhello",
	};

	for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
		_cleanup_(outcome_fini) struct outcome o;

		download(&o, &(struct request){ .piece = 1 }, responses[i]);
		assert_ok(o.code, &o.err);
		assert_str(buf_str(&o.body), "hello");
		assert_true(o.response.content_length == UINT64_MAX);
	}
}

static void test_validators_are_sent(void **state UNUSED)
{
	_cleanup_(outcome_fini) struct outcome o;

	download(&o,
		&(struct request){ .options = { .etag = STR("\"a1\""),
					   .last_modified = STR("Fri, 14 Jul 2023 01:02:03 GMT"),
					   .accept_gzip = true } },
		"HTTP/1.1 304 Not Modified\r\nETag: \"a1\"\r\n\r\n");
	assert_ok(o.code, &o.err);
	assert_int_equal(o.response.status, 304);
	assert_int_equal(o.body.n, 0);
	assert_str(o.response.etag, "\"a1\"");
	assert_true(str_find(buf_str(&o.requests), STR("If-None-Match: \"a1\"\r\n")) > 0);
	assert_true(str_find(buf_str(&o.requests),
			    STR("If-Modified-Since: Fri, 14 Jul 2023 01:02:03 GMT\r\n")) > 0);
	assert_true(str_find(buf_str(&o.requests), STR("Accept-Encoding: gzip\r\n")) > 0);
}

static void test_bad_answers_are_errors(void **state UNUSED)
{
	static const struct {
		const char *response;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", ERR_NOT_FOUND, "404" },
		{ "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", ERR_UPSTREAM, "500" },
		{ "HTTP/1.1 204 No Content\r\n\r\n", ERR_UPSTREAM, "204" },
		{ "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", ERR_UPSTREAM, "302" },
		{ "HTTP/1.1 304 Not Modified\r\n\r\n", ERR_UPSTREAM, "304" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", ERR_UPSTREAM, "" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
			ERR_UPSTREAM, "" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n",
			ERR_UPSTREAM, "" },
		{ "", ERR_UPSTREAM, "Empty reply" },
		{ "HTTP/1.1 200 OK\r\nContent-Le", ERR_UPSTREAM, "" },
		{ "nonsense\r\n\r\n", ERR_UPSTREAM, "" },
		{ "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: "
		  "0\r\n\r\n",
			ERR_UPSTREAM, "file" },
		{ "HTTP/1.1 302 Found\r\nLocation: http://[x/\r\nContent-Length: 0\r\n\r\n",
			ERR_UPSTREAM, "" },
		{ "HTTP/1.1 302 Found\r\nLocation: /feed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			ERR_UPSTREAM, "redirects" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(outcome_fini) struct outcome o;

		download(&o, &(struct request){ 0 }, cases[i].response);
		if (o.code >= 0)
			fail_msg("case %zu succeeded", i);
		if (o.err.code != cases[i].code || !strstr(err_msg(&o.err), cases[i].message) ||
			!strstr(err_msg(&o.err), "/feed"))
			fail_msg("case %zu: %s: %s", i, err_code_to_str(o.err.code),
				err_msg(&o.err));
	}
}

static void test_redirect_is_followed(void **state UNUSED)
{
	static const struct str responses[] = {
		STR_INIT("HTTP/1.1 302 Found\r\nETag: \"wrong\"\r\nLocation: "
			 "/other\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad"),
		STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
	};
	_cleanup_(outcome_fini) struct outcome o;

	download_many(&o, &(struct request){ 0 }, responses, ARRAY_LEN(responses));
	assert_ok(o.code, &o.err);
	assert_str(buf_str(&o.body), "hello");
	assert_str(o.response.etag, "");
	assert_true(str_find(buf_str(&o.requests), STR("GET /other ")) > 0);
}

static void test_too_large_is_refused(void **state UNUSED)
{
	static const char *const responses[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
		_cleanup_(outcome_fini) struct outcome o;

		download(&o, &(struct request){ .options = { .max_bytes = 4 } }, responses[i]);
		assert_fails(o.code, &o.err, ERR_TOO_LARGE, "more than 4");
	}
}

static void test_endless_head_is_refused(void **state UNUSED)
{
	_cleanup_buf_ struct buf response = BUF_INIT(MIB);
	_cleanup_(outcome_fini) struct outcome o;

	buf_append_str(&response, STR("HTTP/1.1 200 OK\r\n"));
	while (response.n <= LIMIT_HTTP_HEAD)
		buf_printf(&response, "X-%zu: %0500d\r\n", response.n, 0);
	buf_append_str(&response, STR("\r\n"));
	download(&o, &(struct request){ 0 }, buf_cstr(&response));
	assert_true(o.code < 0);
}

static void test_large_body_comes_whole_whatever_the_pieces(void **state UNUSED)
{
	static const size_t pieces[] = { 977, 4096, 65536 };
	_cleanup_buf_ struct buf response = BUF_INIT(16 * MIB);

	buf_printf(&response, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 6000000);
	size_t head = response.n;
	for (int i = 0; i < 1000000; i++)
		buf_printf(&response, "%06d", i);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		_cleanup_(outcome_fini) struct outcome o;
		struct str one = buf_str(&response);

		download_many(&o, &(struct request){ .piece = pieces[i] }, &one, 1);
		assert_ok(o.code, &o.err);
		assert_true(str_eq(buf_str(&o.body), str_skip(buf_str(&response), head)));
	}
}

static void test_silent_server_is_cut_off(void **state UNUSED)
{
	static const char *const responses[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent",
	};

	assert_int_equal(setenv("CLAIR_HTTP_STALL_S", "1", 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(responses); i++) {
		_cleanup_(outcome_fini) struct outcome o;

		download(&o, &(struct request){ .keep_open = true }, responses[i]);
		assert_fails(o.code, &o.err, ERR_UPSTREAM, "stopped sending for 1 seconds");
	}
	assert_int_equal(unsetenv("CLAIR_HTTP_STALL_S"), 0);
}

static void test_wrong_stall_limit_is_told(void **state UNUSED)
{
	static const char *const values[] = { "", "0", "3601", "-1", "x" };

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		_cleanup_(outcome_fini) struct outcome o;

		assert_int_equal(setenv("CLAIR_HTTP_STALL_S", values[i], 1), 0);
		download(
			&o, &(struct request){ 0 }, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		assert_fails(o.code, &o.err, ERR_USAGE, "CLAIR_HTTP_STALL_S");
	}
	assert_int_equal(unsetenv("CLAIR_HTTP_STALL_S"), 0);
}

static void test_closing_early_is_fine(void **state UNUSED)
{
	struct str one = STR("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	struct server server = { .keep_open = true };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct http_response response;
	struct stream *s;
	char c;

	server_start(&server, &one, 1);
	struct http_get_options o = { .max_bytes = 10,
		.url = arena_printf(&a, "http://127.0.0.1:%u/", server.port).p };
	assert_ok(http_get(&o, &a, &response, &s, &err), &err);
	assert_int_equal(stream_read(s, &c, 1, &err), 1);
	http_close(s);
	server_stop(&server);
	server_fini(&server);
}

static void test_credentials_are_sent_and_not_shown(void **state UNUSED)
{
	_cleanup_(outcome_fini) struct outcome o;

	download(&o, &(struct request){ .userinfo = "user:secret@" },
		"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
	assert_true(o.code < 0);
	assert_null(strstr(err_msg(&o.err), "secret"));
	assert_non_null(strstr(err_msg(&o.err), "http://127.0.0.1:"));
	assert_true(str_find(buf_str(&o.requests), STR("Authorization: Basic ")) > 0);
}

static void test_unreachable_and_wrong_urls(void **state UNUSED)
{
	static const struct {
		const char *url;
		enum err_code code;
	} cases[] = {
		{ "http://127.0.0.1:1/", ERR_UPSTREAM },
		{ "http://[::1", ERR_USAGE },
		{ "http://user:secret@:x/", ERR_USAGE },
		{ "ftp://host/", ERR_USAGE },
		{ "/etc/passwd", ERR_USAGE },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		struct http_response response;
		struct stream *s;
		struct http_get_options o = { .url = cases[i].url, .max_bytes = 1 };

		assert_int_equal(http_get(&o, &a, &response, &s, &err), -(int)cases[i].code);
		assert_null(strstr(err_msg(&err), "secret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_and_validators_are_delivered),
		cmocka_unit_test(test_body_of_unknown_length),
		cmocka_unit_test(test_validators_are_sent),
		cmocka_unit_test(test_bad_answers_are_errors),
		cmocka_unit_test(test_redirect_is_followed),
		cmocka_unit_test(test_too_large_is_refused),
		cmocka_unit_test(test_endless_head_is_refused),
		cmocka_unit_test(test_large_body_comes_whole_whatever_the_pieces),
		cmocka_unit_test(test_silent_server_is_cut_off),
		cmocka_unit_test(test_wrong_stall_limit_is_told),
		cmocka_unit_test(test_closing_early_is_fine),
		cmocka_unit_test(test_credentials_are_sent_and_not_shown),
		cmocka_unit_test(test_unreachable_and_wrong_urls),
	};

	return cmocka_run_group_tests(tests, clean_environment, NULL);
}
