/*
 * The command line of the service: as the original took it (Go's flag package: one dash or two,
 * "-flag value" or "-flag=value"), with "--loglevel" as Quay's documentation writes it.
 */
#include "cmd/serve_priv.h"

#include <getopt.h>

enum {
	OPTION_CONFIG = 256,
	OPTION_LOG_LEVEL,
	OPTION_LOG_FILE,
	OPTION_INSECURE_TLS,
	OPTION_CPU_PROFILE,
};

const struct cmd_option serve_options[] = {
	{ OPTION_CONFIG, "config", "FILE",
		"the configuration (default " CONFIG_DEFAULT_PATH
		"; without that file: the embedded database, ports 6060 and 6061)" },
	{ OPTION_LOG_LEVEL, "log-level", "LEVEL",
		"what is logged: panic, fatal, error, warning, info (the default) or debug; also "
		"--loglevel" },
	{ OPTION_LOG_FILE, "log-file", "FILE",
		"log into this file instead of standard output; SIGHUP opens it anew" },
	{ OPTION_INSECURE_TLS, "insecure-tls", NULL,
		"do not verify the certificates of servers that layers are downloaded from" },
	{ OPTION_CPU_PROFILE, "cpu-profile", "FILE",
		"write a CPU profile to this file at the end, for pprof" },
	{ 0 },
};

/* An option without argument may be given one with "=", as Go's boolean flags. */
static const struct option longs[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "loglevel", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "log-file", required_argument, NULL, OPTION_LOG_FILE },
	{ "insecure-tls", optional_argument, NULL, OPTION_INSECURE_TLS },
	{ "cpu-profile", required_argument, NULL, OPTION_CPU_PROFILE },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* The words of Go's strconv.ParseBool. */
static bool parse_bool(struct str s, bool *out)
{
	static const char *const words[] = { "0", "f", "F", "false", "FALSE", "False", "1", "t",
		"T", "true", "TRUE", "True" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_eq(s, str_of(words[i])))
			continue;
		*out = i >= ARRAY_LEN(words) / 2;
		return true;
	}
	return false;
}

static int take(struct serve_flags *f, int id, const char *argument)
{
	switch (id) {
	case OPTION_CONFIG:
		f->config = argument;
		break;
	case OPTION_LOG_LEVEL:
		if (!log_level_from_str(str_of(argument), &f->log_level))
			return cmd_usage(&cmd_serve, "there is no log level \"%s\"", argument);
		break;
	case OPTION_LOG_FILE:
		f->log_file = argument;
		break;
	case OPTION_INSECURE_TLS:
		f->insecure_tls = true;
		if (argument && !parse_bool(str_of(argument), &f->insecure_tls))
			return cmd_usage(
				&cmd_serve, "--insecure-tls: true or false, not \"%s\"", argument);
		break;
	case OPTION_CPU_PROFILE:
		f->cpu_profile = argument;
		break;
	default:
		break;
	}
	return 0;
}

int serve_parse_flags(int argc, char **argv, struct serve_flags *out)
{
	int id;

	*out = (struct serve_flags){ .log_level = LOG_INFO };
	optind = 0;
	opterr = 0;
	/* One thread: the service starts its own later. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((id = getopt_long_only(argc, argv, ":h", longs, NULL)) != -1) {
		if (id == 'h') {
			cmd_print_help(&cmd_serve, stdout);
			return CMD_OPTIONS_HELP;
		}
		if (id == '?' || id == ':') {
			(void)cmd_usage(&cmd_serve, "%s: %s", argv[optind - 1],
				id == ':' ? "an argument is missing"
					  : "no such option, or an argument that it does not take");
			return CMD_OPTIONS_BAD;
		}
		if (take(out, id, optarg) != 0)
			return CMD_OPTIONS_BAD;
	}
	if (optind < argc) {
		(void)cmd_usage(&cmd_serve, "what is \"%s\"?", argv[optind]);
		return CMD_OPTIONS_BAD;
	}
	return 0;
}
