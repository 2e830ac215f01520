/*
 * A server of layers in this process: it answers each connection with what belongs to the path,
 * byte for byte, and closes it. A page may be held back, or cut, until the test lets it go on.
 */
#ifndef TESTS_UNIT_INDEX_LAYER_SERVER_H
#define TESTS_UNIT_INDEX_LAYER_SERVER_H

#include "../test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

struct page {
	const char *path; /* without query; NULL ends the table */
	struct str head;  /* status and headers, without Content-Length; empty: 200 */
	struct str body;
	uint64_t missing; /* Content-Length says so much more than there is */
	bool held;        /* after all that is sent: until the gate opens, or the client goes */
	bool gated;       /* the same before anything is sent */
};

struct layer_server {
	int fd;
	unsigned port;
	pthread_t thread;
	const struct page *pages;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool open;            /* the gate */
	unsigned connections; /* whose request was read */
	struct buf requests;  /* their heads */
};

static inline const struct page *server_find(const struct layer_server *s, struct str request)
{
	struct str target;

	(void)str_cut(request, ' ', NULL, &target);
	(void)str_cut(target, ' ', &target, NULL);
	(void)str_cut(target, '?', &target, NULL);
	for (const struct page *p = s->pages; p->path; p++) {
		if (str_eq(str_of(p->path), target))
			return p;
	}
	return NULL;
}

static inline bool server_send(int c, struct str bytes)
{
	while (bytes.n) {
		ssize_t r = send(c, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (r <= 0)
			return false;
		bytes = str_skip(bytes, (size_t)r);
	}
	return true;
}

/* Until the gate is open or the client has gone. */
static inline void server_hold(struct layer_server *s, int c)
{
	char byte;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->open) {
		struct timespec soon;

		(void)clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 20000000;
		if (soon.tv_nsec >= 1000000000) {
			soon.tv_sec++;
			soon.tv_nsec -= 1000000000;
		}
		(void)pthread_cond_timedwait(&s->changed, &s->lock, &soon);
		if (recv(c, &byte, 1, MSG_DONTWAIT) == 0)
			break;
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static inline void server_answer(struct layer_server *s, int c)
{
	char request[16384], head[256];
	size_t n = 0;

	while (n < sizeof(request) && str_find(str_n(request, n), STR("\r\n\r\n")) < 0) {
		ssize_t r = recv(c, request + n, sizeof(request) - n, 0);

		if (r <= 0)
			return;
		n += (size_t)r;
	}
	const struct page *p = server_find(s, str_n(request, n));
	(void)pthread_mutex_lock(&s->lock);
	buf_append(&s->requests, request, n);
	s->connections++;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
	if (!p) {
		(void)server_send(c, STR("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
		return;
	}
	if (p->gated)
		server_hold(s, c);
	(void)snprintf(
		head, sizeof(head), "Content-Length: %" PRIu64 "\r\n\r\n", p->body.n + p->missing);
	if (server_send(c, p->head.n ? p->head : STR("HTTP/1.1 200 OK\r\n")) &&
		server_send(c, str_of(head)) && server_send(c, p->body) && p->held)
		server_hold(s, c);
}

static inline void *server_run(void *ctx)
{
	struct layer_server *s = ctx;
	int c;

	while ((c = accept(s->fd, NULL, NULL)) >= 0) {
		server_answer(s, c);
		(void)close(c);
	}
	return NULL;
}

static inline void server_start(struct layer_server *s, const struct page *pages)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t size = sizeof(a);

	*s = (struct layer_server){ .pages = pages,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.requests = BUF_INIT(MIB) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &size), 0);
	assert_int_equal(listen(s->fd, 16), 0);
	s->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
}

/* Returns when so many requests have been read. */
static inline void server_wait(struct layer_server *s, unsigned connections)
{
	(void)pthread_mutex_lock(&s->lock);
	while (s->connections < connections)
		(void)pthread_cond_wait(&s->changed, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
}

static inline void server_open_gate(struct layer_server *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->open = true;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
}

static inline void server_stop(struct layer_server *s)
{
	server_open_gate(s);
	(void)shutdown(s->fd, SHUT_RDWR);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	(void)close(s->fd);
}

static inline void server_fini(struct layer_server *s)
{
	buf_fini(&s->requests);
}

#endif
