/*
 * Internals of analyze/.
 */
#ifndef ANALYZE_ANALYZE_PRIV_H
#define ANALYZE_ANALYZE_PRIV_H

#include "analyze/analyze.h"

/* Frames of the jobs. */
enum { ANALYZE_FRAME_FACTS = 1, ANALYZE_FRAME_DIFF_ID = 2, ANALYZE_FRAME_FILE_TOO_BIG = 3 };

/* What a path means to the analysis. */
enum wanted_role {
	WANTED_NOT,
	WANTED_ANCESTOR, /* a directory on the way to a wanted path */
	WANTED_FOLDER,   /* a folder of databases */
	WANTED_RELEASE,
	WANTED_DATABASE,
	WANTED_COMPANION, /* of a database: its write-ahead log */
};

/* The paths to look for. */
struct wanted {
	struct map roles; /* path → struct wanted_path */
	struct arena arena;
};

struct wanted_path {
	enum wanted_role role;
	struct str like;                        /* the usual path this one is read as */
	const struct package_db_driver *driver; /* WANTED_DATABASE */
};

void wanted_init(struct wanted *w, const struct wanted_extras *extras);
void wanted_fini(struct wanted *w);

/* What is at this normalized path; role WANTED_NOT for most. */
struct wanted_path wanted_lookup(const struct wanted *w, struct str path);

/* One entry of a layer, kept. */
struct kept {
	enum fact_kind kind;
	bool is_whiteout; /* FACT_HIDDEN: of what lies below, whatever this layer has there */
	struct wanted_path wanted;
	struct str path;
	struct str target;       /* FACT_LINK */
	struct content *content; /* FACT_RELEASE, FACT_DATABASE; shared by hard links */
};

/* The bytes of a kept file. */
struct content {
	struct buf bytes;
	unsigned users;
};

/* Entries of one layer in any order; of several at one path the last counts. */
struct collector {
	struct wanted wanted;
	struct arena arena;
	struct map by_key;
	VEC_OF(struct kept *) kept;
	uint64_t kept_bytes; /* of all contents */
	bool file_too_big;   /* why a file could not be added */
};

void collector_init(struct collector *c, const struct wanted_extras *extras);
void collector_fini(struct collector *c);

/* How an entry's body is read, if it is wanted. */
struct body {
	int (*read)(
		void *ctx, struct buf *out, struct err *err); /* -ERR_TOO_LARGE beyond out->max */
	void *ctx;
};

/*
 * Takes an entry with its raw path and link target; reads its body only when it is wanted. link and
 * body are for the types that have them.
 */
int collector_add(struct collector *c, enum tar_type type, struct str raw_path, struct str link,
	uint64_t size, const struct body *body, struct err *err) MUST_CHECK;

/* Reads what was kept and turns it into facts. */
int collector_finish(struct collector *c, struct layer_facts *out, struct err *err) MUST_CHECK;

/* Collects the frames of a job. */
struct facts_answer {
	struct buf encoded;
	bool has_diff_id;
	bool file_too_big;
	struct digest diff_id;
};

sandbox_frame_fn facts_answer_take;

/* Sends facts as frames. */
int facts_emit(
	const struct sandbox_io *io, const struct layer_facts *f, struct err *err) MUST_CHECK;

/* Reads extras in the form that extras_encode() writes, copying into a. */
void extras_encode(const struct wanted_extras *e, struct buf *out);
int extras_decode(
	struct reader *r, struct arena *a, struct wanted_extras *out, struct err *err) MUST_CHECK;

#endif
