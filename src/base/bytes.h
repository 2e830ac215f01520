/*
 * Fixed-width integers in either byte order, and a bounds-checked reader over a span. The reader
 * never reads past its end: it fails once, stays failed, and yields zeros, so that a parser may
 * read a whole record and check reader_ok() once.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

static inline uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t get_le64(const uint8_t *p)
{
	return (uint64_t)get_le32(p + 4) << 32 | get_le32(p);
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

struct reader {
	const uint8_t *p;
	size_t n; /* bytes left */
	bool failed;
};

static inline struct reader reader_of(struct span s)
{
	return (struct reader){ .p = s.p, .n = s.n, .failed = false };
}

static inline bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

/* The next n bytes, or an empty span and failure. */
static inline struct span reader_bytes(struct reader *r, size_t n)
{
	if (r->failed || n > r->n) {
		r->failed = true;
		return (struct span){ .p = NULL, .n = 0 };
	}
	struct span s = { .p = r->p, .n = n };
	if (n) {
		r->p += n;
		r->n -= n;
	}
	return s;
}

static inline uint8_t reader_u8(struct reader *r)
{
	struct span s = reader_bytes(r, 1);

	return s.n ? s.p[0] : 0;
}

static inline uint32_t reader_be32(struct reader *r)
{
	struct span s = reader_bytes(r, 4);

	return s.n ? get_be32(s.p) : 0;
}

static inline uint64_t reader_be64(struct reader *r)
{
	struct span s = reader_bytes(r, 8);

	return s.n ? get_be64(s.p) : 0;
}

/* A string behind its 32-bit big-endian length, as buf_append_u32() and buf_append_str() write it.
 */
static inline struct str reader_lstr(struct reader *r)
{
	uint32_t n = reader_be32(r);

	return str_from_span(reader_bytes(r, n));
}

#endif
