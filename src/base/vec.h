/*
 * A typed growing array on the heap: VEC_OF(struct package) list = VEC_INIT; vec_push(&list, item).
 * Elements are list.v[0 .. list.n-1]. Growth failure aborts: limit counts that the input decides.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdlib.h>

#include "base/arena.h"

#define VEC_OF(type)        \
	struct {            \
		type *v;    \
		size_t n;   \
		size_t cap; \
	}

/* The same with a name, to be passed around: struct str_vec. */
#define DEFINE_VEC(name, type) \
	struct name {          \
		type *v;       \
		size_t n;      \
		size_t cap;    \
	}

DEFINE_VEC(str_vec, struct str);

#define VEC_INIT                            \
	{                                   \
		.v = NULL, .n = 0, .cap = 0 \
	}

/* Appends a copy of item. */
/* NOLINTBEGIN(bugprone-sizeof-expression): pointers are elements like others */
#define vec_push(vec, ...)                                                             \
	do {                                                                           \
		if ((vec)->n == (vec)->cap) {                                          \
			(vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                  \
			(vec)->v = xrealloc((vec)->v, (vec)->cap * sizeof(*(vec)->v)); \
		}                                                                      \
		(vec)->v[(vec)->n++] = (__VA_ARGS__);                                  \
	} while (0)
/* NOLINTEND(bugprone-sizeof-expression) */

/* NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared cannot stand in parentheses */
#define vec_for_each(item, vec) \
	for (__typeof__((vec)->v[0]) *item = (vec)->v; item && item < (vec)->v + (vec)->n; item++)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Forgets the elements, keeps the memory. */
#define vec_clear(vec) ((void)((vec)->n = 0))

/* Frees the array (not what elements own). */
#define vec_fini(vec)                      \
	do {                               \
		free((vec)->v);            \
		(vec)->v = NULL;           \
		(vec)->n = (vec)->cap = 0; \
	} while (0)

#endif
