/*
 * Internals of cmd/: how a command describes itself, and what commands share.
 */
#ifndef CMD_CMD_PRIV_H
#define CMD_CMD_PRIV_H

#include "cmd/cmd.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

/* One option; a table of them ends with an empty one. Help and man pages are made from this. */
struct cmd_option {
	int id;               /* the short option's character, or from 256 on when there is none */
	const char *name;     /* long, without "--" */
	const char *argument; /* what its argument is called; NULL: it has none */
	const char *help;
};

/* A term and what it means: a command line, a variable of the environment, an exit status … Tables
 * end with an empty one. */
struct cmd_term {
	const char *term;
	const char *help;
};

/* What a command's arguments may be. */
struct cmd_topic {
	const char *title; /* "Targets" */
	/* The i-th; false behind the last. What it points to holds until the next call. */
	bool (*at)(size_t i, struct cmd_term *out);
};

struct command {
	const char *name;
	const char *arguments;            /* "TARGET…" */
	const char *summary;              /* half a sentence, for lists */
	const char *const *description;   /* paragraphs, NULL-terminated */
	const struct cmd_option *options; /* beside --help */
	const struct cmd_topic *topic;    /* may be NULL, as may the following */
	const struct cmd_term *examples;
	const struct cmd_term *environment; /* variables that it heeds */
	bool database;                      /* it uses the database: its place is told */
	bool evaluates;                     /* it has the exit statuses of an evaluation */
	/* The jobs that it runs in workers: the zygote is started first. NULL: none. */
	const struct sandbox_job *const *jobs;
	int (*run)(
		const struct command *c, int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command cmd_scan, cmd_update, cmd_db, cmd_serve, cmd_check_config,
	cmd_compare_versions, cmd_help, cmd_version;

/* All commands: cmd_at(0), … until NULL. */
const struct command *cmd_at(size_t i);

/*
 * Walks the options. For each one the command's own take() is called (-ERR_USAGE for a bad
 * argument). --help prints the help. Returns the index of the first argument that is no option in
 * argv (options may stand behind it: argv is permuted), -1 for a usage error, which has been
 * reported, -2 when help was printed.
 */
enum { CMD_OPTIONS_BAD = -1, CMD_OPTIONS_HELP = -2 };
int cmd_parse_options(const struct command *c, int argc, char **argv,
	int (*take)(void *ctx, int id, const char *argument, struct err *err), void *ctx);

/* Help for people: of a command, and of the program. */
void cmd_print_help(const struct command *c, FILE *out);
void cmd_print_overview(FILE *out);
/* The same as manual pages (roff, man(7)). */
void cmd_print_man(const struct command *c, FILE *out);
void cmd_print_man_overview(FILE *out);

/* What help and manual pages have in common. */
extern const struct cmd_option cmd_help_option;
extern const struct cmd_term cmd_overview_examples[];
const struct cmd_term *cmd_exit_statuses(const struct command *c);
const struct cmd_term *cmd_files(const struct command *c);

/* Reports a failure on standard error; CMD_FAILURE. Clears the error. */
int cmd_fail(struct err *err);
int cmd_usage(const struct command *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Flushes standard output: CMD_OK as given, or CMD_FAILURE when what was printed did not get out.
 */
int cmd_finish_output(int status);

/*
 * The database when --db does not say: /var/lib/clair/clair.db for root, else clair/clair.db in
 * $XDG_DATA_HOME
 * (~/.local/share). Heap, the caller's.
 */
char *cmd_default_database(void);
/* Opens a database to write into it, made with its directory when it is missing. */
int cmd_open_database(const char *path, struct store **out, struct err *err) MUST_CHECK;

/* --- progress.c
 * ------------------------------------------------------------------------------------------------
 */

/* A line on the terminal that shows bytes done, of how many, and the rate. Thread-safe. Nothing
 * where there is no terminal. */
void progress_start(const char *what, bool wanted);
void progress_add_total(uint64_t more);
void progress_add_done(uint64_t more);
void progress_set(uint64_t done, uint64_t total); /* total UINT64_MAX: unknown */
void progress_stop(void);

#endif
