/*
 * How requests are answered: replies with their metrics and log line, and what errors mean to a
 * client.
 */
#include "api/api_priv.h"

/* Words that clients know. */
static const char not_found_message[] = "the resource cannot be found";
static const char backend_message[] = "database: an error occured when querying the backend";
static const char busy_message[] = "the server is busy, try again later";

static const char json_type[] = "application/json;charset=utf-8";
static const char text_type[] = "text/plain; charset=utf-8";

/* The target as it was sent, but for page tokens: whoever has one can read on. */
static void write_target(const struct http_request *r, struct buf *out)
{
	static const struct str page = STR_INIT("page=");
	struct str path, rest, pair;

	(void)str_cut(r->target, '?', &path, &rest);
	buf_append_str(out, path);
	for (char join = '?'; rest.n; join = '&') {
		(void)str_cut(rest, '&', &pair, &rest);
		buf_append_char(out, join);
		buf_append_str(out, str_starts(pair, page) ? page : pair);
	}
}

static void log_handled(const struct call *c, unsigned status, uint64_t elapsed_ns)
{
	_cleanup_buf_ struct buf target = BUF_INIT(LIMIT_HTTP_CONNECTION_MEMORY);
	const struct http_request *r = c->r;
	char code[16];

	write_target(r, &target);
	(void)snprintf(code, sizeof(code), "%u", status);
	log_event(c->route ? LOG_INFO : LOG_DEBUG, "Handled HTTP request",
		LOG_U64("elapsed time", elapsed_ns), LOG_STR("method", r->method),
		LOG_STR("remote addr", r->remote), LOG_STR("request uri", buf_str(&target)),
		LOG_CSTR("status", code));
	if (c->route)
		metric_observe(metric_of(&metric_api_response_duration_ms, code, c->route->label),
			(double)elapsed_ns / 1e6);
}

int call_reply(struct call *c, const struct http_reply *reply)
{
	log_handled(c, reply->status, clock_monotonic_ns() - c->r->start_ns);
	http_respond(c->r, reply);
	return 0;
}

int call_answer_shared(struct call *c, unsigned status, struct http_body *json)
{
	return call_reply(c, &(struct http_reply){
				     .status = status,
				     .content_type = json_type,
				     .shared = json,
				     .gzip_allowed = true,
			     });
}

int call_answer(struct call *c, unsigned status, struct buf *json)
{
	_cleanup_(http_body_unrefp) struct http_body *body = http_body_new(json, false);

	return call_answer_shared(c, status, body);
}

int call_answer_empty(struct call *c)
{
	return call_reply(c, &(struct http_reply){ .status = 200, .no_server_header = true });
}

static int refuse(struct call *c, unsigned status, const char *message,
	const struct http_header *headers, size_t n_headers)
{
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);

	render_error(str_of(message), &json);
	return call_reply(c, &(struct http_reply){
				     .status = status,
				     .content_type = json_type,
				     .headers = headers,
				     .n_headers = n_headers,
				     .body = buf_span(&json),
				     .gzip_allowed = true,
			     });
}

int call_refuse(struct call *c, unsigned status, const char *message)
{
	return refuse(c, status, message, NULL, 0);
}

int call_refuse_not_found(struct call *c)
{
	return call_refuse(c, 404, not_found_message);
}

int call_refuse_busy(struct call *c, const char *message, unsigned retry_after_s)
{
	char seconds[16];

	(void)snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
	return refuse(c, 503, message ? message : busy_message,
		&(struct http_header){ .name = STR("Retry-After"), .value = str_of(seconds) }, 1);
}

int call_fail(struct call *c, const struct err *err)
{
	switch (err->code) {
	case ERR_INPUT:
	case ERR_TOO_LARGE:
		return call_refuse(c, 400, err_msg(err));
	case ERR_NOT_FOUND:
		return call_refuse_not_found(c);
	case ERR_BUSY:
		log_event(LOG_WARNING, "refused a request: busy", LOG_ERR(err));
		return call_refuse_busy(c, NULL, LIMIT_API_RETRY_AFTER_S);
	default:
		log_event(LOG_ERROR, "Handled Database Error",
			LOG_CSTR("Description", c->route ? c->route->label : "health"),
			LOG_ERR(err));
		return call_refuse(c, 500, backend_message);
	}
}

void reply_no_route(struct http_request *r, const char *allow)
{
	bool known = *allow != '\0';
	const struct http_header headers[] = {
		{ .name = STR("X-Content-Type-Options"), .value = STR("nosniff") },
		{ .name = STR("Allow"), .value = str_of(allow) },
	};
	struct str text = known ? STR("Method Not Allowed\n") : STR("404 page not found\n");
	_cleanup_buf_ struct buf target = BUF_INIT(LIMIT_HTTP_CONNECTION_MEMORY);
	unsigned status = known ? 405 : 404;

	write_target(r, &target);
	log_event(LOG_INFO, "Served HTTP request", LOG_STR("method", r->method),
		LOG_STR("remote addr", r->remote), LOG_STR("request uri", buf_str(&target)),
		LOG_U64("status", status));
	http_respond(r, &(struct http_reply){
				.status = status,
				.content_type = text_type,
				.headers = headers,
				.n_headers = known ? 2 : 1,
				.body = span_from_str(text),
				.no_server_header = true,
			});
}

int store_failure(struct err *err)
{
	if (err->code != ERR_NOT_FOUND && err->code != ERR_BUSY)
		err->code = ERR_INTERNAL;
	return -(int)err->code;
}

int store_loan_take(struct store_loan *loan, struct store_pool *pool, struct err *err)
{
	if (store_pool_take(pool, &loan->store, err) < 0) {
		if (err->code != ERR_BUSY)
			err->code = ERR_INTERNAL;
		return -(int)err->code;
	}
	loan->pool = pool;
	return 0;
}

void store_loan_give(struct store_loan *loan)
{
	if (loan->store)
		store_pool_give(loan->pool, loan->store);
	loan->store = NULL;
}

bool is_storable(struct str s)
{
	while (s.n) {
		size_t n = utf8_check(s.p, s.n);

		if (n == 0 || *s.p == '\0')
			return false;
		s = str_skip(s, n);
	}
	return true;
}
