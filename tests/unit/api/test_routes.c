/*
 * Requests and answers, through the real server, on a store that says what the test wants.
 */
#include "api_peer.h"

#include <zlib.h>

#include "fake_store.h"

static struct peer peer;
static unsigned edits;

/* What was handed to the indexer last. */
static struct {
	struct arena arena;
	struct str request;
	index_done_fn *done;
	void *ctx;
} indexed;

static void edited(void *ctx)
{
	(void)ctx;
	edits++;
}

static void finish(enum index_status status, const char *message)
{
	indexed.done(indexed.ctx, &(struct index_result){
					  .status = status,
					  .message = str_of(message),
					  .retry_after_s = 9,
				  });
}

/* The path says what comes of it. */
static void index_layer(
	void *ctx, const struct index_request *r, index_done_fn *done, void *done_ctx)
{
	(void)ctx;
	indexed.request =
		arena_printf(&indexed.arena, "%" PRIstr " %" PRIstr " %" PRIstr " %" PRIstr,
			STR_ARG(r->name), STR_ARG(r->parent), STR_ARG(r->path), STR_ARG(r->format));
	for (size_t i = 0; i < r->n_headers; i++)
		indexed.request = arena_printf(&indexed.arena, "%" PRIstr " %" PRIstr ":%" PRIstr,
			STR_ARG(indexed.request), STR_ARG(r->headers[i].name),
			STR_ARG(r->headers[i].value));
	indexed.done = done;
	indexed.ctx = done_ctx;
	if (str_eq(r->path, STR("bad")))
		finish(INDEX_BAD_REQUEST, "could not find layer");
	else if (str_eq(r->path, STR("strange")))
		finish(INDEX_UNPROCESSABLE, "tarutil: could not extract the archive");
	else if (str_eq(r->path, STR("busy")))
		finish(INDEX_BUSY, "too many layers are being indexed");
	else if (str_eq(r->path, STR("broken")))
		finish(INDEX_FAILED, "database: an error occured when querying the backend");
	else
		finish(INDEX_DONE, "");
}

static int setup(void **state)
{
	struct api_options o = {
		.threads = 4,
		.queue = 16,
		.index = index_layer,
		.notify = STORE_NOTIFY_ALL,
		.edited = edited,
	};

	(void)state;
	log_set_level(LOG_PANIC);
	fake_reset();
	edits = 0;
	peer_start(&peer, &o);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	peer_stop(&peer);
	assert_int_equal(fake.lent, 0);
	fake_reset();
	arena_fini(&indexed.arena);
	return 0;
}

static const char backend_error[] =
	"{\"Error\":{\"Message\":\"database: an error occured when querying the backend\"}}\n";
static const char not_found[] = "{\"Error\":{\"Message\":\"the resource cannot be found\"}}\n";

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
	assert_int_equal(fake.reads, 1);
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
	(void)client_get(peer.v1, "GET /v1/layers/a?features");
	assert_int_equal(fake.reads, 3);
}

static void equal_requests_at_the_same_time_read_once(void **state)
{
	int fds[8];

	(void)state;
	fake_hold_reads(true);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client_ask(peer.v1, "GET /v1/layers/a?vulnerabilities", "", STR_NULL);
	fake_wait_for_states(ARRAY_LEN(fds));
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
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client_ask(peer.v1, "GET /v1/layers/a?features", "", STR_NULL);
	fake_wait_for_states(ARRAY_LEN(fds));
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

/* --- namespaces, vulnerabilities, fixes */

static void namespaces_are_listed(void **state)
{
	(void)state;
	expect(peer.v1, "GET /v1/namespaces", NULL, 200,
		"{\"Namespaces\":[{\"Name\":\"debian:9\",\"VersionFormat\":\"dpkg\"},{\"Name\":"
		"\"alpine:v3.8\",\"VersionFormat\":\"dpkg\"},{\"Name\":\"foo:1\"}]}\n");
	fake.empty = true;
	expect(peer.v1, "GET /v1/namespaces", NULL, 200, "{\"Namespaces\":null}\n");
}

#define VULNERABILITY(name)                                                            \
	"{\"Name\":\"" name "\",\"NamespaceName\":\"debian:9\",\"Description\":\"d\"," \
	"\"Link\":\"l\",\"Severity\":\"Medium\""
#define FIXES                                                                            \
	"[{\"Name\":\"bash\",\"NamespaceName\":\"debian:9\",\"VersionFormat\":\"dpkg\"," \
	"\"Version\":\"4.4\"},{\"Name\":\"zlib\",\"NamespaceName\":\"debian:9\","        \
	"\"VersionFormat\":\"dpkg\",\"Version\":\"None\"}]"

static void a_vulnerability_is_shown_with_and_without_fixes(void **state)
{
	(void)state;
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-1", NULL, 200,
		"{\"Vulnerability\":" VULNERABILITY("CVE-1") "}}\n");
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-1?fixedIn", NULL, 200,
		"{\"Vulnerability\":" VULNERABILITY("CVE-1") ",\"FixedIn\":" FIXES "}}\n");
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes", NULL, 200,
		"{\"Features\":" FIXES "}\n");
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-none/fixes", NULL, 200,
		"{\"Features\":null}\n");
	fake.empty = true;
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities/v", NULL, 404, not_found);
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities/v/fixes", NULL, 404, not_found);
}

