#include "base/base.h"

#include "feed/format/json_value.h"
#include "feed/format/photon_cves.h"
#include "feed/format/rpm_words.h"
#include "feed/sink.h"
#include "version/version.h"

#define NAME_SHOWN 100

struct record {
	struct str cve;
	struct str package;
	struct str affected; /* a sentence */
	struct str fixed;    /* or "NA" */
	struct str status;
	enum severity severity;
	const char *problem; /* why it is to be skipped; static */
};

/* Of what was put already, by CVE and package: one that is named twice is fixed in the last. */
struct parser {
	struct json_reader *json;
	struct feed_sink *sink;
	struct str name_space;
	struct arena arena; /* of the record at hand */
	struct map put;     /* "CVE package" → char *, the fixed version, in kept */
	struct arena kept;
};

/* By the ranges of CVSS 3; the number is "9.8", "10" … */
static enum severity severity_of_score(struct str number)
{
	struct str whole, rest;
	uint64_t n;

	(void)str_cut(number, '.', &whole, &rest);
	if (!parse_u64(whole, &n) || n > 10)
		return SEVERITY_UNKNOWN;
	if (n >= 9)
		return SEVERITY_CRITICAL;
	if (n >= 7)
		return SEVERITY_HIGH;
	if (n >= 4)
		return SEVERITY_MEDIUM;
	for (size_t i = 0; n == 0 && i < rest.n; i++)
		n = rest.p[i] != '0';
	return n ? SEVERITY_LOW : SEVERITY_UNKNOWN;
}

static int read_score(struct parser *p, struct record *record, struct err *err)
{
	struct json_token t;
	int r = json_next(p->json, &t, err);

	if (r < 0)
		return r;
	if (t.type == JSON_NUMBER || t.type == JSON_STRING)
		record->severity = severity_of_score(t.text);
	if (t.type != JSON_OBJECT_BEGIN && t.type != JSON_ARRAY_BEGIN)
		return 0;
	r = json_skip_container(p->json, err);
	return r < 0 ? r : 0;
}

static int read_string(struct parser *p, struct record *record, struct str *out, struct err *err)
{
	struct str text;
	int r = json_value_text(p->json, &text, err);

	if (r < 0)
		return r;
	if (r == 0 || text.n > LIMIT_PACKAGE_FIELD || p->arena.used_bytes > LIMIT_ADVISORY_TEXT)
		record->problem = r ? "a value is too long" : "a value is no string";
	else
		*out = arena_str(&p->arena, str_trim(text));
	return 0;
}

static int read_member(struct parser *p, struct str key, struct record *record, struct err *err)
{
	if (str_eq(key, STR("cve_id")))
		return read_string(p, record, &record->cve, err);
	if (str_eq(key, STR("pkg")))
		return read_string(p, record, &record->package, err);
	if (str_eq(key, STR("aff_ver")))
		return read_string(p, record, &record->affected, err);
	if (str_eq(key, STR("res_ver")))
		return read_string(p, record, &record->fixed, err);
	if (str_eq(key, STR("status")))
		return read_string(p, record, &record->status, err);
	if (str_eq(key, STR("cve_score")))
		return read_score(p, record, err);
	return json_skip_value(p->json, err);
}

static bool says(struct str s)
{
	return s.n > 0 && !str_eq(s, STR("NA"));
}

/* Where a CVE was fixed twice in one package, the earlier fix was not enough. */
static bool is_superseded(struct parser *p, const struct record *record)
{
	const struct version_scheme *rpm = version_scheme_by_name(STR("rpm"));
	struct str key = arena_printf(
		&p->arena, "%" PRIstr " %" PRIstr, STR_ARG(record->cve), STR_ARG(record->package));
	const char *before = map_get(&p->put, key);

	if (before && (record->fixed.n == 0 || !version_is_valid(rpm, record->fixed) ||
			      rpm->compare(record->fixed, str_of(before)) <= 0))
		return true;
	if (version_is_valid(rpm, record->fixed))
		map_set(&p->put, key, arena_cstr(&p->kept, record->fixed));
	return false;
}

static int put_record(struct parser *p, const struct record *record, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	struct advisory_fix fix = {
		.package = record->package,
		.fixed_version = record->fixed,
		.state = record->fixed.n ? FIX_STATE_FIXED : FIX_STATE_AFFECTED,
		.severity = record->severity,
	};
	struct advisory advisory = {
		.name_space = p->name_space,
		.scheme = STR("rpm"),
		.name = record->cve,
		.severity = record->severity,
		.link = arena_printf(&p->arena, "https://nvd.nist.gov/vuln/detail/%" PRIstr,
			STR_ARG(record->cve)),
		.fixes = &fix,
		.n_fixes = 1,
	};

	int r = p->sink->put(p->sink, &advisory, &refused);
	return r < 0 && r != -ERR_INPUT ? err_move(err, &refused) : 0;
}

static const char *problem_of(const struct record *record)
{
	if (record->problem)
		return record->problem;
	if (!feed_is_word(record->cve))
		return "a malformed name";
	if (!feed_is_word(record->package))
		return "no package, or a malformed one";
	if (!says(record->fixed) && !says(record->affected))
		return "neither affected nor fixed versions";
	return NULL;
}

static int handle_record(struct parser *p, struct record *record, struct err *err)
{
	if (!record->problem && (!str_starts(record->cve, STR("CVE-")) ||
					str_eq(record->status, STR("Not Affected"))))
		return 0;
	const char *problem = problem_of(record);
	if (problem) {
		feed_note(p->sink, "%" PRIstr " %" PRIstr " %" PRIstr ": %s",
			STR_ARG(p->name_space), STR_ARG(str_head(record->package, NAME_SHOWN)),
			STR_ARG(str_head(record->cve, NAME_SHOWN)), problem);
		return 0;
	}
	record->fixed = says(record->fixed) ? rpm_without_epoch_0(record->fixed) : STR_NULL;
	if (is_superseded(p, record))
		return 0;
	if (p->kept.used_bytes > LIMIT_FEED_INDEX || p->put.keys.used_bytes > LIMIT_FEED_INDEX)
		return err_set(err, ERR_TOO_LARGE, "more than %d MiB of records",
			(int)(LIMIT_FEED_INDEX / MIB));
	return put_record(p, record, err);
}

static int read_record(struct parser *p, struct err *err)
{
	struct record record = { .severity = SEVERITY_UNKNOWN };
	struct str key;
	int r;

	arena_fini(&p->arena);
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		r = read_member(p, key, &record, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : handle_record(p, &record, err);
}

static int parse_document(struct parser *p, struct err *err)
{
	struct json_token t;
	bool odd = false;
	int r = json_expect(p->json, JSON_ARRAY_BEGIN, &t, err);

	if (r < 0)
		return r;
	while ((r = json_value_element(p->json, JSON_OBJECT_BEGIN, NULL, &odd, err)) > 0) {
		r = read_record(p, err);
		if (r < 0)
			return r;
	}
	if (odd)
		feed_note(p->sink, "%" PRIstr ": a record is no object", STR_ARG(p->name_space));
	/* Nothing may follow: 0, or the reader fails. */
	return r < 0 ? r : json_next(p->json, &t, err);
}

int photon_cves_parse(
	struct stream *in, struct str name_space, struct feed_sink *sink, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(in);
	struct parser p = { .json = json,
		.sink = sink,
		.name_space = name_space,
		.arena = ARENA_INIT,
		.put = MAP_INIT,
		.kept = ARENA_INIT };

	int r = parse_document(&p, err);
	arena_fini(&p.arena);
	map_fini(&p.put);
	arena_fini(&p.kept);
	return r;
}
