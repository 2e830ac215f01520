/*
 * Package URLs (https://github.com/package-url/purl-spec):
 * pkg:TYPE/NAMESPACE/NAME@VERSION?KEY=VALUE&…
 */
#ifndef FEED_FORMAT_PURL_H
#define FEED_FORMAT_PURL_H

#include "base/base.h"

struct purl {
	struct str type;       /* "rpm"; as it stands */
	struct str name_space; /* "redhat"; empty: none */
	struct str name;
	struct str version;    /* empty: none */
	struct str qualifiers; /* still encoded, for purl_qualifier() */
};

/* Decodes text into a; false when it is no package URL. */
bool purl_parse(struct str text, struct arena *a, struct purl *out) MUST_CHECK;

/* The value of a qualifier, decoded into a; empty when there is none. */
struct str purl_qualifier(const struct purl *p, struct str key, struct arena *a);

#endif
