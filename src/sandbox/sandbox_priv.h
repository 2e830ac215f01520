/*
 * Shared by the two ends of the sandbox.
 */
#ifndef SANDBOX_SANDBOX_PRIV_H
#define SANDBOX_SANDBOX_PRIV_H

#include "sandbox/sandbox.h"

/* Whether a sanitizer is compiled in that maps terabytes and needs system calls of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#	define WITH_SANITIZER 1
#elif defined(__has_feature)
#	if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#		define WITH_SANITIZER 1
#	endif
#endif
#ifndef WITH_SANITIZER
#	define WITH_SANITIZER 0
#endif

/* A frame on the wire: this header in native byte order (both ends are one program), then the
 * payload. */
struct frame_header {
	uint16_t type;
	uint16_t reserved;
	uint32_t size;
};

/* Frame types of the sandbox itself; a job's own lie below. */
enum {
	FRAME_ERROR = 256, /* payload: code as uint32_t, message */
	FRAME_DONE,        /* the job succeeded */
	FRAME_UNCONFINED,  /* the kernel refused seccomp; payload: why */
	FRAME_CONSUMED,    /* a slot of the input was read */
};

/* Exit statuses of a worker, beside 0. */
enum { WORKER_EXIT_OUT_OF_MEMORY = 3, WORKER_EXIT_NO_PARENT = 4 };

/* What the parent asks of the zygote, followed by the parameters; descriptors: input, output,
 * status. */
struct zygote_request {
	uint32_t job;
	uint32_t cpu_s;
	uint64_t memory_bytes;
	uint32_t params_bytes;
	uint32_t reserved;
};

enum {
	ZYGOTE_PARAMS_MAX = 64 * 1024,
	ZYGOTE_FDS = 3,     /* input, output, status */
	ZYGOTE_FDS_RING = 4 /* with streamed input: tokens, output, status, ring */
};

/* The zygote's life; does not return. */
NORETURN void zygote_main(int control_fd, const struct sandbox_job *const *jobs, bool require);

/*
 * Runs one job in the freshly forked worker; does not return. Descriptor 0 is its file or the
 * tokens of its streamed input, 1 takes its frames; ring_fd is -1 without streamed input.
 */
NORETURN void worker_main(const struct sandbox_job *job, const struct zygote_request *request,
	struct span params, int ring_fd, bool require);

/* Makes the filter once, in the zygote. 0, or a negative code where libseccomp cannot. */
int lockdown_prepare(struct err *err) MUST_CHECK;

/*
 * Takes every ability from this process but reading, writing and computing. 0: done; 1: everything
 * but seccomp, and *err says why; a negative code: failed.
 */
int lockdown_apply(uint64_t memory_bytes, uint32_t cpu_s, struct err *err) MUST_CHECK;

/* --- ring.c: streamed input
 * -------------------------------------------------------------------------------- */

/* Larger or more slots are not faster, and every layer under analysis has a ring of its own;
 * smaller ones cost switches between the two processes (docs/performance.md). */
enum { RING_SLOTS = 2, RING_SLOT_BYTES = 256 * 1024, RING_BYTES = RING_SLOTS * RING_SLOT_BYTES };

/* The parent's end. */
struct ring {
	uint8_t *base;
	uint32_t slot;      /* that is being filled */
	uint32_t in_flight; /* slots that the worker has; with RING_SLOTS of them there is none to
			       fill */
	uint32_t filled;    /* bytes in the slot, while it is filled piece by piece */
};

/* Makes the memory; *read_only_fd (the caller's) is for the worker. */
int ring_init(struct ring *r, int *read_only_fd, struct err *err) MUST_CHECK;
void ring_fini(struct ring *r);
/* The slot to fill, RING_SLOT_BYTES of it. Only with in_flight < RING_SLOTS. */
uint8_t *ring_slot(const struct ring *r);
/* Gives the slot to the worker with this many bytes (> 0); negative when that has gone. */
int ring_send(struct ring *r, int token_fd, uint32_t bytes) MUST_CHECK;

/* The worker's end. */
struct ring_input {
	struct stream stream;
	const uint8_t *base;
	int token_fd;
	int out_fd;
	uint32_t slot;
	bool started;
	bool ended;
	struct span left;
};

int ring_input_init(
	struct ring_input *in, int ring_fd, int token_fd, int out_fd, struct err *err) MUST_CHECK;

/* Writes one frame whole. */
int frame_write(int fd, uint16_t type, struct span payload, struct err *err) MUST_CHECK;

#endif
