/*
 * codec/decompress.h: every format whole, in pieces, concatenated, cut at every offset and with
 * flipped bits; both gzip decoders; limits.
 */
#include "../test.h"

#include <zlib.h>

#include "codec/decompress_priv.h"

static const struct {
	enum compression kind;
	const char *file;
	struct str damaged_header; /* recognised, and no valid stream */
} formats[] = {
	{ COMPRESSION_GZIP, "codec/text.gz", STR_INIT("\x1f\x8b\x08\xe0\0\0\0\0\0\0\0\0\0") },
	{ COMPRESSION_BZIP2, "codec/text.bz2", STR_INIT("BZh9 something else") },
	{ COMPRESSION_XZ, "codec/text.xz",
		STR_INIT("\xfd"
			 "7zXZ\0 something else") },
	{ COMPRESSION_ZSTD, "codec/text.zst",
		STR_INIT("\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff") },
};

static const struct decoder *const gunzips[] = {
#ifdef HAVE_ISAL
	&decoder_gunzip_isal,
#endif
	&decoder_gunzip_zlib,
};

static struct span read_file(const char *name)
{
	size_t n;
	char *p = test_read_data(name, &n);

	return span_n(p, n);
}

static void release(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* Reads a stream to its end by at most `piece` bytes; the result of the last read. */
static int read_all(struct stream *s, size_t piece, struct buf *out, struct err *err)
{
	ssize_t r;

	do {
		void *p = buf_reserve(out, piece);

		assert_non_null(p);
		r = stream_read(s, p, piece, err);
		if (r > 0)
			buf_commit(out, (size_t)r);
	} while (r > 0);
	return (int)r;
}

struct way {
	size_t in_chunk; /* 0: as much as is asked for */
	size_t piece;
	const struct decoder *decoder; /* NULL: recognised */
};

static int decompress(struct span in, struct way way, struct buf *out, struct err *err)
{
	_cleanup_(decompress_closep) struct stream *s = NULL;
	struct stream_mem m;

	stream_mem_init(&m, in, way.in_chunk);
	if (way.decoder)
		s = decompress_new(&m.stream, MIB, way.decoder);
	else if (decompress_open(&m.stream, MIB, &s, err) < 0)
		return -1;
	return read_all(s, way.piece, out, err);
}

static void assert_decompresses(struct span in, struct way way, struct span expected)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(2 * MIB);

	assert_ok(decompress(in, way, &got, &err), &err);
	assert_int_equal(got.n, expected.n);
	if (got.n)
		assert_memory_equal(got.p, expected.p, expected.n);
}

static void assert_refused(struct span in, enum err_code code, const char *text)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(2 * MIB);

	assert_fails(decompress(in, (struct way){ .piece = 4096 }, &got, &err), &err, code, text);
}

static const struct way ways[] = { { 0, 65536, NULL }, { 1, 65536, NULL }, { 0, 1, NULL },
	{ 1, 1, NULL }, { 7, 11, NULL } };

static void decompresses_every_format_in_any_pieces(void **state UNUSED)
{
	struct span text = read_file("codec/text.txt");

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct span in = read_file(formats[i].file);

		assert_int_equal(compression_detect(in), formats[i].kind);
		for (size_t w = 0; w < ARRAY_LEN(ways); w++)
			assert_decompresses(in, ways[w], text);
		release(in);
	}
	for (size_t i = 0; i < ARRAY_LEN(gunzips); i++) {
		struct span in = read_file("codec/text.gz");

		for (size_t w = 0; w < ARRAY_LEN(ways); w++)
			assert_decompresses(in,
				(struct way){ ways[w].in_chunk, ways[w].piece, gunzips[i] }, text);
		release(in);
	}
	release(text);
}

static void reports_what_it_recognised(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_(decompress_closep) struct stream *s = NULL;
		struct span in = read_file(formats[i].file);
		struct stream_mem m;

		stream_mem_init(&m, in, 1);
		assert_ok(decompress_open(&m.stream, MIB, &s, &err), &err);
		assert_int_equal(decompress_kind(s), formats[i].kind);
		assert_null(s->skip);
		release(in);
	}
}

