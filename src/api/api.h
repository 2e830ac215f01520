/*
 * api: the routes of /v1, health and metrics; JSON in, JSON out. What is wanted is decided here,
 * what is known is the store's, and what a layer holds is found out by the indexer.
 *
 * The wire format is that of Clair 2.0.7: names and order of keys, messages, status codes, what is
 * left out when it is empty. Where it was broken or told less than it could, ours is better, and
 * README.md says where.
 */
#ifndef API_API_H
#define API_API_H

#include "codec/codec.h"
#include "index/index.h"
#include "net/net.h"
#include "store/store.h"

struct api;

/* Everything pointed to outlives the api. */
struct api_options {
	const struct fernet_key *pagination_key; /* of page tokens; copied, and wiped at the end */
	struct store_pool *stores;
	struct store_pool *health_store; /* a connection that requests cannot use up */
	size_t threads;                  /* requests that are worked on at once, > 0 */
	size_t queue;                    /* requests that wait for a thread, > 0 */
	uint64_t cache_bytes;            /* of answers about layers; 0: LIMIT_API_CACHE */
	/* Hands a posted layer to the indexer, as indexer_submit(). */
	void (*index)(void *index_ctx, const struct index_request *request, index_done_fn *done,
		void *done_ctx);
	void *index_ctx;
	enum store_notify notify; /* of edits of vulnerabilities */
	/* An edit may have made a notification; any thread, must not block. May be NULL. */
	void (*edited)(void *edited_ctx);
	void *edited_ctx;
};

/* -ERR_BUSY when there are no threads to be had. */
int api_new(const struct api_options *o, struct api **out, struct err *err) MUST_CHECK;

/*
 * Finishes the requests that are being worked on, drops those that wait with 503 and returns when
 * its threads have ended. The indexer has been stopped before: its answers belong to requests.
 * NULL is fine.
 */
void api_free(struct api *api);
DEFINE_CLEANUP(struct api *, api_free)

/*
 * Makes a server the one of the API, or of the health check: sets handler, limits, times and what
 * is answered when a request takes longer. Address, port, TLS and threads stay the caller's.
 */
void api_serve_v1(struct api *api, uint64_t timeout_ms, struct http_server_options *o);
void api_serve_health(struct api *api, struct http_server_options *o);

#endif
