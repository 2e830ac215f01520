/*
 * Starting and stopping, see http_server.h, and the connections between.
 */
#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "net/http_server_priv.h"

PRINTF_LIKE(2, 0) static void log_library(void *ctx UNUSED, const char *fmt, va_list ap)
{
	char text[512];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	log_debug("HTTP: %" PRIstr, STR_ARG(str_trim(str_of(text))));
}

/* Targets are taken as they were sent, so that libmicrohttpd need not decode them. */
static size_t leave_as_it_is(void *ctx UNUSED, struct MHD_Connection *mhd UNUSED, char *s)
{
	return strlen(s);
}

static void connection_begin(struct http_server *s, struct MHD_Connection *mhd, void **ctx)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	http_remote_text(
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
		c->remote);
	if (s->o.tls) {
		void *session = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)
					->tls_session;
		/* It cannot be refused here; without the means it must not be served. */
		if (http_tls_begin(s->o.tls, session, &c->credentials) < 0)
			(void)shutdown(c->fd, SHUT_RDWR);
	}
	server_lock(s);
	c->deadline_ns =
		http_deadline_ns(s->o.idle_timeout_s * UINT64_C(1000) + s->o.receive_timeout_ms);
	c->next = s->connections;
	if (c->next)
		c->next->prev = c;
	s->connections = c;
	http_timer_notice(s, clock_monotonic_ns() + UINT64_C(1000000000));
	server_unlock(s);
	*ctx = c;
}

static void connection_end(struct http_server *s, void **ctx)
{
	struct connection *c = *ctx;

	server_lock(s);
	if (c->prev)
		c->prev->next = c->next;
	else
		s->connections = c->next;
	if (c->next)
		c->next->prev = c->prev;
	server_unlock(s);
	http_credentials_unref(c->credentials);
	free(c);
	*ctx = NULL;
	atomic_fetch_sub(&s->n_connections, 1);
	if (atomic_exchange(&s->at_limit, false))
		http_wake_acceptor(s);
}

static void connection_notice(void *server, struct MHD_Connection *mhd, void **ctx,
	enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		connection_begin(server, mhd, ctx);
	else
		connection_end(server, ctx);
}

/* The limit of connections is the acceptor's; libmicrohttpd's own is never to be met. */
enum { DAEMON_CONNECTIONS = 1 << 24 };

static int start_daemon(struct http_server *s, struct err *err)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem options[8];
	size_t n = 0;

	if (s->o.tls) {
		flags |= MHD_USE_TLS;
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
			(void *)(uintptr_t)http_tls_no_certificate };
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)(uintptr_t)http_tls_priorities };
	}
	/* One thread is what it has without a pool. */
	if (s->o.threads > 1)
		options[n++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE,
			(intptr_t)s->o.threads, NULL };
	options[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, exchange_advance, s,
		MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		connection_notice, s, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, s,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_end, s, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_as_it_is, NULL, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)s->o.idle_timeout_s,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)DAEMON_CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_HTTP_CONNECTION_MEMORY,
		MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (!s->daemon)
		return err_set(err, ERR_IO, "libmicrohttpd does not start");
	return 0;
}

static int start_threads(struct http_server *s, struct err *err)
{
	int r = thread_start(&s->timer, "http-timer", http_timer_thread, s);

	s->timer_runs = r == 0;
	if (r == 0) {
		r = thread_start(&s->acceptor, "http-accept", http_accept_thread, s);
		s->acceptor_runs = r == 0;
	}
	return r ? err_set_errno(err, ERR_BUSY, r, "a thread does not start") : 0;
}

static struct http_server *server_new(const struct http_server_options *o)
{
	struct http_server *s = xcalloc(1, sizeof(*s));
	struct buf late = BUF_INIT(SIZE_MAX / 2);
	pthread_condattr_t monotonic;

