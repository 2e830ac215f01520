/*
 * The driver of the Debian security tracker: whatever the document, it puts only advisories that
 * make sense, and the chunks in which the document comes make no difference.
 */
#include "feed/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counter {
	struct feed_sink sink;
	size_t puts;
	size_t notes;
};

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static int count_put(struct feed_sink *sink, const struct advisory *a, struct err *err UNUSED)
{
	const struct advisory_fix *fix = a->fixes;

	((struct counter *)sink)->puts++;
	CHECK(str_starts(a->name_space, STR("debian:")) && a->name_space.n > 7);
	CHECK(str_starts(a->name, STR("CVE-")));
	CHECK(str_eq(a->scheme, STR("dpkg")));
	CHECK(a->severity < SEVERITY_COUNT && a->severity == fix->severity);
	CHECK(a->n_fixes == 1 && fix->package.n > 0 && fix->state < FIX_STATE_COUNT);
	CHECK((fix->state == FIX_STATE_FIXED) == (fix->fixed_version.n > 0));
	CHECK(a->description.n <= LIMIT_ADVISORY_TEXT);
	CHECK(a->description.n == 0 || !memchr(a->description.p, '\0', a->description.n));
	return 0;
}

static void count_note(struct feed_sink *sink, const char *what)
{
	((struct counter *)sink)->notes++;
	CHECK(strlen(what) > 0);
}

static int run(struct counter *c, const uint8_t *data, size_t size, size_t chunk)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	*c = (struct counter){ .sink = { .put = count_put, .note = count_note } };
	stream_mem_init(&m, span_n(data, size), chunk);
	int r = feed_driver_by_name(STR("debian"))->parse(&m.stream, &c->sink, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counter whole, pieces;

	int r = run(&whole, data, size, 0);
	CHECK(run(&pieces, data, size, 3) == r);
	CHECK(whole.puts == pieces.puts && whole.notes == pieces.notes);
	return 0;
}
