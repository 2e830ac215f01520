/*
 * For tests of routes: the API behind the real servers, on a store and with an indexer that say
 * what the test wants.
 */
#ifndef TESTS_UNIT_API_ROUTES_TEST_H
#define TESTS_UNIT_API_ROUTES_TEST_H

#include "api/api_priv.h"
#include "api_peer.h"

#include "fake_store.h"

static struct peer peer;
static unsigned edits;

/* What was handed to the indexer last. */
static struct {
	struct arena arena;
	struct str request;
	index_done_fn *done;
	void *ctx;
	size_t held_bytes; /* by the request, while it waits */
} indexed;

static inline void edited(void *ctx)
{
	(void)ctx;
	edits++;
}

static inline void finish(enum index_status status, const char *message)
{
	indexed.done(indexed.ctx, &(struct index_result){
					  .status = status,
					  .message = str_of(message),
					  .retry_after_s = 9,
				  });
}

/* The path says what comes of it. */
static inline void index_layer(
	void *ctx, const struct index_request *r, index_done_fn *done, void *done_ctx)
{
	(void)ctx;
	indexed.request =
		arena_printf(&indexed.arena, "%" PRIstr " %" PRIstr " %" PRIstr " %" PRIstr,
			STR_ARG(r->name), STR_ARG(r->parent), STR_ARG(r->path), STR_ARG(r->format));
	for (size_t i = 0; i < r->n_headers; i++)
		indexed.request = arena_printf(&indexed.arena, "%" PRIstr " %" PRIstr ":%" PRIstr,
			STR_ARG(indexed.request), STR_ARG(r->headers[i].name),
			STR_ARG(r->headers[i].value));
	indexed.done = done;
	indexed.ctx = done_ctx;
	indexed.held_bytes = ((struct call *)done_ctx)->r->arena.used_bytes;
	if (str_eq(r->path, STR("bad")))
		finish(INDEX_BAD_REQUEST, "could not find layer");
	else if (str_eq(r->path, STR("strange")))
		finish(INDEX_UNPROCESSABLE, "tarutil: could not extract the archive");
	else if (str_eq(r->path, STR("busy")))
		finish(INDEX_BUSY, "too many layers are being indexed");
	else if (str_eq(r->path, STR("broken")))
		finish(INDEX_FAILED, "database: an error occured when querying the backend");
	else
		finish(INDEX_DONE, "");
}

static inline int setup(void **state)
{
	struct api_options o = {
		.threads = 4,
		.queue = 16,
		.index = index_layer,
		.notify = STORE_NOTIFY_ALL,
		.edited = edited,
	};

	(void)state;
	log_set_level(LOG_PANIC);
	fake_reset();
	edits = 0;
	indexed.done = NULL;
	peer_start(&peer, &o);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	peer_stop(&peer);
	assert_int_equal(fake.lent, 0);
	fake_reset();
	arena_fini(&indexed.arena);
	return 0;
}

static const char backend_error[] =
	"{\"Error\":{\"Message\":\"database: an error occured when querying the backend\"}}\n";
static const char not_found[] = "{\"Error\":{\"Message\":\"the resource cannot be found\"}}\n";

#endif
