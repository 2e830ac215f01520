/*
 * The API as a whole: from a server's callback, on an event thread, over the route and the queue to
 * a thread that works on the request.
 */
#include "api/api_priv.h"

/* Health checks wait for one connection, one after the other. */
enum { HEALTH_THREADS = 1, HEALTH_QUEUE = 64 };

int api_new(const struct api_options *o, struct api **out, struct err *err)
{
	_cleanup_(api_freep) struct api *api = xcalloc(1, sizeof(*api));

	api->o = *o;
	api->key = *o->pagination_key;
	api->cache = answer_cache_new(o->cache_bytes ? o->cache_bytes : LIMIT_API_CACHE);
	api->rounds = rounds_new();
	int r = work_queue_new("api", o->threads, o->queue, &api->queue, err);
	if (r == 0)
		r = work_queue_new("health", HEALTH_THREADS, HEALTH_QUEUE, &api->health_queue, err);
	if (r < 0)
		return err_wrap(err, "API");
	*out = take_ptr(api);
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	work_queue_free(api->health_queue);
	work_queue_free(api->queue);
	rounds_free(api->rounds);
	answer_cache_free(api->cache);
	fernet_key_wipe(&api->key);
	free(api);
}

/* On a thread of the queue. */
static void run_call(void *ctx, size_t thread)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct call *c = ctx;

	if (thread == WORK_DROPPED)
		(void)call_refuse_busy(c, "the server is stopping", LIMIT_API_RETRY_AFTER_S);
	else if (c->route->run(c, &err) < 0)
		(void)call_fail(c, &err);
}

static struct call *call_new(struct api *api, struct http_request *r)
{
	struct call *c = arena_alloc(&r->arena, sizeof(*c));

	c->api = api;
	c->r = r;
	return c;
}

/* A name that no database holds is not there. */
static bool has_storable_params(const struct call *c)
{
	for (size_t i = 0; i < ROUTE_PARAMS; i++) {
		if (!is_storable(c->params[i]))
			return false;
	}
	return true;
}

static void handle_v1(void *ctx, struct http_request *r)
{
	struct api *api = ctx;
	struct call *c = call_new(api, r);
	char allow[ALLOW_SIZE];

	if (str_eq(r->path, STR("*")) && str_eq(r->method, STR("OPTIONS"))) {
		http_respond(r, &(struct http_reply){ .status = 200, .no_server_header = true });
		return;
	}
	c->route = route_find(r->method, r->path, c->params, allow);
	if (!c->route)
		reply_no_route(r, allow);
	else if (!has_storable_params(c))
		(void)call_refuse_not_found(c);
	else if (!work_queue_push(api->queue, run_call, c))
		(void)call_refuse_busy(c, NULL, LIMIT_API_RETRY_AFTER_S);
}

void api_serve_v1(struct api *api, uint64_t timeout_ms, struct http_server_options *o)
{
	static const char late[] =
		"{\"Error\":{\"Message\":\"Clair failed to respond within the configured timeout "
		"window.\",\"Type\":\"Timeout\"}}";

	o->handle = handle_v1;
	o->ctx = api;
	o->server_header = "clair";
	o->max_body_bytes = LIMIT_HTTP_BODY;
	o->idle_timeout_s = LIMIT_API_IDLE_S;
	o->receive_timeout_ms = LIMIT_API_RECEIVE_MS;
	o->request_timeout_ms = timeout_ms;
	o->timeout_reply = (struct http_reply){
		.status = 503,
		.content_type = "text/plain; charset=utf-8",
		.body = span_n(late, sizeof(late) - 1),
		.no_server_header = true,
	};
}

/* --- health */

static int reply_health(struct call *c, unsigned status)
{
	return call_reply(c, &(struct http_reply){ .status = status });
}

static void run_health(void *ctx, size_t thread)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct call *c = ctx;
	int r = thread == WORK_DROPPED ? err_set(&err, ERR_CANCELLED, "the server is stopping")
				       : store_loan_take(&loan, c->api->o.health_store, &err);

	if (r == 0)
		r = store_ping(loan.store, &err);
	if (r < 0)
		log_event(LOG_WARNING, "the database does not answer", LOG_ERR(&err));
	(void)reply_health(c, r < 0 ? 500 : 200);
}

static void handle_health(void *ctx, struct http_request *r)
{
	struct api *api = ctx;
	struct call *c = call_new(api, r);

	if (!str_eq(r->path, STR("/health")))
		reply_no_route(r, "");
	else if (!str_eq(r->method, STR("GET")) && !str_eq(r->method, STR("HEAD")))
		reply_no_route(r, "GET, HEAD");
	else if (!work_queue_push(api->health_queue, run_health, c))
		(void)reply_health(c, 500);
}

void api_serve_health(struct api *api, struct http_server_options *o)
{
	o->handle = handle_health;
	o->ctx = api;
	o->server_header = "clair";
	o->max_body_bytes = LIMIT_HTTP_BODY;
	o->idle_timeout_s = LIMIT_API_IDLE_S;
	o->receive_timeout_ms = LIMIT_API_RECEIVE_MS;
	o->request_timeout_ms = LIMIT_API_HEALTH_MS;
	o->timeout_reply = (struct http_reply){ .status = 500 };
}
