/*
 * A tar archive as a sequence of entries (ustar, pax, GNU, V7; long names, sparse files), by
 * libarchive with nothing but its tar reader. File bodies nobody reads are skipped.
 */
#ifndef CODEC_TAR_H
#define CODEC_TAR_H

#include "base/base.h"

enum tar_type { TAR_FILE, TAR_DIR, TAR_SYMLINK, TAR_HARDLINK, TAR_OTHER };

struct tar_entry {
	struct str path; /* as it stands in the archive, not normalized */
	struct str link; /* target of a link, as it stands; empty otherwise */
	enum tar_type type;
	uint64_t size; /* of the body, holes included */
	/*
	 * Where the body starts in the stream that tar_open() was given, for a body that is stored
	 * in one piece (no sparse file); UINT64_MAX otherwise. An archive can lie by claiming more
	 * (pax GNU.sparse.realsize) than it stores: tar_read() gives zeros then, and at the
	 * offset other parts of the archive follow.
	 */
	uint64_t offset;
};

struct tar_reader;

/*
 * Loads what libarchive otherwise loads from disk at the first pax header (the table of charsets).
 * To be called once before a process gives up opening files; without it, names come out the same.
 */
void tar_init(void);

/* in has to outlive the reader, and must deliver decompressed bytes. An empty stream is an empty
 * archive. */
struct tar_reader *tar_open(struct stream *in);
void tar_close(struct tar_reader *t);
DEFINE_CLEANUP(struct tar_reader *, tar_close)

/*
 * The next entry: 1, 0 at the end of the archive, or a negative code (-ERR_INPUT: no tar archive,
 * damaged or truncated; -ERR_TOO_LARGE: a name beyond LIMIT_PATH; errors of the stream as they
 * are). Views in *out live until the next call. What is left of the body before is skipped.
 */
int tar_next(struct tar_reader *t, struct tar_entry *out, struct err *err) MUST_CHECK;

/*
 * The body of the current entry into out (which states the maximum: -ERR_TOO_LARGE naming the path
 * beyond it, without reading what cannot fit), holes as zeros.
 */
int tar_read_body(struct tar_reader *t, struct buf *out, struct err *err) MUST_CHECK;

/*
 * Streams the body of the current entry: the next bytes, at most n, holes as zeros; 0 at its end.
 */
ssize_t tar_read(struct tar_reader *t, void *p, size_t n, struct err *err) MUST_CHECK;

#endif
