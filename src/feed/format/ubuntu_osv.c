/*
 * An affected package becomes the row that the tracker has for it: "released" with the version of
 * the fix, "needed" without one.
 */
#include "feed/format/ubuntu_osv.h"

#include "base/base.h"
#include "distro/distro.h"
#include "feed/format/osv.h"
#include "feed/sink.h"

#define NAME_SHOWN 100

/* Whether s is "CVE-" and what a name may hold. */
static bool is_cve(struct str s)
{
	return str_starts(s, STR("CVE-")) && feed_is_word(s) && s.n > 4;
}

struct str ubuntu_osv_cve(struct str path)
{
	struct str name = path_basename(path);

	if (!str_skip_prefix(&name, STR("UBUNTU-")) || !str_ends(name, STR(".json")))
		return STR_NULL;
	name.n -= strlen(".json");
	return is_cve(name) ? name : STR_NULL;
}

/* The codename of an ecosystem, and whether it is that of Pro; empty for one of other builds (FIPS,
 * real-time …). A version without a known codename stands for itself: it is noted as unknown. */
static struct str release_of(struct str ecosystem, bool *pro)
{
	struct str version, more = STR_NULL;

	if (!str_skip_prefix(&ecosystem, STR("Ubuntu:")))
		return STR_NULL;
	*pro = str_skip_prefix(&ecosystem, STR("Pro:"));
	if (!str_cut(ecosystem, ':', &version, &more))
		version = ecosystem;
	else if (!str_eq(more, STR("LTS")))
		return STR_NULL;
	if (version.n == 0 || !ascii_is_digit(version.p[0]))
		return STR_NULL;
	const char *codename = distro_ubuntu_codename(version);
	return codename ? str_of(codename) : version;
}

static enum severity priority_of(const struct osv_severity *severities, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq_nocase(severities[i].type, STR("Ubuntu")))
			return ubuntu_severity(severities[i].score);
	}
	return SEVERITY_UNKNOWN;
}

static enum severity severity_of_affected(const struct osv_affected *affected)
{
	enum severity severity = priority_of(affected->severities, affected->n_severities);

	return severity == SEVERITY_UNKNOWN ? ubuntu_severity(affected->priority) : severity;
}

/* Older records have the priority at each package only. */
static enum severity severity_of(const struct osv_record *record)
{
	enum severity severity = priority_of(record->severities, record->n_severities);

	for (size_t i = 0; i < record->n_affected && severity == SEVERITY_UNKNOWN; i++)
		severity = severity_of_affected(&record->affected[i]);
	return severity;
}

/* Where it differs from that of the CVE. */
static void add_priority(struct ubuntu_rows *rows, const struct osv_affected *affected,
	struct str release, struct arena *a)
{
	enum severity severity = severity_of_affected(affected);

	if (severity != SEVERITY_UNKNOWN)
		ubuntu_rows_add_priority(rows,
			arena_printf(a, "%" PRIstr "_%" PRIstr, STR_ARG(affected->package),
				STR_ARG(release)),
			severity);
}

static void add_affected(
	struct ubuntu_rows *rows, const struct osv_affected *affected, struct arena *a)
{
	struct osv_interval *intervals;
	struct str bad, fixed;
	bool pro = false;
	struct str release = release_of(affected->ecosystem, &pro), word = release;

	if (release.n == 0 || ubuntu_is_kernel(affected->package))
		return;
	size_t n =
		osv_intervals(affected, version_scheme_by_name(STR("dpkg")), a, &intervals, &bad);

	if (n == 0 && bad.n == 0)
		return;
	if (pro)
		word = arena_printf(a, "esm-infra/%" PRIstr, STR_ARG(release));
	/* One interval is what they have. Of more, the last one tells whether there is a fix. What
	 * is no version is told by the row. */
	fixed = bad.n ? bad : intervals[n - 1].fixed;
	ubuntu_rows_add(
		rows, word, affected->package, fixed.n ? STR("released") : STR("needed"), fixed);
	add_priority(rows, affected, release, a);
}

static void describe(struct ubuntu_rows *rows, struct str details)
{
	struct str line, rest = details;

	if (str_eq(details, STR("[Unknown description]")))
		return;
	while (str_cut(rest, '\n', &line, &rest))
		ubuntu_rows_describe(rows, line);
	ubuntu_rows_describe(rows, rest);
}

static int put_record(
	struct ubuntu_rows *rows, const struct osv_record *record, struct arena *a, struct err *err)
{
	if (record->withdrawn.n)
		return 0;
	ubuntu_rows_set_severity(rows, severity_of(record));
	describe(rows, record->details);
	for (size_t i = 0; i < record->n_affected; i++)
		add_affected(rows, &record->affected[i], a);
	return ubuntu_rows_put(rows, err);
}

int ubuntu_osv_parse(
	struct ubuntu_rows *rows, struct stream *in, struct feed_sink *cover, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct osv_record record;
	int code = osv_parse(in, &a, &record, err);

	if (code < 0)
		return code;
	if (record.problem)
		return err_set(err, ERR_INPUT, "%s", record.problem);
	struct str cve = record.id;
	if (!str_skip_prefix(&cve, STR("UBUNTU-")) || !is_cve(cve))
		return err_set(err, ERR_INPUT, "\"%" PRIstr "\" is not of a CVE",
			STR_ARG(str_head(record.id, NAME_SHOWN)));
	ubuntu_rows_begin(rows, cve);
	if (cover)
		code = cover->cover_name(cover, cve, err);
	return code < 0 ? code : put_record(rows, &record, &a, err);
}
