/*
 * clair serve: the service, also as "clair -config FILE".
 */
#include "cmd/serve_priv.h"

#include "index/index.h"

static const char *const description[] = {
	"Runs the service: the /v1 API of Clair 2.0.7 on one port (6060), health on another (6061), the updater of the security "
	"data, and the notifier. \"clair -config FILE\", with one dash or two, is the same.",
	"The configuration is that of the original; \"clair check-config FILE\" says what is wrong with one. Logs are JSON, one "
	"object a line. SIGTERM and SIGINT stop the service: requests and layers that are being worked on are finished as far as "
	"possible within 8 seconds, locks are released; a second signal ends it at once, and so do 15 seconds, which only a "
	"database that does not answer takes. SIGHUP opens the log file and the "
	"certificates anew.",
	NULL,
};

static const struct cmd_term environment[] = {
	{ "http_proxy, https_proxy, all_proxy, no_proxy",
		"proxies for downloads, as curl(1) heeds them; HTTP_PROXY too, unless REQUEST_METHOD is set" },
	{ "CLAIR_SANDBOX",
		"\"require\": refuse to analyze layers where the kernel cannot confine workers; \"auto\" (the default): warn" },
	{ "SQLITE_TMPDIR, TMPDIR",
		"where an update is put together before it is written (default /var/tmp)" },
	{ 0 },
};

static const struct cmd_term examples[] = {
	{ "clair -config /etc/clair/config.yaml", "as the original is started" },
	{ "clair serve", "without a configuration: the embedded database, ports 6060 and 6061" },
	{ 0 },
};

static void log_problems(const struct config_problems *problems, const char *file)
{
	vec_for_each(p, &problems->list) {
		_cleanup_buf_ struct buf text = BUF_INIT(LIMIT_LOG_VALUE);

		config_problem_format(&text, p, file ? file : CONFIG_DEFAULT_PATH);
		log_write(p->is_error ? LOG_ERROR : LOG_WARNING, __FILE_NAME__, __LINE__, "%s",
			buf_cstr(&text));
	}
}

static int set_up_log(const struct serve_flags *f, struct err *err)
{
	log_set_format(LOG_FORMAT_JSON);
	log_set_level(f->log_level);
	if (f->log_file)
		return log_set_output_path(f->log_file, err);
	log_set_output_fd(STDOUT_FILENO);
	return 0;
}

static int serve(const struct serve_flags *f)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_config_ struct config config = { .file = NULL };
	struct err err = ERR_INIT;

	if (set_up_log(f, &err) < 0)
		return cmd_fail(&err);
	int r = config_load(f->config, &config, &problems, &err);
	log_problems(&problems, f->config);
	if (r < 0) {
		log_event(LOG_FATAL, "failed to load configuration", LOG_ERR(&err));
		err_clear(&err);
		return CMD_FAILURE;
	}
	if (f->cpu_profile && cpu_profile_start(f->cpu_profile, &err) < 0)
		return cmd_fail(&err);
	int status = service_run(f, &config);
	if (f->cpu_profile && cpu_profile_stop(&err) < 0)
		return cmd_fail(&err);
	return status;
}

static int run(const struct command *c UNUSED, int argc, char **argv)
{
	struct serve_flags flags;
	int r = serve_parse_flags(argc, argv, &flags);

	if (r == CMD_OPTIONS_HELP)
		return cmd_finish_output(CMD_OK);
	return r < 0 ? CMD_FAILURE : serve(&flags);
}

const struct command cmd_serve = { .name = "serve",
	.arguments = "",
	.summary = "run the service: the /v1 API, the updater, the notifier",
	.description = description,
	.options = serve_options,
	.examples = examples,
	.environment = environment,
	.database = true,
	.jobs = index_jobs,
	.run = run };
