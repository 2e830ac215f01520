/*
 * Layers: posted to the indexer, and shown with what is known of their features. What a layer's
 * answer depends on is asked for after each request came, once for all who wait; the answer itself
 * is made once.
 */
#include "api/api_priv.h"

static void layer_indexed(void *ctx, const struct index_result *result)
{
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);
	_cleanup_buf_ struct buf message = BUF_INIT(LIMIT_API_ANSWER);
	struct call *c = ctx;

	buf_append_str(&message, result->message);
	switch (result->status) {
	case INDEX_DONE:
		render_posted_layer(c->layer, INDEX_ENGINE_VERSION, &json);
		(void)call_answer(c, 201, &json);
		break;
	case INDEX_BAD_REQUEST:
		(void)call_refuse(c, 400, buf_cstr(&message));
		break;
	case INDEX_UNPROCESSABLE:
		(void)call_refuse(c, 422, buf_cstr(&message));
		break;
	case INDEX_BUSY:
		(void)call_refuse_busy(c, buf_cstr(&message), result->retry_after_s);
		break;
	case INDEX_FAILED:
	default:
		(void)call_refuse(c, 500, buf_cstr(&message));
		break;
	}
}

static bool fits_name(struct str name)
{
	size_t characters = 0;

	for (size_t i = 0; i < name.n; i++)
		characters += ((uint8_t)name.p[i] & 0xC0) != 0x80;
	return characters <= LIMIT_LAYER_NAME && is_storable(name);
}

/* As many as can be sent: a download is refused with more. */
static bool headers_fit(const struct header_list *headers)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < headers->n; i++)
		bytes += headers->v[i].name.n + headers->v[i].value.n + strlen(": \r\n");
	return bytes <= LIMIT_REQUEST_HEADERS;
}

static struct layer_body *copy_layer(struct arena *a, const struct layer_body *from)
{
	struct layer_body *to = arena_alloc(a, sizeof(*to));

	*to = (struct layer_body){
		.name = arena_str(a, from->name),
		.path = arena_str(a, from->path),
		.parent = arena_str(a, from->parent),
		.format = arena_str(a, from->format),
		.headers = { .v = arena_alloc(a, (from->headers.n + 1) * sizeof(*to->headers.v)),
			.n = from->headers.n },
	};
	for (size_t i = 0; i < from->headers.n; i++)
		to->headers.v[i] = (struct header_body){
			.name = arena_str(a, from->headers.v[i].name),
			.value = arena_str(a, from->headers.v[i].value),
		};
	return to;
}

/*
 * The layer of the body: 1 and c->layer, or 0 and it was refused. A body's tree takes up to 25
 * times its size, and the request may wait long for its layer: only what is answered with is kept.
 */
static int read_body(struct call *c, struct err *err)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct layer_body *layer = NULL;
	int r = decode_layer(c->r->body, &scratch, &layer, err);

	if (r < 0)
		return r;
	if (!layer)
		return call_refuse(c, 400, "failed to provide layer");
	if (!fits_name(layer->name) || !fits_name(layer->parent))
		return call_refuse(c, 400,
			"could not process a layer whose name is longer than 128 characters or "
			"holds a NUL");
	if (!headers_fit(&layer->headers))
		return call_refuse(c, 400, "could not process a layer with so many headers");
	c->layer = copy_layer(&c->r->arena, layer);
	return 1;
}

int layer_post(struct call *c, struct err *err)
{
	int r = read_body(c, err);

	if (r <= 0)
		return r;
	const struct layer_body *layer = c->layer;
	struct index_header *headers =
		arena_alloc(&c->r->arena, (layer->headers.n + 1) * sizeof(*headers));
	for (size_t i = 0; i < layer->headers.n; i++)
		headers[i] = (struct index_header){
			.name = layer->headers.v[i].name,
			.value = layer->headers.v[i].value,
		};
	const struct index_request request = {
		.name = layer->name,
		.parent = layer->parent,
		.path = layer->path,
		.format = layer->format,
		.headers = headers,
		.n_headers = layer->headers.n,
	};
	c->api->o.index(c->api->o.index_ctx, &request, layer_indexed, c);
	return 0;
}

/* Reads and writes the answer: 1 with *body, what it belongs to in *key; 0 when there is no such
 * layer. The connection is given back before the answer is written. */
static int read_layer(struct call *c, struct store_loan *loan, struct answer_key *key,
	struct http_body **body, struct err *err)
{
	_cleanup_buf_ struct buf json = BUF_INIT(LIMIT_API_ANSWER);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_(layer_view_fini) struct layer_view view = { .layer = { .id = 0 } };
	int r = store_layer_read(loan->store, c->params[0], key->part, &a, &view, err);

	store_loan_give(loan);
	if (r < 0)
		return store_failure(err);
	if (r == 0)
		return 0;
	render_layer(&view, key->part, &json);
	r = buf_check(&json, "the answer", err);
	if (r < 0)
		return store_failure(err);
	key->state = view.state;
	*body = http_body_new(&json, key->gzip);
	return 1;
}

/* What reading came to, for one who asked. */
static void answer_read(struct call *c, int r, struct http_body *body, const struct err *err)
{
	if (r < 0)
		(void)call_fail(c, err);
	else if (r == 0)
		(void)call_refuse_not_found(c);
	else
		(void)call_answer_shared(c, 200, body);
}

