/*
 * The Debian security tracker's JSON (https://security-tracker.debian.org/tracker/data/json):
 *
 *   { source package: { "CVE-…": { "description", "scope", "releases": { codename: {
 *       "status", "fixed_version", "urgency", "nodsa", "nodsa_reason", "repositories" }}}}}
 *
 * as the tracker's own introduction explains it
 * (https://security-team.debian.org/security_tracker.html). Members come in any order, so one CVE
 * of one package is collected before anything is put. Names that are no CVE (TEMP-…) are passed
 * over, as are releases for which the status is undetermined.
 */
#include "base/base.h"

#include "distro/distro.h"
#include "feed/feed_priv.h"
#include "feed/format/json_value.h"
#include "feed/sink.h"

/* No urgency, version or codename is near it. */
#define NAME_SHOWN 100

enum status { STATUS_MISSING, STATUS_OPEN, STATUS_RESOLVED, STATUS_UNDETERMINED, STATUS_OTHER };

/* One release of a record, as it stands in the feed. */
struct release {
	const char *version; /* of Debian: "12"; static */
	enum status status;
	enum severity severity;
	enum fix_state unfixed; /* the state as long as there is no fix */
	bool end_of_life;
	struct str fixed_version;
	const char *problem; /* why it is to be skipped; static */
};

struct parser {
	struct json_reader *json;
	struct feed_sink *sink;
	struct arena noted; /* codenames that were noted as unknown */
	struct str unknown[16];
	size_t n_unknown;
	/* The record at hand: one CVE of one package. */
	struct str package;
	struct str cve;
	struct arena arena;
	struct buf description;
	VEC_OF(struct release) releases;
	const char *problem; /* why it is to be skipped; static */
};

static enum status status_of(struct str word)
{
	if (str_eq(word, STR("open")))
		return STATUS_OPEN;
	if (str_eq(word, STR("resolved")))
		return STATUS_RESOLVED;
	if (str_eq(word, STR("undetermined")))
		return STATUS_UNDETERMINED;
	return STATUS_OTHER;
}

/*
 * Urgencies carry up to two stars when they were derived and not set by hand. "end-of-life" is an
 * urgency only in this file: it stands for a package that its release does not support any more.
 */
static void set_urgency(struct release *release, struct str word)
{
	while (str_ends(word, STR("*")))
		word.n--;
	release->end_of_life = str_eq(word, STR("end-of-life"));
	release->severity = SEVERITY_UNKNOWN;
	if (release->end_of_life || str_eq(word, STR("unimportant")))
		release->severity = SEVERITY_NEGLIGIBLE;
	else if (str_eq(word, STR("low")))
		release->severity = SEVERITY_LOW;
	else if (str_eq(word, STR("medium")))
		release->severity = SEVERITY_MEDIUM;
	else if (str_eq(word, STR("high")))
		release->severity = SEVERITY_HIGH;
}

/*
 * "nodsa" alone says that the issue is too minor for an advisory of its own; a point release may
 * still fix it, so the package is plainly affected. Its two sub-states say more: "ignored" will not
 * be fixed, "postponed" is to be fixed along with something else.
 */
static enum fix_state state_of_nodsa_reason(struct str word)
{
	if (str_eq(word, STR("ignored")))
		return FIX_STATE_WILL_NOT_FIX;
	if (str_eq(word, STR("postponed")))
		return FIX_STATE_DEFERRED;
	return FIX_STATE_AFFECTED;
}

/* A copy that lives as long as the record, whose memory is bounded whatever is repeated in it. */
static struct str keep(struct parser *p, struct str text, struct release *release)
{
	if (text.n > LIMIT_VERSION || p->arena.used_bytes > LIMIT_ADVISORY_TEXT) {
		release->problem = "the fixed version is too long";
		return STR_NULL;
	}
	return arena_str(&p->arena, text);
}

enum member {
	MEMBER_STATUS,
	MEMBER_FIXED_VERSION,
	MEMBER_URGENCY,
	MEMBER_NODSA_REASON,
	MEMBER_OTHER
};

