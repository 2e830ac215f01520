/*
 * A source of bytes that is pulled: whatever reads bytes (a decoder, a tar reader, a JSON reader)
 * takes a struct stream and is indifferent to where they come from and in what pieces. An
 * implementation embeds a struct stream as its first member. Not thread-safe.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct stream {
	/* Up to n (> 0) bytes into p: how many, 0 at the end, or a negative code. May return fewer
	 * at will. */
	ssize_t (*read)(struct stream *s, void *p, size_t n, struct err *err);
	/*
	 * Moves n bytes ahead without delivering them; 0, or a negative code (the end before n
	 * bytes is one: -ERR_INPUT). NULL when the source cannot do better than reading.
	 */
	int (*skip)(struct stream *s, uint64_t n, struct err *err);
};

static inline ssize_t stream_read(struct stream *s, void *p, size_t n, struct err *err)
{
	return s->read(s, p, n, err);
}

/* Reads until p is full or the stream ends; the count, or a negative code. */
ssize_t stream_read_full(struct stream *s, void *p, size_t n, struct err *err) MUST_CHECK;

/* Reads and drops everything up to the end; the count through *dropped (may be NULL). */
int stream_drain(struct stream *s, uint64_t *dropped, struct err *err) MUST_CHECK;

/* A stream over memory, at most chunk bytes at a time (0: as many as asked for). */
struct stream_mem {
	struct stream stream;
	struct span left;
	size_t chunk;
};

void stream_mem_init(struct stream_mem *m, struct span content, size_t chunk);

/*
 * A stream over a descriptor, which stays the caller's. With at_offset it reads by pread() from
 * offset on and skips by arithmetic; else by read() from where the descriptor stands. It ends after
 * `left` bytes (UINT64_MAX: at the end of the file). `what` names it in errors and has to outlive
 * it.
 */
struct stream_fd {
	struct stream stream;
	int fd;
	bool at_offset;
	uint64_t offset;
	uint64_t left;
	const char *what;
};

void stream_fd_init(struct stream_fd *f, int fd, const char *what);
void stream_fd_init_range(
	struct stream_fd *f, int fd, uint64_t offset, uint64_t size, const char *what);

#endif
