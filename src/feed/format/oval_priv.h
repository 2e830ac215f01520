/*
 * What oval.c, oval_items.c (reading) and oval_tree.c (giving out) share: the document as it is
 * kept. Everything that is referred to by an id is an entry of a list; a table of strings turns ids
 * into indexes.
 */
#ifndef FEED_FORMAT_OVAL_PRIV_H
#define FEED_FORMAT_OVAL_PRIV_H

#include "base/base.h"

#include "feed/format/oval.h"

/* Strings that are kept once; an index is a string's, 0 the empty one's. */
struct oval_strings {
	struct arena *arena;
	struct map indexes; /* of strings, as numbers in place of pointers */
	struct str_vec strings;
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

struct oval_parser {
	struct xml_reader *xml;
	struct oval_document *doc;
	/* Lists of the definition at hand. */
	struct str_vec platforms;
	struct str_vec cpes;
	VEC_OF(struct oval_reference) references;
	VEC_OF(struct oval_cve) cves;
	VEC_OF(struct oval_resolution) resolutions;
};

/* The entry of list that id stands for, made when it is new. Entries begin as zeroes. */
#define OVAL_ENTRY(list, ids, id)                           \
	__extension__({                                     \
		uint32_t entry_ = oval_intern((ids), (id)); \
		__typeof__((list)->v[0]) zero_;             \
		memset(&zero_, 0, sizeof(zero_));           \
		while ((list)->n <= entry_)                 \
			vec_push((list), zero_);            \
		entry_;                                     \
	})

/* The string as it is kept in the document. */
struct str oval_keep(struct oval_parser *p, struct str text);
/* The text of the element at hand, kept. */
int oval_read_kept(struct oval_parser *p, struct str *out, struct err *err) MUST_CHECK;

/* An element of the tests, objects, states or variables, whose begin was read. */
int oval_read_test(
	struct oval_parser *p, const struct xml_event *begin, struct err *err) MUST_CHECK;
int oval_read_object(
	struct oval_parser *p, const struct xml_event *begin, struct err *err) MUST_CHECK;
int oval_read_state(
	struct oval_parser *p, const struct xml_event *begin, struct err *err) MUST_CHECK;
int oval_read_variable(
	struct oval_parser *p, const struct xml_event *begin, struct err *err) MUST_CHECK;

/* Gives out all definitions. */
int oval_give(
	const struct oval_document *doc, oval_put_fn put, void *ctx, struct err *err) MUST_CHECK;

#endif
