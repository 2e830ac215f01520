/*
 * Request bodies as structs. Bound as Go binds them: names of fields in any letter case, unknown
 * ones passed over, null as if it were not there, of two the last one (objects are merged), wrong
 * types refused, in fields that nobody reads too. Everything lies in the arena of the call. Pure
 * functions.
 */
#ifndef API_DECODE_H
#define API_DECODE_H

#include "base/base.h"

struct header_body {
	struct str name;
	struct str value;
};

/* By name, each once. */
struct header_list {
	struct header_body *v;
	size_t n;
};

struct layer_body {
	struct str name;
	struct str path;
	struct str parent;
	struct str format;
	struct header_list headers;
};

struct feature_body {
	struct str name;
	struct str name_space;
	struct str format;
	struct str version;
	struct str added_by;
};

struct feature_list {
	struct feature_body *v;
	size_t n;
};

struct vulnerability_body {
	struct str name;
	struct str name_space;
	struct str description;
	struct str link;
	struct str severity;
	struct str metadata; /* an object in Go's form; empty when it has no members */
	struct str fixed_by;
	struct feature_list fixed_in;
};

/*
 * What the body holds as "Layer", "Vulnerability", "Feature"; *out is NULL when it does not.
 * -ERR_INPUT with Go's message.
 */
int decode_layer(
	struct span body, struct arena *a, struct layer_body **out, struct err *err) MUST_CHECK;
int decode_vulnerability(struct span body, struct arena *a, struct vulnerability_body **out,
	struct err *err) MUST_CHECK;
int decode_feature(
	struct span body, struct arena *a, struct feature_body **out, struct err *err) MUST_CHECK;

#endif
