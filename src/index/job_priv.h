/*
 * A job, between its parts: ancestors.c and job.c.
 */
#ifndef INDEX_JOB_PRIV_H
#define INDEX_JOB_PRIV_H

#include "index/index_priv.h"

/* Clair 2.0.7's messages (worker.go, ext/imagefmt/driver.go, pkg/tarutil/tarutil.go, database/),
 * since clients compare them; and our own. */
#define UNKNOWN_PARENT  "worker: parent layer is unknown, it must be processed first"
#define NOT_FOUND       "could not find layer"
#define NO_ARCHIVE      "tarutil: could not extract the archive"
#define FILE_TOO_BIG    "tarutil: could not extract one or more files from the archive: file too big"
#define NOT_SUPPORTED   "worker: OS and/or package manager are not supported"
#define DATABASE_FAILED "database: an error occured when querying the backend"
#define NOT_ANALYZED    "worker: the layer could not be analyzed"
#define STOPPING        "the server is stopping"
#define TOO_MANY        "too many large layers at once"

struct job {
	struct index_shared *shared;
	const struct index_request *request;
	struct arena *a;
	struct index_result *out;
	const char *event; /* for the log, of a failure */
	struct err why;    /* for the log */

	struct str parent; /* empty: none */
	struct stored_layer parent_layer;
	struct layer_facts *chain; /* ancestors, the lowest first */
	size_t n_chain;
	struct layer_facts facts;
	uint64_t counted; /* of LIMIT_INDEX_FACTS */
	struct wanted_extras extras;
	size_t extra_bytes;
	size_t chain_missing; /* where links of the ancestors lead that not all were searched for */
	struct view view;
	struct str name_space;
	struct str scheme;
	struct layer_view parent_view;
	bool parent_read;
	struct layer_features features;
};

/*
 * Ends the job; every step that returns less than 0 has come through here. message is for the
 * client, event for the log, which also has what j->why says.
 */
int job_end(struct job *j, enum index_status status, const char *message, const char *event);
int job_end_by_store(struct job *j);
int job_unknown_parent(struct job *j);

/* What facts cost until the layer is stored. */
uint64_t job_facts_cost(const struct layer_facts *f);
/* Counts memory of facts; the job ends when it, or all jobs together, have too much. */
int job_count_memory(struct job *j, uint64_t bytes);
/* Takes the layer's facts back. */
void job_forget_facts(struct job *j);

typedef int job_store_step(struct job *j, struct store *s);
/* Takes a step with a connection of its own; a second time when that broke. */
int job_with_store(struct job *j, job_store_step *step);

/* Looks up the layer (1: it is there) and loads its ancestors. */
job_store_step job_load;
/* Reads the parent's features. */
job_store_step job_read_parent;

#endif
