/*
 * Files of the Ubuntu CVE tracker: whatever one holds, what is put makes sense, and a file says the
 * same after another one.
 */
#include "feed/format/ubuntu_tracker.h"
#include "feed/sink.h"

#include "base/utf8.h"
#include "version/version.h"

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

static void check_fix(const struct advisory_fix *fix)
{
	bool fixed = fix->state == FIX_STATE_FIXED || fix->state == FIX_STATE_FIXED_IN_PRO;

	CHECK(feed_is_word(fix->package) && !ubuntu_is_kernel(fix->package));
	CHECK(fix->severity < SEVERITY_COUNT && fixed == (fix->fixed_version.n > 0));
	CHECK(!fixed || version_is_valid(version_scheme_by_name(STR("dpkg")), fix->fixed_version));
}

static int count_put(struct feed_sink *sink, const struct advisory *a, struct err *err UNUSED)
{
	((struct counter *)sink)->puts++;
	CHECK(str_starts(a->name_space, STR("ubuntu:")) && str_eq(a->name, STR("CVE-2024-1")));
	CHECK(str_eq(a->scheme, STR("dpkg")) && a->severity < SEVERITY_COUNT && a->n_fixes > 0);
	for (size_t i = 0; i < a->n_fixes; i++)
		check_fix(&a->fixes[i]);
	CHECK(a->description.n <= LIMIT_ADVISORY_TEXT);
	for (struct str rest = a->description; rest.n;) {
		size_t n = utf8_check(rest.p, rest.n);

		CHECK(n > 0 && rest.p[0] != '\0');
		rest = str_skip(rest, n);
	}
	return 0;
}

static void count_note(struct feed_sink *sink, const char *what)
{
	((struct counter *)sink)->notes++;
	CHECK(strlen(what) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counter c = { .sink = { .put = count_put, .note = count_note } };
	_cleanup_(ubuntu_rows_freep) struct ubuntu_rows *rows = ubuntu_rows_new(&c.sink);
	struct str content = str_from_span(span_n(data, size));
	size_t puts = 0;

	for (int i = 0; i < 2; i++) {
		_cleanup_err_ struct err err = ERR_INIT;

		c.puts = 0;
		CHECK(ubuntu_tracker_parse(rows, STR("CVE-2024-1"), content, &err) == 0);
		CHECK(i == 0 || c.puts == puts);
		puts = c.puts;
	}
	return 0;
}
