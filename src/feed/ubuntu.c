/*
 * The Ubuntu CVE tracker. Its location is a repository of git (a URL, or a directory here), of
 * which the files that changed since the last update are read; or its files in a directory or a tar
 * archive; or what is made of it: the OVAL documents of the releases, or the OSV records of the
 * CVEs, all or one.
 */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "distro/distro.h"
#include "feed/feed_priv.h"
#include "feed/format/ubuntu_oval.h"
#include "feed/format/ubuntu_tracker.h"
#include "feed/git.h"
#include "feed/listing.h"
#include "feed/session.h"
#include "feed/ubuntu_records.h"

/* What of the last update is remembered. */
#define KEY_COMMIT STR("commit")
#define KEY_FILES  STR("files")

/* Where Canonical serves OSV records, all of them are in this. */
#define OSV_ARCHIVE "osv-all.tar.xz"

/* Where the tracker has its files. Of a CVE in both the first counts. */
static const char *const folders[] = { "active", "retired", NULL };

struct tracker_reader {
	struct feed_session *session;
	struct ubuntu_rows *rows;
};

static bool is_cancelled(void *ctx)
{
	return feed_is_cancelled(ctx);
}

static int check_cancelled(const struct tracker_reader *r, struct err *err)
{
	return feed_is_cancelled(r->session) ? err_set(err, ERR_CANCELLED, "cancelled") : 0;
}

/* --- git -------------------------------------------------------------------------------------- */

static int take_file(void *ctx, const struct git_file *file, struct str content, struct err *err)
{
	struct tracker_reader *r = ctx;

	return ubuntu_tracker_parse(r->rows, ubuntu_tracker_cve(file->path), content, err);
}

/* The CVEs whose files differ since the commit, each covered, in *out as keys. 1 when it is not
 * known what differs. */
static int cover_changed(struct tracker_reader *r, struct git *git, struct str since,
	struct map *out, struct err *err)
{
	struct feed_sink *sink = feed_sink(r->session);
	struct git_files changed = VEC_INIT;
	int code = git_list(git, since, folders, feed_arena(r->session), &changed, err);

	for (size_t i = 0; i < changed.n && code == 0; i++) {
		struct str cve = ubuntu_tracker_cve(changed.v[i].path);

		if (cve.n == 0 || map_has(out, cve))
			continue;
		map_set(out, cve, r);
		code = sink->cover_name(sink, cve, err);
	}
	vec_fini(&changed);
	return code;
}

/* Of the files of a commit one for each CVE: of all (wanted NULL), or of those that are wanted. */
static int choose_files(struct tracker_reader *r, struct git *git, const struct map *wanted,
	struct git_files *out, struct err *err)
{
	_cleanup_map_ struct map chosen = MAP_INIT;
	struct git_files all = VEC_INIT;
	int code = git_list(git, STR_NULL, folders, feed_arena(r->session), &all, err);

	/* By path: what is active comes first. */
	for (size_t i = 0; i < all.n && code == 0; i++) {
		struct str cve = ubuntu_tracker_cve(all.v[i].path);

		if (cve.n == 0 || map_has(&chosen, cve) || (wanted && !map_has(wanted, cve)))
			continue;
		map_set(&chosen, cve, r);
		vec_push(out, all.v[i]);
	}
	vec_fini(&all);
	return code;
}

static int read_git(struct tracker_reader *r, struct git *git, struct str since, struct err *err)
{
	_cleanup_map_ struct map changed = MAP_INIT;
	struct git_files files = VEC_INIT;
	int known = 1, code;

	if (str_eq(since, git_commit(git)))
		return 0;
	if (since.n)
		known = cover_changed(r, git, since, &changed, err);
	if (known < 0)
		return known;
	code = known == 0 && changed.n == 0
		       ? 0
		       : choose_files(r, git, known == 0 ? &changed : NULL, &files, err);
	if (code == 0 && files.n)
		code = git_read(git, &files, take_file, r, err);
	vec_fini(&files);
	/* A commit that changed nothing of interest is not remembered: nothing would be written. */
	if (code == 0 && (known == 1 || changed.n))
		feed_remember(r->session, KEY_COMMIT, git_commit(git));
	return code;
}

