/*
 * Compiler attributes and scope-bound cleanup.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stdlib.h>
#include <unistd.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK             __attribute__((warn_unused_result))
#define UNUSED                 __attribute__((unused))
#define NORETURN               __attribute__((noreturn))

/* Runs fn(&variable) when the variable leaves its scope. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* free() at the end of the scope. */
#define _cleanup_free_ _cleanup_(cleanup_free)
/* close() at the end of the scope, unless the descriptor is negative. */
#define _cleanup_close_ _cleanup_(cleanup_close)

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses */
/* Defines name##p(), the cleanup function for a pointer of type that is released by name(). */
#define DEFINE_CLEANUP(type, name)          \
	static inline void name##p(type *p) \
	{                                   \
		if (*p)                     \
			name(*p);           \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/* Yields the pointer and sets the variable to NULL: ownership moves to the reader. */
#define take_ptr(var)                                    \
	__extension__({                                  \
		__typeof__(var) take_ptr_value_ = (var); \
		(var) = NULL;                            \
		take_ptr_value_;                         \
	})

/* Yields the descriptor and sets the variable to -1. */
static inline int take_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

#endif
