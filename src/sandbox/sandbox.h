/*
 * sandbox: jobs over hostile bytes, each in a worker process of its own that has no file system, no
 * network, no descriptors but its input and output, little memory and little processor time. A
 * crash, a bomb or a loop in a job is an error of that job and nothing else.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdatomic.h>

#include "base/base.h"

/* --- in the worker
 * ---------------------------------------------------------------------------------------- */

/* What a running job has. */
struct sandbox_io {
	struct stream *input; /* the streamed input; NULL when a file was handed over */
	int in_fd;            /* that file */
	int out_fd;           /* frames go here; use sandbox_emit() */
};

/* Sends a frame of a job's own type (0 … 255); longer payloads are cut into frames of
 * SANDBOX_FRAME_MAX. */
int sandbox_emit(
	const struct sandbox_io *io, uint8_t type, struct span payload, struct err *err) MUST_CHECK;

enum { SANDBOX_FRAME_MAX = 1 << 20 };

/* A job: 0, or a negative code and an error, which the caller of sandbox_finish() gets as its own.
 */
struct sandbox_job {
	const char *name;
	/* Runs in the worker before it is locked up, for libraries that open files when first used.
	 * NULL: nothing. */
	void (*prepare)(void);
	int (*run)(const struct sandbox_io *io, struct span params, struct err *err);
};

/* --- in the parent
 * ---------------------------------------------------------------------------------------- */

/*
 * Forks the zygote, which will run these jobs (NULL-terminated; static). To be called before
 * threads, configuration and secrets exist. CLAIR_SANDBOX=require in the environment makes workers
 * refuse to run where the kernel has no seccomp; otherwise sandbox_open() warns once and goes on.
 * sandbox_stop() ends the zygote and its workers.
 */
int sandbox_start(const struct sandbox_job *const *jobs, struct err *err) MUST_CHECK;
void sandbox_stop(void);

/* Whether the zygote, a child of this process, is there: without it every job fails. Signals that
 * end a program (SIGINT, SIGTERM, SIGHUP) do not end it, as they may be sent to a whole group. */
bool sandbox_is_running(void);

struct sandbox_limits {
	uint64_t memory_bytes; /* beyond what the program itself maps */
	uint32_t cpu_s;        /* processor time */
	/* May be NULL. Once true, whoever waits for the worker gets -ERR_CANCELLED soon. */
	const atomic_bool *cancel;
};

/* The usual limits for an input of this size (UINT64_MAX: unknown), without a cancel. */
struct sandbox_limits sandbox_limits_for(uint64_t input_bytes);

struct sandbox_worker;

/* Takes a frame. A negative code ends the job and becomes its error. */
typedef int sandbox_frame_fn(void *ctx, uint8_t type, struct span payload, struct err *err);

/*
 * Starts a job, which has to be in the table given to sandbox_start(). params (at most 64 KiB) are
 * copied. With fd >= 0 the worker gets a duplicate of that descriptor as its input (the caller
 * keeps its own), else a pipe that sandbox_feed() writes to. Thread-safe.
 */
int sandbox_open(const struct sandbox_job *job, struct span params, int fd,
	struct sandbox_limits limits, struct sandbox_worker **out, struct err *err) MUST_CHECK;

/*
 * Streams input. Blocks while the worker is busy, so it is for jobs that answer only after they
 * have read everything (others: sandbox_pump()). 1 when the worker does not want more, which is no
 * error: its answer tells.
 */
int sandbox_feed(struct sandbox_worker *w, struct span input, struct err *err) MUST_CHECK;

/* Feeds everything that `in` has, taking frames meanwhile. */
int sandbox_pump(struct sandbox_worker *w, struct stream *in, sandbox_frame_fn *frame, void *ctx,
	struct err *err) MUST_CHECK;

/*
 * Ends the input, takes the frames that are still to come, waits for the end of the worker and
 * frees w, always. The job's own error; -ERR_INPUT with "crashed", "ran out of memory", "took too
 * long" when the input brought the worker down.
 */
int sandbox_finish(
	struct sandbox_worker *w, sandbox_frame_fn *frame, void *ctx, struct err *err) MUST_CHECK;

/* Kills the worker and frees w. NULL is fine. */
void sandbox_abort(struct sandbox_worker *w);
DEFINE_CLEANUP(struct sandbox_worker *, sandbox_abort)

/* open, pump (when in is not NULL) and finish in one. */
int sandbox_run(const struct sandbox_job *job, struct span params, int fd, struct stream *in,
	struct sandbox_limits limits, sandbox_frame_fn *frame, void *ctx,
	struct err *err) MUST_CHECK;

#endif
