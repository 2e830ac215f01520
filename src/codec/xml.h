/*
 * A streaming XML pull reader (XML 1.0) on expat: well-formed documents only, in UTF-8, UTF-16,
 * ISO-8859-1 or ASCII, given as UTF-8. No document type, so no entities but the predefined ones and
 * characters by number; nothing is fetched. Prefixes are dropped: elements and attributes go by
 * their local names, and declarations of namespaces are no attributes. Comments and processing
 * instructions are passed over. Memory is a piece of the input and what it says; nesting and tokens
 * are limited (LIMIT_XML_DEPTH, LIMIT_XML_TOKEN). A failure of any function below lasts: every
 * further call on the reader fails the same way. Not thread-safe.
 *
 * To walk a document:
 *
 *   r = xml_enter_root(x, STR("updates"), &e, err);
 *   while (r >= 0 && (r = xml_next_child(x, &e, err)) > 0) {
 *           if (str_eq(e.name, STR("update")))
 *                   r = read_update(x, &e, …);        // walks its children the same way
 *           else if (str_eq(e.name, STR("title")))
 *                   r = xml_read_str(x, &arena, &title, err);
 *           else
 *                   r = xml_skip(x, err);
 *   }
 *   if (r == 0)
 *           r = xml_end(x, err);
 */
#ifndef CODEC_XML_H
#define CODEC_XML_H

#include "base/base.h"

enum xml_type { XML_BEGIN, XML_END, XML_TEXT };

struct xml_attr {
	struct str name; /* without prefix */
	struct str value;
};

/* Views are valid until the next call on the reader. */
struct xml_event {
	enum xml_type type;
	struct str name; /* of an element, without prefix */
	struct str text; /* all between two tags; text of nothing but white space is passed over */
	const struct xml_attr *attrs;
	size_t n_attrs;
};

struct xml_reader;

/* Reads from in, which has to outlive it. */
struct xml_reader *xml_reader_new(struct stream *in);
void xml_reader_free(struct xml_reader *r);
DEFINE_CLEANUP(struct xml_reader *, xml_reader_free)

/*
 * The next event: 1; 0 after the end of the document; a negative code otherwise: -ERR_INPUT with
 * line and column and what is wrong (an empty or truncated document is), -ERR_TOO_LARGE, errors of
 * the stream as they are.
 */
int xml_next(struct xml_reader *r, struct xml_event *out, struct err *err) MUST_CHECK;

/* The value of the attribute, or STR_NULL. */
struct str xml_attr(const struct xml_event *e, struct str name);

/* The begin of the document's element, which has to have this name, else -ERR_INPUT. */
int xml_enter_root(
	struct xml_reader *r, struct str name, struct xml_event *out, struct err *err) MUST_CHECK;

/*
 * Within an element whose begin (or the end of a child) was the last event: 1 and the begin of the
 * next child, 0 at the element's end. Text between children is passed over. The caller has to read
 * each child to its end, by one of the functions below or its own walk.
 */
int xml_next_child(struct xml_reader *r, struct xml_event *out, struct err *err) MUST_CHECK;

/* To behind the end of the element whose begin was the last event. */
int xml_skip(struct xml_reader *r, struct err *err) MUST_CHECK;

/*
 * The same, and its text, that of elements in it too: appended to out (which remembers when it
 * overflows), or copied into a without white space at both ends.
 */
int xml_read_text(struct xml_reader *r, struct buf *out, struct err *err) MUST_CHECK;
int xml_read_str(
	struct xml_reader *r, struct arena *a, struct str *out, struct err *err) MUST_CHECK;

/* Reads what is left behind the document's element: 0 when the document is well-formed to its end.
 */
int xml_end(struct xml_reader *r, struct err *err) MUST_CHECK;

#endif
