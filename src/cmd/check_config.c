/*
 * clair check-config: everything that is wrong with a configuration file, at once.
 */
#include "cmd/cmd_priv.h"
#include "config/config.h"

enum { OUTPUT_MAX = 1024 * 1024 };

static int take(
	void *ctx UNUSED, int id UNUSED, const char *argument UNUSED, struct err *err UNUSED)
{
	return 0;
}

static void append_count(struct buf *out, size_t n, const char *what)
{
	buf_printf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

/* Also how many there are beyond those that were listed. */
static void append_summary(struct buf *out, const struct config_problems *p, const char *path)
{
	(void)text_append_clean(out, str_of(path));
	buf_append_str(out, STR(": "));
	if (p->errors)
		append_count(out, p->errors, "error");
	if (p->errors && p->warnings)
		buf_append_str(out, STR(", "));
	if (p->warnings)
		append_count(out, p->warnings, "warning");
	if (p->errors + p->warnings == 0)
		buf_append_str(out, STR("no problems"));
	if (p->errors + p->warnings > p->list.n)
		buf_printf(out, "; the first %zu are listed", p->list.n);
	buf_append_char(out, '\n');
}

static int print_problems(const struct config_problems *p, const char *path, struct err *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT(OUTPUT_MAX);

	vec_for_each(problem, &p->list) {
		config_problem_format(&out, problem, path);
		buf_append_char(&out, '\n');
	}
	append_summary(&out, p, path);
	int r = buf_check(&out, "the list of problems", err);
	return r < 0 ? r : io_write_all(STDOUT_FILENO, out.p, out.n, "standard output", err);
}

/* A file that cannot be read is no list of problems. */
static int check(const char *path)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_err_ struct err err = ERR_INIT, output = ERR_INIT;
	struct config config;

	int r = config_load(path, &config, &problems, &err);
	if (r < 0 && problems.errors == 0)
		return cmd_fail(&err);
	if (r >= 0)
		config_fini(&config);
	if (print_problems(&problems, path, &output) < 0)
		return cmd_fail(&output);
	return r < 0 ? CMD_FAILURE : CMD_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
	int first = cmd_parse_options(command, argc, argv, take, NULL);

	if (first < 0)
		return first == CMD_OPTIONS_HELP ? cmd_finish_output(CMD_OK) : CMD_FAILURE;
	if (argc - first != 1)
		return cmd_usage(command, "expected one FILE");
	return check(argv[first]);
}

static const char *const description[] = {
	"Reads the configuration FILE of the service and prints all that is wrong with it, each with line and column. Errors keep the "
	"service from starting. Warnings do not: keys that have no effect, for example.",
	"The files that it names (certificates, keys) have to be readable. Databases and other servers are not asked.",
	NULL,
};

static const struct cmd_term examples[] = {
	{ "clair check-config /etc/clair/config.yaml",
		"check the file that the service reads by default" },
	{ 0 },
};

const struct command cmd_check_config = { .name = "check-config",
	.arguments = "FILE",
	.summary = "tell what is wrong with a configuration file",
	.description = description,
	.examples = examples,
	.run = run };