static enum member member_of(struct str key)
{
	static const struct str names[] = {
		[MEMBER_STATUS] = STR_INIT("status"),
		[MEMBER_FIXED_VERSION] = STR_INIT("fixed_version"),
		[MEMBER_URGENCY] = STR_INIT("urgency"),
		[MEMBER_NODSA_REASON] = STR_INIT("nodsa_reason"),
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(key, names[i]))
			return (enum member)i;
	}
	return MEMBER_OTHER;
}

static int read_member(
	struct parser *p, enum member member, struct release *release, struct err *err)
{
	struct str text;

	if (member == MEMBER_OTHER)
		return json_skip_value(p->json, err);
	int r = json_value_text(p->json, &text, err);
	if (r < 0)
		return r;
	if (r == 0)
		release->problem = "a value is no string";
	else if (member == MEMBER_STATUS)
		release->status = status_of(text);
	else if (member == MEMBER_FIXED_VERSION)
		release->fixed_version = keep(p, text, release);
	else if (member == MEMBER_URGENCY)
		set_urgency(release, text);
	else
		release->unfixed = state_of_nodsa_reason(text);
	return 0;
}

/* What follows the codename. */
static int read_release(struct parser *p, struct release *release, struct err *err)
{
	struct str key;
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);

	if (r == 0)
		release->problem = "no object";
	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		r = read_member(p, member_of(key), release, err);
		if (r < 0)
			return r;
	}
	return r;
}

static void note_unknown_codename(struct parser *p, struct str codename)
{
	codename = str_head(codename, NAME_SHOWN);
	for (size_t i = 0; i < p->n_unknown; i++) {
		if (str_eq(p->unknown[i], codename))
			return;
	}
	if (p->n_unknown == ARRAY_LEN(p->unknown))
		return;
	p->unknown[p->n_unknown++] = arena_str(&p->noted, codename);
	feed_note(p->sink, "release %" PRIstr ": unknown codename", STR_ARG(codename));
}

/* Of two entries for one release the later counts, as for most readers of JSON. */
static void add_release(struct parser *p, const struct release *release)
{
	vec_for_each(old, &p->releases) {
		if (strcmp(old->version, release->version) == 0) {
			*old = *release;
			return;
		}
	}
	vec_push(&p->releases, *release);
}

static int read_releases(struct parser *p, struct err *err)
{
	struct str codename;
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);

	if (r == 0)
		p->problem = "\"releases\" is no object";
	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &codename, err)) > 0) {
		struct release release = { .version = distro_debian_version(codename),
			.unfixed = FIX_STATE_AFFECTED };

		if (!release.version)
			note_unknown_codename(p, codename);
		r = release.version ? read_release(p, &release, err)
				    : json_skip_value(p->json, err);
		if (r < 0)
			return r;
		if (release.version)
			add_release(p, &release);
	}
	return r;
}

/* A text beyond the limit is cut between characters; NUL has no place in a text. */
static void set_description(struct parser *p, struct str text)
{
	text = feed_cut_text(text);
	buf_clear(&p->description);
	buf_append_str(&p->description, text);
	for (size_t i = 0; i < p->description.n; i++) {
		if (p->description.p[i] == '\0')
			p->description.p[i] = ' ';
	}
}

static int read_record(struct parser *p, struct err *err)
{
	struct str key, text;
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);

	if (r == 0)
		p->problem = "no object";
	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("releases"))) {
			r = read_releases(p, err);
		} else if (str_eq(key, STR("description"))) {
			r = json_value_text(p->json, &text, err);
			if (r > 0)
				set_description(p, text);
			else if (r == 0)
				p->problem = "\"description\" is no string";
		} else {
			r = json_skip_value(p->json, err);
		}
		if (r < 0)
			return r;
	}
	return r;
}

/* What keeps a release from being put, or NULL. */
static const char *problem_of(const struct release *release)
{
	if (release->problem)
		return release->problem;
	if (release->status == STATUS_MISSING)
		return "no status";
	if (release->status == STATUS_OTHER)
		return "unknown status";
	if (release->status == STATUS_RESOLVED && release->fixed_version.n == 0)
		return "resolved without a fixed version";
	return NULL;
}

