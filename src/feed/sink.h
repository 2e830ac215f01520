/*
 * What every reader of advisories needs for what it finds.
 */
#ifndef FEED_SINK_H
#define FEED_SINK_H

#include "feed/feed.h"

/* Tells the sink of a record that was skipped, and why. */
void feed_note(struct feed_sink *sink, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Whether s is of printable ASCII without spaces, not empty and at most LIMIT_PACKAGE_FIELD long:
 * what names of packages, names of advisories and versions are made of. */
bool feed_is_word(struct str s);

/* At most LIMIT_ADVISORY_TEXT of it, cut between characters. */
struct str feed_cut_text(struct str text);

#endif
