/*
 * Internals of cmd/: how a command describes itself, and what commands share.
 */
#ifndef CMD_CMD_PRIV_H
#define CMD_CMD_PRIV_H

#include "cmd/cmd.h"
#include "store/store.h"

/* One option; a table of them ends with an empty one. Help and man pages are made from this. */
struct cmd_option {
	int id;               /* the short option's character, or from 256 on when there is none */
	const char *name;     /* long, without "--" */
	const char *argument; /* what its argument is called; NULL: it has none */
	const char *help;
};

/* A command line, or a variable of the environment, and what it does. */
struct cmd_example {
	const char *line;
	const char *help;
};

struct command {
	const char *name;
	const char *arguments;                 /* "TARGET…" */
	const char *summary;                   /* half a sentence, for lists */
	const char *const *description;        /* paragraphs, NULL-terminated */
	const struct cmd_option *options;      /* beside --help */
	const struct cmd_example *examples;    /* ends with an empty one; may be NULL */
	const struct cmd_example *environment; /* variables that it heeds, likewise */
	bool database;                         /* it uses the database: its place is told */
	bool evaluates;                        /* it has the exit statuses of an evaluation */
	bool sandbox; /* it runs jobs in workers: the zygote is started first */
	int (*run)(
		const struct command *c, int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command cmd_scan, cmd_update, cmd_db, cmd_compare_versions, cmd_help,
	cmd_version;

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

/* Help for people, and a man page (roff, man(7)). */
void cmd_print_help(const struct command *c, FILE *out);
void cmd_print_man(const struct command *c, FILE *out);
void cmd_print_overview(FILE *out);

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
