/*
 * A strict JSON pull reader (RFC 8259): UTF-8 only, no comments, no trailing commas, exact number
 * grammar, no raw control characters, surrogates in pairs, one value a document. Memory is one
 * token, whatever the size of the document; nesting and token size are limited (LIMIT_JSON_DEPTH,
 * LIMIT_JSON_TOKEN). A key that an object has twice is given twice. A failure of any function below
 * lasts: every further call on the reader fails the same way.
 */
#ifndef CODEC_JSON_READER_H
#define CODEC_JSON_READER_H

#include "base/base.h"

enum json_type {
	JSON_OBJECT_BEGIN,
	JSON_OBJECT_END,
	JSON_ARRAY_BEGIN,
	JSON_ARRAY_END,
	JSON_KEY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
	JSON_TYPE_COUNT
};

/* "object", "string" … for messages. */
const char *json_type_to_str(enum json_type t);

struct json_token {
	enum json_type type;
	struct str text; /* key and string: decoded, may hold NUL; number: as written; valid until
			    the next call */
};

struct json_reader;

/* Reads from in, which has to outlive it. */
struct json_reader *json_reader_new(struct stream *in);
void json_reader_free(struct json_reader *r);
DEFINE_CLEANUP(struct json_reader *, json_reader_free)

/*
 * The next token: 1; 0 after the document's value, when only white space followed; a negative code
 * otherwise: -ERR_INPUT with line and column and what is wrong (an empty or truncated document is),
 * -ERR_TOO_LARGE, errors of the stream as they are.
 */
int json_next(struct json_reader *r, struct json_token *out, struct err *err) MUST_CHECK;

/* Skips one whole value: what follows a JSON_KEY, or the next element of an array. */
int json_skip_value(struct json_reader *r, struct err *err) MUST_CHECK;

/* Skips to behind the end of the object or array whose BEGIN was the last token. */
int json_skip_container(struct json_reader *r, struct err *err) MUST_CHECK;

/* As json_next(), and fails with "expected string, found object" and the position when it is of
 * another type. */
int json_expect(struct json_reader *r, enum json_type type, struct json_token *out,
	struct err *err) MUST_CHECK;

/*
 * For walking an object whose BEGIN was read: 1 and *key (a copy in a, or valid only until the next
 * call when a is NULL), 0 at its end.
 */
int json_next_key(
	struct json_reader *r, struct arena *a, struct str *key, struct err *err) MUST_CHECK;

/* The string value that follows, copied into a; null gives an empty one. Other types fail. */
int json_read_string(
	struct json_reader *r, struct arena *a, struct str *out, struct err *err) MUST_CHECK;

/* A number of 0 … 2^63-1 written in digits only (not 1.0 or 1e3). Other types and values fail. */
int json_read_u64(struct json_reader *r, uint64_t *out, struct err *err) MUST_CHECK;

/* Where the reader stands: 1-based line and column (bytes) of the last token's start. */
void json_position(const struct json_reader *r, uint64_t *line, uint64_t *column);

#endif
