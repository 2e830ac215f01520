/*
 * Layers, and what all answers have in common: through the real server, on a store that says what
 * the test wants.
 */
#include "routes_test.h"

#include <zlib.h>

/* --- layers */

static void a_posted_layer_is_indexed_and_echoed(void **state)
{
	(void)state;
	expect(peer.v1, "POST /v1/layers",
		"{\"Layer\":{\"Name\":\"a\",\"Path\":\"http://x/<\",\"Format\":\"Docker\","
		"\"ParentName\":\"p\",\"Headers\":{\"Y\":\"2\",\"X\":\"\"},\"NamespaceName\":\"n\"}}",
		201,
		"{\"Layer\":{\"Name\":\"a\",\"Path\":\"http://x/\\u003c\",\"Headers\":{\"X\":\"\","
		"\"Y\":\"2\"},\"ParentName\":\"p\",\"Format\":\"Docker\",\"IndexedByVersion\":3}}\n");
	assert_str(indexed.request, "a p http://x/< Docker X: Y:2");
}

static void what_comes_of_indexing_is_told(void **state)
{
	(void)state;
	expect(peer.v1, "POST /v1/layers", "{\"Layer\":{\"Path\":\"bad\"}}", 400,
		"{\"Error\":{\"Message\":\"could not find layer\"}}\n");
	expect(peer.v1, "POST /v1/layers", "{\"Layer\":{\"Path\":\"strange\"}}", 422,
		"{\"Error\":{\"Message\":\"tarutil: could not extract the archive\"}}\n");
	expect(peer.v1, "POST /v1/layers", "{\"Layer\":{\"Path\":\"broken\"}}", 500, backend_error);
	_cleanup_answer_ struct answer a =
		client_put(peer.v1, "POST /v1/layers", "{\"Layer\":{\"Path\":\"busy\"}}");
	assert_int_equal(a.status, 503);
	assert_str(answer_header(&a, "Retry-After"), "9");
	assert_str(buf_str(&a.body),
		"{\"Error\":{\"Message\":\"too many layers are being indexed\"}}\n");
}

