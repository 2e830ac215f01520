#include "base/base.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

enum { PERIOD_US = 10000, DEPTH_MAX = 64, RING_SAMPLES = 1024, COLLECT_MS = 100 };
/* Frames of the signal: the handler and the kernel's trampoline. */
enum { DEPTH_OWN = 2 };
/* Different stacks that are counted; beyond them samples are dropped. */
enum { STACKS_MAX = 65536 };

/* A stack, as the handler found it. state: 0 free, 1 being written, 2 full. */
struct sample {
	atomic_int state;
	int depth;
	void *frames[DEPTH_MAX];
};

static struct profile {
	struct sample *ring; /* RING_SAMPLES of them */
	atomic_size_t next;
	struct sleeper sleeper; /* of the collecting thread */
	pthread_t collector;
	struct map counts; /* stack, as bytes → uint64_t */
	struct arena arena;
	struct sigaction old_action;
	const char *path;
	int fd;
} profile;

/* Takes the next slot of the ring, unless it is still waiting to be collected. */
static void on_tick(int number UNUSED)
{
	int saved = errno, expected = 0;
	size_t i = atomic_fetch_add(&profile.next, 1) % RING_SAMPLES;
	struct sample *s = &profile.ring[i];

	if (atomic_compare_exchange_strong(&s->state, &expected, 1)) {
		s->depth = backtrace(s->frames, DEPTH_MAX);
		atomic_store(&s->state, 2);
	}
	errno = saved;
}

static void count(const struct sample *s)
{
	int own = s->depth > DEPTH_OWN ? DEPTH_OWN : 0;
	struct str key = str_n(
		(const char *)(s->frames + own), (size_t)(s->depth - own) * sizeof(s->frames[0]));
	uint64_t *n = map_get(&profile.counts, key);

	if (!n && profile.counts.n < STACKS_MAX) {
		n = arena_alloc(&profile.arena, sizeof(*n));
		map_set(&profile.counts, key, n);
	}
	if (n)
		++*n;
}

static void collect(void)
{
	for (size_t i = 0; i < RING_SAMPLES; i++) {
		struct sample *s = &profile.ring[i];

		if (atomic_load(&s->state) != 2)
			continue;
		count(s);
		atomic_store(&s->state, 0);
	}
}

static void *run_collector(void *arg UNUSED)
{
	while (sleeper_sleep(&profile.sleeper, COLLECT_MS) != SLEEP_STOPPED)
		collect();
	return NULL;
}

static int set_timer(long us, struct err *err)
{
	const struct itimerval timer = { .it_interval = { .tv_usec = us },
		.it_value = { .tv_usec = us } };

	if (setitimer(ITIMER_PROF, &timer, NULL) < 0)
		return err_set_errno(err, ERR_IO, errno, "profile: timer");
	return 0;
}

static int start(struct err *err)
{
	const struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART };
	void *frame;

	/* The first call loads what later ones must not load inside a handler. */
	(void)backtrace(&frame, 1);
	int r = thread_start(&profile.collector, "cpu-profile", run_collector, NULL);
	if (r != 0)
		return err_set_errno(err, ERR_IO, r, "profile: a thread");
	if (sigaction(SIGPROF, &action, &profile.old_action) == 0 && set_timer(PERIOD_US, err) == 0)
		return 0;
	r = err_set_errno(err, ERR_IO, errno, "profile: signals");
	sleeper_stop(&profile.sleeper);
	(void)pthread_join(profile.collector, NULL);
	return r;
}

int cpu_profile_start(const char *path, struct err *err)
{
	int fd = io_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, err);

	if (fd < 0)
		return fd;
	profile.fd = fd;
	profile.path = path;
	/* Never freed: a late tick of an earlier profile may still look at it. */
	if (!profile.ring)
		profile.ring = xcalloc(RING_SAMPLES, sizeof(*profile.ring));
	map_init(&profile.counts);
	arena_init(&profile.arena);
	sleeper_init(&profile.sleeper);
	int r = start(err);
	if (r < 0) {
		cleanup_close(&profile.fd);
		sleeper_fini(&profile.sleeper);
	}
	return r;
}

/* Words of the machine's size and order, as the format wants them. */
static void put_word(struct buf *out, uint64_t word)
{
	uintptr_t w = (uintptr_t)word;

	buf_append(out, &w, sizeof(w));
}

static void put_samples(struct buf *out)
{
	struct str stack;
	void *count_of;
	size_t at = 0;

	while (map_next(&profile.counts, &at, &stack, &count_of)) {
		put_word(out, *(uint64_t *)count_of);
		put_word(out, stack.n / sizeof(void *));
		buf_append_str(out, stack);
	}
}

static int put_mappings(struct buf *out, struct err *err)
{
	_cleanup_close_ int fd = io_open("/proc/self/maps", O_RDONLY, 0, err);

	return fd < 0 ? fd : io_read_to_end(fd, out, "/proc/self/maps", err);
}

static int write_profile(struct err *err)
{
	static const uint64_t head[] = { 0, 3, 0, PERIOD_US, 0 }, end[] = { 0, 1, 0 };
	_cleanup_buf_ struct buf out = BUF_INIT(64 * MIB);

	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		put_word(&out, head[i]);
	put_samples(&out);
	for (size_t i = 0; i < ARRAY_LEN(end); i++)
		put_word(&out, end[i]);
	int r = put_mappings(&out, err);
	if (r == 0)
		r = buf_check(&out, "the profile", err);
	return r < 0 ? r : io_write_all(profile.fd, out.p, out.n, profile.path, err);
}

int cpu_profile_stop(struct err *err)
{
	int r = set_timer(0, err);

	/* A tick that is under way finds its ring: that is never freed while the handler is set. */
	if (sigaction(SIGPROF, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) < 0 && r == 0)
		r = err_set_errno(err, ERR_IO, errno, "profile: signals");
	sleeper_stop(&profile.sleeper);
	(void)pthread_join(profile.collector, NULL);
	collect();
	if (r == 0)
		r = write_profile(err);
	cleanup_close(&profile.fd);
	map_fini(&profile.counts);
	arena_fini(&profile.arena);
	sleeper_fini(&profile.sleeper);
	return r;
}
