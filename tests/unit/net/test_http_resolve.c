/*
 * A name server that does not answer holds up a thread of libcurl's, and nobody else. The system's
 * resolver is replaced by one that takes as long as the test wants it to.
 */
#include "../test.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "net/net.h"

static sem_t may_end, has_ended;

/* Fails in the end, so that a caller who waits for it does not wait for ever. */
enum { RESOLVER_S = 20 };

int getaddrinfo(const char *node UNUSED, const char *service UNUSED,
	const struct addrinfo *hints UNUSED, struct addrinfo **found UNUSED)
{
	struct timespec until;

	if (clock_gettime(CLOCK_REALTIME, &until) < 0)
		abort();
	until.tv_sec += RESOLVER_S;
	(void)sem_timedwait(&may_end, &until);
	(void)sem_post(&has_ended);
	return EAI_AGAIN;
}

static void let_the_resolver_end(void)
{
	assert_int_equal(sem_post(&may_end), 0);
	assert_int_equal(sem_wait(&has_ended), 0);
}

static bool resolver_has_ended(void)
{
	int n;

	assert_int_equal(sem_getvalue(&has_ended, &n), 0);
	return n > 0;
}

static void test_the_time_for_a_post_counts_while_a_name_is_resolved(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	const struct http_post_options o = {
		.url = "http://slow.test/", .content_type = "application/json", .timeout_ms = 100
	};
	long status;

	assert_fails(http_post(&o, &status, &err), &err, ERR_UPSTREAM, "not done after 100 ms");
	assert_false(resolver_has_ended());
	let_the_resolver_end();
}

static void *cancel_soon(void *flag)
{
	(void)poll(NULL, 0, 50);
	atomic_store((atomic_bool *)flag, true);
	return NULL;
}

static void test_a_download_is_cancelled_while_a_name_is_resolved(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	atomic_bool cancel = false;
	struct http_response response;
	struct stream *stream;
	const struct http_get_options o = {
		.url = "http://slow.test/", .max_bytes = 1, .cancel = &cancel
	};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
	assert_fails(http_get(&o, &a, &response, &stream, &err), &err, ERR_CANCELLED, "cancelled");
	assert_false(resolver_has_ended());
	assert_int_equal(pthread_join(thread, NULL), 0);
	let_the_resolver_end();
}

static int prepare(void **state UNUSED)
{
	return sem_init(&may_end, 0, 0) || sem_init(&has_ended, 0, 0) || unsetenv("http_proxy") ||
	       unsetenv("all_proxy") || unsetenv("ALL_PROXY") || unsetenv("HTTP_PROXY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_time_for_a_post_counts_while_a_name_is_resolved),
		cmocka_unit_test(test_a_download_is_cancelled_while_a_name_is_resolved),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
