/*
 * Foreign text on its way to a terminal.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/* Whether a code point would move the cursor, reorder or hide text, or break the line. */
bool text_is_harmful(uint32_t c);

/*
 * Appends foreign text as it may be shown on a terminal: control characters (C0, DEL, C1), line
 * separators, invisible and direction-changing characters and invalid UTF-8 become U+FFFD. Returns
 * how many columns it takes, one a code point.
 */
size_t text_append_clean(struct buf *out, struct str s);

#endif
