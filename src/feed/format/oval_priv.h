/*
 * What oval.c (reading) and oval_tree.c (giving out) share: the document as it is kept. Everything
 * that is referred to by an id is an entry of a list; a table of strings turns ids into indexes.
 */
#ifndef FEED_FORMAT_OVAL_PRIV_H
#define FEED_FORMAT_OVAL_PRIV_H

#include "base/base.h"

#include "feed/format/oval.h"

/* Strings that are kept once; an index is a string's, 0 the empty one's. */
struct oval_strings {
	struct arena *arena;
	uint32_t *slots; /* an index + 1, or 0 */
	size_t cap;      /* a power of two, or 0 */
	struct str_vec strings;
	uint64_t key[2];
};

uint32_t oval_intern(struct oval_strings *s, struct str text);

/* A node as it is kept; links are indexes of nodes, 0 none (the first is never linked to). */
struct oval_kept_node {
	uint8_t kind;
	bool negate;
	uint32_t ref; /* index of a test, or of a string (a definition's id) */
	uint32_t comment;
	uint32_t parent;
	uint32_t child;
	uint32_t next;
};

/* Strings by index. */
struct oval_kept_test {
	uint8_t kind;
	bool none;
	uint32_t element;
	uint32_t comment;
	uint32_t object;     /* of objects */
	uint32_t state;      /* of states; 0: none */
	uint32_t arch_state; /* a second state, when there is one */
};

struct oval_kept_object {
	uint32_t name;
	uint32_t variable; /* of variables; 0: none */
	bool is_pattern;
};

struct oval_kept_state {
	uint8_t evr_operation, version_operation, arch_operation;
	uint32_t evr, version, arch, key, text;
};

struct oval_kept_definition {
	struct oval_definition d;
	uint32_t first_node;
};

struct oval_document {
	struct arena arena;
	struct oval_strings strings, test_ids, object_ids, state_ids, variable_ids;
	VEC_OF(struct oval_kept_test) tests;
	VEC_OF(struct oval_kept_object) objects;
	VEC_OF(struct oval_kept_state) states;
	VEC_OF(struct str_vec) variables; /* values in the arena of strings */
	VEC_OF(struct oval_kept_node) nodes;
	VEC_OF(struct oval_kept_definition) definitions;
};

/* Gives out all definitions. */
int oval_give(
	const struct oval_document *doc, oval_put_fn put, void *ctx, struct err *err) MUST_CHECK;

#endif
