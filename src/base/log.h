/*
 * The log. Library code stays below warning; the top of a request, command or loop logs once.
 * Thread-safe: a line is written whole, by one write(2).
 *
 * Text, for people at a command:
 *     clair: warning: what happened key=value other="a value"
 * JSON, one object a line, for the server; keys and their order (by byte), form of the time (local)
 * and names of levels are those of Clair 2.0.7's pkg/formatter:
 *     {"Event":"what happened","Level":"warning","Location":"file.c:12",
 *      "Time":"2018-11-19 12:34:56.789012","key":"value"}
 *
 * Messages and values may hold foreign text: what would act on a terminal is replaced in text
 * (text.h) and escaped in JSON; what is longer than LIMIT_LOG_VALUE is cut. Secrets are the
 * caller's business: they do not belong here.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* LOG_FATAL: the program ends because of it. LOG_PANIC: nobody logs with it; as a threshold it
 * silences everything. */
enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARNING,
	LOG_ERROR,
	LOG_FATAL,
	LOG_PANIC,
	LOG_LEVEL_COUNT
};

/* "debug", "info", "warning", "error", "fatal", "panic". */
const char *log_level_to_str(enum log_level level);

/* In any case, and "warn" too. False, *out untouched, for anything else. */
bool log_level_from_str(struct str name, enum log_level *out);

/* Nothing below this level is written. LOG_INFO at first. */
void log_set_level(enum log_level level);

/* Whether something of this level would be written. */
bool log_is_on(enum log_level level);

/* LOG_FORMAT_TEXT at first. */
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
void log_set_format(enum log_format format);

/* Where lines go: a descriptor that stays the caller's (standard error at first) … */
void log_set_output_fd(int fd);

/* … or a file, made when it is not there (mode 0640) and appended to. -ERR_IO, and everything as it
 * was, when it cannot be opened. */
int log_set_output_path(const char *path, struct err *err) MUST_CHECK;

/* Opens the file anew, after somebody moved it away; nothing to do for a descriptor. When that
 * fails, lines go on into the old one. */
int log_reopen(struct err *err) MUST_CHECK;

/* A function that clears a progress line before a message and is called with the lock held; NULL:
 * none. */
void log_set_before_line(void (*before_line)(void));

/* One value beside a message. Keys are literals; views need to live during the call only. */
struct log_field {
	const char *key;
	enum { LOG_FIELD_STR, LOG_FIELD_I64, LOG_FIELD_U64, LOG_FIELD_DOUBLE, LOG_FIELD_BOOL } kind;
	union {
		struct str str;
		int64_t i64;
		uint64_t u64;
		double number;
		bool boolean;
	};
};

#define LOG_STR(name, view) \
	((struct log_field){ .key = (name), .kind = LOG_FIELD_STR, .str = (view) })
#define LOG_CSTR(name, s) LOG_STR(name, str_of(s))
/* An error's message, as "error". */
#define LOG_ERR(err)     LOG_CSTR("error", err_msg(err))
#define LOG_I64(name, v) ((struct log_field){ .key = (name), .kind = LOG_FIELD_I64, .i64 = (v) })
#define LOG_U64(name, v) ((struct log_field){ .key = (name), .kind = LOG_FIELD_U64, .u64 = (v) })
#define LOG_DOUBLE(name, v) \
	((struct log_field){ .key = (name), .kind = LOG_FIELD_DOUBLE, .number = (v) })
#define LOG_BOOL(name, v) \
	((struct log_field){ .key = (name), .kind = LOG_FIELD_BOOL, .boolean = (v) })

#define LOG_NO_FIELD ((struct log_field){ .key = NULL })

/*
 * log_event(LOG_INFO, "Handled HTTP request", LOG_CSTR("method", "GET"), LOG_U64("status", 200));
 * The event is a NUL-terminated string, no format; at most LIMIT_LOG_FIELDS fields. Nothing is
 * evaluated when the level is off. (An empty field in front is there for the comma behind it.)
 */
#define log_event(level, event, ...)                                                      \
	do {                                                                              \
		if (log_is_on(level))                                                     \
			log_write_event((level), __FILE_NAME__, __LINE__, (event),        \
				&((const struct log_field[]){                             \
					LOG_NO_FIELD, ##__VA_ARGS__, LOG_NO_FIELD })[1]); \
	} while (0)

#define log_debug(...)   log_write(LOG_DEBUG, __FILE_NAME__, __LINE__, __VA_ARGS__)
#define log_info(...)    log_write(LOG_INFO, __FILE_NAME__, __LINE__, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __FILE_NAME__, __LINE__, __VA_ARGS__)
#define log_error(...)   log_write(LOG_ERROR, __FILE_NAME__, __LINE__, __VA_ARGS__)
#define log_fatal(...)   log_write(LOG_FATAL, __FILE_NAME__, __LINE__, __VA_ARGS__)

/* What the macros call; fields end with one without a key. */
void log_write_event(enum log_level level, const char *file, int line, const char *event,
	const struct log_field *fields);
void log_write(enum log_level level, const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

#endif
