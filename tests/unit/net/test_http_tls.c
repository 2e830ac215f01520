/*
 * The HTTP server over TLS, with OpenSSL as the client and as the maker of certificates.
 */
#include "http_peer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static void add_extension(X509 *cert, const X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, (X509 *)(uintptr_t)issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* A certificate by issuer, or a self-signed authority; purpose: NULL, or an extended usage. */
static struct identity make_identity(
	const char *name, const struct identity *issuer, const char *purpose)
{
	static long serial = 1;
	struct identity i = { .key = EVP_EC_gen("P-256"), .cert = X509_new() };
	const struct identity *by = issuer ? issuer : &i;

	assert_non_null(i.key);
	assert_int_equal(X509_set_version(i.cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(i.cert), serial++), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(i.cert), -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(i.cert), 36000));
	assert_int_equal(X509_set_pubkey(i.cert, i.key), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(i.cert), "CN",
				 MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0),
		1);
	assert_int_equal(X509_set_issuer_name(i.cert, X509_get_subject_name(by->cert)), 1);
	add_extension(i.cert, by->cert, NID_basic_constraints,
		issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (!issuer)
		add_extension(i.cert, by->cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	if (purpose)
		add_extension(i.cert, by->cert, NID_ext_key_usage, purpose);
	assert_true(X509_sign(i.cert, by->key, EVP_sha256()) > 0);
	return i;
}

static void free_identity(struct identity *i)
{
	EVP_PKEY_free(i->key);
	X509_free(i->cert);
}

/* The files of a server, in a directory of their own, which is the current one. */
struct files {
	char dir[32];
};

static void enter_directory(struct files *files)
{
	(void)snprintf(files->dir, sizeof(files->dir), "/tmp/clair-tls-XXXXXX");
	assert_non_null(mkdtemp(files->dir));
	assert_int_equal(chdir(files->dir), 0);
}

static void leave_directory(const struct files *files)
{
	static const char *const names[] = { "cert.pem", "key.pem", "ca.pem" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlink(names[i]);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(files->dir), 0);
}

static void write_cert(const char *path, X509 *cert)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, cert), 1);
	assert_int_equal(fclose(f), 0);
}

static void write_key(const char *path, EVP_PKEY *key)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

struct client {
	const struct identity *authority; /* of the server */
	const struct identity *own;       /* NULL: none */
	int version;                      /* the only one; 0: any */
};

/*
 * Asks for /a; the text of the answer, or "" when the connection fails on the way. *serial is that
 * of the server's certificate.
 */
static void ask(
	const struct fixture *f, const struct client *client, long *serial, struct buf *body)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct peer p;
	char b[4096];
	int n;

	assert_non_null(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	assert_int_equal(
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), client->authority->cert), 1);
	/* Such old versions only without the level that forbids them. */
	SSL_CTX_set_security_level(ctx, 0);
	if (client->version) {
		assert_int_equal(SSL_CTX_set_min_proto_version(ctx, client->version), 1);
		assert_int_equal(SSL_CTX_set_max_proto_version(ctx, client->version), 1);
	}
	if (client->own) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, client->own->cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, client->own->key), 1);
	}
	SSL *ssl = SSL_new(ctx);
	peer_open(&p, f);
	assert_int_equal(SSL_set_fd(ssl, p.fd), 1);
	static const char request[] = "GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
	/* In TLS 1.3 the client learns of a refusal by the end of the connection only. */
	if (SSL_connect(ssl) == 1 && SSL_write(ssl, request, sizeof(request) - 1) > 0) {
		X509 *cert = SSL_get1_peer_certificate(ssl);

		*serial = ASN1_INTEGER_get(X509_get0_serialNumber(cert));
		X509_free(cert);
		while ((n = SSL_read(ssl, b, sizeof(b))) > 0)
			buf_append(&p.in, b, (size_t)n);
	}
	ptrdiff_t end = str_find(buf_str(&p.in), STR("\r\n\r\n"));
	if (end >= 0)
		buf_append_str(body, str_skip(buf_str(&p.in), (size_t)end + 4));
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	peer_close(&p);
}

static void assert_served(
	const struct fixture *f, const struct client *client, const struct identity *by)
{
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	long serial = 0;

	ask(f, client, &serial, &body);
	assert_str(buf_str(&body), "GET /a  0 []");
	assert_int_equal(serial, ASN1_INTEGER_get(X509_get0_serialNumber(by->cert)));
}

static void assert_refused(const struct fixture *f, const struct client *client)
{
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	long serial = 0;

	ask(f, client, &serial, &body);
	assert_str(buf_str(&body), "");
}

static void start(struct fixture *f, struct http_tls **tls, const char *cafile)
{
	_cleanup_err_ struct err err = ERR_INIT;

	fixture_init(f);
	assert_ok(http_tls_new("cert.pem", "key.pem", cafile, tls, &err), &err);
	struct http_server_options o = fixture_options(f);
	o.tls = *tls;
	fixture_start(f, &o);
}

