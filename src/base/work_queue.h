/*
 * A bounded queue of jobs and the threads that run them, in the order they came. Full means full:
 * whoever pushes has to say so to whom he serves.
 */
#ifndef BASE_WORK_QUEUE_H
#define BASE_WORK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct work_queue;

/* In place of a thread's number: the queue was stopped before the job's turn. */
#define WORK_DROPPED SIZE_MAX

/*
 * Runs a job; thread is 0 … threads-1, for what each thread owns (a database connection). With
 * WORK_DROPPED it only lets go of ctx; that is on the thread of work_queue_stop().
 */
typedef void work_fn(void *ctx, size_t thread);

/*
 * Starts the threads (1 … 256), named after name, of which the first 11 bytes count; at most
 * capacity (> 0) jobs wait. -ERR_BUSY when the system gives no threads, and then none is left.
 */
int work_queue_new(const char *name, size_t threads, size_t capacity, struct work_queue **out,
	struct err *err) MUST_CHECK;

/* Hands a job over, from any thread: fn is called once. False, and never called, when the queue is
 * full or stopped. */
bool work_queue_push(struct work_queue *q, work_fn *fn, void *ctx) MUST_CHECK;

/*
 * Takes no more jobs, and returns when those that run have ended and those that wait have been run
 * (drain) or dropped. Not to be called from a job; once only.
 */
void work_queue_stop(struct work_queue *q, bool drain);

/* Jobs that wait, and jobs that run, at this moment; any thread. */
size_t work_queue_waiting(struct work_queue *q);
size_t work_queue_running(struct work_queue *q);

/* Stops it without draining when that was not done. NULL is fine. */
void work_queue_free(struct work_queue *q);
DEFINE_CLEANUP(struct work_queue *, work_queue_free)

#endif
