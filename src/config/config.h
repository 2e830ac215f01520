/*
 * config: the configuration file of the service, YAML with the keys of Clair 2.0.7 and some of our
 * own (docs/configuration.md tells all of them). The one public header of the folder.
 *
 * Everything that is wrong with a file is collected, each with its place. Messages never hold a
 * value that may be a secret. Nothing here logs; a configuration is not changed after it was
 * loaded, so that any thread may read it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/base.h"

#define CONFIG_DEFAULT_PATH "/etc/clair/config.yaml"

enum { CONFIG_PAGINATION_KEY_BYTES = 32 };

enum config_database { CONFIG_SQLITE, CONFIG_PGSQL, CONFIG_DATABASE_COUNT };

/* The data sources of the updater, as the feeds that they go to are named. */
enum {
	CONFIG_SOURCE_DEBIAN,
	CONFIG_SOURCE_UBUNTU,
	CONFIG_SOURCE_RHEL,
	CONFIG_SOURCE_ORACLE,
	CONFIG_SOURCE_ALPINE,
	CONFIG_SOURCE_NVD, /* up to here: those of the original */
	CONFIG_SOURCE_SUSE,
	CONFIG_SOURCE_AMAZON,
	CONFIG_SOURCE_ROCKY,
	CONFIG_SOURCE_ALMA,
	CONFIG_SOURCE_WOLFI,
	CONFIG_SOURCE_CHAINGUARD,
	CONFIG_SOURCE_AZURELINUX,
	CONFIG_SOURCE_PHOTON,
	CONFIG_SOURCE_COUNT
};

struct config_source {
	const char *name;
	bool enabled;
	const char *url;              /* URL or path, may hold credentials; NULL: the publisher's */
	const char *credentials_file; /* netrc; NULL: that of all sources */
};

/* Where a key's value stands, counted from 1 (columns in characters); 0 and 0: it is not there. */
struct config_place {
	unsigned line;
	unsigned column;
};

/* The place of one key that a file has: of its value. */
struct config_origin {
	const char *key; /* "clair.api.port", static */
	struct config_place place;
};

/*
 * A configuration. Strings are NUL-terminated and belong to the arena; NULL, not "", when a key is
 * missing or empty. Values are in range. May be copied by assignment as long as one copy only is
 * released.
 */
struct config {
	struct arena arena;
	const char *file; /* what was read; NULL: nothing, these are the defaults */
	struct {
		enum config_database type;
		const char *source;   /* PostgreSQL: a libpq connection string. A secret */
		const char *path;     /* SQLite: the file; NULL: the program's default database */
		unsigned connections; /* PostgreSQL: at most as many at once */
		uint64_t cachesize;   /* as the original's files have it; of no use here */
	} database;
	struct {
		const char *address;  /* IP address to listen on; NULL: all */
		uint16_t port;        /* 0: one that the system chooses */
		uint16_t health_port; /* as port */
		uint64_t timeout_ms;
		/* A secret. Without one in the file, config_load() makes a random one up. */
		uint8_t pagination_key[CONFIG_PAGINATION_KEY_BYTES];
		bool pagination_key_generated;
		const char *cert_file; /* PEM; both or none of these two */
		const char *key_file;
		const char *ca_file; /* PEM: client certificates are required, from these */
	} api;
	struct {
		uint64_t interval_ms; /* 0: the updater is off */
		const char *mirror; /* URL in front of those of all sources; may hold credentials */
		const char *credentials_file; /* netrc */
		struct config_source sources[CONFIG_SOURCE_COUNT];
	} updater;
	struct {
		bool enabled; /* there is an endpoint */
		unsigned attempts;
		uint64_t renotify_interval_ms;
		bool all; /* also when no indexed layer is affected */
		struct {
			const char *endpoint; /* an http or https URL; may hold credentials */
			const char *server_name;
			const char *ca_file;
			const char *cert_file; /* both or none of these two */
			const char *key_file;
			const char *proxy; /* a URL; may hold credentials */
		} http;
	} notifier;
	struct {
		bool limited; /* layers may be read from local_paths only; else from anywhere */
		struct str_vec
			local_paths; /* absolute, NUL-terminated; of the arena, as the array */
	} layer_sources;

	VEC_OF(struct config_origin) origins; /* heap */
};

/* Something wrong. An error means that the file cannot be used. */
struct config_problem {
	bool is_error;
	struct config_place place; /* 0 and 0: the file as a whole */
	struct str message;        /* fit for a terminal; names the key */
};

/* What is wrong, in the order of the file; at most LIMIT_CONFIG_PROBLEMS of it. */
struct config_problems {
	struct arena arena;
	VEC_OF(struct config_problem) list; /* heap */
	size_t errors;                      /* all that there are, kept in the list or not */
	size_t warnings;
};

#define CONFIG_PROBLEMS_INIT                          \
	{                                             \
		.arena = ARENA_INIT, .list = VEC_INIT \
	}
#define _cleanup_config_problems_ _cleanup_(config_problems_fini)
#define _cleanup_config_          _cleanup_(config_fini)

void config_problems_fini(struct config_problems *problems);

/* Appends "NAME:3:5: error: …" without a line end. */
void config_problem_format(struct buf *out, const struct config_problem *p, const char *name);

/* What holds without a file: the embedded database, ports 6060 and 6061, no notifier. */
void config_defaults(struct config *out);
/* Wipes the secrets and frees everything. */
void config_fini(struct config *c);

/*
 * Reads a configuration; no I/O: files that it names are not looked at, and a missing pagination
 * key stays zeros. `name` is what the text is called in the error. Problems are added, also on
 * success. -ERR_INPUT when there are errors, with the first of them; out is set on success only and
 * is then the caller's to release.
 */
int config_parse(struct span text, const char *name, struct config *out,
	struct config_problems *problems, struct err *err) MUST_CHECK;

/*
 * Reads the file, looks whether the files it names can be read, and makes up a pagination key where
 * there is none. path NULL: CONFIG_DEFAULT_PATH, and the defaults when there is no such file. Fails
 * as config_parse(), or because of the file itself (-ERR_NOT_FOUND, -ERR_IO, -ERR_TOO_LARGE), which
 * is then no problem in the list.
 */
int config_load(const char *path, struct config *out, struct config_problems *problems,
	struct err *err) MUST_CHECK;

/* Where a key ("clair.api.port") has its value in the file. */
struct config_place config_place_of(const struct config *c, const char *key);

/*
 * What the database is, for people: without password and other parameters that may be secret.
 * "postgresql://db:5432/clair", "PostgreSQL host=db dbname=clair", "SQLite
 * /var/lib/clair/clair.db"; default_path stands for a path that is NULL. In a.
 */
struct str config_database_label(struct arena *a, const struct config *c, const char *default_path);

#endif
