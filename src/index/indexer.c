/*
 * The queue of layers to be indexed, and who waits for which.
 */
#include "index/index_priv.h"

#include <errno.h>

#define QUEUE_FULL "too many layers are waiting to be processed"
#define STOPPING   "the server is stopping"
#define TOO_LATE   "the layer waited too long for its turn"

const struct sandbox_job *const index_jobs[] = { &analyze_layer_job, NULL };

struct waiter {
	index_done_fn *done;
	void *ctx;
};

/* A layer on its way, for everybody who asked for it. */
struct ticket {
	struct indexer *ix;
	struct arena arena; /* of the request */
	struct index_request request;
	VEC_OF(struct waiter) waiters;
	uint64_t since_ms; /* when that request came */
	bool started;
	struct ticket *next;
	/* Requests for the same layer in another way: theirs is tried when this one fails. */
	VEC_OF(struct ticket *) others;
};

struct indexer {
	struct index_shared shared;
	struct work_queue *queue;
	pthread_mutex_t lock;   /* guards what follows */
	pthread_cond_t idle;    /* no ticket is open */
	struct ticket *tickets; /* that wait or run; as many as the queue and the threads hold */
	size_t others;          /* of all tickets, at most max_others */
	size_t max_others;
	size_t open; /* tickets, and those whose done is being called */
	bool stopping;
	struct indexer_stats stats; /* the counts */
	bool stopped;               /* by indexer_stop(), on one thread */
};

/* --- requests
 * ------------------------------------------------------------------------------------------- */

static struct index_request copy_request(struct arena *a, const struct index_request *r)
{
	struct index_header *headers = arena_alloc(a, (r->n_headers + 1) * sizeof(*headers));

	for (size_t i = 0; i < r->n_headers; i++)
		headers[i] = (struct index_header){ .name = arena_str(a, r->headers[i].name),
			.value = arena_str(a, r->headers[i].value) };
	return (struct index_request){ .name = arena_str(a, r->name),
		.parent = arena_str(a, r->parent),
		.path = arena_str(a, r->path),
		.format = arena_str(a, r->format),
		.headers = headers,
		.n_headers = r->n_headers };
}

static void set_request(struct ticket *t, const struct index_request *r)
{
	arena_fini(&t->arena);
	t->request = copy_request(&t->arena, r);
	t->since_ms = clock_monotonic_ms();
}

/* Whether both ask for the same layer from the same place: the later one's signature or token is
 * good for longer. */
static bool is_same_but_for_tokens(const struct index_request *a, const struct index_request *b)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;

	return str_eq(a->parent, b->parent) && str_eq_nocase(a->format, b->format) &&
	       str_eq(layer_path_clean(&scratch, a->path), layer_path_clean(&scratch, b->path));
}

static bool is_same(const struct index_request *a, const struct index_request *b)
{
	if (!str_eq(a->parent, b->parent) || !str_eq(a->format, b->format) ||
		!str_eq(a->path, b->path) || a->n_headers != b->n_headers)
		return false;
	for (size_t i = 0; i < a->n_headers; i++) {
		if (!str_eq(a->headers[i].name, b->headers[i].name) ||
			!str_eq(a->headers[i].value, b->headers[i].value))
			return false;
	}
	return true;
}

static struct ticket *new_ticket(
	struct indexer *ix, const struct index_request *r, struct waiter waiter)
{
	struct ticket *t = xcalloc(1, sizeof(*t));

	t->ix = ix;
	set_request(t, r);
	vec_push(&t->waiters, waiter);
	return t;
}

static struct ticket *find_ticket(struct indexer *ix, struct str name)
{
	for (struct ticket *t = ix->tickets; t; t = t->next) {
		if (str_eq(t->request.name, name))
			return t;
	}
	return NULL;
}

static void free_ticket(struct ticket *t)
{
	vec_fini(&t->waiters);
	vec_fini(&t->others);
	arena_fini(&t->arena);
	free(t);
}

/* --- on the threads
 * ------------------------------------------------------------------------------------------- */

/* Puts the other one, or nothing, in its place. */
static void replace_ticket(struct indexer *ix, const struct ticket *t, struct ticket *other)
{
	struct ticket **at = &ix->tickets;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (other) {
		other->next = t->next;
		*at = other;
	}
}

static void count_layer(const char *result)
{
	metric_add(metric_of(&metric_index_layers, result), 1);
}

static void show_load(struct indexer *ix)
{
	metric_set(metric_of(&metric_index_queued), (double)work_queue_waiting(ix->queue));
	metric_set(metric_of(&metric_index_running), (double)work_queue_running(ix->queue));
}

