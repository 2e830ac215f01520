/*
 * Security databases, as JSON or YAML: only advisories that make sense are put, and the chunks in
 * which the document comes make no difference.
 */
#include "base/base.h"

#include "feed/format/secdb.h"

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
	CHECK(str_starts(a->name_space, STR("alpine:")) && a->name_space.n > 8);
	CHECK(str_eq(a->scheme, STR("apk")));
	CHECK(a->name.n > 0 && str_find_char(a->name, ' ') < 0);
	CHECK(a->n_fixes == 1 && fix->package.n > 0 && fix->fixed_version.n > 0);
	CHECK(!str_eq(fix->fixed_version, STR("0")));
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
	int r = secdb_parse(&m.stream, STR_NULL, &c->sink, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counter whole, pieces;

	int r = run(&whole, data, size, 0);
	CHECK(run(&pieces, data, size, 3) == r);
	/* YAML is decoded ahead of what is read of it, by pieces. */
	CHECK(r < 0 || (whole.puts == pieces.puts && whole.notes == pieces.notes));
	return 0;
}