/* The text behind "NextPage":" in an answer. */
static char *next_page(const struct answer *a)
{
	static const struct str key = STR_INIT("\"NextPage\":\"");
	ptrdiff_t at = str_find(buf_str(&a->body), key);
	struct str token;

	if (at < 0)
		fail_msg("no next page");
	(void)str_cut(str_skip(buf_str(&a->body), (size_t)at + key.n), '"', &token, NULL);
	char *copy = xcalloc(token.n + 1, 1);
	memcpy(copy, token.p, token.n);
	return copy;
}

static void vulnerabilities_are_listed_in_pages(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(4 * KIB);

	(void)state;
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=%2B10", NULL, 200,
		"{\"Vulnerabilities\":[" VULNERABILITY("CVE-1") "}," VULNERABILITY(
			"CVE-2") "}]}\n");
	assert_int_equal(fake.limit, 10);
	_cleanup_answer_ struct answer a =
		client_get(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=1");
	_cleanup_free_ char *token = next_page(&a);
	buf_printf(&request, "GET /v1/namespaces/debian:9/vulnerabilities?limit=1&page=%s", token);
	_cleanup_answer_ struct answer next = client_get(peer.v1, buf_cstr(&request));
	assert_int_equal(next.status, 200);
	assert_int_equal(fake.start_id, 12);
	_cleanup_answer_ struct answer none =
		client_get(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=0");
	assert_true(
		str_starts(buf_str(&none.body), STR("{\"Vulnerabilities\":null,\"NextPage\":")));
}

static void huge_limits_are_pages_of_a_bounded_size(void **state)
{
	(void)state;
	(void)client_get(
		peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=9223372036854775807");
	assert_int_equal(fake.limit, LIMIT_API_PAGE_VULNERABILITIES);
	(void)client_get(peer.v1, "GET /v1/notifications/n?limit=9223372036854775807");
	assert_int_equal(fake.limit, LIMIT_API_PAGE_LAYERS);
}

static void limits_and_pages_that_are_none_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "must provide limit query parameter" },
		{ "?limit=1;page=x", "must provide limit query parameter" },
		{ "?limit=abc&limit=1",
			"invalid limit format: strconv.Atoi: parsing \\\"abc\\\": invalid syntax" },
		{ "?limit=",
			"invalid limit format: strconv.Atoi: parsing \\\"\\\": invalid syntax" },
		{ "?limit=1_0",
			"invalid limit format: strconv.Atoi: parsing \\\"1_0\\\": invalid syntax" },
		{ "?limit=%22%0a%c2%80%ff%c3%a9",
			"invalid limit format: strconv.Atoi: parsing "
			"\\\"\\\\\\\"\\\\n\\\\u0080\\\\xffé\\\": invalid syntax" },
		{ "?limit=99999999999999999999",
			"invalid limit format: strconv.Atoi: parsing \\\"99999999999999999999\\\": "
			"value out of range" },
		{ "?limit=-9223372036854775809",
			"invalid limit format: strconv.Atoi: parsing \\\"-9223372036854775809\\\": "
			"value out of range" },
		{ "?limit=-2", "limit value should not be less than zero" },
		{ "?limit=-9223372036854775808", "limit value should not be less than zero" },
		{ "?limit=1&page=", "invalid page format: invalid or expired pagination token" },
		{ "?limit=1&page=x", "invalid page format: invalid or expired pagination token" },
	};

	(void)state;
	fake.empty = true; /* limit and page are looked at before */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf list = BUF_INIT(KIB), note = BUF_INIT(KIB),
					 expected = BUF_INIT(KIB);

		buf_printf(&list, "GET /v1/namespaces/n/vulnerabilities%s", cases[i][0]);
		buf_printf(&note, "GET /v1/notifications/n%s", cases[i][0]);
		buf_printf(&expected, "{\"Error\":{\"Message\":\"%s\"}}\n", cases[i][1]);
		expect(peer.v1, buf_cstr(&list), NULL, 400, buf_cstr(&expected));
		expect(peer.v1, buf_cstr(&note), NULL, 400, buf_cstr(&expected));
	}
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities?limit=-1", NULL, 400,
		"{\"Error\":{\"Message\":\"limit value should not be less than zero\"}}\n");
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities?limit=1", NULL, 404, not_found);
	expect(peer.v1, "GET /v1/notifications/n?limit=1", NULL, 404, not_found);
}