/* A repository at a URL, or here. */
static int read_repository(struct tracker_reader *r, bool remote, struct err *err)
{
	_cleanup_(git_closep) struct git *git = NULL;
	const char *location = feed_location(r->session);
	struct git_options o = { .is_cancelled = is_cancelled, .ctx = r->session };
	struct str since = feed_recall(r->session, KEY_COMMIT);
	int code;

	if (remote)
		code = git_mirror(feed_mirrored(r->session, location), since, &o, &git, err);
	else
		code = git_open(location, &o, &git, err);
	return code < 0 ? code : read_git(r, git, since, err);
}

/* --- files ------------------------------------------------------------------------------------ */

static int read_file(struct tracker_reader *r, const char *path, struct str cve,
	struct digest_ctx *digest, struct err *err)
{
	_cleanup_buf_ struct buf content = BUF_INIT(LIMIT_GIT_FILE);
	_cleanup_close_ int fd = io_open(path, O_RDONLY | O_NONBLOCK, 0, err);
	int code = fd < 0 ? fd : io_read_to_end(fd, &content, path, err);

	if (code < 0)
		return code;
	digest_update(digest, cve.p, cve.n + 1);
	digest_update(digest, content.p, content.n);
	return ubuntu_tracker_parse(r->rows, cve, buf_str(&content), err);
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The paths of the CVEs' files in a folder, by name, in memory of the session. */
static int list_folder(
	struct tracker_reader *r, const char *folder, struct str_vec *out, struct err *err)
{
	const char *path = feed_join(r->session, feed_location(r->session), folder);
	DIR *dir = opendir(path);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT ? 0 : err_set_errno(err, ERR_IO, errno, "%s", path);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): its own stream */
	while ((d = readdir(dir)) && out->n < LIMIT_GIT_FILES) {
		struct str file = arena_printf(feed_arena(r->session), "%s/%s", path, d->d_name);

		if (ubuntu_tracker_cve(file).n)
			vec_push(out, file);
	}
	(void)closedir(dir);
	if (out->n == LIMIT_GIT_FILES)
		return err_set(err, ERR_TOO_LARGE, "%s: more than %d files", path, LIMIT_GIT_FILES);
	if (out->n)
		qsort(out->v, out->n, sizeof(struct str), by_name);
	return 0;
}

/* The files of one folder; those in `seen` were read before. */
static int read_folder(struct tracker_reader *r, const char *folder, struct map *seen,
	struct digest_ctx *digest, struct err *err)
{
	struct str_vec files = VEC_INIT;
	int code = list_folder(r, folder, &files, err);

	for (size_t i = 0; i < files.n && code == 0; i++) {
		struct str cve = ubuntu_tracker_cve(files.v[i]);

		if (map_has(seen, cve))
			continue;
		map_set(seen, cve, r);
		code = check_cancelled(r, err);
		if (code == 0)
			code = read_file(r, files.v[i].p, cve, digest, err);
	}
	vec_fini(&files);
	return code;
}

static int read_directory(struct tracker_reader *r, struct err *err)
{
	_cleanup_(digest_freep) struct digest_ctx *digest = digest_new();
	_cleanup_map_ struct map seen = MAP_INIT;
	char text[DIGEST_TEXT_SIZE];
	int code = 0;

	for (size_t i = 0; folders[i] && code == 0; i++)
		code = read_folder(r, folders[i], &seen, digest, err);
	if (code < 0)
		return code;
	if (seen.n == 0)
		return err_set(err, ERR_INPUT,
			"neither a tracker (active/CVE-…), nor records "
			"(UBUNTU-CVE-….json), nor a git repository");
	struct digest d = digest_final(digest);
	digest_format(&d, text);
	feed_remember(r->session, KEY_FILES, str_of(text));
	return 0;
}

/* --- archives --------------------------------------------------------------------------------- */

static int read_entry(struct tracker_reader *r, struct tar_reader *tar,
	const struct tar_entry *entry, struct map *seen, struct err *err)
{
	_cleanup_buf_ struct buf content = BUF_INIT(LIMIT_GIT_FILE);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str path = arena_str(&a, entry->path);
	struct str cve = ubuntu_tracker_cve(path), record = ubuntu_osv_cve(path);

	if (record.n)
		cve = record;
	if (entry->type != TAR_FILE || cve.n == 0 || map_has(seen, cve))
		return 0;
	map_set(seen, cve, r);
	int code = tar_read_body(tar, &content, err);
	if (code < 0)
		return code;
	if (record.n)
		return ubuntu_record_read(r->session, r->rows, path, buf_str(&content), err);
	return ubuntu_tracker_parse(r->rows, cve, buf_str(&content), err);
}

