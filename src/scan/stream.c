/*
 * Layers of an archive that is compressed as a whole: each member that may be a layer is hashed
 * here and analyzed in a worker while the archive's own worker unpacks it. Which of them belong to
 * an image is known only at the end, from the manifest.
 */
#include "scan/scan_priv.h"

struct streamed_layer {
	struct layer_facts facts;
	struct digest stored;
	struct digest diff_id;
	bool compressed;
	bool taken;
	struct err error;
};

struct streamed_layers {
	struct scan *scan;
	const struct wanted_extras *extras;
	struct map by_name;
	VEC_OF(struct streamed_layer *) all;
	struct streamed_layer *current;
	uint64_t size;
	uint64_t facts_bytes; /* of all members so far */
	bool started;
	bool fed_up; /* the worker wants no more of this member */
	struct layer_analysis *analysis;
	struct digest_ctx *digest;
};

static int begin(void *ctx, struct str name, uint64_t size, struct err *err UNUSED)
{
	struct streamed_layers *s = ctx;
	struct streamed_layer *l = xcalloc(1, sizeof(*l));

	layer_facts_init(&l->facts);
	vec_push(&s->all, l);
	map_set(&s->by_name, name, l);
	s->current = l;
	s->size = size;
	s->started = s->fed_up = false;
	(void)digest_final(s->digest);
	layer_analysis_abort(take_ptr(s->analysis));
	return 0;
}

/* With the first bytes it is known whether the layer is compressed. */
static void start(struct streamed_layers *s, struct span head)
{
	struct streamed_layer *l = s->current;

	s->started = true;
	l->compressed = compression_detect(head) != COMPRESSION_NONE;
	const struct analyze_layer_options o = {
		.extras = s->extras, .diff_id = l->compressed, .size = s->size
	};
	s->fed_up = layer_analysis_begin(&o, &s->analysis, &l->error) < 0;
}

static int data(void *ctx, struct span bytes, struct err *err UNUSED)
{
	struct streamed_layers *s = ctx;

	digest_update(s->digest, bytes.p, bytes.n);
	if (!s->started)
		start(s, bytes);
	if (!s->fed_up)
		/* That one member cannot be analyzed is an error only if an image needs it. */
		s->fed_up = layer_analysis_feed(s->analysis, bytes, &s->current->error) != 0;
	return 0;
}

static int end(void *ctx, struct err *err)
{
	struct streamed_layers *s = ctx;
	struct streamed_layer *l = s->current;

	if (!s->started)
		start(s, (struct span){ 0 });
	l->stored = digest_final(s->digest);
	if (s->analysis && l->error.code == ERR_NONE)
		/* The error, if any, is in l->error. */
		s->fed_up = layer_analysis_finish(take_ptr(s->analysis), &l->facts,
				    l->compressed ? &l->diff_id : NULL, &l->error) < 0;
	layer_analysis_abort(take_ptr(s->analysis));
	s->current = NULL;
	s->facts_bytes += layer_facts_cost(&l->facts);
	if (s->facts_bytes > LIMIT_TARGET_FACTS)
		return err_set(err, ERR_TOO_LARGE,
			"the package databases of all layers need more than %" PRIu64 " MiB",
			LIMIT_TARGET_FACTS / MIB);
	return 0;
}

int streamed_layers_read(struct scan *scan, struct image_source *source,
	const struct wanted_extras *extras, struct streamed_layers **out, struct err *err)
{
	struct streamed_layers *s = xcalloc(1, sizeof(*s));
	struct image_member_sink sink = { .begin = begin, .data = data, .end = end, .ctx = s };
	struct stream_fd file;
	struct tap tap;

	*s = (struct streamed_layers){
		.scan = scan, .extras = extras, .by_name = MAP_INIT, .digest = digest_new()
	};
	stream_fd_init_range(&file, image_source_fd(source), 0, source->size, "the archive");
	tap_init(&tap, &file.stream, scan->options.progress);
	if (scan->options.progress)
		scan->options.progress->total(scan->options.progress, source->size);
	int r = image_source_stream(source, &tap.stream, &sink, err);
	(void)tap_finish(&tap);
	if (r < 0) {
		streamed_layers_free(s);
		return r;
	}
	*out = s;
	return r;
}

void streamed_layers_take(
	struct streamed_layers *s, const struct image_source *source, struct layer_scan *l)
{
	struct streamed_layer *from =
		map_get(&s->by_name, image_member_name(source, l->layer->name));

	if (!from) {
		(void)err_set(
			&l->error, ERR_INPUT, "%" PRIstr " is no layer", STR_ARG(l->layer->name));
		return;
	}
	if (from->error.code != ERR_NONE) {
		(void)err_set(&l->error, from->error.code, "%s", err_msg(&from->error));
		return;
	}
	l->stored = from->stored;
	l->has_stored = true;
	if (layer_check(l, from->compressed, &from->diff_id, &l->error) < 0)
		return;
	/* Two layers may be one member (empty ones often are). */
	_cleanup_buf_ struct buf encoded = BUF_INIT(LIMIT_FACTS);
	int r = layer_facts_encode(&from->facts, &encoded, &l->error);
	if (r == 0)
		r = layer_facts_decode(buf_span(&encoded), &l->facts, &l->error);
	if (r == 0)
		r = layer_count_facts(s->scan, l);
	l->done = l->cacheable = r == 0;
}

void streamed_layers_free(struct streamed_layers *s)
{
	if (!s)
		return;
	vec_for_each(l, &s->all) {
		layer_facts_fini(&(*l)->facts);
		err_clear(&(*l)->error);
		free(*l);
	}
	vec_fini(&s->all);
	map_fini(&s->by_name);
	layer_analysis_abort(s->analysis);
	digest_free(s->digest);
	free(s);
}
