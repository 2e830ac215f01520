/*
 * What a package's entries come to. Ids are words that people write down; what is taken of them:
 *
 * - every CVE of a line is an advisory of its own, "CVE_2019-2426" and "CVE-2021-35940.patch"
 *   among them; the other words of that line are other names of the same;
 * - a line without a CVE has the first word that looks like an id (GHSA-…, XSA-300, ZBX-11023),
 *   which names the advisory;
 * - what stands in parentheses is a remark.
 *
 * An id that one package has with several versions was fixed again: what came before did not do, so
 * the last version counts.
 */
#include "base/base.h"

#include "feed/format/secdb_priv.h"
#include "feed/sink.h"
#include "version/version.h"

/* No version, package or id is near it. */
#define NAME_SHOWN 100

void secdb_collector_init(struct secdb_collector *c, struct str name_space, struct feed_sink *sink)
{
	*c = (struct secdb_collector){ .sink = sink,
		.name_space = name_space,
		.names = ARENA_INIT,
		.arena = ARENA_INIT,
		.fixes = VEC_INIT };
}

void secdb_collector_fini(struct secdb_collector *c)
{
	arena_fini(&c->names);
	arena_fini(&c->arena);
	vec_fini(&c->fixes);
}

void secdb_set_problem(struct secdb_collector *c, const char *problem)
{
	if (!c->problem)
		c->problem = problem;
}

/* --- collecting ------------------------------------------------------------------------------- */

static bool is_release(struct str s)
{
	if (str_eq(s, STR("edge")))
		return true;
	return feed_is_word(s) && s.n < 20 && s.n > 1 && s.p[0] == 'v' && ascii_is_digit(s.p[1]);
}

void secdb_set_release(struct secdb_collector *c, struct str release)
{
	if (c->name_space.n == 0 && is_release(release))
		c->name_space = arena_printf(&c->names, "alpine:%" PRIstr, STR_ARG(release));
}

void secdb_begin_package(struct secdb_collector *c)
{
	arena_fini(&c->arena);
	vec_clear(&c->fixes);
	c->package = STR_NULL;
	c->problem = NULL;
}

static struct str keep(struct secdb_collector *c, struct str text)
{
	if (text.n > LIMIT_PACKAGE_FIELD || c->arena.used_bytes > LIMIT_ADVISORY_RECORD) {
		secdb_set_problem(c, "too large");
		return STR_NULL;
	}
	return arena_str(&c->arena, text);
}

void secdb_set_name(struct secdb_collector *c, struct str name)
{
	c->package = keep(c, name);
}

struct str secdb_version(struct secdb_collector *c, struct str version)
{
	return keep(c, version);
}

void secdb_add_fix(struct secdb_collector *c, struct str version, struct str id)
{
	/* One byte more each, so that empty ids count, too. */
	(void)arena_alloc(&c->arena, 1);
	struct secdb_fix fix = { .version = version, .id = keep(c, id) };

	if (!c->problem)
		vec_push(&c->fixes, fix);
}

/* --- ids -------------------------------------------------------------------------------------- */

static size_t count_digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n;
}

/* The CVE that a word begins with, in its proper spelling (in the arena); empty: none. */
static struct str cve_of(struct secdb_collector *c, struct str word)
{
	struct str year, number;

	if (word.n < 5 || !str_eq_nocase(str_head(word, 3), STR("CVE")) ||
		(word.p[3] != '-' && word.p[3] != '_'))
		return STR_NULL;
	word = str_skip(word, 4);
	year = str_head(word, count_digits(word));
	word = str_skip(word, year.n);
	if (year.n != 4 || !str_skip_prefix(&word, STR("-")))
		return STR_NULL;
	number = str_head(word, count_digits(word));
	if (number.n < 4 || number.n > 19)
		return STR_NULL;
	return arena_printf(&c->arena, "CVE-%" PRIstr "-%" PRIstr, STR_ARG(year), STR_ARG(number));
}

/* Whether a word names an advisory of others: "XSA-300", "wnpa-sec-2017-18". */
static bool is_other_id(struct str word)
{
	bool digit = false, dash = false;

	for (size_t i = 0; i < word.n; i++) {
		digit = digit || ascii_is_digit(word.p[i]);
		dash = dash || word.p[i] == '-';
		if (word.p[i] == '?' || word.p[i] == '/')
			return false;
	}
	return digit && dash && ascii_is_alpha(word.p[0]) && feed_is_word(word) &&
	       !str_eq_nocase(str_head(word, 3), STR("CVE"));
}

/* The link that people find; as the original's for a CVE. */
static struct str link_of(struct secdb_collector *c, struct str name)
{
	struct str number = name;

	if (str_starts(name, STR("CVE-")))
		return arena_printf(&c->arena,
			"https://cve.mitre.org/cgi-bin/cvename.cgi?name=%" PRIstr, STR_ARG(name));
	if (str_starts(name, STR("GHSA-")))
		return arena_printf(
			&c->arena, "https://github.com/advisories/%" PRIstr, STR_ARG(name));
	if (str_skip_prefix(&number, STR("XSA-")) && count_digits(number) == number.n)
		return arena_printf(&c->arena,
			"https://xenbits.xen.org/xsa/advisory-%" PRIstr ".html", STR_ARG(number));
	return STR_NULL;
}

/* --- putting ---------------------------------------------------------------------------------- */

/* An advisory of the package at hand. */
struct entry {
	struct str name;
	struct str version;
};

DEFINE_VEC(entry_vec, struct entry);

