/*
 * jansson as a second opinion, see jansson_oracle.h.
 */
#include "jansson_oracle.h"

#include <jansson.h>

static void show_string(char letter, const char *p, size_t n, struct buf *out)
{
	buf_printf(out, "%c%zu:", letter, n);
	buf_append(out, p, n);
}

/* Recurses as deep as the document: the caller's are small. */
static void show(const json_t *v, struct buf *out)
{
	size_t i;
	json_t *item;
	const char *key;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		buf_append_char(out, '{');
		void *iter = json_object_iter((json_t *)(uintptr_t)v);
		for (; iter; iter = json_object_iter_next((json_t *)(uintptr_t)v, iter)) {
			key = json_object_iter_key(iter);
			show_string('K', key, strlen(key), out);
			show(json_object_iter_value(iter), out);
		}
		buf_append_char(out, '}');
		break;
	case JSON_ARRAY:
		buf_append_char(out, '[');
		json_array_foreach(v, i, item) show(item, out);
		buf_append_char(out, ']');
		break;
	case JSON_STRING:
		show_string('S', json_string_value(v), json_string_length(v), out);
		break;
	case JSON_INTEGER:
		buf_printf(out, "N%" JSON_INTEGER_FORMAT ";", json_integer_value(v));
		break;
	case JSON_REAL:
		buf_printf(out, "R%a;", json_real_value(v));
		break;
	case JSON_TRUE:
		buf_append_char(out, 'T');
		break;
	case JSON_FALSE:
		buf_append_char(out, 'F');
		break;
	case JSON_NULL:
		buf_append_char(out, '0');
		break;
	}
}

enum oracle_verdict oracle_read(struct str document, struct buf *out)
{
	json_error_t error;
	json_t *v = json_loadb(document.p ? document.p : "", document.n,
		JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);

	if (v) {
		show(v, out);
		json_decref(v);
		/* A NUL between tokens is the end of the document to jansson, whatever follows. */
		return str_find_char(document, '\0') >= 0 ? ORACLE_ABSTAINS : ORACLE_ACCEPTS;
	}
	switch (json_error_code(&error)) {
	case json_error_numeric_overflow:
	case json_error_duplicate_key:
	case json_error_null_byte_in_key:
	case json_error_stack_overflow:
		return ORACLE_ABSTAINS;
	default:
		return ORACLE_REJECTS;
	}
}

void oracle_number(struct str number, struct buf *out)
{
	if (oracle_read(number, out) != ORACLE_ACCEPTS)
		buf_append_str(out, STR("!"));
}
