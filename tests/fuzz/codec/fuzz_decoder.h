/*
 * What the fuzz targets of the decoders have in common.
 */
#ifndef TESTS_FUZZ_CODEC_FUZZ_DECODER_H
#define TESTS_FUZZ_CODEC_FUZZ_DECODER_H

#include "base/base.h"

#include "codec/decompress_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that has to hold; stays in builds without assert(). */
static inline void require(bool ok)
{
	if (!ok)
		abort();
}

/* Enough to get behind every window and buffer that matters, small enough to be fast. */
enum { FUZZ_MAX_OUTPUT = 1024 * 1024 };

/*
 * Everything that the decoder (NULL: the one recognised) makes of data, which comes in pieces of at
 * most in_chunk and goes in pieces of at most out_chunk; 0 or the negative code. A failure has a
 * code that the contract names, and comes again.
 */
static inline int fuzz_decode(const struct decoder *decoder, struct span data, size_t in_chunk,
	size_t out_chunk, struct buf *out)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_(decompress_closep) struct stream *s = NULL;
	struct stream_mem in;
	ssize_t r;

	stream_mem_init(&in, data, in_chunk);
	if (decoder)
		s = decompress_new(&in.stream, FUZZ_MAX_OUTPUT, decoder);
	else
		require(decompress_open(&in.stream, FUZZ_MAX_OUTPUT, &s, &err) == 0);
	do {
		uint8_t *p = buf_reserve(out, out_chunk);

		require(p != NULL);
		r = stream_read(s, p, out_chunk, &err);
		require(r <= (ssize_t)out_chunk);
		if (r > 0)
			buf_commit(out, (size_t)r);
	} while (r > 0);
	if (r == 0)
		return 0;
	require(r == -ERR_INPUT || r == -ERR_TOO_LARGE);
	require((int)err.code == -r && err.msg);
	uint8_t byte;

	require(stream_read(s, &byte, 1, &err) == r);
	return (int)r;
}

/*
 * Whether it decodes, and what to, must not depend on the pieces. Why it does not may: libzstd
 * takes a frame that lies there whole another way, and of several things wrong with it names
 * another first.
 */
static inline void fuzz_decoder(const struct decoder *decoder, const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf whole = BUF_INIT(4 * FUZZ_MAX_OUTPUT);
	_cleanup_buf_ struct buf pieces = BUF_INIT(4 * FUZZ_MAX_OUTPUT);
	size_t in_chunk = size ? 1 + data[size - 1] % 31 : 1;
	size_t out_chunk = size > 1 ? 1 + data[size - 2] * 16 : 1;
	int r = fuzz_decode(decoder, span_n(data, size), 0, 65536, &whole);

	int again = fuzz_decode(decoder, span_n(data, size), in_chunk, out_chunk, &pieces);

	require((again < 0) == (r < 0));
	if (r == 0)
		require(str_eq(buf_str(&whole), buf_str(&pieces)));
}

#endif
