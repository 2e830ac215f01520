/*
 * Messages to people on standard error, one line each. Library code stays below warning; the top of
 * a command or loop logs once. Thread-safe: a line is written whole.
 * Messages may hold foreign text: what would act on a terminal is replaced (text.h).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_LEVEL_COUNT };

/* Nothing below this level is written. LOG_INFO at first. */
void log_set_level(enum log_level level);

/* A function that clears a progress line before a message and is called with the lock held; NULL:
 * none. */
void log_set_before_line(void (*before_line)(void));

void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_debug(...)   log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)    log_write(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...)   log_write(LOG_ERROR, __VA_ARGS__)

#endif
