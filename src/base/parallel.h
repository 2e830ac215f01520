/*
 * Running independent jobs on a few threads.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stddef.h>

/* Processors that this process may run on, at least 1. */
size_t parallel_cpus(void);

/*
 * Calls job(ctx, i) for each i in 0 … count-1, on at most `threads` threads at once (the caller's
 * is one of them), in ascending order of start, and returns when all have returned. Where no thread
 * can be created the caller does the work alone.
 */
void parallel_for(size_t count, size_t threads, void (*job)(void *ctx, size_t i), void *ctx);

#endif
