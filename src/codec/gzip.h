/*
 * Makes gzip (RFC 1952) of bytes that are there as a whole: fast, for answers that somebody waits
 * for.
 */
#ifndef CODEC_GZIP_H
#define CODEC_GZIP_H

#include "base/base.h"

/* Appends one member to out; like all that is appended, it is cut off where out overflows. */
void gzip_append(struct buf *out, struct span in);

#endif
