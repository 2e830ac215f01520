/*
 * Red Hat's OVAL, see rhel_oval.h. An advisory of one stream (z-stream, EUS) is one with a name of
 * its own, so none hides that of another. Files of EUS, AUS, TUS, E4S and of other products than
 * the base system are not read: what an image says of itself does not tell that it has them.
 */
#include "base/base.h"

#include "feed/format/rpm_words.h"
#include "feed/listing.h"
#include "feed/oval_advisory.h"
#include "feed/oval_source.h"
#include "feed/rhel_oval.h"
#include "feed/sink.h"

/* Releases that are asked for where a server lists nothing; older ones have no such documents. */
#define FIRST_RELEASE 5
#define LAST_RELEASE  12

static const struct str prefixes[] = { STR_INIT("centos:"), STR_INIT("rhel:") };

struct oval_reader {
	struct feed_sink *sink;
	struct str release; /* empty: all */
	bool covering;
};

/* --- one definition ------------------------------------------------------------------------- */

/* "RHSA-2019:1167: kernel security update (Important)": the name and the severity. */
static bool parse_title(struct str title, struct str *name, struct str *severity)
{
	ptrdiff_t end = str_find(title, STR(": "));

	*severity = STR_NULL;
	if (str_rcut(title, '(', NULL, severity) && str_ends(*severity, STR(")")))
		severity->n--;
	if (str_starts(title, STR("CVE-"))) {
		(void)str_next_word(&title, name);
		return true;
	}
	if (end <= 0 || !str_starts(title, STR("RH")))
		return false;
	*name = str_head(title, (size_t)end);
	return feed_is_word(*name);
}

static bool state_of_word(struct str word, enum fix_state *out)
{
	static const struct {
		struct str word;
		enum fix_state state;
	} words[] = {
		{ STR_INIT("Affected"), FIX_STATE_AFFECTED },
		{ STR_INIT("Fix deferred"), FIX_STATE_DEFERRED },
		{ STR_INIT("Will not fix"), FIX_STATE_WILL_NOT_FIX },
		{ STR_INIT("Out of support scope"), FIX_STATE_END_OF_LIFE },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(words[i].word, word)) {
			*out = words[i].state;
			return true;
		}
	}
	/* "Under investigation" and "Not affected" say that nothing is known to be wrong. */
	return false;
}

/* Components are packages, or "php:7.2/php" of a module. */
static bool is_component_of(struct str component, const struct oval_fix *fix)
{
	struct str module, name;

	if (!str_cut(component, '/', &module, &name))
		return str_eq(component, fix->name);
	return str_eq(module, fix->module) && str_eq(name, fix->name);
}

/*
 * The state of a package that is not fixed: its component's, or that of all where its component is
 * not listed (a binary of another source's name) and all are alike.
 */
static bool state_of(
	const struct oval_definition *d, const struct oval_fix *fix, enum fix_state *out)
{
	bool alike = true;

	if (!str_eq(d->class, STR("vulnerability")))
		return false;
	for (size_t i = 0; i < d->n_resolutions; i++) {
		if (is_component_of(d->resolutions[i].component, fix))
			return state_of_word(d->resolutions[i].state, out);
		alike &= str_eq(d->resolutions[i].state, d->resolutions[0].state);
	}
	*out = FIX_STATE_AFFECTED;
	return d->n_resolutions == 0 || !alike || state_of_word(d->resolutions[0].state, out);
}

static bool is_wanted(const struct oval_reader *r, struct str release)
{
	uint64_t n = 0;

	return parse_u64(release, &n) && n >= FIRST_RELEASE &&
	       (r->release.n == 0 || str_eq(r->release, release));
}

