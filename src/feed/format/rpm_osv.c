#include "base/base.h"

#include "feed/format/osv.h"
#include "feed/format/rpm_osv.h"
#include "feed/format/rpm_words.h"
#include "feed/sink.h"

/* No id, version or package is near it. */
#define NAME_SHOWN 100
/* An update is of one module, or of two that belong together. */
#define STREAMS 8

/* A fix with the namespace that it is for. */
struct rpm_fix {
	struct str release; /* "8" */
	struct advisory_fix fix;
};

struct parser {
	const struct rpm_osv *source;
	const struct version_scheme *scheme;
	struct feed_sink *sink;
	/* The record at hand. */
	struct str path; /* in the archive */
	struct arena arena;
	struct osv_record record;
	struct str streams[STREAMS]; /* "nodejs:12" */
	size_t n_streams;
	enum severity severity;
	VEC_OF(struct rpm_fix) fixes;
	struct map places; /* of size_t, in fixes, by release, package and introduced version */
	bool noted_stream;
};

/* --- what the summary says -------------------------------------------------------------------- */

static bool is_of_module_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
			!memchr("._+-", s.p[i], 4))
			return false;
	}
	return s.n > 0;
}

static void find_streams(struct parser *p)
{
	struct str rest = p->record.summary, word, name, stream;

	p->n_streams = 0;
	while (str_next_word(&rest, &word) && p->n_streams < STREAMS) {
		while (word.n && memchr(",.;)", word.p[word.n - 1], 4))
			word.n--;
		if (str_cut(word, ':', &name, &stream) && is_of_module_name(name) &&
			is_of_module_name(stream))
			p->streams[p->n_streams++] = word;
	}
}

static enum severity severity_of(const struct osv_record *record)
{
	struct str head = STR_NULL;

	if (!str_cut(record->summary, ':', &head, NULL))
		head = STR_NULL;
	enum severity severity = rpm_severity(head);
	return severity != SEVERITY_UNKNOWN ? severity : rpm_severity(record->severity);
}

/* --- fixes ------------------------------------------------------------------------------------ */

/* "8" of "AlmaLinux:8"; empty for another ecosystem. */
static struct str release_of(const struct parser *p, struct str ecosystem)
{
	struct str name, release;
	size_t n = 0;

	if (!str_cut(ecosystem, ':', &name, &release) || !str_eq(name, p->source->ecosystem))
		return STR_NULL;
	while (n < release.n && ascii_is_digit(release.p[n]))
		n++;
	return n <= 4 ? str_head(release, n) : STR_NULL;
}

/* Repositories of special interest groups have packages of the same names, and other versions. */
static bool is_of_sig(const struct osv_affected *affected)
{
	return str_find(affected->purl, STR("-sig-")) >= 0;
}

static bool is_of_module(struct str version)
{
	return str_find(version, STR(".module_")) >= 0 || str_find(version, STR(".module+")) >= 0;
}

static struct str without_zero_epoch(struct str version)
{
	(void)str_skip_prefix(&version, STR("0:"));
	return version;
}

/*
 * Where one advisory names several versions of a package, each is a build that has the fix (for
 * point releases, or with the distribution's own changes): the first one counts.
 */
static void merge_fix(struct parser *p, struct advisory_fix *have, const struct advisory_fix *fix)
{
	_cleanup_err_ struct err err = ERR_INIT;
	int order = 0;

	if (fix->fixed_version.n == 0)
		return;
	if (have->fixed_version.n == 0 || (version_compare(p->scheme, fix->fixed_version,
						   have->fixed_version, &order, &err) == 0 &&
						  order < 0))
		*have = *fix;
}

static void add_fix(struct parser *p, struct str release, const struct advisory_fix *fix)
{
	struct str key = arena_printf(&p->arena, "%" PRIstr " %" PRIstr " %" PRIstr,
		STR_ARG(release), STR_ARG(fix->package), STR_ARG(fix->introduced));
	size_t *place = map_get(&p->places, key);

	if (place) {
		merge_fix(p, &p->fixes.v[*place].fix, fix);
		return;
	}
	place = arena_alloc(&p->arena, sizeof(*place));
	*place = p->fixes.n;
	map_set(&p->places, key, place);
	vec_push(&p->fixes, (struct rpm_fix){ .release = release, .fix = *fix });
}

static void add_of_module(struct parser *p, struct str release, const struct advisory_fix *fix)
{
	if (p->n_streams == 0 && !p->noted_stream) {
		feed_note(p->sink, "%" PRIstr ": it does not say of which module %" PRIstr " is",
			STR_ARG(p->record.id), STR_ARG(str_head(fix->package, NAME_SHOWN)));
		p->noted_stream = true;
	}
	for (size_t i = 0; i < p->n_streams; i++) {
		struct advisory_fix of_module = *fix;

		of_module.package = arena_printf(&p->arena, "%" PRIstr "::%" PRIstr,
			STR_ARG(p->streams[i]), STR_ARG(fix->package));
		add_fix(p, release, &of_module);
	}
}

/* The first version behind one: a caret sorts behind what it is appended to and before all else. */
static struct str version_behind(struct parser *p, struct str version)
{
	return arena_printf(&p->arena, "%" PRIstr "^", STR_ARG(version));
}

static void add_interval(struct parser *p, struct str release, struct str package,
	const struct osv_interval *interval)
{
	struct str fixed = without_zero_epoch(interval->fixed);

	if (interval->last_affected.n)
		fixed = version_behind(p, without_zero_epoch(interval->last_affected));
	struct advisory_fix fix = {
		.package = package,
		.introduced = without_zero_epoch(interval->introduced),
		.fixed_version = fixed,
		.state = fixed.n ? FIX_STATE_FIXED : FIX_STATE_AFFECTED,
		.severity = p->severity,
	};

	if (is_of_module(fixed))
		add_of_module(p, release, &fix);
	else
		add_fix(p, release, &fix);
}

