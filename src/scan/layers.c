/*
 * Facts of layers: from the cache when the claimed digest is known there, else by analysis, several
 * at once. The bytes of a compressed layer pass through this process and are hashed on their way to
 * the worker. A plain tar in a local file is given to the worker as it is, which seeks over what
 * nobody wants; its digest is then not known (--verify reads it all).
 */
#include "scan/scan_priv.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

/* --- hashing and counting
 * ------------------------------------------------------------------------------------ */

static ssize_t tap_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct tap *t = (struct tap *)s;
	ssize_t r = stream_read(t->inner, p, n, err);

	if (r > 0) {
		digest_update(t->digest, p, (size_t)r);
		if (t->progress)
			t->progress->bytes(t->progress, (uint64_t)r);
	}
	return r;
}

void tap_init(struct tap *t, struct stream *inner, struct scan_progress *progress)
{
	*t = (struct tap){ .stream = { .read = tap_read },
		.inner = inner,
		.digest = digest_new(),
		.progress = progress };
}

struct digest tap_finish(struct tap *t)
{
	struct digest d = digest_final(t->digest);

	digest_free(take_ptr(t->digest));
	return d;
}

/* --- file stamps
 * ------------------------------------------------------------------------------------------------
 */

/* A file that was changed so recently could change again without its stamp showing it: the kernel's
 * clock ticks. */