static void recognises_by_the_first_bytes(void **state UNUSED)
{
	static const struct {
		struct str head;
		enum compression kind;
	} cases[] = {
		{ STR_INIT(""), COMPRESSION_NONE },
		{ STR_INIT("\x1f\x8b"), COMPRESSION_NONE },
		{ STR_INIT("\x1f\x8b\x08"), COMPRESSION_GZIP },
		{ STR_INIT("\x1f\x8b\x07"), COMPRESSION_NONE },
		{ STR_INIT("BZh"), COMPRESSION_NONE },
		{ STR_INIT("BZh0"), COMPRESSION_NONE },
		{ STR_INIT("BZh1"), COMPRESSION_BZIP2 },
		{ STR_INIT("BZh9"), COMPRESSION_BZIP2 },
		{ STR_INIT("\xfd"
			   "7zXZ"),
			COMPRESSION_NONE },
		{ STR_INIT("\xfd"
			   "7zXZ\0"),
			COMPRESSION_XZ },
		{ STR_INIT("\x28\xb5\x2f\xfd"), COMPRESSION_ZSTD },
		{ STR_INIT("\x50\x2a\x4d\x18"), COMPRESSION_ZSTD },
		{ STR_INIT("\x5f\x2a\x4d\x18"), COMPRESSION_ZSTD },
		{ STR_INIT("\x60\x2a\x4d\x18"), COMPRESSION_NONE },
		{ STR_INIT("./usr/"), COMPRESSION_NONE },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(compression_detect(span_from_str(cases[i].head)), cases[i].kind);
	assert_string_equal(compression_to_str(COMPRESSION_ZSTD), "zstd");
	assert_string_equal(compression_to_str(COMPRESSION_NONE), "none");
}

static void reports_damaged_headers(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		assert_refused(span_from_str(formats[i].damaged_header), ERR_INPUT,
			compression_to_str(formats[i].kind));
}

static void decompresses_concatenated_streams(void **state UNUSED)
{
	struct span text = read_file("codec/text.txt");
	_cleanup_buf_ struct buf twice = BUF_INIT(MIB);

	buf_append(&twice, text.p, text.n);
	buf_append(&twice, text.p, text.n);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		_cleanup_buf_ struct buf in = BUF_INIT(MIB);
		struct span one = read_file(formats[i].file);

		buf_append(&in, one.p, one.n);
		buf_append(&in, one.p, one.n);
		for (size_t w = 0; w < ARRAY_LEN(ways); w++)
			assert_decompresses(buf_span(&in), ways[w], buf_span(&twice));
		release(one);
	}
	release(text);
}

static void refuses_what_follows_the_end(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		_cleanup_buf_ struct buf in = BUF_INIT(MIB);
		struct span one = read_file(formats[i].file);

		buf_append(&in, one.p, one.n);
		buf_append(&in, "garbage!", 8);
		assert_refused(buf_span(&in), ERR_INPUT, compression_to_str(formats[i].kind));
		release(one);
	}
}

/* gzip and xz know padding with zeros, xz in multiples of four. */
static void accepts_padding_where_the_format_has_it(void **state UNUSED)
{
	static const size_t padded[] = { 0, 2 };
	struct span text = read_file("codec/text.txt");

	for (size_t i = 0; i < ARRAY_LEN(padded); i++) {
		_cleanup_buf_ struct buf in = BUF_INIT(MIB);
		struct span one = read_file(formats[padded[i]].file);

		buf_append(&in, one.p, one.n);
		buf_append(&in, "\0\0\0\0\0\0\0\0", 8);
		for (size_t w = 0; w < ARRAY_LEN(ways); w++)
			assert_decompresses(buf_span(&in), ways[w], text);
		buf_append(&in, "x", 1);
		assert_refused(buf_span(&in), ERR_INPUT, "");
		release(one);
	}
	release(text);
}

static void refuses_every_truncation(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct span in = read_file(formats[i].file);

		for (size_t cut = 6; cut < in.n; cut++)
			assert_refused(span_n(in.p, cut), ERR_INPUT, "truncated");
		release(in);
	}
	for (size_t i = 0; i < ARRAY_LEN(gunzips); i++) {
		struct span in = read_file("codec/text.gz");

		for (size_t cut = 0; cut < in.n; cut++) {
			_cleanup_err_ struct err err = ERR_INIT;
			_cleanup_buf_ struct buf got = BUF_INIT(MIB);

			assert_fails(decompress(span_n(in.p, cut),
					     (struct way){ 1, 4096, gunzips[i] }, &got, &err),
				&err, ERR_INPUT, "truncated");
		}
		release(in);
	}
}

