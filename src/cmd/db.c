/*
 * clair db status: what is in the database, and how old it is.
 */
#include "cmd/cmd_priv.h"
#include "config/config.h"

enum { OPTION_DB = 256 };

static const struct cmd_option options[] = {
	{ OPTION_DB, "db", "PATH", "the database (for the default see the files below)" },
	{ 0 },
};

static const char *const description[] = {
	"\"status\" shows for each data source when its data were written, how long ago they were last found current, how many "
	"advisories there are, and where they came from.",
	NULL,
};

static const struct cmd_term environment[] = {
	{ "XDG_DATA_HOME", "where the database lies, for other users than root" },
	{ 0 },
};

static const struct cmd_term examples[] = {
	{ "clair db status", "how old the data is" },
	{ 0 },
};

static int take(void *ctx, int id UNUSED, const char *argument, struct err *err UNUSED)
{
	*(const char **)ctx = argument;
	return 0;
}

static void print_source(const struct source_state *s, int64_t now)
{
	char updated[CLOCK_RFC3339_SIZE], age[CLOCK_AGE_SIZE];

	clock_format_rfc3339(s->updated_at, updated);
	clock_format_age(now - s->checked_at, age);
	(void)printf("%-10" PRIstr "  %-20s  %-12s  %10" PRIu64 "  %" PRIstr "\n", STR_ARG(s->name),
		updated, age, s->advisories, STR_ARG(s->location));
}

/* The database for people: what libpq is told may hold a password. */
static struct str label_of(struct arena *a, const char *location)
{
	struct config c = { .database = { .type = CONFIG_PGSQL, .source = location } };
	struct str rest = str_of(location);

	if (str_skip_prefix(&rest, STR("pgsql:")))
		c.database.source = rest.p;
	else if (!str_starts(rest, STR("postgres://")) && !str_starts(rest, STR("postgresql://")))
		return rest;
	return config_database_label(a, &c, NULL);
}

static int status(const char *path)
{
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	struct source_state *sources;
	struct err err = ERR_INIT;
	size_t n;

	if (store_open(path, STORE_READ_ONLY, &store, &err) < 0 ||
		store_source_list(store, &arena, &sources, &n, &err) < 0)
		return cmd_fail(&err);
	(void)printf("database %" PRIstr "\n", STR_ARG(label_of(&arena, path)));
	(void)printf("%-10s  %-20s  %-12s  %10s  %s\n", "SOURCE", "UPDATED", "AGE", "ADVISORIES",
		"FROM");
	for (size_t i = 0; i < n; i++)
		print_source(&sources[i], clock_wall_s());
	if (n == 0)
		(void)puts("no source has been updated yet; see \"clair update --help\"");
	return cmd_finish_output(CMD_OK);
}

static int run(const struct command *command, int argc, char **argv)
{
	const char *path = NULL;
	int first = cmd_parse_options(command, argc, argv, take, &path);

	if (first < 0)
		return first == CMD_OPTIONS_HELP ? cmd_finish_output(CMD_OK) : CMD_FAILURE;
	if (argc - first != 1 || strcmp(argv[first], "status") != 0)
		return cmd_usage(command, "expected \"status\"");
	_cleanup_free_ char *default_database = path ? NULL : cmd_default_database();
	return status(path ? path : default_database);
}

const struct command cmd_db = { .name = "db",
	.arguments = "status",
	.summary = "show what is in the database, and how old it is",
	.description = description,
	.options = options,
	.examples = examples,
	.environment = environment,
	.database = true,
	.run = run };
