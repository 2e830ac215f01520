/*
 * An arena: memory for one unit of work, allocated in any number of pieces and freed at once. Not
 * thread-safe: one owner. Allocation failure aborts, so anything whose size the input decides has
 * to be limited before it is put here.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used_bytes; /* handed out so far */
};

#define ARENA_INIT                            \
	{                                     \
		.head = NULL, .used_bytes = 0 \
	}
#define _cleanup_arena_ _cleanup_(arena_fini)

void arena_init(struct arena *a);
/* Frees everything; the arena may be used again. */
void arena_fini(struct arena *a);

/* n zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n);
/* A copy of s, NUL-terminated behind its end. Empty stays empty (but not NULL). */
struct str arena_str(struct arena *a, struct str s);
/* A NUL-terminated copy. */
char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* malloc and friends that abort instead of failing; for small, bounded sizes. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

/* What to call instead of abort() when memory is exhausted; it must not return. NULL: abort(). */
void xmalloc_on_exhaustion(void (*handler)(void));

#endif
