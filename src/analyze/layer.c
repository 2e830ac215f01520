/*
 * One layer, a tar archive: the job that walks it, and the parent's side of it.
 */
#include "analyze/analyze_priv.h"

struct tar_body {
	struct tar_reader *tar;
};

static int read_body(void *ctx, struct buf *out, struct err *err)
{
	return tar_read_body(((struct tar_body *)ctx)->tar, out, err);
}

/*
 * The path of an entry as seen from root. False: it is not below it. Normalized first, so that no
 * "..", which stops at the root of the image, steps out of root and in again.
 */
static bool enter_root(struct str root, struct arena *a, struct str *path)
{
	struct str p = path_normalize(a, *path);

	if (!path_contains(root, p))
		return false;
	*path = str_skip(p, root.n + (p.n > root.n));
	return true;
}

/* What an entry is below the root of its image; hard links name members of the archive. */
static bool place_in_root(
	const struct analyze_layer_options *o, struct arena *a, struct tar_entry *entry)
{
	if (o->root.n == 0)
		return true;
	return enter_root(o->root, a, &entry->path) &&
	       (entry->type != TAR_HARDLINK || enter_root(o->root, a, &entry->link));
}

int analyze_tar(struct stream *in, const struct analyze_layer_options *o, struct layer_facts *out,
	struct err *err)
{
	_cleanup_(tar_closep) struct tar_reader *tar = tar_open(in);
	struct tar_body ctx = { .tar = tar };
	struct body body = { .read = read_body, .ctx = &ctx };
	struct collector collector;
	struct tar_entry entry;
	int r;

	collector_init(&collector, o->extras);
	while ((r = tar_next(tar, &entry, err)) > 0) {
		_cleanup_arena_ struct arena scratch = ARENA_INIT;

		if (!place_in_root(o, &scratch, &entry))
			continue;
		r = collector_add(
			&collector, entry.type, entry.path, entry.link, entry.size, &body, err);
		if (r < 0)
			break;
	}
	if (r == 0)
		r = collector_finish(&collector, out, err);
	out->file_too_big = collector.file_too_big;
	collector_fini(&collector);
	return r;
}

/* --- in the worker
 * ---------------------------------------------------------------------------------------- */

enum { LAYER_RANGE = 1, LAYER_DIFF_ID = 2 };

struct layer_params {
	uint8_t flags;
	uint64_t offset;
	uint64_t size;
	struct str root;
};

/* What passes through is hashed. */
struct hashed {
	struct stream stream;
	struct stream *inner;
	struct digest_ctx *digest;
};

static ssize_t hashed_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct hashed *h = (struct hashed *)s;
	ssize_t r = stream_read(h->inner, p, n, err);

	if (r > 0)
		digest_update(h->digest, p, (size_t)r);
	return r;
}

/* The layer as a stream: everything is read, so that damage behind the archive's end is found as
 * well. */
static int walk_stream(struct stream *in, const struct analyze_layer_options *o,
	struct layer_facts *facts, struct digest *diff_id, struct err *err)
{
	bool with_diff_id = o->diff_id;
	_cleanup_(digest_freep) struct digest_ctx *digest = with_diff_id ? digest_new() : NULL;
	_cleanup_(decompress_closep) struct stream *plain = NULL;
	int r = decompress_open(in, LIMIT_LAYER_UNCOMPRESSED, &plain, err);

	if (r < 0)
		return r;
	struct hashed hashed = {
		.stream = { .read = hashed_read }, .inner = plain, .digest = digest
	};
	struct stream *source = digest ? &hashed.stream : plain;
	r = analyze_tar(source, o, facts, err);
	if (r == 0)
		r = stream_drain(source, NULL, err);
	if (r == 0 && digest)
		*diff_id = digest_final(digest);
	return r;
}

static int walk(const struct sandbox_io *io, const struct layer_params *p,
	struct layer_facts *facts, struct digest *diff_id, struct err *err)
{
	const struct analyze_layer_options o = {
		.extras = &facts->extras, .root = p->root, .diff_id = p->flags & LAYER_DIFF_ID
	};
	struct stream_fd in;

	if (p->flags & LAYER_RANGE) {
		stream_fd_init_range(&in, io->in_fd, p->offset, p->size, "the layer");
		return analyze_tar(&in.stream, &o, facts, err);
	}
	return walk_stream(io->input, &o, facts, diff_id, err);
}

