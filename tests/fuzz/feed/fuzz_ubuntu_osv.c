/*
 * Ubuntu's OSV records: whatever one holds, what is put makes sense, and is of the CVE that it
 * covers.
 */
#include "feed/format/ubuntu_osv.h"
#include "feed/sink.h"

#include "base/base.h"
#include "version/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

struct checker {
	struct feed_sink sink;
	char cve[64]; /* the beginning of the name that was covered */
};

static int check_cover(struct feed_sink *sink, struct str name, struct err *err UNUSED)
{
	struct checker *c = (struct checker *)sink;

	CHECK(str_starts(name, STR("CVE-")) && feed_is_word(name) && c->cve[0] == '\0');
	memcpy(c->cve, name.p, min_size(name.n, sizeof(c->cve) - 1));
	return 0;
}

static void check_fix(const struct advisory_fix *fix)
{
	bool fixed = fix->state == FIX_STATE_FIXED || fix->state == FIX_STATE_FIXED_IN_PRO;

	CHECK(feed_is_word(fix->package) && !ubuntu_is_kernel(fix->package));
	CHECK(fix->severity < SEVERITY_COUNT && fixed == (fix->fixed_version.n > 0));
	CHECK(!fixed || version_is_valid(version_scheme_by_name(STR("dpkg")), fix->fixed_version));
}

static int check_put(struct feed_sink *sink, const struct advisory *a, struct err *err UNUSED)
{
	const struct checker *c = (const struct checker *)sink;

	CHECK(str_starts(a->name_space, STR("ubuntu:")) && a->n_fixes > 0);
	CHECK(c->cve[0] != '\0' && str_starts(a->name, str_of(c->cve)));
	for (size_t i = 0; i < a->n_fixes; i++)
		check_fix(&a->fixes[i]);
	return 0;
}

static void check_note(struct feed_sink *sink UNUSED, const char *what)
{
	CHECK(strlen(what) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checker c = {
		.sink = { .put = check_put, .cover_name = check_cover, .note = check_note }
	};
	_cleanup_(ubuntu_rows_freep) struct ubuntu_rows *rows = ubuntu_rows_new(&c.sink);
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	stream_mem_init(&m, span_n(data, size), 0);
	int r = ubuntu_osv_parse(rows, &m.stream, &c.sink, &err);
	CHECK((r < 0) == (err.code != ERR_NONE) && r <= 0);
	return 0;
}