static void a_posted_vulnerability_is_stored_and_echoed(void **state)
{
	(void)state;
	expect(peer.v1, "POST /v1/namespaces/whatever/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"CVE-1\",\"NamespaceName\":\"debian:9\","
		"\"Severity\":\"high\",\"Description\":\"d\",\"Link\":\"l\",\"Metadata\":{\"b\":1.0,"
		"\"a\":2},\"FixedIn\":[{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":"
		"\"4.3\"},{\"Name\":\"zlib\",\"NamespaceName\":\"debian:9\",\"Version\":\"None\"},"
		"{\"Name\":\"gone\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"},{\"Name\":"
		"\"never\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MAXV#\"},{\"Name\":\"bash\","
		"\"VersionFormat\":\"dpkg\",\"Version\":\"4.4\"}]}}",
		201,
		"{\"Vulnerability\":{\"Name\":\"CVE-1\",\"NamespaceName\":\"debian:9\","
		"\"Description\":\"d\",\"Link\":\"l\",\"Severity\":\"high\",\"Metadata\":{\"a\":2,"
		"\"b\":1},\"FixedIn\":[{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":"
		"\"4.3\"},{\"Name\":\"zlib\",\"NamespaceName\":\"debian:9\",\"Version\":\"None\"},"
		"{\"Name\":\"gone\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"},{\"Name\":"
		"\"never\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MAXV#\"},{\"Name\":\"bash\","
		"\"VersionFormat\":\"dpkg\",\"Version\":\"4.4\"}]}}\n");
	assert_str(fake.asked, "put debian:9 CVE-1");
	assert_str(fake.put.scheme, "dpkg");
	assert_int_equal(fake.put.severity, SEVERITY_HIGH);
	assert_str(fake.put.metadata, "{\"a\":2,\"b\":1}");
	assert_int_equal(fake.put.n_fixes, 3);
	assert_str(fake.put.fixes[0].package, "zlib");
	assert_str(fake.put.fixes[0].fixed_version, "");
	assert_int_equal(fake.put.fixes[0].state, FIX_STATE_AFFECTED);
	assert_str(fake.put.fixes[1].package, "never");
	assert_str(fake.put.fixes[2].package, "bash");
	assert_str(fake.put.fixes[2].fixed_version, "4.4");
	assert_int_equal(fake.put.fixes[2].state, FIX_STATE_FIXED);
	assert_int_equal(fake.put.fixes[2].severity, SEVERITY_HIGH);
	assert_str(fake.not_affected, "gone ");
	assert_int_equal(fake.put_flags, 0);
	assert_int_equal(fake.notify, STORE_NOTIFY_ALL);
	assert_int_equal(edits, 1);
}

static void versions_of_alpine_are_of_apk(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a = client_put(peer.v1,
		"POST /v1/namespaces/n/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"v\",\"NamespaceName\":\"alpine:v3.8\",\"Severity\":"
		"\"Low\",\"FixedIn\":[{\"Name\":\"musl\",\"VersionFormat\":\"dpkg\",\"Version\":"
		"\"1.1.19-r10\"}]}}");

	assert_int_equal(a.status, 201);
	assert_str(fake.put.scheme, "apk");
}

static void the_scheme_is_the_namespaces_where_no_version_tells(void **state)
{
	(void)state;
	fake.scheme_of_namespace = STR("rpm");
	_cleanup_answer_ struct answer a = client_put(peer.v1,
		"POST /v1/namespaces/n/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"v\",\"NamespaceName\":\"centos:7\",\"Severity\":"
		"\"Low\",\"FixedIn\":[{\"Name\":\"musl\",\"Version\":\"None\"}]}}");

	assert_int_equal(a.status, 201);
	assert_str(fake.put.scheme, "rpm");
}

