/*
 * What git.c and git_files.c share.
 */
#ifndef FEED_GIT_PRIV_H
#define FEED_GIT_PRIV_H

#include "feed/git.h"

/* Hexadecimal names of objects: SHA-1 or SHA-256. */
#define GIT_OBJECT_MIN 40
#define GIT_OBJECT_MAX 64
/* Arguments of one call. */
#define GIT_ARGS_MAX 24

struct git {
	struct arena arena;
	const struct git_options *o;
	const char *dir;    /* what GIT_DIR is to be */
	const char *url;    /* of a mirror's origin; NULL: on this machine */
	const char *broken; /* of a mirror: a file that says that it is to be made anew */
	int lock_fd;
	struct str commit;
};

/*
 * Runs git with the arguments, `in_fd` (or -1) as standard input, and lets take (may be NULL) read
 * its output.
 */
int git_run(const struct git *g, const char *const *args, int in_fd,
	int (*take)(void *ctx, struct stream *out, struct err *err), void *ctx,
	struct err *err) MUST_CHECK;

bool git_is_object_name(struct str s);
/* Whether the commit and its directory are there. */
bool git_has_commit(struct git *g, struct str commit);

#endif
