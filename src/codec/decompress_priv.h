/*
 * What the decoders of the compression formats have in common, inside codec only.
 */
#ifndef CODEC_DECOMPRESS_PRIV_H
#define CODEC_DECOMPRESS_PRIV_H

#include "codec/decompress.h"

/* What a decoder works on: it moves the pointers ahead by what it consumed and produced. */
struct decode_io {
	const uint8_t *in;
	size_t in_n;
	bool in_end; /* nothing follows behind in */
	uint8_t *out;
	size_t out_n;
};

static inline void decode_io_consume(struct decode_io *io, size_t n)
{
	io->in += n;
	io->in_n -= n;
}

static inline void decode_io_produce(struct decode_io *io, size_t n)
{
	io->out += n;
	io->out_n -= n;
}

/* A format, or one of two implementations of it. */
struct decoder {
	enum compression kind;
	void *(*create)(void); /* NULL when memory is short */
	void (*free)(void *state);
	/*
	 * Decodes until the input is used up or the output is full. 1 when the whole of the input
	 * was a complete stream (only ever with in_end); 0 to be called again, with more input
	 * unless in_end, or more room; or a negative code. Input that ends too early gives no
	 * progress and 0: the caller reports it.
	 */
	int (*decode)(void *state, struct decode_io *io, struct err *err);
};

extern const struct decoder decoder_bunzip2;
extern const struct decoder decoder_unxz;
extern const struct decoder decoder_unzstd;

/* gzip on top of one of two implementations of deflate; production links one of them. */
#ifdef HAVE_ISAL
extern const struct decoder decoder_gunzip_isal;
#endif
#ifdef HAVE_ZLIB
extern const struct decoder decoder_gunzip_zlib;
#endif

/* A stream that decodes `in` with this decoder, whatever it starts with. */
struct stream *decompress_new(struct stream *in, uint64_t max_bytes, const struct decoder *decoder);

/*
 * One implementation of what follows the header of a gzip member: deflate data (RFC 1951) and the
 * trailer, which it verifies.
 */
struct inflater {
	void *(*create)(void);
	void (*free)(void *state);
	/* Makes ready for the next member. */
	void (*reset)(void *state);
	/* As decode of struct decoder, but 1 at the end of the verified trailer, at any place. */
	int (*inflate)(void *state, struct decode_io *io, struct err *err);
	uint32_t (*crc32)(uint32_t crc, const uint8_t *p, size_t n);
};

/* The gzip decoder on an inflater. */
struct gunzip;
struct gunzip *gunzip_new(const struct inflater *inflater);
void gunzip_free(void *state);
int gunzip_decode(void *state, struct decode_io *io, struct err *err);

#endif
