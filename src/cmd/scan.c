/*
 * clair scan: reports the known vulnerabilities of images.
 */
#include "cmd/cmd_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "scan/scan.h"

/* Data older than this is worth a warning. */
enum { STALE_DAYS = 7 };

/* A report of 200,000 packages with findings; more is no report. */
#define REPORT_MAX (1 * GIB)

enum {
	OPTION_FORMAT = 'f',
	OPTION_OUTPUT = 'o',
	OPTION_SEVERITY = 's',
	OPTION_QUIET = 'q',
	OPTION_ONLY_FIXED = 256,
	OPTION_BY_CVE,
	OPTION_FAIL_ON,
	OPTION_DB,
	OPTION_LIST_PACKAGES,
	OPTION_PLATFORM,
	OPTION_VERIFY,
};

static const struct cmd_option options[] = {
	{ OPTION_FORMAT, "format", "FORMAT",
		"how to report: table (default), for people, or json, for programs" },
	{ OPTION_OUTPUT, "output", "FILE", "write the report to FILE instead of standard output" },
	{ OPTION_SEVERITY, "severity", "LIST",
		"show only findings of these severities, separated by commas, of unknown, negligible, low, medium, high, "
		"critical, defcon1; totals and --fail-on still count all" },
	{ OPTION_ONLY_FIXED, "only-fixed", NULL,
		"show only findings for which there is a fixed version, for everybody; --fail-on counts only these" },
	{ OPTION_BY_CVE, "by-cve", NULL,
		"of advisories that name CVEs, show each CVE of a package once, whatever the number of advisories" },
	{ OPTION_FAIL_ON, "fail-on", "SEVERITY",
		"exit with status 1 when there is a finding of this severity or a worse one (the order is that of --severity)" },
	{ OPTION_DB, "db", "PATH",
		"the database, made by \"clair update\" (for the default see the files below)" },
	{ OPTION_LIST_PACKAGES, "list-packages", NULL, "also list the installed packages" },
	{ OPTION_PLATFORM, "platform", "OS/ARCH[/VARIANT]",
		"of an image for several platforms, scan this one (default: this machine's)" },
	{ OPTION_VERIFY, "verify", NULL,
		"check the digest of every layer, also of uncompressed ones in local files, and take nothing from the cache" },
	{ OPTION_QUIET, "quiet", NULL, "no progress and no warnings on standard error" },
	{ 0 },
};

static const char *const description[] = {
	"Reads images, finds their distribution and installed packages, compares these with the security data in the database, "
	"and reports the known vulnerabilities, the worst first.",
	"Each finding is one vulnerability in one installed package. Packages that cannot be compared (no data for the "
	"distribution, a version that is none) are counted, with the reason. A layer or database that cannot be read is an "
	"error; the rest is reported all the same.",
	"Images are hostile input: their bytes are only parsed in worker processes without access to files or network. Where the "
	"kernel has no system call filter, a warning is given; CLAIR_SANDBOX=require makes it an error.",
	"What is in a layer is remembered in the database where its digest is known, so that it is read once.",
	"Of several targets, and when statuses compete, a failure (2) counts more than a target that could not be evaluated (3), "
	"and that more than findings (1).",
	NULL,
};

static const struct cmd_term target_forms[] = {
	{ "PATH",
		"a docker save archive, an OCI layout (a directory or a tar) or a single layer (a tar); archives and layers may "
		"be compressed with gzip, bzip2, xz or zstd; or the directory of a root file system. What it is is found out "
		"by content" },
	{ "PATH:TAG",
		"of several images in an archive or layout, this one; without TAG all are scanned" },
	{ "docker-archive:PATH[:TAG]", "a docker save archive, and an error if it is none" },
	{ "oci-layout:PATH[:TAG]", "an OCI layout, likewise" },
	{ "layer:PATH", "a single layer, whatever is in it" },
	{ "dir:PATH", "a root file system; dir:/ is this machine" },
	{ 0 },
};

static bool target_at(size_t i, struct cmd_term *out)
{
	*out = target_forms[i];
	return out->term != NULL;
}

static const struct cmd_topic topic = { "Targets", target_at };

static const struct cmd_term examples[] = {
	{ "docker save app:1.0 -o app.tar && clair scan app.tar",
		"scan an image of the local Docker" },
	{ "clair scan --fail-on high --only-fixed app.tar",
		"fail a build (status 1) for what is high or worse and can be fixed" },
	{ "clair scan --format json -o report.json app.tar", "a report for programs" },
	{ "clair scan --platform linux/arm64 oci-layout:./build:latest",
		"one platform of one image in an OCI layout" },
	{ "clair scan --list-packages layer.tar.gz", "what is installed, too" },
	{ "clair scan dir:/", "scan this machine" },
	{ 0 },
};

