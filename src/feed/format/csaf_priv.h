/*
 * What csaf.c (the document and its vulnerabilities) and csaf_tree.c (its products) share.
 */
#ifndef FEED_FORMAT_CSAF_PRIV_H
#define FEED_FORMAT_CSAF_PRIV_H

#include "feed/format/csaf.h"

struct csaf_reader {
	struct json_reader *json;
	struct csaf_handler *handler;
	struct map by_id; /* product id → struct csaf_product */
	struct arena arena;
	struct csaf_product *products;
	size_t n_products;
	bool has_tree;
	enum severity aggregate; /* of the document */
	/* The vulnerability at hand, which its handler has not had yet. */
	bool pending;
	struct arena texts;
	struct str cve, title, summary, description;
	enum severity impact; /* of all products */
	VEC_OF(struct str) fixes;
	VEC_OF(struct csaf_product *) listed; /* by the object at hand */
};

/* The beginning of an object or array, or a failure. */
int csaf_begin(struct csaf_reader *r, enum json_type type, struct err *err) MUST_CHECK;

/* An array of objects, each of which is read by read_one, from behind its BEGIN. */
int csaf_read_array(struct csaf_reader *r, int (*read_one)(struct csaf_reader *r, struct err *err),
	struct err *err) MUST_CHECK;

/* -ERR_TOO_LARGE for LIMIT_CSAF_TEXT. */
int csaf_too_much_text(struct err *err);

/* The product of an id, which may be new. */
int csaf_find_product(struct csaf_reader *r, struct str id, struct csaf_product **out,
	struct err *err) MUST_CHECK;

/* The value of "product_tree". */
int csaf_read_tree(struct csaf_reader *r, struct err *err) MUST_CHECK;

#endif
