/*
 * TLS of http_get() and http_post(): who is believed, client certificates, the server's name, and
 * redirects out of TLS. The CA is made by the test.
 */
#include "../test.h"

#include "http_server.h"
#include "net/net.h"
#include "tls_make.h"

#define OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* Made once: a CA, servers called "127.0.0.1" and "scanner.example", a client; another CA. */
static struct identity ca, by_address, by_name, client, other_ca;
static char dir[] = "/tmp/test-tls-XXXXXX";
static char ca_file[64], other_ca_file[64], client_cert[64], client_key[64];

static const char *path_of(char path[static 64], const char *name)
{
	(void)snprintf(path, 64, "%s/%s", dir, name);
	return path;
}

static int make_identities(void **state)
{
	if (clean_environment(state) || !mkdtemp(dir))
		return -1;
	net_init();
	identity_make(&ca, "test CA", NULL, NULL);
	identity_make(&other_ca, "other CA", NULL, NULL);
	identity_make(&by_address, "a", "IP:127.0.0.1", &ca);
	identity_make(&by_name, "b", "DNS:scanner.example", &ca);
	identity_make(&client, "client", NULL, &ca);
	identity_write(&ca, path_of(ca_file, "ca.pem"), NULL);
	identity_write(&other_ca, path_of(other_ca_file, "other.pem"), NULL);
	identity_write(
		&client, path_of(client_cert, "client.pem"), path_of(client_key, "client.key"));
	return 0;
}

static int remove_identities(void **state UNUSED)
{
	identity_fini(&ca);
	identity_fini(&other_ca);
	identity_fini(&by_address);
	identity_fini(&by_name);
	identity_fini(&client);
	return unlink(ca_file) + unlink(other_ca_file) + unlink(client_cert) + unlink(client_key) +
	       rmdir(dir);
}

/* The name that the last client called the server. */
static char server_name[256];

