/*
 * A growing byte buffer with a stated maximum. Appending past the maximum does not grow it: the
 * buffer remembers that it overflowed and ignores what follows, so that a writer may append freely
 * and check once at the end with buf_check(). Memory exhaustion below the maximum aborts.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct buf {
	char *p; /* heap, owned; not NUL-terminated unless buf_cstr() was called */
	size_t n;
	size_t cap;
	size_t max;
	bool overflowed;
};

#define BUF_INIT(max_bytes)                                                          \
	{                                                                            \
		.p = NULL, .n = 0, .cap = 0, .max = (max_bytes), .overflowed = false \
	}
#define _cleanup_buf_ _cleanup_(buf_fini)

void buf_init(struct buf *b, size_t max_bytes);
/* Frees the bytes; the buffer may be used again. */
void buf_fini(struct buf *b);
/* Empties it, keeps the memory, forgets an overflow. */
void buf_clear(struct buf *b);
/* Gives back memory that it does not need: for what is kept for long. */
void buf_trim(struct buf *b);

void buf_append(struct buf *b, const void *p, size_t n);
void buf_append_str(struct buf *b, struct str s);
void buf_append_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The shortest decimal that reads back as the same number; "NaN", "+Inf", "-Inf". */
void buf_append_double(struct buf *b, double v);

/* Big-endian integers. */
void buf_append_u8(struct buf *b, uint8_t v);
void buf_append_u32(struct buf *b, uint32_t v);
void buf_append_u64(struct buf *b, uint64_t v);

/* A string behind its 32-bit length, for reader_lstr(). One longer than that counts as an overflow.
 */
void buf_append_lstr(struct buf *b, struct str s);

/*
 * Room for n more bytes at the end, NULL when that would exceed the maximum (which counts as an
 * overflow). Follow by buf_commit() with how many were written.
 */
void *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);

/* Removes the first n bytes (n ≤ b->n). */
void buf_consume(struct buf *b, size_t n);

/* 0, or -ERR_TOO_LARGE naming `what` when something did not fit. */
int buf_check(const struct buf *b, const char *what, struct err *err) MUST_CHECK;

/* The content as a NUL-terminated string, owned by b, valid until b changes. */
const char *buf_cstr(struct buf *b);

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ .p = b->p, .n = b->n };
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ .p = (const uint8_t *)b->p, .n = b->n };
}

#endif
