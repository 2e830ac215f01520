/*
 * Decompression as a stream: recognises the format, feeds the decoder with large pieces of input
 * and lets it write straight into the caller's memory, and enforces what all formats have in
 * common: the limits on the output and that the input ends where the format says.
 *
 * The magic numbers: RFC 1952 2.3.1 (gzip), https://tukaani.org/xz/xz-file-format.txt 2.1.1.1,
 * RFC 8878 3.1.1 and 3.1.2 (zstd, and its skippable frames), "BZh1" … "BZh9" (bzip2).
 */
#include "base/base.h"

#include "codec/decompress_priv.h"

/* Large enough that the cost of calling a decoder is lost in its work, small enough for the caches:
 * four times as much is 6 % slower. */
enum { INPUT_SIZE = 64 * 1024, DETECT_SIZE = 6 };

struct decompressor {
	struct stream stream;
	struct stream *in;
	const struct decoder *decoder; /* NULL: the bytes pass as they are */
	void *state;
	uint8_t *buffer;     /* INPUT_SIZE, or the bytes peeked at when nothing is decoded */
	struct span pending; /* what of it is left */
	bool in_end;
	bool done;
	uint64_t max_bytes;
	uint64_t total_in;
	uint64_t total_out;
	struct err failure; /* what every call after a failure says again */
};

static const char *const compression_names[COMPRESSION_COUNT] = {
	[COMPRESSION_NONE] = "none",
	[COMPRESSION_GZIP] = "gzip",
	[COMPRESSION_BZIP2] = "bzip2",
	[COMPRESSION_XZ] = "xz",
	[COMPRESSION_ZSTD] = "zstd",
};

static const struct decoder *const decoders[COMPRESSION_COUNT] = {
#ifdef HAVE_ISAL
	[COMPRESSION_GZIP] = &decoder_gunzip_isal,
#else
	[COMPRESSION_GZIP] = &decoder_gunzip_zlib,
#endif
	[COMPRESSION_BZIP2] = &decoder_bunzip2,
	[COMPRESSION_XZ] = &decoder_unxz,
	[COMPRESSION_ZSTD] = &decoder_unzstd,
};

const char *compression_to_str(enum compression c)
{
	return (unsigned)c < COMPRESSION_COUNT ? compression_names[c] : "unknown";
}

static bool is_zstd(struct str s)
{
	if (str_starts(s, STR("\x28\xb5\x2f\xfd")))
		return true;
	return s.n >= 4 && ((uint8_t)s.p[0] & 0xf0) == 0x50 &&
	       str_starts(str_skip(s, 1), STR("\x2a\x4d\x18"));
}

enum compression compression_detect(struct span head)
{
	struct str s = str_from_span(head);

	if (str_starts(s, STR("\x1f\x8b\x08")))
		return COMPRESSION_GZIP;
	if (s.n >= 4 && str_starts(s, STR("BZh")) && s.p[3] >= '1' && s.p[3] <= '9')
		return COMPRESSION_BZIP2;
	if (str_starts(s, STR("\xfd"
			      "7zXZ\0")))
		return COMPRESSION_XZ;
	return is_zstd(s) ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

/* The name for messages; nothing when nothing is decoded. */
static const char *kind_name(const struct decompressor *d)
{
	return d->decoder ? compression_names[d->decoder->kind] : "uncompressed data";
}

/* Remembers a failure, so that a caller who goes on does not get half of a stream. */
static int fail(struct decompressor *d, struct err *failure, struct err *err)
{
	(void)err_move(&d->failure, failure);
	return err_set(err, d->failure.code, "%s", err_msg(&d->failure));
}

/* Counts n bytes of output; they are refused as soon as a limit is exceeded. */
static int account(struct decompressor *d, uint64_t n, struct err *err)
{
	d->total_out += n;
	if (d->total_out > d->max_bytes)
		return err_set(err, ERR_TOO_LARGE, "%s: more than %" PRIu64 " bytes", kind_name(d),
			d->max_bytes);
	if (d->decoder && d->total_out > LIMIT_EXPANSION_FREE &&
		(d->total_out - LIMIT_EXPANSION_FREE) / LIMIT_EXPANSION_RATIO > d->total_in)
		return err_set(err, ERR_TOO_LARGE,
			"%s: expands to more than %d times its size, as a decompression bomb does",
			kind_name(d), LIMIT_EXPANSION_RATIO);
	return 0;
}

static int fill(struct decompressor *d, struct err *err)
{
	ssize_t r = stream_read(d->in, d->buffer, INPUT_SIZE, err);

	if (r < 0)
		return (int)r;
	d->pending = span_n(d->buffer, (size_t)r);
	d->in_end = r == 0;
	return 0;
}

/* One call of the decoder; the number of bytes it wrote, or a negative code. */
static ssize_t step(struct decompressor *d, uint8_t *p, size_t n, struct err *err)
{
	struct decode_io io = {
		.in = d->pending.p, .in_n = d->pending.n, .in_end = d->in_end, .out = p, .out_n = n
	};
	int r = d->decoder->decode(d->state, &io, err);

	if (r < 0)
		return err_wrap(err, "%s", kind_name(d));
	d->total_in += d->pending.n - io.in_n;
	if (r == 0 && io.in_n == d->pending.n && io.out_n == n && (d->in_end || io.in_n))
		return err_set(err, ERR_INPUT, "%s: truncated", kind_name(d));
	d->pending = span_n(io.in, io.in_n);
	d->done = r == 1;
	return (ssize_t)(n - io.out_n);
}

static ssize_t decode(struct decompressor *d, uint8_t *p, size_t n, struct err *err)
{
	ssize_t r = 0;

	while (r == 0 && !d->done) {
		if (d->pending.n == 0 && !d->in_end) {
			int filled = fill(d, err);

			if (filled < 0)
				return filled;
		}
		r = step(d, p, n, err);
	}
	return r;
}

/* The bytes peeked at, then those of in. */
static ssize_t pass(struct decompressor *d, uint8_t *p, size_t n, struct err *err)
{
	size_t peeked = min_size(n, d->pending.n);

	if (peeked == 0)
		return stream_read(d->in, p, n, err);
	memcpy(p, d->pending.p, peeked);
	d->pending = span_n(d->pending.p + peeked, d->pending.n - peeked);
	return (ssize_t)peeked;
}

static ssize_t decompressor_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct decompressor *d = (struct decompressor *)s;
	uint64_t left = d->max_bytes - d->total_out;
	_cleanup_err_ struct err failure = ERR_INIT;