static const struct cmd_term environment[] = {
	{ "CLAIR_SANDBOX",
		"\"require\": fail where the kernel has no system call filter (seccomp) for workers; \"auto\" (default): warn "
		"and go on" },
	{ "NO_COLOR", "when it is set and not empty, no colours on a terminal" },
	{ "XDG_DATA_HOME", "where the database lies, for other users than root" },
	{ 0 },
};

struct scan_command {
	const struct report_format *format;
	const char *output;
	const char *database;
	const char *platform;
	struct report_options report;
	bool by_cve;
	bool has_gate;
	enum severity gate;
	bool verify;
	bool quiet;
};

static int parse_severities(const char *list, unsigned *out, struct err *err)
{
	struct str rest = str_of(list), word;
	unsigned set = 0;

	do {
		enum severity s;
		bool more = str_cut(rest, ',', &word, &rest);

		if (!severity_from_str(str_trim(word), &s))
			return err_set(err, ERR_USAGE, "--severity: \"%" PRIstr "\" is no severity",
				STR_ARG(word));
		set |= 1U << s;
		if (!more)
			break;
	} while (true);
	*out = set;
	return 0;
}

static int take(void *ctx, int id, const char *argument, struct err *err)
{
	struct scan_command *c = ctx;

	switch (id) {
	case OPTION_FORMAT:
		c->format = report_format_by_name(str_of(argument));
		return c->format ? 0
				 : err_set(err, ERR_USAGE, "--format: there is no format \"%s\"",
					   argument);
	case OPTION_SEVERITY:
		return parse_severities(argument, &c->report.severities, err);
	case OPTION_FAIL_ON:
		c->has_gate = true;
		return severity_from_str(str_of(argument), &c->gate)
			       ? 0
			       : err_set(err, ERR_USAGE, "--fail-on: \"%s\" is no severity",
					 argument);
	case OPTION_PLATFORM: {
		struct platform ignored;

		c->platform = argument;
		return platform_parse(str_of(argument), &ignored, err);
	}
	case OPTION_OUTPUT:
		c->output = argument;
		break;
	case OPTION_DB:
		c->database = argument;
		break;
	case OPTION_ONLY_FIXED:
		c->report.only_fixed = true;
		break;
	case OPTION_BY_CVE:
		c->by_cve = true;
		break;
	case OPTION_LIST_PACKAGES:
		c->report.list_packages = true;
		break;
	case OPTION_VERIFY:
		c->verify = true;
		break;
	case OPTION_QUIET:
		c->quiet = true;
		break;
	default:
		break;
	}
	return 0;
}

/* --- the database
 * ------------------------------------------------------------------------------------------------
 */

/* 0 also without a database: then nothing can be evaluated, which is said at the end. */
static int open_store(const char *path, struct store **out, bool *writable, struct err *err)
{
	struct err why = ERR_INIT;
	int r = store_open(path, 0, out, &why);

	*writable = r == 0;
	if (r < 0 && why.code != ERR_NOT_FOUND) {
		/* Somebody else's, or on a read-only file system. */
		err_clear(&why);
		r = store_open(path, STORE_READ_ONLY, out, &why);
	}
	if (r < 0 && why.code == ERR_NOT_FOUND) {
		log_warning("there is no database at %s; \"clair update\" makes one", path);
		err_clear(&why);
		*out = NULL;
		return 0;
	}
	return r < 0 ? err_move(err, &why) : 0;
}

static int warn_stale(struct store *store, struct err *err)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct source_state *sources;
	size_t n;
	int r = store ? store_source_list(store, &scratch, &sources, &n, err) : 0;

	for (size_t i = 0; store && r == 0 && i < n; i++) {
		int64_t age_s = clock_wall_s() - sources[i].checked_at;
		char age[CLOCK_AGE_SIZE];

		clock_format_age(age_s, age);
		if (sources[i].updated_at && age_s > STALE_DAYS * INT64_C(86400))
			log_warning("the data of %" PRIstr " is %s old; \"clair update\" renews it",
				STR_ARG(sources[i].name), age);
	}
	return r;
}

/* --- progress
 * -----------------------------------------------------------------------------------------------------
 */

static void on_bytes(struct scan_progress *p UNUSED, uint64_t more)
{
	progress_add_done(more);
}

static void on_total(struct scan_progress *p UNUSED, uint64_t more)
{
	progress_add_total(more);
}

/* --- the outcome
 * --------------------------------------------------------------------------------------------------
 */

static bool above_gate(const struct scan_command *c, const struct report_target *t)
{
	vec_for_each(v, &t->vulnerabilities) {
		if (v->severity >= c->gate && (!c->report.only_fixed || report_has_fix(v)))
			return true;
	}
	return false;
}

/* Says why nothing of a target could be evaluated. */
static void warn_not_evaluated(const struct report_target *t)
{
	const char *reason = !t->has_distro && t->packages.n == 0
				     ? "it holds no known distribution and no packages"
			     : t->packages.n == 0 ? "it holds no package database"
						  : NULL;

	log_warning("%" PRIstr ": nothing could be evaluated: %" PRIstr, STR_ARG(t->target),
		STR_ARG(reason ? str_of(reason) : t->not_evaluated.v[0].reason));
}

