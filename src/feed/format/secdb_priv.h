/*
 * What the two forms of a security database have in common: a package is collected, and put when
 * it is complete.
 */
#ifndef FEED_FORMAT_SECDB_PRIV_H
#define FEED_FORMAT_SECDB_PRIV_H

#include "feed/format/secdb.h"

struct secdb_fix {
	struct str version;
	struct str id; /* as it stands */
};

struct secdb_collector {
	struct feed_sink *sink;
	struct str name_space; /* empty until it is known */
	struct arena names;    /* of name_space, when the document says it */
	/* The package at hand. */
	struct arena arena;
	struct str package;
	VEC_OF(struct secdb_fix) fixes;
	const char *problem; /* why the package is to be skipped; static */
};

void secdb_collector_init(struct secdb_collector *c, struct str name_space, struct feed_sink *sink);
void secdb_collector_fini(struct secdb_collector *c);

/* The release that the document names; it counts when no namespace was given. */
void secdb_set_release(struct secdb_collector *c, struct str release);
void secdb_begin_package(struct secdb_collector *c);
void secdb_set_name(struct secdb_collector *c, struct str name);
/* A copy of the version for secdb_add_fix(), valid until the package ends. */
struct str secdb_version(struct secdb_collector *c, struct str version);
void secdb_add_fix(struct secdb_collector *c, struct str version, struct str id);
void secdb_set_problem(struct secdb_collector *c, const char *problem);
/* Puts what was collected. -ERR_INPUT when it is not known of which release it is. */
int secdb_end_package(struct secdb_collector *c, struct err *err) MUST_CHECK;

int secdb_parse_json(struct stream *in, struct secdb_collector *c, struct err *err) MUST_CHECK;
int secdb_parse_yaml(struct stream *in, struct secdb_collector *c, struct err *err) MUST_CHECK;

#endif
