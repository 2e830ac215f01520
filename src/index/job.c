/*
 * One layer, start to end.
 */
#include "index/job_priv.h"

/* Other facts are other features. */
_Static_assert(ANALYZE_ENGINE_VERSION == 1, "INDEX_ENGINE_VERSION has to be raised with it");

/* Links may lead to links: how often a layer is read again for where they lead. */
enum { EXTRA_ROUNDS_MAX = 4 };

/* The folder of the archive that is the image's root; false: no known format. */
static bool root_of_format(struct str format, struct str *root)
{
	*root = str_eq_nocase(format, STR("ACI")) ? STR("rootfs") : STR_NULL;
	return root->n || str_eq_nocase(format, STR("Docker"));
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
		return job_end(j, INDEX_BUSY, STOPPING, "could not process layer");
	if (j->why.code == ERR_INTERNAL)
		return job_end(j, INDEX_FAILED, NOT_ANALYZED, "could not process layer");
	return job_end(j, INDEX_BAD_REQUEST, NOT_FOUND, "could not download layer");
}

static int end_by_analysis(struct job *j)
{
	static const char event[] = "failed to extract data from path";

	switch (j->why.code) {
	case ERR_CANCELLED:
		return job_end(j, INDEX_BUSY, STOPPING, "could not process layer");
	case ERR_IO:
	case ERR_INTERNAL:
	case ERR_BUSY:
		return job_end(j, INDEX_FAILED, NOT_ANALYZED, event);
	default:
		return job_end(j, INDEX_UNPROCESSABLE,
			j->facts.file_too_big ? FILE_TOO_BIG : NO_ARCHIVE, event);
	}
}

static int unsupported_format(struct job *j)
{
	struct str message = arena_printf(
		j->a, "unsupported image format '%" PRIstr "'", STR_ARG(j->request->format));

	return job_end(j, INDEX_BAD_REQUEST, message.p, "could not process layer");
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
	return r ? r : job_count_memory(j, job_facts_cost(&j->facts));
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
		job_forget_facts(j);
		r = read_layer(j);
	}
	return r;
}

/* --- what comes of it
 * ------------------------------------------------------------------------------------------- */

static bool take_namespace(struct job *j, const struct view *v)
{
	const struct distro *d = &v->distro;

	if (!v->has_distro || !d->name_space.n || !d->scheme.n)
		return false;
	j->name_space = arena_str(j->a, d->name_space);
	j->scheme = arena_str(j->a, d->scheme);
	return true;
}

/*
 * The namespace that this layer's own files say, else the parent's, as the original has it; else
 * what all layers say together, whose links may lead from one to another.
 */
static void find_namespace(struct job *j)
{
	const struct layer_facts *own = &j->facts;
	struct view view;

	view_build(&own, 1, &view);
	if (!take_namespace(j, &view)) {
		j->name_space = j->parent_layer.name_space;
		j->scheme = j->parent_layer.scheme;
		if (!j->name_space.n)
			(void)take_namespace(j, &j->view);
	}
	view_fini(&view);
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
	int r = job_with_store(j, job_read_parent);
	if (r)
		return r;
	layer_features_of(&j->view, j->name_space, j->scheme, j->parent_view.features.v,
		j->parent_view.features.n, j->a, &j->features);
	warn(j);
	if (j->features.homeless.n == 0)
		return 0;
	(void)err_set(&j->why, ERR_UNSUPPORTED, "the package %" PRIstr " has no namespace",
		STR_ARG(j->features.homeless));
	return job_end(j, INDEX_UNPROCESSABLE, NOT_SUPPORTED, "Namespace unknown");
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
		return job_unknown_parent(j);
	/* More packages than a layer may have. */
	if (r == -ERR_TOO_LARGE || r == -ERR_INPUT)
		return end_by_analysis(j);
	return r < 0 ? job_end_by_store(j) : r == 0;
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
	int r = job_with_store(&j, job_load);
	if (r == 0)
		r = analyze(&j);
	if (r == 0)
		r = find_features(&j);
	if (r == 0)
		r = job_with_store(&j, put);
	enum job_end e = r < 0 ? JOB_FAILED : r == 0 ? JOB_STORED : JOB_KNOWN;
	log_end(&j, e, started);
	job_fini(&j);
	return e;
}
