/*
 * Where Red Hat's VEX documents come from. A repository has all of them in an archive, made about
 * once a week, and lists what has changed and was deleted since with the time of each. The archive
 * says that of the start of its day for sure.
 *
 * One document that does not parse is noted and skipped: what was known of its CVE stays, and the
 * rest of the update counts.
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "feed/feed_priv.h"
#include "feed/rhel_vex.h"
#include "feed/rhel_vex_changes.h"
#include "feed/sink.h"

/* More changed documents than that are faster read from an archive that was made since. */
#define CHANGES_ONE_BY_ONE 4000
/* Folders below a directory of documents: real ones have one, the year. */
#define FOLDERS_DEPTH 4

static const struct str key_until = STR_INIT("rhel-vex changes until");

/* A stream that remembers whether it was itself that failed, or whoever read it. */
struct watched {
	struct stream stream;
	struct stream *in;      /* or … */
	struct tar_reader *tar; /* … the body of its entry */
	bool failed;
};

static ssize_t watched_read(struct stream *stream, void *p, size_t n, struct err *err)
{
	struct watched *w = (struct watched *)stream;
	ssize_t r = w->tar ? tar_read(w->tar, p, n, err) : stream_read(w->in, p, n, err);

	w->failed |= r < 0;
	return r;
}

/*
 * What stands between a document and the session in a partial update: the CVE is covered in front
 * of the first that is said of it, which is when the document is known to be whole.
 */
struct covering {
	struct feed_sink sink;
	struct feed_sink *to;
	struct str cve; /* empty: the update is complete, nothing is covered */
	bool covered;
};

static int cover(struct covering *c, struct err *err)
{
	if (c->covered || c->cve.n == 0)
		return 0;
	c->covered = true;
	return c->to->cover_name(c->to, c->cve, err);
}

static int covering_put(struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct covering *c = (struct covering *)sink;
	int r = cover(c, err);

	return r < 0 ? r : c->to->put(c->to, a, err);
}

static void covering_note(struct feed_sink *sink, const char *what)
{
	struct covering *c = (struct covering *)sink;

	c->to->note(c->to, what);
}

/*
 * Reads a document and covers its CVE (see struct covering): 0, 1 when it does not parse (which is
 * noted), or a negative code.
 */
static int read_one(
	struct feed_session *s, struct watched *w, struct str name, struct str cve, struct err *err)
{
	_cleanup_err_ struct err why = ERR_INIT;
	struct covering c = { .sink = { .put = covering_put, .note = covering_note },
		.to = feed_sink(s),
		.cve = cve };

	w->stream.read = watched_read;
	int r = rhel_vex_parse(&w->stream, &c.sink, &why);
	if (r == 0)
		return cover(&c, err);
	if (w->failed || (r != -ERR_INPUT && r != -ERR_TOO_LARGE))
		return err_move(err, &why);
	feed_note(feed_sink(s), "%" PRIstr ": %s", STR_ARG(str_head(name, 200)), err_msg(&why));
	return 1;
}

/* --- archives -------------------------------------------------------------------------------- */

