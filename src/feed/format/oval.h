/*
 * OVAL definitions of packages (https://oval.mitre.org/language/version5.10/, the schemas of
 * definitions, linux and unix): what Red Hat, Oracle, SUSE, Ubuntu, Debian, Rocky, VMware and
 * Microsoft publish. Definitions stand in front of the tests, objects, states and variables that
 * they refer to, so a document is read once and kept in compact form (LIMIT_OVAL), and its
 * definitions are given out behind its end, in their order, references resolved. Vendors differ in
 * what metadata hold and in how criteria are arranged: what a definition means is the caller's.
 */
#ifndef FEED_FORMAT_OVAL_H
#define FEED_FORMAT_OVAL_H

#include "codec/codec.h"

enum oval_test_kind {
	OVAL_TEST_RPM,
	OVAL_TEST_DPKG,
	OVAL_TEST_OTHER,   /* uname, files, … : its element says which */
	OVAL_TEST_MISSING, /* referred to and not defined */
};

/* How a state compares with what is installed. */
enum oval_operation {
	OVAL_EQUALS,
	OVAL_NOT_EQUAL,
	OVAL_LESS,
	OVAL_LESS_OR_EQUAL,
	OVAL_GREATER,
	OVAL_GREATER_OR_EQUAL,
	OVAL_PATTERN,
	OVAL_OTHER_OPERATION,
};

/* One test: an object, and what it has to be like. Empty: not said. */
struct oval_test {
	enum oval_test_kind kind;
	struct str element; /* "rpminfo_test", "rpmverifyfile_test" … */
	struct str comment; /* "X is earlier than 0:1-2", "Module a:1 is enabled" */
	bool none;          /* holds when nothing is like that ("none satisfy", "none_exist") */
	/* Names of packages: the object's, or the values of its variable. For other tests what the
	 * object names (a file). */
	const struct str *names;
	size_t n_names;
	bool name_is_pattern;
	/* The state. */
	bool has_state;
	struct str evr; /* "0:1.2-3" */
	enum oval_operation evr_operation;
	struct str version; /* without release: "^8[^\d]" */
	enum oval_operation version_operation;
	struct str arch; /* "x86_64", "i686|x86_64" */
	enum oval_operation arch_operation;
	struct str key;  /* a signature's key id */
	struct str text; /* of other states: the first thing they say */
};

enum oval_node_kind {
	OVAL_NODE_AND,
	OVAL_NODE_OR,
	OVAL_NODE_OTHER, /* XOR, ONE: nobody uses them */
	OVAL_NODE_TEST,
	OVAL_NODE_DEFINITION, /* another definition */
};

struct oval_node {
	enum oval_node_kind kind;
	bool negate;
	struct str comment;           /* the criterion's own */
	const struct oval_test *test; /* of OVAL_NODE_TEST */
	struct str definition;        /* of OVAL_NODE_DEFINITION: its id */
	const struct oval_node *parent;
	const struct oval_node *child; /* the first */
	const struct oval_node *next;  /* the parent's next child */
};

struct oval_reference {
	struct str source; /* "RHSA", "CVE" */
	struct str id;     /* "CVE-2023-1" */
	struct str url;
};

struct oval_cve {
	struct str id;
	struct str impact; /* attribute impact (Red Hat), or priority or severity */
	struct str cvss2;  /* "5.4/AV:N/…" */
	struct str cvss3;  /* "8.8/CVSS:3.0/AV:N/…", or cvss_vector */
	struct str url;
};

/* Red Hat: <resolution state="Will not fix"> with its components. */
struct oval_resolution {
	struct str state;
	struct str component; /* "php:7.2/php" or "kernel"; one entry a component */
};

struct oval_definition {
	struct str id;
	struct str class; /* "patch", "vulnerability", "inventory" */
	struct str title;
	struct str description;
	struct str severity; /* of the advisory */
	struct str issued;   /* date, as written */
	struct str updated;
	const struct str *platforms;
	size_t n_platforms;
	const struct oval_reference *references;
	size_t n_references;
	const struct oval_cve *cves; /* of the advisory */
	size_t n_cves;
	const struct oval_resolution *resolutions;
	size_t n_resolutions;
	const struct str *cpes; /* of affected_cpe_list */
	size_t n_cpes;
	/* The criteria in the order of the document, each node in front of its children: [0] is the
	 * root. None for a definition without. */
	const struct oval_node *nodes;
	size_t n_nodes;
};

/*
 * Takes a definition; views are valid until it returns. A negative code ends the reading and comes
 * back from oval_read().
 */
typedef int (*oval_put_fn)(void *ctx, const struct oval_definition *d, struct err *err);

/* Reads a whole document: 0; -ERR_INPUT for one that is no OVAL document or is malformed. */
int oval_read(struct stream *in, oval_put_fn put, void *ctx, struct err *err) MUST_CHECK;

/*
 * What has to hold together with a test: for each AND above it, the tests next to the branch it is
 * in, and those of ORs of nothing but tests, of which one has to hold. Start with a zeroed iterator
 * and `leaf`; NULL at the end.
 */
struct oval_context {
	const struct oval_node *branch;
	const struct oval_node *sibling;
	const struct oval_node *alternative;
};

const struct oval_node *oval_context_next(struct oval_context *c, const struct oval_node *leaf);

/* A comment "Module NAME:STREAM is enabled": true and the two, colon between. */
bool oval_module_of(struct str comment, struct str *module) MUST_CHECK;

#endif
