/*
 * A CPU profile of the whole process, all threads: where it is each time another 10 ms of processor
 * time have passed. Written in the form of gperftools' profiler
 * (https://gperftools.github.io/gperftools/cpuprofile-fileformat.html), which "pprof" and "go tool
 * pprof" read. Workers of the sandbox are other processes and not in it.
 */
#ifndef BASE_CPU_PROFILE_H
#define BASE_CPU_PROFILE_H

#include "base/attr.h"
#include "base/err.h"

/* Starts profiling; the file is made at once and filled at the end. One profile at a time; from the
 * main thread. -ERR_IO. */
int cpu_profile_start(const char *path, struct err *err) MUST_CHECK;

/* Stops, and writes the file. -ERR_IO when that fails. */
int cpu_profile_stop(struct err *err) MUST_CHECK;

#endif
