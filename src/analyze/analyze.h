/*
 * analyze: from the bytes of one layer to its facts, in a sandboxed worker.
 */
#ifndef ANALYZE_ANALYZE_H
#define ANALYZE_ANALYZE_H

#include "codec/codec.h"
#include "distro/distro.h"
#include "package/package.h"
#include "sandbox/sandbox.h"

/* Part of the key of cached facts: to be raised whenever the same bytes would give other facts. */
enum { ANALYZE_ENGINE_VERSION = 1 };

enum fact_kind {
	FACT_RELEASE,  /* a release file, read */
	FACT_DATABASE, /* a package database, read (or the reason why it cannot be) */
	FACT_LINK, /* a symbolic link (or a hard link to something that was not kept) on the way to
		      a wanted path */
	FACT_DIRECTORY, /* a directory on the way: replaces a link or file of a lower layer */
	FACT_HIDDEN, /* a whiteout, or a file in the place of a directory: nothing of lower layers
			is left there */
	FACT_OPAQUE, /* nothing of lower layers is left below this directory */
	FACT_KIND_COUNT
};

struct fact {
	enum fact_kind kind;
	struct str path;                        /* normalized */
	struct str target;                      /* FACT_LINK: where it leads, normalized */
	struct release_file release;            /* FACT_RELEASE */
	const struct package_db_driver *driver; /* FACT_DATABASE */
	struct package_list packages;           /* FACT_DATABASE */
	struct str error; /* FACT_DATABASE: why it could not be read; empty when it was */
};

/*
 * A path that a layer is to be searched for beside the usual ones, because a link leads there: it
 * is read as if it stood at `like`. Both end in "/" when a whole folder of databases is meant.
 */
struct wanted_extra {
	struct str path;
	struct str like;
};

struct wanted_extras {
	VEC_OF(struct wanted_extra) items;
};

struct layer_facts {
	struct arena arena;
	VEC_OF(struct fact) facts;
	struct wanted_extras extras; /* that these facts were computed with */
	/* Not part of the byte form: the analysis failed because a wanted file is too big. */
	bool file_too_big;
};

void layer_facts_init(struct layer_facts *f);
void layer_facts_fini(struct layer_facts *f);

/* The byte form: strict to read, the same bytes for the same facts. Fails only beyond out->max. */
int layer_facts_encode(const struct layer_facts *f, struct buf *out, struct err *err) MUST_CHECK;
/* Reads the byte form, from a worker or the cache; -ERR_INPUT for anything else. f is initialized;
 * copies everything. */
int layer_facts_decode(struct span encoded, struct layer_facts *f, struct err *err) MUST_CHECK;

/* Whether facts were computed with all of these extras. */
bool layer_facts_cover(const struct layer_facts *f, const struct wanted_extras *extras);

/* --- paths
 * ------------------------------------------------------------------------------------------------
 */

/* The places an image is searched for: release files, databases, and folders of databases (they end
 * in "/"). */
const char *wanted_path_at(size_t i);

/* --- jobs, for the table of sandbox_start()
 * ---------------------------------------------------------------- */

extern const struct sandbox_job analyze_layer_job;
extern const struct sandbox_job analyze_files_job;

/* --- a layer
 * -----------------------------------------------------------------------------------------------
 */

struct analyze_layer_options {
	const struct wanted_extras *extras; /* may be NULL */
	struct str
		root;  /* the folder of the archive that is the image's root ("rootfs", normalized);
			  what is not below it does not count. Empty: the archive's own */
	bool diff_id;  /* also compute the SHA-256 of the uncompressed layer (streams only) */
	uint64_t size; /* of the input in bytes, for limits; UINT64_MAX: unknown */
	const atomic_bool *cancel; /* may be NULL; once true, it ends soon with -ERR_CANCELLED */
};

/*
 * A layer that arrives as a stream (compressed or not). Everything of `in` is read, also what
 * stands behind the end of the archive. out is initialized; diff_id may be NULL without the option.
 */
int analyze_layer_stream(struct stream *in, const struct analyze_layer_options *o,
	struct layer_facts *out, struct digest *diff_id, struct err *err) MUST_CHECK;

/* An uncompressed layer, o->size bytes from offset of a file: bodies that nobody wants are not
 * read.
 */
int analyze_layer_range(int fd, uint64_t offset, const struct analyze_layer_options *o,
	struct layer_facts *out, struct err *err) MUST_CHECK;

/* A layer whose bytes are pushed. Feed it as long as it returns 0; 1: it wants no more, which is no
 * error. */
struct layer_analysis;

int layer_analysis_begin(const struct analyze_layer_options *o, struct layer_analysis **out,
	struct err *err) MUST_CHECK;
int layer_analysis_feed(struct layer_analysis *a, struct span bytes, struct err *err) MUST_CHECK;
/* The facts; a is gone afterwards. */
int layer_analysis_finish(struct layer_analysis *a, struct layer_facts *out, struct digest *diff_id,
	struct err *err) MUST_CHECK;
void layer_analysis_abort(struct layer_analysis *a);
DEFINE_CLEANUP(struct layer_analysis *, layer_analysis_abort)

/* --- a root file system
 * ------------------------------------------------------------------------------------ */

/* The wanted files below a directory, links followed as if it were the root. */
int analyze_directory(const char *path, struct layer_facts *out, struct err *err) MUST_CHECK;

/* --- the pure part (runs in the worker; here for tests and fuzzing)
 * ----------------------------------------- */

/* Walks a tar archive (decompressed); of the options, extras and root count. */
int analyze_tar(struct stream *in, const struct analyze_layer_options *o, struct layer_facts *out,
	struct err *err) MUST_CHECK;

#endif
