/*
 * Running other programs: directly, without a shell; standard input from a descriptor, standard
 * output as a stream, the end of standard error kept for messages. The program gets no terminal, no
 * descriptor but these three, and a process group of its own; it is ended when its thread or
 * process here ends.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/stream.h"

struct process_options {
	/* argv[0] is a path, or is searched for in $PATH; NULL at the end. */
	const char *const *argv;
	/* The whole environment, "NAME=value"; NULL at the end. */
	const char *const *env;
	int stdin_fd; /* stays the caller's; -1: nothing to read */
	/* The largest file that it may write, in bytes; 0: any. */
	uint64_t max_file_bytes;
	/* Ended with -ERR_UPSTREAM when it writes nothing for so long, or runs for longer than
	 * that. */
	uint64_t silence_ms;
	uint64_t total_ms;
	/* May be NULL. Asked some times a second; true ends it with -ERR_CANCELLED. */
	bool (*is_cancelled)(void *ctx);
	void *ctx;
};

struct process;

/* -ERR_NOT_FOUND when there is no such program. What o points to has to outlive the process. */
int process_start(
	const struct process_options *o, struct process **out, struct err *err) MUST_CHECK;

/* What it writes to standard output. Not thread-safe. */
struct stream *process_stdout(struct process *p);

/*
 * Reads what is left of its output and waits for its end: 0 when it ended with status 0; otherwise
 * -ERR_UPSTREAM with what it said on standard error, or what ended it. p is gone in any case.
 */
int process_finish(struct process *p, struct err *err) MUST_CHECK;

/* Ends it now. NULL is fine. */
void process_kill(struct process *p);
DEFINE_CLEANUP(struct process *, process_kill)

#endif
