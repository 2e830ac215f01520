/*
 * For tests of the HTTP server: a server whose handler the path chooses, and clients that send
 * bytes as they are told and read replies strictly.
 */
#ifndef TESTS_UNIT_NET_HTTP_PEER_H
#define TESTS_UNIT_NET_HTTP_PEER_H

#include "../test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "net/net.h"

enum { PATIENCE_S = 60 }; /* what fails a test; nothing waits for it to pass */

struct ended {
	unsigned status;
	uint64_t bytes;
	char target[64];
};

struct fixture {
	struct http_server *server;
	struct http_body *shared; /* for /shared */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	VEC_OF(struct http_request *) held; /* of /later, in the order they came */
	VEC_OF(struct ended) ended;
};

static inline void reply_text(struct http_request *r, struct str text)
{
	struct http_reply reply = { .status = 200,
		.content_type = "text/plain",
		.body = span_from_str(text),
		.gzip_allowed = true };

	http_respond(r, &reply);
}

static inline void fixture_handle(void *ctx, struct http_request *r)
{
	struct fixture *f = ctx;

	if (str_eq(r->path, STR("/later"))) {
		(void)pthread_mutex_lock(&f->lock);
		vec_push(&f->held, r);
		(void)pthread_cond_broadcast(&f->changed);
		(void)pthread_mutex_unlock(&f->lock);
	} else if (str_eq(r->path, STR("/shared"))) {
		struct http_reply reply = { .status = 200,
			.content_type = "application/json",
			.shared = f->shared,
			.gzip_allowed = true };

		http_respond(r, &reply);
	} else if (str_eq(r->path, STR("/empty"))) {
		const struct http_header allow = { STR_INIT("Allow"), STR_INIT("GET") };
		struct http_reply reply = { .status = 422,
			.content_type = "text/plain",
			.headers = &allow,
			.n_headers = 1 };

		http_respond(r, &reply);
	} else {
		reply_text(r, arena_printf(&r->arena,
				      "%" PRIstr " %" PRIstr " %" PRIstr " %zu%s [%" PRIstr "]",
				      STR_ARG(r->method), STR_ARG(r->path), STR_ARG(r->query),
				      r->body.n, r->body_cut ? "+" : "",
				      STR_ARG(http_request_header(r, STR("x-test")))));
	}
}

static inline void fixture_done(void *ctx, const struct http_request *r, unsigned status,
	uint64_t bytes, uint64_t duration_ns)
{
	struct fixture *f = ctx;
	struct ended e = { .status = status, .bytes = bytes };

	assert(duration_ns > 0); /* not cmocka's: another thread */
	(void)snprintf(e.target, sizeof(e.target), "%" PRIstr, STR_ARG(r->target));
	(void)pthread_mutex_lock(&f->lock);
	vec_push(&f->ended, e);
	(void)pthread_cond_broadcast(&f->changed);
	(void)pthread_mutex_unlock(&f->lock);
}

static inline struct http_server_options fixture_options(struct fixture *f)
{
	return (struct http_server_options){
		.address = "127.0.0.1",
		.threads = 2,
		.max_body_bytes = 100000,
		.idle_timeout_s = PATIENCE_S,
		.receive_timeout_ms = PATIENCE_S * 1000,
		.timeout_reply = { .status = 503,
			.content_type = "application/json",
			.body = span_from_str(STR("{\"late\":true}")) },
		.server_header = "clair",
		.handle = fixture_handle,
		.done = fixture_done,
		.ctx = f,
	};
}

static inline void fixture_start(struct fixture *f, const struct http_server_options *o)
{
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(http_server_start(o, &f->server, &err), &err);
	assert_true(http_server_port(f->server) > 0);
}

static inline void fixture_init(struct fixture *f)
{
	*f = (struct fixture){ .server = NULL };
	assert_int_equal(pthread_mutex_init(&f->lock, NULL), 0);
	assert_int_equal(pthread_cond_init(&f->changed, NULL), 0);
}

static inline void fixture_fini(struct fixture *f)
{
	http_server_free(f->server);
	if (f->shared)
		http_body_unref(f->shared);
	vec_fini(&f->held);
	vec_fini(&f->ended);
	(void)pthread_cond_destroy(&f->changed);
	(void)pthread_mutex_destroy(&f->lock);
}

static inline void fixture_wait(struct fixture *f)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	if (pthread_cond_timedwait(&f->changed, &f->lock, &end) != 0)
		fail_msg("nothing happens");
}

