/*
 * Photon OS: photon_versions.json names the branches, and cve_data_photon<branch>.json has what is
 * known of the CVEs in the packages of one. The source may be the folder of these, one of them, or
 * the older OVAL (com.vmware.phsa-photon<branch>.xml), which is read of branches for which there
 * is nothing else.
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/json_value.h"
#include "feed/format/photon_cves.h"
#include "feed/format/photon_oval.h"
#include "feed/listing.h"
#include "feed/session.h"

#define VERSIONS "photon_versions.json"
/* Branches are some five. */
#define BRANCHES_MAX    100
#define BRANCH_NAME_MAX 16

/* What stands between prefix and suffix of a name; false when it is not of that form. */
static bool cut_out(struct str name, struct str prefix, struct str suffix, struct str *out)
{
	if (!str_skip_prefix(&name, prefix) || !str_ends(name, suffix))
		return false;
	*out = str_head(name, name.n - suffix.n);
	return true;
}

static bool is_branch(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]) && s.p[i] != '.')
			return false;
	}
	return s.n > 0 && s.n <= BRANCH_NAME_MAX && s.p[0] != '.';
}

struct document {
	bool is_oval;
	struct str branch; /* "5.0" */
};

/* What a document is, by its name. */
static bool parse_name(struct str name, struct arena *a, struct document *out)
{
	struct str plain = listing_plain_name(name);

	*out = (struct document){ .is_oval = false };
	if (cut_out(plain, STR("cve_data_photon"), STR(".json"), &out->branch))
		return is_branch(out->branch);
	out->is_oval = true;
	if (!cut_out(plain, STR("com.vmware.phsa-photon"), STR(".xml"), &out->branch) ||
		!is_branch(out->branch))
		return false;
	/* OVAL has the number of the branch without what is behind the point. */
	if (str_find_char(out->branch, '.') < 0)
		out->branch = arena_printf(a, "%" PRIstr ".0", STR_ARG(out->branch));
	return true;
}

static int parse(struct stream *in, const char *location UNUSED, void *ctx, struct feed_sink *sink,
	struct err *err)
{
	const struct document *d = ctx;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str name_space = arena_printf(&a, "photon:%" PRIstr, STR_ARG(d->branch));

	return d->is_oval ? photon_oval_parse(in, name_space, sink, err)
			  : photon_cves_parse(in, name_space, sink, err);
}

static int read_branch(
	struct feed_session *s, const char *location, struct document *d, struct err *err)
{
	struct str name_space = arena_printf(feed_arena(s), "photon:%" PRIstr, STR_ARG(d->branch));
	struct feed_part part = {
		.name_spaces = &name_space,
		.n_name_spaces = 1,
		.locations = &location,
		.n_locations = 1,
		.parse = parse,
		.ctx = d,
	};
	int r = feed_read_part(s, &part, err);

	return r < 0 ? r : 0;
}

/* --- a directory ---------------------------------------------------------------------------- */

static bool has_better(const struct str_vec *names, const struct document *d, struct arena *a)
{
	struct document other;

	vec_for_each(name, names) {
		if (d->is_oval && parse_name(*name, a, &other) && !other.is_oval &&
			str_eq(other.branch, d->branch))
			return true;
	}
	return false;
}

static int read_directory(struct feed_session *s, struct err *err)
{
	struct str_vec names = VEC_INIT;
	struct str last = STR_NULL;
	bool any = false;
	int r = listing_of_directory(feed_location(s), feed_arena(s), &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct document d;

		if (!parse_name(names.v[i], feed_arena(s), &d) ||
			has_better(&names, &d, feed_arena(s)) ||
			str_eq(listing_plain_name(names.v[i]), last))
			continue;
		/* Compressed ones stand behind what they are compressed from. */
		last = listing_plain_name(names.v[i]);
		any = true;
		r = read_branch(s, feed_join(s, feed_location(s), names.v[i].p), &d, err);
	}
	vec_fini(&names);
	if (r == 0 && !any)
		return err_set(
			err, ERR_NOT_FOUND, "%s: no cve_data_photon….json", feed_location(s));
	return r;
}

/* --- a server ------------------------------------------------------------------------------- */

static int read_names(
	struct json_reader *json, struct arena *a, struct str_vec *out, struct err *err)
{
	bool odd = false;
	struct str text;
	int r = json_value_enter(json, JSON_ARRAY_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_value_element(json, JSON_STRING, &text, &odd, err)) > 0) {
		if (is_branch(text) && out->n < BRANCHES_MAX)
			vec_push(out, arena_str(a, text));
	}
	return r;
}

static int find_branches(struct feed_session *s, struct str_vec *out, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	/* It leads to others: whether it has changed does not matter. */
	int r = feed_open(
		s, feed_join(s, feed_location(s), VERSIONS), FEED_ALWAYS | FEED_ONCE, &d, err);

	if (r < 0)
		return r;
	r = json_value_of_key(feed_stream(d), STR("branches"), read_names, feed_arena(s), out, err);
	if (r < 0)
		return err_wrap(err, VERSIONS);
	return out->n ? 0 : err_set(err, ERR_INPUT, VERSIONS ": no branches");
}

static int read_server(struct feed_session *s, struct err *err)
{
	struct str_vec branches = VEC_INIT;
	int r = find_branches(s, &branches, err);

	for (size_t i = 0; r == 0 && i < branches.n; i++) {
		struct document d = { .branch = branches.v[i] };
		struct str name = arena_printf(
			feed_arena(s), "cve_data_photon%" PRIstr ".json", STR_ARG(branches.v[i]));

		r = read_branch(s, feed_join(s, feed_location(s), name.p), &d, err);
		/* Branches that ended stay named for a while. */
		if (r == -ERR_NOT_FOUND) {
			err_clear(err);
			r = 0;
		}
	}
	vec_fini(&branches);
	return r;
}

static int photon_read(struct feed_session *s, struct err *err)
{
	const char *location = feed_location(s);
	struct document d;

	if (feed_place(s) == FEED_DIRECTORY)
		return read_directory(s, err);
	if (parse_name(path_basename(str_of(location)), feed_arena(s), &d))
		return read_branch(s, location, &d, err);
	if (feed_place(s) == FEED_HTTP)
		return read_server(s, err);
	return err_set(err, ERR_USAGE,
		"%s: the name has to tell the branch: cve_data_photon5.0.json", location);
}

const struct feed_driver feed_photon = {
	.name = "photon",
	.title = "Photon OS CVE data",
	.default_url = "https://packages.broadcom.com/photon/photon_cve_metadata/",
	.revision = 1,
	.read = photon_read,
};
