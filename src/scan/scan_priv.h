/*
 * Internals of scan/.
 */
#ifndef SCAN_SCAN_PRIV_H
#define SCAN_SCAN_PRIV_H

#include <stdatomic.h>

#include "scan/scan.h"

/* One layer on its way to facts. */
struct layer_scan {
	const struct image_layer *layer; /* NULL: a directory */
	struct layer_facts facts;
	bool done;      /* the facts are there */
	bool cacheable; /* stored is the checked digest of what was analyzed */
	bool from_cache;
	struct digest stored; /* of the bytes as stored */
	bool has_stored;
	bool has_stamp; /* stamp goes with stored */
	struct file_stamp stamp;
	struct err error;
};

DEFINE_VEC(layer_scan_vec, struct layer_scan);

/* One image on its way to a report. Kept until the report is written. */
struct image_scan {
	struct layer_scan_vec layers;
	struct view view;
	struct arena arena;
	struct match_list matches;
};

struct scan {
	struct scan_options options;
	atomic_uint_least64_t facts_bytes; /* of all layers of all images of the current target */
	struct report report;
	VEC_OF(struct image_scan *) images;
	VEC_OF(struct image_source *) sources;
};

/* What passes through is hashed and counted. */
struct tap {
	struct stream stream;
	struct stream *inner;
	struct digest_ctx *digest;
	struct scan_progress *progress;
};

void tap_init(struct tap *t, struct stream *inner, struct scan_progress *progress);
struct digest tap_finish(struct tap *t);

/* Fills every layer that is not done, from the cache or by analysis; errors stand in the layers. */
void layers_analyze(struct scan *s, const struct image_source *source,
	struct layer_scan_vec *layers, const struct wanted_extras *extras);

/* Bytes that facts cost until the report is written: their texts, and each package's place in them,
 * the view and the report. */
uint64_t layer_facts_cost(const struct layer_facts *f);

/*
 * Counts the facts of a layer that was read. Their size is the target's doing, and an archive may
 * name one layer in a thousand images: beyond LIMIT_TARGET_FACTS they are dropped again, and that
 * is the layer's error.
 */
int layer_count_facts(struct scan *s, struct layer_scan *l) MUST_CHECK;

/* Puts what was analyzed and checked into the cache. */
void layers_remember(struct scan *s, const struct layer_scan_vec *layers);

/* Checks what a layer's bytes turned out to be against what its image claims. */
int layer_check(struct layer_scan *l, bool compressed, const struct digest *diff_id,
	struct err *err) MUST_CHECK;

/* Members of a compressed archive, analyzed as they came. */
struct streamed_layers;

/* Reads the source through; 1 when it turned out to be a layer. */
int streamed_layers_read(struct scan *scan, struct image_source *source,
	const struct wanted_extras *extras, struct streamed_layers **out,
	struct err *err) MUST_CHECK;
/* Moves the facts of the member that holds this layer into l. */
void streamed_layers_take(
	struct streamed_layers *s, const struct image_source *source, struct layer_scan *l);
void streamed_layers_free(struct streamed_layers *s);
DEFINE_CLEANUP(struct streamed_layers *, streamed_layers_free)

/* Compares the view with the advisories: fills findings, packages and what was not evaluated. */
int match_view(struct scan *s, struct image_scan *image, struct report_target *out,
	struct err *err) MUST_CHECK;

#endif
