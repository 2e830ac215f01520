/*
 * Writes JSON into a buffer. Commas, colons and indentation are put in by the writer; nesting
 * mistakes and more than LIMIT_JSON_DEPTH levels are programmer errors (assert). Each byte that is
 * not part of valid UTF-8 is replaced by U+FFFD, so that the output is always valid.
 * Control characters are escaped, without JSON_WRITER_HTML_ESCAPE also U+007F … U+009F.
 */
#ifndef CODEC_JSON_WRITER_H
#define CODEC_JSON_WRITER_H

#include "base/base.h"

enum json_writer_flags {
	JSON_WRITER_PRETTY = 1 << 0, /* two spaces of indentation, one member a line */
	JSON_WRITER_HTML_ESCAPE =
		1 << 1, /* <, >, &, U+2028, U+2029, backspace and form feed as \u003c …, and U+FFFD
			   for invalid UTF-8 as \ufffd: byte for byte as Go's encoding/json */
};

struct json_writer {
	struct buf *out;
	unsigned flags;
	unsigned depth;
	uint64_t objects; /* bit d: the container at depth d + 1 is an object */
	bool first;       /* nothing stands yet in the innermost container */
	bool after_key;
};

void json_writer_init(struct json_writer *w, struct buf *out, unsigned flags);

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, struct str key);
void json_string(struct json_writer *w, struct str s);
void json_u64(struct json_writer *w, uint64_t v);
void json_i64(struct json_writer *w, int64_t v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
/* A value that is JSON text already, which the caller vouches for: it is not looked at. */
void json_raw(struct json_writer *w, struct str text);

/* A member with a string value. */
void json_member(struct json_writer *w, const char *key, struct str value);
/* The same, left out when the value is empty. */
void json_member_nonempty(struct json_writer *w, const char *key, struct str value);
void json_member_u64(struct json_writer *w, const char *key, uint64_t v);

#endif
