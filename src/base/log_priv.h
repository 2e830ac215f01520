/*
 * What the files of the log share: a line before it is written.
 */
#ifndef BASE_LOG_PRIV_H
#define BASE_LOG_PRIV_H

#include <time.h>

#include "base/buf.h"
#include "base/log.h"

struct log_record {
	enum log_level level;
	const char *file;
	int line;
	struct timespec time;
	struct str event;
	const struct log_field *fields; /* up to one without a key */
};

/* Append the record as a line, with its newline. */
void log_line_text(struct buf *out, const struct log_record *r);
void log_line_json(struct buf *out, const struct log_record *r);

#endif
