/*
 * Views of bytes owned by somebody else: struct str for text, struct span for binary. Passed by
 * value. A view is valid as long as what it looks into. p may be NULL when n is 0.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

struct span {
	const uint8_t *p;
	size_t n;
};

/* A view of a string literal. */
#define STR(literal) ((struct str){ .p = ("" literal), .n = sizeof(literal) - 1 })
#define STR_INIT(literal)                                   \
	{                                                   \
		.p = ("" literal), .n = sizeof(literal) - 1 \
	}
#define STR_NULL ((struct str){ .p = NULL, .n = 0 })

/* printf("%" PRIstr, STR_ARG(s)); views longer than INT_MAX are cut. */
#define PRIstr     ".*s"
#define STR_ARG(s) (int)((s).n > INT32_MAX ? INT32_MAX : (s).n), (s).p ? (s).p : ""

/* A view of a NUL-terminated string; NULL gives the empty view. */
static inline struct str str_of(const char *s)
{
	return (struct str){ .p = s, .n = s ? strlen(s) : 0 };
}

static inline struct str str_n(const char *p, size_t n)
{
	return (struct str){ .p = p, .n = n };
}

static inline struct str str_from_span(struct span s)
{
	return (struct str){ .p = (const char *)s.p, .n = s.n };
}

static inline struct span span_n(const void *p, size_t n)
{
	return (struct span){ .p = p, .n = n };
}

static inline struct span span_from_str(struct str s)
{
	return (struct span){ .p = (const uint8_t *)s.p, .n = s.n };
}

static inline bool str_eq(struct str a, struct str b)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): p is only NULL when n is 0 */
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII case is ignored; the locale is not consulted. */
bool str_eq_nocase(struct str a, struct str b);

/* Byte order, as memcmp; a prefix sorts first. Negative, 0 or positive. */
int str_cmp(struct str a, struct str b);

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* The part from byte `from` (clamped) to the end. */
static inline struct str str_skip(struct str s, size_t from)
{
	if (from > s.n)
		from = s.n;
	return (struct str){ .p = s.p ? s.p + from : NULL, .n = s.n - from };
}

/* At most the first n bytes. */
static inline struct str str_head(struct str s, size_t n)
{
	return (struct str){ .p = s.p, .n = n < s.n ? n : s.n };
}

/* Removes prefix from the front of *s; false, and *s untouched, when it is not there. */
bool str_skip_prefix(struct str *s, struct str prefix);

/* Without ASCII white space (space, \t, \n, \v, \f, \r) at both ends. */
struct str str_trim(struct str s);

/*
 * Splits at the first (str_cut) or last (str_rcut) byte c: *head before it, *tail after it; either
 * may be NULL. Without a c: false, *head = s (str_cut) or empty (str_rcut), *tail the other way
 * round. *head or *tail may point to s itself in the caller, since s is taken by value.
 */
bool str_cut(struct str s, char c, struct str *head, struct str *tail);
bool str_rcut(struct str s, char c, struct str *head, struct str *tail);

/* Offset of the first c, or -1. */
ptrdiff_t str_find_char(struct str s, char c);

/* Offset of the first needle, or -1. An empty needle is at 0. */
ptrdiff_t str_find(struct str s, struct str needle);

/*
 * Takes the next line off *rest: true and *line without its "\n" or "\r\n", false when nothing is
 * left. A last line without a newline counts; an empty rest after a final newline does not.
 */
bool str_next_line(struct str *rest, struct str *line);

/* Takes the next run of non-space bytes off *rest; false when only white space is left. */
bool str_next_word(struct str *rest, struct str *word);

/* ASCII classes, whatever the locale. */
static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_alpha(char c)
{
	return ascii_is_lower(c) || ascii_is_upper(c);
}

static inline bool ascii_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char ascii_to_lower(char c)
{
	return ascii_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

#endif
