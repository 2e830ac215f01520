/*
 * Oracle Linux, see oracle.h. Where documents of years are listed, they are read: few requests, and
 * later only those of the years that have changed. Else that of all, else one an advisory, which is
 * what the original read.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/rpm_words.h"
#include "feed/listing.h"
#include "feed/oracle.h"
#include "feed/oval_advisory.h"
#include "feed/oval_source.h"
#include "feed/session.h"
#include "feed/sink.h"

#define PREFIX "com.oracle.elsa-"
#define ALL    PREFIX "all.xml"

/* Remembered once all years have been read. */
#define KEY_YEARS "years"

static const struct str prefixes[] = { STR_INIT("oracle:") };

struct oval_reader {
	struct feed_sink *sink;
	bool covering;
};

/* --- one definition ------------------------------------------------------------------------- */

static int put_fixes(const struct oval_put *put, const struct oval_fix_list *fixes, struct err *err)
{
	size_t end;

	for (size_t i = 0; i < fixes->items.n; i = end) {
		for (end = i; end < fixes->items.n; end++) {
			if (!str_eq(fixes->items.v[end].release, fixes->items.v[i].release))
				break;
		}
		int r = oval_put_release(
			put, &fixes->items.v[i], end - i, prefixes, ARRAY_LEN(prefixes), err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_definition(void *ctx, const struct oval_definition *d, struct err *err)
{
	const struct oval_reader *r = ctx;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct oval_fix_list fixes = { .items = VEC_INIT };
	struct oval_put put = { .sink = r->sink, .definition = d, .covering = r->covering };
	struct advisory *advisory = &put.advisory;
	ptrdiff_t end = str_find(d->title, STR(": "));

	/* "ELSA-2015-1193:  xerces-c security update (MODERATE)" */
	if (end <= 0 || !str_starts(d->title, STR("ELSA-")))
		return 0;
	advisory->name = str_trim(str_head(d->title, (size_t)end));
	if (!feed_is_word(advisory->name))
		return 0;
	advisory->scheme = STR("rpm");
	advisory->severity = oval_severity(d->severity);
	advisory->description = feed_cut_text(oval_text_in_line(&a, d->description));
	advisory->link = oval_link(d, STR("elsa"));
	oval_cves(d, &a, &advisory->cves, &advisory->n_cves);
	oval_collect_fixes(d, STR("Oracle Linux"), &a, &fixes);
	int rc = put_fixes(&put, &fixes, err);
	vec_fini(&fixes.items);
	return rc;
}

int oracle_parse(struct stream *in, bool covering, struct feed_sink *sink, struct err *err)
{
	struct oval_reader r = { .sink = sink, .covering = covering };

	return oval_read(in, put_definition, &r, err);
}

/* --- where they lie ------------------------------------------------------------------------- */

/* com.oracle.elsa-20070057.xml → ELSA-2007-0057 */
static struct str advisory_of(struct str document, struct arena *a)
{
	struct str year, number;

	if (!oval_document_number(document, STR(PREFIX), &year, &number))
		return STR_NULL;
	return arena_printf(a, "ELSA-%" PRIstr "-%" PRIstr, STR_ARG(year), STR_ARG(number));
}

static const struct oval_source source = { .advisory_of = advisory_of, .parse = oracle_parse };

/* com.oracle.elsa-2007.xml.bz2 */
static bool is_year(struct str name)
{
	struct str year = listing_plain_name(name);
	uint64_t n;

	if (!str_skip_prefix(&year, STR(PREFIX)) || !str_ends(year, STR(".xml")))
		return false;
	year.n -= 4;
	return year.n == 4 && parse_u64(year, &n);
}

static int read_year(struct feed_session *s, const char *location, bool covering, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	int r = feed_open(s, location, covering ? 0 : FEED_ALWAYS, &d, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = oracle_parse(feed_stream(d), covering, feed_sink(s), err);
	return r < 0 ? err_wrap(err, "%s", location) : feed_finish(take_ptr(d), err);
}

static bool has_years(const struct str_vec *names)
{
	vec_for_each(name, names) {
		if (is_year(*name))
			return true;
	}
	return false;
}

/* The first time all years, which are the source then; later those that have changed. */
static int read_years(struct feed_session *s, const struct str_vec *names, struct err *err)
{
	bool covering = feed_recall(s, STR(KEY_YEARS)).n > 0;
	struct str last = STR_NULL;

	vec_for_each(name, names) {
		struct str plain = listing_plain_name(*name);

		/* Compressed ones stand behind what they are compressed from. */
		if (!is_year(*name) || str_eq(plain, last))
			continue;
		last = plain;
		int r = read_year(s, feed_join(s, feed_location(s), name->p), covering, err);
		if (r < 0)
			return r;
	}
	feed_remember(s, STR(KEY_YEARS), STR("read"));
	return 0;
}

static int parse_all(struct stream *in, const char *location UNUSED, void *ctx UNUSED,
	struct feed_sink *sink, struct err *err)
{
	return oracle_parse(in, false, sink, err);
}

/* That of all documents, as it is listed; without a listing as Oracle names it. */
static int read_all(struct feed_session *s, const struct str_vec *names, struct err *err)
{
	const char *location = feed_join(s, feed_location(s), ALL ".bz2");
	struct feed_part part = { .locations = &location, .n_locations = 1, .parse = parse_all };

	vec_for_each(name, names) {
		if (str_eq(listing_plain_name(*name), STR(ALL)))
			location = feed_join(s, feed_location(s), name->p);
	}
	int r = feed_read_part(s, &part, err);
	return r < 0 ? r : 0;
}

static bool has_all(const struct str_vec *names)
{
	vec_for_each(name, names) {
		if (str_eq(listing_plain_name(*name), STR(ALL)))
			return true;
	}
	return false;
}

static int read_names(struct feed_session *s, const struct str_vec *names, struct err *err)
{
	if (has_years(names))
		return read_years(s, names, err);
	if (!has_all(names) && oval_source_has_advisories(&source, names))
		return oval_source_read_advisories(s, &source, names, err);
	return read_all(s, names, err);
}

static int oracle_read(struct feed_session *s, struct err *err)
{
	struct str_vec names = VEC_INIT;

	if (oval_source_is_file(s))
		return oval_source_read_file(s, &source, err);
	int r = oval_source_list(s, &names, err);
	if (r == 0)
		r = read_names(s, &names, err);
	vec_fini(&names);
	return r;
}

const struct feed_driver feed_oracle = {
	.name = "oracle",
	.title = "Oracle Linux errata",
	.default_url = "https://linux.oracle.com/security/oval/",
	.revision = 1,
	.read = oracle_read,
};
