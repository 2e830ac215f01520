/*
 * Alpine's security databases: a document for each repository (main, community) of each release,
 *
 *   https://secdb.alpinelinux.org/v3.19/main.json   (and edge/)
 *
 * or a directory of the same structure, also of the YAML files of before, or the repository of git
 * that held them (https://git.alpinelinux.org/alpine-secdb/), or one document. There is no list of
 * releases that a program could rely on: they are numbered without gaps, so they are asked for
 * until there is none any more. last-update says when anything was written last.
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>

#include "feed/feed_priv.h"
#include "feed/format/secdb.h"
#include "feed/git.h"
#include "feed/session.h"

/* What of the last update of a repository is remembered. */
#define KEY_COMMIT STR("commit")

/* Releases of the third version that are asked for in vain before there is none to be found, and
 * behind the last one that was. */
#define RELEASES_MISSED_FIRST 60
#define RELEASES_MISSED_LAST  2
#define RELEASES_MOST         1000

static int parse_document(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink, struct err *err)
{
	const struct str *name_space = ctx;

	return secdb_parse(in, *name_space, sink, err);
}

/* The databases of a release below base: 0, or -ERR_NOT_FOUND. */
static int read_release(
	struct feed_session *s, const char *base, const char *release, struct err *err)
{
	static const char *const names[] = { "main.json", "community.json", "main.yaml",
		"community.yaml" };
	const char *directory = feed_join(s, base, release);
	struct str name_space = arena_printf(feed_arena(s), "alpine:%s", release);
	const char *locations[ARRAY_LEN(names)];
	struct feed_part part = {
		.name_spaces = &name_space,
		.n_name_spaces = 1,
		.locations = locations,
		/* The server has JSON only. */
		.n_locations = feed_place(s) == FEED_HTTP ? 2 : ARRAY_LEN(names),
		.may_miss = true,
		.parse = parse_document,
		.ctx = &name_space,
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		locations[i] = feed_join(s, directory, names[i]);
	int r = feed_read_part(s, &part, err);
	return r < 0 ? r : 0;
}

/* 1 when it was read, 0 when there is none. */
static int try_release(
	struct feed_session *s, const char *base, const char *release, struct err *err)
{
	_cleanup_err_ struct err missing = ERR_INIT;
	int r = read_release(s, base, release, &missing);

	if (r == -ERR_NOT_FOUND)
		return 0;
	return r < 0 ? err_move(err, &missing) : 1;
}

/* 1 when the server says that nothing was written since the last update. */
static int is_unchanged(struct feed_session *s, const char *base, struct err *err)
{
	_cleanup_err_ struct err missing = ERR_INIT;
	struct feed_document *d;
	int r = feed_open(s, feed_join(s, base, "last-update"), 0, &d, &missing);

	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		return err_move(err, &missing);
	return r > 0 ? 1 : feed_finish(d, err);
}

static int read_releases(struct feed_session *s, const char *base, struct err *err)
{
	unsigned found = 0, missed = 0;
	int r = is_unchanged(s, base, err);

	if (r != 0)
		return r < 0 ? r : 0;
	/* The first ones had none. */
	for (unsigned minor = 2; minor < RELEASES_MOST; minor++) {
		struct str release = arena_printf(feed_arena(s), "v3.%u", minor);

		r = try_release(s, base, release.p, err);
		if (r < 0)
			return r;
		found += r > 0;
		missed = r > 0 ? 0 : missed + 1;
		if (missed == (found ? RELEASES_MISSED_LAST : RELEASES_MISSED_FIRST))
			break;
	}
	r = try_release(s, base, "edge", err);
	if (r == 0 && found == 0)
		return err_set(err, ERR_NOT_FOUND, "%s: no release has a main.json there", base);
	return r < 0 ? r : 0;
}

/* "edge", "v3.19". */
static bool is_release_name(struct str name)
{
	if (str_eq(name, STR("edge")))
		return true;
	if (name.n < 2 || name.n > 16 || name.p[0] != 'v' || !ascii_is_digit(name.p[1]))
		return false;
	for (size_t i = 1; i < name.n; i++) {
		if (!ascii_is_digit(name.p[i]) && name.p[i] != '.')
			return false;
	}
	return true;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int read_directory(struct feed_session *s, const char *base, struct err *err)
{
	_cleanup_(close_dir) DIR *dir = opendir(base);
	const struct dirent *entry;
	size_t found = 0;

	if (!dir)
		return err_set_errno(err, ERR_IO, errno, "%s", base);
	while ((entry = readdir(dir))) {
		if (!is_release_name(str_of(entry->d_name)))
			continue;
		const char *release = arena_cstr(feed_arena(s), str_of(entry->d_name));
		int r = try_release(s, base, release, err);

		if (r < 0)
			return r;
		found += r > 0;
	}
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND,
			"%s: no directory of a release (v3.19, edge) with a main.json is there",
			base);
	return 0;
}

/* --- git -------------------------------------------------------------------------------------- */

static bool is_cancelled(void *ctx)
{
	return feed_is_cancelled(ctx);
}

/* "v3.19" of "v3.19/main.yaml"; empty for another file. */
static struct str release_of_path(struct str path)
{
	struct str release, file;

