/*
 * Line logging, see log.h.
 */
#include "base/base.h"

#include <pthread.h>
#include <stdarg.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int threshold = LOG_INFO;
static void (*before_line_hook)(void);

static const char *const prefixes[LOG_LEVEL_COUNT] = {
	[LOG_DEBUG] = "debug: ",
	[LOG_INFO] = "",
	[LOG_WARNING] = "warning: ",
	[LOG_ERROR] = "error: ",
};

void log_set_level(enum log_level level)
{
	threshold = (int)level;
}

void log_set_before_line(void (*before_line)(void))
{
	(void)pthread_mutex_lock(&lock);
	before_line_hook = before_line;
	(void)pthread_mutex_unlock(&lock);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	if ((int)level < threshold)
		return;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	_cleanup_buf_ struct buf clean = BUF_INIT(SIZE_MAX / 2);
	(void)text_append_clean(&clean, str_n(text, (size_t)n));
	free(text);
	(void)pthread_mutex_lock(&lock);
	if (before_line_hook)
		before_line_hook();
	/* Standard error is the last resort: when it is gone there is nobody left to tell. */
	(void)fprintf(stderr, "clair: %s%s\n", prefixes[level], buf_cstr(&clean));
	(void)pthread_mutex_unlock(&lock);
}
