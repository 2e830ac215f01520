/*
 * clair db: what is in the database, and how old it is; all of it into a file, and back.
 */
#include "cmd/cmd_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "config/config.h"
#include "net/net.h"

enum { OPTION_DB = 256 };

static const struct cmd_option options[] = {
	{ OPTION_DB, "db", "PATH", "the database (for the default see the files below)" },
	{ 0 },
};

static const char *const description[] = {
	"\"status\" shows for each data source when its data were written, how long ago they were last found current, how many "
	"advisories there are, where they came from, and why the last update failed, if it did.",
	"\"export\" writes all that feeds have said (not what was edited through the API, and no layers) into one compressed "
	"file, for machines without a network, or for a database of another kind. The file takes its name when it is complete.",
	"\"import\" makes what such a file holds, a file or an http or https URL, the state of its sources, as an update of all of "
	"them would, with notifications; other sources stay. All or nothing: a file that is damaged, cut off, made by a newer "
	"version, or something else changes nothing.",
	NULL,
};

static const struct cmd_term environment[] = {
	{ "XDG_DATA_HOME", "where the database lies, for other users than root" },
	{ 0 },
};

static const struct cmd_term examples[] = {
	{ "clair db status", "how old the data is" },
	{ "clair db export data.clairdb", "all that feeds have said, into a file" },
	{ "clair db import data.clairdb", "and from there into this database" },
	{ 0 },
};

static int take(void *ctx, int id UNUSED, const char *argument, struct err *err UNUSED)
{
	*(const char **)ctx = argument;
	return 0;
}

static void print_source(const struct source_state *s, int64_t now)
{
	char updated[CLOCK_RFC3339_SIZE] = "never", age[CLOCK_AGE_SIZE] = "-";

	if (s->updated_at) {
		clock_format_rfc3339(s->updated_at, updated);
		clock_format_age(now - s->checked_at, age);
	}
	(void)printf("%-10" PRIstr "  %-20s  %-12s  %10" PRIu64 "  %" PRIstr "\n", STR_ARG(s->name),
		updated, age, s->advisories, STR_ARG(s->location));
	if (s->failed_at) {
		clock_format_age(now - s->failed_at, age);
		(void)printf("%-10s  the last update failed, %s ago: %" PRIstr "\n", "", age,
			STR_ARG(s->error));
	}
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

/* --- export */

static void report_counts(const char *done, const struct dump_counts *n)
{
	(void)printf("%s %" PRIu64 " advisories and %" PRIu64 " CVEs of %" PRIu64 " sources\n",
		done, n->advisories, n->cves, n->sources);
}

/* Into a file beside it, which takes its place at the end. */
static int export_to(struct store *store, const char *file, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const char *partial = arena_cstr(&a, arena_printf(&a, "%s.partial", file));
	struct dump_counts counts;
	int fd = io_open(partial, O_WRONLY | O_CREAT | O_TRUNC, 0644, err);

	if (fd < 0)
		return fd;
	int r = store_export(store, fd, partial, &counts, err);
	if (r == 0 && fsync(fd) < 0)
		r = err_set_errno(err, ERR_IO, errno, "%s", partial);
	if (close(fd) < 0 && r == 0)
		r = err_set_errno(err, ERR_IO, errno, "%s", partial);
	if (r == 0 && rename(partial, file) < 0)
		r = err_set_errno(err, ERR_IO, errno, "%s", file);
	if (r < 0)
		(void)unlink(partial);
	else
		report_counts("exported", &counts);
	return r;
}

static int export(const char *path, const char *file)
{
	_cleanup_(store_closep) struct store *store = NULL;
	struct err err = ERR_INIT;

	if (store_open(path, STORE_READ_ONLY, &store, &err) < 0 || export_to(store, file, &err) < 0)
		return cmd_fail(&err);
	return cmd_finish_output(CMD_OK);
}

/* --- import */

static int import_stream(struct store *store, struct stream *in, const char *from, struct err *err)
{
	struct dump_counts counts;
	int r = store_import(store, in, &counts, err);

	if (r < 0)
		return err_wrap(err, "%s", from);
	report_counts("imported", &counts);
	return 0;
}

static int import_url(struct store *store, const char *url, struct err *err)
{
	_cleanup_(http_closep) struct stream *in = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct http_get_options o = { .url = url, .max_bytes = LIMIT_FEED_DOWNLOAD };
	struct http_response response;
	int r = http_get(&o, &a, &response, &in, err);

	return r < 0 ? r
		     : import_stream(store, in,
			       arena_cstr(&a, url_without_credentials(&a, str_of(url))), err);
}

static int import_file(struct store *store, const char *file, struct err *err)
{
	struct stream_fd in;
	int fd = io_open(file, O_RDONLY, 0, err);

	if (fd < 0)
		return fd;
	stream_fd_init(&in, fd, file);
	int r = import_stream(store, &in.stream, file, err);
	(void)close(fd);
	return r;
}

static int import(const char *path, const char *from)
{
	_cleanup_(store_closep) struct store *store = NULL;
	bool url = url_is_http(str_of(from));
	struct err err = ERR_INIT;

	/* Before anything else uses OpenSSL, see net.h. */
	if (url)
		net_init();
	int r = cmd_open_database(path, &store, &err);
	if (r == 0)
		r = url ? import_url(store, from, &err) : import_file(store, from, &err);
	return r < 0 ? cmd_fail(&err) : cmd_finish_output(CMD_OK);
}

static int run_verb(const struct command *command, const char *path, int n, char **words)
{
	if (n == 1 && strcmp(words[0], "status") == 0)
		return status(path);
	if (n == 2 && strcmp(words[0], "export") == 0)
		return export(path, words[1]);
	if (n == 2 && strcmp(words[0], "import") == 0)
		return import(path, words[1]);
	return cmd_usage(command, "expected \"status\", \"export FILE\" or \"import FILE|URL\"");
}

static int run(const struct command *command, int argc, char **argv)
{
	const char *path = NULL;
	int first = cmd_parse_options(command, argc, argv, take, &path);

	if (first < 0)
		return first == CMD_OPTIONS_HELP ? cmd_finish_output(CMD_OK) : CMD_FAILURE;
	_cleanup_free_ char *default_database = path ? NULL : cmd_default_database();
	return run_verb(command, path ? path : default_database, argc - first, argv + first);
}

const struct command cmd_db = { .name = "db",
	.arguments = "status | export FILE | import FILE|URL",
	.summary = "show, export and import what is in the database",
	.description = description,
	.options = options,
	.examples = examples,
	.environment = environment,
	.database = true,
	.run = run };
