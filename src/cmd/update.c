/*
 * clair update: fills the database from the data sources.
 */
#include "cmd/cmd_priv.h"

#include "cmd/source_progress.h"
#include "net/net.h"

enum {
	OPTION_QUIET = 'q',
	OPTION_FROM = 256,
	OPTION_DB,
	OPTION_ACCEPT_SHRINKING,
	OPTION_MIRROR,
	OPTION_CREDENTIALS
};

static const struct cmd_option options[] = {
	{ OPTION_FROM, "from", "SOURCE=LOCATION",
		"take a source from this URL or file instead of its usual place; may be repeated" },
	{ OPTION_DB, "db", "PATH",
		"the database; it is made when it is missing (for the default see the files below)" },
	{ OPTION_ACCEPT_SHRINKING, "accept-shrinking", NULL,
		"take a source that has fewer than half of the advisories it had, which is refused as damaged otherwise" },
	{ OPTION_MIRROR, "mirror", "URL",
		"fetch from this URL, with the publisher's URL without its scheme behind it" },
	{ OPTION_CREDENTIALS, "credentials", "FILE",
		"user names and passwords for downloads, by host, in the form of netrc" },
	{ OPTION_QUIET, "quiet", NULL, "no progress and no notes" },
	{ 0 },
};

static const char *const description[] = {
	"Brings the security data in the database up to date, from the sources that are named, else from those that --from tells "
	"the place of, else from all. Sources are read at once; each is written "
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
	{ "clair update debian alpine nvd", "some sources" },
	{ "clair update --from debian=tracker.json.xz", "one source, from a file" },
	{ "clair update --from debian=https://mirror.example/tracker.json", "from a mirror" },
	{ 0 },
};

static const struct cmd_term environment[] = {
	{ "http_proxy, https_proxy, all_proxy, no_proxy",
		"proxies for downloads, as curl(1) heeds them; HTTP_PROXY too, unless REQUEST_METHOD is set" },
	{ "CLAIR_HTTP_STALL_S",
		"seconds after which a server that is silent, or sends less than 1,000 bytes a second, is given up (1 to "
		"3600; default 60)" },
	{ "CLAIR_HTTP_RETRY_MS",
		"milliseconds before a download that failed is tried again, doubled each time (default 1000)" },
	{ "SQLITE_TMPDIR, TMPDIR",
		"where an update is put together before it is written (default /var/tmp)" },
	{ "CLAIR_CACHE_DIR",
		"where mirrors of git repositories are kept (default /var/cache/clair for root, $XDG_CACHE_HOME/clair or "
		"~/.cache/clair for others)" },
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
	const char *mirror;
	const char *credentials;
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
	case OPTION_MIRROR:
		c->mirror = argument;
		break;
	case OPTION_CREDENTIALS:
		c->credentials = argument;
		break;
	case OPTION_QUIET:
		c->quiet = true;
		break;
	default:
		break;
	}
	return 0;
}

static void report_result(const struct feed_driver *d, const struct feed_result *r)
{
	const struct store_update_result *c = &r->changes;

	uint64_t cves = c->cves_inserted + c->cves_changed + c->cves_unchanged;

	if (r->up_to_date && r->advisories == 0)
		(void)printf("%s: up to date\n", d->name);
	else if (r->up_to_date)
		(void)printf("%s: up to date, %" PRIu64 " advisories\n", d->name, r->advisories);
	else if (cves > 0 && r->advisories == 0)
		(void)printf("%s: %" PRIu64 " CVEs (%" PRIu64 " new, %" PRIu64 " changed, %" PRIu64
			     " removed)\n",
			d->name, cves, c->cves_inserted, c->cves_changed, c->cves_deleted);
	else
		(void)printf("%s: %" PRIu64 " advisories (%" PRIu64 " new, %" PRIu64
			     " changed, %" PRIu64 " removed)\n",
			d->name, r->advisories, c->inserted, c->changed, c->deleted);
	(void)fflush(stdout);
}

