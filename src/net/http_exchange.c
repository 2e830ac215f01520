/*
 * One request and its reply, as libmicrohttpd calls: begin with the first line, advance with the
 * head, with each piece of the body and at its end, and again after the connection was resumed;
 * end, whatever has happened.
 */
#include "base/base.h"

#include "net/http_server_priv.h"

static void exchange_unref(struct exchange *x)
{
	if (atomic_fetch_sub(&x->holders, 1) > 1)
		return;
	atomic_fetch_sub(&x->server->body_bytes, x->reserved);
	server_unref(x->server);
	buf_fini(&x->body);
	/* The request lies in x, its arena holds what it points to. */
	arena_fini(&x->request.arena);
	free(x);
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i ? i->socket_context : NULL;
}

static void set_deadline(struct exchange *x, uint64_t deadline_ns)
{
	server_lock(x->server);
	x->connection->deadline_ns = deadline_ns;
	server_unlock(x->server);
}

/*
 * Cuts the query off behind its "?" in libmicrohttpd's buffer, after we have a copy: it would parse
 * it, for nobody, and 0.9.75 leaves the connection hanging when the arguments do not fit into its
 * memory.
 */
static void hide_query(const char *target)
{
	const char *query = strchr(target, '?');

	if (query)
		((char *)(uintptr_t)query)[1] = '\0';
}

void *exchange_begin(void *server, const char *target, struct MHD_Connection *mhd)
{
	struct http_server *s = server;
	struct exchange *x = xcalloc(1, sizeof(*x));
	struct arena *a = &x->request.arena;

	x->server = s;
	atomic_fetch_add(&s->holders, 1);
	atomic_init(&x->holders, 1);
	x->mhd = mhd;
	x->connection = connection_of(mhd);
	assert(x->connection);
	x->raw_target = target;
	x->request.target = arena_str(a, str_of(target));
	hide_query(target);
	x->request.remote = arena_str(a, str_of(x->connection->remote));
	x->request.start_ns = clock_monotonic_ns();
	buf_init(&x->body, s->o.max_body_bytes);
	set_deadline(x, http_deadline_ns(s->o.receive_timeout_ms));
	return x;
}

static void link_waiting(struct exchange *x)
{
	struct http_server *s = x->server;

	x->prev = s->newest;
	x->next = NULL;
	if (s->newest)
		s->newest->next = x;
	else
		s->oldest = x;
	s->newest = x;
}

static void unlink_waiting(struct exchange *x)
{
	struct http_server *s = x->server;

	if (x->prev)
		x->prev->next = x->next;
	else
		s->oldest = x->next;
	if (x->next)
		x->next->prev = x->prev;
	else
		s->newest = x->prev;
	x->prev = x->next = NULL;
}

void exchange_answer(
	struct exchange *x, struct MHD_Response *response, unsigned status, uint64_t bytes)
{
	assert(!x->answered);
	x->answered = true;
	x->response = response;
	x->status = status;
	x->bytes = bytes;
	unlink_waiting(x);
	if (x->suspended)
		MHD_resume_connection(x->mhd);
}

/* Queues what it was answered with. */
static enum MHD_Result send_reply(struct exchange *x)
{
	struct MHD_Response *response = take_ptr(x->response);

	/* Freed before it was answered: the connection ends. */
	if (!response)
		return MHD_NO;
	set_deadline(x, http_deadline_ns(LIMIT_HTTP_SEND_S * 1000));
	enum MHD_Result r = MHD_queue_response(x->mhd, x->status, response);
	MHD_destroy_response(response);
	return r;
}

/* Answers at once, and ends the connection after that: who is next on it cannot be known. */
static enum MHD_Result refuse(struct exchange *x, unsigned status)
{
	struct http_reply reply = { .status = status,
		.content_type = "text/plain; charset=utf-8",
		.no_server_header = status == MHD_HTTP_BAD_REQUEST };
	struct str text = arena_printf(
		&x->request.arena, "%u %" PRIstr, status, STR_ARG(http_reason(status)));

	reply.body = span_from_str(text);
	x->refused = true;
	x->response = reply_build(x, &reply, &x->bytes);
	x->status = status;
	return send_reply(x);
}

/*
 * Keeps what there is room for and drops the rest. Bodies of all requests together have a limit,
 * too; what would be beyond it is refused at the end of the body, since libmicrohttpd takes no
 * replies before.
 */
