#include "base/base.h"

#include <errno.h>
#include <time.h>

void sleeper_init(struct sleeper *s)
{
	pthread_condattr_t attr;

	/* With these arguments none of them fails (POSIX: EINVAL and ENOMEM only). */
	if (pthread_mutex_init(&s->mutex, NULL) != 0 || pthread_condattr_init(&attr) != 0 ||
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
		pthread_cond_init(&s->changed, &attr) != 0)
		abort();
	(void)pthread_condattr_destroy(&attr);
	s->woken = false;
	atomic_init(&s->stopped, false);
}

void sleeper_fini(struct sleeper *s)
{
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->mutex);
}

static struct timespec deadline_in(uint64_t ms)
{
	uint64_t ns = clock_monotonic_ns();

	ns = ms > (UINT64_MAX - ns) / 1000000 ? UINT64_MAX : ns + ms * 1000000;
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000) };
}

enum sleep_end sleeper_sleep(struct sleeper *s, uint64_t ms)
{
	struct timespec deadline = deadline_in(ms);
	enum sleep_end end = SLEEP_TIME;

	(void)pthread_mutex_lock(&s->mutex);
	while (!s->woken && !atomic_load(&s->stopped)) {
		if (pthread_cond_timedwait(&s->changed, &s->mutex, &deadline) == ETIMEDOUT)
			break;
	}
	if (atomic_load(&s->stopped))
		end = SLEEP_STOPPED;
	else if (s->woken)
		end = SLEEP_WOKEN;
	s->woken = false;
	(void)pthread_mutex_unlock(&s->mutex);
	return end;
}

static void change(struct sleeper *s, bool stop)
{
	(void)pthread_mutex_lock(&s->mutex);
	if (stop)
		atomic_store(&s->stopped, true);
	else
		s->woken = true;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->mutex);
}

void sleeper_wake(struct sleeper *s)
{
	change(s, false);
}

void sleeper_stop(struct sleeper *s)
{
	change(s, true);
}
