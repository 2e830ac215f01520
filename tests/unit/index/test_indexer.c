/*
 * Many requests at once: who waits for whom, what is refused, and how it all ends. A server that
 * holds its answer back until it is told keeps a job where the test wants it.
 */
#include "index_test.h"
#include "layer_server.h"

#define STOPPING "the server is stopping"

struct scene {
	struct fixture f;
	struct layer_server s;
	struct buf tar;
	struct page pages[4];
};

static void scene_init(struct scene *s, size_t threads, size_t queue)
{
	*s = (struct scene){ .f.options = { .threads = threads, .queue = queue },
		.tar = BUF_INIT(MIB) };
	tar_make(&s->tar, DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
	s->pages[0] = (struct page){ .path = "/gated", .body = buf_str(&s->tar), .gated = true };
	s->pages[1] = (struct page){ .path = "/free", .body = buf_str(&s->tar) };
	s->pages[2] = (struct page){
		.path = "/endless", .body = buf_str(&s->tar), .missing = 1000, .held = true
	};
	fixture_init(&s->f);
	server_start(&s->s, s->pages);
}

static void scene_fini(struct scene *s)
{
	server_stop(&s->s);
	server_fini(&s->s);
	fixture_fini(&s->f);
	buf_fini(&s->tar);
}

static void submit_with(struct scene *s, const char *name, const char *page,
	const struct index_header *header, struct answer *a)
{
	char url[128];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", s->s.port, page);
	struct index_request r = request_of(name, "", url);
	r.headers = header;
	r.n_headers = header != NULL;
	indexer_submit(s->f.ix, &r, answer_take, a);
	/* The request was copied. */
	memset(url, 'x', sizeof(url));
}

static void submit(struct scene *s, const char *name, const char *page, struct answer *a)
{
	submit_with(s, name, page, NULL, a);
}

static void assert_came(struct answer *a, enum index_status status, const char *message)
{
	answer_wait(a);
	assert_string_equal(a->message, message);
	assert_int_equal(a->status, status);
	assert_int_equal(a->calls, 1);
}

static void test_one_layer_posted_twice_is_downloaded_once(void **state UNUSED)
{
	struct answer first = ANSWER_INIT, second = ANSWER_INIT, third = ANSWER_INIT;
	struct scene s;

	scene_init(&s, 2, 1);
	submit(&s, "a", "/gated", &first);
	server_wait(&s.s, 1);
	submit(&s, "a", "/gated", &second);
	submit(&s, "a", "/free", &third);
	assert_int_equal(first.calls + second.calls + third.calls, 0);
	server_open_gate(&s.s);
	assert_came(&first, INDEX_DONE, "");
	assert_came(&second, INDEX_DONE, "");
	assert_came(&third, INDEX_DONE, "");
	assert_int_equal(s.s.connections, 1);
	assert_layer("a", "debian:12: bash 1 debian:12 a");
	scene_fini(&s);
}

static void test_later_request_brings_the_better_token(void **state UNUSED)
{
	static const struct index_header old = { STR_INIT("Authorization"), STR_INIT("old") },
					 new = { STR_INIT("Authorization"), STR_INIT("new") };
	struct answer busy = ANSWER_INIT, first = ANSWER_INIT, second = ANSWER_INIT,
		      third = ANSWER_INIT;
	struct scene s;

	scene_init(&s, 1, 1);
	submit(&s, "busy", "/gated", &busy);
	server_wait(&s.s, 1);
	submit_with(&s, "a", "/free?signature=1", &old, &first);
	submit_with(&s, "a", "/free?signature=2", &new, &second);
	/* One for something else does not take its place. */
	submit(&s, "a", "/elsewhere", &third);
	server_open_gate(&s.s);
	assert_came(&first, INDEX_DONE, "");
	assert_came(&second, INDEX_DONE, "");
	assert_came(&third, INDEX_DONE, "");
	answer_wait(&busy);
	server_stop(&s.s);
	assert_true(str_find(buf_str(&s.s.requests), STR("GET /free?signature=2")) >= 0);
	assert_true(str_find(buf_str(&s.s.requests), STR("Authorization: new")) >= 0);
	assert_true(str_find(buf_str(&s.s.requests), STR("old")) < 0);
	server_fini(&s.s);
	fixture_fini(&s.f);
	buf_fini(&s.tar);
}

static void test_failure_of_one_request_is_not_that_of_another(void **state UNUSED)
{
	static const struct index_header late = { STR_INIT("Authorization"), STR_INIT("old") },
					 good = { STR_INIT("Authorization"), STR_INIT("new") };
	struct answer first = ANSWER_INIT, again = ANSWER_INIT, bad = ANSWER_INIT,
		      other = ANSWER_INIT, behind = ANSWER_INIT;
	struct scene s;

	scene_init(&s, 1, 2);
	s.pages[0].head = STR("HTTP/1.1 401 Unauthorized\r\n");
	submit_with(&s, "a", "/gated", &late, &first);
	server_wait(&s.s, 1);
	submit_with(&s, "a", "/gated", &late, &again);
	submit(&s, "a", "/nowhere", &bad);
	submit_with(&s, "a", "/free", &good, &other);
	submit(&s, "a", "/elsewhere", &behind);
	assert_came(&behind, INDEX_BUSY, "too many layers are waiting to be processed");
	assert_int_equal(first.calls + again.calls + bad.calls + other.calls, 0);
	server_open_gate(&s.s);
	assert_came(&first, INDEX_BAD_REQUEST, "could not find layer");
	assert_came(&again, INDEX_BAD_REQUEST, "could not find layer");
	assert_came(&bad, INDEX_BAD_REQUEST, "could not find layer");
	assert_came(&other, INDEX_DONE, "");
	assert_layer("a", "debian:12: bash 1 debian:12 a");
	scene_fini(&s);
}

static void test_full_queue_refuses(void **state UNUSED)
{
	struct answer running = ANSWER_INIT, waiting = ANSWER_INIT, refused = ANSWER_INIT,
		      joined = ANSWER_INIT;
	struct indexer_stats stats;
	struct scene s;

	scene_init(&s, 1, 1);
	submit(&s, "running", "/gated", &running);
	server_wait(&s.s, 1);
	submit(&s, "waiting", "/free", &waiting);
	submit(&s, "refused", "/free", &refused);
	assert_came(&refused, INDEX_BUSY, "too many layers are waiting to be processed");
	assert_true(refused.retry_after_s > 0);
	/* One for a layer that is in the queue needs no place. */
	submit(&s, "waiting", "/free", &joined);
	assert_int_equal(joined.calls, 0);
	indexer_get_stats(s.f.ix, &stats);
	assert_int_equal(stats.queued, 1);
	assert_int_equal(stats.running, 1);
	assert_int_equal(stats.refused, 1);
	server_open_gate(&s.s);
	assert_came(&running, INDEX_DONE, "");
	assert_came(&waiting, INDEX_DONE, "");
	assert_came(&joined, INDEX_DONE, "");
	/* There is room again. */
	struct answer again = ANSWER_INIT;
	submit(&s, "refused", "/free", &again);
	assert_came(&again, INDEX_DONE, "");
	scene_fini(&s);
}

static void test_stop_finishes_what_is_there(void **state UNUSED)
{
	struct answer running = ANSWER_INIT, waiting = ANSWER_INIT, late = ANSWER_INIT;
	struct scene s;

	scene_init(&s, 1, 2);
	submit(&s, "running", "/free", &running);
	submit(&s, "waiting", "/free", &waiting);
	indexer_stop(s.f.ix, 60000);
	assert_came(&running, INDEX_DONE, "");
	assert_came(&waiting, INDEX_DONE, "");
	submit(&s, "late", "/free", &late);
	assert_came(&late, INDEX_BUSY, STOPPING);
	scene_fini(&s);
}

static void test_stop_cancels_downloads_in_the_end(void **state UNUSED)
{
	struct answer running = ANSWER_INIT, waiting = ANSWER_INIT;
	struct scene s;

	scene_init(&s, 1, 1);
	submit(&s, "running", "/endless", &running);
	server_wait(&s.s, 1);
	submit(&s, "waiting", "/free", &waiting);
	indexer_stop(s.f.ix, 10);
	assert_int_equal(running.calls + waiting.calls, 2);
	assert_came(&running, INDEX_BUSY, STOPPING);
	assert_came(&waiting, INDEX_BUSY, STOPPING);
	assert_int_equal(store_layer_get(test_store(), STR("running"), NULL,
				 &(struct stored_layer){ 0 }, NULL),
		0);
	scene_fini(&s);
}

static void test_parent_that_goes_meanwhile_is_unknown(void **state UNUSED)
{
	struct answer child = ANSWER_INIT;
	struct scene s;
	char url[64];

	scene_init(&s, 1, 1);
	post(&s.f, "parent", "", DEBIAN("11"));
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/gated", s.s.port);
	struct index_request r = request_of("child", "parent", url);
	indexer_submit(s.f.ix, &r, answer_take, &child);
	server_wait(&s.s, 1);
	fake_store_forget("parent");
	server_open_gate(&s.s);
	assert_came(&child, INDEX_BAD_REQUEST,
		"worker: parent layer is unknown, it must be processed first");
	scene_fini(&s);
}

/* What the facts of jobs take is given back. */
static void test_memory_is_given_back(void **state UNUSED)
{
	struct indexer_stats stats;
	struct scene s;

	scene_init(&s, 1, 1);
	post(&s.f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
	post(&s.f, "b", "a", STATUS PACKAGE("bash", "2") "\nl etc/os-release ../x\n");
	indexer_stop(s.f.ix, 60000);
	indexer_get_stats(s.f.ix, &stats);
	assert_int_equal(stats.facts_bytes, 0);
	assert_int_equal(stats.indexed, 2);
	scene_fini(&s);
}

struct many {
	struct scene *scene;
	size_t first;
	struct answer answers[40];
};

static void *submit_many(void *ctx)
{
	struct many *m = ctx;
	char name[16];

	for (size_t i = 0; i < ARRAY_LEN(m->answers); i++) {
		m->answers[i] = (struct answer)ANSWER_INIT;
		(void)snprintf(name, sizeof(name), "layer %zu", (m->first + i) % 20);
		submit(m->scene, name, "/free", &m->answers[i]);
	}
	return NULL;
}

static void test_many_requests_from_many_threads(void **state UNUSED)
{
	static struct many many[4];
	pthread_t threads[ARRAY_LEN(many)];
	struct indexer_stats stats;
	struct scene s;

	scene_init(&s, 4, 100);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = (struct many){ .scene = &s, .first = 7 * i };
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &many[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		for (size_t k = 0; k < ARRAY_LEN(many[i].answers); k++)
			assert_came(&many[i].answers[k], INDEX_DONE, "");
	}
	indexer_get_stats(s.f.ix, &stats);
	assert_int_equal(stats.indexed, 20);
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_layer_posted_twice_is_downloaded_once),
		cmocka_unit_test(test_later_request_brings_the_better_token),
		cmocka_unit_test(test_failure_of_one_request_is_not_that_of_another),
		cmocka_unit_test(test_full_queue_refuses),
		cmocka_unit_test(test_stop_finishes_what_is_there),
		cmocka_unit_test(test_stop_cancels_downloads_in_the_end),
		cmocka_unit_test(test_parent_that_goes_meanwhile_is_unknown),
		cmocka_unit_test(test_memory_is_given_back),
		cmocka_unit_test(test_many_requests_from_many_threads),
	};

	if (index_test_begin())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