/* A flipped bit is reported, or it changed nothing that matters (a time stamp). */
static void assert_flip_caught(
	struct span in, size_t bit, const struct decoder *decoder, struct span text)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(2 * MIB);
	uint8_t *p = xmalloc(in.n);

	memcpy(p, in.p, in.n);
	p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	int r = decompress(span_n(p, in.n), (struct way){ 0, 4096, decoder }, &got, &err);

	free(p);
	if (r < 0)
		return;
	if (got.n != text.n || memcmp(got.p, text.p, text.n) != 0)
		fail_msg("bit %zu: accepted", bit);
}

static void catches_flipped_bits(void **state UNUSED)
{
	struct span text = read_file("codec/text.txt");
	struct span gz = read_file("codec/text.gz");

	/* The first six bytes say what it is. */
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct span in = read_file(formats[i].file);

		for (size_t bit = 6 * 8; bit < in.n * 8; bit++)
			assert_flip_caught(in, bit, NULL, text);
		release(in);
	}
	for (size_t i = 0; i < ARRAY_LEN(gunzips); i++) {
		for (size_t bit = 0; bit < gz.n * 8; bit++)
			assert_flip_caught(gz, bit, gunzips[i], text);
	}
	release(gz);
	release(text);
}

/* The deflate data and trailer of text.gz behind a header with these fields. */
static void gzip_with_header(struct buf *out, uint8_t flags, struct str fields, bool crc_is_right)
{
	struct span gz = read_file("codec/text.gz");

	buf_append(out, "\x1f\x8b\x08", 3);
	buf_append_u8(out, flags);
	buf_append(out, "\1\2\3\4\2\3", 6);
	buf_append_str(out, fields);
	if (flags & 2) {
		uint32_t crc = (uint32_t)crc32_z(0, (const Bytef *)out->p, out->n);

		buf_append_u8(out, (uint8_t)(crc ^ !crc_is_right));
		buf_append_u8(out, (uint8_t)(crc >> 8));
	}
	buf_append(out, gz.p + 10, gz.n - 10);
	release(gz);
}

static void reads_all_fields_of_gzip_headers(void **state UNUSED)
{
	static const struct {
		uint8_t flags;
		struct str fields;
	} cases[] = {
		{ 0, STR_INIT("") },
		{ 1, STR_INIT("") },
		{ 2, STR_INIT("") },
		{ 4, STR_INIT("\5\0extra") },
		{ 4, STR_INIT("\0\0") },
		{ 8, STR_INIT("name\0") },
		{ 16, STR_INIT("comment\0") },
		{ 8 | 16, STR_INIT("\0\0") },
		{ 1 | 2 | 4 | 8 | 16, STR_INIT("\3\0ex\0name\0comment\0") },
	};
	struct span text = read_file("codec/text.txt");

	for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(gunzips); i++) {
		_cleanup_buf_ struct buf in = BUF_INIT(MIB);
		const struct decoder *decoder = gunzips[i / ARRAY_LEN(cases)];

		gzip_with_header(&in, cases[i % ARRAY_LEN(cases)].flags,
			cases[i % ARRAY_LEN(cases)].fields, true);
		assert_decompresses(buf_span(&in), (struct way){ 0, 4096, decoder }, text);
		assert_decompresses(buf_span(&in), (struct way){ 1, 4096, decoder }, text);
	}
	release(text);
}

static void refuses_wrong_gzip_headers(void **state UNUSED)
{
	_cleanup_buf_ struct buf checksum = BUF_INIT(MIB);
	_cleanup_buf_ struct buf flags = BUF_INIT(MIB);

	gzip_with_header(&checksum, 2 | 8, STR("name\0"), false);
	assert_refused(buf_span(&checksum), ERR_INPUT, "checksum");
	gzip_with_header(&flags, 0x20, STR(""), true);
	assert_refused(buf_span(&flags), ERR_INPUT, "flags");
}

