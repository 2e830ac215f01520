/*
 * Starting threads: named, and without signals, which are for the thread that started as the
 * process (signals by fault, as SIGSEGV, excepted).
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <signal.h>

#include "base/attr.h"

/* As pthread_create(), and returns as it does: 0 or an errno value. Of the name 15 bytes count. */
int thread_start(pthread_t *out, const char *name, void *(*fn)(void *arg), void *arg) MUST_CHECK;

/* For libraries that start threads themselves: blocks signals in the caller, whose old mask comes
 * back by thread_unblock_signals(). */
void thread_block_signals(sigset_t *old);
void thread_unblock_signals(const sigset_t *old);

#endif
