/*
 * Base64 (RFC 4648, sections 4 and 5). Pure functions.
 */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include "base/base.h"

enum base64_alphabet {
	BASE64_STANDARD, /* with "+" and "/" */
	BASE64_URL,      /* with "-" and "_" */
	BASE64_ANY,      /* for decoding: either, but not both in one text */
	/* For decoding: as BASE64_ANY, and bits of the last character that mean nothing may be set,
	 * as in keys that people made up. Decoders of other programs mostly read them so. */
	BASE64_ANY_SLACK,
};

/* Appends the text of `bytes`, padded with "=" to a multiple of four characters or not at all. */
void base64_encode(struct span bytes, enum base64_alphabet alphabet, bool padded, struct buf *out);

/*
 * Appends what the text stands for. The text has to be padded completely or not at all; white
 * space, foreign characters and (but for BASE64_ANY_SLACK) other than the one text of the same
 * bytes are refused. False when it is no such text or does not fit below out->max; *out is then as
 * before, and not marked as overflowed.
 */
bool base64_decode(struct str text, enum base64_alphabet alphabet, struct buf *out) MUST_CHECK;

#endif