static void take_body(struct exchange *x, const char *p, size_t *n)
{
	struct http_server *s = x->server;
	size_t keep = x->no_room ? 0 : min_size(*n, x->body.max - x->body.n);

	x->request.body_cut |= keep < *n;
	*n = 0;
	uint64_t before = atomic_fetch_add(&s->body_bytes, keep);
	x->reserved += keep;
	if (before + keep <= s->o.max_bodies_bytes) {
		buf_append(&x->body, p, keep);
		return;
	}
	log_debug(
		"request bodies have more than %" PRIu64 " bytes in all", LIMIT_HTTP_BODIES_TOTAL);
	x->no_room = true;
	buf_fini(&x->body);
	atomic_fetch_sub(&s->body_bytes, x->reserved);
	x->reserved = 0;
}

/* Lets the handler have it. Then it is answered, or the connection sleeps until it is. */
static enum MHD_Result hand_over(struct exchange *x)
{
	struct http_server *s = x->server;
	uint64_t timeout = s->o.request_timeout_ms;

	x->handed = true;
	x->request.body = buf_span(&x->body);
	atomic_fetch_add(&x->holders, 1);
	x->deadline_ns = timeout ? http_deadline_ns(timeout) : UINT64_MAX;
	server_lock(s);
	x->connection->deadline_ns = UINT64_MAX;
	s->running++;
	link_waiting(x);
	http_timer_notice(s, x->deadline_ns);
	server_unlock(s);
	s->o.handle(s->o.ctx, &x->request);
	server_lock(s);
	/* Nobody would resume it any more. */
	if (!x->answered && s->closed)
		exchange_answer(x, NULL, 0, 0);
	bool answered = x->answered;
	if (!answered) {
		x->suspended = true;
		MHD_suspend_connection(x->mhd);
	}
	server_unlock(s);
	return answered ? send_reply(x) : MHD_YES;
}

static bool was_answered(struct exchange *x)
{
	server_lock(x->server);
	bool answered = x->answered;
	server_unlock(x->server);
	return answered;
}

enum MHD_Result exchange_advance(void *server UNUSED, struct MHD_Connection *mhd UNUSED,
	const char *url UNUSED, const char *method, const char *version, const char *upload,
	size_t *upload_size, void **exchange)
{
	struct exchange *x = *exchange;

	if (!x->head_read) {
		x->head_read = true;
		unsigned refused = exchange_read_head(x, method, version);
		return refused ? refuse(x, refused) : MHD_YES;
	}
	if (*upload_size) {
		take_body(x, upload, upload_size);
		return MHD_YES;
	}
	if (!x->handed)
		return x->no_room ? refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE) : hand_over(x);
	return was_answered(x) ? send_reply(x) : MHD_YES;
}

/* The exchange is no longer the server's; the status it was answered with, or 0. */
static unsigned leave(struct exchange *x)
{
	struct http_server *s = x->server;

	server_lock(s);
	/* A connection that sleeps does not end. */
	assert(x->answered || !x->handed);
	unsigned status = x->status;
	x->connection->deadline_ns =
		http_deadline_ns(s->o.idle_timeout_s * UINT64_C(1000) + s->o.receive_timeout_ms);
	server_unlock(s);
	return status;
}

static void count_end(struct http_server *s)
{
	server_lock(s);
	if (--s->running == 0)
		(void)pthread_cond_broadcast(&s->idle);
	server_unlock(s);
}

void exchange_end(void *server, struct MHD_Connection *mhd UNUSED, void **exchange,
	enum MHD_RequestTerminationCode why UNUSED)
{
	struct http_server *s = server;
	struct exchange *x = *exchange;

	if (!x)
		return;
	*exchange = NULL;
	unsigned status = leave(x);
	if (status && s->o.done)
		s->o.done(s->o.ctx, &x->request, status, x->bytes,
			clock_monotonic_ns() - x->request.start_ns);
	if (x->response)
		MHD_destroy_response(take_ptr(x->response));
	bool handed = x->handed;
	exchange_unref(x);
	/* Last: who waits for the end of all finds them logged and their memory free. */
	if (handed)
		count_end(s);
}

void http_respond(struct http_request *r, const struct http_reply *reply)
{
	struct exchange *x = (struct exchange *)r;
	struct MHD_Response *response = NULL;
	uint64_t bytes = 0;

	/* Not worth the work when it was answered already; seen for good under the lock. */
	if (!was_answered(x))
		response = reply_build(x, reply, &bytes);
	server_lock(x->server);
	if (!x->answered)
		exchange_answer(x, take_ptr(response), reply->status, bytes);
	server_unlock(x->server);
	if (response)
		MHD_destroy_response(response);
	exchange_unref(x);
}
