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

/*
 * Takes the next thing off *rest: STANZA_FIELD with *out, STANZA_BREAK after the last field of a
 * stanza (also of the last one in the text; several blank lines are one break), STANZA_END when
 * nothing is left, or -ERR_INPUT for a line that is none of these (naming it), after which the next
 * call goes on behind that line.
 */
int stanza_next(struct str *rest, struct stanza_field *out, struct err *err) MUST_CHECK;

#endif