static int read_archive(struct tracker_reader *r, struct stream *in, struct err *err)
{
	_cleanup_(tar_closep) struct tar_reader *tar = tar_open(in);
	_cleanup_map_ struct map seen = MAP_INIT;
	struct tar_entry entry;
	int code;

	while ((code = tar_next(tar, &entry, err)) > 0) {
		code = read_entry(r, tar, &entry, &seen, err);
		if (code < 0)
			return code;
	}
	if (code == 0 && seen.n == 0)
		return err_set(err, ERR_INPUT,
			"neither files of a tracker (active/CVE-…) nor records "
			"(UBUNTU-CVE-….json) in it");
	return code;
}

/* The first bytes, and then all of a stream: what it is shows before it is read. */
struct peeked {
	struct stream stream;
	struct stream *in;
	char head[512];
	size_t n, at;
};

static ssize_t peeked_read(struct stream *stream, void *p, size_t n, struct err *err)
{
	struct peeked *peeked = (struct peeked *)stream;

	if (peeked->at == peeked->n)
		return stream_read(peeked->in, p, n, err);
	n = min_size(n, peeked->n - peeked->at);
	memcpy(p, peeked->head + peeked->at, n);
	peeked->at += n;
	return (ssize_t)n;
}

/* An archive; or OVAL of one release or the record of one CVE, which cover that. */
static int read_content(
	struct tracker_reader *r, const char *location, struct stream *in, struct err *err)
{
	struct peeked peeked = { .stream = { .read = peeked_read }, .in = in };
	struct str codename = ubuntu_oval_codename(path_basename(str_of(location)));
	struct feed_sink *sink = feed_sink(r->session);
	ssize_t n = stream_read_full(in, peeked.head, sizeof(peeked.head), err);
	int code = 0;

	if (n < 0)
		return (int)n;
	peeked.n = (size_t)n;
	if (str_starts(str_trim(str_n(peeked.head, peeked.n)), STR("{")))
		return ubuntu_osv_parse(r->rows, &peeked.stream, sink, err);
	if (!str_starts(str_trim(str_n(peeked.head, peeked.n)), STR("<")))
		return read_archive(r, &peeked.stream, err);
	if (codename.n) {
		struct str name_space = arena_printf(
			feed_arena(r->session), "ubuntu:%s", distro_ubuntu_version(codename));
		code = sink->cover_namespace(sink, name_space, err);
	}
	return code < 0 ? code : ubuntu_oval_parse(&peeked.stream, r->rows, err);
}

static int read_document(struct tracker_reader *r, const char *location, struct err *err)
{
	struct feed_document *d;
	int code = feed_open(r->session, location, 0, &d, err);

	if (code != 0)
		return code > 0 ? 0 : code;
	code = read_content(r, location, feed_stream(d), err);
	if (code == 0)
		return feed_finish(d, err);
	feed_drop(d);
	return code;
}

/* --- OVAL ------------------------------------------------------------------------------------- */

static int parse_oval(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink UNUSED, struct err *err)
{
	struct tracker_reader *r = ctx;

	return ubuntu_oval_parse(in, r->rows, err);
}

/* The documents of the CVEs of all releases, by name: each says all of its release. */
static int read_oval_documents(
	struct tracker_reader *r, const char *base, const struct str_vec *names, struct err *err)
{
	struct str last = STR_NULL;
	int code = 0;

	for (size_t i = 0; i < names->n && code >= 0; i++) {
		struct str codename = ubuntu_oval_codename(names->v[i]);

		/* The same release compressed otherwise, or as images see it, says the same. */
		if (codename.n == 0 || str_eq(codename, last) ||
			str_starts(names->v[i], STR("oci.")))
			continue;
		last = codename;
		struct str name_space = arena_printf(
			feed_arena(r->session), "ubuntu:%s", distro_ubuntu_version(codename));
		const char *location = feed_join(r->session, base, names->v[i].p);
		struct feed_part part = {
			.name_spaces = &name_space,
			.n_name_spaces = 1,
			.locations = &location,
			.n_locations = 1,
			.parse = parse_oval,
			.ctx = r,
		};
		code = feed_read_part(r->session, &part, err);
	}
	if (code >= 0 && last.n == 0)
		return err_set(err, ERR_INPUT, "no com.ubuntu.….cve.oval.xml");
	return code < 0 ? code : 0;
}

