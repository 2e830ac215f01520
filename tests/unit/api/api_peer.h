/*
 * For tests of the API as a whole: its two servers on free ports, and a client that reads replies.
 */
#ifndef TESTS_UNIT_API_API_PEER_H
#define TESTS_UNIT_API_API_PEER_H

#include "../test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "api/api.h"

enum { PATIENCE_S = 60 }; /* what fails a test; nothing waits for it to pass */

struct peer {
	struct fernet_key key;
	struct api *api;
	struct http_server *v1;
	struct http_server *health;
};

struct answer {
	unsigned status;
	struct buf head; /* with the status line, each line ended by CR LF */
	struct buf body;
};

static inline void answer_fini(struct answer *a)
{
	buf_fini(&a->head);
	buf_fini(&a->body);
}
#define _cleanup_answer_ _cleanup_(answer_fini)

static inline void peer_start(struct peer *p, struct api_options *o)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct http_server_options v1 = { .address = "127.0.0.1", .threads = 2 };
	struct http_server_options health = { .address = "127.0.0.1", .threads = 1 };

	memset(p->key.bytes, 7, sizeof(p->key.bytes));
	o->pagination_key = &p->key;
	assert_ok(api_new(o, &p->api, &err), &err);
	api_serve_v1(p->api, 0, &v1);
	api_serve_health(p->api, &health);
	assert_ok(http_server_start(&v1, &p->v1, &err), &err);
	assert_ok(http_server_start(&health, &p->health, &err), &err);
}

static inline void peer_stop(struct peer *p)
{
	http_server_free(p->v1);
	http_server_free(p->health);
	api_free(p->api);
}

static inline int client_connect(struct http_server *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(http_server_port(s)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static inline void client_send(int fd, struct str bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		assert_true(n > 0);
		bytes = str_skip(bytes, (size_t)n);
	}
}

/* Sends "GET /path" with more header lines (each with CR LF) and a body; returns the connection. */
static inline int client_ask(
	struct http_server *s, const char *request, const char *headers, struct str body)
{
	_cleanup_buf_ struct buf b = BUF_INIT(16 * MIB);
	int fd = client_connect(s);

	buf_printf(&b, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s", request, headers);
	if (body.p)
		buf_printf(&b, "Content-Length: %zu\r\n", body.n);
	buf_append_str(&b, STR("\r\n"));
	buf_append_str(&b, body);
	client_send(fd, buf_str(&b));
	return fd;
}

/* Reads the reply up to the end of the connection. */
static inline struct answer client_read(int fd)
{
	struct answer a = { .head = BUF_INIT(MIB), .body = BUF_INIT(64 * MIB) };
	_cleanup_buf_ struct buf all = BUF_INIT(64 * MIB);
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_append(&all, piece, (size_t)n);
	(void)close(fd);
	if (n < 0)
		fail_msg("no reply");
	ptrdiff_t end = str_find(buf_str(&all), STR("\r\n\r\n"));
	if (end < 0)
		fail_msg("no reply but \"%s\"", buf_cstr(&all));
	buf_append(&a.head, all.p, (size_t)end + 2);
	buf_append_str(&a.body, str_skip(buf_str(&all), (size_t)end + 4));
	assert_true(str_starts(buf_str(&a.head), STR("HTTP/1.1 ")));
	a.status = (unsigned)(a.head.p[9] - '0') * 100 + (unsigned)(a.head.p[10] - '0') * 10 +
		   (unsigned)(a.head.p[11] - '0');
	return a;
}

/* The value of a header as sent, empty when there is none. */
static inline struct str answer_header(const struct answer *a, const char *name)
{
	struct str rest = buf_str(&a->head), line;

	while (str_next_line(&rest, &line)) {
		struct str key, value;

		if (str_cut(line, ':', &key, &value) && str_eq_nocase(key, str_of(name)))
			return str_trim(value);
	}
	return STR_NULL;
}

static inline struct answer client_get(struct http_server *s, const char *request)
{
	return client_read(client_ask(s, request, "", STR_NULL));
}

static inline struct answer client_put(struct http_server *s, const char *request, const char *body)
{
	return client_read(client_ask(s, request, "", str_of(body)));
}

/* Asks, whatever comes back. */
static inline unsigned client_visit(struct http_server *s, const char *request)
{
	_cleanup_answer_ struct answer a = client_get(s, request);

	return a.status;
}

/* A whole exchange. body: NULL for none; expected: the body of the answer. */
static inline void expect(struct http_server *s, const char *request, const char *body,
	unsigned status, const char *expected)
{
	_cleanup_answer_ struct answer a =
		client_read(client_ask(s, request, "", body ? str_of(body) : STR_NULL));

	if (a.status != status || !str_eq(buf_str(&a.body), str_of(expected)))
		fail_msg("%s: %u %s, not %u %s", request, a.status, buf_cstr(&a.body), status,
			expected);
}

#endif
