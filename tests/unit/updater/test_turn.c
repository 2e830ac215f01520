/*
 * Turns of the updater on a real database: when an update is due, the lock, what success and
 * failure leave behind.
 */
#include "../store/store_test.h"

#include <fcntl.h>

#include "updater/updater_priv.h"

struct fixture {
	char *path; /* of the database */
	char *feed; /* the tracker's file */
	struct store_pool *pool;
	struct store *store; /* of the test itself */
	struct updater updater;
	struct updater_source sources[64]; /* debian from a file, and none of the others */
	struct updater_source *source;
	unsigned notified;
	struct err err;
};

static void count_notified(void *ctx)
{
	((struct fixture *)ctx)->notified++;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->path = test_new_path();
	f->store = test_open(f->path, STORE_CREATE);
	f->pool = store_pool_new(f->path, STORE_CREATE, 4);
	if (asprintf(&f->feed, "%s-feed.json", f->path) < 0)
		abort();
	size_t n = 0;
	for (const struct feed_driver *d; (d = feed_driver_at(n)); n++) {
		assert_true(n < ARRAY_LEN(f->sources));
		f->sources[n] = (struct updater_source){ .name = d->name, .disabled = true };
		if (strcmp(d->name, "debian") == 0)
			f->source = &f->sources[n];
	}
	*f->source = (struct updater_source){ .name = "debian", .location = f->feed };
	f->updater.options = (struct updater_options){ .pool = f->pool,
		.owner = "me",
		.interval_ms = 3600000,
		.sources = f->sources,
		.n_sources = n,
		.notified = count_notified,
		.ctx = f };
	sleeper_init(&f->updater.sleeper);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	sleeper_fini(&f->updater.sleeper);
	store_pool_free(f->pool);
	store_close(f->store);
	(void)unlink(f->feed);
	free(f->feed);
	test_remove_path(f->path);
	err_clear(&f->err);
	free(f);
	return 0;
}

static void write_feed(struct fixture *f, const char *fixed)
{
	_cleanup_buf_ struct buf b = BUF_INIT(KIB);
	int fd = io_open(f->feed, O_WRONLY | O_CREAT | O_TRUNC, 0600, &f->err);

	assert_true(fd >= 0);
	buf_printf(&b,
		"{\"zlib\":{\"CVE-2024-0001\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\","
		"\"fixed_version\":\"%s\",\"urgency\":\"low\"}}}}}",
		fixed);
	assert_ok(io_write_all(fd, b.p, b.n, f->feed, &f->err), &f->err);
	assert_int_equal(close(fd), 0);
}

/* "updater/last", or -1. */
static int64_t last_update(struct fixture *f)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text;
	uint64_t value;

	if (store_key_get(f->store, STR("updater/last"), &a, &text, &f->err) != 1)
		return -1;
	assert_true(parse_u64(text, &value));
	return (int64_t)value;
}

static void set_last(struct fixture *f, int64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	assert_ok(store_key_put(f->store, STR("updater/last"), str_of(text), &f->err), &f->err);
}

static void assert_unlocked(struct fixture *f)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str owner;
	int64_t until;

	assert_int_equal(store_lock_find(f->store, STR("updater"), &a, &owner, &until, &f->err), 0);
}

static void test_first_update_is_due_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t before = clock_wall_s();

	write_feed(f, "1:1.2");
	assert_int_equal(updater_turn(&f->updater), f->updater.options.interval_ms);
	assert_in_range(last_update(f), before, clock_wall_s());
	assert_int_equal(store_has_namespace(f->store, STR("debian:12"), &f->err), 1);
	assert_unlocked(f);
	assert_int_equal(f->notified, 0);
}

static void test_next_update_waits_for_the_interval(void **state)
{
	struct fixture *f = *state;

	write_feed(f, "1:1.2");
	set_last(f, clock_wall_s() - 1000);
	/* 3,600 s less 1,000, or a second or two less. */
	assert_in_range(updater_turn(&f->updater), 2590000, 2600000);
	assert_int_equal(store_has_namespace(f->store, STR("debian:12"), &f->err), 0);
	set_last(f, clock_wall_s() - 3600);
	assert_int_equal(updater_turn(&f->updater), f->updater.options.interval_ms);
	assert_int_equal(store_has_namespace(f->store, STR("debian:12"), &f->err), 1);
}

static void test_last_update_in_the_future_waits_one_interval_at_most(void **state)
{
	struct fixture *f = *state;

	set_last(f, clock_wall_s() + 1000000);
	assert_int_equal(updater_turn(&f->updater), 3600000);
}

