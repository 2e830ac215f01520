/*
 * What jansson, another strict reader, makes of a document; behind a header of its own since its
 * names meet ours.
 */
#ifndef TESTS_UNIT_CODEC_JANSSON_ORACLE_H
#define TESTS_UNIT_CODEC_JANSSON_ORACLE_H

#include "base/base.h"

enum oracle_verdict {
	ORACLE_ACCEPTS,
	ORACLE_REJECTS,
	ORACLE_ABSTAINS, /* for a reason that is its own: a number it cannot hold, a key twice,
			    NUL in a key, a raw NUL */
};

/* The verdict, and for an accepted document its values in *out, as text. */
enum oracle_verdict oracle_read(struct str document, struct buf *out);

/* The value of a JSON number as oracle_read() shows it. */
void oracle_number(struct str number, struct buf *out);

#endif