static void vulnerabilities_that_are_none_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "failed to provide vulnerability" },
		{ "{\"Vulnerability\":{}}", "failed to parse Severity from input" },
		{ "{\"Vulnerability\":{\"Severity\":\"Lowest\"}}",
			"failed to parse Severity from input" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"Name\":\"v\"}}",
			"insertVulnerability needs at least the Name and the Namespace" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"FixedIn\":[{\"Name\":\"f\","
		  "\"Version\":\"1\"}]}}",
			"unknown version format" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"FixedIn\":[{\"Name\":\"f\","
		  "\"VersionFormat\":\"dpkg\",\"Version\":\"\"}]}}",
			"invalid version" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"FixedIn\":[{\"Name\":\"f\","
		  "\"VersionFormat\":\"dpkg\",\"Version\":\"1:2:3 4\"}]}}",
			"invalid version" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"Name\":\"v\",\"NamespaceName\":\"n\","
		  "\"FixedIn\":[{\"Name\":\"f\",\"NamespaceName\":\"m\",\"Version\":\"None\"}]}}",
			"could not insert an invalid vulnerability that contains FixedIn "
			"FeatureVersion that are not in the same namespace as the Vulnerability" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"Name\":\"v\",\"NamespaceName\":\"n\","
		  "\"FixedIn\":[{\"Version\":\"None\"}]}}",
			"could not find/insert invalid Feature" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf expected = BUF_INIT(KIB);

		buf_printf(&expected, "{\"Error\":{\"Message\":\"%s\"}}\n", cases[i][1]);
		expect(peer.v1, "POST /v1/namespaces/n/vulnerabilities", cases[i][0], 400,
			buf_cstr(&expected));
	}
	assert_int_equal(edits, 0);
}

static void names_of_the_url_win_in_a_put(void **state)
{
	(void)state;
	expect(peer.v1, "PUT /v1/namespaces/debian:9/vulnerabilities/CVE-1",
		"{\"Vulnerability\":{\"Name\":\"other\",\"Severity\":\"Low\"}}", 200,
		"{\"Vulnerability\":{\"Name\":\"other\",\"Severity\":\"Low\"}}\n");
	assert_str(fake.asked, "put debian:9 CVE-1");
	expect(peer.v1, "PUT /v1/namespaces/n/vulnerabilities/v",
		"{\"Vulnerability\":{\"FixedIn\":[{}]}}", 400,
		"{\"Error\":{\"Message\":\"Vulnerability.FixedIn must be empty\"}}\n");
}

static void what_the_store_cannot_hold_is_the_clients_fault(void **state)
{
	(void)state;
	fake.fails = ERR_INPUT;
	fake.scheme_of_namespace = STR("dpkg");
	expect(peer.v1, "POST /v1/namespaces/n/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"v\",\"NamespaceName\":\"n\",\"Severity\":\"Low\","
		"\"FixedIn\":[{\"Name\":\"f\",\"VersionFormat\":\"rpm\",\"Version\":\"1\"}]}}",
		400, "{\"Error\":{\"Message\":\"secret of the database\"}}\n");
}

static void vulnerabilities_are_deleted_with_a_notification(void **state)
{
	(void)state;
	expect(peer.v1, "DELETE /v1/namespaces/debian:9/vulnerabilities/CVE-1", NULL, 200, "");
	assert_str(fake.asked, "delete debian:9 CVE-1");
	assert_int_equal(fake.notify, STORE_NOTIFY_ALL);
	assert_int_equal(edits, 1);
	fake.empty = true;
	expect(peer.v1, "DELETE /v1/namespaces/n/vulnerabilities/v", NULL, 404, not_found);
	assert_int_equal(edits, 1);
}

static void a_fix_is_put_without_a_notification(void **state)
{
	(void)state;
	expect(peer.v1, "PUT /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes/bash",
		"{\"Feature\":{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":\"4.5\"}}",
		200,
		"{\"Feature\":{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":\"4.5\"}}\n");
	assert_str(fake.asked, "put debian:9 CVE-1");
	assert_int_equal(fake.put_flags, VULNERABILITY_FIXES_ONLY);
	assert_int_equal(fake.notify, STORE_NOTIFY_NONE);
	assert_int_equal(fake.put.n_fixes, 1);
	assert_int_equal(fake.put.fixes[0].severity, SEVERITY_MEDIUM);
	assert_str(fake.put.scheme, "dpkg");
	/* Removing what is not there changes nothing. */
	expect(peer.v1, "PUT /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes/x",
		"{\"Feature\":{\"Name\":\"x\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"}}",
		200,
		"{\"Feature\":{\"Name\":\"x\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"}}\n");
	assert_str(fake.asked, "get debian:9 CVE-1");
}

