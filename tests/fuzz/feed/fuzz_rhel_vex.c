/*
 * Red Hat's VEX documents: whatever the document, only advisories that make sense are put, none of
 * a document that does not parse, and the chunks in which it comes make no difference.
 */
#include "feed/rhel_vex.h"
#include "version/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counter {
	struct feed_sink sink;
	size_t puts;
	size_t fixes;
	size_t notes;
};

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static bool is_version(struct str v)
{
	return version_is_valid(version_scheme_by_name(STR("rpm")), v);
}

static void check_fix(const struct advisory_fix *fix)
{
	int order = 0;

	CHECK(fix->package.n > 0 && fix->state < FIX_STATE_COUNT);
	CHECK(fix->severity < SEVERITY_COUNT);
	CHECK((fix->state == FIX_STATE_FIXED) == (fix->fixed_version.n > 0));
	if (fix->fixed_version.n)
		CHECK(is_version(fix->fixed_version));
	if (fix->introduced.n == 0)
		return;
	CHECK(is_version(fix->introduced) && fix->fixed_version.n);
	CHECK(version_compare(version_scheme_by_name(STR("rpm")), fix->introduced,
		      fix->fixed_version, &order, NULL) == 0 &&
		order <= 0);
}

static int count_put(struct feed_sink *sink, const struct advisory *a, struct err *err UNUSED)
{
	struct counter *c = (struct counter *)sink;

	c->puts++;
	c->fixes += a->n_fixes;
	CHECK(str_starts(a->name_space, STR("centos:")) || str_starts(a->name_space, STR("rhel:")));
	CHECK(str_starts(a->name, STR("CVE-")) && a->name.n < 128);
	CHECK(str_eq(a->scheme, STR("rpm")));
	CHECK(a->description.n <= LIMIT_ADVISORY_TEXT);
	CHECK(a->description.n == 0 || !memchr(a->description.p, '\0', a->description.n));
	CHECK(a->n_fixes > 0);
	for (size_t i = 0; i < a->n_fixes; i++)
		check_fix(&a->fixes[i]);
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
	int r = rhel_vex_parse(&m.stream, &c->sink, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counter whole, pieces;

	int r = run(&whole, data, size, 0);
	CHECK(run(&pieces, data, size, 3) == r);
	CHECK(whole.puts == pieces.puts && whole.fixes == pieces.fixes &&
		whole.notes == pieces.notes);
	return 0;
}
