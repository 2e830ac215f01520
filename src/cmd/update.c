/*
 * clair update: fills the database from the data sources.
 */
#include "cmd/cmd_priv.h"

#include "feed/feed.h"
#include "net/net.h"

enum { OPTION_QUIET = 'q', OPTION_FROM = 256, OPTION_DB, OPTION_ACCEPT_SHRINKING };

static const struct cmd_option options[] = {
	{ OPTION_FROM, "from", "SOURCE=LOCATION",
		"take a source from this URL or file instead of its usual place; may be repeated" },
	{ OPTION_DB, "db", "PATH",
		"the database; it is made when it is missing (for the default see the files below)" },
	{ OPTION_ACCEPT_SHRINKING, "accept-shrinking", NULL,
		"take a source that has fewer than half of the advisories it had, which is refused as damaged otherwise" },
	{ OPTION_QUIET, "quiet", NULL, "no progress and no notes" },
	{ 0 },
};

static const char *const description[] = {
	"Brings the security data in the database up to date, from all sources, or from those that are named. A source is written "
	"in one transaction: whatever fails, its old data stay. What has not changed is not fetched or not written again.",
	"A LOCATION is an http or https URL, a file:// URL or a path; what is there may be compressed with gzip, bzip2, xz or "
	"zstd. For a machine without a network, fetch what a source's URL serves elsewhere.",
	NULL,
};

static bool source_at(size_t i, struct cmd_term *out)
{
	static char text[512];
	const struct feed_driver *d = feed_driver_at(i);

	if (!d)
		return false;
	(void)snprintf(text, sizeof(text), "the %s (%s)", d->title, d->default_url);
	*out = (struct cmd_term){ .term = d->name, .help = text };
	return true;
}

static const struct cmd_topic topic = { "Sources", source_at };

static const struct cmd_term examples[] = {
	{ "clair update", "all sources, from where their publishers serve them" },
	{ "clair update --from debian=tracker.json.xz debian", "one source, from a file" },
	{ "clair update --from debian=https://mirror.example/tracker.json", "from a mirror" },
	{ 0 },
};

static const struct cmd_term environment[] = {
	{ "http_proxy, https_proxy, all_proxy, no_proxy",
		"proxies for downloads, as curl(1) heeds them; HTTP_PROXY too, unless REQUEST_METHOD is set" },
	{ "CLAIR_HTTP_STALL_S",
		"seconds after which a server that is silent, or sends less than 1,000 bytes a second, is given up (1 to "
		"3600; default 60)" },
	{ "SQLITE_TMPDIR, TMPDIR",
		"where an update is put together before it is written (default /var/tmp)" },
	{ "XDG_DATA_HOME", "where the database lies, for other users than root" },
	{ 0 },
};

struct location {
	const struct feed_driver *driver;
	const char *location;
};

struct update_command {
	VEC_OF(struct location) from;
	const char *database;
	bool accept_shrinking;
	bool quiet;
};

static int take_from(struct update_command *c, const char *argument, struct err *err)
{
	struct str name, location;

	if (!str_cut(str_of(argument), '=', &name, &location) || location.n == 0)
		return err_set(
			err, ERR_USAGE, "--from: expected SOURCE=LOCATION, found \"%s\"", argument);
	const struct feed_driver *driver = feed_driver_by_name(name);
	if (!driver)
		return err_set(err, ERR_USAGE, "--from: there is no source \"%" PRIstr "\"",
			STR_ARG(name));
	vec_push(&c->from, (struct location){ .driver = driver, .location = location.p });
	return 0;
}

static int take(void *ctx, int id, const char *argument, struct err *err)
{
	struct update_command *c = ctx;

	switch (id) {
	case OPTION_FROM:
		return take_from(c, argument, err);
	case OPTION_DB:
		c->database = argument;
		break;
	case OPTION_ACCEPT_SHRINKING:
		c->accept_shrinking = true;
		break;
	case OPTION_QUIET:
		c->quiet = true;
		break;
	default:
		break;
	}
	return 0;
}

static void on_bytes(struct feed_progress *p UNUSED, uint64_t done, uint64_t total)
{
	progress_set(done, total);
}

