/*
 * Level, format and output of the log, see log.h. Lines are formed without the lock and written
 * under it.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/log_priv.h"

static _Atomic int threshold = LOG_INFO;
static _Atomic int line_format = LOG_FORMAT_TEXT;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* The lock guards these. */
static void (*before_line_hook)(void);
static int output_fd = STDERR_FILENO;
static char *output_path; /* heap; NULL when output_fd is somebody else's */

void log_set_level(enum log_level level)
{
	threshold = (int)level;
}

bool log_is_on(enum log_level level)
{
	return (int)level >= threshold;
}

void log_set_format(enum log_format format)
{
	line_format = (int)format;
}

void log_set_before_line(void (*before_line)(void))
{
	(void)pthread_mutex_lock(&lock);
	before_line_hook = before_line;
	(void)pthread_mutex_unlock(&lock);
}

/* Takes the path over; the descriptor too when there is a path. */
static void set_output(int fd, char *path)
{
	(void)pthread_mutex_lock(&lock);
	int old_fd = output_path ? output_fd : -1;
	char *old_path = output_path;
	output_fd = fd;
	output_path = path;
	(void)pthread_mutex_unlock(&lock);
	if (old_fd >= 0)
		(void)close(old_fd);
	free(old_path);
}

void log_set_output_fd(int fd)
{
	set_output(fd, NULL);
}

int log_set_output_path(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

	if (fd < 0)
		return err_set_errno(err, ERR_IO, errno, "log %s", path);
	set_output(fd, xstrdup(path));
	return 0;
}

int log_reopen(struct err *err)
{
	(void)pthread_mutex_lock(&lock);
	char *path = output_path ? xstrdup(output_path) : NULL;
	(void)pthread_mutex_unlock(&lock);
	int r = path ? log_set_output_path(path, err) : 0;
	free(path);
	return r;
}

/* When the output is gone there is nobody left to tell. */
static void write_line(int fd, struct str line)
{
	while (line.n) {
		ssize_t n = write(fd, line.p, line.n);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };
			if (poll(&p, 1, -1) < 0 && errno != EINTR)
				return;
			continue;
		}
		if (n == 0 || (n < 0 && errno != EINTR))
			return;
		if (n > 0)
			line = str_skip(line, (size_t)n);
	}
}

static void write_record(struct log_record *r)
{
	_cleanup_buf_ struct buf line = BUF_INIT(SIZE_MAX / 2);

	if (line_format == LOG_FORMAT_JSON) {
		if (clock_gettime(CLOCK_REALTIME, &r->time) < 0)
			abort();
		log_line_json(&line, r);
	} else {
		log_line_text(&line, r);
	}
	(void)pthread_mutex_lock(&lock);
	if (before_line_hook)
		before_line_hook();
	write_line(output_fd, buf_str(&line));
	(void)pthread_mutex_unlock(&lock);
}

void log_write_event(enum log_level level, const char *file, int line, const char *event,
	const struct log_field *fields)
{
	struct log_record r = {
		.level = level, .file = file, .line = line, .event = str_of(event), .fields = fields
	};

	if (log_is_on(level))
		write_record(&r);
}

void log_write(enum log_level level, const char *file, int line, const char *fmt, ...)
{
	struct log_record r = { .level = level, .file = file, .line = line };
	_cleanup_free_ char *text = NULL;
	va_list ap;

	if (!log_is_on(level))
		return;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	r.event = str_n(text, (size_t)n);
	write_record(&r);
}
