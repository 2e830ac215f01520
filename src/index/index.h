/*
 * index: from a posted layer to the store. A job reads the layer while it is downloaded (or from a
 * file), in a sandboxed worker, folds what it holds with what is known of its ancestors, and stores
 * its features. Jobs run on threads of their own: what became of the caller does not matter to
 * them.
 */
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "analyze/analyze.h"
#include "store/store.h"

/*
 * What answers call "IndexedByVersion" and the store "engine version": of the facts, the features
 * and all else that is stored of a layer. Layers of an earlier one are indexed again when they are
 * posted. Clients compare it with 3 (clair-v1.md), so it counts on from there: to be raised with
 * ANALYZE_ENGINE_VERSION, and when the same facts would give other features.
 */
enum { INDEX_ENGINE_VERSION = 3 };

struct index_header {
	struct str name;
	struct str value; /* may be empty */
};

/* A layer to be indexed, as it was posted. */
struct index_request {
	struct str name;
	struct str parent;                  /* empty: none */
	struct str path;                    /* an http or https URL, or a file of this machine */
	struct str format;                  /* "Docker" or "ACI", in any case */
	const struct index_header *headers; /* for the download; those of a hop are dropped */
	size_t n_headers;
};

enum index_status {
	INDEX_DONE,          /* stored, or was there */
	INDEX_BAD_REQUEST,   /* cannot be done as it was asked (400) */
	INDEX_UNPROCESSABLE, /* the layer's bytes cannot be indexed (422) */
	INDEX_BUSY,          /* the same request may succeed in retry_after_s seconds (503) */
	INDEX_FAILED,        /* the store or this program failed (500) */
};

struct index_result {
	enum index_status status;
	struct str message;     /* for the client; empty with INDEX_DONE */
	unsigned retry_after_s; /* with INDEX_BUSY */
};

/* The result is valid during the call. It must not block, nor call the indexer. */
typedef void index_done_fn(void *ctx, const struct index_result *r);

struct indexer_options {
	struct store_pool
		*pool;      /* has to outlive the indexer; a job takes at most one connection */
	size_t threads;     /* layers at once; 0: one a processor */
	size_t queue;       /* requests that wait for a thread */
	unsigned stall_s;   /* 0: LIMIT_LAYER_STALL_S */
	bool insecure_tls;  /* do not verify certificates of servers of layers */
	bool local_limited; /* files only below local_paths; none: no files at all */
	const char *const *local_paths; /* absolute; copied */
	size_t n_local_paths;
};

struct indexer;

/*
 * Starts the threads. The sandbox has to be started (with index_jobs in its table). -ERR_USAGE for
 * a local path that is not absolute.
 */
int indexer_new(const struct indexer_options *o, struct indexer **out, struct err *err) MUST_CHECK;

/*
 * Copies the request and queues it; never blocks. done is called exactly once, from a thread of the
 * indexer, or before this returns (a request that can be refused at once; INDEX_BUSY when the queue
 * is full or the indexer is stopping). Requests for a layer of the same name that is being worked
 * on wait for that result and take no place in the queue; when that fails by its own fault, one
 * that differs is tried next (as many of these are kept as the queue has places). Any thread.
 */
void indexer_submit(
	struct indexer *ix, const struct index_request *r, index_done_fn *done, void *ctx);

/*
 * Takes no new requests; finishes what runs and waits in the queue until timeout_ms have passed,
 * then cancels the rest (INDEX_BUSY) and waits for it. Returns when every done has been called.
 * Once.
 */
void indexer_stop(struct indexer *ix, uint64_t timeout_ms);

/* Stops at once if indexer_stop() was not called. NULL is fine. */
void indexer_free(struct indexer *ix);
DEFINE_CLEANUP(struct indexer *, indexer_free)

/* For metrics. */
struct indexer_stats {
	size_t queued;
	size_t running;
	uint64_t indexed;     /* layers stored since the start */
	uint64_t known;       /* requests for layers that were there */
	uint64_t refused;     /* INDEX_BUSY */
	uint64_t failed;      /* all other results but INDEX_DONE */
	uint64_t facts_bytes; /* memory that the facts of running jobs take, of LIMIT_INDEX_FACTS */
};

/* Any thread. */
void indexer_get_stats(struct indexer *ix, struct indexer_stats *out);

/* The jobs that an indexer runs in workers, for sandbox_start(). */
extern const struct sandbox_job *const index_jobs[];

#endif