static void test_tls_1_2_and_1_3_are_spoken_and_nothing_older(void **state UNUSED)
{
	struct files files;
	struct identity ca = make_identity("authority", NULL, NULL);
	struct identity server = make_identity("server", &ca, "serverAuth");
	struct http_tls *tls = NULL;
	struct fixture f;

	enter_directory(&files);
	write_cert("cert.pem", server.cert);
	write_key("key.pem", server.key);
	start(&f, &tls, NULL);
	assert_served(&f, &(struct client){ .authority = &ca, .version = TLS1_2_VERSION }, &server);
	assert_served(&f, &(struct client){ .authority = &ca, .version = TLS1_3_VERSION }, &server);
	assert_refused(&f, &(struct client){ .authority = &ca, .version = TLS1_1_VERSION });
	/* Not TLS at all. */
	struct peer p;
	peer_open(&p, &f);
	peer_send(&p, STR("GET / HTTP/1.1\r\n" HOST "\r\n"));
	assert_ends(&p);
	peer_close(&p);
	fixture_fini(&f);
	http_tls_free(tls);
	free_identity(&server);
	free_identity(&ca);
	leave_directory(&files);
}

static void test_with_authorities_only_their_clients_are_served(void **state UNUSED)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct files files;
	struct identity ca = make_identity("authority", NULL, NULL);
	struct identity other_ca = make_identity("other authority", NULL, NULL);
	struct identity server = make_identity("server", &ca, "serverAuth");
	struct identity good = make_identity("client", &ca, "clientAuth");
	struct identity any_purpose = make_identity("client", &ca, NULL);
	struct identity wrong_purpose = make_identity("client", &ca, "serverAuth");
	struct identity stranger = make_identity("client", &other_ca, "clientAuth");
	struct http_tls *tls = NULL;
	struct fixture f;

	enter_directory(&files);
	write_cert("cert.pem", server.cert);
	write_key("key.pem", server.key);
	write_cert("ca.pem", ca.cert);
	start(&f, &tls, "ca.pem");
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct client c = { .authority = &ca, .version = versions[i] };

		assert_refused(&f, &c);
		c.own = &good;
		assert_served(&f, &c, &server);
		c.own = &any_purpose;
		assert_served(&f, &c, &server);
		c.own = &wrong_purpose;
		assert_refused(&f, &c);
		c.own = &stranger;
		assert_refused(&f, &c);
	}
	/* None of the refused came to the handler. */
	assert_int_equal(f.ended.n, 4);
	fixture_fini(&f);
	http_tls_free(tls);
	free_identity(&server);
	free_identity(&good);
	free_identity(&any_purpose);
	free_identity(&wrong_purpose);
	free_identity(&stranger);
	free_identity(&ca);
	free_identity(&other_ca);
	leave_directory(&files);
}

static void test_certificates_are_replaced_while_it_runs(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct files files;
	struct identity ca = make_identity("authority", NULL, NULL);
	struct identity first = make_identity("server", &ca, "serverAuth");
	struct identity second = make_identity("server", &ca, "serverAuth");
	struct client client = { .authority = &ca };
	struct http_tls *tls = NULL;
	struct fixture f;

	enter_directory(&files);
	write_cert("cert.pem", first.cert);
	write_key("key.pem", first.key);
	start(&f, &tls, NULL);
	assert_served(&f, &client, &first);
	write_cert("cert.pem", second.cert);
	/* The key of another certificate: the old pair stays. */
	assert_fails(http_tls_reload(tls, &err), &err, ERR_INPUT, "cert.pem with key key.pem");
	assert_served(&f, &client, &first);
	write_key("key.pem", second.key);
	assert_ok(http_tls_reload(tls, &err), &err);
	assert_served(&f, &client, &second);
	write_text("key.pem", "no key\n");
	assert_fails(http_tls_reload(tls, &err), &err, ERR_INPUT, "key.pem");
	assert_int_equal(unlink("cert.pem"), 0);
	assert_fails(http_tls_reload(tls, &err), &err, ERR_NOT_FOUND, "cert.pem");
	assert_served(&f, &client, &second);
	fixture_fini(&f);
	http_tls_free(tls);
	free_identity(&first);
	free_identity(&second);
	free_identity(&ca);
	leave_directory(&files);
}

static void test_files_that_do_not_serve_are_named(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct files files;
	struct identity ca = make_identity("authority", NULL, NULL);
	struct identity server = make_identity("server", &ca, "serverAuth");
	struct http_tls *tls = NULL;

	enter_directory(&files);
	assert_fails(http_tls_new("cert.pem", "key.pem", NULL, &tls, &err), &err, ERR_NOT_FOUND,
		"cert.pem");
	write_cert("cert.pem", server.cert);
	assert_fails(http_tls_new("cert.pem", "key.pem", NULL, &tls, &err), &err, ERR_NOT_FOUND,
		"key.pem");
	write_key("key.pem", server.key);
	assert_fails(http_tls_new("cert.pem", "key.pem", "ca.pem", &tls, &err), &err, ERR_NOT_FOUND,
		"ca.pem");
	write_text("ca.pem", "no certificates\n");
	assert_fails(http_tls_new("cert.pem", "key.pem", "ca.pem", &tls, &err), &err, ERR_INPUT,
		"ca.pem");
	assert_null(tls);
	free_identity(&server);
	free_identity(&ca);
	leave_directory(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_1_2_and_1_3_are_spoken_and_nothing_older),
		cmocka_unit_test(test_with_authorities_only_their_clients_are_served),
		cmocka_unit_test(test_certificates_are_replaced_while_it_runs),
		cmocka_unit_test(test_files_that_do_not_serve_are_named),
	};
	/* OpenSSL writes to connections that the server has ended. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