static void count(struct indexer_stats *s, enum job_end e, enum index_status status)
{
	count_layer(e == JOB_STORED        ? "indexed"
		    : e == JOB_KNOWN       ? "known"
		    : status == INDEX_BUSY ? "busy"
					   : "failed");
	s->indexed += e == JOB_STORED;
	s->known += e == JOB_KNOWN;
	s->refused += e == JOB_FAILED && status == INDEX_BUSY;
	s->failed += e == JOB_FAILED && status != INDEX_BUSY;
}

static void answer(const struct ticket *t, const struct index_result *result)
{
	vec_for_each(w, &t->waiters)
		w->done(w->ctx, result);
}

/* Whether another request for the layer may do better. */
static bool is_own_fault(const struct index_result *r)
{
	return r->status == INDEX_BAD_REQUEST || r->status == INDEX_UNPROCESSABLE ||
	       str_eq(r->message, STR(TOO_LATE));
}

/* The request that is tried next, with all others behind it; NULL: none. Under the lock. */
static struct ticket *take_other(struct ticket *t, const struct index_result *result)
{
	if (t->others.n == 0 || !is_own_fault(result))
		return NULL;
	struct ticket *other = t->others.v[0];
	for (size_t i = 1; i < t->others.n; i++)
		vec_push(&other->others, t->others.v[i]);
	t->others.n = 0;
	t->ix->others--;
	t->ix->open++;
	return other;
}

/* From here on nobody joins those who wait. Returns what is to be run instead. */
static struct ticket *finish_ticket(
	struct ticket *t, enum job_end e, const struct index_result *result)
{
	struct indexer *ix = t->ix;

	(void)pthread_mutex_lock(&ix->lock);
	struct ticket *other = take_other(t, result);
	replace_ticket(ix, t, other);
	ix->others -= t->others.n;
	count(&ix->stats, e, result->status);
	(void)pthread_mutex_unlock(&ix->lock);
	answer(t, result);
	vec_for_each(behind, &t->others) {
		answer(*behind, result);
		free_ticket(*behind);
	}
	free_ticket(t);
	show_load(ix);
	(void)pthread_mutex_lock(&ix->lock);
	if (--ix->open == 0)
		(void)pthread_cond_broadcast(&ix->idle);
	(void)pthread_mutex_unlock(&ix->lock);
	return other;
}

static bool waited_too_long(const struct ticket *t)
{
	return t->request.n_headers && url_is_http(t->request.path) &&
	       clock_monotonic_ms() - t->since_ms > UINT64_C(1000) * LIMIT_LAYER_WAIT_S;
}

static struct ticket *run_once(struct ticket *t, size_t thread)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	enum job_end e = JOB_FAILED;
	struct index_result result;

	(void)pthread_mutex_lock(&t->ix->lock);
	t->started = true;
	(void)pthread_mutex_unlock(&t->ix->lock);
	if (thread == WORK_DROPPED || atomic_load(&t->ix->shared.cancel))
		result = index_refusal(INDEX_BUSY, STOPPING);
	else if (waited_too_long(t))
		result = index_refusal(INDEX_BUSY, TOO_LATE);
	else
		e = index_layer(&t->ix->shared, &t->request, &arena, &result);
	return finish_ticket(t, e, &result);
}

static void run_ticket(void *ctx, size_t thread)
{
	struct ticket *t = ctx;

	while (t)
		t = run_once(t, thread);
}

/* --- the interface
 * ------------------------------------------------------------------------------------------- */

/* Joins the request to those who wait for the layer. */
static const char *join(
	struct indexer *ix, struct ticket *t, const struct index_request *r, struct waiter waiter)
{
	struct ticket *same = NULL;

	if (is_same(&t->request, r) || (!t->started && is_same_but_for_tokens(&t->request, r)))
		same = t;
	for (size_t i = 0; i < t->others.n && !same; i++) {
		if (is_same_but_for_tokens(&t->others.v[i]->request, r))
			same = t->others.v[i];
	}
	if (same) {
		vec_push(&same->waiters, waiter);
		if (!same->started)
			set_request(same, r);
		return NULL;
	}
	if (ix->others == ix->max_others)
		return QUEUE_FULL;
	vec_push(&t->others, new_ticket(ix, r, waiter));
	ix->others++;
	return NULL;
}

/* Queues the request, or joins it to one that is there: NULL; else why not. Under the lock. */
static const char *take_request(
	struct indexer *ix, const struct index_request *r, struct waiter waiter)
{
	struct ticket *t = find_ticket(ix, r->name);

	if (ix->stopping)
		return STOPPING;
	if (t)
		return join(ix, t, r, waiter);
	t = new_ticket(ix, r, waiter);
	if (!work_queue_push(ix->queue, run_ticket, t)) {
		free_ticket(t);
		return QUEUE_FULL;
	}
	t->next = ix->tickets;
	ix->tickets = t;
	ix->open++;
	return NULL;
}