/* The page at a URL that links to them. */
static int read_oval_page(struct tracker_reader *r, struct err *err)
{
	const char *base = feed_location(r->session);
	struct str_vec names = VEC_INIT;
	struct feed_document *d;
	int code = feed_open(
		r->session, feed_join(r->session, base, ""), FEED_ALWAYS | FEED_ONCE, &d, err);

	if (code < 0)
		return code;
	code = listing_of_page(feed_stream(d), feed_arena(r->session), &names, err);
	feed_drop(d);
	if (code == 0)
		code = read_oval_documents(r, base, &names, err);
	vec_fini(&names);
	return code;
}

/* --- the driver ------------------------------------------------------------------------------- */

/* What is where the source is said to be. */
enum form {
	FORM_REPOSITORY,
	FORM_TREE,
	FORM_DOCUMENT,
	FORM_OVAL_PAGE,
	FORM_OVAL_DIRECTORY,
	FORM_OSV_URL,
	FORM_OSV_DIRECTORY
};

/* By its name: a URL that names neither an archive nor OVAL is a repository. */
static enum form form_of_url(struct str url)
{
	struct str path = url, name;

	(void)str_cut(url, '?', &path, NULL);
	while (str_ends(path, STR("/")))
		path.n--;
	name = path_basename(path);
	if (str_eq(name, STR("oval")))
		return FORM_OVAL_PAGE;
	if (str_eq(name, STR("osv")))
		return FORM_OSV_URL;
	if (str_find(name, STR(".tar")) > 0 || str_ends(name, STR(".tgz")) ||
		str_ends(name, STR(".txz")) || ubuntu_oval_codename(name).n ||
		ubuntu_osv_cve(name).n)
		return FORM_DOCUMENT;
	return FORM_REPOSITORY;
}

static int form_of_directory(
	struct tracker_reader *r, struct str_vec *names, enum form *form, struct err *err)
{
	const char *path = feed_location(r->session);
	int code;

	*form = FORM_REPOSITORY;
	if (git_is_repository(path))
		return 0;
	*form = FORM_TREE;
	code = listing_of_directory(path, feed_arena(r->session), names, err);
	vec_for_each(name, names) {
		if (ubuntu_oval_codename(*name).n)
			*form = FORM_OVAL_DIRECTORY;
	}
	if (code == 0 && *form == FORM_TREE && !listing_has(names, str_of(folders[0])) &&
		!listing_has(names, str_of(folders[1])) && ubuntu_records_are_in(path))
		*form = FORM_OSV_DIRECTORY;
	return code;
}

static int read_form(
	struct tracker_reader *r, enum form form, const struct str_vec *names, struct err *err)
{
	switch (form) {
	case FORM_REPOSITORY:
		return read_repository(r, feed_place(r->session) == FEED_HTTP, err);
	case FORM_TREE:
		return read_directory(r, err);
	case FORM_OVAL_PAGE:
		return read_oval_page(r, err);
	case FORM_OVAL_DIRECTORY:
		return read_oval_documents(r, feed_location(r->session), names, err);
	case FORM_OSV_URL:
		return read_document(
			r, feed_join(r->session, feed_location(r->session), OSV_ARCHIVE), err);
	case FORM_OSV_DIRECTORY:
		return ubuntu_records_read(r->session, r->rows, err);
	case FORM_DOCUMENT:
		break;
	}
	return read_document(r, feed_location(r->session), err);
}

static int ubuntu_read(struct feed_session *s, struct err *err)
{
	_cleanup_(ubuntu_rows_freep) struct ubuntu_rows *rows = ubuntu_rows_new(feed_sink(s));
	struct tracker_reader r = { .session = s, .rows = rows };
	struct str_vec names = VEC_INIT;
	enum form form = FORM_DOCUMENT;
	int code = 0;

	if (feed_place(s) == FEED_HTTP)
		form = form_of_url(str_of(feed_location(s)));
	else if (feed_place(s) == FEED_DIRECTORY)
		code = form_of_directory(&r, &names, &form, err);
	if (code == 0)
		code = read_form(&r, form, &names, err);
	vec_fini(&names);
	return code;
}

const struct feed_driver feed_ubuntu = {
	.name = "ubuntu",
	.title = "Ubuntu CVE tracker",
	.default_url = "https://git.launchpad.net/ubuntu-cve-tracker",
	.revision = 1,
	.read = ubuntu_read,
};
