/*
 * One layer, start to end. Clair 2.0.7's messages (worker.go, ext/imagefmt/driver.go,
 * pkg/tarutil/tarutil.go), since clients compare them.
 */
#include "index/index_priv.h"

/* Links may lead to links: how often a layer is read again for where they lead. */
enum { EXTRA_ROUNDS_MAX = 4 };
/* What callers are told who come at a bad time. */
enum { RETRY_AFTER_S = 10 };

#define NO_NAME         "could not process a layer which does not have a name"
#define NO_PATH         "could not process a layer which does not have a path"
#define NO_FORMAT       "could not process a layer which does not have a format"
#define LONG_NAME       "could not process a layer whose name has more than 128 characters"
#define BAD_NAME        "could not process a layer whose name is not UTF-8 text"
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

	bool indexed_again; /* it is there, by an earlier engine */
	struct str parent;  /* empty: none */
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

struct index_result index_refusal(enum index_status status, const char *message)
{
	return (struct index_result){ .status = status,
		.message = str_of(message),
		.retry_after_s = status == INDEX_BUSY ? RETRY_AFTER_S : 0 };
}

/* Ends the job; every step that returns not 0 has come through here. */
static int end(struct job *j, enum index_status status, const char *message, const char *event)
{
	*j->out = index_refusal(status, message);
	j->event = event;
	return -1;
}

/* --- the request
 * ------------------------------------------------------------------------------------------- */

/* Characters of UTF-8 text without NUL; SIZE_MAX for anything else. */
static size_t count_characters(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; count++) {
		size_t n = utf8_check(s.p + i, s.n - i);

		if (n == 0 || s.p[i] == '\0')
			return SIZE_MAX;
		i += n;
	}
	return count;
}

int index_request_check(const struct index_request *r, struct index_result *out)
{
	size_t characters = count_characters(r->name);
	const char *message = r->name.n == 0                  ? NO_NAME
			      : characters == SIZE_MAX        ? BAD_NAME
			      : characters > LIMIT_LAYER_NAME ? LONG_NAME
			      : r->path.n == 0                ? NO_PATH
			      : r->format.n == 0              ? NO_FORMAT
							      : NULL;

	if (!message)
		return 0;
	*out = index_refusal(INDEX_BAD_REQUEST, message);
	return 1;
}

/* The folder of the archive that is the image's root; false: no known format. */
static bool root_of_format(struct str format, struct str *root)
{
	*root = str_eq_nocase(format, STR("ACI")) ? STR("rootfs") : STR_NULL;
	return root->n || str_eq_nocase(format, STR("Docker"));
}

/* --- the store
 * ------------------------------------------------------------------------------------------- */

static int end_by_store(struct job *j)
{
	bool busy = j->why.code == ERR_BUSY;

	return end(j, busy ? INDEX_BUSY : INDEX_FAILED, DATABASE_FAILED, "Handled Database Error");
}

static int unknown_parent(struct job *j)
{
	return end(j, INDEX_BAD_REQUEST, UNKNOWN_PARENT,
		"the parent layer is unknown. it must be processed first");
}

/* 1: the layer is there. A layer that is indexed again keeps the parent that it has. */
static int look_up(struct job *j, struct store *s)
{
	struct stored_layer known;
	int r = store_layer_get(s, j->request->name, j->a, &known, &j->why);

	if (r < 0)
		return end_by_store(j);
	if (r == 1 && known.engine_version >= INDEX_ENGINE_VERSION)
		return 1;
	j->indexed_again = r == 1;
	j->parent = r == 1 ? known.parent : j->request->parent;
	if (j->parent.n == 0)
		return 0;
	if (count_characters(j->parent) > LIMIT_LAYER_NAME)
		return unknown_parent(j);
	r = store_layer_get(s, j->parent, j->a, &j->parent_layer, &j->why);
	if (r < 0)
		return end_by_store(j);
	return r == 1 ? 0 : unknown_parent(j);
}

/* --- memory
 * ------------------------------------------------------------------------------------------- */

/* What facts cost until the layer is stored: their texts, and each package's place in them, the
 * view and the features, with its key. */
static uint64_t facts_cost(const struct layer_facts *f)
{
	enum { KEY_BYTES = 64 };
	uint64_t bytes = f->arena.used_bytes + f->facts.n * sizeof(f->facts.v[0]);

	vec_for_each(fact, &f->facts)
		bytes += fact->packages.items.n *
			 (sizeof(struct package) + sizeof(struct view_package) +
				 sizeof(struct layer_feature) + KEY_BYTES);
	return bytes;
}

