/*
 * The HTTP server by real sockets: what is served, and how it starts and ends.
 */
#include "http_peer.h"

#include <zlib.h>

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct http_server_options o = fixture_options(f);

	fixture_init(f);
	fixture_start(f, &o);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_fini(*state);
	free(*state);
	return 0;
}

static void test_get_is_answered_with_all_headers(void **state)
{
	struct peer p;
	struct answer a;

	peer_open(&p, *state);
	peer_ask(&p, "GET /a%3Ab%2fc?x=1&y HTTP/1.1\r\n" HOST "X-Test:  some value \r\n\r\n", &a);
	assert_true(str_starts(buf_str(&a.head), STR("HTTP/1.1 200 OK\r\n")));
	assert_str(answer_header(&a, "Server"), "clair");
	assert_str(answer_header(&a, "Content-Type"), "text/plain");
	assert_str(answer_header(&a, "Content-Encoding"), "");
	assert_true(str_ends(answer_header(&a, "Date"), STR(" GMT")));
	assert_str(buf_str(&a.body), "GET /a:b/c x=1&y 0 [some value]");
	answer_fini(&a);
	struct ended e = fixture_ended(*state, 0);
	assert_int_equal(e.status, 200);
	assert_int_equal(e.bytes, strlen("GET /a:b/c x=1&y 0 [some value]"));
	assert_string_equal(e.target, "/a%3Ab%2fc?x=1&y");
	peer_close(&p);
}

static void test_empty_body_has_a_length_and_no_type(void **state)
{
	struct peer p;
	struct answer a;

	peer_open(&p, *state);
	peer_ask(&p, "DELETE /empty HTTP/1.1\r\n" HOST "\r\n", &a);
	assert_true(str_starts(buf_str(&a.head), STR("HTTP/1.1 422 Unprocessable Entity\r\n")));
	assert_str(answer_header(&a, "Content-Length"), "0");
	assert_str(answer_header(&a, "Content-Type"), "");
	assert_str(answer_header(&a, "Allow"), "GET");
	answer_fini(&a);
	peer_close(&p);
}