static void a_post_without_a_layer_is_refused(void **state)
{
	static const char *const bodies[][2] = {
		{ "", "EOF" },
		{ "{\"Layer\"", "unexpected EOF" },
		{ "{}", "failed to provide layer" },
		{ "null", "failed to provide layer" },
		{ "{\"Layer\":null}", "failed to provide layer" },
		{ "{\"Layer\":{\"Name\":1}}", "json: cannot unmarshal number into Go struct field "
					      "Layer.Layer.Name of type string" },
		{ "[}", "invalid character '}' looking for beginning of value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		_cleanup_buf_ struct buf expected = BUF_INIT(KIB);

		buf_printf(&expected, "{\"Error\":{\"Message\":\"%s\"}}\n", bodies[i][1]);
		expect(peer.v1, "POST /v1/layers", bodies[i][0], 400, buf_cstr(&expected));
	}
}

static void names_have_at_most_128_characters(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT(KIB), longer = BUF_INIT(KIB);

	(void)state;
	for (int i = 0; i < 128; i++)
		buf_append_str(&body, STR("é"));
	buf_printf(&longer, "{\"Layer\":{\"Name\":\"%sx\",\"Path\":\"ok\"}}", buf_cstr(&body));
	_cleanup_answer_ struct answer refused =
		client_put(peer.v1, "POST /v1/layers", buf_cstr(&longer));
	assert_int_equal(refused.status, 400);
	buf_clear(&longer);
	buf_printf(&longer, "{\"Layer\":{\"Name\":\"%s\",\"Path\":\"ok\"}}", buf_cstr(&body));
	_cleanup_answer_ struct answer taken =
		client_put(peer.v1, "POST /v1/layers", buf_cstr(&longer));
	assert_int_equal(taken.status, 201);
	_cleanup_answer_ struct answer nul = client_put(
		peer.v1, "POST /v1/layers", "{\"Layer\":{\"Name\":\"a\\u0000b\",\"Path\":\"ok\"}}");
	assert_int_equal(nul.status, 400);
}

static void a_body_of_more_than_a_mebibyte_is_cut(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT(4 * MIB);

	(void)state;
	buf_append_str(&body, STR("{\"Layer\":{\"Name\":\""));
	while (body.n < 2 * MIB)
		buf_append_char(&body, 'x');
	buf_append_str(&body, STR("\"}}"));
	expect(peer.v1, "POST /v1/layers", buf_cstr(&body), 400,
		"{\"Error\":{\"Message\":\"unexpected EOF\"}}\n");
}

static void only_what_is_needed_of_a_post_is_kept_until_it_is_answered(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT(4 * MIB);

	(void)state;
	buf_append_str(&body, STR("{\"Layer\":{\"Name\":\"a\",\"Path\":\"ok\",\"Features\":[{}"));
	while (body.n < 512 * KIB)
		buf_append_str(&body, STR(",{}"));
	buf_append_str(&body, STR("]}}"));
	_cleanup_answer_ struct answer a = client_put(peer.v1, "POST /v1/layers", buf_cstr(&body));
	assert_int_equal(a.status, 201);
	assert_in_range(indexed.held_bytes, 1, 64 * KIB);
}

static void more_headers_than_can_be_sent_are_refused(void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT(MIB);

	(void)state;
	buf_append_str(
		&body, STR("{\"Layer\":{\"Name\":\"a\",\"Path\":\"ok\",\"Headers\":{\"X\":\"\""));
	for (int i = 0; i < 10000; i++)
		buf_printf(&body, ",\"%d\":\"\"", i);
	buf_append_str(&body, STR("}}}"));
	_cleanup_answer_ struct answer a = client_put(peer.v1, "POST /v1/layers", buf_cstr(&body));
	assert_int_equal(a.status, 400);
	assert_null(indexed.done);
}

#define FEATURE_1                                                                          \
	"{\"Name\":\"musl\",\"NamespaceName\":\"alpine:v3.8\",\"VersionFormat\":\"dpkg\"," \
	"\"Version\":\"1.1.19-r10\",\"AddedBy\":\"base\"}"
#define LAYER_HEAD(name)                                                       \
	"{\"Layer\":{\"Name\":\"" name "\",\"NamespaceName\":\"alpine:v3.8\"," \
	"\"ParentName\":\"base\",\"IndexedByVersion\":3"
#define VULNERABILITIES                                                                       \
	LAYER_HEAD("a")                                                                       \
	",\"Features\":[" FEATURE_1 ",{\"Name\":\"bash\\u003c\\u003e\",\"NamespaceName\":"    \
	"\"centos:7\",\"VersionFormat\":\"rpm\",\"Version\":\"0:4.2\",\"Vulnerabilities\":["  \
	"{\"Name\":\"CVE-1\",\"NamespaceName\":\"centos:7\",\"Description\":\"a \\u0026 b\"," \
	"\"Link\":\"https://x/\",\"Severity\":\"High\",\"Metadata\":{\"NVD\":{\"CVSSv2\":{"   \
	"\"Score\":7.5,\"Vectors\":\"AV:N\"}}},\"FixedBy\":\"0:4.3\"},{\"Name\":\"CVE-2\","   \
	"\"NamespaceName\":\"centos:7\",\"Severity\":\"Unknown\"}],\"AddedBy\":\"a\"}]}}\n"

static void a_layer_is_shown_with_what_is_asked_for(void **state)
{
	(void)state;
	expect(peer.v1, "GET /v1/layers/a", NULL, 200, LAYER_HEAD("a") "}}\n");
	expect(peer.v1, "GET /v1/layers/a?features=false", NULL, 200,
		LAYER_HEAD(
			"a") ",\"Features\":[" FEATURE_1
			     ",{\"Name\":\"bash\\u003c\\u003e\",\"NamespaceName\":\"centos:7\","
			     "\"VersionFormat\":\"rpm\",\"Version\":\"0:4.2\",\"AddedBy\":\"a\"}]"
			     "}}\n");
	expect(peer.v1, "GET /v1/layers/a?x&vulnerabilities", NULL, 200, VULNERABILITIES);
	expect(peer.v1, "GET /v1/layers/a?features&vulnerabilities=True", NULL, 200,
		VULNERABILITIES);
}

static void names_in_paths_are_decoded(void **state)
{
	(void)state;
	expect(peer.v1, "GET /v1/layers/sha256%3Aa%2b", NULL, 200, LAYER_HEAD("sha256:a+") "}}\n");
	expect(peer.v1, "GET /v1/layers/a%2Fb", NULL, 404, "404 page not found\n");
	expect(peer.v1, "GET /v1/layers/%00", NULL, 404, not_found);
	expect(peer.v1, "GET /v1/layers/%FF", NULL, 404, not_found);
}

static void an_unknown_layer_is_not_found(void **state)
{
	(void)state;
	fake.empty = true;
	expect(peer.v1, "GET /v1/layers/a", NULL, 404, not_found);
	expect(peer.v1, "GET /v1/layers/a?features", NULL, 404, not_found);
	expect(peer.v1, "DELETE /v1/layers/a", NULL, 404, not_found);
}

static void a_deleted_layer_is_answered_without_body_type_or_server(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a = client_get(peer.v1, "DELETE /v1/layers/a");

	assert_int_equal(a.status, 200);
	assert_int_equal(a.body.n, 0);
	assert_str(answer_header(&a, "Content-Length"), "0");
	assert_str(answer_header(&a, "Content-Type"), "");
	assert_str(answer_header(&a, "Server"), "");
	assert_str(fake.asked, "delete layer a ");
}

/* --- answers as such */

static void json_answers_say_what_they_are(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a = client_get(peer.v1, "GET /v1/layers/a");

	assert_str(answer_header(&a, "Content-Type"), "application/json;charset=utf-8");
	assert_str(answer_header(&a, "Server"), "clair");
	assert_str(answer_header(&a, "Content-Encoding"), "");
}

static void answers_are_gzipped_for_who_takes_that(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		_cleanup_answer_ struct answer a =
			client_read(client_ask(peer.v1, "GET /v1/layers/a?vulnerabilities",
				"Accept-Encoding: gzip, deflate\r\n", STR_NULL));
		char plain[4096];
		z_stream z = { .next_in = (Bytef *)a.body.p,
			.avail_in = (uInt)a.body.n,
			.next_out = (Bytef *)plain,
			.avail_out = sizeof(plain) };

		assert_str(answer_header(&a, "Content-Encoding"), "gzip");
		assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		assert_str(str_n(plain, z.total_out), VULNERABILITIES);
		(void)inflateEnd(&z);
	}
	assert_int_equal(fake.reads, 1);
	/* Who does not take it gets the same answer as it is. */
	expect(peer.v1, "GET /v1/layers/a?vulnerabilities", NULL, 200, VULNERABILITIES);
	assert_int_equal(fake.reads, 2);
}