static int note_server_name(SSL *ssl, int *alert UNUSED, void *ctx UNUSED)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)snprintf(server_name, sizeof(server_name), "%s", name ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

struct outcome {
	int code;
	long status;
	struct err err;
	struct server server;
};

static void outcome_fini(struct outcome *o)
{
	err_clear(&o->err);
	server_fini(&o->server);
}

/* Posts to https://127.0.0.1. */
static void post(struct outcome *o, struct http_post_options options, const struct identity *id,
	const struct identity *client_ca)
{
	static const struct str response = STR_INIT(OK_RESPONSE);
	char url[128];

	*o = (struct outcome){ 0 };
	server_name[0] = '\0';
	o->server.tls = server_context(id, client_ca);
	(void)SSL_CTX_set_tlsext_servername_callback(o->server.tls, note_server_name);
	server_start(&o->server, &response, 1);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/hook", o->server.port);
	options.url = url;
	options.content_type = "application/json";
	options.body = STR("{}");
	o->code = http_post(&options, &o->status, &o->err);
	server_stop(&o->server);
	SSL_CTX_free(o->server.tls);
}

static void test_only_a_known_ca_is_believed(void **state UNUSED)
{
	_cleanup_(outcome_fini) struct outcome ok;
	_cleanup_(outcome_fini) struct outcome unknown;
	_cleanup_(outcome_fini) struct outcome wrong;
	_cleanup_(outcome_fini) struct outcome other_name;

	post(&ok, (struct http_post_options){ .ca_file = ca_file }, &by_address, NULL);
	assert_ok(ok.code, &ok.err);
	assert_int_equal(ok.status, 200);
	post(&unknown, (struct http_post_options){ 0 }, &by_address, NULL);
	assert_fails(unknown.code, &unknown.err, ERR_UPSTREAM, "certificate");
	post(&wrong, (struct http_post_options){ .ca_file = other_ca_file }, &by_address, NULL);
	assert_fails(wrong.code, &wrong.err, ERR_UPSTREAM, "certificate");
	post(&other_name, (struct http_post_options){ .ca_file = ca_file }, &by_name, NULL);
	assert_fails(other_name.code, &other_name.err, ERR_UPSTREAM, "127.0.0.1");
	assert_int_equal(other_name.server.requests.n, 0);
}

static void test_the_client_shows_its_certificate(void **state UNUSED)
{
	_cleanup_(outcome_fini) struct outcome with;
	_cleanup_(outcome_fini) struct outcome without;

	post(&with,
		(struct http_post_options){
			.ca_file = ca_file, .cert_file = client_cert, .key_file = client_key },
		&by_address, &ca);
	assert_ok(with.code, &with.err);
	assert_int_equal(with.status, 200);
	post(&without, (struct http_post_options){ .ca_file = ca_file, .cert_file = "" },
		&by_address, &ca);
	assert_fails(without.code, &without.err, ERR_UPSTREAM, "");
}

static void test_files_that_cannot_be_used_are_told(void **state UNUSED)
{
	static const struct http_post_options cases[] = {
		{ .ca_file = "/nonexistent" },
		{ .ca_file = ca_file, .cert_file = "/nonexistent", .key_file = client_key },
		{ .ca_file = ca_file, .cert_file = client_cert, .key_file = "/nonexistent" },
		{ .ca_file = ca_file, .cert_file = client_cert, .key_file = ca_file },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(outcome_fini) struct outcome o;

		post(&o, cases[i], &by_address, NULL);
		assert_fails(o.code, &o.err, ERR_USAGE, "");
	}
}

static void test_the_server_may_have_another_name(void **state UNUSED)
{
	_cleanup_(outcome_fini) struct outcome ok;
	_cleanup_(outcome_fini) struct outcome wrong;
	char host[64];

	post(&ok,
		(struct http_post_options){ .ca_file = ca_file, .server_name = "scanner.example" },
		&by_name, NULL);
	assert_ok(ok.code, &ok.err);
	assert_int_equal(ok.status, 200);
	assert_string_equal(server_name, "scanner.example");
	/* HTTP goes on to speak of the URL's host. */
	(void)snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%u\r\n", ok.server.port);
	assert_true(server_saw(&ok.server, host));
	assert_false(server_saw(&ok.server, "scanner.example"));
	post(&wrong,
		(struct http_post_options){ .ca_file = ca_file, .server_name = "scanner.example" },
		&by_address, NULL);
	assert_fails(wrong.code, &wrong.err, ERR_UPSTREAM, "scanner.example");
	assert_string_equal(server_name, "scanner.example");
}

static void test_a_proxy_is_asked_for_the_urls_host(void **state UNUSED)
{
	static const struct str response =
		STR_INIT("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
	struct server proxy = { 0 };
	_cleanup_err_ struct err err = ERR_INIT;
	char url[64];
	long status;

	server_start(&proxy, &response, 1);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", proxy.port);
	struct http_post_options o = { .url = "https://10.1.2.3:4567/hook",
		.content_type = "text/plain",
		.proxy = url,
		.server_name = "scanner.example" };
	assert_fails(http_post(&o, &status, &err), &err, ERR_UPSTREAM, "502");
	server_stop(&proxy);
	assert_true(server_saw(&proxy, "CONNECT 10.1.2.3:4567 HTTP/1."));
	server_fini(&proxy);
}

/* GETs https://127.0.0.1, whose certificate nobody knows. */
static int get(struct http_get_options o, unsigned port, struct err *err)
{
	static const struct http_header secret = { STR_INIT("Authorization"), STR_INIT("secret") };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_(http_closep) struct stream *s = NULL;
	struct http_response response;
	char url[64], body[8];

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
	o.url = url;
	o.max_bytes = KIB;
	o.headers = &secret;
	o.header_count = 1;
	int r = http_get(&o, &a, &response, &s, err);
	if (r < 0)
		return r;
	ssize_t n = stream_read_full(s, body, sizeof(body), err);
	if (n >= 0)
		assert_str(str_n(body, (size_t)n), "hello");
	return n < 0 ? (int)n : 0;
}

static void test_certificates_are_not_checked_when_that_is_wanted(void **state UNUSED)
{
	static const struct str response = STR_INIT(OK_RESPONSE);
	struct server server = { .tls = server_context(&by_name, NULL) };
	_cleanup_err_ struct err err = ERR_INIT;

	server_start(&server, &response, 1);
	assert_fails(get((struct http_get_options){ 0 }, server.port, &err), &err, ERR_UPSTREAM,
		"certificate");
	assert_ok(get((struct http_get_options){ .insecure_tls = true }, server.port, &err), &err);
	server_stop(&server);
	SSL_CTX_free(server.tls);
	server_fini(&server);
}

static void test_a_redirect_leaves_tls_only_when_it_may(void **state UNUSED)
{
	static const struct str plain_response = STR_INIT(OK_RESPONSE);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct server server = { .tls = server_context(&by_address, NULL) };
	struct server plain = { 0 };
	_cleanup_err_ struct err err = ERR_INIT;

	server_start(&plain, &plain_response, 1);
	struct str redirect = arena_printf(&a,
		"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n",
		plain.port);
	server_start(&server, &redirect, 1);
	struct http_get_options o = { .insecure_tls = true };
	assert_fails(get(o, server.port, &err), &err, ERR_UPSTREAM, "from https to http");
	o.may_leave_tls = true;
	assert_ok(get(o, server.port, &err), &err);
	server_stop(&server);
	server_stop(&plain);
	assert_int_equal(plain.connections, 1);
	assert_true(server_saw(&server, "secret"));
	assert_false(server_saw(&plain, "secret"));
	SSL_CTX_free(server.tls);
	server_fini(&server);
	server_fini(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_a_known_ca_is_believed),
		cmocka_unit_test(test_the_client_shows_its_certificate),
		cmocka_unit_test(test_files_that_cannot_be_used_are_told),
		cmocka_unit_test(test_the_server_may_have_another_name),
		cmocka_unit_test(test_a_proxy_is_asked_for_the_urls_host),
		cmocka_unit_test(test_certificates_are_not_checked_when_that_is_wanted),
		cmocka_unit_test(test_a_redirect_leaves_tls_only_when_it_may),
	};

	return cmocka_run_group_tests(tests, make_identities, remove_identities);
}