static void fixes_that_are_none_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "failed to provide feature" },
		{ "{\"Feature\":{}}", "feature name in URL and JSON do not match" },
		{ "{\"Feature\":{\"Name\":\"f\"}}", "unknown version format" },
		{ "{\"Feature\":{\"Name\":\"f\",\"VersionFormat\":\"rpm\"}}", "invalid version" },
		{ "{\"Feature\":{\"Name\":\"f\",\"NamespaceName\":\"m\",\"Version\":\"None\"}}",
			"could not insert an invalid vulnerability that contains FixedIn "
			"FeatureVersion that are not in the same namespace as the Vulnerability" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf expected = BUF_INIT(KIB);

		buf_printf(&expected, "{\"Error\":{\"Message\":\"%s\"}}\n", cases[i][1]);
		expect(peer.v1, "PUT /v1/namespaces/n/vulnerabilities/v/fixes/f", cases[i][0], 400,
			buf_cstr(&expected));
	}
	fake.empty = true;
	expect(peer.v1, "PUT /v1/namespaces/n/vulnerabilities/v/fixes/f",
		"{\"Feature\":{\"Name\":\"f\",\"Version\":\"None\"}}", 404, not_found);
}

static void a_fix_is_deleted(void **state)
{
	(void)state;
	expect(peer.v1, "DELETE /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes/bash", NULL,
		200, "");
	assert_str(fake.not_affected, "bash ");
	assert_int_equal(fake.put_flags, VULNERABILITY_FIXES_ONLY);
	fake.empty = true;
	expect(peer.v1, "DELETE /v1/namespaces/n/vulnerabilities/v/fixes/f", NULL, 404, not_found);
}

/* --- notifications */

static void a_notification_is_shown_with_its_page(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a =
		client_get(peer.v1, "GET /v1/notifications/0de1b966?limit=100");
	struct str head, rest, page, tail;

	assert_int_equal(a.status, 200);
	(void)str_cut(buf_str(&a.body), 'P', &head, &rest);
	assert_str(head, "{\"Notification\":{\"Name\":\"0de1b966\",\"Created\":\"1795520804\","
			 "\"Notified\":\"1795520805\",\"Limit\":100,\"");
	assert_true(str_skip_prefix(&rest, STR("age\":\"")));
	(void)str_cut(rest, '"', &page, &tail);
	assert_true(str_starts(page, STR("gAAAAA")));
	assert_str(tail,
		",\"New\":{\"Vulnerability\":" VULNERABILITY(
			"CVE-none") "},"
				    "\"OrderedLayersIntroducingVulnerability\":[{\"Index\":1,\"LayerName\":"
				    "\"a\"},{\"Index\":4,\"LayerName\":\"b\"}],"
				    "\"LayersIntroducingVulnerability\":[\"a\",\"b\"]}}}\n");
	assert_int_equal(fake.page.old_id, 0);
	assert_int_equal(fake.page.new_id, 0);
}

static void the_next_page_of_a_notification_goes_on(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(4 * KIB), same = BUF_INIT(4 * KIB);

	(void)state;
	_cleanup_answer_ struct answer a = client_get(peer.v1, "GET /v1/notifications/n?limit=1");
	_cleanup_free_ char *token = next_page(&a);
	buf_printf(&request, "GET /v1/notifications/n?limit=1&page=%s", token);
	_cleanup_answer_ struct answer next = client_get(peer.v1, buf_cstr(&request));
	assert_int_equal(fake.page.old_id, -1);
	assert_int_equal(fake.page.new_id, 4);
	/* It is named by the very token that was sent. */
	buf_printf(&same, "\"Page\":\"%s\",\"NextPage\"", token);
	assert_true(str_find(buf_str(&next.body), buf_str(&same)) > 0);
}

