/*
 * What the files of the API share.
 *
 * A request is a struct call, in the request's arena. The event thread finds its route and queues
 * it; a thread of the queue runs the route's function, which either answers it (call_answer(),
 * call_refuse()) or returns an error, which is answered for it; or hands it on to be answered by
 * somebody else (the indexer; the one who reads the same layer). After it is answered it is gone.
 */
#ifndef API_API_PRIV_H
#define API_API_PRIV_H

#include "api/api.h"

#include "api/cache.h"
#include "api/decode.h"
#include "api/format.h"
#include "api/render.h"
#include "api/rounds.h"
#include "api/token.h"

enum { ROUTE_PARAMS = 3 };

struct call;

struct route {
	const char *method;
	const char *pattern; /* behind "/v1/"; "*" is a parameter */
	const char *label;   /* in metrics: the original's name */
	/* 0: answered, or handed on; negative: to be answered as the error says. */
	int (*run)(struct call *c, struct err *err);
};

struct api {
	struct api_options o;
	struct fernet_key key;
	struct work_queue *queue;
	struct work_queue *health_queue;
	struct answer_cache *cache;
	struct rounds *rounds; /* of reading a layer's state, by name */
};

struct call {
	struct api *api;
	struct http_request *r;
	const struct route *route; /* NULL: health */
	struct str params[ROUTE_PARAMS];
	struct answer_waiter waiter;  /* while it waits for a round, or another's answer */
	struct round *round;          /* that it is first of, on the way to another thread */
	struct answer_key answer_key; /* of the answer it makes */
	struct layer_body *layer;     /* that is being indexed */
};

/* --- router.c */

/*
 * The route of a method and decoded path, with its parameters, or NULL. *allow: the methods that
 * the path has, separated by ", "; empty for a path that there is not. ALLOW_SIZE bytes.
 */
enum { ALLOW_SIZE = 64 };
const struct route *route_find(struct str method, struct str path, struct str params[ROUTE_PARAMS],
	char allow[static ALLOW_SIZE]);

int layer_post(struct call *c, struct err *err) MUST_CHECK;
int layer_get(struct call *c, struct err *err) MUST_CHECK;
int layer_delete(struct call *c, struct err *err) MUST_CHECK;
int namespaces_get(struct call *c, struct err *err) MUST_CHECK;
int vulnerabilities_get(struct call *c, struct err *err) MUST_CHECK;
int vulnerability_post(struct call *c, struct err *err) MUST_CHECK;
int vulnerability_get(struct call *c, struct err *err) MUST_CHECK;
int vulnerability_put(struct call *c, struct err *err) MUST_CHECK;
int vulnerability_delete(struct call *c, struct err *err) MUST_CHECK;
int fixes_get(struct call *c, struct err *err) MUST_CHECK;
int fix_put(struct call *c, struct err *err) MUST_CHECK;
int fix_delete(struct call *c, struct err *err) MUST_CHECK;
int notification_get(struct call *c, struct err *err) MUST_CHECK;
int notification_delete(struct call *c, struct err *err) MUST_CHECK;
int metrics_get(struct call *c, struct err *err) MUST_CHECK;

/* --- call.c: replies. After each of these c is gone; they return 0. */

/* With metrics and a line in the log. */
int call_reply(struct call *c, const struct http_reply *reply);
/* JSON, whose bytes are taken. */
int call_answer(struct call *c, unsigned status, struct buf *json);
/* JSON that is shared; the caller keeps its reference. */
int call_answer_shared(struct call *c, unsigned status, struct http_body *json);
/* 200 without a body. */
int call_answer_empty(struct call *c);
/* {"Error":{"Message":…}} */
int call_refuse(struct call *c, unsigned status, const char *message);
int call_refuse_not_found(struct call *c);
/* 503 with Retry-After. */
int call_refuse_busy(struct call *c, const char *message, unsigned retry_after_s);
/* As the error says: 400, 404, 503; 500 and an error in the log for what no client can help. */
int call_fail(struct call *c, const struct err *err);

/* Text instead of JSON, for what is no route; with what is allowed, if anything is. */
void reply_no_route(struct http_request *r, const char *allow);

/* --- call.c: the store */

/*
 * A connection, given back at the end of the scope at the latest:
 *     _cleanup_loan_ struct store_loan loan = STORE_LOAN_INIT;
 *     int r = store_loan_take(&loan, c->api->o.stores, err);
 */
struct store_loan {
	struct store_pool *pool;
	struct store *store;
};
#define STORE_LOAN_INIT                     \
	{                                   \
		.pool = NULL, .store = NULL \
	}
#define _cleanup_loan_ _cleanup_(store_loan_give)
/* -ERR_BUSY, or -ERR_INTERNAL. */
int store_loan_take(struct store_loan *loan, struct store_pool *pool, struct err *err) MUST_CHECK;
/* Any number of times. */
void store_loan_give(struct store_loan *loan);

/*
 * What a call of the store that failed means for the client: -ERR_NOT_FOUND and -ERR_BUSY as they
 * are, everything else is -ERR_INTERNAL.
 */
int store_failure(struct err *err) MUST_CHECK;

/* Text as a database takes it: UTF-8 without NUL. */
bool is_storable(struct str s);

/* --- query.c */

/* The parameter "limit" as Go's strconv.Atoi takes it. -ERR_INPUT with the message for the client,
 * also when it is missing. */
int query_limit(struct call *c, int64_t *out, struct err *err) MUST_CHECK;

#endif
