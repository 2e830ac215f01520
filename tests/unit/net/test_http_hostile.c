/*
 * The HTTP server against those who mean harm, or are broken: requests that could be read in two
 * ways, and clients that take their time.
 */
#include "http_peer.h"

#include <poll.h>

struct bad {
	const char *what;
	struct str request;
	unsigned status; /* 0: the connection just ends */
};

#define BAD(what, request, status)                \
	{                                         \
		what, STR_INIT(request), (status) \
	}

static const struct bad bad_requests[] = {
	BAD("both lengths",
		"POST / HTTP/1.1\r\n" HOST
		"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400),
	BAD("both lengths, the other way round",
		"POST / HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		400),
	BAD("two lengths",
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		400),
	BAD("the same length twice",
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc",
		400),
	BAD("a list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc", 400),
	BAD("a signed length", "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", 400),
	BAD("an empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\nabc", 400),
	BAD("a hexadecimal length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc",
		400),
	BAD("a huge length",
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\nabc", 413),
	BAD("two codings",
		"POST / HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400),
	BAD("an unknown coding",
		"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		501),
	BAD("a disguised coding",
		"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n", 400),
	BAD("no coding at all",
		"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501),
	BAD("a coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		400),
	BAD("a blank before the colon", "POST / HTTP/1.1\r\n" HOST "Content-Length : 3\r\n\r\nabc",
		400),
	BAD("a name with a blank", "GET / HTTP/1.1\r\n" HOST "a b: c\r\n\r\n", 400),
	BAD("no name", "GET / HTTP/1.1\r\n" HOST ": c\r\n\r\n", 400),
	BAD("no colon", "GET / HTTP/1.1\r\n" HOST "abc\r\n\r\n", 400),
	BAD("a continued line", "GET / HTTP/1.1\r\n" HOST "a: b\r\n c\r\n\r\n", 400),
	BAD("a continued first line", "GET / HTTP/1.1\r\n a: b\r\n" HOST "\r\n", 400),
	BAD("bare LF", "GET / HTTP/1.1\n" HOST "\r\n", 400),
	BAD("bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
	BAD("bare LF at the end", "GET / HTTP/1.1\r\n" HOST "\n", 400),
	BAD("bare CR", "GET / HTTP/1.1\r\n" HOST "a: b\rc: d\r\n\r\n", 400),
	BAD("NUL in a value", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 400),
	BAD("NUL at the end of a value", "GET / HTTP/1.1\r\n" HOST "a: b\0\r\n\r\n", 400),
	BAD("NUL in a name", "GET / HTTP/1.1\r\n" HOST "a\0b: c\r\n\r\n", 400),
	BAD("NUL for the end of the head", "GET / HTTP/1.1\r\n" HOST "\0\r\na: b\r\n\r\n", 400),
	BAD("NUL in the target", "GET /a\0b HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("NUL in the query", "GET /a?b\0c HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("NUL in the method", "GE\0T / HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("a method that is no token", "G{T / HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("two blanks", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("two blanks further on", "GET /  HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("a blank at the end", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400),
	BAD("a blank in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("a target that is none", "GET a HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("an escape that is none", "GET /%zz HTTP/1.1\r\n" HOST "\r\n", 400),
	BAD("no host", "GET / HTTP/1.1\r\n\r\n", 400),
	BAD("two hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400),
	BAD("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
	BAD("a version that is none", "GET / HTTX/1.1\r\n" HOST "\r\n", 400),
	BAD("no version", "GET /\r\n" HOST "\r\n", 400),
	BAD("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 0),
	BAD("a chunk size that is none",
		"POST / HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n0\r\n\r\n",
		400),
	BAD("a huge chunk size",
		"POST / HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
		413),
	BAD("a chunk that is longer than it says",
		"POST / HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
		400),
};

/* Reads to the end of the connection; what has come. */
static void read_all(struct peer *p)
{
	while (peer_fill(p))
		;
}

static void test_what_has_two_meanings_is_refused_and_ends_the_connection(void **state UNUSED)
{
	struct str smuggled = STR("GET /smuggled HTTP/1.1\r\n" HOST "\r\n");
	struct fixture f;
	struct http_server_options o = fixture_options(&f);

	fixture_init(&f);
	fixture_start(&f, &o);
	for (size_t i = 0; i < ARRAY_LEN(bad_requests); i++) {
		const struct bad *b = &bad_requests[i];
		struct peer p;
		char start[32] = "";

		if (b->status)
			(void)snprintf(start, sizeof(start), "HTTP/1.%s %u ",
				str_find(b->request, STR("HTTP/1.0")) < 0 ? "1" : "0", b->status);
		peer_open(&p, &f);
		peer_send(&p, b->request);
		/* What is smuggled must not be answered. The connection may have ended already. */
		(void)!send(p.fd, smuggled.p, smuggled.n, MSG_NOSIGNAL);
		read_all(&p);
		if (!str_starts(buf_str(&p.in), str_of(start)) || (!b->status && p.in.n))
			fail_msg("%s: expected %u, got %" PRIstr, b->what, b->status,
				STR_ARG(buf_str(&p.in)));
		if (str_find(buf_str(&p.in), STR("smuggled")) >= 0)
			fail_msg("%s: what came behind it was served", b->what);
		if (b->status && str_find(buf_str(&p.in), STR("Connection: close\r\n")) < 0)
			fail_msg("%s: the end is not announced", b->what);
		peer_close(&p);
	}
	/* No handler has seen any. */
	for (size_t i = 0; i < f.ended.n; i++)
		assert_true(f.ended.v[i].status >= 400);
	fixture_fini(&f);
}

static void test_heads_and_queries_that_are_too_long_are_refused(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	static const struct {
		const char *before, *unit;
		size_t count;
		const char *expected;
	} cases[] = {
		{ "GET /", "a", 20000, "HTTP/1.1 414 " },
		{ "GET / HTTP/1.1\r\nX: ", "a", 20000, "HTTP/1.1 431 " },
		{ "GET / HTTP/1.1\r\n", "X: y\r\n", 1000, "HTTP/1.1 431 " },
		{ "GET / HTTP/1.1\r\n" HOST "X: ", "a", 12000, "HTTP/1.1 200 " },
		{ "GET /?", "a&", 4000, "HTTP/1.1 200 " },
	};

	fixture_init(&f);
	fixture_start(&f, &o);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf request = BUF_INIT(MIB);
		struct peer p;

		buf_append_str(&request, str_of(cases[i].before));
		for (size_t k = 0; k < cases[i].count; k++)
			buf_append_str(&request, str_of(cases[i].unit));
		if (str_find(str_of(cases[i].before), STR("HTTP")) < 0)
			buf_append_str(&request, STR(" HTTP/1.1\r\n" HOST "Connection: close"));
		else if (str_ends(buf_str(&request), STR("a")))
			buf_append_str(&request, STR("\r\nConnection: close"));
		buf_append_str(&request, STR("\r\n\r\n"));
		peer_open(&p, &f);
		peer_send(&p, buf_str(&request));
		read_all(&p);
		if (!str_starts(buf_str(&p.in), str_of(cases[i].expected)))
			fail_msg("case %zu: %" PRIstr, i, STR_ARG(buf_str(&p.in)));
		peer_close(&p);
	}
	fixture_fini(&f);
}

static struct http_server_options impatient(struct fixture *f)
{
	struct http_server_options o = fixture_options(f);

	o.idle_timeout_s = 1;
	o.receive_timeout_ms = 200;
	return o;
}

static void test_a_silent_connection_ends(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = impatient(&f);
	struct peer p;

	fixture_init(&f);
	fixture_start(&f, &o);
	peer_open(&p, &f);
	assert_ends(&p);
	peer_close(&p);
	peer_open(&p, &f);
	assert_answer(&p, "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	assert_ends(&p);
	peer_close(&p);
	fixture_fini(&f);
}

/* Sends a byte now and then; false once the server has ended the connection. */
static bool drip(struct peer *p, char byte)
{
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };

	(void)!send(p->fd, &byte, 1, MSG_NOSIGNAL);
	return poll(&fd, 1, 5) <= 0 || peer_fill(p);
}

static void test_a_request_that_never_ends_is_cut_off(void **state UNUSED)
{
	static const char *const beginnings[] = { "", "GET /aaa", "GET / HTTP/1.1\r\nX: ",
		"POST / HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n",
		"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffff\r\n",
		"GET /b HTTP/1.1\r\n" HOST "\r\nGET /c" };
	struct peer peers[ARRAY_LEN(beginnings)];
	bool open[ARRAY_LEN(beginnings)];
	size_t left = ARRAY_LEN(beginnings);
	struct fixture f;
	struct http_server_options o = impatient(&f);

	fixture_init(&f);
	fixture_start(&f, &o);
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		peer_open(&peers[i], &f);
		peer_send(&peers[i], str_of(beginnings[i]));
		open[i] = true;
	}
	uint64_t end = clock_monotonic_ms() + PATIENCE_S * 1000;
	while (left && clock_monotonic_ms() < end) {
		for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
			if (open[i] && !drip(&peers[i], 'a')) {
				open[i] = false;
				left--;
			}
		}
	}
	assert_int_equal(left, 0);
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		/* The one that was complete is answered, and nothing else. */
		assert_int_equal(peers[i].in.n > 0, i == 5);
		peer_close(&peers[i]);
	}
	fixture_fini(&f);
}

static void test_slow_ones_do_not_keep_others_from_being_served(void **state UNUSED)
{
	enum { SLOW = 1000 };
	static struct peer slow[SLOW];
	_cleanup_err_ struct err err = ERR_INIT;
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	struct peer quick;

	assert_ok(http_raise_fd_limit(&err), &err);
	fixture_init(&f);
	fixture_start(&f, &o);
	for (size_t i = 0; i < SLOW; i++) {
		peer_open(&slow[i], &f);
		peer_send(&slow[i], STR("POST /slow HTTP/1.1\r\nContent-Len"));
	}
	peer_open(&quick, &f);
	for (int i = 0; i < 20; i++)
		assert_answer(&quick, "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	assert_int_equal(http_server_connections(f.server), SLOW + 1);
	peer_close(&quick);
	for (size_t i = 0; i < SLOW; i++) {
		assert_answer(&slow[i], "gth: 2\r\n" HOST "\r\nab", "POST /slow  2 []");
		peer_close(&slow[i]);
	}
	fixture_fini(&f);
}

static void test_waiting_for_an_answer_is_no_silence(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = impatient(&f);
	struct peer waiting, silent;
	struct answer a;

	fixture_init(&f);
	fixture_start(&f, &o);
	peer_open(&waiting, &f);
	peer_send(&waiting, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
	struct http_request *r = fixture_take(&f);
	/* Twice as long as a silent connection lives. */
	for (int i = 0; i < 2; i++) {
		peer_open(&silent, &f);
		assert_ends(&silent);
		peer_close(&silent);
	}
	reply_text(r, STR("at last"));
	peer_read_answer(&waiting, &a, true);
	assert_str(buf_str(&a.body), "at last");
	answer_fini(&a);
	peer_close(&waiting);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_has_two_meanings_is_refused_and_ends_the_connection),
		cmocka_unit_test(test_heads_and_queries_that_are_too_long_are_refused),
		cmocka_unit_test(test_a_silent_connection_ends),
		cmocka_unit_test(test_a_request_that_never_ends_is_cut_off),
		cmocka_unit_test(test_slow_ones_do_not_keep_others_from_being_served),
		cmocka_unit_test(test_waiting_for_an_answer_is_no_silence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
