/*
 * A zip archive (PKWARE's APPNOTE.TXT 6.3) as a sequence of members, read from its beginning as it
 * arrives: by the headers in front of the members, without the directory at its end. Stored and
 * deflated members, ZIP64 and data descriptors; nothing encrypted.
 */
#ifndef CODEC_ZIP_H
#define CODEC_ZIP_H

#include "base/base.h"

struct zip_reader;

/*
 * Reads from in, which has to outlive it. All members together may have max_bytes, and
 * LIMIT_EXPANSION_RATIO (beyond LIMIT_EXPANSION_FREE) times what was read of in.
 */
struct zip_reader *zip_open(struct stream *in, uint64_t max_bytes);
void zip_close(struct zip_reader *z);
DEFINE_CLEANUP(struct zip_reader *, zip_close)

/*
 * The next member: 1 and its path as it stands (valid until the next call), 0 behind the last one,
 * or a negative code: -ERR_INPUT (no zip archive, damaged, truncated), -ERR_UNSUPPORTED (encrypted,
 * another compression, a stored member that does not say its size), -ERR_TOO_LARGE, and what `in`
 * fails with. What is left of the member before is read over. A failure lasts.
 */
int zip_next(struct zip_reader *z, struct str *path, struct err *err) MUST_CHECK;

/* The content of the current member, whose checksum and size are verified at its end. */
struct stream *zip_body(struct zip_reader *z);

#endif
