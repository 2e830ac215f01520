/*
 * Amazon's advisories, by their ids: ALAS-2011-1 is of the first Amazon Linux, ALAS2-2018-939 of
 * the second's core, ALAS2KERNEL-5.15-2022-001 of its topic "kernel-5.15" (amazon-linux-extras),
 * ALAS2023-2023-001 and ALAS2023LIVEPATCH-2023-001 of 2023.
 *
 * Topics have packages of the core in other versions. A fix in topic "php8.0" of php 8.0.20 says
 * nothing of the core's php 5.4: it concerns versions from 8.0 on, the number in the topic's name,
 * where that is how the fixed version begins.
 */
#include "base/base.h"

#include "feed/amazon.h"
#include "feed/format/rpm_words.h"
#include "feed/format/updateinfo.h"
#include "feed/sink.h"

#define ID_SHOWN 100

/* The first Amazon Linux was one stream of packages, whatever release an image calls itself. */
static const char *const releases_1[] = { "amzn:2016.09", "amzn:2017.03", "amzn:2017.09",
	"amzn:2018.03", NULL };
static const char *const releases_2[] = { "amzn:2", NULL };
static const char *const releases_2022[] = { "amzn:2022", NULL };
static const char *const releases_2023[] = { "amzn:2023", NULL };

static const struct {
	struct str release;
	struct str page; /* folder of its advisories' pages */
	const char *const *name_spaces;
} releases[] = {
	/* Longer ones first: all begin with "2". */
	{ STR_INIT("2023"), STR_INIT("AL2023/"), releases_2023 },
	{ STR_INIT("2022"), STR_INIT("AL2022/"), releases_2022 },
	{ STR_INIT("2"), STR_INIT("AL2/"), releases_2 },
	{ STR_INIT("1"), STR_INIT(""), releases_1 },
};

const char *const *amazon_namespaces(struct str release)
{
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		if (str_eq(releases[i].release, release))
			return releases[i].name_spaces;
	}
	return NULL;
}

struct id {
	size_t release;   /* index into releases */
	struct str topic; /* in upper case, as the id has it: "KERNEL-5.15"; empty: the core */
};

/* Takes "-YYYY-NUMBER" off the end. */
static bool cut_number(struct str *s)
{
	struct str number, year;

	if (!str_rcut(*s, '-', s, &number) || !str_rcut(*s, '-', s, &year) || year.n != 4 ||
		number.n == 0)
		return false;
	for (size_t i = 0; i < year.n; i++) {
		if (!ascii_is_digit(year.p[i]))
			return false;
	}
	return true;
}

static bool parse_id(struct str id, struct id *out)
{
	if (!str_skip_prefix(&id, STR("ALAS")) || !cut_number(&id))
		return false;
	/* On the web, ids of topics of the second have no "2". */
	out->release = ARRAY_LEN(releases) - (id.n ? 2 : 1);
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		if (str_skip_prefix(&id, releases[i].release)) {
			out->release = i;
			break;
		}
	}
	out->topic = id;
	return true;
}

/* The next number, "5.15", in a name; false when there is none left. */
static bool next_number(struct str *rest, struct str *number)
{
	size_t n = 0;

	while (rest->n && !ascii_is_digit(rest->p[0]))
		*rest = str_skip(*rest, 1);
	while (n < rest->n &&
		(ascii_is_digit(rest->p[n]) ||
			(rest->p[n] == '.' && n + 1 < rest->n && ascii_is_digit(rest->p[n + 1]))))
		n++;
	*number = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	return n > 0;
}

/* Whether a version is of the series with this number. */
static bool is_in_series(struct str version, struct str number)
{
	return str_skip_prefix(&version, number) &&
	       (version.n == 0 || version.p[0] == '.' || version.p[0] == '-');
}

/* The first version of the topic, with the epoch of the fixed one; empty: all are concerned. */
static struct str first_of_topic(struct arena *a, struct str topic, struct str fixed)
{
	struct str epoch, version, number, best = STR_NULL;

	if (!str_cut(fixed, ':', &epoch, &version)) {
		epoch = STR_NULL;
		version = fixed;
	}
	while (next_number(&topic, &number)) {
		if (is_in_series(version, number) && number.n > best.n)
			best = number;
	}
	if (best.n == 0 || epoch.n == 0)
		return best;
	return arena_printf(a, "%" PRIstr ":%" PRIstr, STR_ARG(epoch), STR_ARG(best));
}

static int put(struct feed_sink *sink, const struct advisory *advisory, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	int r = sink->put(sink, advisory, &refused);

	return r < 0 && r != -ERR_INPUT ? err_move(err, &refused) : 0;
}

static int put_update(struct feed_sink *sink, const struct updateinfo_update *u,
	const struct id *id, struct arena *a, struct err *err)
{
	struct advisory_fix *fixes;
	size_t n = updateinfo_fixes(u, a, &fixes);
	struct advisory advisory = {
		.scheme = STR("rpm"),
		.name = u->id,
		.severity = rpm_severity(u->severity),
		.link = arena_printf(a, "https://alas.aws.amazon.com/%" PRIstr "%" PRIstr ".html",
			STR_ARG(releases[id->release].page), STR_ARG(u->id)),
		.description = u->description,
		.cves = u->cves,
		.n_cves = u->n_cves,
		.fixes = fixes,
		.n_fixes = n,
	};

	for (size_t i = 0; i < n; i++)
		fixes[i].introduced = first_of_topic(a, id->topic, fixes[i].fixed_version);
	for (const char *const *ns = releases[id->release].name_spaces; *ns; ns++) {
		advisory.name_space = str_of(*ns);
		int r = put(sink, &advisory, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int handle_update(
	struct feed_sink *sink, const struct updateinfo_update *u, struct arena *a, struct err *err)
{
	struct str shown = str_head(u->id, ID_SHOWN);
	struct id id;

	if (u->problem) {
		feed_note(sink, "advisory %" PRIstr ": %s", STR_ARG(shown), u->problem);
		return 0;
	}
	if (u->type.n && !str_eq(u->type, STR("security")))
		return 0;
	if (!parse_id(u->id, &id)) {
		feed_note(sink, "advisory %" PRIstr ": no id of Amazon Linux", STR_ARG(shown));
		return 0;
	}
	return put_update(sink, u, &id, a, err);
}

int amazon_parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	_cleanup_(updateinfo_freep) struct updateinfo_reader *reader = updateinfo_new(in);
	int r = 1;

	while (r > 0) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct updateinfo_update u;

		r = updateinfo_next(reader, &a, &u, err);
		if (r > 0) {
			int e = handle_update(sink, &u, &a, err);
			if (e < 0)
				return e;
		}
	}
	return r;
}
