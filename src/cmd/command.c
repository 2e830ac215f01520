/*
 * The table of commands, and what they share: options by getopt_long(3), errors, the default
 * database.
 */
#include "cmd/cmd_priv.h"

#include <getopt.h>
#include <stdarg.h>

static const struct command *const commands[] = { &cmd_scan, &cmd_update, &cmd_db, &cmd_serve,
	&cmd_check_config, &cmd_compare_versions, &cmd_help, &cmd_version };

const struct command *cmd_at(size_t i)
{
	return i < ARRAY_LEN(commands) ? commands[i] : NULL;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

int cmd_fail(struct err *err)
{
	log_error("%s", err_msg(err));
	err_clear(err);
	return CMD_FAILURE;
}

int cmd_usage(const struct command *c, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	log_error("%s; see \"clair %s --help\"", text, c->name);
	free(text);
	return CMD_FAILURE;
}

int cmd_finish_output(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("standard output: %m");
		return CMD_FAILURE;
	}
	return status;
}

char *cmd_default_database(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int r;

	if (geteuid() == 0)
		return xstrdup("/var/lib/clair/clair.db");
	/* The XDG base directory specification: a relative path is to be ignored. */
	if (data && data[0] == '/')
		r = asprintf(&path, "%s/clair/clair.db", data);
	else
		r = asprintf(&path, "%s/.local/share/clair/clair.db", home && home[0] ? home : "");
	if (r < 0)
		abort();
	return path;
}

/* --- options
 * ------------------------------------------------------------------------------------------------------
 */

/* getopt's two forms of a table. */
struct getopt_tables {
	VEC_OF(struct option) longs;
	struct buf shorts;
};

static void build_tables(const struct command *c, struct getopt_tables *t)
{
	*t = (struct getopt_tables){ .shorts = BUF_INIT(1024) };
	/* Errors are reported here; a missing argument is told from an unknown option. */
	buf_append_str(&t->shorts, STR(":h"));
	vec_push(&t->longs, (struct option){ .name = "help", .val = 'h' });
	for (const struct cmd_option *o = c->options; o && o->name; o++) {
		vec_push(
			&t->longs, (struct option){ .name = o->name,
					   .has_arg = o->argument ? required_argument : no_argument,
					   .val = o->id });
		if (o->id < 256) {
			buf_append_char(&t->shorts, (char)o->id);
			if (o->argument)
				buf_append_char(&t->shorts, ':');
		}
	}
	vec_push(&t->longs, (struct option){ .name = NULL });
}

static int take_option(const struct command *c, int id, char **argv,
	int (*take)(void *ctx, int id, const char *argument, struct err *err), void *ctx)
{
	struct err err = ERR_INIT;

	if (id == 'h') {
		cmd_print_help(c, stdout);
		return CMD_OPTIONS_HELP;
	}
	if (id == '?' || id == ':') {
		(void)cmd_usage(c, "%s: %s", argv[optind - 1],
			id == ':' ? "an argument is missing"
				  : "no such option, or an argument that it does not take");
		return CMD_OPTIONS_BAD;
	}
	if (take(ctx, id, optarg, &err) < 0) {
		(void)cmd_usage(c, "%s", err_msg(&err));
		err_clear(&err);
		return CMD_OPTIONS_BAD;
	}
	return 0;
}

int cmd_parse_options(const struct command *c, int argc, char **argv,
	int (*take)(void *ctx, int id, const char *argument, struct err *err), void *ctx)
{
	struct getopt_tables tables;
	int id, r = 0;

	build_tables(c, &tables);
	optind = 0;
	opterr = 0;
	/* One thread: commands start their own later. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (r == 0 && (id = getopt_long(argc, argv, buf_cstr(&tables.shorts), tables.longs.v,
				  NULL)) != -1)
		r = take_option(c, id, argv, take, ctx);
	vec_fini(&tables.longs);
	buf_fini(&tables.shorts);
	return r < 0 ? r : optind;
}

/* --- the program
 * ----------------------------------------------------------------------------------------------------
 */

static int run(const struct command *c, int argc, char **argv)
{
	struct err err = ERR_INIT;

	/* First of all: what is forked now knows nothing yet. */
	if (c->jobs && sandbox_start(c->jobs, &err) < 0)
		return cmd_fail(&err);
	int status = c->run(c, argc, argv);
	sandbox_stop();
	return status;
}

int cmd_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	struct err err = ERR_INIT;

	if (io_reserve_standard(&err) < 0)
		return cmd_fail(&err);
	if (!name) {
		cmd_print_overview(stderr);
		return CMD_FAILURE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return cmd_help.run(&cmd_help, 1, (char *[]){ argv[1], NULL });
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		return cmd_version.run(&cmd_version, 1, (char *[]){ argv[1], NULL });
	/* Started as the original is: "clair -config FILE". */
	if (name[0] == '-')
		return run(&cmd_serve, argc, argv);
	const struct command *c = find(name);
	if (!c) {
		log_error("there is no command \"%s\"; see \"clair --help\"", name);
		return CMD_FAILURE;
	}
	return run(c, argc - 1, argv + 1);
}

int cmd_open_database(const char *path, struct store **out, struct err *err)
{
	struct str dir = path_dirname(str_of(path));
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	int r = 0;

	if (dir.n && store_location_is_file(str_of(path)))
		r = io_mkdirs(arena_cstr(&scratch, dir), err);
	return r < 0 ? r : store_open(path, STORE_CREATE, out, err);
}