static void test_failure_is_retried_later_and_later(void **state)
{
	struct fixture *f = *state;

	/* There is no feed. */
	assert_int_equal(updater_turn(&f->updater), 60000);
	assert_int_equal(updater_turn(&f->updater), 120000);
	assert_int_equal(updater_turn(&f->updater), 240000);
	assert_int_equal(last_update(f), -1);
	assert_unlocked(f);
	for (int i = 0; i < 8; i++)
		assert_true(updater_turn(&f->updater) <= f->updater.options.interval_ms);
	assert_int_equal(updater_turn(&f->updater), f->updater.options.interval_ms);
	write_feed(f, "1:1.2");
	assert_int_equal(updater_turn(&f->updater), f->updater.options.interval_ms);
	assert_true(last_update(f) > 0);
	assert_int_equal(f->updater.failures, 0);
}

static void test_lock_of_another_is_waited_for(void **state)
{
	struct fixture *f = *state;
	int64_t until;

	write_feed(f, "1:1.2");
	assert_int_equal(
		store_lock(f->store, STR("updater"), STR("other"), 100, false, &until, &f->err), 1);
	assert_in_range(updater_turn(&f->updater), 90000, 100000);
	assert_int_equal(last_update(f), -1);
	/* It died: its lock expires. */
	assert_int_equal(
		store_lock(f->store, STR("updater"), STR("other"), -1, true, &until, &f->err), 1);
	assert_int_equal(updater_turn(&f->updater), f->updater.options.interval_ms);
	assert_true(last_update(f) > 0);
	assert_unlocked(f);
}

static void test_disabled_source_is_left_alone(void **state)
{
	struct fixture *f = *state;

	f->source->disabled = true;
	assert_int_equal(updater_turn(&f->updater), f->updater.options.interval_ms);
	assert_true(last_update(f) > 0);
}

static void test_nonsense_in_the_database_is_no_end(void **state)
{
	struct fixture *f = *state;

	assert_ok(store_key_put(f->store, STR("updater/last"), STR("yesterday"), &f->err), &f->err);
	assert_int_equal(updater_turn(&f->updater), 60000);
}

static void test_interval_of_zero_is_off(void **state)
{
	struct fixture *f = *state;
	struct updater_options o = f->updater.options;
	struct updater *u;

	write_feed(f, "1:1.2");
	o.interval_ms = 0;
	assert_ok(updater_start(&o, &u, &f->err), &f->err);
	updater_free(u);
	assert_int_equal(last_update(f), -1);
}

static void test_stop_ends_a_waiting_updater(void **state)
{
	struct fixture *f = *state;
	struct updater *u;

	set_last(f, clock_wall_s());
	assert_ok(updater_start(&f->updater.options, &u, &f->err), &f->err);
	updater_stop(u);
	updater_free(u);
	updater_free(NULL);
	updater_stop(NULL);
	assert_unlocked(f);
}

static void test_renewal_that_fails_is_tried_again_while_the_lock_holds(void **state)
{
	struct fixture *f = *state;
	int64_t until;

	assert_int_equal(
		store_lock(f->store, STR("updater"), STR("me"), 600, false, &until, &f->err), 1);
	assert_int_equal(updater_renew_lock(&f->updater), UPDATER_LOCK_RENEW_S * 1000);
	struct store_pool *none = store_pool_new("/nonexistent/db", 0, 1);
	f->updater.options.pool = none;
	assert_in_range(updater_renew_lock(&f->updater), 1,
		(UPDATER_LOCK_S - UPDATER_LOCK_RENEW_S) * 1000 / 4);
	assert_false(atomic_load(&f->updater.cancel));
	f->updater.options.pool = f->pool;
	store_pool_free(none);
	assert_ok(store_unlock(f->store, STR("updater"), STR("me"), &f->err), &f->err);
	assert_int_equal(
		store_lock(f->store, STR("updater"), STR("other"), 600, false, &until, &f->err), 1);
	(void)updater_renew_lock(&f->updater);
	assert_true(atomic_load(&f->updater.cancel));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_update_is_due_at_once),
		TEST(test_next_update_waits_for_the_interval),
		TEST(test_last_update_in_the_future_waits_one_interval_at_most),
		TEST(test_failure_is_retried_later_and_later),
		TEST(test_lock_of_another_is_waited_for),
		TEST(test_renewal_that_fails_is_tried_again_while_the_lock_holds),
		TEST(test_disabled_source_is_left_alone),
		TEST(test_nonsense_in_the_database_is_no_end),
		TEST(test_interval_of_zero_is_off),
		TEST(test_stop_ends_a_waiting_updater),
	};

	log_set_level(LOG_PANIC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
