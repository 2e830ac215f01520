/*
 * How the thread of a service sleeps: for a time, until there is something to do, or until it is to
 * end. One thread sleeps; any thread wakes and stops. Time is the monotonic clock's.
 */
#ifndef BASE_SLEEPER_H
#define BASE_SLEEPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct sleeper {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool woken;
	atomic_bool stopped; /* may be read at any time, as what a long call looks at */
};

enum sleep_end { SLEEP_TIME, SLEEP_WOKEN, SLEEP_STOPPED };

void sleeper_init(struct sleeper *s);
void sleeper_fini(struct sleeper *s);

/* Why it ended. UINT64_MAX: no time by itself. */
enum sleep_end sleeper_sleep(struct sleeper *s, uint64_t ms);

/* Ends the current sleep, or the next one at once. */
void sleeper_wake(struct sleeper *s);

/* Ends every sleep, from now on. */
void sleeper_stop(struct sleeper *s);

static inline bool sleeper_is_stopped(struct sleeper *s)
{
	return atomic_load(&s->stopped);
}

#endif
