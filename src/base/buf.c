/*
 * Growing byte buffer, see buf.h.
 */
#include "base/base.h"

#include <math.h>

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf)BUF_INIT(max_bytes);
}

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT(b->max);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->overflowed = false;
}

void buf_trim(struct buf *b)
{
	if (b->cap <= b->n + 1)
		return;
	b->cap = b->n + 1;
	b->p = xrealloc(b->p, b->cap);
}

/* One spare byte is always kept, for buf_cstr(). */
static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 64;

	while (cap < need + 1)
		cap = cap + cap / 2 + 64;
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
}

void *buf_reserve(struct buf *b, size_t n)
{
	if (b->overflowed || n > b->max || b->n > b->max - n) {
		b->overflowed = true;
		return NULL;
	}
	if (b->n + n + 1 > b->cap)
		grow(b, b->n + n);
	return b->p + b->n;
}

void buf_commit(struct buf *b, size_t n)
{
	assert(b->n + n < b->cap);
	b->n += n;
}

void buf_append(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	void *to = buf_reserve(b, n);
	if (!to)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void buf_append_str(struct buf *b, struct str s)
{
	buf_append(b, s.p, s.n);
}

void buf_append_char(struct buf *b, char c)
{
	buf_append(b, &c, 1);
}

void buf_append_double(struct buf *b, double v)
{
	char text[32];

	if (!isfinite(v)) {
		buf_append_str(b, isnan(v) ? STR("NaN") : v > 0 ? STR("+Inf") : STR("-Inf"));
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_append_str(b, str_of(text));
}

void buf_append_u8(struct buf *b, uint8_t v)
{
	buf_append(b, &v, 1);
}

void buf_append_u32(struct buf *b, uint32_t v)
{
	uint8_t raw[4];

	put_be32(raw, v);
	buf_append(b, raw, sizeof(raw));
}

void buf_append_u64(struct buf *b, uint64_t v)
{
	uint8_t raw[8];

	put_be64(raw, v);
	buf_append(b, raw, sizeof(raw));
}

void buf_append_lstr(struct buf *b, struct str s)
{
	if (s.n > UINT32_MAX) {
		b->overflowed = true;
		return;
	}
	buf_append_u32(b, (uint32_t)s.n);
	buf_append_str(b, s);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	_cleanup_free_ char *s = NULL;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	buf_append(b, s, (size_t)n);
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
	if (b->overflowed)
		return err_set(err, ERR_TOO_LARGE, "%s: more than %zu bytes", what, b->max);
	return 0;
}

const char *buf_cstr(struct buf *b)
{
	if (!b->p)
		grow(b, 0);
	b->p[b->n] = '\0';
	return b->p;
}