/* The later version counts; both are valid. */
static void merge_version(struct entry *e, struct str version)
{
	_cleanup_err_ struct err err = ERR_INIT;
	int order = 0;

	if (version_compare(
		    version_scheme_by_name(STR("apk")), e->version, version, &order, &err) == 0 &&
		order < 0)
		e->version = version;
}

static void add_entry(struct secdb_collector *c, struct entry_vec *entries, struct map *places,
	struct str name, struct str version)
{
	size_t *place = map_get(places, name);

	if (place) {
		merge_version(&entries->v[*place], version);
		return;
	}
	place = arena_alloc(&c->arena, sizeof(*place));
	*place = entries->n;
	map_set(places, name, place);
	vec_push(entries, (struct entry){ .name = name, .version = version });
}

static void add_line(struct secdb_collector *c, struct entry_vec *entries, struct map *places,
	const struct secdb_fix *fix)
{
	struct str rest, word, other = STR_NULL;
	bool has_cve = false;

	(void)str_cut(fix->id, '(', &rest, NULL);
	while (str_next_word(&rest, &word)) {
		struct str cve = cve_of(c, word);

		if (cve.n)
			add_entry(c, entries, places, cve, fix->version);
		else if (other.n == 0 && is_other_id(word))
			other = word;
		has_cve = has_cve || cve.n;
	}
	if (has_cve)
		return;
	if (other.n)
		add_entry(c, entries, places, other, fix->version);
	else
		feed_note(c->sink, "%" PRIstr " %" PRIstr ": \"%" PRIstr "\" names no advisory",
			STR_ARG(c->package), STR_ARG(fix->version),
			STR_ARG(str_head(fix->id, NAME_SHOWN)));
}

static int put_entry(struct secdb_collector *c, const struct entry *e, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	struct advisory_fix fix = {
		.package = c->package,
		.fixed_version = e->version,
		.severity = SEVERITY_UNKNOWN,
		.state = FIX_STATE_FIXED,
	};
	struct advisory advisory = {
		.name_space = c->name_space,
		.scheme = STR("apk"),
		.name = e->name,
		.severity = SEVERITY_UNKNOWN,
		.link = link_of(c, e->name),
		.fixes = &fix,
		.n_fixes = 1,
	};

	int r = c->sink->put(c->sink, &advisory, &refused);
	if (r < 0 && r != -ERR_INPUT)
		return err_move(err, &refused);
	return 0;
}

static int put_entries(struct secdb_collector *c, const struct entry_vec *entries, struct err *err)
{
	for (size_t i = 0; i < entries->n; i++) {
		if (str_eq(entries->v[i].version, STR("0")))
			continue;
		int r = put_entry(c, &entries->v[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_version(struct secdb_collector *c, struct str version, struct str *bad)
{
	if (version_is_valid(version_scheme_by_name(STR("apk")), version))
		return true;
	/* The fixes of a version follow one another. */
	if (!str_eq(*bad, version) || bad->p == NULL)
		feed_note(c->sink, "%" PRIstr ": \"%" PRIstr "\" is no version",
			STR_ARG(c->package), STR_ARG(str_head(version, NAME_SHOWN)));
	*bad = version;
	return false;
}

int secdb_end_package(struct secdb_collector *c, struct err *err)
{
	_cleanup_map_ struct map places = MAP_INIT;
	struct entry_vec entries = VEC_INIT;
	struct str bad = STR_NULL;

	if (c->name_space.n == 0)
		return err_set(err, ERR_INPUT, "secdb: it does not say of which release it is");
	if (!c->problem && !feed_is_word(c->package))
		secdb_set_problem(c, "its name is none");
	if (c->problem) {
		feed_note(c->sink, "package \"%" PRIstr "\": %s",
			STR_ARG(str_head(c->package, NAME_SHOWN)), c->problem);
		return 0;
	}
	vec_for_each(fix, &c->fixes) {
		if (is_version(c, fix->version, &bad))
			add_line(c, &entries, &places, fix);
	}
	int r = put_entries(c, &entries, err);
	vec_fini(&entries);
	return r;
}

/* --- the document ----------------------------------------------------------------------------- */

/* The first bytes of a stream, and then the rest of it. */
struct peeked {
	struct stream stream;
	struct stream *in;
	uint8_t head[64];
	size_t n, done;
};

static ssize_t read_peeked(struct stream *s, void *p, size_t n, struct err *err)
{
	struct peeked *k = (struct peeked *)s;
	size_t some = min_size(n, k->n - k->done);

	if (some == 0)
		return stream_read(k->in, p, n, err);
	memcpy(p, k->head + k->done, some);
	k->done += some;
	return (ssize_t)some;
}

static bool is_json(const struct peeked *k)
{
	struct str text = str_trim(str_n((const char *)k->head, k->n));

	return str_starts(text, STR("{")) || str_starts(text, STR("["));
}

int secdb_parse(struct stream *in, struct str name_space, struct feed_sink *sink, struct err *err)
{
	struct peeked k = { .stream = { .read = read_peeked }, .in = in };
	struct secdb_collector c;
	ssize_t n = stream_read_full(in, k.head, sizeof(k.head), err);

	if (n < 0)
		return (int)n;
	k.n = (size_t)n;
	secdb_collector_init(&c, name_space, sink);
	int r = is_json(&k) ? secdb_parse_json(&k.stream, &c, err)
			    : secdb_parse_yaml(&k.stream, &c, err);
	secdb_collector_fini(&c);
	return r;
}
