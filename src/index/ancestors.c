/*
 * What is known of a layer and its ancestors, and the memory that this takes.
 */
#include "index/job_priv.h"

int job_end(struct job *j, enum index_status status, const char *message, const char *event)
{
	*j->out = index_refusal(status, message);
	j->event = event;
	return -1;
}

/* --- the store
 * ------------------------------------------------------------------------------------------- */

int job_end_by_store(struct job *j)
{
	bool busy = j->why.code == ERR_BUSY;

	return job_end(
		j, busy ? INDEX_BUSY : INDEX_FAILED, DATABASE_FAILED, "Handled Database Error");
}

int job_unknown_parent(struct job *j)
{
	(void)err_set(&j->why, ERR_NOT_FOUND, "there is no layer %" PRIstr, STR_ARG(j->parent));
	return job_end(j, INDEX_BAD_REQUEST, UNKNOWN_PARENT,
		"the parent layer is unknown. it must be processed first");
}

/* 1: the layer is there. A layer that is indexed again keeps the parent that it has. */
static int look_up(struct job *j, struct store *s)
{
	struct stored_layer known;
	int r = store_layer_get(s, j->request->name, j->a, &known, &j->why);

	if (r < 0)
		return job_end_by_store(j);
	if (r == 1 && known.engine_version >= INDEX_ENGINE_VERSION)
		return 1;
	j->parent = r == 1 ? known.parent : j->request->parent;
	if (j->parent.n == 0)
		return 0;
	r = store_layer_get(s, j->parent, j->a, &j->parent_layer, &j->why);
	if (r < 0)
		return job_end_by_store(j);
	return r == 1 ? 0 : job_unknown_parent(j);
}

/* --- memory
 * ------------------------------------------------------------------------------------------- */

/* What facts cost until the layer is stored: their texts, and each package's place in them, the
 * view and the features, with its key. */
uint64_t job_facts_cost(const struct layer_facts *f)
{
	enum { KEY_BYTES = 64 };
	uint64_t bytes = f->arena.used_bytes + f->facts.n * sizeof(f->facts.v[0]);

	vec_for_each(fact, &f->facts)
		bytes += fact->packages.items.n *
			 (sizeof(struct package) + sizeof(struct view_package) +
				 sizeof(struct layer_feature) + KEY_BYTES);
	return bytes;
}

int job_count_memory(struct job *j, uint64_t bytes)
{
	uint64_t before = atomic_fetch_add(&j->shared->facts_bytes, bytes);

	j->counted += bytes;
	if (j->counted > LIMIT_TARGET_FACTS) {
		(void)err_set(&j->why, ERR_TOO_LARGE,
			"the package databases of all layers need more than %" PRIu64 " MiB",
			LIMIT_TARGET_FACTS / MIB);
		return job_end(
			j, INDEX_UNPROCESSABLE, NO_ARCHIVE, "failed to extract data from path");
	}
	if (before + bytes > LIMIT_INDEX_FACTS)
		return job_end(j, INDEX_BUSY, TOO_MANY, "could not process layer");
	return 0;
}

void job_forget_facts(struct job *j)
{
	uint64_t bytes = job_facts_cost(&j->facts);

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
		return job_unknown_parent(j);
	return job_end_by_store(j);
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
		r = job_count_memory(j, job_facts_cost(f));
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
		r = job_unknown_parent(j);
	else if (j->why.code == ERR_TOO_LARGE)
		r = job_end(j, INDEX_UNPROCESSABLE, NO_ARCHIVE, "failed to extract data from path");
	else
		r = job_end_by_store(j);
	arena_fini(&scratch);
	(void)pthread_mutex_unlock(&j->shared->chain_lock);
	return r;
}

int job_read_parent(struct job *j, struct store *s)
{
	if (j->parent.n == 0)
		return 0;
	if (j->parent_read)
		layer_view_fini(&j->parent_view);
	int r = store_layer_read(s, j->parent, LAYER_PART_FEATURES, j->a, &j->parent_view, &j->why);
	j->parent_read = true;
	return r < 0 ? job_end_by_store(j) : r == 0 ? job_unknown_parent(j) : 0;
}

static int with_store_once(struct job *j, job_store_step *step)
{
	struct store *s;

	if (store_pool_take(j->shared->pool, &s, &j->why) < 0)
		return job_end_by_store(j);
	int r = step(j, s);
	store_pool_give(j->shared->pool, s);
	return r;
}

/* Steps can be taken twice: a connection that broke in the meantime is not to cost a download. */
int job_with_store(struct job *j, job_store_step *step)
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

int job_load(struct job *j, struct store *s)
{
	int r = look_up(j, s);

	return r ? r : load_chain(j, s);
}
