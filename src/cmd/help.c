/*
 * Help, made from the table of commands: one source for what the program says of itself, together
 * with man.c.
 */
#include "cmd/cmd_priv.h"

static const struct cmd_term evaluation_statuses[] = {
	{ "0", "all went well, and no finding is at or above --fail-on" },
	{ "1", "there are findings at or above --fail-on" },
	{ "2", "the command line is wrong, or something failed; what could be read is still reported" },
	{ "3", "nothing could be evaluated: no packages, an unknown distribution, or no data for it" },
	{ 0 },
};

static const struct cmd_term plain_statuses[] = {
	{ "0", "all went well" },
	{ "2", "the command line is wrong, or something failed" },
	{ 0 },
};

static const struct cmd_term database_files[] = {
	{ "/var/lib/clair/clair.db", "the database of root" },
	{ "$XDG_DATA_HOME/clair/clair.db",
		"of other users; $XDG_DATA_HOME is ~/.local/share unless it is set" },
	{ "clair.db-wal, clair.db-shm",
		"beside the database while it is in use, and part of it: copy it when they are not there" },
	{ 0 },
};

/* Where to start. */
const struct cmd_term cmd_overview_examples[] = {
	{ "clair update", "fetch the security data" },
	{ "docker save app:1.0 -o app.tar && clair scan app.tar", "scan an image" },
	{ "clair db status", "see how old the data is" },
	{ 0 },
};

const struct cmd_term *cmd_files(const struct command *c)
{
	return c->database ? database_files : NULL;
}

const struct cmd_term *cmd_exit_statuses(const struct command *c)
{
	return c->evaluates ? evaluation_statuses : plain_statuses;
}

enum { HELP_COLUMN = 28, HELP_WIDTH = 80, TERM_WIDTH = 20 };

/* Text broken at spaces, each line behind `indent` spaces; the first one starts at column `at`. */
static void print_wrapped(FILE *out, const char *text, int indent, int at)
{
	struct str rest = str_of(text), word;
	bool first = true;

	while (str_next_word(&rest, &word)) {
		if (!first && at + 1 + (int)word.n > HELP_WIDTH) {
			(void)fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			(void)fputc(' ', out);
			at++;
		}
		(void)fprintf(out, "%" PRIstr, STR_ARG(word));
		at += (int)word.n;
		first = false;
	}
	(void)fputc('\n', out);
}

static void print_option(FILE *out, const struct cmd_option *o)
{
	char left[128];
	int n;

	if (o->id < 256)
		n = snprintf(left, sizeof(left), "  -%c, --%s%s%s", o->id, o->name,
			o->argument ? " " : "", o->argument ? o->argument : "");
	else
		n = snprintf(left, sizeof(left), "      --%s%s%s", o->name, o->argument ? " " : "",
			o->argument ? o->argument : "");
	if (n < HELP_COLUMN)
		(void)fprintf(out, "%-*s", HELP_COLUMN, left);
	else
		(void)fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
	print_wrapped(out, o->help, HELP_COLUMN, HELP_COLUMN);
}

const struct cmd_option cmd_help_option = { .id = 'h', .name = "help", .help = "show this help" };

static void print_term(FILE *out, const struct cmd_term *t)
{
	int column = TERM_WIDTH + 4;
	int n = fprintf(out, "  %s", t->term);

	if (n + 2 > column)
		(void)fprintf(out, "\n%*s", column, "");
	else
		(void)fprintf(out, "%*s", column - n, "");
	print_wrapped(out, t->help, column, column);
}

static void print_terms(FILE *out, const char *title, const struct cmd_term *terms)
{
	if (terms)
		(void)fprintf(out, "\n%s:\n", title);
	for (; terms && terms->term; terms++)
		print_term(out, terms);
}

static void print_topic(FILE *out, const struct cmd_topic *topic)
{
	struct cmd_term t;

	(void)fprintf(out, "\n%s:\n", topic->title);
	for (size_t i = 0; topic->at(i, &t); i++)
		print_term(out, &t);
}

