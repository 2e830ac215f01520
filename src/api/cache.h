/*
 * Answers about layers that were made before, up to a number of bytes; what was asked for longest
 * ago goes first. While an answer is being made, whoever asks for the same waits for it, so that
 * many equal requests cost one. Any thread.
 */
#ifndef API_CACHE_H
#define API_CACHE_H

#include "net/net.h"
#include "store/store.h"

struct answer_cache;

/* What an answer is a function of. */
struct answer_key {
	struct layer_state state;
	enum layer_part part;
	bool gzip; /* it is gzipped */
};

/* Somebody who waits. */
struct answer_waiter {
	struct answer_waiter *next;
	void *ctx;
};

enum answer_found {
	ANSWER_HIT,    /* here it is */
	ANSWER_MAKE,   /* the caller makes it, and settles it in any case */
	ANSWER_JOINED, /* somebody else makes it, and gets the waiter when settling */
};

struct answer_cache *answer_cache_new(uint64_t max_bytes);
/* Nobody waits any more. NULL is fine. */
void answer_cache_free(struct answer_cache *c);

/* With ANSWER_HIT, *body is a reference for the caller. */
enum answer_found answer_cache_ask(struct answer_cache *c, const struct answer_key *key,
	struct answer_waiter *waiter, struct http_body **body);

/*
 * Ends what ANSWER_MAKE began for `asked`: keeps the body (the caller's reference stays its own) as
 * the answer to `made`, or nothing when body is NULL, and returns those who waited, a list.
 */
struct answer_waiter *answer_cache_settle(struct answer_cache *c, const struct answer_key *asked,
	const struct answer_key *made, struct http_body *body) MUST_CHECK;

/* Bytes that are counted at this moment. */
uint64_t answer_cache_bytes(struct answer_cache *c);

#endif
