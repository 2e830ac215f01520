/*
 * OSV records: the chunks in which one comes make no difference, and intervals are ordered.
 */
#include "base/base.h"

#include "feed/format/osv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static bool is_text(struct str s)
{
	return s.n == 0 || !memchr(s.p, '\0', s.n);
}

/* Without a version that is none, each interval ends behind where it begins. */
static void check_intervals(
	const struct osv_affected *affected, const struct version_scheme *scheme)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct osv_interval *intervals;
	struct str bad;
	size_t n = osv_intervals(affected, scheme, &a, &intervals, &bad);

	for (size_t i = 0; i < n; i++) {
		const struct osv_interval *v = &intervals[i];
		struct str end = v->fixed.n ? v->fixed : v->last_affected;
		_cleanup_err_ struct err err = ERR_INIT;
		int order = 0;

		CHECK(v->fixed.n == 0 || v->last_affected.n == 0);
		if (v->introduced.n == 0 || end.n == 0)
			continue;
		CHECK(version_compare(scheme, v->introduced, end, &order, &err) == 0);
		CHECK(order <= 0);
	}
}

static int run(
	struct arena *a, struct osv_record *r, const uint8_t *data, size_t size, size_t chunk)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	stream_mem_init(&m, span_n(data, size), chunk);
	int code = osv_parse(&m.stream, a, r, &err);
	CHECK((code < 0) == (err.code != ERR_NONE) && code <= 0);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct osv_record whole, pieces;
	const struct str *cves;

	int r = run(&a, &whole, data, size, 0);
	CHECK(run(&a, &pieces, data, size, 3) == r);
	if (r < 0)
		return 0;
	CHECK(whole.problem == pieces.problem && str_eq(whole.id, pieces.id));
	CHECK(whole.n_affected == pieces.n_affected && whole.n_related == pieces.n_related);
	CHECK(is_text(whole.id) && is_text(whole.details) && is_text(whole.summary));
	CHECK(osv_cves(&whole, &a, &cves) <=
		1 + whole.n_aliases + whole.n_related + whole.n_upstream);
	for (size_t i = 0; i < whole.n_affected; i++) {
		check_intervals(&whole.affected[i], version_scheme_by_name(STR("rpm")));
		check_intervals(&whole.affected[i], version_scheme_by_name(STR("dpkg")));
	}
	return 0;
}
