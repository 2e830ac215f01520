/*
 * Threads, see thread.h.
 */
#include "base/base.h"

void thread_block_signals(sigset_t *old)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS,
		SIGPROF };
	sigset_t all;

	if (sigfillset(&all) != 0)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		if (sigdelset(&all, faults[i]) != 0)
			abort();
	}
	if (pthread_sigmask(SIG_SETMASK, &all, old) != 0)
		abort();
}

void thread_unblock_signals(const sigset_t *old)
{
	if (pthread_sigmask(SIG_SETMASK, old, NULL) != 0)
		abort();
}

int thread_start(pthread_t *out, const char *name, void *(*fn)(void *arg), void *arg)
{
	char cut[16];
	sigset_t old;

	thread_block_signals(&old);
	int r = pthread_create(out, NULL, fn, arg);
	thread_unblock_signals(&old);
	if (r != 0)
		return r;
	size_t n = min_size(strlen(name), sizeof(cut) - 1);
	memcpy(cut, name, n);
	cut[n] = '\0';
	/* Only for people who look at the process. */
	(void)pthread_setname_np(*out, cut);
	return 0;
}