static void passes_over_skippable_zstd_frames(void **state UNUSED)
{
	_cleanup_buf_ struct buf in = BUF_INIT(MIB);
	struct span text = read_file("codec/text.txt");
	struct span one = read_file("codec/text.zst");

	buf_append(&in, "\x53\x2a\x4d\x18\4\0\0\0skip", 12);
	buf_append(&in, one.p, one.n);
	buf_append(&in, "\x50\x2a\x4d\x18\0\0\0\0", 8);
	for (size_t w = 0; w < ARRAY_LEN(ways); w++)
		assert_decompresses(buf_span(&in), ways[w], text);
	release(one);
	release(text);
}

static void refuses_decoders_that_need_too_much_memory(void **state UNUSED)
{
	struct span xz = read_file("codec/large-dictionary.xz");

	assert_refused(xz, ERR_TOO_LARGE, "memory");
	release(xz);
	/* A frame without a content size, and a window of 2^30 bytes. */
	assert_refused(span_from_str(STR("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00")), ERR_TOO_LARGE,
		"window");
}

static void refuses_more_than_the_maximum(void **state UNUSED)
{
	struct span text = read_file("codec/text.txt");
	static const char *const files[] = { "codec/text.txt", "codec/text.gz", "codec/text.bz2",
		"codec/text.xz", "codec/text.zst" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct span in = read_file(files[i]);

		for (uint64_t max = text.n - 1; max <= text.n + 1; max++) {
			_cleanup_err_ struct err err = ERR_INIT;
			_cleanup_buf_ struct buf got = BUF_INIT(MIB);
			_cleanup_(decompress_closep) struct stream *s = NULL;
			struct stream_mem m;

			stream_mem_init(&m, in, 0);
			assert_ok(decompress_open(&m.stream, max, &s, &err), &err);
			if (max >= text.n)
				assert_ok(read_all(s, 1000, &got, &err), &err);
			else
				assert_fails(read_all(s, 1000, &got, &err), &err, ERR_TOO_LARGE,
					"more than");
		}
		release(in);
	}
	release(text);
}

/*
 * A gzip stream without end: one block of deflate data, which stands for a MiB of zeros (by some
 * 1,030 bytes), again and again.
 */
struct zeros_stream {
	struct stream stream;
	uint8_t header[10];
	uint8_t block[4096];
	size_t block_n;
	size_t blocks;
};

static ssize_t zeros_read(struct stream *s, void *p, size_t n, struct err *err UNUSED)
{
	struct zeros_stream *zeros = (struct zeros_stream *)s;
	bool first = zeros->blocks == 0;
	struct span next = first ? span_n(zeros->header, 6) : span_n(zeros->block, zeros->block_n);

	if (zeros->blocks == 1)
		next = span_n(zeros->header + 6, 4);
	assert_true(n >= next.n);
	memcpy(p, next.p, next.n);
	zeros->blocks++;
	return (ssize_t)next.n;
}

static void zeros_init(struct zeros_stream *zeros)
{
	char *mib = xcalloc(1, MIB);
	z_stream z = { .next_in = (Bytef *)mib, .avail_in = (uInt)MIB };

	*zeros = (struct zeros_stream){ .stream = { .read = zeros_read },
		.header = { 0x1f, 0x8b, 8 } };
	z.next_out = zeros->block;
	z.avail_out = sizeof(zeros->block);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FULL_FLUSH), Z_OK);
	zeros->block_n = sizeof(zeros->block) - z.avail_out;
	(void)deflateEnd(&z);
	free(mib);
}

static void refuses_to_grow_without_bound(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_(decompress_closep) struct stream *s = NULL;
	struct zeros_stream zeros;
	char *piece = xmalloc(MIB);
	uint64_t n = 0;
	ssize_t r;

	zeros_init(&zeros);
	assert_ok(decompress_open(&zeros.stream, UINT64_MAX, &s, &err), &err);
	while ((r = stream_read(s, piece, MIB, &err)) > 0)
		n += (uint64_t)r;
	assert_fails((int)r, &err, ERR_TOO_LARGE, "decompression bomb");
	assert_true(n > LIMIT_EXPANSION_FREE && n < 2 * LIMIT_EXPANSION_FREE);
	free(piece);
}

