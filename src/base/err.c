/*
 * Error values with a cause chain, see err.h.
 */
#include "base/base.h"

/* Macros for the analyzer. */
#undef err_set
#undef err_set_errno
#undef err_wrap

static const char *const code_names[ERR_COUNT] = {
	[ERR_NONE] = "no error",
	[ERR_INPUT] = "bad input",
	[ERR_USAGE] = "usage",
	[ERR_NOT_FOUND] = "not found",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_TOO_LARGE] = "too large",
	[ERR_MISMATCH] = "mismatch",
	[ERR_UPSTREAM] = "upstream",
	[ERR_BUSY] = "busy",
	[ERR_CANCELLED] = "cancelled",
	[ERR_IO] = "input/output",
	[ERR_INTERNAL] = "internal",
};

const char *err_code_to_str(enum err_code code)
{
	return (size_t)code < ERR_COUNT ? code_names[code] : "unknown";
}

PRINTF_LIKE(1, 0) static char *format(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -(int)code;
	va_start(ap, fmt);
	char *msg = format(fmt, ap);
	va_end(ap);
	err_clear(err);
	err->code = code;
	err->msg = msg;
	return -(int)code;
}

int err_set_errno(struct err *err, enum err_code code, int errno_value, const char *fmt, ...)
{
	va_list ap;
	char text[128];

	if (!err)
		return -(int)code;
	va_start(ap, fmt);
	_cleanup_free_ char *what = format(fmt, ap);
	va_end(ap);
	return err_set(err, code, "%s: %s", what, strerror_r(errno_value, text, sizeof(text)));
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -(int)ERR_INTERNAL;
	va_start(ap, fmt);
	_cleanup_free_ char *context = format(fmt, ap);
	va_end(ap);
	char *old = err->msg;
	if (asprintf(&err->msg, "%s: %s", context, old ? old : "no error") < 0)
		abort();
	free(old);
	return -(int)err->code;
}

void err_clear(struct err *err)
{
	if (!err)
		return;
	free(err->msg);
	*err = (struct err)ERR_INIT;
}

int err_move(struct err *to, struct err *from)
{
	int code = -(int)from->code;

	if (to) {
		err_clear(to);
		*to = *from;
		*from = (struct err)ERR_INIT;
	} else {
		err_clear(from);
	}
	return code;
}

const char *err_msg(const struct err *err)
{
	return err->msg ? err->msg : "no error";
}
