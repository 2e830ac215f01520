/*
 * Help and man pages, made from the table of commands: one source for what the program says of
 * itself.
 */
#include "cmd/cmd_priv.h"

static const struct cmd_example evaluation_statuses[] = {
	{ "0", "all went well, and no finding is at or above --fail-on" },
	{ "1", "there are findings at or above --fail-on" },
	{ "2", "the command line is wrong, or something failed; what could be read is still reported" },
	{ "3", "nothing could be evaluated: unknown distribution, or no data for it" },
	{ 0 },
};

static const struct cmd_example plain_statuses[] = {
	{ "0", "all went well" },
	{ "2", "the command line is wrong, or something failed" },
	{ 0 },
};

static const struct cmd_example database_files[] = {
	{ "/var/lib/clair/clair.db", "the database of root" },
	{ "$XDG_DATA_HOME/clair/clair.db",
		"of other users; $XDG_DATA_HOME is ~/.local/share unless it is set" },
	{ 0 },
};

static const struct cmd_example *statuses_of(const struct command *c)
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

static const struct cmd_option help_option = {
	.id = 'h', .name = "help", .help = "show this help"
};

static void print_terms(FILE *out, const char *title, const struct cmd_example *terms)
{
	if (terms)
		(void)fprintf(out, "\n%s:\n", title);
	for (; terms && terms->line; terms++) {
		int n = fprintf(out, "  %-*s  ", TERM_WIDTH, terms->line);

		print_wrapped(out, terms->help, TERM_WIDTH + 4, n);
	}
}

void cmd_print_help(const struct command *c, FILE *out)
{
	(void)fprintf(out, "Usage: clair %s %s%s\n", c->name, c->options ? "[OPTION…] " : "",
		c->arguments);
	for (size_t i = 0; c->description[i]; i++) {
		(void)fputc('\n', out);
		print_wrapped(out, c->description[i], 0, 0);
	}
	(void)fputs("\nOptions:\n", out);
	for (const struct cmd_option *o = c->options; o && o->name; o++)
		print_option(out, o);
	print_option(out, &help_option);
	print_terms(out, "Environment", c->environment);
	print_terms(out, "Files", c->database ? database_files : NULL);
	print_terms(out, "Exit status", statuses_of(c));
	if (c->examples)
		(void)fputs("\nExamples:\n", out);
	for (const struct cmd_example *e = c->examples; e && e->line; e++)
		(void)fprintf(out, "  %s\n      %s\n", e->line, e->help);
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
	(void)fputs(
		"\n\"clair COMMAND --help\" tells about one. Start with \"clair update\", then \"clair scan IMAGE\".\n",
		out);
}

/* --- man pages
 * --------------------------------------------------------------------------------------------------------
 */

/* Characters that mean something to roff; "…" is no ASCII. */
static void print_roff(FILE *out, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		(void)fputs("\\&", out);
	for (const char *p = text; *p; p++) {
		if (*p == '-')
			(void)fputs("\\-", out);
		else if (*p == '\\')
			(void)fputs("\\e", out);
		else if (strncmp(p, "…", strlen("…")) == 0) {
			(void)fputs("\\&...", out);
			p += strlen("…") - 1;
		} else
			(void)fputc(*p, out);
	}
	(void)fputc('\n', out);
}

static void print_man_option(FILE *out, const struct cmd_option *o)
{
	(void)fputs(".TP\n", out);
	if (o->id < 256)
		(void)fprintf(out, "\\fB\\-%c\\fR, ", o->id);
	(void)fputs("\\fB\\-\\-", out);
	for (const char *p = o->name; *p; p++)
		(void)fprintf(out, *p == '-' ? "\\-" : "%c", *p);
	(void)fputs("\\fR", out);
	if (o->argument)
		(void)fprintf(out, " \\fI%s\\fR", o->argument);
	(void)fputc('\n', out);
	print_roff(out, o->help);
}

static void print_man_terms(FILE *out, const char *title, const struct cmd_example *terms)
{
	if (terms)
		(void)fprintf(out, ".SH %s\n", title);
	for (; terms && terms->line; terms++) {
		(void)fputs(".TP\n", out);
		print_roff(out, terms->line);
		print_roff(out, terms->help);
	}
}

static void print_man_rest(const struct command *c, FILE *out)
{
	const struct command *other;

	print_man_terms(out, "EXIT STATUS", statuses_of(c));
	print_man_terms(out, "ENVIRONMENT", c->environment);
	print_man_terms(out, "FILES", c->database ? database_files : NULL);
	print_man_terms(out, "EXAMPLES", c->examples);
	(void)fputs(".SH SEE ALSO\n", out);
	bool first = true;
	for (size_t i = 0; (other = cmd_at(i)); i++) {
		if (other == c || other == &cmd_help || other == &cmd_version)
			continue;
		(void)fprintf(out, "%s\\fBclair\\-%s\\fR(1)", first ? "" : ",\n", other->name);
		first = false;
	}
	(void)fputc('\n', out);
}

void cmd_print_man(const struct command *c, FILE *out)
{
	(void)fprintf(out,
		".TH CLAIR\\-%s 1 \"\" \"clair " CLAIR_VERSION
		"\" \"clair manual\"\n.SH NAME\nclair\\-%s \\- ",
		c->name, c->name);
	print_roff(out, c->summary);
	(void)fprintf(out, ".SH SYNOPSIS\n\\fBclair %s\\fR %s", c->name,
		c->options ? "[\\fIOPTION\\fR...] " : "");
	print_roff(out, c->arguments);
	(void)fputs(".SH DESCRIPTION\n", out);
	for (size_t i = 0; c->description[i]; i++) {
		(void)fputs(".PP\n", out);
		print_roff(out, c->description[i]);
	}
	(void)fputs(".SH OPTIONS\n", out);
	for (const struct cmd_option *o = c->options; o && o->name; o++)
		print_man_option(out, o);
	print_man_option(out, &help_option);
	print_man_rest(c, out);
}

/* --- the commands "help" and "version"
 * --------------------------------------------------------------------------------- */

enum { OPTION_MAN = 256 };

static const struct cmd_option help_options[] = {
	{ OPTION_MAN, "man", NULL, "print the manual page of the command, as man(7) source" },
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
	if (first == argc && !man) {
		cmd_print_overview(stdout);
		return cmd_finish_output(CMD_OK);
	}
	for (size_t i = 0; first < argc && (about = cmd_at(i)); i++) {
		if (strcmp(about->name, argv[first]) != 0)
			continue;
		if (man)
			cmd_print_man(about, stdout);
		else
			cmd_print_help(about, stdout);
		return cmd_finish_output(CMD_OK);
	}
	return cmd_usage(c, "there is no command \"%s\"", first < argc ? argv[first] : "");
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
