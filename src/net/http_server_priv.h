/*
 * What the files of the HTTP server share.
 *
 * One mutex per server (`lock`) guards the list of connections, the list of requests that wait for
 * their answer, and how each of these was answered. It is held for a few instructions; under it
 * libmicrohttpd is called to suspend and resume, and to make the reply of a timeout. Nothing of the
 * user's is called under it, and libmicrohttpd calls back without locks of its own.
 *
 * A request has two holders: the connection, and whoever has to answer it. The server has one for
 * each request and its owner.
 */
#ifndef NET_HTTP_SERVER_PRIV_H
#define NET_HTTP_SERVER_PRIV_H

#include "base/base.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/http_server.h"

enum { REMOTE_SIZE = 64 };

struct http_credentials; /* what a TLS connection was opened with */

struct connection {
	struct connection *prev, *next;
	int fd;
	uint64_t deadline_ns; /* when it is cut off; UINT64_MAX: never; guarded by lock */
	struct http_credentials *credentials;
	char remote[REMOTE_SIZE];
};

struct exchange {
	struct http_request request; /* what the user sees; the first member */
	struct http_server *server;
	atomic_uint holders;
	struct MHD_Connection *mhd;
	struct connection *connection; /* on the event thread only, until it ends */
	/* On the event thread: */
	const char *raw_target; /* libmicrohttpd's buffer */
	bool head_read;
	bool refused; /* answered before the body was there */
	bool handed;  /* to the user's handler */
	struct buf body;
	bool no_room;      /* for the body: all have too much */
	uint64_t reserved; /* bytes of the server's total for bodies */
	/* Guarded by lock: */
	struct exchange *prev, *next; /* those that wait for their answer, oldest first */
	uint64_t deadline_ns;
	bool answered;
	bool suspended;
	struct MHD_Response *response; /* owned; NULL: none, the connection ends */
	unsigned status;
	uint64_t bytes;
};

struct http_server {
	struct http_server_options o;
	struct MHD_Daemon *daemon;
	atomic_uint holders;
	int listen_fd;
	int wake_fd; /* eventfd, ends the waits of the accepting thread */
	uint16_t port;
	size_t max_connections;
	pthread_t acceptor;
	bool acceptor_runs;
	pthread_t timer;
	bool timer_runs;
	struct http_body *timeout_body;
	atomic_size_t n_connections;
	atomic_bool at_limit;            /* the acceptor waits for a connection to end */
	atomic_bool stopping;            /* no new connections */
	atomic_uint_fast64_t body_bytes; /* reserved, of LIMIT_HTTP_BODIES_TOTAL */
	pthread_mutex_t lock;
	pthread_cond_t timer_wake;
	pthread_cond_t idle; /* running has become 0 */
	/* Guarded by lock: */
	struct connection *connections;
	struct exchange *oldest, *newest;
	size_t running;
	uint64_t timer_due_ns; /* when the timer looks next */
	bool closed;           /* http_server_free() was called */
};

static inline void server_lock(struct http_server *s)
{
	(void)pthread_mutex_lock(&s->lock);
}

static inline void server_unlock(struct http_server *s)
{
	(void)pthread_mutex_unlock(&s->lock);
}

/* http_server.c */
void server_unref(struct http_server *s);

/* http_listen.c: a listening socket and its port; the acceptor, which ends when s->stopping. */
int http_listen(
	const char *address, uint16_t port, int *fd, uint16_t *bound, struct err *err) MUST_CHECK;
void http_remote_text(const struct sockaddr *address, char out[static REMOTE_SIZE]);
size_t http_connection_limit(size_t wanted);
void *http_accept_thread(void *server);
void http_wake_acceptor(struct http_server *s);

/* http_exchange.c: what libmicrohttpd calls. */
void *exchange_begin(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_advance(void *server, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **exchange);
void exchange_end(void *server, struct MHD_Connection *mhd, void **exchange,
	enum MHD_RequestTerminationCode why);
/* The first answer counts, under the lock: takes response (NULL: the connection ends). */
void exchange_answer(
	struct exchange *x, struct MHD_Response *response, unsigned status, uint64_t bytes);

/* http_head.c: the head of a request. 0, or the status to refuse it with. */
unsigned exchange_read_head(struct exchange *x, const char *method, const char *version);

/* http_reply.c: a reply in libmicrohttpd's form; *bytes of the body that is sent. */
struct MHD_Response *reply_build(
	const struct exchange *x, const struct http_reply *reply, uint64_t *bytes);

/* http_reason.c: the phrase of a status, "Unknown" when there is none. */
struct str http_reason(unsigned status);

/* http_timer.c: the thread that ends what takes too long. */
void *http_timer_thread(void *server);
/* Under the lock: something is due then. */
void http_timer_notice(struct http_server *s, uint64_t due_ns);
uint64_t http_deadline_ns(uint64_t timeout_ms);

/* http_tls.c */
int http_tls_begin(struct http_tls *t, void *gnutls_session, struct http_credentials **out);
void http_credentials_unref(struct http_credentials *c);
extern const char http_tls_priorities[];
/* For libmicrohttpd, which wants to be told of certificates; never called. */
int http_tls_no_certificate(void);

#endif