static void report_result(const struct feed_driver *d, const struct feed_result *r)
{
	const struct store_update_result *c = &r->changes;

	if (r->up_to_date)
		(void)printf("%s: up to date, %" PRIu64 " advisories\n", d->name, r->advisories);
	else
		(void)printf("%s: %" PRIu64 " advisories (%" PRIu64 " new, %" PRIu64
			     " changed, %" PRIu64 " removed)\n",
			d->name, r->advisories, c->inserted, c->changed, c->deleted);
	if (r->skipped)
		log_warning("%s: %" PRIu64 " records were skipped", d->name, r->skipped);
	for (size_t i = 0; i < r->n_notes; i++)
		log_warning("%s: %s", d->name, r->first_notes[i]);
}

static const char *location_of(const struct update_command *c, const struct feed_driver *d)
{
	const char *location = d->default_url;

	vec_for_each(f, &c->from) {
		if (f->driver == d)
			location = f->location;
	}
	return location;
}

static int update_one(
	const struct update_command *c, const struct feed_driver *d, struct store *store)
{
	struct feed_progress progress = { .bytes = on_bytes };
	struct feed_result result = { 0 };
	struct err err = ERR_INIT;

	progress_start(d->name, !c->quiet);
	const struct feed_update_options o = {
		.driver = d,
		.location = location_of(c, d),
		.accept_shrinking = c->accept_shrinking,
		.progress = &progress,
	};
	int r = feed_update(store, &o, &result, &err);
	progress_stop();
	if (r == 0)
		report_result(d, &result);
	feed_result_fini(&result);
	return r < 0 ? cmd_fail(&err) : CMD_OK;
}

/* Named sources, or all of them. */
static int update_all(const struct update_command *c, struct store *store, char **names)
{
	const struct feed_driver *d;
	int status = CMD_OK;

	for (size_t i = 0; (d = feed_driver_at(i)); i++) {
		bool named = !names[0];

		for (char **n = names; *n; n++)
			named = named || strcmp(*n, d->name) == 0;
		if (!named)
			continue;
		/* Before anything else uses OpenSSL, see net.h. */
		if (url_is_http(str_of(location_of(c, d))))
			net_init();
		/* One source's failure does not keep the others from being updated. */
		if (update_one(c, d, store) != CMD_OK)
			status = CMD_FAILURE;
	}
	return status;
}

static int open_database(const char *path, struct store **out, struct err *err)
{
	struct str dir = path_dirname(str_of(path));
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	int r = dir.n ? io_mkdirs(arena_cstr(&scratch, dir), err) : 0;

	return r < 0 ? r : store_open(path, STORE_CREATE, out, err);
}

static int update(const struct update_command *c, char **names)
{
	_cleanup_free_ char *default_database = c->database ? NULL : cmd_default_database();
	_cleanup_(store_closep) struct store *store = NULL;
	struct err err = ERR_INIT;

	if (open_database(c->database ? c->database : default_database, &store, &err) < 0)
		return cmd_fail(&err);
	return cmd_finish_output(update_all(c, store, names));
}

static int run(const struct command *command, int argc, char **argv)
{
	struct update_command c = { .from = VEC_INIT };
	int first = cmd_parse_options(command, argc, argv, take, &c);
	int status = CMD_FAILURE;

	if (first >= 0) {
		if (c.quiet)
			log_set_level(LOG_ERROR);
		status = CMD_OK;
		for (int i = first; i < argc; i++) {
			if (!feed_driver_by_name(str_of(argv[i])))
				status = cmd_usage(command, "there is no source \"%s\"", argv[i]);
		}
		if (status == CMD_OK)
			status = update(&c, argv + first);
	}
	vec_fini(&c.from);
	return first == CMD_OPTIONS_HELP ? cmd_finish_output(CMD_OK) : status;
}

const struct command cmd_update = { .name = "update",
	.arguments = "[SOURCE…]",
	.summary = "bring the security data in the database up to date",
	.description = description,
	.topic = &topic,
	.options = options,
	.examples = examples,
	.environment = environment,
	.database = true,
	.run = run };
