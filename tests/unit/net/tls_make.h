/*
 * Keys, a CA and certificates for tests, made when they are needed.
 */
#ifndef TESTS_UNIT_NET_TLS_MAKE_H
#define TESTS_UNIT_NET_TLS_MAKE_H

#include "../test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static inline void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* A certificate with a common name, signed by issuer (NULL: a CA, by itself). names: the subject's
 * alternative names ("DNS:x,IP:…"), or NULL. */
static inline void identity_make(struct identity *id, const char *common_name, const char *names,
	const struct identity *issuer)
{
	static long serial = 1;

	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	assert_true(id->key && id->cert);
	X509_NAME *name = X509_get_subject_name(id->cert);
	assert_int_equal(X509_set_version(id->cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(id->cert), serial++), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(id->cert), -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				 (const unsigned char *)common_name, -1, -1, 0),
		1);
	assert_int_equal(
		X509_set_issuer_name(id->cert, issuer ? X509_get_subject_name(issuer->cert) : name),
		1);
	assert_int_equal(X509_set_pubkey(id->cert, id->key), 1);
	if (!issuer)
		add_extension(id->cert, NID_basic_constraints, "critical,CA:TRUE");
	if (names)
		add_extension(id->cert, NID_subject_alt_name, names);
	assert_true(X509_sign(id->cert, issuer ? issuer->key : id->key, EVP_sha256()) > 0);
}

static inline void identity_fini(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
}

/* PEM files; either path may be NULL. */
static inline void identity_write(
	const struct identity *id, const char *cert_path, const char *key_path)
{
	FILE *f;

	if (cert_path) {
		assert_non_null(f = fopen(cert_path, "we"));
		assert_int_equal(PEM_write_X509(f, id->cert), 1);
		assert_int_equal(fclose(f), 0);
	}
	if (key_path) {
		assert_non_null(f = fopen(key_path, "we"));
		assert_int_equal(PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL), 1);
		assert_int_equal(fclose(f), 0);
	}
}

/* A server that shows this certificate and, with a client_ca, wants one from the client. */
static inline SSL_CTX *server_context(const struct identity *id, const struct identity *client_ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_use_certificate(ctx, id->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, id->key), 1);
	if (client_ca) {
		assert_int_equal(
			X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), client_ca->cert), 1);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return ctx;
}

#endif