static void an_answer_is_made_once_while_nothing_changes(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		expect(peer.v1, "GET /v1/layers/a?vulnerabilities", NULL, 200, VULNERABILITIES);
	assert_int_equal(fake.reads, 1);
	fake.generation++;
	expect(peer.v1, "GET /v1/layers/a?vulnerabilities", NULL, 200, VULNERABILITIES);
	assert_int_equal(fake.reads, 2);
	(void)client_visit(peer.v1, "GET /v1/layers/a?features");
	assert_int_equal(fake.reads, 3);
}

static void equal_requests_at_the_same_time_read_once(void **state)
{
	int fds[8];

	(void)state;
	fake_hold_reads(true);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_ask(peer.v1, "GET /v1/layers/a?vulnerabilities", "", STR_NULL);
		fake_wait_for_states((unsigned)i + 1);
	}
	fake_hold_reads(false);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		_cleanup_answer_ struct answer a = client_read(fds[i]);

		assert_int_equal(a.status, 200);
		assert_str(buf_str(&a.body), VULNERABILITIES);
	}
	assert_int_equal(fake.reads, 1);
}

static void a_failure_is_told_to_all_who_waited_and_is_not_kept(void **state)
{
	int fds[8];

	(void)state;
	fake.read_fails = ERR_UPSTREAM;
	fake_hold_reads(true);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client_ask(peer.v1, "GET /v1/layers/a?features", "", STR_NULL);
		fake_wait_for_states((unsigned)i + 1);
	}
	fake_hold_reads(false);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		_cleanup_answer_ struct answer a = client_read(fds[i]);

		assert_int_equal(a.status, 500);
		assert_str(buf_str(&a.body), backend_error);
	}
	fake.read_fails = ERR_NONE;
	_cleanup_answer_ struct answer later = client_get(peer.v1, "GET /v1/layers/a?features");
	assert_int_equal(later.status, 200);
}

