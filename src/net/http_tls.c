/*
 * Certificates of the HTTP server, by GnuTLS, which libmicrohttpd speaks TLS with. Each connection
 * gets the credentials of the moment instead of libmicrohttpd's own, and holds them to its end:
 * that is what makes them replaceable.
 */
#include "base/base.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "net/http_server_priv.h"

const char http_tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct http_credentials {
	atomic_uint holders;
	gnutls_certificate_credentials_t gnutls;
	bool clients_need_certificate;
};

struct http_tls {
	char *certfile;
	char *keyfile;
	char *cafile; /* NULL: clients need none */
	pthread_mutex_t lock;
	struct http_credentials *current; /* guarded by lock */
};

void http_credentials_unref(struct http_credentials *c)
{
	if (!c || atomic_fetch_sub(&c->holders, 1) > 1)
		return;
	gnutls_certificate_free_credentials(c->gnutls);
	free(c);
}
DEFINE_CLEANUP(struct http_credentials *, http_credentials_unref)

/* A file, to be wiped and freed by the caller. */
static int read_file(const char *path, struct buf *out, struct err *err)
{
	_cleanup_close_ int fd = io_open(path, 0, 0, err);

	if (fd < 0)
		return fd;
	return io_read_to_end(fd, out, path, err);
}

static gnutls_datum_t datum(const struct buf *b)
{
	return (gnutls_datum_t){ .data = (unsigned char *)b->p, .size = (unsigned)b->n };
}

static int load_pair(struct http_credentials *c, const struct http_tls *t, struct err *err)
{
	_cleanup_buf_ struct buf cert = BUF_INIT(LIMIT_TLS_FILE);
	_cleanup_buf_ struct buf key = BUF_INIT(LIMIT_TLS_FILE);

	/* All of it at once, so that no copy stays behind when it grows. */
	(void)buf_reserve(&key, LIMIT_TLS_FILE);
	int r = read_file(t->certfile, &cert, err);
	if (r == 0)
		r = read_file(t->keyfile, &key, err);
	if (r < 0)
		return r;
	gnutls_datum_t cert_datum = datum(&cert), key_datum = datum(&key);
	r = gnutls_certificate_set_x509_key_mem(
		c->gnutls, &cert_datum, &key_datum, GNUTLS_X509_FMT_PEM);
	explicit_bzero(key.p, key.n);
	if (r < 0)
		return err_set(err, ERR_INPUT, "certificate %s with key %s: %s", t->certfile,
			t->keyfile, gnutls_strerror(r));
	return 0;
}

static int load_authorities(struct http_credentials *c, const struct http_tls *t, struct err *err)
{
	_cleanup_buf_ struct buf ca = BUF_INIT(LIMIT_TLS_FILE);

	int r = read_file(t->cafile, &ca, err);
	if (r < 0)
		return r;
	gnutls_datum_t ca_datum = datum(&ca);
	r = gnutls_certificate_set_x509_trust_mem(c->gnutls, &ca_datum, GNUTLS_X509_FMT_PEM);
	if (r <= 0)
		return err_set(err, ERR_INPUT, "certificate authorities in %s: %s", t->cafile,
			r == 0 ? "none" : gnutls_strerror(r));
	c->clients_need_certificate = true;
	return 0;
}

static int load(const struct http_tls *t, struct http_credentials **out, struct err *err)
{
	_cleanup_(http_credentials_unrefp) struct http_credentials *c = xcalloc(1, sizeof(*c));

	atomic_init(&c->holders, 1);
	if (gnutls_certificate_allocate_credentials(&c->gnutls) < 0)
		abort();
	int r = load_pair(c, t, err);
	if (r == 0 && t->cafile)
		r = load_authorities(c, t, err);
	if (r < 0)
		return r;
	*out = take_ptr(c);
	return 0;
}

int http_tls_reload(struct http_tls *t, struct err *err)
{
	struct http_credentials *fresh = NULL;

	int r = load(t, &fresh, err);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&t->lock);
	struct http_credentials *old = t->current;
	t->current = fresh;
	(void)pthread_mutex_unlock(&t->lock);
	http_credentials_unref(old);
	return 0;
}

int http_tls_new(const char *certfile, const char *keyfile, const char *cafile,
	struct http_tls **out, struct err *err)
{
	_cleanup_(http_tls_freep) struct http_tls *t = xcalloc(1, sizeof(*t));

	t->certfile = xstrdup(certfile);
	t->keyfile = xstrdup(keyfile);
	t->cafile = cafile ? xstrdup(cafile) : NULL;
	if (pthread_mutex_init(&t->lock, NULL) != 0)
		abort();
	int r = http_tls_reload(t, err);
	if (r < 0)
		return r;
	*out = take_ptr(t);
	return 0;
}

void http_tls_free(struct http_tls *t)
{
	if (!t)
		return;
	http_credentials_unref(t->current);
	(void)pthread_mutex_destroy(&t->lock);
	free(t->certfile);
	free(t->keyfile);
	free(t->cafile);
	free(t);
}

static struct http_credentials *current(struct http_tls *t)
{
	(void)pthread_mutex_lock(&t->lock);
	struct http_credentials *c = t->current;
	atomic_fetch_add(&c->holders, 1);
	(void)pthread_mutex_unlock(&t->lock);
	return c;
}

int http_tls_begin(struct http_tls *t, void *gnutls_session, struct http_credentials **out)
{
	/* The certificate has to be one for clients. GnuTLS keeps the pointer. */
	static char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	static gnutls_typed_vdata_st expected = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)purpose };
	gnutls_session_t session = gnutls_session;

	*out = current(t);
	if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, (*out)->gnutls) < 0)
		return -ERR_INTERNAL;
	if ((*out)->clients_need_certificate) {
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_cert2(session, &expected, 1, 0);
	}
	return 0;
}

int http_tls_no_certificate(void)
{
	return -1;
}