static void warn_of_notes(const struct feed_driver *d, const struct feed_result *r)
{
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

/* The sources that are updated, several at once. */
struct update_run {
	const struct update_command *c;
	const char *database;
	VEC_OF(const struct feed_driver *) drivers;
	struct source_progress *progress; /* of each */
	pthread_mutex_t commit_lock;
	atomic_int status;
};

struct reported {
	const struct feed_driver *driver;
	const struct feed_result *result;
};

static void report(void *ctx)
{
	const struct reported *r = ctx;

	if (r->result)
		report_result(r->driver, r->result);
}

static int update_one(struct update_run *run, size_t i, struct store *store, struct err *err)
{
	const struct update_command *c = run->c;
	const struct feed_driver *d = run->drivers.v[i];
	struct feed_result result = { 0 };
	const struct feed_update_options o = {
		.driver = d,
		.location = location_of(c, d),
		.accept_shrinking = c->accept_shrinking,
		.progress = &run->progress[i].base,
		.mirror = c->mirror,
		.credentials = c->credentials,
		.commit_lock = &run->commit_lock,
	};

	source_progress_begin(&run->progress[i], d->name);
	int r = feed_update(store, &o, &result, err);
	struct reported reported = { d, r == 0 ? &result : NULL };
	source_progress_end(&run->progress[i], report, &reported);
	if (r == 0)
		warn_of_notes(d, &result);
	feed_result_fini(&result);
	return r;
}

/* One source's failure does not keep the others from being updated. */
static void update_nth(void *ctx, size_t i)
{
	struct update_run *run = ctx;
	_cleanup_(store_closep) struct store *store = NULL;
	struct err err = ERR_INIT;
	int r = store_open(run->database, STORE_CREATE, &store, &err);

	if (r == 0)
		r = update_one(run, i, store, &err);
	if (r < 0)
		atomic_store(&run->status, cmd_fail(&err));
}

static bool is_chosen(const struct update_command *c, char **names, const struct feed_driver *d)
{
	for (char **n = names; *n; n++) {
		if (strcmp(*n, d->name) == 0)
			return true;
	}
	if (names[0])
		return false;
	vec_for_each(f, &c->from) {
		if (f->driver == d)
			return true;
	}
	return c->from.n == 0;
}

static void choose_sources(struct update_run *run, char **names)
{
	const struct feed_driver *d;

	for (size_t i = 0; (d = feed_driver_at(i)); i++) {
		if (is_chosen(run->c, names, d))
			vec_push(&run->drivers, d);
	}
}

static int update_all(const struct update_command *c, const char *database, char **names)
{
	struct update_run run = { .c = c,
		.database = database,
		.drivers = VEC_INIT,
		.commit_lock = PTHREAD_MUTEX_INITIALIZER };

	choose_sources(&run, names);
	vec_for_each(d, &run.drivers) {
		/* Before anything else uses OpenSSL, see net.h. */
		if (url_is_http(str_of(location_of(c, *d))))
			net_init();
	}
	run.progress = xcalloc(run.drivers.n + 1, sizeof(*run.progress));
	source_progress_start(run.progress, run.drivers.n, !c->quiet);
	parallel_for(run.drivers.n, parallel_cpus(), update_nth, &run);
	source_progress_stop();
	free(run.progress);
	vec_fini(&run.drivers);
	(void)pthread_mutex_destroy(&run.commit_lock);
	return atomic_load(&run.status);
}

static int update(const struct update_command *c, char **names)
{
	_cleanup_free_ char *default_database = c->database ? NULL : cmd_default_database();
	const char *database = c->database ? c->database : default_database;
	struct store *store;
	struct err err = ERR_INIT;

	/* Makes it, or finds what is wrong with it before anything is fetched. */
	if (cmd_open_database(database, &store, &err) < 0)
		return cmd_fail(&err);
	store_close(store);
	return cmd_finish_output(update_all(c, database, names));
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