static void failures_of_the_store_do_not_show(void **state)
{
	static const char *const requests[] = {
		"GET /v1/layers/a",
		"GET /v1/layers/a?features",
		"DELETE /v1/layers/a",
		"GET /v1/namespaces",
		"GET /v1/namespaces/n/vulnerabilities?limit=1",
		"GET /v1/namespaces/n/vulnerabilities/v",
		"DELETE /v1/namespaces/n/vulnerabilities/v",
		"GET /v1/namespaces/n/vulnerabilities/v/fixes",
		"DELETE /v1/namespaces/n/vulnerabilities/v/fixes/f",
		"GET /v1/notifications/n?limit=1",
		"DELETE /v1/notifications/n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		bool edits_fixes = str_ends(str_of(requests[i]), STR("fixes/f"));

		fake.fails = edits_fixes ? ERR_UPSTREAM : ERR_INPUT;
		expect(peer.v1, requests[i], NULL, 500, backend_error);
		fake.fails = ERR_TOO_LARGE;
		expect(peer.v1, requests[i], NULL, 500, backend_error);
		fake.fails = ERR_NONE;
		fake.pool_fails = ERR_INPUT;
		expect(peer.v1, requests[i], NULL, 500, backend_error);
		fake.pool_fails = ERR_BUSY;
		_cleanup_answer_ struct answer a = client_get(peer.v1, requests[i]);
		assert_int_equal(a.status, 503);
		assert_str(answer_header(&a, "Retry-After"), "5");
		assert_str(buf_str(&a.body),
			"{\"Error\":{\"Message\":\"the server is busy, try again later\"}}\n");
		fake.pool_fails = ERR_NONE;
	}
}

static void a_full_queue_is_busy(void **state)
{
	int fds[64];
	unsigned refused = 0;

	(void)state;
	fake_hold_reads(true);
	/* Each reads for itself: the layer alone is not kept. */
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client_ask(peer.v1, "GET /v1/layers/a", "", STR_NULL);
	/* 4 threads and 16 places: the others are refused while those wait. */
	for (size_t i = ARRAY_LEN(fds); i-- > 0;) {
		struct timeval soon = { .tv_usec = 1 };
		char byte;

		if (refused == 0) {
			/* The first refusal may come on any of them: look without waiting. */
			(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
			if (recv(fds[i], &byte, 1, MSG_PEEK) > 0)
				refused++;
			soon = (struct timeval){ .tv_sec = PATIENCE_S };
			(void)setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
			if (i == 0 && refused == 0)
				i = ARRAY_LEN(fds);
		}
	}
	fake_hold_reads(false);
	refused = 0;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		_cleanup_answer_ struct answer a = client_read(fds[i]);

		assert_true(a.status == 200 || a.status == 503);
		if (a.status == 503) {
			assert_str(answer_header(&a, "Retry-After"), "5");
			refused++;
		}
	}
	assert_true(refused > 0 && refused <= ARRAY_LEN(fds) - 4);
}

