/*
 * Internals of index/.
 */
#ifndef INDEX_INDEX_PRIV_H
#define INDEX_INDEX_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "index/index.h"
#include "net/net.h"
#include "view/view.h"

/* What jobs share. */
struct index_shared {
	struct store_pool *pool;
	unsigned stall_s;
	bool insecure_tls;
	bool local_limited;
	struct str_vec local_paths;        /* NUL-terminated */
	atomic_bool cancel;                /* the indexer stops now */
	atomic_uint_least64_t facts_bytes; /* of all running jobs, at most LIMIT_INDEX_FACTS */
	pthread_mutex_t chain_lock;        /* one chain at a time is held in its byte form */
};

/* --- source.c: where a layer's bytes come from
 * ------------------------------------------------------------------------------------------- */

/* A layer that is open: a download under way, or a file. */
struct layer_source {
	struct stream *http; /* NULL: a file */
	int fd;
	uint64_t size; /* UINT64_MAX: not known */
};

/*
 * Opens what the request names. -ERR_CANCELLED, -ERR_INTERNAL; every other error means that there
 * is no such layer to be had. Messages hold the URL without credentials and query.
 */
int layer_source_open(const struct index_shared *s, const struct index_request *r, struct arena *a,
	struct layer_source *out, struct err *err) MUST_CHECK;
void layer_source_close(struct layer_source *s);

/* Reads it through, in a worker. out is initialized. */
int layer_source_analyze(struct layer_source *source, const struct index_shared *s,
	const struct wanted_extras *extras, struct str root, struct layer_facts *out,
	struct err *err) MUST_CHECK;

/* The path of a layer for logs: a URL without credentials, query and fragment. */
struct str layer_path_clean(struct arena *a, struct str path);

/*
 * The headers that go with a download: without those that concern one connection only, those that
 * Connection names, and Accept-Encoding, since the layer is wanted as it is.
 */
DEFINE_VEC(http_header_vec, struct http_header);
void layer_headers(const struct index_header *in, size_t n, struct http_header_vec *out);

/* --- features.c: from a view to what is stored
 * ------------------------------------------------------------------------------------------- */

DEFINE_VEC(layer_feature_vec, struct layer_feature);

struct layer_features {
	struct layer_feature_vec items; /* views into view, parent and the arena */
	bool same_as_parent;            /* the list is the parent's */
	size_t skipped;                 /* packages that no database can hold */
	struct str homeless;            /* a package without namespace; empty: none */
};

/*
 * What the image holds, as the API shows it: each name and version once. What the parent has under
 * the same name and version keeps its namespace and the layer that introduced it; the rest gets
 * this namespace (both empty: none).
 */
void layer_features_of(const struct view *v, struct str name_space, struct str scheme,
	const struct layer_feature *parent, size_t n_parent, struct arena *a,
	struct layer_features *out);
void layer_features_fini(struct layer_features *f);

/* --- request.c: what needs no look at anything else
 * ------------------------------------------------------------------------------------------- */

/* A result, its message a literal. */
struct index_result index_refusal(enum index_status status, const char *message);
/* 0, or 1 and *out for a request that needs no look at anything else. */
int index_request_check(const struct index_request *r, struct index_result *out);

/* --- job.c: one layer, start to end
 * ------------------------------------------------------------------------------------------- */

enum job_end { JOB_STORED, JOB_KNOWN, JOB_FAILED };

/* Does it, logs what came of it, and fills *out (views in a). */
enum job_end index_layer(struct index_shared *s, const struct index_request *r, struct arena *a,
	struct index_result *out);

#endif