static void print_examples(FILE *out, const struct cmd_term *examples)
{
	if (examples)
		(void)fputs("\nExamples:\n", out);
	for (; examples && examples->term; examples++)
		(void)fprintf(out, "  %s\n      %s\n", examples->term, examples->help);
}

void cmd_print_help(const struct command *c, FILE *out)
{
	(void)fprintf(out, "Usage: clair %s%s%s%s\n", c->name, c->options ? " [OPTION…]" : "",
		c->arguments[0] ? " " : "", c->arguments);
	for (size_t i = 0; c->description[i]; i++) {
		(void)fputc('\n', out);
		print_wrapped(out, c->description[i], 0, 0);
	}
	if (c->topic)
		print_topic(out, c->topic);
	(void)fputs("\nOptions:\n", out);
	for (const struct cmd_option *o = c->options; o && o->name; o++)
		print_option(out, o);
	print_option(out, &cmd_help_option);
	print_terms(out, "Environment", c->environment);
	print_terms(out, "Files", cmd_files(c));
	print_terms(out, "Exit status", cmd_exit_statuses(c));
	print_examples(out, c->examples);
}

void cmd_print_overview(FILE *out)
{
	const struct command *c;

	(void)fputs(
		"clair finds known vulnerabilities in container images.\n\nUsage: clair COMMAND [OPTION…] [ARGUMENT…]\n\n"
		"Commands:\n",
		out);
	for (size_t i = 0; (c = cmd_at(i)); i++)
		(void)fprintf(out, "  %-18s%s\n", c->name, c->summary);
	print_examples(out, cmd_overview_examples);
	(void)fputs("\n\"clair COMMAND --help\" tells more.\n", out);
}

/* --- the commands "help" and "version"
 * --------------------------------------------------------------------------------- */

enum { OPTION_MAN = 256 };

static const struct cmd_option help_options[] = {
	{ OPTION_MAN, "man", NULL,
		"print the manual page of the command, or of the program, as man(7) source" },
	{ 0 },
};

static int take_help_option(
	void *ctx, int id UNUSED, const char *argument UNUSED, struct err *err UNUSED)
{
	*(bool *)ctx = true;
	return 0;
}

static int run_help(const struct command *c, int argc, char **argv)
{
	const struct command *about;
	bool man = false;
	int first = cmd_parse_options(c, argc, argv, take_help_option, &man);

	if (first < 0)
		return first == CMD_OPTIONS_HELP ? cmd_finish_output(CMD_OK) : CMD_FAILURE;
	if (first == argc) {
		if (man)
			cmd_print_man_overview(stdout);
		else
			cmd_print_overview(stdout);
		return cmd_finish_output(CMD_OK);
	}
	for (size_t i = 0; (about = cmd_at(i)); i++) {
		if (strcmp(about->name, argv[first]) != 0)
			continue;
		if (man)
			cmd_print_man(about, stdout);
		else
			cmd_print_help(about, stdout);
		return cmd_finish_output(CMD_OK);
	}
	return cmd_usage(c, "there is no command \"%s\"", argv[first]);
}

static const char *const help_description[] = { "Tells how to use clair, or one of its commands.",
	NULL };

const struct command cmd_help = { .name = "help",
	.arguments = "[COMMAND]",
	.summary = "tell how to use clair, or one of its commands",
	.description = help_description,
	.options = help_options,
	.run = run_help };

static int take_nothing(
	void *ctx UNUSED, int id UNUSED, const char *argument UNUSED, struct err *err UNUSED)
{
	return 0;
}

static int run_version(const struct command *c, int argc, char **argv)
{
	int first = cmd_parse_options(c, argc, argv, take_nothing, NULL);

	if (first == CMD_OPTIONS_BAD)
		return CMD_FAILURE;
	if (first >= 0)
		(void)puts("clair " CLAIR_VERSION);
	return cmd_finish_output(CMD_OK);
}

static const char *const version_description[] = { "Prints the version of this program.", NULL };

const struct command cmd_version = { .name = "version",
	.arguments = "",
	.summary = "print the version of this program",
	.description = version_description,
	.run = run_version };