enum { STAMP_SETTLED_NS = 50000000 };

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static bool get_stamp(int fd, struct file_stamp *out)
{
	struct stat st;
	struct timespec now;

	if (fd < 0 || fstat(fd, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return false;
	*out = (struct file_stamp){ .device = st.st_dev,
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.mtime_ns = nanoseconds(&st.st_mtim),
		.ctime_ns = nanoseconds(&st.st_ctim) };
	return nanoseconds(&now) - out->ctime_ns > STAMP_SETTLED_NS;
}

static bool same_stamp(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* --- the cache
 * --------------------------------------------------------------------------------------------------
 */

/* The cache is a convenience: what goes wrong with it costs time, not the scan. */
static void log_cache_error(const char *what, struct err *err)
{
	log_debug("%s: %s", what, err_msg(err));
	err_clear(err);
}

/* The digest under which this layer may be known. */
static bool claimed_digest(
	struct scan *s, const struct image_source *source, struct layer_scan *l, struct digest *out)
{
	struct err err = ERR_INIT;
	int r;

	if (l->layer->digest.n)
		return digest_parse(l->layer->digest, out, NULL) == 0;
	if (source->kind != IMAGE_LAYER || !get_stamp(image_source_fd(source), &l->stamp))
		return false;
	r = store_file_digest_get(s->options.store, &l->stamp, out, &err);
	if (r < 0)
		log_cache_error("look a file up in the cache", &err);
	if (r == 1) {
		l->stored = *out;
		l->has_stored = true;
	}
	return r == 1;
}

static void look_up(struct scan *s, const struct image_source *source, struct layer_scan *l,
	const struct wanted_extras *extras)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct err err = ERR_INIT;
	struct digest digest;
	struct span encoded;

	if (!s->options.store || s->options.verify || !claimed_digest(s, source, l, &digest))
		return;
	int r = store_facts_get(
		s->options.store, &digest, ANALYZE_ENGINE_VERSION, &scratch, &encoded, &err);
	if (r == 1)
		r = layer_facts_decode(encoded, &l->facts, &err);
	else if (r == 0)
		return;
	if (r == 0 && (!extras || layer_facts_cover(&l->facts, extras))) {
		l->done = l->from_cache = layer_count_facts(s, l) == 0;
		return;
	}
	if (r < 0)
		log_cache_error("look a layer up in the cache", &err);
	layer_facts_fini(&l->facts);
	layer_facts_init(&l->facts);
}

static void remember(struct scan *s, const struct layer_scan *l)
{
	_cleanup_buf_ struct buf encoded = BUF_INIT(LIMIT_FACTS);
	struct err err = ERR_INIT;
	int r = layer_facts_encode(&l->facts, &encoded, &err);

	if (r == 0)
		r = store_facts_put(s->options.store, &l->stored, ANALYZE_ENGINE_VERSION,
			buf_span(&encoded), &err);
	if (r == 0 && l->has_stamp)
		r = store_file_digest_put(s->options.store, &l->stamp, &l->stored, &err);
	if (r < 0)
		log_cache_error("put a layer into the cache", &err);
}

/* --- analysis
 * ---------------------------------------------------------------------------------------------------
 */

static int mismatch(
	const struct layer_scan *l, const struct digest *computed, const char *of, struct err *err)
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(computed, text);
	return err_set(err, ERR_MISMATCH,
		"digest mismatch: the image says %" PRIstr ", but its %s has %s",
		STR_ARG(l->layer->digest), of, text);
}

int layer_check(
	struct layer_scan *l, bool compressed, const struct digest *diff_id, struct err *err)
{
	struct digest claimed;

	if (l->layer->digest.n == 0)
		return 0;
	int r = digest_parse(l->layer->digest, &claimed, err);
	if (r < 0)
		return r;
	if (l->layer->is_diff_id && compressed)
		return digest_eq(&claimed, diff_id)
			       ? 0
			       : mismatch(l, diff_id, "uncompressed content", err);
	return digest_eq(&claimed, &l->stored) ? 0 : mismatch(l, &l->stored, "content", err);
}

/* The layer as a stream through this process. */
static int analyze_stream(struct scan *s, struct layer_scan *l, int fd, uint64_t offset,
	uint64_t size, bool compressed, const struct wanted_extras *extras, struct err *err)
{
	const struct analyze_layer_options o = {
		.extras = extras, .diff_id = compressed && l->layer->is_diff_id, .size = size
	};
	struct stream_fd file;
	struct file_stamp after;
	struct digest diff_id;
	struct tap tap;

	l->has_stamp = l->layer->digest.n == 0 && get_stamp(fd, &l->stamp);
	stream_fd_init_range(&file, fd, offset, size, "the layer");
	tap_init(&tap, &file.stream, s->options.progress);
	int r = analyze_layer_stream(&tap.stream, &o, &l->facts, &diff_id, err);
	l->stored = tap_finish(&tap);
	if (r < 0)
		return r;
	if (file.left > 0)
		return err_set(
			err, ERR_INPUT, "truncated: %" PRIu64 " bytes are missing", file.left);
	l->has_stored = true;
	l->has_stamp = l->has_stamp && get_stamp(fd, &after) && same_stamp(&l->stamp, &after);
	r = layer_check(l, compressed, &diff_id, err);
	l->cacheable = r == 0;
	return r;
}

static int analyze_one(struct scan *s, const struct image_source *source, struct layer_scan *l,
	const struct wanted_extras *extras, struct err *err)
{
	uint64_t offset, size;
	uint8_t head[8];
	_cleanup_close_ int fd = image_layer_open(source, l->layer, &offset, &size, err);

	if (fd < 0)
		return fd;
	ssize_t n = io_pread_full(fd, head, sizeof(head) < size ? sizeof(head) : (size_t)size,
		offset, "the layer", err);
	if (n < 0)
		return (int)n;
	if (s->options.progress)
		s->options.progress->total(s->options.progress, size);
	bool compressed = compression_detect(span_n(head, (size_t)n)) != COMPRESSION_NONE;
	if (compressed || s->options.verify)
		return analyze_stream(s, l, fd, offset, size, compressed, extras, err);
	const struct analyze_layer_options o = { .extras = extras, .size = size };
	int r = analyze_layer_range(fd, offset, &o, &l->facts, err);
	if (s->options.progress)
		s->options.progress->bytes(s->options.progress, size);
	return r;
}

struct batch {
	struct scan *scan;
	const struct image_source *source;
	struct layer_scan_vec *layers;
	const struct wanted_extras *extras;
};

uint64_t layer_facts_cost(const struct layer_facts *f)
{
	uint64_t bytes = f->arena.used_bytes + f->facts.n * sizeof(f->facts.v[0]);

	vec_for_each(fact, &f->facts)
		bytes += fact->packages.items.n *
			 (sizeof(struct package) + sizeof(struct view_package) +
				 sizeof(struct report_package) + sizeof(struct report_unevaluated));
	return bytes;
}

int layer_count_facts(struct scan *s, struct layer_scan *l)
{
	uint64_t bytes = layer_facts_cost(&l->facts);

	if (atomic_fetch_add(&s->facts_bytes, bytes) + bytes <= LIMIT_TARGET_FACTS)
		return 0;
	atomic_fetch_sub(&s->facts_bytes, bytes);
	layer_facts_fini(&l->facts);
	layer_facts_init(&l->facts);
	return err_set(&l->error, ERR_TOO_LARGE,
		"the package databases of all layers need more than %" PRIu64 " MiB",
		LIMIT_TARGET_FACTS / MIB);
}

static void analyze_in_batch(void *ctx, size_t i)
{
	struct batch *b = ctx;
	struct layer_scan *l = &b->layers->v[i];
	int r;

	if (l->done || l->error.code != ERR_NONE)
		return;
	r = l->layer ? analyze_one(b->scan, b->source, l, b->extras, &l->error)
		     : analyze_directory(b->source->path, &l->facts, &l->error);
	if (r == 0)
		r = layer_count_facts(b->scan, l);
	l->done = r == 0;
}

void layers_analyze(struct scan *s, const struct image_source *source,
	struct layer_scan_vec *layers, const struct wanted_extras *extras)
{
	struct batch batch = { .scan = s, .source = source, .layers = layers, .extras = extras };

	vec_for_each(l, layers) {
		if (!l->done && l->layer)
			look_up(s, source, l, extras);
	}
	parallel_for(layers->n, s->options.threads ? s->options.threads : parallel_cpus(),
		analyze_in_batch, &batch);
	layers_remember(s, layers);
}

void layers_remember(struct scan *s, const struct layer_scan_vec *layers)
{
	vec_for_each(l, layers) {
		if (l->done && l->cacheable && !l->from_cache && s->options.store &&
			s->options.cache)
			remember(s, l);
	}
}