/* What one target means for the exit status. */
static enum cmd_exit judge(const struct scan_command *c, const struct report_target *t)
{
	vec_for_each(e, &t->errors)
		log_error("%" PRIstr ": %s%" PRIstr "%s%" PRIstr, STR_ARG(t->target),
			e->layer.n ? "layer " : "", STR_ARG(e->layer), e->layer.n ? ": " : "",
			STR_ARG(e->message));
	if (t->errors.n)
		return CMD_FAILURE;
	if (t->not_evaluated.n == t->packages.n) {
		warn_not_evaluated(t);
		return CMD_NOT_EVALUATED;
	}
	return c->has_gate && above_gate(c, t) ? CMD_FINDINGS : CMD_OK;
}

/* A failure counts more than what could not be evaluated, that more than findings. */
static enum cmd_exit worse(enum cmd_exit a, enum cmd_exit b)
{
	static const int rank[] = {
		[CMD_OK] = 0, [CMD_FINDINGS] = 1, [CMD_NOT_EVALUATED] = 2, [CMD_FAILURE] = 3
	};

	return rank[a] >= rank[b] ? a : b;
}

/* --- the report
 * ---------------------------------------------------------------------------------------------------
 */

static unsigned terminal_width(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int write_file(const char *path, struct str text, struct err *err)
{
	_cleanup_close_ int fd = io_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, err);

	if (fd < 0)
		return fd;
	int r = io_write_all(fd, text.p, text.n, path, err);
	if (r == 0 && close(take_fd(&fd)) < 0)
		r = err_set_errno(err, ERR_IO, errno, "write %s", path);
	return r;
}

static int write_report(const struct scan_command *c, const struct report *report, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(REPORT_MAX);
	struct report_options o = c->report;
	const char *no_color = getenv("NO_COLOR");

	if (!c->output && isatty(STDOUT_FILENO)) {
		o.color = !(no_color && no_color[0]);
		o.width = terminal_width();
	}
	c->format->write(report, &o, &text);
	int r = buf_check(&text, "report", err);
	if (r < 0)
		return r;
	return c->output ? write_file(c->output, buf_str(&text), err)
			 : io_write_all(STDOUT_FILENO, text.p, text.n, "standard output", err);
}

/* --- the command
 * --------------------------------------------------------------------------------------------------
 */

static enum cmd_exit scan_all(const struct scan_command *c, struct scan *scan, char **targets)
{
	enum cmd_exit status = CMD_OK;
	struct err err = ERR_INIT;

	progress_start("layers", !c->quiet);
	for (; *targets; targets++) {
		if (scan_add(scan, *targets, &err) < 0)
			status = worse(status, (enum cmd_exit)cmd_fail(&err));
	}
	progress_stop();
	vec_for_each(t, &scan_report(scan)->targets) {
		if (c->by_cve)
			report_by_cve(t);
		status = worse(status, judge(c, t));
	}
	return status;
}

static int scan_targets(const struct scan_command *c, char **targets)
{
	_cleanup_free_ char *default_database = c->database ? NULL : cmd_default_database();
	_cleanup_(store_closep) struct store *store = NULL;
	struct scan_progress progress = { .bytes = on_bytes, .total = on_total };
	struct err err = ERR_INIT;
	bool writable;

	if (open_store(c->database ? c->database : default_database, &store, &writable, &err) < 0)
		return cmd_fail(&err);
	if (warn_stale(store, &err) < 0)
		return cmd_fail(&err);
	const struct scan_options o = { .platform = c->platform,
		.verify = c->verify,
		.store = store,
		.cache = writable,
		.progress = &progress };
	_cleanup_(scan_freep) struct scan *scan = scan_new(&o);
	enum cmd_exit status = scan_all(c, scan, targets);
	if (write_report(c, scan_report(scan), &err) < 0)
		return cmd_fail(&err);
	return (int)status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct scan_command c = { .format = report_format_by_name(STR("table")) };
	int first = cmd_parse_options(command, argc, argv, take, &c);

	if (first < 0)
		return first == CMD_OPTIONS_HELP ? cmd_finish_output(CMD_OK) : CMD_FAILURE;
	if (first == argc)
		return cmd_usage(command, "no TARGET is given");
	if (c.quiet)
		log_set_level(LOG_ERROR);
	return scan_targets(&c, argv + first);
}

const struct command cmd_scan = { .name = "scan",
	.arguments = "TARGET…",
	.summary = "report the known vulnerabilities of images",
	.description = description,
	.topic = &topic,
	.options = options,
	.examples = examples,
	.environment = environment,
	.database = true,
	.evaluates = true,
	.jobs = scan_jobs,
	.run = run };
