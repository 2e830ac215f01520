/*
 * Sources that lie as OVAL documents, of one advisory each or of many: in a directory, in a tar
 * archive, at a server that lists them. What drivers of such sources share.
 */
#ifndef FEED_OVAL_SOURCE_H
#define FEED_OVAL_SOURCE_H

#include "feed/session.h"

struct oval_source {
	/* The name of the advisory that a document of one is about, by the document's name
	 * ("com.oracle.elsa-20070057.xml" → "ELSA-2007-0057"), in a; empty: it is none. */
	struct str (*advisory_of)(struct str document, struct arena *a);
	/* Puts what a document says. With covering it covers the names of what it puts. */
	int (*parse)(struct stream *in, bool covering, struct feed_sink *sink, struct err *err);
};

/* The names of what lies at the session's location, sorted; none when a server lists nothing. */
int oval_source_list(struct feed_session *s, struct str_vec *out, struct err *err) MUST_CHECK;

/* Whether any of the names is that of an advisory's document. */
bool oval_source_has_advisories(const struct oval_source *o, const struct str_vec *names);

/*
 * Reads the documents of one advisory each that are among names. Of a directory all are read when
 * one has changed. From a server only those that were not read yet: of the first update all, which
 * is the source then; later ones cover what they name.
 */
int oval_source_read_advisories(struct feed_session *s, const struct oval_source *o,
	const struct str_vec *names, struct err *err) MUST_CHECK;

/* Whether a location is one file by its name: a document or an archive, compressed or not. */
bool oval_source_is_file(const struct feed_session *s);

/* Reads the one file, a document or a tar archive of documents, which is all of the source. */
int oval_source_read_file(
	struct feed_session *s, const struct oval_source *o, struct err *err) MUST_CHECK;

/*
 * "20070057" behind prefix and in front of ".xml": the year and the number, with at least four
 * digits; false for a name of another form.
 */
bool oval_document_number(
	struct str document, struct str prefix, struct str *year, struct str *number) MUST_CHECK;

#endif
