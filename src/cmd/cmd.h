/*
 * cmd: the commands of the program.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/base.h"

/* Exit statuses of every command. Of several that apply to a scan, CMD_FAILURE counts more than
 * CMD_NOT_EVALUATED, and that more than CMD_FINDINGS. */
enum cmd_exit {
	CMD_OK = 0,
	CMD_FINDINGS = 1,      /* findings at or above --fail-on */
	CMD_FAILURE = 2,       /* usage, or something failed */
	CMD_NOT_EVALUATED = 3, /* nothing could be evaluated */
};

/* Runs what argv asks for: the exit status of the process. */
int cmd_main(int argc, char **argv);

#endif
