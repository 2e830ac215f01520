/*
 * A progress line on standard error, redrawn at most ten times a second, removed at the end and
 * before log lines.
 */
#include "cmd/cmd_priv.h"

#include <pthread.h>

enum { REDRAW_MS = 100, WIDTH = 24 };

static struct {
	pthread_mutex_t lock;
	const char *what;
	bool active;
	bool drawn;
	uint64_t started_ms;
	uint64_t drawn_ms;
	uint64_t done;
	uint64_t total;
} progress = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void erase(void)
{
	if (progress.drawn)
		(void)fputs("\r\033[K", stderr);
	progress.drawn = false;
}

static void draw(uint64_t now_ms)
{
	double seconds = (double)(now_ms - progress.started_ms) / 1000;
	double mib = (double)progress.done / (double)MIB;
	char bar[WIDTH + 1];

	(void)fprintf(stderr, "\r\033[K%s ", progress.what);
	if (progress.total > 0 && progress.total != UINT64_MAX) {
		uint64_t done = progress.done < progress.total ? progress.done : progress.total;
		size_t filled = (size_t)((double)done / (double)progress.total * WIDTH);

		memset(bar, ' ', WIDTH);
		memset(bar, '#', filled);
		bar[WIDTH] = '\0';
		(void)fprintf(stderr, "[%s] %.1f of %.1f MiB", bar, mib,
			(double)progress.total / (double)MIB);
	} else {
		(void)fprintf(stderr, "%.1f MiB", mib);
	}
	if (seconds > 0)
		(void)fprintf(stderr, ", %.1f MiB/s", mib / seconds);
	(void)fflush(stderr);
	progress.drawn = true;
	progress.drawn_ms = now_ms;
}

static void before_log_line(void)
{
	(void)pthread_mutex_lock(&progress.lock);
	erase();
	(void)pthread_mutex_unlock(&progress.lock);
}

void progress_start(const char *what, bool wanted)
{
	(void)pthread_mutex_lock(&progress.lock);
	progress.what = what;
	progress.active = wanted && isatty(STDERR_FILENO);
	progress.started_ms = progress.drawn_ms = clock_monotonic_ms();
	progress.done = progress.total = 0;
	(void)pthread_mutex_unlock(&progress.lock);
	log_set_before_line(before_log_line);
}

/* With the lock held. What nobody sees costs one comparison. */
static void redraw(void)
{
	if (!progress.active)
		return;
	uint64_t now_ms = clock_monotonic_ms();
	if (now_ms - progress.drawn_ms >= REDRAW_MS)
		draw(now_ms);
}

void progress_add_total(uint64_t more)
{
	(void)pthread_mutex_lock(&progress.lock);
	progress.total += more;
	(void)pthread_mutex_unlock(&progress.lock);
}

void progress_add_done(uint64_t more)
{
	(void)pthread_mutex_lock(&progress.lock);
	progress.done += more;
	redraw();
	(void)pthread_mutex_unlock(&progress.lock);
}

void progress_set(uint64_t done, uint64_t total)
{
	(void)pthread_mutex_lock(&progress.lock);
	progress.done = done;
	progress.total = total;
	redraw();
	(void)pthread_mutex_unlock(&progress.lock);
}

void progress_stop(void)
{
	log_set_before_line(NULL);
	(void)pthread_mutex_lock(&progress.lock);
	erase();
	(void)fflush(stderr);
	progress.active = false;
	(void)pthread_mutex_unlock(&progress.lock);
}
