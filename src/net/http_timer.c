/*
 * The thread that ends what takes too long. Requests without an answer are answered with the reply
 * for that: their time is the same for all, so that the list of them is in order. Connections are
 * all looked at once a second, which for the most there may be takes below a millisecond; those
 * that are over their time are shut down, which their event thread notices.
 */
#include "base/base.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/http_server_priv.h"

static const uint64_t NS_PER_S = 1000000000;

uint64_t http_deadline_ns(uint64_t timeout_ms)
{
	uint64_t ns;

	if (__builtin_mul_overflow(timeout_ms, UINT64_C(1000000), &ns) ||
		__builtin_add_overflow(ns, clock_monotonic_ns(), &ns))
		return UINT64_MAX;
	return ns;
}

void http_timer_notice(struct http_server *s, uint64_t due_ns)
{
	if (due_ns >= s->timer_due_ns)
		return;
	s->timer_due_ns = due_ns;
	(void)pthread_cond_signal(&s->timer_wake);
}

static void answer_late_ones(struct http_server *s, uint64_t now)
{
	while (s->oldest && s->oldest->deadline_ns <= now) {
		struct exchange *x = s->oldest;
		struct http_reply reply = s->o.timeout_reply;
		uint64_t bytes;

		reply.shared = s->timeout_body;
		struct MHD_Response *response = reply_build(x, &reply, &bytes);
		exchange_answer(x, response, reply.status, bytes);
	}
}

static void cut_slow_connections(struct http_server *s, uint64_t now)
{
	for (struct connection *c = s->connections; c; c = c->next) {
		if (c->deadline_ns > now)
			continue;
		c->deadline_ns = UINT64_MAX;
		/* When it is broken already, its event thread knows. */
		(void)shutdown(c->fd, SHUT_RDWR);
	}
}

/* Waits until due, or until something is due before that. */
static void wait_until(struct http_server *s, uint64_t due)
{
	s->timer_due_ns = due;
	if (due == UINT64_MAX) {
		(void)pthread_cond_wait(&s->timer_wake, &s->lock);
		return;
	}
	struct timespec at = { .tv_sec = (time_t)(due / NS_PER_S),
		.tv_nsec = (long)(due % NS_PER_S) };
	(void)pthread_cond_timedwait(&s->timer_wake, &s->lock, &at);
}

void *http_timer_thread(void *server)
{
	struct http_server *s = server;
	uint64_t next_round = 0;

	server_lock(s);
	while (!s->closed) {
		uint64_t now = clock_monotonic_ns();

		answer_late_ones(s, now);
		if (now >= next_round) {
			cut_slow_connections(s, now);
			next_round = now + NS_PER_S;
		}
		uint64_t due = s->connections ? next_round : UINT64_MAX;
		if (s->oldest && s->oldest->deadline_ns < due)
			due = s->oldest->deadline_ns;
		if (due > clock_monotonic_ns())
			wait_until(s, due);
	}
	server_unlock(s);
	return NULL;
}
