/*
 * Internals of config/: the tree that a YAML text becomes, the table of keys, and how problems are
 * noted.
 */
#ifndef CONFIG_CONFIG_PRIV_H
#define CONFIG_CONFIG_PRIV_H

#include "config/config.h"

/* --- yaml.c, scalar.c: the tree -------------------------------------------------------------- */

enum node_kind { NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_TEXT, NODE_LIST, NODE_MAP };

/* A mapping's key and value, or an element of a list (key NULL). */
struct node_entry {
	struct node *key; /* a scalar */
	struct node *value;
	struct node_entry *next;
};

/* Lies in an arena. An alias leads to the very node that it names, so nodes may be shared. */
struct node {
	enum node_kind kind;
	bool quoted;     /* scalars: not a plain one */
	bool flow;       /* lists and mappings: in brackets or braces */
	struct str text; /* scalars: NUL-terminated, with the quotes and escapes undone */
	struct config_place place;
	struct node_entry *entries; /* lists and mappings */
};

/*
 * Reads a text of at most one document into a tree; *root is NULL when it holds none. Keys of a
 * mapping are unique scalars, "<<" is merged. False when the text has to be given up (syntax,
 * limits); what is wrong is noted either way.
 */
bool yaml_read(struct span text, struct arena *a, struct config_problems *problems,
	struct node **root) MUST_CHECK;

/* What a plain scalar is, as gopkg.in/yaml.v2 of 2017 decides it. */
enum node_kind scalar_kind(struct str plain);
/* Whole numbers as it reads them: 10, 0x1f, 017, 0b11, 1_000; false below 0 and beyond 64 bits. */
bool scalar_u64(struct str plain, uint64_t *out) MUST_CHECK;
/* A scalar of NODE_BOOL. */
bool scalar_bool(struct str plain);

/* --- duration.c ------------------------------------------------------------------------------ */

/*
 * Go's time.ParseDuration (https://pkg.go.dev/time#ParseDuration): "1h30m", "1.5s", "-2ms", "0".
 * False for anything else, and beyond 63 bits.
 */
bool duration_parse(struct str text, int64_t *ns) MUST_CHECK;

/* --- source.c -------------------------------------------------------------------------------- */

/* Whether it looks like a libpq connection string: a URL, or key=value pairs. */
bool source_is_valid(struct str source);

/* --- problems.c ------------------------------------------------------------------------------ */

/* Notes a problem, or counts it when there are too many. The message may hold words of the file. */
void problem_add(
	struct config_problems *p, bool is_error, struct config_place place, struct str message);
#define problem_error(p, place, ...) \
	problem_add(p, true, place, arena_printf(&(p)->arena, __VA_ARGS__))
#define problem_warning(p, place, ...) \
	problem_add(p, false, place, arena_printf(&(p)->arena, __VA_ARGS__))
/* Sorts by place; what has the same stays in order. */
void problems_sort(struct config_problems *p);
/* -ERR_INPUT with the first error when there is any, else 0. */
int problems_to_err(const struct config_problems *p, const char *name, struct err *err) MUST_CHECK;

/* --- keys.c: the table of keys ---------------------------------------------------------------- */

struct config_key;

/* A value on its way from the file into the configuration. */
struct taking {
	struct config *config;
	const struct config_key *key;
	const struct node *node; /* never NODE_NULL */
	const char *found;       /* what is wrong with it, instead of a description; static */
	struct config_place place;
};

struct config_key {
	const char *name; /* "clair.api.port" */
	/* Stores the value; false: it is not what is expected. NULL: a section, or see below. */
	bool (*take)(struct taking *t, void *out);
	size_t offset;        /* of what it sets, in struct config */
	const char *expected; /* "a port (0 to 65535)" */
	uint64_t min, max;
	bool secret;  /* its value is never shown */
	bool list;    /* not a scalar */
	bool skipped; /* whatever it holds is somebody else's */
	bool unused;  /* known from the original's files, of no effect */
};

const struct config_key *key_find(struct str name);
/* A key of that section which the name may be meant for, or NULL. In a. */
const char *key_suggest(struct arena *a, struct str section, struct str name);

/* --- values.c: what a key's take() may be ---------------------------------------------------- */

bool take_text(struct taking *t, void *out);           /* const char * */
bool take_address(struct taking *t, void *out);        /* const char * */
bool take_http_url(struct taking *t, void *out);       /* const char * */
bool take_proxy_url(struct taking *t, void *out);      /* const char * */
bool take_port(struct taking *t, void *out);           /* uint16_t */
bool take_count(struct taking *t, void *out);          /* unsigned */
bool take_size(struct taking *t, void *out);           /* uint64_t */
bool take_bool(struct taking *t, void *out);           /* bool */
bool take_duration(struct taking *t, void *out);       /* uint64_t, milliseconds */
bool take_database_type(struct taking *t, void *out);  /* enum config_database */
bool take_pagination_key(struct taking *t, void *out); /* CONFIG_PAGINATION_KEY_BYTES */
bool take_local_paths(struct taking *t, void *out);    /* layer_sources */

/* --- parse.c, load.c -------------------------------------------------------------------------- */

/* config_parse() that goes on in spite of errors: *out is always set. */
void config_read(struct span text, struct config *out, struct config_problems *problems);
/* Notes which of the files that it names cannot be read. */
void config_check_files(const struct config *c, struct config_problems *problems);

#endif