	if (!str_cut(path, '/', &release, &file) || !is_release_name(release))
		return STR_NULL;
	if (str_eq(file, STR("main.yaml")) || str_eq(file, STR("community.yaml")) ||
		str_eq(file, STR("main.json")) || str_eq(file, STR("community.json")))
		return release;
	return STR_NULL;
}

static struct str name_space_of(struct feed_session *s, struct str release)
{
	return arena_printf(feed_arena(s), "alpine:%" PRIstr, STR_ARG(release));
}

/* The releases of which a file differs since the commit, each covered, in *out as keys. 1 when it
 * is not known what differs. */
static int cover_changed(
	struct feed_session *s, struct git *git, struct str since, struct map *out, struct err *err)
{
	static const char *const all[] = { NULL };
	struct feed_sink *sink = feed_sink(s);
	struct git_files changed = VEC_INIT;
	int r = git_list(git, since, all, feed_arena(s), &changed, err);

	for (size_t i = 0; i < changed.n && r == 0; i++) {
		struct str release = release_of_path(changed.v[i].path);

		if (release.n == 0 || map_has(out, release))
			continue;
		map_set(out, release, s);
		r = sink->cover_namespace(sink, name_space_of(s, release), err);
	}
	vec_fini(&changed);
	return r;
}

static int take_file(void *ctx, const struct git_file *file, struct str content, struct err *err)
{
	struct feed_session *s = ctx;
	struct stream_mem m;

	stream_mem_init(&m, span_from_str(content), 0);
	int r = secdb_parse(
		&m.stream, name_space_of(s, release_of_path(file->path)), feed_sink(s), err);
	return r < 0 ? err_wrap(err, "%" PRIstr, STR_ARG(str_head(file->path, 100))) : 0;
}

/* The files of all releases (wanted NULL), or of those that are wanted. */
static int read_files(
	struct feed_session *s, struct git *git, const struct map *wanted, struct err *err)
{
	static const char *const all[] = { NULL };
	struct git_files listed = VEC_INIT, files = VEC_INIT;
	int r = git_list(git, STR_NULL, all, feed_arena(s), &listed, err);

	for (size_t i = 0; i < listed.n && r == 0; i++) {
		struct str release = release_of_path(listed.v[i].path);

		if (release.n && (!wanted || map_has(wanted, release)))
			vec_push(&files, listed.v[i]);
	}
	if (r == 0 && files.n == 0 && !wanted)
		r = err_set(err, ERR_INPUT, "no release (v3.11/main.yaml) is in the repository");
	if (r == 0 && files.n)
		r = git_read(git, &files, take_file, s, err);
	vec_fini(&listed);
	vec_fini(&files);
	return r;
}

static int read_commit(struct feed_session *s, struct git *git, struct err *err)
{
	_cleanup_map_ struct map changed = MAP_INIT;
	struct str since = feed_recall(s, KEY_COMMIT);
	int known = 1, r = 0;

	if (str_eq(since, git_commit(git)))
		return 0;
	if (since.n)
		known = cover_changed(s, git, since, &changed, err);
	if (known < 0)
		return known;
	/* A commit that changed nothing of interest is not remembered: nothing would be written. */
	if (known == 0 && changed.n == 0)
		return 0;
	r = read_files(s, git, known == 0 ? &changed : NULL, err);
	if (r == 0)
		feed_remember(s, KEY_COMMIT, git_commit(git));
	return r;
}

/* A repository at a URL, or here. */
static int read_repository(struct feed_session *s, bool remote, struct err *err)
{
	_cleanup_(git_closep) struct git *git = NULL;
	struct git_options o = { .is_cancelled = is_cancelled, .ctx = s };
	const char *location = feed_location(s);
	int r = remote ? git_mirror(feed_mirrored(s, location), feed_recall(s, KEY_COMMIT), &o,
				 &git, err)
		       : git_open(location, &o, &git, err);

	return r < 0 ? r : read_commit(s, git, err);
}

/* --- the rest --------------------------------------------------------------------------------- */

/* One document, which says of which release it is. */
static int read_file(struct feed_session *s, const char *path, struct err *err)
{
	struct str name_space = STR_NULL;
	struct feed_part part = {
		.locations = &path,
		.n_locations = 1,
		.parse = parse_document,
		.ctx = &name_space,
	};
	int r = feed_read_part(s, &part, err);

	return r < 0 ? r : 0;
}

/* The original's URL: it does not look like a repository's. */
static bool is_old_repository(struct str location)
{
	while (str_ends(location, STR("/")))
		location.n--;
	return str_find(location, STR("://")) > 0 && str_ends(location, STR("/alpine-secdb"));
}

static int alpine_read(struct feed_session *s, struct err *err)
{
	const char *location = feed_location(s);

	if (git_is_remote(location) || is_old_repository(str_of(location)))
		return read_repository(s, true, err);
	switch (feed_place(s)) {
	case FEED_DIRECTORY:
		return git_is_repository(location) ? read_repository(s, false, err)
						   : read_directory(s, location, err);
	case FEED_FILE:
		return read_file(s, location, err);
	case FEED_HTTP:
	default:
		return str_ends(str_of(location), STR(".json")) ? read_file(s, location, err)
								: read_releases(s, location, err);
	}
}

const struct feed_driver feed_alpine = {
	.name = "alpine",
	.title = "Alpine secdb",
	.default_url = "https://secdb.alpinelinux.org/",
	.revision = 1,
	.read = alpine_read,
};
