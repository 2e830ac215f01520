/*
 * A sink that writes down what it is given, a line each:
 *   namespace name severity [CVEs] package introduced<fixed (arches) state severity; …
 */
#ifndef TESTS_UNIT_FEED_SINK_RECORDER_H
#define TESTS_UNIT_FEED_SINK_RECORDER_H

#include "../test.h"

#include "feed/feed.h"

struct sink_recorder {
	struct feed_sink sink;
	struct buf lines;
	size_t puts;
	size_t notes;
	int answer;      /* of put(), 0 or a negative code */
	struct buf link; /* of the last advisory */
	size_t description_bytes;
};

static inline void sink_recorder_fix(struct buf *out, const struct advisory_fix *fix)
{
	buf_printf(out, " %" PRIstr " %" PRIstr "<%" PRIstr " (%" PRIstr ") %s %s;",
		STR_ARG(fix->package), STR_ARG(fix->introduced), STR_ARG(fix->fixed_version),
		STR_ARG(fix->arches), fix_state_to_str(fix->state), severity_to_str(fix->severity));
}

static inline int sink_recorder_put(
	struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct sink_recorder *r = (struct sink_recorder *)sink;

	r->puts++;
	r->description_bytes = a->description.n;
	buf_clear(&r->link);
	buf_append_str(&r->link, a->link);
	buf_printf(&r->lines, "%" PRIstr " %" PRIstr " %s [", STR_ARG(a->name_space),
		STR_ARG(a->name), severity_to_str(a->severity));
	for (size_t i = 0; i < a->n_cves; i++)
		buf_printf(&r->lines, "%s%" PRIstr, i ? " " : "", STR_ARG(a->cves[i]));
	buf_append_char(&r->lines, ']');
	for (size_t i = 0; i < a->n_fixes; i++)
		sink_recorder_fix(&r->lines, &a->fixes[i]);
	buf_append_char(&r->lines, '\n');
	assert_str(a->scheme, "rpm");
	return r->answer ? err_set(err, (enum err_code) - r->answer, "refused") : 0;
}

static inline void sink_recorder_note(struct feed_sink *sink, const char *what)
{
	struct sink_recorder *r = (struct sink_recorder *)sink;

	r->notes++;
	buf_printf(&r->lines, "note: %s\n", what);
}

static inline void sink_recorder_init(struct sink_recorder *r)
{
	*r = (struct sink_recorder){ .sink = { .put = sink_recorder_put,
					     .note = sink_recorder_note },
		.lines = BUF_INIT(64 * MIB),
		.link = BUF_INIT(MIB) };
}

static inline void sink_recorder_fini(struct sink_recorder *r)
{
	buf_fini(&r->lines);
	buf_fini(&r->link);
}

#endif
