/*
 * What the tests of the indexer share: posting a layer and waiting for what comes of it, layers in
 * files, and the stored features as text.
 */
#ifndef TESTS_UNIT_INDEX_INDEX_TEST_H
#define TESTS_UNIT_INDEX_INDEX_TEST_H

#include "../test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#include "../tar_make.h"
#include "index/index.h"
#include "test_store.h"

/* What a request came to. */
struct answer {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned calls;
	enum index_status status;
	char message[256];
	unsigned retry_after_s;
};

#define ANSWER_INIT                                                                    \
	{                                                                              \
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER \
	}

static inline void answer_take(void *ctx, const struct index_result *r)
{
	struct answer *a = ctx;

	(void)pthread_mutex_lock(&a->lock);
	a->calls++;
	a->status = r->status;
	a->retry_after_s = r->retry_after_s;
	(void)snprintf(a->message, sizeof(a->message), "%" PRIstr, STR_ARG(r->message));
	(void)pthread_cond_broadcast(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
}

static inline void answer_wait(struct answer *a)
{
	(void)pthread_mutex_lock(&a->lock);
	while (a->calls == 0)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	(void)pthread_mutex_unlock(&a->lock);
}

/* The folder of one test, with an indexer over the store of the test. */
struct fixture {
	char folder[32];
	struct indexer_options options;
	struct indexer *ix;
	unsigned files;
};

static inline void fixture_start(struct fixture *f)
{
	struct err err = ERR_INIT;

	f->options.pool = test_store_pool();
	if (f->options.threads == 0)
		f->options.threads = 2;
	if (f->options.queue == 0)
		f->options.queue = 16;
	assert_ok(indexer_new(&f->options, &f->ix, &err), &err);
}

static inline void fixture_init(struct fixture *f)
{
	test_store_begin();
	memcpy(f->folder, "/tmp/clair-index-XXXXXX", sizeof("/tmp/clair-index-XXXXXX"));
	assert_non_null(mkdtemp(f->folder));
	fixture_start(f);
}

static inline void fixture_fini(struct fixture *f)
{
	char path[64];

	indexer_free(f->ix);
	for (unsigned i = 0; i < f->files; i++) {
		(void)snprintf(path, sizeof(path), "%s/%u", f->folder, i);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->folder), 0);
	test_store_end();
}

/* Writes a file; its path, in memory of the fixture's arena-less kind: valid until the next one. */
static inline const char *fixture_file(struct fixture *f, struct str content)
{
	static char path[64];
	struct err err = ERR_INIT;

	(void)snprintf(path, sizeof(path), "%s/%u", f->folder, f->files++);
	int fd = io_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600, &err);
	assert_ok(fd, &err);
	assert_ok(io_write_all(fd, content.p, content.n, path, &err), &err);
	(void)close(fd);
	return path;
}

static inline struct index_request request_of(
	const char *name, const char *parent, const char *path)
{
	return (struct index_request){ .name = str_of(name),
		.parent = str_of(parent),
		.path = str_of(path),
		.format = STR("Docker") };
}

/* The status and message of a request, waited for. */
static inline void assert_answer(struct fixture *f, const struct index_request *r,
	enum index_status status, const char *message)
{
	struct answer a = ANSWER_INIT;

	indexer_submit(f->ix, r, answer_take, &a);
	answer_wait(&a);
	assert_string_equal(a.message, message);
	assert_int_equal(a.status, status);
	assert_int_equal(a.calls, 1);
	assert_int_equal(a.retry_after_s > 0, status == INDEX_BUSY);
}

/* Posts a layer with these entries (tar_make.h), which has to succeed. */
static inline void post(
	struct fixture *f, const char *name, const char *parent, const char *entries)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(16 * MIB);

	tar_make(&tar, entries);
	struct index_request r = request_of(name, parent, fixture_file(f, buf_str(&tar)));
	assert_answer(f, &r, INDEX_DONE, "");
}

static inline int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "NAMESPACE: name version namespace added-by; …", features sorted. */
static inline void assert_layer(const char *name, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT(MIB);
	VEC_OF(char *) lines = VEC_INIT;
	struct layer_view v;

	assert_int_equal(
		store_layer_read(test_store(), str_of(name), LAYER_PART_FEATURES, &a, &v, NULL), 1);
	buf_printf(&text, "%" PRIstr ":", STR_ARG(v.layer.name_space));
	vec_for_each(x, &v.features) {
		struct str line =
			arena_printf(&a, "%" PRIstr " %" PRIstr " %" PRIstr " %" PRIstr "%s",
				STR_ARG(x->name), STR_ARG(x->version), STR_ARG(x->name_space),
				STR_ARG(x->added_by_name), x->key.n ? "" : " (no key)");

		vec_push(&lines, arena_cstr(&a, line));
	}
	if (lines.n)
		qsort(lines.v, lines.n, sizeof(lines.v[0]), by_name);
	vec_for_each(line, &lines)
		buf_printf(&text, "%s %s", line == lines.v ? "" : ";", *line);
	assert_string_equal(buf_cstr(&text), expected);
	vec_fini(&lines);
	layer_view_fini(&v);
}

/* For main(), first thing. */
static inline int index_test_begin(void)
{
	struct err err = ERR_INIT;

	if (sandbox_start(index_jobs, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err_msg(&err));
		return 1;
	}
	log_set_level(LOG_PANIC);
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR || setenv("no_proxy", "*", 1) != 0;
}

#define DEBIAN(version) "f etc/os-release ID=debian\\nVERSION_ID=" version "\\n\n"
#define PACKAGE(name, version) \
	"Package: " name "\\nStatus: install ok installed\\nVersion: " version "\\n\\n"
#define STATUS "f var/lib/dpkg/status "

#endif
