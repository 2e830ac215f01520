/*
 * Makes zstd (RFC 8878): one frame with a checksum, at a fixed level, so that equal content gives
 * equal bytes.
 */
#ifndef CODEC_ZSTD_WRITER_H
#define CODEC_ZSTD_WRITER_H

#include "base/base.h"

struct zstd_writer;

/* Writes to fd, which stays the caller's; `what` names it in errors and has to outlive it. */
struct zstd_writer *zstd_writer_new(int fd, const char *what);
void zstd_writer_free(struct zstd_writer *w);
DEFINE_CLEANUP(struct zstd_writer *, zstd_writer_free)

int zstd_writer_add(struct zstd_writer *w, struct span bytes, struct err *err) MUST_CHECK;
/* Ends the frame. */
int zstd_writer_end(struct zstd_writer *w, struct err *err) MUST_CHECK;

#endif