static int count_memory(struct job *j, uint64_t bytes)
{
	uint64_t before = atomic_fetch_add(&j->shared->facts_bytes, bytes);

	j->counted += bytes;
	if (j->counted > LIMIT_TARGET_FACTS) {
		(void)err_set(&j->why, ERR_TOO_LARGE,
			"the package databases of all layers need more than %" PRIu64 " MiB",
			LIMIT_TARGET_FACTS / MIB);
		return end(j, INDEX_UNPROCESSABLE, NO_ARCHIVE, "failed to extract data from path");
	}
	if (before + bytes > LIMIT_INDEX_FACTS)
		return end(j, INDEX_BUSY, TOO_MANY, "could not process layer");
	return 0;
}

static void forget_facts(struct job *j)
{
	uint64_t bytes = facts_cost(&j->facts);

	j->counted -= bytes;
	atomic_fetch_sub(&j->shared->facts_bytes, bytes);
	layer_facts_fini(&j->facts);
	layer_facts_init(&j->facts);
}

/* --- the ancestors
 * ------------------------------------------------------------------------------------------- */

/* Facts that an earlier engine wrote in another form: their layer has to be posted again. */
static int end_by_facts(struct job *j, struct store *s, struct str name)
{
	struct stored_layer layer;
	int r = store_layer_get(s, name, j->a, &layer, NULL);

	(void)err_wrap(&j->why, "facts of the ancestor %" PRIstr, STR_ARG(name));
	if (r == 1 && layer.engine_version < INDEX_ENGINE_VERSION)
		return unknown_parent(j);
	return end_by_store(j);
}

static int decode_chain(struct job *j, struct store *s, const struct chain_link *links, size_t n)
{
	int r = 0;

	j->chain = xcalloc(n ? n : 1, sizeof(*j->chain));
	for (size_t i = 0; i < n && r == 0; i++) {
		struct layer_facts *f = &j->chain[j->n_chain++];

		layer_facts_init(f);
		if (layer_facts_decode(links[i].facts, f, &j->why) < 0)
			return end_by_facts(j, s, links[i].name);
		r = count_memory(j, facts_cost(f));
	}
	return r;
}

static int load_chain(struct job *j, struct store *s)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct chain_link *links;
	int r;

	if (j->parent.n == 0)
		return 0;
	/* Their byte form is not counted, so there is but one in memory. */
	(void)pthread_mutex_lock(&j->shared->chain_lock);
	int n = store_layer_chain(s, j->parent, &scratch, &links, &j->why);
	if (n > 0)
		r = decode_chain(j, s, links, (size_t)n);
	else if (n == 0)
		r = unknown_parent(j);
	else if (j->why.code == ERR_TOO_LARGE)
		r = end(j, INDEX_UNPROCESSABLE, NO_ARCHIVE, "failed to extract data from path");
	else
		r = end_by_store(j);
	arena_fini(&scratch);
	(void)pthread_mutex_unlock(&j->shared->chain_lock);
	return r;
}

static int read_parent(struct job *j, struct store *s)
{
	if (j->parent.n == 0)
		return 0;
	if (j->parent_read)
		layer_view_fini(&j->parent_view);
	int r = store_layer_read(s, j->parent, LAYER_PART_FEATURES, j->a, &j->parent_view, &j->why);
	j->parent_read = true;
	return r < 0 ? end_by_store(j) : r == 0 ? unknown_parent(j) : 0;
}

typedef int store_step(struct job *j, struct store *s);

static int with_store_once(struct job *j, store_step *step)
{
	struct store *s;

	if (store_pool_take(j->shared->pool, &s, &j->why) < 0)
		return end_by_store(j);
	int r = step(j, s);
	store_pool_give(j->shared->pool, s);
	return r;
}

/* Steps can be taken twice: a connection that broke in the meantime is not to cost a download. */
static int with_store(struct job *j, store_step *step)
{
	int r = with_store_once(j, step);

	if (r >= 0 || j->why.code != ERR_UPSTREAM)
		return r;
	log_event(LOG_WARNING, "Handled Database Error", LOG_STR("layer", j->request->name),
		LOG_ERR(&j->why));
	err_clear(&j->why);
	*j->out = (struct index_result){ .status = INDEX_DONE };
	return with_store_once(j, step);
}

static int begin(struct job *j, struct store *s)
{
	int r = look_up(j, s);

	return r ? r : load_chain(j, s);
}

/* --- the layer
 * ------------------------------------------------------------------------------------------- */

static bool has_extra(const struct wanted_extras *extras, const struct wanted_extra *e)
{
	vec_for_each(have, &extras->items) {
		if (str_eq(have->path, e->path) && str_eq(have->like, e->like))
			return true;
	}
	return false;
}

