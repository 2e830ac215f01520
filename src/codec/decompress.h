/*
 * Decompression as a stream: gzip (RFC 1952, by ISA-L, or zlib where that is missing), bzip2, xz,
 * zstd, or nothing, recognised by the first bytes. Concatenated members, streams and frames are one
 * stream, as their own tools treat them; checksums are verified.
 */
#ifndef CODEC_DECOMPRESS_H
#define CODEC_DECOMPRESS_H

#include "base/base.h"

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_BZIP2,
	COMPRESSION_XZ,
	COMPRESSION_ZSTD,
	COMPRESSION_COUNT
};

const char *compression_to_str(enum compression c);

/* What starts with these bytes (6 are enough); COMPRESSION_NONE for anything else. */
enum compression compression_detect(struct span head);

/*
 * A stream of what `in` decompresses to. in has to outlive it. Errors of the returned stream:
 * -ERR_INPUT for damaged or truncated data, -ERR_TOO_LARGE when LIMIT_EXPANSION_RATIO (beyond
 * LIMIT_EXPANSION_FREE), max_bytes, or a memory limit of the decoder is exceeded, and those of in.
 * Opening fails only when in does. With COMPRESSION_NONE the returned stream can skip if in can.
 */
int decompress_open(
	struct stream *in, uint64_t max_bytes, struct stream **out, struct err *err) MUST_CHECK;
void decompress_close(struct stream *s);
DEFINE_CLEANUP(struct stream *, decompress_close)

/* What was recognised. */
enum compression decompress_kind(const struct stream *s);

#endif