void indexer_submit(
	struct indexer *ix, const struct index_request *r, index_done_fn *done, void *ctx)
{
	struct index_result result;

	if (index_request_check(r, &result)) {
		(void)pthread_mutex_lock(&ix->lock);
		ix->stats.failed++;
		(void)pthread_mutex_unlock(&ix->lock);
		count_layer("failed");
		done(ctx, &result);
		return;
	}
	(void)pthread_mutex_lock(&ix->lock);
	const char *refused = take_request(ix, r, (struct waiter){ .done = done, .ctx = ctx });
	ix->stats.refused += refused != NULL;
	(void)pthread_mutex_unlock(&ix->lock);
	if (!refused) {
		show_load(ix);
		return;
	}
	count_layer("busy");
	log_event(LOG_WARNING, "could not process layer", LOG_STR("layer", r->name),
		LOG_CSTR("answer", refused));
	result = index_refusal(INDEX_BUSY, refused);
	done(ctx, &result);
}

static int copy_local_paths(struct indexer *ix, const struct indexer_options *o, struct err *err)
{
	for (size_t i = 0; i < o->n_local_paths; i++) {
		if (o->local_paths[i][0] != '/')
			return err_set(
				err, ERR_USAGE, "%s: not an absolute path", o->local_paths[i]);
		vec_push(&ix->shared.local_paths, str_of(xstrdup(o->local_paths[i])));
	}
	return 0;
}

static void init_locks(struct indexer *ix)
{
	pthread_condattr_t monotonic;

	if (pthread_condattr_init(&monotonic) != 0 ||
		pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) != 0 ||
		pthread_cond_init(&ix->idle, &monotonic) != 0 ||
		pthread_mutex_init(&ix->lock, NULL) != 0 ||
		pthread_mutex_init(&ix->shared.chain_lock, NULL) != 0)
		abort();
	(void)pthread_condattr_destroy(&monotonic);
}

int indexer_new(const struct indexer_options *o, struct indexer **out, struct err *err)
{
	struct indexer *ix = xcalloc(1, sizeof(*ix));
	size_t threads = o->threads ? o->threads : parallel_cpus();

	ix->max_others = o->queue ? o->queue : 1;
	ix->shared.pool = o->pool;
	ix->shared.stall_s = o->stall_s ? o->stall_s : LIMIT_LAYER_STALL_S;
	ix->shared.insecure_tls = o->insecure_tls;
	ix->shared.local_limited = o->local_limited;
	init_locks(ix);
	net_init();
	int r = copy_local_paths(ix, o, err);
	if (r == 0)
		r = work_queue_new("index", min_size(threads, LIMIT_INDEX_THREADS), ix->max_others,
			&ix->queue, err);
	if (r < 0) {
		indexer_free(ix);
		return err_wrap(err, "indexer");
	}
	*out = ix;
	return 0;
}

/* Until all is done or the time is up. */
static void wait_until_idle(struct indexer *ix, uint64_t timeout_ms)
{
	struct timespec until;
	int r = 0;

	if (clock_gettime(CLOCK_MONOTONIC, &until) < 0)
		return;
	until.tv_sec += (time_t)(timeout_ms / 1000);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (ix->open && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&ix->idle, &ix->lock, &until);
}

void indexer_stop(struct indexer *ix, uint64_t timeout_ms)
{
	(void)pthread_mutex_lock(&ix->lock);
	ix->stopping = true;
	if (timeout_ms)
		wait_until_idle(ix, timeout_ms);
	(void)pthread_mutex_unlock(&ix->lock);
	atomic_store(&ix->shared.cancel, true);
	if (ix->queue)
		work_queue_stop(ix->queue, false);
	ix->stopped = true;
}

void indexer_free(struct indexer *ix)
{
	if (!ix)
		return;
	if (!ix->stopped)
		indexer_stop(ix, 0);
	work_queue_free(ix->queue);
	vec_for_each(p, &ix->shared.local_paths)
		free((void *)(uintptr_t)p->p);
	vec_fini(&ix->shared.local_paths);
	(void)pthread_mutex_destroy(&ix->shared.chain_lock);
	(void)pthread_mutex_destroy(&ix->lock);
	(void)pthread_cond_destroy(&ix->idle);
	free(ix);
}

void indexer_get_stats(struct indexer *ix, struct indexer_stats *out)
{
	(void)pthread_mutex_lock(&ix->lock);
	*out = ix->stats;
	(void)pthread_mutex_unlock(&ix->lock);
	out->queued = work_queue_waiting(ix->queue);
	out->running = work_queue_running(ix->queue);
	out->facts_bytes = atomic_load(&ix->shared.facts_bytes);
}
