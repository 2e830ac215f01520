/*
 * CSAF 2.0, profile VEX (https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html): what a vendor
 * says of its products and one vulnerability. Read as it arrives; members may come in any order.
 *
 *   { "document": { "aggregate_severity", "tracking": { "id", "status" } },
 *     "product_tree": { "branches": […nested…, "product": { "product_id",
 *           "product_identification_helper": { "purl", "cpe" } }],
 *       "relationships": [{ "full_product_name": { "product_id" }, "product_reference",
 *           "relates_to_product_reference" }] },
 *     "vulnerabilities": [{ "cve", "title", "notes", "product_status": { status: [product ids] },
 *       "remediations": [{ "category", "details", "url", "product_ids" }], "threats": [the same] }]
 * }
 *
 * What is held of a document is its product ids, once each (LIMIT_CSAF_PRODUCTS, LIMIT_CSAF_TEXT),
 * whatever the number of lists they stand in. Groups of products are not resolved.
 */
#ifndef FEED_FORMAT_CSAF_H
#define FEED_FORMAT_CSAF_H

#include "store/store.h"

enum csaf_status {
	CSAF_FIXED = 1u << 0, /* fixed, or first_fixed */
	CSAF_AFFECTED = 1u << 1,
	CSAF_NOT_AFFECTED = 1u << 2,
	CSAF_INVESTIGATED = 1u << 3,
};

/* What the vendor does about an affected product, in Red Hat's words where they say more. */
enum csaf_remedy {
	CSAF_REMEDY_NONE,           /* nothing is said */
	CSAF_REMEDY_NOT_YET,        /* none_available: "Affected" */
	CSAF_REMEDY_DEFERRED,       /* none_available: "Fix deferred" */
	CSAF_REMEDY_NOT_PLANNED,    /* no_fix_planned: "Will not fix" */
	CSAF_REMEDY_OUT_OF_SUPPORT, /* no_fix_planned: "Out of support scope" */
	CSAF_REMEDY_INVESTIGATED,   /* none_available: "Under investigation" */
};

struct csaf_product {
	struct csaf_product *next;
	struct str id;   /* of one that the tree's branches name; else empty */
	struct str purl; /* likewise; empty: none */
	struct str cpe;
	/* Of a relationship: what is a component of what. NULL otherwise. */
	const struct csaf_product *component;
	const struct csaf_product *platform;
	/* What the vulnerability at hand says of it. */
	unsigned char status;   /* enum csaf_status, or-ed */
	unsigned char remedy;   /* enum csaf_remedy */
	unsigned char severity; /* enum severity, by the impact */
	unsigned fix;           /* 1 + the index of the vendor's fix in fixes; 0: none */
};

struct csaf_vulnerability {
	struct str cve;                      /* empty: none is named */
	struct str description;              /* or summary, or title; at most LIMIT_ADVISORY_TEXT */
	const struct csaf_product *products; /* all of the document, by next */
	const struct str *fixes;             /* URLs of the vendor's advisories */
	size_t n_fixes;
};

struct csaf_handler {
	/* Takes a vulnerability. Views live until it returns. A negative code ends the reading. */
	int (*vulnerability)(
		struct csaf_handler *h, const struct csaf_vulnerability *v, struct err *err);
};

/*
 * Reads one document. The handler has the last vulnerability (mostly the only one) when all of the
 * document was well-formed. -ERR_INPUT for what is no CSAF document, -ERR_TOO_LARGE beyond a limit,
 * errors of the stream and of the handler as they are. A document that was deleted
 * (tracking.status) may have none.
 */
int csaf_read(struct stream *in, struct csaf_handler *handler, struct err *err) MUST_CHECK;

#endif
