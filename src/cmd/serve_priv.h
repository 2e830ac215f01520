/*
 * The service: its command line, and its parts from start to stop.
 */
#ifndef CMD_SERVE_PRIV_H
#define CMD_SERVE_PRIV_H

#include "cmd/cmd_priv.h"
#include "config/config.h"

struct serve_flags {
	const char *config; /* NULL: the default */
	const char *log_file;
	const char *cpu_profile;
	enum log_level log_level;
	bool insecure_tls;
};

extern const struct cmd_option serve_options[];

/* 0, CMD_OPTIONS_BAD (reported) or CMD_OPTIONS_HELP (printed). */
int serve_parse_flags(int argc, char **argv, struct serve_flags *out);

/* Runs the service until a signal ends it: the exit status. */
int service_run(const struct serve_flags *flags, const struct config *config);

#endif
