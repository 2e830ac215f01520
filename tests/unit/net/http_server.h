/*
 * A server in this process that answers each connection with the next prepared response, byte for
 * byte, and closes it; over TLS when it has a context.
 */
#ifndef TESTS_UNIT_NET_HTTP_SERVER_H
#define TESTS_UNIT_NET_HTTP_SERVER_H

#include "../test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

struct server {
	int fd;
	unsigned port;
	pthread_t thread;
	const struct str *responses; /* the last one is for all further connections, too */
	size_t n;
	SSL_CTX *tls;         /* NULL: plain */
	bool keep_open;       /* after a response, until the client closes */
	_Atomic bool *served; /* set after a response, for tests that act then */
	struct buf requests;  /* of all connections, with their bodies; read after server_stop() */
	unsigned connections; /* likewise */
};

/* One connection. */
struct peer {
	int fd;
	SSL *tls;
};

static inline ssize_t peer_read(struct peer *p, void *to, size_t n)
{
	return p->tls ? SSL_read(p->tls, to, (int)n) : recv(p->fd, to, n, 0);
}

static inline ssize_t peer_write(struct peer *p, const void *from, size_t n)
{
	return p->tls ? SSL_write(p->tls, from, (int)n) : send(p->fd, from, n, MSG_NOSIGNAL);
}

/* How long a request is with its body, 0 while its head is not complete. */
static inline size_t request_size(struct str request)
{
	ptrdiff_t end = str_find(request, STR("\r\n\r\n"));
	ptrdiff_t at = str_find(request, STR("Content-Length: "));
	uint64_t body = 0;
	struct str digits;

	if (end < 0)
		return 0;
	if (at >= 0 && at < end) {
		(void)str_cut(str_skip(request, (size_t)at + 16), '\r', &digits, NULL);
		assert_true(parse_u64(digits, &body));
	}
	return (size_t)end + 4 + body;
}

static inline void serve_one(struct server *s, struct peer *p, struct str response)
{
	static const size_t room = 128 * KIB;
	_cleanup_free_ char *request = xmalloc(room);
	size_t n = 0, whole = 0;

	while (n < room && (whole == 0 || n < whole)) {
		ssize_t r = peer_read(p, request + n, room - n);
		if (r <= 0)
			return;
		n += (size_t)r;
		whole = request_size(str_n(request, n));
	}
	buf_append(&s->requests, request, n);
	while (response.n) {
		ssize_t r = peer_write(p, response.p, response.n);
		if (r <= 0)
			return;
		response = str_skip(response, (size_t)r);
	}
	if (s->served)
		*s->served = true;
	if (s->keep_open)
		(void)!peer_read(p, request, room);
}

static inline void *serve(void *ctx)
{
	struct server *s = ctx;
	struct peer p = { .fd = -1 };

	while ((p.fd = accept(s->fd, NULL, NULL)) >= 0) {
		bool ok = true;

		p.tls = NULL;
		if (s->tls) {
			p.tls = SSL_new(s->tls);
			ok = p.tls && SSL_set_fd(p.tls, p.fd) == 1 && SSL_accept(p.tls) == 1;
		}
		if (ok)
			serve_one(s, &p, s->responses[min_size(s->connections, s->n - 1)]);
		s->connections++;
		if (p.tls) {
			if (ok)
				(void)SSL_shutdown(p.tls);
			SSL_free(p.tls);
		}
		(void)close(p.fd);
	}
	return NULL;
}

/* The port is known before anything is served, so that responses can name it. */
static inline void server_listen(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof(a);

	buf_init(&s->requests, MIB);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &size), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	s->port = ntohs(a.sin_port);
}

static inline void server_serve(struct server *s, const struct str *responses, size_t n)
{
	s->responses = responses;
	s->n = n;
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static inline void server_start(struct server *s, const struct str *responses, size_t n)
{
	server_listen(s);
	server_serve(s, responses, n);
}

static inline void server_stop(struct server *s)
{
	(void)shutdown(s->fd, SHUT_RDWR);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	(void)close(s->fd);
}

static inline void server_fini(struct server *s)
{
	buf_fini(&s->requests);
}

/* Whether a text is in what the server was asked. */
static inline bool server_saw(const struct server *s, const char *text)
{
	return str_find(buf_str(&s->requests), str_of(text)) >= 0;
}

/* No proxy of the environment stands between this process and itself. */
static inline int clean_environment(void **state UNUSED)
{
	/* A server writes to connections that a test has closed. */
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	       setenv("no_proxy", "*", 1) + unsetenv("CLAIR_HTTP_STALL_S") != 0;
}

#endif
