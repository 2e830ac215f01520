/*
 * Errors are values. A fallible function returns 0 (or a positive result where it says so) or a
 * negative error code, and on failure, and only then, sets *err to the same code and one sentence.
 * Callers add what they were doing on the way up with err_wrap(), so that the user reads "layer X:
 * gzip: truncated".
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

#include "base/attr.h"

/* One code for each way of reacting to a failure. */
enum err_code {
	ERR_NONE = 0,
	ERR_INPUT,       /* what was given is malformed */
	ERR_USAGE,       /* the command line or a call's parameters are wrong */
	ERR_NOT_FOUND,   /* what was named does not exist */
	ERR_UNSUPPORTED, /* well-formed, but nothing that this program handles */
	ERR_TOO_LARGE,   /* a limit of limits.h was reached */
	ERR_MISMATCH,    /* a digest or checksum does not match */
	ERR_UPSTREAM,    /* another server failed or could not be reached */
	ERR_BUSY,        /* locked or overloaded: the same call may succeed later */
	ERR_CANCELLED,   /* somebody asked to stop */
	ERR_IO,          /* the operating system refused */
	ERR_INTERNAL,    /* a fault of this program */
	ERR_COUNT
};

struct err {
	enum err_code code;
	char *msg; /* heap, owned; NULL when code is ERR_NONE */
};

#define ERR_INIT                              \
	{                                     \
		.code = ERR_NONE, .msg = NULL \
	}
/* Frees the message at the end of the scope. */
#define _cleanup_err_ _cleanup_(err_clear)

/* Sets *err (releasing what it held; err may be NULL) and returns -code. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set(), and appends ": " and the text of errno_value. */
int err_set_errno(struct err *err, enum err_code code, int errno_value, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Puts context in front of the message, "context: message", and returns -err->code. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#ifdef __clang_analyzer__
/* What the analyzer cannot see from outside: these never return 0. */
#	define err_set(err, code, ...) \
		((void)(err_set)(err, code, __VA_ARGS__), -(int)ERR_INTERNAL)
#	define err_set_errno(err, code, ...) \
		((void)(err_set_errno)(err, code, __VA_ARGS__), -(int)ERR_INTERNAL)
#	define err_wrap(err, ...) ((void)(err_wrap)(err, __VA_ARGS__), -(int)ERR_INTERNAL)
#endif

/* Forgets the error. NULL is fine. */
void err_clear(struct err *err);

/* Moves *from into *to, releasing what *to held; returns the negative code. to may be NULL. */
int err_move(struct err *to, struct err *from);

/* The message, or "no error". Valid until err changes. */
const char *err_msg(const struct err *err);

/* A short word for a code ("bad input"), for logs and tests. */
const char *err_code_to_str(enum err_code code);

#endif
