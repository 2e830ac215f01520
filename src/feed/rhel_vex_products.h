/*
 * What the products of Red Hat's VEX documents are: a package of a release.
 */
#ifndef FEED_RHEL_VEX_PRODUCTS_H
#define FEED_RHEL_VEX_PRODUCTS_H

#include "feed/format/csaf.h"

enum rhel_stream {
	RHEL_STREAM_BASE,     /* what everybody gets: of the latest minor release */
	RHEL_STREAM_EXTENDED, /* of an older one, for those who pay more: EUS, AUS, TUS, E4S, ELS */
};

struct rhel_product {
	unsigned release; /* 9: Red Hat Enterprise Linux 9 */
	enum rhel_stream stream;
	struct str name;    /* of the package: binary, or source */
	struct str module;  /* "nodejs:16"; empty: none */
	struct str version; /* with the epoch; empty: none is told */
	struct str arch;    /* empty: none is told */
	bool source;        /* the name is that of a source package */
};

enum { RHEL_RELEASE_MAX = 63 };

/*
 * 1 and *out for a package of Red Hat Enterprise Linux, 0 for anything else (container images,
 * layered products, products that are no package), -ERR_INPUT for one that makes no sense. Texts
 * are in a or the product's.
 */
int rhel_product(const struct csaf_product *p, struct arena *a, struct rhel_product *out,
	struct err *err) MUST_CHECK;

#endif