static int put_release(
	struct parser *p, const struct release *release, struct str link, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	bool fixed = release->status == STATUS_RESOLVED;
	struct advisory_fix fix = {
		.package = p->package,
		.fixed_version = fixed ? release->fixed_version : STR_NULL,
		.severity = release->severity,
		.state = fixed                  ? FIX_STATE_FIXED
			 : release->end_of_life ? FIX_STATE_END_OF_LIFE
						: release->unfixed,
	};
	struct advisory advisory = {
		.name_space = arena_printf(&p->arena, "debian:%s", release->version),
		.scheme = STR("dpkg"),
		.name = p->cve,
		.severity = release->severity,
		.link = link,
		.description = buf_str(&p->description),
		.fixes = &fix,
		.n_fixes = 1,
	};

	int r = p->sink->put(p->sink, &advisory, &refused);
	if (r < 0 && r != -ERR_INPUT)
		return err_move(err, &refused);
	return 0;
}

/* Puts what was collected, an advisory a release. */
static int put_record(struct parser *p, struct err *err)
{
	struct str link = arena_printf(
		&p->arena, "https://security-tracker.debian.org/tracker/%" PRIstr, STR_ARG(p->cve));

	vec_for_each(release, &p->releases) {
		const char *problem = problem_of(release);

		if (problem)
			feed_note(p->sink, "%" PRIstr " %" PRIstr ": debian:%s: %s",
				STR_ARG(p->package), STR_ARG(p->cve), release->version, problem);
		/* Version 0 says that this release was never affected. */
		if (problem || release->status == STATUS_UNDETERMINED ||
			(release->status == STATUS_RESOLVED &&
				str_eq(release->fixed_version, STR("0"))))
			continue;
		int r = put_release(p, release, link, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The record whose name was just read. */
static int handle_record(struct parser *p, struct str name, struct err *err)
{
	if (!str_starts(name, STR("CVE-")))
		return json_skip_value(p->json, err);
	if (!feed_is_word(name)) {
		feed_note(p->sink, "%" PRIstr ": %" PRIstr ": malformed name", STR_ARG(p->package),
			STR_ARG(str_head(name, NAME_SHOWN)));
		return json_skip_value(p->json, err);
	}
	arena_fini(&p->arena);
	buf_clear(&p->description);
	vec_clear(&p->releases);
	p->problem = NULL;
	p->cve = arena_str(&p->arena, name);
	int r = read_record(p, err);
	if (r < 0)
		return r;
	if (p->problem) {
		feed_note(p->sink, "%" PRIstr " %" PRIstr ": %s", STR_ARG(p->package),
			STR_ARG(p->cve), p->problem);
		return 0;
	}
	return put_record(p, err);
}

/* The package whose name was just read. */
static int handle_package(struct parser *p, struct str name, struct err *err)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;

	if (!feed_is_word(name)) {
		feed_note(p->sink, "package %" PRIstr ": malformed name",
			STR_ARG(str_head(name, NAME_SHOWN)));
		return json_skip_value(p->json, err);
	}
	p->package = arena_str(&arena, name);
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);
	if (r == 0)
		feed_note(p->sink, "package %" PRIstr ": no object", STR_ARG(p->package));
	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &name, err)) > 0) {
		r = handle_record(p, name, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int parse_document(struct parser *p, struct err *err)
{
	struct json_token t;
	struct str name;
	int r = json_expect(p->json, JSON_OBJECT_BEGIN, &t, err);

	if (r < 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &name, err)) > 0) {
		r = handle_package(p, name, err);
		if (r < 0)
			return r;
	}
	/* Nothing may follow: 0, or the reader fails. */
	return r < 0 ? r : json_next(p->json, &t, err);
}

static int debian_parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(in);
	struct parser p = { .json = json,
		.sink = sink,
		.noted = ARENA_INIT,
		.arena = ARENA_INIT,
		.description = BUF_INIT(LIMIT_ADVISORY_TEXT),
		.releases = VEC_INIT };

	int r = parse_document(&p, err);
	arena_fini(&p.noted);
	arena_fini(&p.arena);
	buf_fini(&p.description);
	vec_fini(&p.releases);
	return r;
}

const struct feed_driver feed_debian = {
	.name = "debian",
	.title = "Debian security tracker",
	.default_url = "https://security-tracker.debian.org/tracker/data/json",
	.revision = 1,
	.parse = debian_parse,
};