static void passes_uncompressed_bytes_as_they_are(void **state UNUSED)
{
	struct span text = read_file("codec/text.txt");

	for (size_t n = 0; n < 20; n++) {
		for (size_t w = 0; w < ARRAY_LEN(ways); w++)
			assert_decompresses(span_n(text.p, n), ways[w], span_n(text.p, n));
	}
	assert_decompresses(text, (struct way){ 0, 65536, NULL }, text);
	release(text);
}

static int counting_skip(struct stream *s, uint64_t n, struct err *err)
{
	struct stream_mem *m = (struct stream_mem *)s;

	if (n > m->left.n)
		return err_set(err, ERR_INPUT, "ends too early");
	m->left = span_n(m->left.p + n, m->left.n - n);
	return 0;
}

static void skips_uncompressed_bytes_also_the_first_ones(void **state UNUSED)
{
	static const char digits[] = "0123456789";

	for (size_t before = 0; before < 8; before++) {
		for (size_t skipped = 0; before + skipped < 10; skipped++) {
			_cleanup_err_ struct err err = ERR_INIT;
			_cleanup_(decompress_closep) struct stream *s = NULL;
			struct stream_mem m;
			char got[8];

			stream_mem_init(&m, span_n(digits, 10), 0);
			m.stream.skip = counting_skip;
			assert_ok(decompress_open(&m.stream, 10, &s, &err), &err);
			assert_int_equal(decompress_kind(s), COMPRESSION_NONE);
			assert_int_equal(stream_read_full(s, got, before, &err), before);
			/* In parentheses: cmocka has a macro of this name. */
			assert_ok((s->skip)(s, skipped, &err), &err);
			assert_int_equal(stream_read(s, got, 1, &err), 1);
			assert_int_equal(got[0], digits[before + skipped]);
			assert_fails((s->skip)(s, 20, &err), &err, ERR_TOO_LARGE, "more than 10");
		}
	}
}

static ssize_t broken_read(struct stream *s, void *p, size_t n, struct err *err)
{
	struct stream_mem *m = (struct stream_mem *)s;

	if (m->left.n == 0)
		return err_set(err, ERR_UPSTREAM, "the line is dead");
	n = min_size(n, m->left.n);
	memcpy(p, m->left.p, n);
	m->left = span_n(m->left.p + n, m->left.n - n);
	return (ssize_t)n;
}

static void passes_on_failures_of_the_source(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct span in = read_file(formats[i].file);

		for (size_t cut = 0; cut < in.n; cut += 5) {
			_cleanup_err_ struct err err = ERR_INIT;
			_cleanup_buf_ struct buf got = BUF_INIT(MIB);
			_cleanup_(decompress_closep) struct stream *s = NULL;
			struct stream_mem m = { .stream = { .read = broken_read },
				.left = span_n(in.p, cut) };
			int r = decompress_open(&m.stream, MIB, &s, &err);

			if (r == 0)
				r = read_all(s, 4096, &got, &err);
			assert_fails(r, &err, ERR_UPSTREAM, "the line is dead");
			if (s)
				assert_fails(read_all(s, 4096, &got, &err), &err, ERR_UPSTREAM,
					"the line is dead");
		}
		release(in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decompresses_every_format_in_any_pieces),
		cmocka_unit_test(reports_what_it_recognised),
		cmocka_unit_test(recognises_by_the_first_bytes),
		cmocka_unit_test(reports_damaged_headers),
		cmocka_unit_test(decompresses_concatenated_streams),
		cmocka_unit_test(refuses_what_follows_the_end),
		cmocka_unit_test(accepts_padding_where_the_format_has_it),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(catches_flipped_bits),
		cmocka_unit_test(reads_all_fields_of_gzip_headers),
		cmocka_unit_test(refuses_wrong_gzip_headers),
		cmocka_unit_test(passes_over_skippable_zstd_frames),
		cmocka_unit_test(refuses_decoders_that_need_too_much_memory),
		cmocka_unit_test(refuses_more_than_the_maximum),
		cmocka_unit_test(refuses_to_grow_without_bound),
		cmocka_unit_test(passes_uncompressed_bytes_as_they_are),
		cmocka_unit_test(skips_uncompressed_bytes_also_the_first_ones),
		cmocka_unit_test(passes_on_failures_of_the_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
