/*
 * Manual pages, made from the table of commands as the help is (help.c): one for each command, and
 * clair(1). The macros are those of man(7).
 */
#include "cmd/cmd_priv.h"

/* Characters that mean something to roff; "…" is no ASCII. */
static void print_text(FILE *out, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		(void)fputs("\\&", out);
	for (const char *p = text; *p; p++) {
		if (*p == '-')
			(void)fputs("\\-", out);
		else if (*p == '~')
			(void)fputs("\\(ti", out);
		else if (*p == '\\')
			(void)fputs("\\e", out);
		else if (strncmp(p, "…", strlen("…")) == 0) {
			(void)fputs("\\&...", out);
			p += strlen("…") - 1;
		} else
			(void)fputc(*p, out);
	}
}

static void print_line(FILE *out, const char *text)
{
	print_text(out, text);
	(void)fputc('\n', out);
}

static void print_bold(FILE *out, const char *text)
{
	(void)fputs("\\fB", out);
	print_text(out, text);
	(void)fputs("\\fR", out);
}

/* Titles are in capitals by tradition. */
static void print_capitals(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '-')
			(void)fputs("\\-", out);
		else
			(void)fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, out);
	}
}

static void print_head(FILE *out, const char *name, const char *summary)
{
	(void)fputs(".TH ", out);
	print_capitals(out, name);
	(void)fputs(" 1 \"\" \"clair " CLAIR_VERSION "\" \"clair manual\"\n.SH NAME\n", out);
	print_text(out, name);
	(void)fputs(" \\- ", out);
	print_line(out, summary);
}

static void print_term(FILE *out, const struct cmd_term *t)
{
	(void)fputs(".TP\n", out);
	print_bold(out, t->term);
	(void)fputc('\n', out);
	print_line(out, t->help);
}

static void print_terms(FILE *out, const char *title, const struct cmd_term *terms)
{
	if (terms)
		(void)fprintf(out, ".SH %s\n", title);
	for (; terms && terms->term; terms++)
		print_term(out, terms);
}

static void print_topic(FILE *out, const struct cmd_topic *topic)
{
	struct cmd_term t;

	(void)fputs(".SH ", out);
	print_capitals(out, topic->title);
	(void)fputc('\n', out);
	for (size_t i = 0; topic->at(i, &t); i++)
		print_term(out, &t);
}

static void print_option(FILE *out, const struct cmd_option *o)
{
	(void)fputs(".TP\n", out);
	if (o->id < 256)
		(void)fprintf(out, "\\fB\\-%c\\fR, ", o->id);
	(void)fputs("\\fB\\-\\-", out);
	print_text(out, o->name);
	(void)fputs("\\fR", out);
	if (o->argument)
		(void)fprintf(out, " \\fI%s\\fR", o->argument);
	(void)fputc('\n', out);
	print_line(out, o->help);
}

/* The pages of the other commands; about: the one that this page is about, NULL for clair(1). */
static void print_see_also(FILE *out, const struct command *about)
{
	const struct command *c;

	(void)fputs(".SH SEE ALSO\n", out);
	if (about)
		(void)fputs("\\fBclair\\fR(1)", out);
	for (size_t i = 0; (c = cmd_at(i)); i++) {
		if (c == about || c == &cmd_help || c == &cmd_version)
			continue;
		(void)fputs(about || i > 0 ? ",\n\\fBclair\\-" : "\\fBclair\\-", out);
		print_text(out, c->name);
		(void)fputs("\\fR(1)", out);
	}
	(void)fputc('\n', out);
}

void cmd_print_man(const struct command *c, FILE *out)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;

	print_head(out, arena_printf(&scratch, "clair-%s", c->name).p, c->summary);
	(void)fputs(".SH SYNOPSIS\n", out);
	print_bold(out, arena_printf(&scratch, "clair %s", c->name).p);
	(void)fputs(c->options ? " [\\fIOPTION\\fR...] " : " ", out);
	print_line(out, c->arguments);
	(void)fputs(".SH DESCRIPTION\n", out);
	for (size_t i = 0; c->description[i]; i++) {
		(void)fputs(i ? ".PP\n" : "", out);
		print_line(out, c->description[i]);
	}
	if (c->topic)
		print_topic(out, c->topic);
	(void)fputs(".SH OPTIONS\n", out);
	for (const struct cmd_option *o = c->options; o && o->name; o++)
		print_option(out, o);
	print_option(out, &cmd_help_option);
	print_terms(out, "EXIT STATUS", cmd_exit_statuses(c));
	print_terms(out, "ENVIRONMENT", c->environment);
	print_terms(out, "FILES", cmd_files(c));
	print_terms(out, "EXAMPLES", c->examples);
	print_see_also(out, c);
}

void cmd_print_man_overview(FILE *out)
{
	const struct command *c;

	print_head(out, "clair", "find known vulnerabilities in container images");
	(void)fputs(
		".SH SYNOPSIS\n\\fBclair\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n"
		".SH DESCRIPTION\n",
		out);
	print_line(out,
		"Finds out the distribution and the installed packages of container images, compares them with the "
		"distributions' own security data in a database, and reports the known vulnerabilities. The commands need "
		"no server and no configuration; \"clair serve\" is the server, with the /v1 API of Clair 2.0.7.");
	(void)fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; (c = cmd_at(i)); i++)
		print_term(out, &(struct cmd_term){ .term = c->name, .help = c->summary });
	print_terms(out, "FILES", cmd_files(&cmd_scan));
	print_terms(out, "EXAMPLES", cmd_overview_examples);
	print_see_also(out, NULL);
}