/* The request that /later keeps, taken out, once one is there. */
static inline struct http_request *fixture_take(struct fixture *f)
{
	(void)pthread_mutex_lock(&f->lock);
	while (f->held.n == 0)
		fixture_wait(f);
	struct http_request *r = f->held.v[0];
	f->held.n--;
	memmove(f->held.v, f->held.v + 1, f->held.n * sizeof(f->held.v[0]));
	(void)pthread_mutex_unlock(&f->lock);
	return r;
}

/* The i-th exchange that has ended, once it has. */
static inline struct ended fixture_ended(struct fixture *f, size_t i)
{
	(void)pthread_mutex_lock(&f->lock);
	while (f->ended.n <= i)
		fixture_wait(f);
	struct ended e = f->ended.v[i];
	(void)pthread_mutex_unlock(&f->lock);
	return e;
}

struct peer {
	int fd;
	struct buf in;
};

struct answer {
	unsigned status;
	struct buf head; /* with the empty line */
	struct buf body;
};

static inline struct sockaddr_in peer_address(const struct fixture *f)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(http_server_port(f->server)),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
}

static inline void peer_open(struct peer *p, const struct fixture *f)
{
	struct sockaddr_in a = peer_address(f);
	struct timeval patience = { .tv_sec = PATIENCE_S };

	buf_init(&p->in, 512 * MIB);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(p->fd >= 0);
	assert_int_equal(
		setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	if (connect(p->fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		fail_msg("connect: %d", errno);
}

static inline void peer_close(struct peer *p)
{
	(void)close(p->fd);
	buf_fini(&p->in);
}

static inline void peer_send(struct peer *p, struct str s)
{
	while (s.n) {
		ssize_t n = send(p->fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0)
			fail_msg("send: %d", errno);
		s = str_skip(s, (size_t)n);
	}
}

/* More bytes; false at the end of the connection. */
static inline bool peer_fill(struct peer *p)
{
	char b[65536];
	ssize_t n = recv(p->fd, b, sizeof(b), 0);

	if (n < 0 && errno != ECONNRESET)
		fail_msg("recv: %d", errno);
	if (n > 0)
		buf_append(&p->in, b, (size_t)n);
	return n > 0;
}

static inline void answer_fini(struct answer *a)
{
	buf_fini(&a->head);
	buf_fini(&a->body);
}

/* The value of a header, empty when it is not there. */
static inline struct str answer_header(const struct answer *a, const char *name)
{
	struct str rest = buf_str(&a->head), line, key, value;

	while (str_next_line(&rest, &line)) {
		if (str_cut(line, ':', &key, &value) && str_eq_nocase(key, str_of(name)))
			return str_trim(value);
	}
	return STR_NULL;
}

/* Moves the first n bytes that have come. */
static inline void peer_move(struct peer *p, size_t n, struct buf *out)
{
	buf_append(out, p->in.p, n);
	buf_consume(&p->in, n);
}

/* Reads one reply; with_body: as many bytes as Content-Length says. */
static inline void peer_read_answer(struct peer *p, struct answer *a, bool with_body)
{
	ptrdiff_t end;
	uint64_t length = 0, status;

	*a = (struct answer){ .head = BUF_INIT(MIB), .body = BUF_INIT(512 * MIB) };
	while ((end = str_find(buf_str(&p->in), STR("\r\n\r\n"))) < 0) {
		if (!peer_fill(p))
			fail_msg("the connection ends before the head: %" PRIstr,
				STR_ARG(buf_str(&p->in)));
	}
	peer_move(p, (size_t)end + 4, &a->head);
	assert_true(str_starts(buf_str(&a->head), STR("HTTP/1.")));
	assert_true(parse_u64(str_n(a->head.p + 9, 3), &status));
	a->status = (unsigned)status;
	if (!with_body || status == 100)
		return;
	assert_true(parse_u64(answer_header(a, "Content-Length"), &length));
	while (p->in.n < length) {
		if (!peer_fill(p))
			fail_msg("the connection ends within the body");
	}
	peer_move(p, length, &a->body);
}

/* Whether the server ends the connection without another byte. */
static inline void assert_ends(struct peer *p)
{
	assert_int_equal(p->in.n, 0);
	if (peer_fill(p))
		fail_msg("more bytes: %" PRIstr, STR_ARG(buf_str(&p->in)));
}

/* Sends a request and reads its reply. */
static inline void peer_ask(struct peer *p, const char *request, struct answer *a)
{
	peer_send(p, str_of(request));
	peer_read_answer(p, a, !str_starts(str_of(request), STR("HEAD ")));
}

/* That a request is answered with status 200 and this text. */
static inline void assert_answer(struct peer *p, const char *request, const char *text)
{
	struct answer a;

	peer_ask(p, request, &a);
	assert_int_equal(a.status, 200);
	assert_str(buf_str(&a.body), text);
	answer_fini(&a);
}

#define HOST "Host: clair\r\n"

#endif