static void add_affected(struct parser *p, const struct osv_affected *affected)
{
	struct str release = release_of(p, affected->ecosystem), bad;
	struct osv_interval *intervals;

	if (release.n == 0 || !feed_is_word(affected->package)) {
		feed_note(p->sink,
			"%" PRIstr ": \"%" PRIstr "\" of \"%" PRIstr "\" is no package of it",
			STR_ARG(p->record.id), STR_ARG(str_head(affected->package, NAME_SHOWN)),
			STR_ARG(str_head(affected->ecosystem, NAME_SHOWN)));
		return;
	}
	if (is_of_sig(affected))
		return;
	size_t n = osv_intervals(affected, p->scheme, &p->arena, &intervals, &bad);

	if (bad.n) {
		feed_note(p->sink, "%" PRIstr " %" PRIstr ": \"%" PRIstr "\" is no version",
			STR_ARG(p->record.id), STR_ARG(affected->package),
			STR_ARG(str_head(bad, NAME_SHOWN)));
		return;
	}
	for (size_t i = 0; i < n; i++)
		add_interval(p, release, affected->package, &intervals[i]);
}

/* --- putting ---------------------------------------------------------------------------------- */

/* All fixes of one release, which are taken off the list. */
static int put_release(struct parser *p, struct str release, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	const struct osv_record *record = &p->record;
	struct advisory_fix *fixes = arena_alloc(&p->arena, p->fixes.n * sizeof(*fixes));
	struct advisory advisory = {
		.name_space = arena_printf(&p->arena, "%" PRIstr ":%" PRIstr,
			STR_ARG(p->source->name_space), STR_ARG(release)),
		.scheme = STR("rpm"),
		.name = record->id,
		.severity = p->severity,
		.link = p->source->link(&p->arena, record->id, release),
		.description = record->details.n ? record->details : record->summary,
		.fixes = fixes,
	};

	advisory.n_cves = osv_cves(record, &p->arena, &advisory.cves);
	if (advisory.description.n > LIMIT_ADVISORY_TEXT)
		advisory.description = record->summary;
	vec_for_each(fix, &p->fixes) {
		if (!str_eq(fix->release, release))
			continue;
		fixes[advisory.n_fixes++] = fix->fix;
		fix->release = STR_NULL;
	}
	int r = p->sink->put(p->sink, &advisory, &refused);

	if (r < 0 && r != -ERR_INPUT)
		return err_move(err, &refused);
	return 0;
}

static int put_releases(struct parser *p, struct err *err)
{
	vec_for_each(fix, &p->fixes) {
		if (fix->release.n == 0)
			continue;
		int r = put_release(p, fix->release, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether it is about security. */
static bool is_wanted(struct parser *p)
{
	const struct str *cves;
	struct str id = p->record.id;

	if (p->record.withdrawn.n)
		return false;
	if (str_starts(id, p->source->security))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(p->source->others); i++) {
		if (str_starts(id, p->source->others[i]))
			return osv_cves(&p->record, &p->arena, &cves) > 0;
	}
	return false;
}

static int handle_record(struct parser *p, struct err *err)
{
	if (p->record.problem || !feed_is_word(p->record.id)) {
		feed_note(p->sink, "%" PRIstr ": %s", STR_ARG(str_head(p->path, NAME_SHOWN)),
			p->record.problem ? p->record.problem : "its id is none");
		return 0;
	}
	if (!is_wanted(p))
		return 0;
	find_streams(p);
	p->severity = severity_of(&p->record);
	p->noted_stream = false;
	for (size_t i = 0; i < p->record.n_affected; i++)
		add_affected(p, &p->record.affected[i]);
	return put_releases(p, err);
}

static int read_member(struct parser *p, struct zip_reader *z, struct str path, struct err *err)
{
	_cleanup_err_ struct err bad = ERR_INIT;

	if (!str_ends(path, STR(".json")))
		return 0;
	arena_fini(&p->arena);
	vec_clear(&p->fixes);
	map_fini(&p->places);
	p->path = path;
	int r = osv_parse(zip_body(z), &p->arena, &p->record, &bad);
	/* When it is the archive that is damaged, the next member tells. */
	if (r == -ERR_INPUT || r == -ERR_TOO_LARGE) {
		feed_note(p->sink, "%" PRIstr ": %s", STR_ARG(str_head(path, NAME_SHOWN)),
			err_msg(&bad));
		return 0;
	}
	return r < 0 ? err_move(err, &bad) : handle_record(p, err);
}

int rpm_osv_parse(struct stream *archive, const struct rpm_osv *source, struct feed_sink *sink,
	struct err *err)
{
	_cleanup_(zip_closep) struct zip_reader *z = zip_open(archive, LIMIT_FEED_UNCOMPRESSED);
	struct parser p = { .source = source,
		.scheme = version_scheme_by_name(STR("rpm")),
		.sink = sink,
		.arena = ARENA_INIT,
		.fixes = VEC_INIT,
		.places = MAP_INIT };
	struct str path;
	int r;

	while ((r = zip_next(z, &path, err)) > 0) {
		r = read_member(&p, z, path, err);
		if (r < 0)
			break;
	}
	arena_fini(&p.arena);
	vec_fini(&p.fixes);
	map_fini(&p.places);
	return r;
}
