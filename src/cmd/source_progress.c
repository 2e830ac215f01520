/*
 * What the sources of an update are doing, a line each on a terminal's standard error, redrawn at
 * most ten times a second, removed before log lines and results.
 */
#include "cmd/cmd_priv.h"

#include <pthread.h>

#include "cmd/source_progress.h"

enum { REDRAW_MS = 100, WIDTH = 20 };

static struct {
	pthread_mutex_t lock;
	bool active;
	struct source_progress *sources;
	size_t n;
	size_t drawn; /* lines on the screen */
	uint64_t drawn_ms;
} board = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* With the lock held. */
static void erase(void)
{
	if (board.drawn > 0)
		(void)fprintf(stderr, "\033[%zuA\r\033[J", board.drawn);
	board.drawn = 0;
	(void)fflush(stderr);
}

static void draw_one(const struct source_progress *s)
{
	char bar[WIDTH + 1] = "";
	double mib = (double)s->done / (double)MIB;

	if (s->total > 0 && s->total != UINT64_MAX) {
		uint64_t done = s->done < s->total ? s->done : s->total;
		size_t filled = (size_t)((double)done / (double)s->total * WIDTH);

		memset(bar, ' ', WIDTH);
		memset(bar, '#', filled);
		bar[WIDTH] = '\0';
	}
	(void)fprintf(stderr, "%-10s [%-20s] %8.1f MiB, %" PRIu64 " advisories%s\n", s->name, bar,
		mib, s->advisories, s->writing ? ", writing" : "");
}

/* With the lock held. */
static void draw(void)
{
	uint64_t now = clock_monotonic_ms();

	if (!board.active || now - board.drawn_ms < REDRAW_MS)
		return;
	erase();
	for (size_t i = 0; i < board.n; i++) {
		if (!board.sources[i].running)
			continue;
		draw_one(&board.sources[i]);
		board.drawn++;
	}
	(void)fflush(stderr);
	board.drawn_ms = now;
}

static void before_log_line(void)
{
	(void)pthread_mutex_lock(&board.lock);
	erase();
	(void)pthread_mutex_unlock(&board.lock);
}

void source_progress_start(struct source_progress *sources, size_t n, bool wanted)
{
	board.sources = sources;
	board.n = n;
	board.drawn = 0;
	board.drawn_ms = clock_monotonic_ms();
	board.active = wanted && isatty(STDERR_FILENO);
	log_set_before_line(before_log_line);
}

void source_progress_stop(void)
{
	log_set_before_line(NULL);
	(void)pthread_mutex_lock(&board.lock);
	erase();
	board.active = false;
	(void)pthread_mutex_unlock(&board.lock);
}

static void on_bytes(struct feed_progress *base, uint64_t done, uint64_t total, uint64_t advisories)
{
	struct source_progress *s = (struct source_progress *)base;

	if (!board.active)
		return;
	(void)pthread_mutex_lock(&board.lock);
	s->done = done;
	s->total = total;
	s->advisories = advisories;
	draw();
	(void)pthread_mutex_unlock(&board.lock);
}

static void on_writing(struct feed_progress *base)
{
	struct source_progress *s = (struct source_progress *)base;

	(void)pthread_mutex_lock(&board.lock);
	s->writing = true;
	draw();
	(void)pthread_mutex_unlock(&board.lock);
}

void source_progress_begin(struct source_progress *s, const char *name)
{
	(void)pthread_mutex_lock(&board.lock);
	s->base = (struct feed_progress){ .bytes = on_bytes, .writing = on_writing };
	s->name = name;
	s->running = true;
	(void)pthread_mutex_unlock(&board.lock);
}

void source_progress_end(struct source_progress *s, void (*report)(void *ctx), void *ctx)
{
	(void)pthread_mutex_lock(&board.lock);
	s->running = false;
	erase();
	report(ctx);
	(void)pthread_mutex_unlock(&board.lock);
}
