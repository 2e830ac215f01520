/*
 * A document as one line of text, token by token, for comparisons: "{ K<key> S<string> N<number> T
 * F 0 [ ] }"; NUL is shown as "^@". A failure ends it with "! <message>".
 */
#ifndef TESTS_UNIT_CODEC_JSON_TRACE_H
#define TESTS_UNIT_CODEC_JSON_TRACE_H

#include "base/base.h"
#include "codec/json_reader.h"

static inline void trace_text(struct buf *out, char letter, struct str text)
{
	buf_append_char(out, letter);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i])
			buf_append_char(out, text.p[i]);
		else
			buf_append_str(out, STR("^@"));
	}
}

static inline void trace_token(struct buf *out, const struct json_token *t)
{
	static const char letters[JSON_TYPE_COUNT] = { '{', '}', '[', ']', 'K', 'S', 'N', 'T', 'F',
		'0' };

	if (out->n)
		buf_append_char(out, ' ');
	trace_text(out, letters[t->type], t->text);
}

/* Reads the document in pieces of at most chunk bytes (0: whole) into out: 0, or the error. */
static inline int trace_document(struct str document, size_t chunk, struct buf *out)
{
	struct err err = ERR_INIT;
	struct stream_mem in;
	struct json_token t;
	int rc;

	stream_mem_init(&in, span_from_str(document), chunk);
	struct json_reader *r = json_reader_new(&in.stream);
	while ((rc = json_next(r, &t, &err)) > 0)
		trace_token(out, &t);
	if (rc < 0)
		buf_printf(out, "%s! %s", out->n ? " " : "", err_msg(&err));
	json_reader_free(r);
	err_clear(&err);
	return rc;
}

#endif