static int put_fixes(const struct oval_reader *r, const struct oval_put *put,
	const struct oval_fix_list *fixes, struct err *err)
{
	size_t end;

	for (size_t i = 0; i < fixes->items.n; i = end) {
		struct str release = fixes->items.v[i].release;

		for (end = i; end < fixes->items.n; end++) {
			if (!str_eq(fixes->items.v[end].release, release))
				break;
		}
		if (!is_wanted(r, release))
			continue;
		int rc = oval_put_release(
			put, &fixes->items.v[i], end - i, prefixes, ARRAY_LEN(prefixes), err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int put_definition(void *ctx, const struct oval_definition *d, struct err *err)
{
	const struct oval_reader *r = ctx;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oval_fix_list fixes = { .items = VEC_INIT };
	struct oval_put put = {
		.sink = r->sink, .definition = d, .state = state_of, .covering = r->covering
	};
	struct advisory *advisory = &put.advisory;
	struct str severity;

	/* "Unaffected components for: CVE-…" has no such title. */
	if (!parse_title(d->title, &advisory->name, &severity))
		return 0;
	advisory->scheme = STR("rpm");
	advisory->severity = oval_severity(severity);
	if (advisory->severity == SEVERITY_UNKNOWN)
		advisory->severity = oval_severity(d->severity);
	advisory->description = feed_cut_text(oval_text_in_line(&a, d->description));
	if (str_starts(advisory->name, STR("CVE-"))) {
		advisory->link = oval_link(d, STR("CVE"));
	} else {
		advisory->link = oval_link(d, str_head(advisory->name, 4));
		oval_cves(d, &a, &advisory->cves, &advisory->n_cves);
	}
	oval_collect_fixes(d, STR("Red Hat Enterprise Linux"), &a, &fixes);
	int rc = put_fixes(r, &put, &fixes, err);
	vec_fini(&fixes.items);
	return rc;
}

int rhel_oval_parse(struct stream *in, struct str release, bool covering, struct feed_sink *sink,
	struct err *err)
{
	struct oval_reader r = { .sink = sink, .release = release, .covering = covering };

	return oval_read(in, put_definition, &r, err);
}

/* --- where they lie ------------------------------------------------------------------------- */

/* com.redhat.rhsa-20191167.xml → RHSA-2019:1167 */
static struct str advisory_of(struct str document, struct arena *a)
{
	static const struct {
		struct str prefix;
		const char *kind;
	} kinds[] = {
		{ STR_INIT("com.redhat.rhsa-"), "RHSA" },
		{ STR_INIT("com.redhat.rhba-"), "RHBA" },
		{ STR_INIT("com.redhat.rhea-"), "RHEA" },
	};
	struct str year, number;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (oval_document_number(document, kinds[i].prefix, &year, &number))
			return arena_printf(a, "%s-%" PRIstr ":%" PRIstr, kinds[i].kind,
				STR_ARG(year), STR_ARG(number));
	}
	return STR_NULL;
}

static int parse_advisory(struct stream *in, bool covering, struct feed_sink *sink, struct err *err)
{
	return rhel_oval_parse(in, STR_NULL, covering, sink, err);
}

static const struct oval_source source = { .advisory_of = advisory_of, .parse = parse_advisory };

static int parse_release(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink, struct err *err)
{
	return rhel_oval_parse(in, *(const struct str *)ctx, false, sink, err);
}

/* The document that is all of a release; -ERR_NOT_FOUND when it is not there. */
static int read_release(
	struct feed_session *s, const char *location, struct str release, struct err *err)
{
	struct str name_spaces[ARRAY_LEN(prefixes)];
	struct feed_part part = { .name_spaces = name_spaces,
		.n_name_spaces = ARRAY_LEN(prefixes),
		.locations = &location,
		.n_locations = 1,
		.parse = parse_release,
		.ctx = &release };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		name_spaces[i] = arena_printf(feed_arena(s), "%" PRIstr "%" PRIstr,
			STR_ARG(prefixes[i]), STR_ARG(release));
	int r = feed_read_part(s, &part, err);
	return r < 0 ? r : 0;
}

/* The names of a release's document, from the most that it may say to the least. */
#define DOCUMENT_NAMES 3

static struct str document_name(struct arena *a, size_t i, unsigned release)
{
	switch (i) {
	case 0:
		return arena_printf(a, "rhel-%u-including-unpatched.oval.xml", release);
	case 1:
		return arena_printf(a, "rhel-%u.oval.xml", release);
	default:
		return arena_printf(a, "com.redhat.rhsa-RHEL%u.xml", release);
	}
}

/* The listed document of this release that says most, or NULL; compressed or not. */
static const char *find_document(
	struct feed_session *s, const char *base, const struct str_vec *names, unsigned release)
{
	for (size_t i = 0; i < DOCUMENT_NAMES; i++) {
		struct str wanted = document_name(feed_arena(s), i, release);

		vec_for_each(name, names) {
			if (str_eq(listing_plain_name(*name), wanted))
				return feed_join(s, base, name->p);
		}
	}
	return NULL;
}

/* The folder of a release, as the second form has it ("RHEL8/"). */
static const char *find_in_folder(
	struct feed_session *s, unsigned release, struct err *err, int *result)
{
	struct str folder = arena_printf(feed_arena(s), "RHEL%u", release);
	const char *base = feed_join(s, feed_location(s), folder.p);
	struct str_vec names = VEC_INIT;

	*result = 0;
	if (feed_place(s) == FEED_HTTP)
		return feed_join(s, base,
			arena_printf(
				feed_arena(s), "rhel-%u-including-unpatched.oval.xml.bz2", release)
				.p);
	_cleanup_err_ struct err failure = ERR_INIT;
	*result = listing_of_directory(base, feed_arena(s), &names, &failure);
	const char *found = *result < 0 ? NULL : find_document(s, base, &names, release);
	if (*result == -ERR_NOT_FOUND)
		*result = 0;
	else if (*result < 0)
		(void)err_move(err, &failure);
	vec_fini(&names);
	return found;
}

static int read_releases(struct feed_session *s, const struct str_vec *names, struct err *err)
{
	bool any = false;

	for (unsigned n = FIRST_RELEASE; n <= LAST_RELEASE; n++) {
		_cleanup_err_ struct err failure = ERR_INIT;
		struct str release = arena_printf(feed_arena(s), "%u", n);
		const char *location = find_document(s, feed_location(s), names, n);
		bool listed = location != NULL;
		int r = 0;

		if (!location)
			location = find_in_folder(s, n, err, &r);
		if (r < 0)
			return r;
		if (!location)
			continue;
		r = read_release(s, location, release, &failure);
		if (r < 0 && (r != -ERR_NOT_FOUND || listed))
			return err_move(err, &failure);
		any |= r == 0;
	}
	if (!any)
		return err_set(
			err, ERR_NOT_FOUND, "%s: no OVAL documents of Red Hat", feed_location(s));
	return 0;
}

/* The release that a single document is named after, or 0. */
static unsigned release_of_file(struct feed_session *s)
{
	struct str name = str_of(feed_location(s));

	(void)str_rcut(name, '/', NULL, &name);
	name = listing_plain_name(name);
	for (unsigned n = FIRST_RELEASE; n <= LAST_RELEASE; n++) {
		for (size_t i = 0; i < DOCUMENT_NAMES; i++) {
			if (str_eq(name, document_name(feed_arena(s), i, n)))
				return n;
		}
	}
	return 0;
}

int rhel_oval_read(struct feed_session *s, struct err *err)
{
	struct str_vec names = VEC_INIT;
	int r;

	if (oval_source_is_file(s)) {
		unsigned n = release_of_file(s);

		return n ? read_release(
				   s, feed_location(s), arena_printf(feed_arena(s), "%u", n), err)
			 : oval_source_read_file(s, &source, err);
	}
	r = oval_source_list(s, &names, err);
	if (r == 0)
		r = oval_source_has_advisories(&source, &names)
			    ? oval_source_read_advisories(s, &source, &names, err)
			    : read_releases(s, &names, err);
	vec_fini(&names);
	return r;
}
