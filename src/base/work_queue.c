/*
 * A ring of jobs behind one mutex, see work_queue.h. Jobs are requests and the like, of
 * milliseconds at least: the mutex is not where time goes.
 */
#include "base/base.h"

enum { THREADS_MAX = 256, NAME_SIZE = 16 };

struct work {
	work_fn *fn;
	void *ctx;
};

struct work_queue {
	pthread_mutex_t lock; /* guards what follows up to the line */
	pthread_cond_t wake;  /* a job has come, or stopping */
	struct work *ring;    /* waiting ones, from first on */
	size_t capacity;
	size_t first;
	size_t waiting;
	size_t running;
	bool stopping;
	/* ---- */
	char name[NAME_SIZE];
	pthread_t threads[THREADS_MAX];
	size_t n_threads;
	bool joined;
};

struct start {
	struct work_queue *q;
	size_t thread;
};

static bool take(struct work_queue *q, struct work *w)
{
	if (q->waiting == 0)
		return false;
	*w = q->ring[q->first];
	q->first = (q->first + 1) % q->capacity;
	q->waiting--;
	return true;
}

static void *run(void *arg)
{
	struct start start = *(struct start *)arg;
	struct work_queue *q = start.q;
	struct work w;

	free(arg);
	(void)pthread_mutex_lock(&q->lock);
	for (;;) {
		while (q->waiting == 0 && !q->stopping)
			(void)pthread_cond_wait(&q->wake, &q->lock);
		if (!take(q, &w))
			break;
		q->running++;
		(void)pthread_mutex_unlock(&q->lock);
		w.fn(w.ctx, start.thread);
		(void)pthread_mutex_lock(&q->lock);
		q->running--;
	}
	(void)pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* A thread more; an errno value. */
static int start_thread(struct work_queue *q)
{
	struct start *start = xmalloc(sizeof(*start));
	char name[NAME_SIZE];

	*start = (struct start){ .q = q, .thread = q->n_threads };
	(void)snprintf(name, sizeof(name), "%.11s-%u", q->name, (unsigned)(q->n_threads & 0xff));
	int r = thread_start(&q->threads[q->n_threads], name, run, start);
	if (r != 0)
		free(start);
	else
		q->n_threads++;
	return r;
}

int work_queue_new(
	const char *name, size_t threads, size_t capacity, struct work_queue **out, struct err *err)
{
	_cleanup_(work_queue_freep) struct work_queue *q = xcalloc(1, sizeof(*q));

	assert(threads > 0 && threads <= THREADS_MAX && capacity > 0);
	if (pthread_mutex_init(&q->lock, NULL) != 0 || pthread_cond_init(&q->wake, NULL) != 0)
		abort();
	q->ring = xcalloc(capacity, sizeof(*q->ring));
	q->capacity = capacity;
	(void)snprintf(q->name, sizeof(q->name), "%s", name);
	while (q->n_threads < threads) {
		int r = start_thread(q);

		if (r != 0)
			return err_set_errno(err, ERR_BUSY, r, "thread %zu of %zu does not start",
				q->n_threads + 1, threads);
	}
	*out = take_ptr(q);
	return 0;
}

bool work_queue_push(struct work_queue *q, work_fn *fn, void *ctx)
{
	(void)pthread_mutex_lock(&q->lock);
	bool accepted = !q->stopping && q->waiting < q->capacity;
	if (accepted) {
		q->ring[(q->first + q->waiting) % q->capacity] =
			(struct work){ .fn = fn, .ctx = ctx };
		q->waiting++;
		(void)pthread_cond_signal(&q->wake);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return accepted;
}

/* Takes the waiting jobs from the threads, in their order. */
static size_t take_all(struct work_queue *q, struct work *jobs)
{
	size_t n = 0;

	while (take(q, &jobs[n]))
		n++;
	return n;
}

void work_queue_stop(struct work_queue *q, bool drain)
{
	_cleanup_free_ struct work *dropped = xcalloc(q->capacity + 1, sizeof(*dropped));

	(void)pthread_mutex_lock(&q->lock);
	q->stopping = true;
	size_t n = drain ? 0 : take_all(q, dropped);
	(void)pthread_cond_broadcast(&q->wake);
	(void)pthread_mutex_unlock(&q->lock);
	for (size_t i = 0; i < n; i++)
		dropped[i].fn(dropped[i].ctx, WORK_DROPPED);
	for (size_t i = 0; i < q->n_threads; i++)
		(void)pthread_join(q->threads[i], NULL);
	q->joined = true;
}

size_t work_queue_waiting(struct work_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	size_t n = q->waiting;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}

size_t work_queue_running(struct work_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	size_t n = q->running;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}

void work_queue_free(struct work_queue *q)
{
	if (!q)
		return;
	if (!q->joined)
		work_queue_stop(q, false);
	(void)pthread_cond_destroy(&q->wake);
	(void)pthread_mutex_destroy(&q->lock);
	free(q->ring);
	free(q);
}