/* Makes an answer for everybody who waits for it. */
static void make_answer(struct call *c)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_(http_body_unrefp) struct http_body *body = NULL;
	_cleanup_err_ struct err err = ERR_INIT;
	struct answer_key made = c->answer_key;
	int r = store_loan_take(&loan, c->api->o.stores, &err);

	if (r == 0)
		r = read_layer(c, &loan, &made, &body, &err);
	struct answer_waiter *waiter =
		answer_cache_settle(c->api->cache, &c->answer_key, &made, body);

	while (waiter) {
		struct call *other = waiter->ctx;

		waiter = waiter->next;
		answer_read(other, r, body, &err);
	}
	answer_read(c, r, body, &err);
}

/* The layer alone: nothing that is worth keeping. */
static int get_bare(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_(http_body_unrefp) struct http_body *body = NULL;
	struct answer_key key = { .part = LAYER_PART_NONE };
	int r = store_loan_take(&loan, c->api->o.stores, err);

	if (r == 0)
		r = read_layer(c, &loan, &key, &body, err);
	if (r >= 0)
		answer_read(c, r, body, NULL);
	return r < 0 ? r : 0;
}

static enum layer_part wanted_part(const struct call *c)
{
	if (http_query_has(c->r->query, STR("vulnerabilities")))
		return LAYER_PART_VULNERABILITIES;
	return http_query_has(c->r->query, STR("features")) ? LAYER_PART_FEATURES : LAYER_PART_NONE;
}

/* Answers a call whose layer has been looked for: r is 1 and its state, 0, or negative. True: its
 * answer is not there, and is the caller's to make. */
static bool answer_state(
	struct call *c, int r, const struct layer_state *state, const struct err *err)
{
	_cleanup_(http_body_unrefp) struct http_body *body = NULL;

	if (r <= 0) {
		answer_read(c, r, NULL, err);
		return false;
	}
	metric_add(metric_of(&metric_pgsql_cache_queries, "layer"), 1);
	c->answer_key.state = *state;
	switch (answer_cache_ask(c->api->cache, &c->answer_key, &c->waiter, &body)) {
	case ANSWER_HIT:
		metric_add(metric_of(&metric_pgsql_cache_hits, "layer"), 1);
		(void)call_answer_shared(c, 200, body);
		return false;
	case ANSWER_JOINED:
		return false;
	case ANSWER_MAKE:
	default:
		return true;
	}
}

/* Asks for the state of a layer once, for all who wait. Those whose answers are to be made. */
static struct answer_waiter *answer_round(
	struct api *api, struct str name, struct answer_waiter *waiter)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct layer_state state = { .id = 0 };
	struct answer_waiter *makers = NULL;
	int r = store_loan_take(&loan, api->o.stores, &err);

	if (r == 0) {
		r = store_layer_state(loan.store, name, &state, &err);
		if (r < 0)
			r = store_failure(&err);
	}
	store_loan_give(&loan);
	while (waiter) {
		struct answer_waiter *next = waiter->next;

		if (answer_state(waiter->ctx, r, &state, &err)) {
			waiter->next = makers;
			makers = waiter;
		}
		waiter = next;
	}
	return makers;
}

static void lead(struct api *api, struct round *round, struct answer_waiter *waiter);

/* Refuses all who wait for a round, or come meanwhile. */
static void refuse_rounds(struct api *api, struct round *round, struct answer_waiter *waiter)
{
	while (waiter) {
		struct call *c = waiter->ctx;

		waiter = waiter->next;
		(void)call_refuse_busy(c, "the server is stopping", LIMIT_API_RETRY_AFTER_S);
		if (!waiter)
			waiter = round_next(api->rounds, round);
	}
}

static void run_rounds(void *ctx, size_t thread)
{
	struct call *c = ctx;

	if (thread == WORK_DROPPED)
		refuse_rounds(c->api, c->round, &c->waiter);
	else
		lead(c->api, c->round, &c->waiter);
}

/* Lets another thread lead on; false when none will. */
static bool hand_over(struct api *api, struct round *round, struct answer_waiter *waiter)
{
	struct call *c = waiter->ctx;

	c->round = round;
	return work_queue_push(api->queue, run_rounds, c);
}

/* Leads rounds while somebody comes. Nobody waits for an answer being made but who wants it. */
static void lead(struct api *api, struct round *round, struct answer_waiter *waiter)
{
	while (waiter) {
		struct answer_waiter *makers = answer_round(api, round_name(round), waiter);

		waiter = round_next(api->rounds, round);
		if (makers && waiter && hand_over(api, round, waiter))
			waiter = NULL;
		while (makers) {
			struct call *c = makers->ctx;

			makers = makers->next;
			make_answer(c);
		}
	}
}

int layer_get(struct call *c, struct err *err)
{
	struct answer_key *key = &c->answer_key;
	struct api *api = c->api;

	key->part = wanted_part(c);
	key->gzip = c->r->accepts_gzip;
	if (key->part == LAYER_PART_NONE)
		return get_bare(c, err);
	c->waiter.ctx = c;
	struct round *round = rounds_come(api->rounds, c->params[0], &c->waiter);
	if (round)
		lead(api, round, &c->waiter);
	return 0;
}

int layer_delete(struct call *c, struct err *err)
{
	_cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
	int r = store_loan_take(&loan, c->api->o.stores, err);

	if (r < 0)
		return r;
	if (store_layer_delete(loan.store, c->params[0], err) < 0)
		return store_failure(err);
	return call_answer_empty(c);
}
