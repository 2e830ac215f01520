/*
 * Layers that were indexed by name, as the /v1 API speaks of them: a tree by parents, in which a
 * layer either inherits its parent's features or has a list of its own.
 *
 * A feature is a package as the API shows it (its name and version) together with what advisories
 * are matched by (the package in their words, and the key of the version).
 */
#ifndef STORE_LAYERS_H
#define STORE_LAYERS_H

#include "codec/codec.h"

/* What is stored of a layer itself. Views in the arena of the call. */
struct stored_layer {
	int64_t id; /* ascends in the order of storing, never used twice */
	struct str name;
	struct str parent;     /* its name; empty: none */
	struct str name_space; /* "debian:12"; empty: none */
	struct str scheme;     /* version scheme of that namespace */
	uint32_t engine_version;
};

/* 1 and *out, 0 when there is no layer of this name. */
int store_layer_get(struct store *s, struct str name, struct arena *a, struct stored_layer *out,
	struct err *err) MUST_CHECK;

/* A layer of a chain, with its facts in their byte form. */
struct chain_link {
	struct str name;
	struct span facts;
};

/*
 * The layer and its ancestors, the lowest (the one without a parent) first. 0 when there is no
 * layer of this name, else their number. -ERR_TOO_LARGE beyond LIMIT_LAYERS layers or
 * LIMIT_TARGET_FACTS bytes.
 */
int store_layer_chain(struct store *s, struct str name, struct arena *a, struct chain_link **out,
	struct err *err) MUST_CHECK;

struct layer_feature {
	struct str name_space; /* "debian:12" */
	struct str scheme;
	struct str name;    /* as shown */
	struct str version; /* as shown */
	struct str package; /* in the words of advisories */
	struct span key;    /* version_key(); empty: cannot be compared, nothing matches */
	/* Id of the ancestor that introduced it; 0 for the layer itself, but when read. */
	int64_t added_by;
	struct str added_by_name; /* only when read */
};

/* What a layer is stored with. */
struct layer_put {
	struct str name;
	struct str parent;     /* empty: none */
	struct str name_space; /* empty: none */
	struct str scheme;
	uint32_t engine_version;
	struct span facts; /* byte form, also for what builds on this layer */
	bool inherits;     /* the parent's features are this layer's: features is not looked at */
	const struct layer_feature *features;
	size_t n_features;
};

/*
 * Stores a layer, in one transaction. A layer of that name that is there with this or a later
 * engine version stays as it is; an earlier one is replaced (keeping its id, its parent and its
 * children). Of a feature that is given twice the first counts. 1 when something was stored, 0 when
 * not. -ERR_NOT_FOUND when the parent, or a layer below it that introduced a feature, is not there
 * (any more); -ERR_INPUT for what no database can hold (names beyond LIMIT_LAYER_NAME characters,
 * text that is not UTF-8) and for a scheme that is not the namespace's; -ERR_TOO_LARGE beyond
 * LIMIT_PACKAGES features.
 */
int store_layer_put(struct store *s, const struct layer_put *put, struct err *err) MUST_CHECK;

/* Deletes a layer and its descendants. -ERR_NOT_FOUND when it is not there. */
int store_layer_delete(struct store *s, struct str name, struct err *err) MUST_CHECK;

/* What an answer about a layer depends on: as long as this is the same, so is the answer. */
struct layer_state {
	int64_t id;
	/* Changes whenever advisories change, a stored layer is replaced, or a namespace gets its
	 * version scheme. */
	int64_t generation;
};

/* 1 and *out, 0 when there is no layer of this name. One short round trip. */
int store_layer_state(
	struct store *s, struct str name, struct layer_state *out, struct err *err) MUST_CHECK;

/* A vulnerability of a feature. */
struct layer_match {
	size_t feature; /* its index */
	struct str name;
	struct str name_space;
	struct str description;
	struct str link;
	enum severity severity; /* of the vulnerability as a whole */
	struct str metadata;
	struct str fixed_by; /* for everybody (fix_public_version()); empty: unfixed */
};

enum layer_part {
	LAYER_PART_NONE,
	LAYER_PART_FEATURES,
	LAYER_PART_VULNERABILITIES, /* and features */
};

/* A layer with its features, ordered by name, version and namespace, and their vulnerabilities,
 * ordered by feature and name, each name once for a feature. Views in the arena. */
struct layer_view {
	struct stored_layer layer;
	struct layer_state state; /* that all of this belongs to: one state of the data */
	VEC_OF(struct layer_feature) features;
	VEC_OF(struct layer_match) matches;
};

void layer_view_fini(struct layer_view *v);

/*
 * 1 and *out (to be finished by the caller in any case; it is initialized here), 0 when there is no
 * layer of this name. A constant number of round trips whatever the layer; never waits for an
 * update. -ERR_TOO_LARGE beyond LIMIT_MATCHES or LIMIT_VIEW_TEXTS.
 */
int store_layer_read(struct store *s, struct str name, enum layer_part part, struct arena *a,
	struct layer_view *out, struct err *err) MUST_CHECK;

#endif
