/*
 * Turns of the notifier on a real database and a real receiver: what is sent, retried, left for
 * later, and noted.
 */
#include "../net/http_server.h"
#include "../store/store_test.h"

#include "notify/notify_priv.h"

static const struct str ok = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
static const struct str created = STR_INIT("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
static const struct str broken =
	STR_INIT("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");

struct fixture {
	char *path;
	struct store_pool *pool;
	struct store *store;
	struct server receiver;
	char endpoint[64];
	struct notifier notifier;
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->path = test_new_path();
	f->store = test_open(f->path, STORE_CREATE);
	f->pool = store_pool_new(f->path, STORE_CREATE, 4);
	server_listen(&f->receiver);
	(void)snprintf(
		f->endpoint, sizeof(f->endpoint), "http://127.0.0.1:%u/notify", f->receiver.port);
	f->notifier.options = (struct notifier_options){ .pool = f->pool,
		.owner = "me",
		.endpoint = f->endpoint,
		.attempts = 3,
		.renotify_interval_ms = 3600000 };
	sleeper_init(&f->notifier.sleeper);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->notifier.name);
	sleeper_fini(&f->notifier.sleeper);
	server_fini(&f->receiver);
	store_pool_free(f->pool);
	store_close(f->store);
	test_remove_path(f->path);
	err_clear(&f->err);
	free(f);
	return 0;
}

/* Each makes one notification. */
static void add_vulnerability(struct fixture *f, const char *name)
{
	const struct advisory a = { .name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = str_of(name),
		.severity = SEVERITY_HIGH };

	assert_int_equal(
		store_vulnerability_put(f->store, &a, NULL, 0, 0, STORE_NOTIFY_ALL, &f->err), 1);
}

static struct stored_notification read_notification(
	struct fixture *f, const char *name, struct arena *a)
{
	const struct notification_page none = { -1, -1 };
	struct notification_page next;
	struct stored_notification n;

	assert_int_equal(
		store_notification_get(f->store, str_of(name), 0, none, a, &n, &next, &f->err), 1);
	return n;
}

static bool is_locked(struct fixture *f, const char *name)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str owner;
	int64_t until;

	return store_lock_find(f->store, str_of(name), &a, &owner, &until, &f->err) == 1 &&
	       until > clock_wall_s();
}

static void test_nothing_to_send_is_looked_at_again_in_five_minutes(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(notifier_turn(&f->notifier), 300000);
	(void)close(f->receiver.fd);
}

static void test_sent_notification_is_noted_and_not_sent_again(void **state)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct fixture *f = *state;
	char body[128], name[UUID_TEXT_SIZE];

	add_vulnerability(f, "CVE-1");
	server_serve(&f->receiver, &created, 1);
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_true(f->notifier.sent);
	(void)snprintf(name, sizeof(name), "%s", f->notifier.name);
	assert_true(is_locked(f, name));
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_null(f->notifier.name);
	assert_false(is_locked(f, name));
	assert_true(read_notification(f, name, &a).notified_at > 0);
	assert_int_equal(notifier_turn(&f->notifier), 300000);
	server_stop(&f->receiver);
	assert_int_equal(f->receiver.connections, 1);
	(void)snprintf(body, sizeof(body), "\r\n\r\n{\"Notification\":{\"Name\":\"%s\"}}", name);
	assert_true(server_saw(&f->receiver, body));
	assert_true(server_saw(&f->receiver, "Content-Type: application/json\r\n"));
}

