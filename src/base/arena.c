/*
 * Arena allocator, see arena.h.
 */
#include "base/base.h"

#include <stdalign.h>

enum { BLOCK_MIN = 8192 };

struct arena_block {
	struct arena_block *next;
	size_t cap;
	size_t used;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena)ARENA_INIT;
}

void arena_fini(struct arena *a)
{
	struct arena_block *b = a->head;

	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	arena_init(a);
}

/* Unaligned: for strings. The bytes are not cleared. */
static char *take(struct arena *a, size_t n, size_t align)
{
	struct arena_block *b = a->head;
	size_t start = b ? (b->used + align - 1) & ~(align - 1) : 0;

	if (!b || start > b->cap || n > b->cap - start) {
		/* Blocks grow with the arena, so that the number of them stays logarithmic. */
		size_t cap =
			max_size(n, max_size(BLOCK_MIN, min_size(a->used_bytes / 4, 1U << 20)));

		b = xmalloc(sizeof(*b) + cap);
		*b = (struct arena_block){ .next = a->head, .cap = cap, .used = 0 };
		a->head = b;
		start = 0;
	}
	b->used = start + n;
	a->used_bytes += n;
	return b->data + start;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return memset(take(a, n ? n : 1, alignof(max_align_t)), 0, n ? n : 1);
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *p = take(a, s.n + 1, 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	return (struct str){ .p = arena_cstr(a, s), .n = s.n };
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	_cleanup_free_ char *s = NULL;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	return arena_str(a, str_n(s, (size_t)n));
}

static void (*exhausted)(void);

void xmalloc_on_exhaustion(void (*handler)(void))
{
	exhausted = handler;
}

NORETURN static void give_up(void)
{
	if (exhausted)
		exhausted();
	abort();
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		give_up();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		give_up();
	return p;
}

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		give_up();
	return q;
}

char *xstrdup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		give_up();
	return p;
}
