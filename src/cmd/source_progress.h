/*
 * What the sources of an update are doing, on a terminal. Any thread.
 */
#ifndef CMD_SOURCE_PROGRESS_H
#define CMD_SOURCE_PROGRESS_H

#include "feed/feed.h"

struct source_progress {
	struct feed_progress base; /* for feed_update() */
	const char *name;
	bool running;
	bool writing;
	uint64_t done;
	uint64_t total;
	uint64_t advisories;
};

/* Shows those of these n that are running; nothing without a terminal, or when it is not wanted. */
void source_progress_start(struct source_progress *sources, size_t n, bool wanted);
void source_progress_stop(void);

void source_progress_begin(struct source_progress *s, const char *name);
/* Calls report() alone, while no line is on the screen; it must not log. */
void source_progress_end(struct source_progress *s, void (*report)(void *ctx), void *ctx);

#endif
