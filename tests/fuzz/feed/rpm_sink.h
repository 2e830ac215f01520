/*
 * A sink for targets of feeds of rpm distributions: counts, and aborts when what it is given makes
 * no sense.
 */
#ifndef TESTS_FUZZ_FEED_RPM_SINK_H
#define TESTS_FUZZ_FEED_RPM_SINK_H

#include "feed/feed.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct rpm_sink {
	struct feed_sink sink;
	const char *prefix; /* of namespaces; NULL: any */
	size_t puts;
	size_t fixes;
	size_t notes;
};

static inline int rpm_sink_put(
	struct feed_sink *sink, const struct advisory *a, struct err *err UNUSED)
{
	struct rpm_sink *s = (struct rpm_sink *)sink;

	s->puts++;
	s->fixes += a->n_fixes;
	CHECK(str_find_char(a->name_space, ':') > 0);
	CHECK(!s->prefix || str_starts(a->name_space, str_of(s->prefix)));
	CHECK(a->name.n > 0 && a->name.n <= LIMIT_PACKAGE_FIELD);
	CHECK(str_eq(a->scheme, STR("rpm")) && a->severity < SEVERITY_COUNT);
	CHECK(a->description.n <= LIMIT_ADVISORY_TEXT);
	for (size_t i = 0; i < a->n_cves; i++)
		CHECK(str_starts(a->cves[i], STR("CVE-")));
	for (size_t i = 0; i < a->n_fixes; i++)
		CHECK((a->fixes[i].state == FIX_STATE_FIXED) == (a->fixes[i].fixed_version.n > 0));
	return 0;
}

static inline void rpm_sink_note(struct feed_sink *sink, const char *what)
{
	((struct rpm_sink *)sink)->notes++;
	CHECK(strlen(what) > 0);
}

static inline void rpm_sink_init(struct rpm_sink *s, const char *prefix)
{
	*s = (struct rpm_sink){ .sink = { .put = rpm_sink_put, .note = rpm_sink_note },
		.prefix = prefix };
}

/* The chunks in which a document comes make no difference. */
static inline void rpm_sink_twice(const uint8_t *data, size_t size, const char *prefix,
	int (*parse)(struct stream *in, struct feed_sink *sink, struct err *err))
{
	static const size_t chunks[] = { 0, 3 };
	struct rpm_sink s[2];
	int r[2];

	for (size_t i = 0; i < 2; i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct stream_mem m;

		rpm_sink_init(&s[i], prefix);
		stream_mem_init(&m, span_n(data, size), chunks[i]);
		r[i] = parse(&m.stream, &s[i].sink, &err);
		CHECK(r[i] <= 0 && (r[i] < 0) == (err.code != ERR_NONE));
	}
	CHECK(r[0] == r[1] && s[0].puts == s[1].puts && s[0].fixes == s[1].fixes &&
		s[0].notes == s[1].notes);
}

#endif