static void test_head_has_the_headers_of_get(void **state)
{
	struct peer p;
	struct answer a;

	peer_open(&p, *state);
	peer_ask(&p, "HEAD /a HTTP/1.1\r\n" HOST "\r\n", &a);
	assert_int_equal(a.status, 200);
	assert_str(answer_header(&a, "Content-Length"), "13");
	assert_str(answer_header(&a, "Content-Type"), "text/plain");
	answer_fini(&a);
	assert_int_equal(fixture_ended(*state, 0).bytes, 0);
	/* The next reply follows at once. */
	assert_answer(&p, "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	peer_close(&p);
}

static void test_bodies_come_whole_however_they_are_sent(void **state)
{
	struct peer p;

	peer_open(&p, *state);
	assert_answer(
		&p, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345", "POST /a  5 []");
	assert_answer(&p,
		"PUT /a HTTP/1.1\r\n" HOST
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
		"PUT /a  13 []");
	struct str bytes = STR("POST /b HTTP/1.1\r\n" HOST "content-length: 3\r\n\r\nabc");
	for (size_t i = 0; i + 1 < bytes.n; i++)
		peer_send(&p, str_n(bytes.p + i, 1));
	assert_answer(&p, "c", "POST /b  3 []");
	peer_close(&p);
}

static void test_of_a_long_body_the_first_part_is_kept(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(MIB);
	struct peer p;
	struct answer a;

	buf_printf(&request, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 300000\r\n\r\n");
	memset(buf_reserve(&request, 300000), 'x', 300000);
	buf_commit(&request, 300000);
	peer_open(&p, *state);
	peer_send(&p, buf_str(&request));
	peer_read_answer(&p, &a, true);
	assert_str(buf_str(&a.body), "POST /a  100000+ []");
	answer_fini(&a);
	assert_answer(&p, "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	peer_close(&p);
}

static void test_bodies_have_a_limit_all_together(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	struct peer first, second;
	struct answer a;

	fixture_init(&f);
	o.max_bodies_bytes = 10;
	fixture_start(&f, &o);
	peer_open(&first, &f);
	peer_open(&second, &f);
	peer_send(&first, STR("POST /later HTTP/1.1\r\n" HOST "Content-Length: 8\r\n\r\n12345678"));
	struct http_request *r = fixture_take(&f);
	peer_ask(&second, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", &a);
	assert_int_equal(a.status, 503);
	assert_str(answer_header(&a, "Connection"), "close");
	answer_fini(&a);
	assert_ends(&second);
	peer_close(&second);
	reply_text(r, STR(""));
	assert_true(http_server_drain(f.server, PATIENCE_S * 1000));
	peer_open(&second, &f);
	assert_answer(&second, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
		"POST /a  3 []");
	peer_close(&first);
	peer_close(&second);
	fixture_fini(&f);
}

static void test_who_expects_it_is_told_to_continue(void **state)
{
	struct peer p;
	struct answer a;

	peer_open(&p, *state);
	peer_ask(&p,
		"POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
		&a);
	assert_int_equal(a.status, 100);
	answer_fini(&a);
	assert_answer(&p, "abc", "POST /a  3 []");
	peer_close(&p);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	struct answer a;

	peer_open(&p, f);
	peer_send(&p, STR("GET /1 HTTP/1.1\r\n" HOST "\r\nGET /later HTTP/1.1\r\n" HOST
			  "\r\nPOST /3 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n12GET /4 "
			  "HTTP/1.1\r\nConnection: close\r\n" HOST "\r\n"));
	reply_text(fixture_take(f), STR("later"));
	static const char *const expected[] = { "GET /1  0 []", "later", "POST /3  2 []",
		"GET /4  0 []" };
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		peer_read_answer(&p, &a, true);
		assert_str(buf_str(&a.body), expected[i]);
		answer_fini(&a);
	}
	assert_ends(&p);
	peer_close(&p);
}

static void test_http_1_0_is_spoken_with_who_speaks_it(void **state)
{
	struct peer p;
	struct answer a;

	peer_open(&p, *state);
	peer_ask(&p, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &a);
	assert_true(str_starts(buf_str(&a.head), STR("HTTP/1.0 200 OK\r\n")));
	assert_true(str_eq_nocase(answer_header(&a, "Connection"), STR("keep-alive")));
	answer_fini(&a);
	peer_ask(&p, "GET /a HTTP/1.0\r\n\r\n", &a);
	assert_true(str_starts(buf_str(&a.head), STR("HTTP/1.0 200 OK\r\n")));
	answer_fini(&a);
	assert_ends(&p);
	peer_close(&p);
}

/* What gzip unpacks to. */
static void gunzip(struct str in, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
	size_t room = 32 * MIB;

	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	z.next_out = buf_reserve(out, room);
	z.avail_out = (uInt)room;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	buf_commit(out, room - z.avail_out);
	(void)inflateEnd(&z);
}

static void test_gzip_is_for_who_accepts_it(void **state)
{
	static const struct {
		const char *accepts;
		bool gzipped;
	} cases[] = { { "gzip", true }, { "deflate, gzip;q=0", true }, { "GZIP", false },
		{ "identity", false } };
	struct peer p;
	struct answer a;

	peer_open(&p, *state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf request = BUF_INIT(KIB);
		_cleanup_buf_ struct buf plain = BUF_INIT(64 * MIB);

		buf_printf(&request, "GET /a HTTP/1.1\r\n" HOST "Accept-Encoding: %s\r\n\r\n",
			cases[i].accepts);
		peer_ask(&p, buf_cstr(&request), &a);
		assert_str(answer_header(&a, "Content-Encoding"), cases[i].gzipped ? "gzip" : "");
		if (cases[i].gzipped)
			gunzip(buf_str(&a.body), &plain);
		else
			buf_append_str(&plain, buf_str(&a.body));
		assert_str(buf_str(&plain), "GET /a  0 []");
		answer_fini(&a);
	}
	peer_close(&p);
}

static void make_shared(struct fixture *f, bool with_gzip)
{
	struct buf content = BUF_INIT(64 * MIB);

	for (unsigned i = 0; content.n < 20 * MIB; i++)
		buf_printf(&content, "{\"Name\":\"CVE-%u\",\"x\":%u}\n", i, i * 2654435761U);
	f->shared = http_body_new(&content, with_gzip);
	assert_null(content.p);
}

static void test_big_shared_bodies_come_whole(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	struct answer a;

	make_shared(f, false);
	struct span content = http_body_bytes(f->shared);
	peer_open(&p, f);
	for (int i = 0; i < 3; i++) {
		peer_ask(&p, "GET /shared HTTP/1.1\r\n" HOST "\r\n", &a);
		assert_int_equal(a.body.n, content.n);
		assert_memory_equal(a.body.p, content.p, content.n);
		answer_fini(&a);
	}
	_cleanup_buf_ struct buf plain = BUF_INIT(64 * MIB);
	peer_ask(&p, "GET /shared HTTP/1.1\r\nAccept-Encoding: gzip\r\n" HOST "\r\n", &a);
	assert_true(a.body.n < content.n / 2);
	gunzip(buf_str(&a.body), &plain);
	assert_int_equal(plain.n, content.n);
	assert_memory_equal(plain.p, content.p, content.n);
	assert_int_equal(fixture_ended(f, 3).bytes, a.body.n);
	answer_fini(&a);
	peer_close(&p);
}

static void test_gzipped_shared_bodies_are_sent_as_they_are(void **state)
{
	struct fixture *f = *state;
	_cleanup_buf_ struct buf plain = BUF_INIT(64 * MIB);
	struct peer p;
	struct answer a;

	make_shared(f, true);
	struct span content = http_body_bytes(f->shared);
	peer_open(&p, f);
	peer_ask(&p, "GET /shared HTTP/1.1\r\nAccept-Encoding: gzip\r\n" HOST "\r\n", &a);
	assert_str(answer_header(&a, "Content-Encoding"), "gzip");
	assert_int_equal(a.body.n, content.n);
	assert_memory_equal(a.body.p, content.p, content.n);
	gunzip(buf_str(&a.body), &plain);
	assert_true(plain.n >= 20 * MIB);
	answer_fini(&a);
	peer_close(&p);
}

static void test_a_client_that_leaves_amid_a_reply_does_no_harm(void **state)
{
	struct fixture *f = *state;
	struct peer p;

	make_shared(f, false);
	for (int i = 0; i < 10; i++) {
		peer_open(&p, f);
		peer_send(&p, STR("GET /shared HTTP/1.1\r\n" HOST "\r\n"));
		assert_true(peer_fill(&p));
		peer_close(&p);
	}
	assert_int_equal(fixture_ended(f, 9).status, 200);
	peer_open(&p, f);
	assert_answer(&p, "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	peer_close(&p);
}

static void answer_in_worker(void *ctx, size_t thread)
{
	struct http_request *r = ctx;

	assert(thread != WORK_DROPPED);
	reply_text(r, r->query);
}

static void test_requests_are_answered_later_from_other_threads(void **state)
{
	enum { PEERS = 50, ROUNDS = 10 };
	struct fixture *f = *state;
	_cleanup_err_ struct err err = ERR_INIT;
	struct work_queue *q = NULL;
	struct peer peers[PEERS];
	struct answer a;

	assert_ok(work_queue_new("test", 4, PEERS, &q, &err), &err);
	for (size_t i = 0; i < PEERS; i++)
		peer_open(&peers[i], f);
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < PEERS; i++) {
			_cleanup_buf_ struct buf request = BUF_INIT(KIB);

			buf_printf(
				&request, "GET /later?%zu-%zu HTTP/1.1\r\n" HOST "\r\n", round, i);
			peer_send(&peers[i], buf_str(&request));
		}
		for (size_t i = 0; i < PEERS; i++)
			assert_true(work_queue_push(q, answer_in_worker, fixture_take(f)));
		for (size_t i = 0; i < PEERS; i++) {
			char expected[32];

			(void)snprintf(expected, sizeof(expected), "%zu-%zu", round, i);
			peer_read_answer(&peers[i], &a, true);
			assert_str(buf_str(&a.body), expected);
			answer_fini(&a);
		}
	}
	for (size_t i = 0; i < PEERS; i++)
		peer_close(&peers[i]);
	work_queue_free(q);
}

static void test_a_request_that_takes_too_long_gets_the_reply_for_that(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	struct peer p;
	struct answer a;

	fixture_init(&f);
	o.request_timeout_ms = 20;
	fixture_start(&f, &o);
	peer_open(&p, &f);
	for (int i = 0; i < 3; i++) {
		peer_ask(&p, "GET /later HTTP/1.1\r\n" HOST "\r\n", &a);
		assert_true(
			str_starts(buf_str(&a.head), STR("HTTP/1.1 503 Service Unavailable\r\n")));
		assert_str(answer_header(&a, "Content-Type"), "application/json");
		assert_str(answer_header(&a, "Server"), "clair");
		assert_str(buf_str(&a.body), "{\"late\":true}");
		answer_fini(&a);
		assert_int_equal(fixture_ended(&f, (size_t)i * 2).status, 503);
		/* Nobody gets to see it. */
		reply_text(fixture_take(&f), STR("too late"));
		assert_answer(&p, "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	}
	peer_close(&p);
	fixture_fini(&f);
}

struct race {
	struct fixture *f;
	struct work_queue *workers;
	unsigned number;
};

/* Answers around the time when it is too late. */
static void answer_about_in_time(void *ctx, size_t thread UNUSED)
{
	struct http_request *r = ctx;
	uint64_t number = 0;

	if (!parse_u64(r->query, &number))
		abort();
	while (clock_monotonic_ns() - r->start_ns < number % 7 * 500000)
		;
	reply_text(r, r->query);
}

static void *hand_to_workers(void *ctx)
{
	struct race *race = ctx;

	for (unsigned i = 0; i < race->number; i++) {
		if (!work_queue_push(race->workers, answer_about_in_time, fixture_take(race->f)))
			abort();
	}
	return NULL;
}

static void test_answers_and_timeouts_race_and_each_request_has_one_reply(void **state UNUSED)
{
	enum { PEERS = 16, ROUNDS = 30 };
	_cleanup_err_ struct err err = ERR_INIT;
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	struct peer peers[PEERS];
	struct race race = { .f = &f, .number = PEERS * ROUNDS };
	struct answer a;
	pthread_t giver;

	fixture_init(&f);
	o.request_timeout_ms = 1;
	fixture_start(&f, &o);
	assert_ok(work_queue_new("test", 3, PEERS * ROUNDS, &race.workers, &err), &err);
	assert_int_equal(pthread_create(&giver, NULL, hand_to_workers, &race), 0);
	for (size_t i = 0; i < PEERS; i++)
		peer_open(&peers[i], &f);
	for (size_t n = 0; n < race.number; n++) {
		_cleanup_buf_ struct buf request = BUF_INIT(KIB);

		buf_printf(&request, "GET /later?%zu HTTP/1.1\r\n" HOST "\r\n", n);
		peer_send(&peers[n % PEERS], buf_str(&request));
	}
	for (size_t n = 0; n < race.number; n++) {
		char number[32];

		(void)snprintf(number, sizeof(number), "%zu", n);
		peer_read_answer(&peers[n % PEERS], &a, true);
		assert_str(buf_str(&a.body), a.status == 503 ? "{\"late\":true}" : number);
		answer_fini(&a);
	}
	assert_true(http_server_drain(f.server, PATIENCE_S * 1000));
	assert_int_equal(f.ended.n, race.number);
	for (size_t i = 0; i < PEERS; i++)
		peer_close(&peers[i]);
	assert_int_equal(pthread_join(giver, NULL), 0);
	fixture_fini(&f);
	work_queue_stop(race.workers, true);
	work_queue_free(race.workers);
}

static void test_a_reply_for_a_client_that_has_gone_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct peer p;

	peer_open(&p, f);
	peer_send(&p, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
	struct http_request *r = fixture_take(f);
	assert_true(str_starts(r->remote, STR("127.0.0.1:")));
	assert_int_equal(http_server_running(f->server), 1);
	peer_close(&p);
	reply_text(r, STR("for nobody"));
	assert_string_equal(fixture_ended(f, 0).target, "/later");
	assert_true(http_server_drain(f->server, PATIENCE_S * 1000));
}

static void test_a_taken_port_is_named(void **state)
{
	struct fixture *f = *state;
	struct http_server_options o = fixture_options(f);
	_cleanup_err_ struct err err = ERR_INIT;
	struct http_server *second = NULL;
	char expected[64];

	o.port = http_server_port(f->server);
	(void)snprintf(
		expected, sizeof(expected), "127.0.0.1 port %u: Address already in use", o.port);
	assert_fails(http_server_start(&o, &second, &err), &err, ERR_BUSY, expected);
	o.address = "192.0.2.77";
	assert_fails(http_server_start(&o, &second, &err), &err, ERR_IO, "192.0.2.77");
	o.address = "no.such.name.invalid";
	assert_fails(http_server_start(&o, &second, &err), &err, ERR_USAGE, o.address);
}

static void test_no_address_means_all_of_them(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	struct peer p;

	fixture_init(&f);
	o.address = NULL;
	fixture_start(&f, &o);
	/* IPv4 on what is an IPv6 socket where there is IPv6. */
	peer_open(&p, &f);
	peer_send(&p, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
	struct http_request *r = fixture_take(&f);
	assert_true(str_starts(r->remote, STR("127.0.0.1:")));
	reply_text(r, STR(""));
	peer_close(&p);
	fixture_fini(&f);
}

static void test_what_runs_is_answered_when_the_server_stops(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in address = peer_address(f);
	struct peer p;
	struct answer a;

	peer_open(&p, f);
	peer_send(&p, STR("GET /later HTTP/1.1\r\n" HOST "\r\n"));
	struct http_request *r = fixture_take(f);
	http_server_stop_accepting(f->server);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), -1);
	(void)close(fd);
	assert_false(http_server_drain(f->server, 10));
	reply_text(r, STR("just in time"));
	assert_true(http_server_drain(f->server, PATIENCE_S * 1000));
	assert_int_equal(f->ended.n, 1);
	peer_read_answer(&p, &a, true);
	assert_str(answer_header(&a, "Connection"), "close");
	assert_str(buf_str(&a.body), "just in time");
	answer_fini(&a);
	assert_ends(&p);
	peer_close(&p);
}

static void test_a_request_outlives_its_server(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	struct http_request *held[8];
	struct peer peers[ARRAY_LEN(held)];

	fixture_init(&f);
	fixture_start(&f, &o);
	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		peer_open(&peers[i], &f);
		peer_send(&peers[i], STR("GET /later?x HTTP/1.1\r\n" HOST "\r\n"));
		held[i] = fixture_take(&f);
	}
	http_server_free(take_ptr(f.server));
	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		assert_ends(&peers[i]);
		assert_str(held[i]->query, "x");
		reply_text(held[i], STR("for nobody"));
		peer_close(&peers[i]);
	}
	assert_int_equal(f.ended.n, 0);
	fixture_fini(&f);
}

static void test_beyond_the_limit_connections_wait_for_others_to_end(void **state UNUSED)
{
	struct fixture f;
	struct http_server_options o = fixture_options(&f);
	struct peer peers[4];

	fixture_init(&f);
	o.max_connections = 2;
	fixture_start(&f, &o);
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		peer_open(&peers[i], &f);
	for (size_t i = 0; i < 2; i++)
		assert_answer(&peers[i], "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	assert_int_equal(http_server_connections(f.server), 2);
	for (size_t i = 2; i < ARRAY_LEN(peers); i++) {
		peer_close(&peers[i - 2]);
		assert_answer(&peers[i], "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b  0 []");
	}
	peer_close(&peers[2]);
	peer_close(&peers[3]);
	fixture_fini(&f);
}

static void test_the_limit_of_descriptors_can_be_raised(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(http_raise_fd_limit(&err), &err);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_get_is_answered_with_all_headers),
		WITH_SERVER(test_empty_body_has_a_length_and_no_type),
		WITH_SERVER(test_head_has_the_headers_of_get),
		WITH_SERVER(test_bodies_come_whole_however_they_are_sent),
		WITH_SERVER(test_of_a_long_body_the_first_part_is_kept),
		cmocka_unit_test(test_bodies_have_a_limit_all_together),
		WITH_SERVER(test_who_expects_it_is_told_to_continue),
		WITH_SERVER(test_pipelined_requests_are_answered_in_order),
		WITH_SERVER(test_http_1_0_is_spoken_with_who_speaks_it),
		WITH_SERVER(test_gzip_is_for_who_accepts_it),
		WITH_SERVER(test_gzipped_shared_bodies_are_sent_as_they_are),
		WITH_SERVER(test_big_shared_bodies_come_whole),
		WITH_SERVER(test_a_client_that_leaves_amid_a_reply_does_no_harm),
		WITH_SERVER(test_requests_are_answered_later_from_other_threads),
		cmocka_unit_test(test_a_request_that_takes_too_long_gets_the_reply_for_that),
		cmocka_unit_test(test_answers_and_timeouts_race_and_each_request_has_one_reply),
		WITH_SERVER(test_a_reply_for_a_client_that_has_gone_is_dropped),
		WITH_SERVER(test_a_taken_port_is_named),
		cmocka_unit_test(test_no_address_means_all_of_them),
		WITH_SERVER(test_what_runs_is_answered_when_the_server_stops),
		cmocka_unit_test(test_a_request_outlives_its_server),
		cmocka_unit_test(test_beyond_the_limit_connections_wait_for_others_to_end),
		cmocka_unit_test(test_the_limit_of_descriptors_can_be_raised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
