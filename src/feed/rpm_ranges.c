#include "feed/rpm_ranges.h"

#include "version/version.h"

/* "1:3.0.7-18.el9_2.1" */
struct evr {
	struct str version; /* with the epoch: "1:3.0.7" */
	struct str release;
	struct str lead;  /* of the release, up to its distribution: "18" */
	struct str dist;  /* "el9_2", "module+el8.5.0"; empty: none */
	struct str minor; /* "2"; empty: none is named */
};

static struct str digits_of(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return str_head(s, n);
}

/* The offset of ".el" or "+el" with a digit behind it, or -1. */
static ptrdiff_t find_dist(struct str release)
{
	for (size_t i = 0; i + 3 < release.n; i++) {
		if ((release.p[i] == '.' || release.p[i] == '+') && release.p[i + 1] == 'e' &&
			release.p[i + 2] == 'l' && ascii_is_digit(release.p[i + 3]))
			return (ptrdiff_t)i;
	}
	return -1;
}

static struct evr evr_of(struct str v)
{
	struct evr e = { .version = v };

	if (!str_rcut(v, '-', &e.version, &e.release))
		e.version = v;
	e.lead = e.release;
	ptrdiff_t at = find_dist(e.release);

	if (at < 0)
		return e;
	bool module = e.release.p[at] == '+';
	struct str behind = str_skip(e.release, (size_t)at + 3);

	e.lead = str_head(e.release, (size_t)at);
	behind = str_skip(behind, digits_of(behind).n);
	if (str_skip_prefix(&behind, module ? STR(".") : STR("_")))
		e.minor = digits_of(behind);
	e.dist = str_n(e.release.p + at + 1,
		(size_t)((e.minor.n ? e.minor.p + e.minor.n : behind.p) - (e.release.p + at + 1)));
	return e;
}

static int compare(struct str a, struct str b)
{
	int order = 0;

	if (version_compare(version_scheme_by_name(STR("rpm")), a, b, &order, NULL) < 0)
		return 0;
	return order;
}

/*
 * The first version that is of the line of `next` and no more of that of `previous`; empty when
 * they are of one line, or it cannot be told.
 *
 * A new version of the software begins a line. So does a minor release: its builds go on from where
 * the one before it was branched off, whose own go on with digits behind those ("23.el9_2.4" after
 * "23.el9_2", while the next minor release has "26.el9_3"). The first number of the release then
 * tells the lines apart, and the name of the minor release where even that is the same.
 */
static struct str line_begins(const struct evr *previous, const struct evr *next, struct arena *a)
{
	uint64_t number, next_number;

	if (compare(previous->version, next->version) != 0)
		return next->version;
	if (str_eq(previous->minor, next->minor))
		return STR_NULL;
	if (!parse_u64(digits_of(previous->release), &number) ||
		!parse_u64(digits_of(next->release), &next_number) || next_number < number)
		return STR_NULL;
	if (number < next_number)
		return arena_printf(a, "%" PRIstr "-%" PRIu64, STR_ARG(next->version), number + 1);
	if (str_eq(previous->lead, next->lead) && next->dist.n)
		return arena_printf(a, "%" PRIstr "-%" PRIstr ".%" PRIstr, STR_ARG(next->version),
			STR_ARG(next->lead), STR_ARG(next->dist));
	return STR_NULL;
}

static int by_version(const void *a, const void *b)
{
	const struct rpm_range *x = a, *y = b;
	int order = compare(x->fixed, y->fixed);

	return order ? order : str_cmp(x->fixed, y->fixed);
}

/* Where a range begins that follows `last`; empty: they are one. */
static struct str gap(const struct rpm_range *last, const struct rpm_range *range, struct arena *a)
{
	struct evr previous = evr_of(last->fixed), next = evr_of(range->fixed);
	struct str begin = line_begins(&previous, &next, a);

	if (begin.n && compare(last->fixed, begin) < 0 && compare(begin, range->fixed) <= 0)
		return begin;
	return STR_NULL;
}

size_t rpm_ranges(struct rpm_range *ranges, size_t n, struct arena *a)
{
	size_t kept = 0;

	if (n > 1)
		qsort(ranges, n, sizeof(*ranges), by_version);
	for (size_t i = 0; i < n; i++) {
		struct rpm_range range = ranges[i];
		struct rpm_range *last = kept ? &ranges[kept - 1] : NULL;

		range.introduced = last ? gap(last, &range, a) : STR_NULL;
		if (last && range.introduced.n == 0) {
			range.introduced = last->introduced;
			range.arches |= last->arches;
			range.severity =
				range.severity > last->severity ? range.severity : last->severity;
			kept--;
		}
		ranges[kept++] = range;
	}
	return kept;
}