	s->o = *o;
	atomic_init(&s->holders, 1);
	s->listen_fd = s->wake_fd = -1;
	s->timer_due_ns = UINT64_MAX;
	s->max_connections = http_connection_limit(o->max_connections);
	s->o.max_body_bytes =
		o->max_body_bytes < LIMIT_HTTP_BODY ? o->max_body_bytes : LIMIT_HTTP_BODY;
	if (!s->o.max_bodies_bytes)
		s->o.max_bodies_bytes = LIMIT_HTTP_BODIES_TOTAL;
	if (o->timeout_reply.shared) {
		s->timeout_body = http_body_ref(o->timeout_reply.shared);
	} else {
		buf_append(&late, o->timeout_reply.body.p, o->timeout_reply.body.n);
		s->timeout_body = http_body_new(&late, false);
	}
	if (pthread_mutex_init(&s->lock, NULL) != 0 || pthread_condattr_init(&monotonic) != 0 ||
		pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
		pthread_cond_init(&s->timer_wake, &monotonic) != 0 ||
		pthread_cond_init(&s->idle, &monotonic) != 0)
		abort();
	(void)pthread_condattr_destroy(&monotonic);
	return s;
}

int http_server_start(
	const struct http_server_options *o, struct http_server **out, struct err *err)
{
	_cleanup_(http_server_freep) struct http_server *s = server_new(o);
	sigset_t signals;

	assert(o->threads > 0 && o->threads <= 64 && o->idle_timeout_s && o->receive_timeout_ms);
	int r = http_listen(o->address, o->port, &s->listen_fd, &s->port, err);
	if (r < 0)
		return r;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0)
		return err_set_errno(err, ERR_IO, errno, "eventfd");
	thread_block_signals(&signals);
	r = start_daemon(s, err);
	thread_unblock_signals(&signals);
	if (r == 0)
		r = start_threads(s, err);
	if (r < 0)
		return r;
	*out = take_ptr(s);
	return 0;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

size_t http_server_connections(struct http_server *s)
{
	return atomic_load(&s->n_connections);
}

size_t http_server_running(struct http_server *s)
{
	server_lock(s);
	size_t n = s->running;
	server_unlock(s);
	return n;
}

void http_server_stop_accepting(struct http_server *s)
{
	atomic_store(&s->stopping, true);
	if (s->acceptor_runs) {
		http_wake_acceptor(s);
		(void)pthread_join(s->acceptor, NULL);
		s->acceptor_runs = false;
	}
	if (s->listen_fd >= 0)
		(void)close(take_fd(&s->listen_fd));
}

bool http_server_drain(struct http_server *s, uint64_t timeout_ms)
{
	uint64_t end = http_deadline_ns(timeout_ms);
	struct timespec at = { .tv_sec = (time_t)(end / 1000000000U),
		.tv_nsec = (long)(end % 1000000000U) };
	int r = 0;

	server_lock(s);
	while (s->running && r == 0)
		r = pthread_cond_timedwait(&s->idle, &s->lock, &at);
	bool drained = s->running == 0;
	server_unlock(s);
	return drained;
}

void server_unref(struct http_server *s)
{
	if (atomic_fetch_sub(&s->holders, 1) > 1)
		return;
	(void)pthread_cond_destroy(&s->timer_wake);
	(void)pthread_cond_destroy(&s->idle);
	(void)pthread_mutex_destroy(&s->lock);
	http_body_unref(s->timeout_body);
	free(s);
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	http_server_stop_accepting(s);
	server_lock(s);
	s->closed = true;
	/* libmicrohttpd must not be stopped while connections sleep. */
	while (s->oldest)
		exchange_answer(s->oldest, NULL, 0, 0);
	(void)pthread_cond_signal(&s->timer_wake);
	server_unlock(s);
	if (s->timer_runs)
		(void)pthread_join(s->timer, NULL);
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	if (s->wake_fd >= 0)
		(void)close(s->wake_fd);
	server_unref(s);
}