static void limits_of_zero_and_minus_one_show_no_layers(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer zero =
		client_get(peer.v1, "GET /v1/notifications/n?limit=0");

	assert_true(str_find(buf_str(&zero.body), STR("\"Limit\"")) < 0);
	assert_true(str_find(buf_str(&zero.body), STR("\"NextPage\"")) > 0);
	assert_true(str_find(buf_str(&zero.body), STR("Layers")) < 0);
	_cleanup_answer_ struct answer none =
		client_get(peer.v1, "GET /v1/notifications/n?limit=-1");
	assert_true(str_find(buf_str(&none.body), STR("\"Limit\":-1,")) > 0);
	assert_true(str_find(buf_str(&none.body), STR("\"NextPage\"")) < 0);
	assert_int_equal(fake.limit, 0);
}

static void a_deleted_notification_is_still_shown(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a =
		client_get(peer.v1, "GET /v1/notifications/deleted?limit=10");

	assert_true(str_find(buf_str(&a.body), STR("\"Deleted\":\"1795520806\"")) > 0);
	assert_true(
		str_find(buf_str(&a.body), STR(",\"Old\":{\"Vulnerability\":" VULNERABILITY(
						   "CVE-1") ",\"FixedIn\":" FIXES "}}}}\n")) > 0);
}

static void notifications_are_deleted(void **state)
{
	(void)state;
	expect(peer.v1, "DELETE /v1/notifications/n", NULL, 200, "");
	assert_str(fake.asked, "delete notification n ");
	fake.empty = true;
	expect(peer.v1, "DELETE /v1/notifications/n", NULL, 404, not_found);
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
	(void)client_get(peer.v1, "GET /v1/notifications/n?limit=x");
	_cleanup_answer_ struct answer a = client_get(peer.v1, "GET /v1/metrics");

	assert_int_equal(a.status, 200);
	assert_str(answer_header(&a, "Content-Type"), "text/plain; version=0.0.4");
	assert_str(answer_header(&a, "Server"), "");
	assert_true(str_find(buf_str(&a.body),
			    STR("clair_api_response_duration_milliseconds_count{code=\"400\","
				"route=\"v1/getNotification\"}")) > 0);
}

/* --- the log */

static void a_request_is_one_line_without_its_query(void **state)
{
	FILE *log = tmpfile();
	char line[1024];

	(void)state;
	assert_non_null(log);
	log_set_output_fd(fileno(log));
	log_set_format(LOG_FORMAT_JSON);
	log_set_level(LOG_INFO);
	(void)client_get(peer.v1, "GET /v1/notifications/a%2Db?limit=1&page=secret");
	log_set_output_fd(STDERR_FILENO);
	log_set_format(LOG_FORMAT_TEXT);
	rewind(log);
	assert_non_null(fgets(line, sizeof(line), log));
	assert_non_null(strstr(line, "{\"Event\":\"Handled HTTP request\",\"Level\":\"info\","));
	assert_non_null(strstr(line, "\"elapsed time\":"));
	assert_non_null(strstr(line, ",\"method\":\"GET\",\"remote addr\":\"127.0.0.1:"));
	assert_non_null(
		strstr(line, "\"request uri\":\"/v1/notifications/a%2Db\",\"status\":\"400\"}\n"));
	assert_null(fgets(line, sizeof(line), log));
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
		T(namespaces_are_listed),
		T(a_vulnerability_is_shown_with_and_without_fixes),
		T(vulnerabilities_are_listed_in_pages),
		T(huge_limits_are_pages_of_a_bounded_size),
		T(limits_and_pages_that_are_none_are_refused),
		T(a_posted_vulnerability_is_stored_and_echoed),
		T(versions_of_alpine_are_of_apk),
		T(the_scheme_is_the_namespaces_where_no_version_tells),
		T(vulnerabilities_that_are_none_are_refused),
		T(names_of_the_url_win_in_a_put),
		T(what_the_store_cannot_hold_is_the_clients_fault),
		T(vulnerabilities_are_deleted_with_a_notification),
		T(a_fix_is_put_without_a_notification),
		T(fixes_that_are_none_are_refused),
		T(a_fix_is_deleted),
		T(a_notification_is_shown_with_its_page),
		T(the_next_page_of_a_notification_goes_on),
		T(limits_of_zero_and_minus_one_show_no_layers),
		T(a_deleted_notification_is_still_shown),
		T(notifications_are_deleted),
		T(unknown_paths_are_not_found),
		T(other_methods_are_not_allowed),
		T(the_server_as_a_whole_has_options),
		T(health_is_that_of_the_database),
		T(metrics_count_routes_by_the_originals_names),
		T(a_request_is_one_line_without_its_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