/* Adds what is new, as long as a worker's parameters hold it. */
static void add_extras(struct job *j, const struct wanted_extras *more)
{
	vec_for_each(e, &more->items) {
		size_t bytes = e->path.n + e->like.n + 2 * sizeof(uint32_t);

		if (has_extra(&j->extras, e) || bytes > LIMIT_EXTRA_PATHS - j->extra_bytes)
			continue;
		j->extra_bytes += bytes;
		vec_push(&j->extras.items, (struct wanted_extra){ .path = arena_str(j->a, e->path),
						   .like = arena_str(j->a, e->like) });
	}
}

/* The ancestors with the layer on top, if that is there. */
static void fold(struct job *j, bool with_layer)
{
	VEC_OF(const struct layer_facts *) layers = VEC_INIT;

	view_fini(&j->view);
	for (size_t i = 0; i < j->n_chain; i++)
		vec_push(&layers, &j->chain[i]);
	if (with_layer)
		vec_push(&layers, &j->facts);
	view_build(layers.v, layers.n, &j->view);
	vec_fini(&layers);
}

/* Where links of the ancestors lead: what they were searched for, and what they should have been.
 */
static void take_extras_of_chain(struct job *j)
{
	if (j->n_chain == 0)
		return;
	fold(j, false);
	j->chain_missing = j->view.missing.items.n;
	for (size_t i = 0; i < j->n_chain; i++)
		add_extras(j, &j->chain[i].extras);
	add_extras(j, &j->view.missing);
}

static int end_by_source(struct job *j)
{
	if (j->why.code == ERR_CANCELLED)
		return end(j, INDEX_BUSY, STOPPING, "could not process layer");
	if (j->why.code == ERR_INTERNAL)
		return end(j, INDEX_FAILED, NOT_ANALYZED, "could not process layer");
	return end(j, INDEX_BAD_REQUEST, NOT_FOUND, "could not download layer");
}

static int end_by_analysis(struct job *j)
{
	static const char event[] = "failed to extract data from path";

	switch (j->why.code) {
	case ERR_CANCELLED:
		return end(j, INDEX_BUSY, STOPPING, "could not process layer");
	case ERR_IO:
	case ERR_INTERNAL:
	case ERR_BUSY:
		return end(j, INDEX_FAILED, NOT_ANALYZED, event);
	default:
		return end(j, INDEX_UNPROCESSABLE,
			j->facts.file_too_big ? FILE_TOO_BIG : NO_ARCHIVE, event);
	}
}

static int unsupported_format(struct job *j)
{
	struct str message = arena_printf(
		j->a, "unsupported image format '%" PRIstr "'", STR_ARG(j->request->format));

	return end(j, INDEX_BAD_REQUEST, message.p, "could not process layer");
}

/* As in the original, the format is looked at when the layer was found. */
static int read_layer(struct job *j)
{
	struct layer_source source;
	struct str root;

	if (layer_source_open(j->shared, j->request, j->a, &source, &j->why) < 0)
		return end_by_source(j);
	int r = root_of_format(j->request->format, &root) ? 0 : unsupported_format(j);
	if (r == 0 &&
		layer_source_analyze(&source, j->shared, &j->extras, root, &j->facts, &j->why) < 0)
		r = end_by_analysis(j);
	layer_source_close(&source);
	return r ? r : count_memory(j, facts_cost(&j->facts));
}

/* Reads the layer, and again when links lead to where it was not searched. */
static int analyze(struct job *j)
{
	take_extras_of_chain(j);
	int r = read_layer(j);

	for (int round = 0; r == 0; round++) {
		size_t searched = j->extras.items.n;

		fold(j, true);
		add_extras(j, &j->view.missing);
		if (j->extras.items.n == searched || round == EXTRA_ROUNDS_MAX)
			break;
		forget_facts(j);
		r = read_layer(j);
	}
	return r;
}

/* --- what comes of it
 * ------------------------------------------------------------------------------------------- */

/* The namespace of the image, else the parent's. */
static void find_namespace(struct job *j)
{
	const struct distro *d = &j->view.distro;

	j->name_space = j->parent_layer.name_space;
	j->scheme = j->parent_layer.scheme;
	if (j->view.has_distro && d->name_space.n && d->scheme.n) {
		j->name_space = d->name_space;
		j->scheme = d->scheme;
	}
}

static void warn(const struct job *j)
{
	vec_for_each(e, &j->view.errors) {
		if (e->layer == j->n_chain)
			log_event(LOG_WARNING, "could not read a package database",
				LOG_STR("layer", j->request->name),
				LOG_STR("database", e->database), LOG_STR("error", e->reason));
	}
	if (j->view.missing.items.n > j->chain_missing)
		log_event(LOG_WARNING, "links lead to where layers were not searched",
			LOG_STR("layer", j->request->name),
			LOG_STR("path", j->view.missing.items.v[0].path));
	if (j->features.skipped)
		log_event(LOG_WARNING, "packages left out", LOG_STR("layer", j->request->name),
			LOG_U64("count", j->features.skipped));
}

