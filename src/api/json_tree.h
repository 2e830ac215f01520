/*
 * A small JSON document as a tree, and written as Go's encoding/json writes a value that it decoded
 * into an interface{}: keys sorted, each once (the last one counts), numbers as float64.
 */
#ifndef API_JSON_TREE_H
#define API_JSON_TREE_H

#include "codec/codec.h"

struct json_node {
	enum json_type type;    /* OBJECT_BEGIN, ARRAY_BEGIN or a scalar */
	struct str key;         /* in an object */
	struct str text;        /* string: decoded; number: as written */
	struct json_node *next; /* sibling */
	struct json_node *first;
	size_t n; /* children */
};

/* Reads a document of one value into the arena. Errors as json_next(). */
int json_tree_read(
	struct span text, struct arena *a, struct json_node **out, struct err *err) MUST_CHECK;

/* Sorts the members of an object by key; of equal ones the last stays. */
void json_tree_sort(struct json_node *object);

/*
 * Appends the value in Go's form. Objects below it are sorted in place. -ERR_INPUT for a number
 * that no float64 holds ("number 1e999").
 */
int json_tree_write(struct json_node *root, struct buf *out, struct err *err) MUST_CHECK;

/* Appends a number's shortest float64 form as Go writes it. False when it is out of range. */
bool json_go_number(struct str text, struct buf *out) MUST_CHECK;

#endif