	if (d->failure.code != ERR_NONE)
		return err_set(err, d->failure.code, "%s", err_msg(&d->failure));
	/* One byte more than allowed shows that there are more, without decoding them. */
	if (left < n)
		n = (size_t)left + 1;
	ssize_t r = d->decoder ? decode(d, p, n, &failure) : pass(d, p, n, &failure);

	if (r > 0) {
		int counted = account(d, (uint64_t)r, &failure);

		r = counted < 0 ? counted : r;
	}
	return r < 0 ? fail(d, &failure, err) : r;
}

/* Only without a decoder, and only when in can skip. */
static int decompressor_skip(struct stream *s, uint64_t n, struct err *err)
{
	struct decompressor *d = (struct decompressor *)s;
	size_t peeked = n < d->pending.n ? (size_t)n : d->pending.n;
	_cleanup_err_ struct err failure = ERR_INIT;
	int r;

	if (d->failure.code != ERR_NONE)
		return err_set(err, d->failure.code, "%s", err_msg(&d->failure));
	if (peeked)
		d->pending = span_n(d->pending.p + peeked, d->pending.n - peeked);
	if (n > UINT64_MAX - d->total_out)
		r = err_set(&failure, ERR_INPUT, "skips beyond any end");
	else
		r = account(d, n, &failure);
	if (r == 0 && n > peeked)
		r = d->in->skip(d->in, n - peeked, &failure);
	return r < 0 ? fail(d, &failure, err) : 0;
}

static struct decompressor *decompressor_new(struct stream *in, uint64_t max_bytes)
{
	struct decompressor *d = xcalloc(1, sizeof(*d));

	d->stream.read = decompressor_read;
	d->in = in;
	d->max_bytes = max_bytes;
	return d;
}

/* Sets the decoder up; a decoder without memory fails at the first read. */
static void decompressor_start(struct decompressor *d, const struct decoder *decoder)
{
	d->decoder = decoder;
	d->buffer = xrealloc(d->buffer, INPUT_SIZE);
	if (d->pending.n)
		d->pending.p = d->buffer;
	d->state = decoder->create();
	if (!d->state)
		(void)err_set(&d->failure, ERR_TOO_LARGE, "%s: out of memory", kind_name(d));
}

struct stream *decompress_new(struct stream *in, uint64_t max_bytes, const struct decoder *decoder)
{
	struct decompressor *d = decompressor_new(in, max_bytes);

	decompressor_start(d, decoder);
	return &d->stream;
}

int decompress_open(struct stream *in, uint64_t max_bytes, struct stream **out, struct err *err)
{
	struct decompressor *d = decompressor_new(in, max_bytes);

	d->buffer = xmalloc(DETECT_SIZE);
	ssize_t r = stream_read_full(in, d->buffer, DETECT_SIZE, err);

	if (r < 0) {
		decompress_close(&d->stream);
		return (int)r;
	}
	d->pending = span_n(d->buffer, (size_t)r);
	d->in_end = r < DETECT_SIZE;
	const struct decoder *decoder = decoders[compression_detect(d->pending)];

	if (decoder)
		decompressor_start(d, decoder);
	else if (in->skip)
		d->stream.skip = decompressor_skip;
	*out = &d->stream;
	return 0;
}

void decompress_close(struct stream *s)
{
	struct decompressor *d = (struct decompressor *)s;

	if (!d)
		return;
	if (d->state)
		d->decoder->free(d->state);
	err_clear(&d->failure);
	free(d->buffer);
	free(d);
}

enum compression decompress_kind(const struct stream *s)
{
	const struct decompressor *d = (const struct decompressor *)s;

	return d->decoder ? d->decoder->kind : COMPRESSION_NONE;
}