/* A layer that says nothing has what its parent has. */
static int find_features(struct job *j)
{
	find_namespace(j);
	if (j->parent.n && j->facts.facts.n == 0) {
		j->features.same_as_parent = true;
		return 0;
	}
	int r = with_store(j, read_parent);
	if (r)
		return r;
	layer_features_of(&j->view, j->name_space, j->scheme, j->parent_view.features.v,
		j->parent_view.features.n, j->a, &j->features);
	warn(j);
	if (j->features.homeless.n == 0)
		return 0;
	(void)err_set(&j->why, ERR_UNSUPPORTED, "the package %" PRIstr " has no namespace",
		STR_ARG(j->features.homeless));
	return end(j, INDEX_UNPROCESSABLE, NOT_SUPPORTED, "Namespace unknown");
}

/* 1: the layer is there, somebody else was faster. */
static int put(struct job *j, struct store *s)
{
	_cleanup_buf_ struct buf encoded = BUF_INIT(LIMIT_FACTS);
	struct layer_put p = { .name = j->request->name,
		.parent = j->parent,
		.name_space = j->name_space,
		.scheme = j->scheme,
		.engine_version = INDEX_ENGINE_VERSION,
		.inherits = j->parent.n && j->features.same_as_parent,
		.features = j->features.items.v,
		.n_features = j->features.items.n };

	if (layer_facts_encode(&j->facts, &encoded, &j->why) < 0)
		return end_by_analysis(j);
	p.facts = buf_span(&encoded);
	int r = store_layer_put(s, &p, &j->why);
	if (r == -ERR_NOT_FOUND)
		return unknown_parent(j);
	/* More packages than a layer may have. */
	if (r == -ERR_TOO_LARGE || r == -ERR_INPUT)
		return end_by_analysis(j);
	return r < 0 ? end_by_store(j) : r == 0;
}

static void log_end(const struct job *j, enum job_end e, uint64_t started_ns)
{
	struct str path = layer_path_clean(j->a, j->request->path);
	uint64_t ns = clock_monotonic_ns() - started_ns;

	if (e == JOB_STORED)
		log_event(LOG_INFO, "processed layer", LOG_STR("layer", j->request->name),
			LOG_STR("parent layer", j->parent), LOG_STR("path", path),
			LOG_STR("format", j->request->format),
			LOG_U64("engine version", INDEX_ENGINE_VERSION),
			LOG_STR("detected namespace", j->name_space),
			LOG_U64("feature count", j->features.same_as_parent && j->parent.n
							 ? j->parent_view.features.n
							 : j->features.items.n),
			LOG_BOOL("inherits", j->features.same_as_parent && j->parent.n),
			LOG_U64("elapsed time", ns));
	else if (e == JOB_KNOWN)
		log_event(LOG_INFO, "layer content has already been processed in the past",
			LOG_STR("layer", j->request->name), LOG_STR("path", path),
			LOG_U64("current engine version", INDEX_ENGINE_VERSION));
	else
		log_event(j->out->status == INDEX_FAILED ? LOG_ERROR : LOG_WARNING, j->event,
			LOG_STR("layer", j->request->name),
			LOG_STR("parent layer", j->request->parent), LOG_STR("path", path),
			LOG_STR("format", j->request->format),
			LOG_U64("engine version", INDEX_ENGINE_VERSION),
			LOG_STR("answer", j->out->message), LOG_ERR(&j->why),
			LOG_U64("elapsed time", ns));
}

static void job_fini(struct job *j)
{
	layer_features_fini(&j->features);
	if (j->parent_read)
		layer_view_fini(&j->parent_view);
	view_fini(&j->view);
	layer_facts_fini(&j->facts);
	for (size_t i = 0; i < j->n_chain; i++)
		layer_facts_fini(&j->chain[i]);
	free(j->chain);
	vec_fini(&j->extras.items);
	atomic_fetch_sub(&j->shared->facts_bytes, j->counted);
	err_clear(&j->why);
}

enum job_end index_layer(struct index_shared *s, const struct index_request *request,
	struct arena *a, struct index_result *out)
{
	struct job j = { .shared = s, .request = request, .a = a, .out = out };
	uint64_t started = clock_monotonic_ns();

	*out = (struct index_result){ .status = INDEX_DONE };
	layer_facts_init(&j.facts);
	int r = with_store(&j, begin);
	if (r == 0)
		r = analyze(&j);
	if (r == 0)
		r = find_features(&j);
	if (r == 0)
		r = with_store(&j, put);
	enum job_end e = r < 0 ? JOB_FAILED : r == 0 ? JOB_STORED : JOB_KNOWN;
	log_end(&j, e, started);
	job_fini(&j);
	return e;
}