/* The documents of an archive, without those that `changes` (may be NULL) knows better. */
static int read_entries(struct feed_session *s, struct tar_reader *tar,
	const struct vex_changes *changes, struct err *err)
{
	struct tar_entry entry;
	int r;

	while ((r = tar_next(tar, &entry, err)) > 0) {
		struct watched w = { .tar = tar };
		struct str path = entry.path;

		if (feed_is_cancelled(s))
			return err_set(err, ERR_CANCELLED, "cancelled");
		(void)str_skip_prefix(&path, STR("./"));
		if (entry.type != TAR_FILE || !str_ends(path, STR(".json")) ||
			(changes && map_has(&changes->by_path, path)))
			continue;
		_cleanup_arena_ struct arena a = ARENA_INIT;
		r = read_one(s, &w, arena_str(&a, path), STR_NULL, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_archive(struct feed_session *s, const char *location, unsigned flags,
	const struct vex_changes *changes, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	_cleanup_(tar_closep) struct tar_reader *tar = NULL;
	int r = feed_open(s, location, flags, &d, err);

	if (r != 0)
		return r;
	tar = tar_open(feed_stream(d));
	r = read_entries(s, tar, changes, err);
	tar_close(take_ptr(tar));
	return r < 0 ? r : feed_finish(take_ptr(d), err);
}

/* --- directories ----------------------------------------------------------------------------- */

/* As read_one(). */
static int read_document(struct feed_session *s, const char *location, unsigned flags,
	struct str cve, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	int r = feed_open(s, location, flags, &d, err);

	if (r != 0)
		return r < 0 ? r : 0;
	struct watched w = { .in = feed_stream(d) };
	r = read_one(s, &w, str_of(location), cve, err);
	if (r < 0)
		return r;
	int f = feed_finish(take_ptr(d), err);
	return f < 0 ? f : r;
}

static bool is_json(struct str name)
{
	return str_ends(name, STR(".json"));
}

/* Whether a name leads to a file or a folder; neither for what is hidden. */
static bool is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int read_folder(struct feed_session *s, const char *path, int depth, struct err *err)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, NULL, alphasort), r = 0;

	if (n < 0)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	for (int i = 0; i < n; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		const char *below = arena_printf(&a, "%s/%s", path, names[i]->d_name).p;
		struct stat st;

		if (r >= 0 && is_visible(names[i]) && stat(below, &st) == 0) {
			if (S_ISDIR(st.st_mode) && depth < FOLDERS_DEPTH)
				r = read_folder(s, below, depth + 1, err);
			else if (S_ISREG(st.st_mode) && is_json(str_of(names[i]->d_name)))
				r = read_document(s, below, FEED_ALWAYS | FEED_ONCE, STR_NULL, err);
		}
		free(names[i]);
	}
	free(names);
	return r < 0 ? r : 0;
}

/* --- repositories ---------------------------------------------------------------------------- */

/* A list, if it has changed: 1 when it has not. */
static int read_list(struct feed_session *s, const char *name, unsigned flags, bool deleted,
	int64_t since, struct vex_changes *changes, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	const char *location = feed_join(s, feed_location(s), name);
	int r = feed_open(s, location, flags, &d, err);

	/* Nothing was ever deleted. */
	if (r == -ERR_NOT_FOUND && deleted) {
		err_clear(err);
		return 1;
	}
	if (r != 0)
		return r;
	r = vex_changes_read(feed_stream(d), deleted, since, changes, err);
	return r < 0 ? err_wrap(err, "%s", name) : feed_finish(take_ptr(d), err);
}

static int read_lists(struct feed_session *s, unsigned flags, int64_t since,
	struct vex_changes *changes, struct err *err)
{
	int a = read_list(s, "changes.csv", flags, false, since, changes, err);
	int b = a < 0 ? a : read_list(s, "deletions.csv", flags, true, since, changes, err);

	if (b >= 0 && changes->malformed)
		feed_note(feed_sink(s), "%zu lines of changes.csv and deletions.csv are malformed",
			changes->malformed);
	return b < 0 ? b : a && b;
}

static int read_change(
	struct feed_session *s, const struct vex_change *change, bool partial, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct feed_sink *sink = feed_sink(s);
	struct str cve = vex_cve_of(change->path, &a);

	if (feed_is_cancelled(s))
		return err_set(err, ERR_CANCELLED, "cancelled");
	if (change->deleted)
		return partial ? sink->cover_name(sink, cve, err) : 0;
	int r = read_document(s, feed_join(s, feed_location(s), change->path.p),
		FEED_ALWAYS | FEED_ONCE, partial ? cve : STR_NULL, err);
	if (r == -ERR_NOT_FOUND) {
		feed_note(
			feed_sink(s), "%" PRIstr " is listed, but missing", STR_ARG(change->path));
		err_clear(err);
		return 0;
	}
	return r < 0 ? r : 0;
}

static int by_path(const void *a, const void *b)
{
	return str_cmp(
		(*(struct vex_change *const *)a)->path, (*(struct vex_change *const *)b)->path);
}

static int read_changes(
	struct feed_session *s, const struct vex_changes *changes, bool partial, struct err *err)
{
	VEC_OF(struct vex_change *) sorted = VEC_INIT;
	struct feed_sink *sink = feed_sink(s);
	size_t at = 0;
	struct str path;
	void *change;
	int r = 0;

	while (map_next(&changes->by_path, &at, &path, &change))
		vec_push(&sorted, change);
	if (sorted.n > 1)
		qsort(sorted.v, sorted.n, sizeof(sorted.v[0]), by_path);
	/* A list may have changed in its form only; the update is partial all the same. */
	if (partial)
		r = sink->cover_name(sink, STR("CVE-0000-0000"), err);
	for (size_t i = 0; r == 0 && i < sorted.n; i++)
		r = read_change(s, sorted.v[i], partial, err);
	vec_fini(&sorted);
	return r;
}

/* The archive's name in archive_latest.txt, and the start of its day. */
static int find_archive(struct feed_session *s, struct str *name, int64_t *day, struct err *err)
{
	_cleanup_(feed_dropp) struct feed_document *d = NULL;
	int r = feed_open(s, feed_join(s, feed_location(s), "archive_latest.txt"),
		FEED_ALWAYS | FEED_ONCE, &d, err);
	char text[256];

	if (r < 0)
		return r;
	ssize_t n = stream_read_full(feed_stream(d), text, sizeof(text), err);
	if (n < 0)
		return (int)n;
	struct str word = str_trim(str_n(text, (size_t)n)), date;
	*name = arena_str(feed_arena(s), word);
	(void)str_cut(word, '.', &word, NULL);
	if (n == sizeof(text) || !str_rcut(word, '_', NULL, &date) ||
		str_find_char(*name, '/') >= 0 || !vex_time(date, day))
		return err_set(err, ERR_INPUT, "archive_latest.txt: it names no archive of a day");
	return feed_finish(take_ptr(d), err);
}

static void remember_until(struct feed_session *s, int64_t until)
{
	char text[CLOCK_RFC3339_SIZE];

	clock_format_rfc3339(until, text);
	feed_remember(s, key_until, arena_str(feed_arena(s), str_of(text)));
}

/* All of a repository. What has changed since the archive was made is not read from it. */
static int read_everything(struct feed_session *s, struct err *err)
{
	_cleanup_(vex_changes_fini) struct vex_changes changes = VEX_CHANGES_INIT;
	struct str name;
	int64_t day;
	int r = find_archive(s, &name, &day, err);

	if (r == 0)
		r = read_lists(s, FEED_ALWAYS, day, &changes, err);
	if (r < 0)
		return r;
	r = read_archive(
		s, feed_join(s, feed_location(s), name.p), FEED_ALWAYS | FEED_ONCE, &changes, err);
	if (r == 0)
		r = read_changes(s, &changes, false, err);
	if (r == 0)
		remember_until(s, changes.latest > day ? changes.latest : day);
	return r;
}

static int read_repository(struct feed_session *s, struct err *err)
{
	_cleanup_(vex_changes_fini) struct vex_changes changes = VEX_CHANGES_INIT;
	int64_t since;

	if (!vex_time(feed_recall(s, key_until), &since))
		return read_everything(s, err);
	/* Lines of the same second may have come since. */
	int r = read_lists(s, 0, since, &changes, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (changes.by_path.n > CHANGES_ONE_BY_ONE) {
		struct str name;
		int64_t day;

		r = find_archive(s, &name, &day, err);
		if (r < 0 || day > since)
			return r < 0 ? r : read_everything(s, err);
	}
	r = read_changes(s, &changes, true, err);
	if (r == 0)
		remember_until(s, changes.latest > since ? changes.latest : since);
	return r;
}

/* --- the location ---------------------------------------------------------------------------- */

static bool has(struct feed_session *s, const char *name)
{
	struct stat st;

	return stat(feed_join(s, feed_location(s), name), &st) == 0;
}

static bool is_archive(struct str location)
{
	return str_find(location, STR(".tar")) >= 0;
}

/* Whether a directory holds documents, itself or in a folder of a year. */
static bool has_documents(const char *path)
{
	DIR *dir = opendir(path);
	bool found = false;

	for (const struct dirent *e; dir && !found && (e = readdir(dir));) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		uint32_t year;

		found = vex_cve_of(str_of(e->d_name), &a).n > 0 ||
			(strlen(e->d_name) == 4 && parse_u32(str_of(e->d_name), &year));
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

bool rhel_vex_is_there(struct feed_session *s)
{
	struct str location = str_of(feed_location(s));

	if (feed_place(s) == FEED_DIRECTORY)
		return has(s, "changes.csv") || has(s, "archive_latest.txt") ||
		       has_documents(feed_location(s));
	return str_find(location, STR("csaf")) >= 0 || str_find(location, STR("vex")) >= 0 ||
	       is_json(location);
}

int rhel_vex_read(struct feed_session *s, struct err *err)
{
	struct str location = str_of(feed_location(s));
	int r;

	if (feed_place(s) == FEED_DIRECTORY)
		return has(s, "archive_latest.txt") ? read_repository(s, err)
						    : read_folder(s, feed_location(s), 0, err);
	if (is_json(location))
		r = read_document(s, feed_location(s), 0, STR_NULL, err);
	else if (feed_place(s) == FEED_FILE || is_archive(location))
		r = read_archive(s, feed_location(s), 0, NULL, err);
	else
		return read_repository(s, err);
	return r < 0 ? r : 0;
}
