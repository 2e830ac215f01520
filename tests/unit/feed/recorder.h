/*
 * A sink that writes down what it is told, a line each:
 *
 *   NAMESPACE NAME SEVERITY [PACKAGE [introduced-]fixed STATE]… {CVE …} <LINK>
 *   note: …
 */
#ifndef TEST_FEED_RECORDER_H
#define TEST_FEED_RECORDER_H

#include "../test.h"

#include "feed/feed.h"

struct recorder {
	struct feed_sink sink;
	struct buf lines;
	int answer; /* of put() */
};

static int recorder_put(struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct recorder *r = (struct recorder *)sink;

	buf_printf(&r->lines, "%" PRIstr " %" PRIstr " %s", STR_ARG(a->name_space),
		STR_ARG(a->name), severity_to_str(a->severity));
	for (size_t i = 0; i < a->n_fixes; i++) {
		const struct advisory_fix *f = &a->fixes[i];

		assert_int_equal(f->severity, a->severity);
		buf_printf(&r->lines, " [%" PRIstr " %" PRIstr "%s%" PRIstr " %s]",
			STR_ARG(f->package), STR_ARG(f->introduced), f->introduced.n ? "-" : "",
			STR_ARG(f->fixed_version), fix_state_to_str(f->state));
	}
	buf_append_str(&r->lines, STR(" {"));
	for (size_t i = 0; i < a->n_cves; i++)
		buf_printf(&r->lines, "%s%" PRIstr, i ? " " : "", STR_ARG(a->cves[i]));
	buf_printf(&r->lines, "} <%" PRIstr ">\n", STR_ARG(a->link));
	return r->answer ? err_set(err, (enum err_code) - r->answer, "refused") : 0;
}

static void recorder_note(struct feed_sink *sink, const char *what)
{
	buf_printf(&((struct recorder *)sink)->lines, "note: %s\n", what);
}

static inline void recorder_init(struct recorder *r)
{
	*r = (struct recorder){ .sink = { .put = recorder_put, .note = recorder_note },
		.lines = BUF_INIT(64 * MIB) };
}

#endif
