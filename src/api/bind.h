/*
 * The binder: walks a JSON document along tables of types and fills structs, as Go's encoding/json
 * does it (decode.h says how). Pure functions.
 */
#ifndef API_BIND_H
#define API_BIND_H

#include "api/json_tree.h"

enum field_kind {
	FIELD_STRING,
	FIELD_INT,
	FIELD_HEADERS,  /* map[string]string */
	FIELD_METADATA, /* map[string]interface {} */
	FIELD_OBJECT,   /* a pointer to a struct */
	FIELD_ARRAY,    /* of structs: a struct feature_list or its like */
};

/* A field whose value is looked at, but not kept. */
#define NOWHERE SIZE_MAX

struct object_type;

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset; /* of the member, or NOWHERE */
	const struct object_type *type;
};

struct object_type {
	const char *go_name; /* in messages, without the package */
	size_t size;
	const struct field *fields; /* ends with one without a name */
};

/*
 * Binds a document to the struct at target, which is zeroed. Everything lies in the arena, views in
 * the document. -ERR_INPUT with the first wrong type, as Go words it.
 */
int bind_document(const struct object_type *type, struct json_node *root, struct arena *a,
	void *target, struct err *err) MUST_CHECK;

#endif
