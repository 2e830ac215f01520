/*
 * Shared inside cmd/: the commands. Each takes its own name as argv[0] and returns the exit status.
 */
#ifndef CMD_CMD_PRIV_H
#define CMD_CMD_PRIV_H

int cmd_compare_versions(int argc, char **argv);

#endif
