/*
 * What json_reader.c (structure) and json_string.c (strings and numbers) share: the input window
 * and the way to fail.
 *
 * The window holds the unread bytes p … end. Behind end always stand JSON_SLACK zero bytes, which
 * is what lets the scanners run without a bounds check and load whole vectors: a zero byte is legal
 * nowhere in a document, so that each of them stops there and only then asks whether it is the end.
 */
#ifndef CODEC_JSON_READER_PRIV_H
#define CODEC_JSON_READER_PRIV_H

#include "codec/json_reader.h"

enum {
	JSON_WINDOW = 65536,
	JSON_SLACK = 16,
};

enum json_state {
	JSON_BEFORE_VALUE,     /* at the start, or behind a comma of an array */
	JSON_BEFORE_FIRST,     /* behind "[" */
	JSON_BEFORE_KEY,       /* behind a comma of an object */
	JSON_BEFORE_FIRST_KEY, /* behind "{" */
	JSON_BEFORE_COLON,
	JSON_AFTER_VALUE,
};

struct json_reader {
	struct stream *in;
	const char *p;
	const char *end;
	bool ended;        /* the stream has no more */
	uint64_t base;     /* offset in the document of window[0] */
	uint64_t line;     /* of p */
	uint64_t line_at;  /* offset in the document of that line's start */
	uint64_t token_at; /* offset of the last token's start */
	uint64_t token_line;
	uint64_t token_line_at;
	enum json_state state;
	enum json_type last;
	unsigned depth;
	bool in_object[LIMIT_JSON_DEPTH];
	struct err failure; /* the first one, which lasts */
	struct buf scratch; /* a token that does not lie in the window as it is */
	char window[JSON_WINDOW + JSON_SLACK];
};

/* Fails for good, naming the line and column of a place in the window. */
int json_fail_at(struct json_reader *r, const char *at, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Reads more behind what is unread, which moves to the front of the window (so p and end change):
 * 1, 0 at the end of the stream, or a negative code. */
int json_refill(struct json_reader *r) MUST_CHECK;

/* Makes n ≤ JSON_SLACK unread bytes available if the stream has them: 0 or a negative code. */
int json_need(struct json_reader *r, size_t n) MUST_CHECK;

/* The string whose opening quote is at p; the number that starts at p. Both leave p behind it. */
int json_scan_string(struct json_reader *r, struct str *out) MUST_CHECK;
int json_scan_number(struct json_reader *r, struct str *out) MUST_CHECK;

#endif