/* --- what is no route; health; metrics */

static void unknown_paths_are_not_found(void **state)
{
	static const char *const requests[] = { "GET /", "GET /v1", "GET /v1/", "GET /v1/layers/",
		"GET /v1/layers/x/", "GET /v1/layers/x/y", "GET /v1//layers/x", "GET /v1/LAYERS/x",
		"GET /v1/namespaces/x", "GET /v2/layers/x", "GET /v1x/layers/x",
		"GET //v1/layers/x", "GET /v1/../v1/layers/x", "POST /v1/versions", "GET /health" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		_cleanup_answer_ struct answer a = client_get(peer.v1, requests[i]);

		if (a.status != 404)
			fail_msg("%s: %u", requests[i], a.status);
		assert_str(buf_str(&a.body), "404 page not found\n");
		assert_str(answer_header(&a, "Content-Type"), "text/plain; charset=utf-8");
		assert_str(answer_header(&a, "X-Content-Type-Options"), "nosniff");
	}
}

static void other_methods_are_not_allowed(void **state)
{
	static const char *const requests[][2] = {
		{ "GET /v1/layers", "POST" },
		{ "OPTIONS /v1/layers", "POST" },
		{ "PUT /v1/layers/x", "GET, DELETE" },
		{ "OPTIONS /v1/layers/x", "GET, DELETE" },
		{ "POST /v1/namespaces", "GET" },
		{ "DELETE /v1/namespaces/n/vulnerabilities", "GET, POST" },
		{ "POST /v1/namespaces/n/vulnerabilities/v", "GET, PUT, DELETE" },
		{ "POST /v1/namespaces/n/vulnerabilities/v/fixes", "GET" },
		{ "GET /v1/namespaces/n/vulnerabilities/v/fixes/z", "PUT, DELETE" },
		{ "PUT /v1/notifications/n", "GET, DELETE" },
		{ "POST /v1/metrics", "GET" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		_cleanup_answer_ struct answer a = client_get(peer.v1, requests[i][0]);

		assert_int_equal(a.status, 405);
		assert_str(buf_str(&a.body), "Method Not Allowed\n");
		assert_str(answer_header(&a, "Allow"), requests[i][1]);
	}
	_cleanup_answer_ struct answer head = client_get(peer.v1, "HEAD /v1/layers/x");
	assert_int_equal(head.status, 405);
	assert_int_equal(head.body.n, 0);
}

static void the_server_as_a_whole_has_options(void **state)
{
	(void)state;
	expect(peer.v1, "OPTIONS *", NULL, 200, "");
}

static void health_is_that_of_the_database(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		_cleanup_answer_ struct answer a =
			client_get(peer.health, i ? "HEAD /health" : "GET /health");

		assert_int_equal(a.status, 200);
		assert_int_equal(a.body.n, 0);
		assert_str(answer_header(&a, "Content-Length"), "0");
		assert_str(answer_header(&a, "Content-Type"), "");
		assert_str(answer_header(&a, "Server"), "clair");
	}
	fake.fails = ERR_UPSTREAM;
	expect(peer.health, "GET /health", NULL, 500, "");
	fake.fails = ERR_NONE;
	fake.pool_fails = ERR_UPSTREAM;
	expect(peer.health, "GET /health", NULL, 500, "");
	fake.pool_fails = ERR_NONE;
	expect(peer.health, "POST /health", "", 405, "Method Not Allowed\n");
	expect(peer.health, "GET /health/", NULL, 404, "404 page not found\n");
	expect(peer.health, "GET /v1/layers/a", NULL, 404, "404 page not found\n");
}

