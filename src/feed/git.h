/*
 * Repositories of git, read by git(1), which is started without a shell and asks nobody anything:
 * a mirror of a remote one in the cache directory, and those that lie on this machine. Of a mirror
 * only the newest commit is fetched, and the one that was read last is kept. Not thread-safe; any
 * number of repositories, each by one thread. -ERR_NOT_FOUND where git(1) is missing.
 *
 * The cache directory is $CLAIR_CACHE_DIR, or else /var/cache/clair for root, $XDG_CACHE_HOME/clair
 * or ~/.cache/clair for others.
 */
#ifndef FEED_GIT_H
#define FEED_GIT_H

#include "base/base.h"

struct git_options {
	/* May be NULL. Asked some times a second; true ends what git does: -ERR_CANCELLED. */
	bool (*is_cancelled)(void *ctx);
	void *ctx;
};

struct git;

/* Whether a directory is a repository (bare, or a working tree's root). Starts nothing. */
bool git_is_repository(const char *path);

/* Whether a location can only be a remote repository: its scheme is git, ssh or git+something, its
 * path ends in ".git", or it has the form user@host:path. */
bool git_is_remote(const char *location);

/* Opens a repository on this machine as it is; nothing is written to it. */
int git_open(const char *path, const struct git_options *o, struct git **out,
	struct err *err) MUST_CHECK;

/*
 * Brings the mirror of a remote repository (https, http, git, ssh or file URL) up to date and opens
 * it; the commit `known` (may be empty), if the mirror has it, is kept. A mirror that is damaged is
 * made anew. -ERR_UPSTREAM when the remote one cannot be read; -ERR_BUSY while another process uses
 * the mirror. `url` may have credentials: they are neither stored nor shown in the list of
 * processes.
 */
int git_mirror(const char *url, struct str known, const struct git_options *o, struct git **out,
	struct err *err) MUST_CHECK;

/* NULL is fine. */
void git_close(struct git *g);
DEFINE_CLEANUP(struct git *, git_close)

/* The newest commit, in hexadecimal: that of HEAD. */
struct str git_commit(const struct git *g);

struct git_file {
	struct str path;
	struct str object; /* its content's name in hexadecimal; empty when it was deleted */
};

DEFINE_VEC(git_files, struct git_file);

/*
 * Appends the regular files below some paths (directories or files; NULL at the end), in memory of
 * a: with an empty `from` all those of the newest commit, by path; otherwise those that differ
 * from the commit `from`: added, changed, deleted. 0; 1 when the repository has no such commit.
 * -ERR_TOO_LARGE beyond LIMIT_GIT_FILES.
 */
int git_list(struct git *g, struct str from, const char *const *paths, struct arena *a,
	struct git_files *out, struct err *err) MUST_CHECK;

/*
 * Hands over the contents of files, one after the other, without those that were deleted. What the
 * callback fails with ends it. Content that is not there or damaged is -ERR_INPUT, and a mirror is
 * made anew the next time. -ERR_TOO_LARGE for a file beyond LIMIT_GIT_FILE.
 */
int git_read(struct git *g, const struct git_files *files,
	int (*take)(void *ctx, const struct git_file *file, struct str content, struct err *err),
	void *ctx, struct err *err) MUST_CHECK;

#endif
