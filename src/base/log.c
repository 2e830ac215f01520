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

/* Messages quote foreign text: what could drive a terminal, or pass for another line, must not
 * reach it. */
static void clean(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

		if (*p < ' ' || *p == 0x7f || c1)
			*p = '?';
		if (c1)
			*++p = '?';
	}
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
	clean(text);
	(void)pthread_mutex_lock(&lock);
	if (before_line_hook)
		before_line_hook();
	/* Standard error is the last resort: when it is gone there is nobody left to tell. */
	(void)fprintf(stderr, "clair: %s%s\n", prefixes[level], text);
	(void)pthread_mutex_unlock(&lock);
	free(text);
}