static void test_notification_that_nobody_deletes_is_sent_again(void **state)
{
	struct fixture *f = *state;

	f->notifier.options.renotify_interval_ms = 0;
	add_vulnerability(f, "CVE-1");
	server_serve(&f->receiver, &ok, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(notifier_turn(&f->notifier), 0);
	server_stop(&f->receiver);
	assert_int_equal(f->receiver.connections, 2);
}

static void test_failed_attempts_wait_longer_and_longer_then_it_is_left_for_later(void **state)
{
	const struct str answers[] = { broken, broken, broken, ok };
	struct fixture *f = *state;
	char name[UUID_TEXT_SIZE];

	add_vulnerability(f, "CVE-1");
	server_serve(&f->receiver, answers, ARRAY_LEN(answers));
	assert_int_equal(notifier_turn(&f->notifier), 1000);
	(void)snprintf(name, sizeof(name), "%s", f->notifier.name);
	/* Too early: nothing is sent. */
	assert_in_range(notifier_turn(&f->notifier), 1, 1000);
	f->notifier.next_attempt_ms = 0;
	assert_int_equal(notifier_turn(&f->notifier), 2000);
	f->notifier.next_attempt_ms = 0;
	assert_int_equal(notifier_turn(&f->notifier), 0);
	/* Given up: nobody has it in hand, and nobody takes it for a minute. */
	assert_null(f->notifier.name);
	assert_true(is_locked(f, name));
	assert_in_range(notifier_turn(&f->notifier), 50000, 61000);
	assert_int_equal(store_lock(f->store, str_of(name), STR("me"), -1, true, NULL, &f->err), 1);
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_true(f->notifier.sent);
	server_stop(&f->receiver);
	assert_int_equal(f->receiver.connections, 4);
}

static void test_one_that_was_given_up_does_not_keep_others_waiting(void **state)
{
	const struct str answers[] = { broken, ok };
	struct fixture *f = *state;

	f->notifier.options.attempts = 1;
	add_vulnerability(f, "CVE-1");
	add_vulnerability(f, "CVE-2");
	server_serve(&f->receiver, answers, ARRAY_LEN(answers));
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_null(f->notifier.name);
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_true(f->notifier.sent);
	server_stop(&f->receiver);
}

static void test_two_instances_never_have_the_same(void **state)
{
	struct fixture *f = *state;
	struct notifier other = { .options = f->notifier.options };

	other.options.owner = "other";
	sleeper_init(&other.sleeper);
	add_vulnerability(f, "CVE-1");
	server_serve(&f->receiver, &broken, 1);
	assert_int_equal(notifier_turn(&f->notifier), 1000);
	assert_int_equal(notifier_turn(&other), 300000);
	assert_null(other.name);
	server_stop(&f->receiver);
	assert_int_equal(f->receiver.connections, 1);
	sleeper_fini(&other.sleeper);
}

static void test_lock_that_was_lost_ends_the_attempts(void **state)
{
	struct fixture *f = *state;

	add_vulnerability(f, "CVE-1");
	server_serve(&f->receiver, &broken, 1);
	assert_int_equal(notifier_turn(&f->notifier), 1000);
	/* As if this process had been stopped for long. */
	assert_int_equal(
		store_lock(f->store, str_of(f->notifier.name), STR("me"), -1, true, NULL, &f->err),
		1);
	assert_int_equal(store_lock(f->store, str_of(f->notifier.name), STR("other"), 100, false,
				 NULL, &f->err),
		1);
	f->notifier.next_attempt_ms = 0;
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_null(f->notifier.name);
	assert_int_equal(notifier_turn(&f->notifier), 300000);
	server_stop(&f->receiver);
	/* The other one may be sending it at this moment: not even one attempt more. */
	assert_int_equal(f->receiver.connections, 1);
}

static void test_receiver_may_delete_before_it_answers(void **state)
{
	struct fixture *f = *state;

	add_vulnerability(f, "CVE-1");
	server_serve(&f->receiver, &ok, 1);
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_true(f->notifier.sent);
	assert_ok(store_notification_delete(f->store, str_of(f->notifier.name), &f->err), &f->err);
	assert_int_equal(notifier_turn(&f->notifier), 0);
	assert_int_equal(notifier_turn(&f->notifier), 300000);
	server_stop(&f->receiver);
}

static void test_silent_receiver_is_given_up_when_stopping(void **state)
{
	static const struct str nothing = STR_INIT("");
	struct fixture *f = *state;
	struct notifier *n;

	/* It takes the request and never answers; the notifier waits for it, and is stopped. */
	f->receiver.keep_open = true;
	_Atomic bool served = false;
	f->receiver.served = &served;
	add_vulnerability(f, "CVE-1");
	server_serve(&f->receiver, &nothing, 1);
	assert_ok(notifier_start(&f->notifier.options, &n, &f->err), &f->err);
	while (!served)
		(void)sched_yield();
	uint64_t start = clock_monotonic_ms();
	notifier_stop(n);
	notifier_free(n);
	assert_true(clock_monotonic_ms() - start < NOTIFIER_TIMEOUT_MS);
	server_stop(&f->receiver);
	/* Its lock was released: another one has it at once. */
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str name;
	assert_int_equal(
		store_notification_take(f->store, STR("other"), 3600, 60, &a, &name, &f->err), 1);
}

static void test_without_an_endpoint_it_is_off(void **state)
{
	struct fixture *f = *state;
	struct notifier_options o = f->notifier.options;
	struct notifier *n;

	o.endpoint = NULL;
	add_vulnerability(f, "CVE-1");
	assert_ok(notifier_start(&o, &n, &f->err), &f->err);
	notifier_wake(n);
	notifier_free(n);
	notifier_wake(NULL);
	notifier_stop(NULL);
	notifier_free(NULL);
	(void)close(f->receiver.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_to_send_is_looked_at_again_in_five_minutes),
		TEST(test_sent_notification_is_noted_and_not_sent_again),
		TEST(test_notification_that_nobody_deletes_is_sent_again),
		TEST(test_failed_attempts_wait_longer_and_longer_then_it_is_left_for_later),
		TEST(test_one_that_was_given_up_does_not_keep_others_waiting),
		TEST(test_two_instances_never_have_the_same),
		TEST(test_lock_that_was_lost_ends_the_attempts),
		TEST(test_receiver_may_delete_before_it_answers),
		TEST(test_silent_receiver_is_given_up_when_stopping),
		TEST(test_without_an_endpoint_it_is_off),
	};

	log_set_level(LOG_PANIC);
	return cmocka_run_group_tests(tests, clean_environment, NULL);
}
