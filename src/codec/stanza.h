/*
 * Control stanzas in the manner of RFC 822, as dpkg writes them (deb-src-control(5), deb822(5)):
 * "Name: value", continuation lines start with a space or tab, a blank line ends the stanza.
 */
#ifndef CODEC_STANZA_H
#define CODEC_STANZA_H

#include "base/base.h"

struct stanza_field {
	struct str name;  /* as written; compare with str_eq_nocase() */
	struct str value; /* trimmed; continuation lines included, with their newlines */
};

enum stanza_event { STANZA_END = 0, STANZA_FIELD, STANZA_BREAK };

/* Where reading stands in a text, which is the caller's and has to outlive what comes out of it. */
struct stanza_reader {
	struct str rest;
	size_t line;       /* number, from 1, of the line that the last event began on */
	size_t lines_read; /* private */
	bool in_stanza;    /* private: a field has come, its stanza's break not yet */
};

void stanza_reader_init(struct stanza_reader *r, struct str text);

/*
 * Takes the next thing: STANZA_FIELD with *out, STANZA_BREAK after the last field of a stanza (also
 * of the last one in the text; several blank lines are one break, those in front of the first field
 * none), STANZA_END when nothing is left, or -ERR_INPUT for a line that is none of these (naming
 * it), after which the next call goes on behind that line.
 */
int stanza_next(struct stanza_reader *r, struct stanza_field *out, struct err *err) MUST_CHECK;

#endif
