/*
 * NVD's feeds in a directory: each year in the newest of the forms that are there. A directory
 * without feeds of these names is one of documents of any name, such as pages of the API.
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>

#include "feed/nvd_priv.h"

/* A file that may be a feed. */
struct candidate {
	struct str name;
	struct str feed; /* "2018", "modified"; empty for a file of another name */
	struct str stem; /* "nvdcve-2.0-2018" */
	unsigned rank;   /* the lower of two of a feed is read */
};

/* The compression is recognised by content; these are the names of what can be. */
static const char *const compressions[] = { ".gz", ".xz", ".zst", ".bz2", "" };

/* Cuts ".json.gz", ".xml" … off a name; false when it ends in none of them. */
static bool cut_extension(struct str *name, bool *xml, unsigned *compression)
{
	for (unsigned i = 0; i < ARRAY_LEN(compressions); i++) {
		struct str rest = *name;

		if (!str_ends(rest, str_of(compressions[i])))
			continue;
		rest.n -= strlen(compressions[i]);
		*xml = str_ends(rest, STR(".xml"));
		if (!*xml && !str_ends(rest, STR(".json")))
			continue;
		name->n = rest.n - (*xml ? 4 : 5);
		*compression = i;
		return true;
	}
	return false;
}

static bool is_feed_name(struct str s)
{
	uint32_t year;

	return str_eq(s, STR("modified")) || str_eq(s, STR("recent")) ||
	       (s.n == 4 && parse_u32(s, &year));
}

/* false: a file of another kind. */
static bool recognise(struct str name, struct candidate *out)
{
	unsigned compression, form = 0;
	struct str rest;
	bool xml;

	*out = (struct candidate){ .name = name, .stem = name };
	if (!cut_extension(&out->stem, &xml, &compression))
		return false;
	rest = out->stem;
	if (str_skip_prefix(&rest, STR("nvdcve-2.0-")))
		form = xml ? 2 : 0;
	else if (!xml && str_skip_prefix(&rest, STR("nvdcve-1.1-")))
		form = 1;
	else
		return true;
	if (is_feed_name(rest))
		out->feed = rest;
	out->rank = form * (unsigned)ARRAY_LEN(compressions) + compression;
	return true;
}

/* Years, then what is newer than they are. */
static int feed_order(struct str feed)
{
	if (str_eq(feed, STR("modified")))
		return 2;
	return str_eq(feed, STR("recent"));
}

static int compare_candidates(const void *va, const void *vb)
{
	const struct candidate *a = va, *b = vb;
	int order = feed_order(a->feed) - feed_order(b->feed);

	if (order == 0)
		order = str_cmp(a->feed, b->feed);
	if (order == 0 && a->rank != b->rank)
		order = a->rank < b->rank ? -1 : 1;
	return order ? order : str_cmp(a->name, b->name);
}

DEFINE_VEC(candidates, struct candidate);

static int list(struct feed_session *s, const char *path, struct candidates *out, struct err *err)
{
	DIR *dir = opendir(path);

	if (!dir)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	for (struct dirent *e; (errno = 0, e = readdir(dir)) != NULL;) {
		struct candidate c;

		if (!recognise(arena_str(feed_arena(s), str_of(e->d_name)), &c))
			continue;
		vec_push(out, c);
	}
	int failure = errno;
	(void)closedir(dir);
	if (failure)
		return err_set_errno(err, ERR_IO, failure, "%s", path);
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(*out->v), compare_candidates);
	return 0;
}

bool nvd_is_file(struct str location)
{
	unsigned compression;
	bool xml;

	return cut_extension(&location, &xml, &compression);
}

/* "2.0" is what both JSON and XML call themselves, so where both are, nobody knows whose a ".meta"
 * is. */
static bool has_own_meta(const struct candidates *all, const struct candidate *c)
{
	vec_for_each(other, all) {
		if (str_eq(other->stem, c->stem) &&
			other->rank / ARRAY_LEN(compressions) != c->rank / ARRAY_LEN(compressions))
			return false;
	}
	return true;
}

static int read_candidate(struct feed_session *s, const struct candidates *all,
	const struct candidate *c, struct err *err)
{
	const char *base = feed_location(s);
	struct nvd_place place = { .feed = feed_join(s, base, c->name.p) };
	struct nvd_meta meta;

	if (has_own_meta(all, c))
		place.meta = feed_join(s, base,
			arena_printf(feed_arena(s), "%" PRIstr ".meta", STR_ARG(c->stem)).p);
	int r = nvd_read_feed(s, &place, &meta, err);
	return r < 0 ? r : 0;
}

static int read_candidates(struct feed_session *s, const struct candidates *all, struct err *err)
{
	/* Names that are feeds sort behind those that are none. */
	bool named = all->n > 0 && all->v[all->n - 1].feed.n > 0;
	struct str before = STR_NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct candidate *c = &all->v[i];

		if (named && (c->feed.n == 0 || str_eq(c->feed, before)))
			continue;
		before = c->feed;
		int r = read_candidate(s, all, c, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int nvd_read_directory(struct feed_session *s, struct err *err)
{
	struct candidates all = VEC_INIT;
	int r = list(s, feed_location(s), &all, err);

	if (r == 0 && all.n == 0)
		r = err_set(err, ERR_NOT_FOUND, "%s: no feed of NVD (nvdcve-2.0-YEAR.json.gz)",
			feed_location(s));
	if (r == 0)
		r = read_candidates(s, &all, err);
	vec_fini(&all);
	return r;
}