static int run_layer(const struct sandbox_io *io, struct span raw_params, struct err *err)
{
	struct reader r = reader_of(raw_params);
	struct layer_params p = { .flags = reader_u8(&r) };
	struct layer_facts facts;
	struct digest diff_id;

	p.offset = reader_be64(&r);
	p.size = reader_be64(&r);
	p.root = reader_lstr(&r);
	layer_facts_init(&facts);
	int code = extras_decode(&r, &facts.arena, &facts.extras, err);
	if (code == 0)
		code = walk(io, &p, &facts, &diff_id, err);
	if (code == 0 && (p.flags & LAYER_DIFF_ID))
		code = sandbox_emit(
			io, ANALYZE_FRAME_DIFF_ID, span_n(diff_id.bytes, DIGEST_BYTES), err);
	if (code == 0)
		code = facts_emit(io, &facts, err);
	/* Beside the error, for whoever says more of this one; if this cannot be sent, nor can
	 * that.
	 */
	else if (facts.file_too_big)
		(void)!sandbox_emit(io, ANALYZE_FRAME_FILE_TOO_BIG, (struct span){ 0 }, NULL);
	layer_facts_fini(&facts);
	return code;
}

static void prepare_layer(void)
{
	tar_init();
	digest_free(digest_new());
}

const struct sandbox_job analyze_layer_job = {
	.name = "layer analysis", .prepare = prepare_layer, .run = run_layer
};

/* --- in the parent
 * ---------------------------------------------------------------------------------------- */

struct layer_analysis {
	struct sandbox_worker *worker;
	struct facts_answer answer;
};

static void encode_params(
	const struct layer_params *p, const struct wanted_extras *extras, struct buf *out)
{
	static const struct wanted_extras none;

	buf_append_u8(out, p->flags);
	buf_append_u64(out, p->offset);
	buf_append_u64(out, p->size);
	buf_append_lstr(out, p->root);
	extras_encode(extras ? extras : &none, out);
}

static int begin(const struct layer_params *p, const struct analyze_layer_options *o, int fd,
	struct layer_analysis **out, struct err *err)
{
	_cleanup_buf_ struct buf params = BUF_INIT(64 * KIB);
	struct sandbox_limits limits = sandbox_limits_for(o->size);
	struct layer_analysis *a = xcalloc(1, sizeof(*a));

	buf_init(&a->answer.encoded, LIMIT_FACTS);
	limits.cancel = o->cancel;
	encode_params(p, o->extras, &params);
	int r = buf_check(&params, "extra paths", err);
	if (r == 0)
		r = sandbox_open(
			&analyze_layer_job, buf_span(&params), fd, limits, &a->worker, err);
	if (r < 0) {
		free(a);
		return r;
	}
	*out = a;
	return 0;
}

int layer_analysis_begin(
	const struct analyze_layer_options *o, struct layer_analysis **out, struct err *err)
{
	const struct layer_params p = { .flags = o->diff_id ? LAYER_DIFF_ID : 0, .root = o->root };

	return begin(&p, o, -1, out, err);
}

int layer_analysis_feed(struct layer_analysis *a, struct span bytes, struct err *err)
{
	return sandbox_feed(a->worker, bytes, err);
}

int layer_analysis_finish(
	struct layer_analysis *a, struct layer_facts *out, struct digest *diff_id, struct err *err)
{
	int r = sandbox_finish(take_ptr(a->worker), facts_answer_take, &a->answer, err);

	out->file_too_big = a->answer.file_too_big;
	if (r == 0)
		r = layer_facts_decode(buf_span(&a->answer.encoded), out, err);
	if (r == 0 && diff_id) {
		*diff_id = a->answer.diff_id;
		if (!a->answer.has_diff_id)
			r = err_set(err, ERR_INTERNAL, "the analysis computed no digest");
	}
	layer_analysis_abort(a);
	return r;
}

void layer_analysis_abort(struct layer_analysis *a)
{
	if (!a)
		return;
	sandbox_abort(a->worker);
	buf_fini(&a->answer.encoded);
	free(a);
}

int analyze_layer_stream(struct stream *in, const struct analyze_layer_options *o,
	struct layer_facts *out, struct digest *diff_id, struct err *err)
{
	_cleanup_(layer_analysis_abortp) struct layer_analysis *a = NULL;
	int r = layer_analysis_begin(o, &a, err);

	if (r == 0)
		r = sandbox_pump(a->worker, in, facts_answer_take, &a->answer, err);
	if (r == 0)
		r = layer_analysis_finish(take_ptr(a), out, o->diff_id ? diff_id : NULL, err);
	/* A worker that failed has stopped reading; whoever computes a digest of `in` wants all of
	 * it. */
	return r < 0 ? r : stream_drain(in, NULL, err);
}

int analyze_layer_range(int fd, uint64_t offset, const struct analyze_layer_options *o,
	struct layer_facts *out, struct err *err)
{
	const struct layer_params p = {
		.flags = LAYER_RANGE, .offset = offset, .size = o->size, .root = o->root
	};
	struct layer_analysis *a;
	int r = begin(&p, o, fd, &a, err);

	return r < 0 ? r : layer_analysis_finish(a, out, NULL, err);
}
