/*
 * Reading members of JSON records whose values may be of any type: one of an unexpected type is
 * skipped and told of, while the document goes on.
 */
#ifndef FEED_FORMAT_JSON_VALUE_H
#define FEED_FORMAT_JSON_VALUE_H

#include "codec/codec.h"

/*
 * The value that follows when it is a string (1, valid until the next call) or null (1, empty); of
 * another type it is skipped (0).
 */
int json_value_text(struct json_reader *json, struct str *out, struct err *err) MUST_CHECK;

/*
 * 1 when a container of this type (JSON_OBJECT_BEGIN, JSON_ARRAY_BEGIN) begins; another value is
 * skipped (0).
 */
int json_value_enter(struct json_reader *json, enum json_type type, struct err *err) MUST_CHECK;

/*
 * In an array whose BEGIN was read: 1 when another element of this type begins (of a string, *text
 * is its value, valid until the next call), 0 at the end of the array. Elements of other types are
 * skipped, and *odd is set to true.
 */
int json_value_element(struct json_reader *json, enum json_type type, struct str *text, bool *odd,
	struct err *err) MUST_CHECK;

/*
 * A document that is an object, of which one member is wanted: read() is called behind its key, and
 * appends to out in a.
 */
typedef int (*json_value_read_fn)(
	struct json_reader *json, struct arena *a, struct str_vec *out, struct err *err);
int json_value_of_key(struct stream *in, struct str wanted, json_value_read_fn read,
	struct arena *a, struct str_vec *out, struct err *err) MUST_CHECK;

#endif