static void metrics_count_routes_by_the_originals_names(void **state)
{
	(void)state;
	(void)client_visit(peer.v1, "GET /v1/notifications/n?limit=x");
	_cleanup_answer_ struct answer a = client_get(peer.v1, "GET /v1/metrics");

	assert_int_equal(a.status, 200);
	assert_str(answer_header(&a, "Content-Type"), "text/plain; version=0.0.4");
	assert_str(answer_header(&a, "Server"), "");
	assert_true(str_find(buf_str(&a.body),
			    STR("clair_api_response_duration_milliseconds_count{code=\"400\","
				"route=\"v1/getNotification\"}")) > 0);
}

/* --- the log */

static void a_request_is_one_line_without_page_tokens(void **state)
{
	FILE *log = tmpfile();
	char line[1024];

	(void)state;
	assert_non_null(log);
	log_set_output_fd(fileno(log));
	log_set_format(LOG_FORMAT_JSON);
	log_set_level(LOG_INFO);
	(void)client_visit(peer.v1, "GET /v1/notifications/a%2Db?limit=1&page=secret");
	log_set_output_fd(STDERR_FILENO);
	log_set_format(LOG_FORMAT_TEXT);
	rewind(log);
	assert_non_null(fgets(line, sizeof(line), log));
	assert_non_null(strstr(line, "{\"Event\":\"Handled HTTP request\",\"Level\":\"info\","));
	assert_non_null(strstr(line, "\"elapsed time\":"));
	assert_non_null(strstr(line, ",\"method\":\"GET\",\"remote addr\":\"127.0.0.1:"));
	assert_non_null(
		strstr(line, "\"request uri\":\"/v1/notifications/a%2Db?limit=1\\u0026page=\","
			     "\"status\":\"400\"}\n"));
	assert_null(fgets(line, sizeof(line), log));
	(void)fclose(log);
}

static void a_long_path_is_cut_in_the_log(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(16 * KIB);
	char line[16 * KIB];
	FILE *log = tmpfile();

	(void)state;
	assert_non_null(log);
	buf_append_str(&request, STR("GET /v1/layers/"));
	for (int i = 0; i < 5000; i++)
		buf_append_char(&request, 'x');
	log_set_output_fd(fileno(log));
	log_set_format(LOG_FORMAT_JSON);
	log_set_level(LOG_INFO);
	_cleanup_answer_ struct answer a = client_get(peer.v1, buf_cstr(&request));
	log_set_level(LOG_PANIC);
	log_set_output_fd(STDERR_FILENO);
	log_set_format(LOG_FORMAT_TEXT);
	assert_int_equal(a.status, 200);
	rewind(log);
	assert_non_null(fgets(line, sizeof(line), log));
	assert_non_null(strstr(line, "\"request uri\":\"/v1/layers/xxxx"));
	(void)fclose(log);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_posted_layer_is_indexed_and_echoed),
		T(what_comes_of_indexing_is_told),
		T(a_post_without_a_layer_is_refused),
		T(names_have_at_most_128_characters),
		T(a_body_of_more_than_a_mebibyte_is_cut),
		T(only_what_is_needed_of_a_post_is_kept_until_it_is_answered),
		T(more_headers_than_can_be_sent_are_refused),
		T(a_layer_is_shown_with_what_is_asked_for),
		T(names_in_paths_are_decoded),
		T(an_unknown_layer_is_not_found),
		T(a_deleted_layer_is_answered_without_body_type_or_server),
		T(json_answers_say_what_they_are),
		T(answers_are_gzipped_for_who_takes_that),
		T(an_answer_is_made_once_while_nothing_changes),
		T(equal_requests_at_the_same_time_read_once),
		T(a_failure_is_told_to_all_who_waited_and_is_not_kept),
		T(failures_of_the_store_do_not_show),
		T(a_full_queue_is_busy),
		T(unknown_paths_are_not_found),
		T(other_methods_are_not_allowed),
		T(the_server_as_a_whole_has_options),
		T(health_is_that_of_the_database),
		T(metrics_count_routes_by_the_originals_names),
		T(a_request_is_one_line_without_page_tokens),
		T(a_long_path_is_cut_in_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
