/*
 * What is PostgreSQL's own: connections that break, between calls and within them.
 */
#include <signal.h>

#include "pgsql_test.h"

/* Ends the connections of the driver to any database, and waits until they are gone. */
static void kill_backends(const char *location)
{
	test_pgsql_do(location, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
				" WHERE application_name = 'clair'");
}

static int64_t count_waiting(const char *location)
{
	return test_pgsql_number(location, "SELECT count(*) FROM pg_stat_activity"
					   " WHERE application_name = 'clair'"
					   " AND wait_event_type = 'Lock'");
}

static void wait_until_waiting(const char *location)
{
	while (count_waiting(location) == 0)
		(void)usleep(1000);
}

static void put_key(struct store *s, const char *value)
{
	struct err err = ERR_INIT;

	assert_ok(store_key_put(s, STR("k"), str_of(value), &err), &err);
}

static void assert_key(struct store *s, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str value;
	struct err err = ERR_INIT;

	assert_int_equal(store_key_get(s, STR("k"), &a, &value, &err), 1);
	assert_str(value, expected);
}

/* --- between calls */

static void test_calls_find_the_server_again(void **state)
{
	struct fixture *f = *state;
	struct store *s = f->store;
	struct err err = ERR_INIT;

	test_layer(s, "base", "", "bash=1");
	kill_backends(f->location);
	put_key(s, "1");
	kill_backends(f->location);
	assert_key(s, "1");
	kill_backends(f->location);
	assert_true(test_has_layer(s, "base"));
	kill_backends(f->location);
	test_layer(s, "child", "base", "bash=1@base");
	kill_backends(f->location);
	assert_int_equal(test_state(s, "child").id, 2);
	kill_backends(f->location);
	struct store_update *u = test_begin(s, "debian");
	test_put(u, "debian:12", "CVE-1", "bash", "", "2");
	kill_backends(f->location);
	assert_result(test_commit(u, 1), 1, 0, 0, 0);
	kill_backends(f->location);
	assert_match(s, "debian:12", "bash", "1", "CVE-1=2");
	kill_backends(f->location);
	assert_int_equal(store_lock(s, STR("l"), STR("me"), 100, false, NULL, &err), 1);
	kill_backends(f->location);
	assert_ok(store_ping(s, &err), &err);
}

static void test_server_that_is_away_is_told_and_found_again(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	put_key(f->store, "1");
	test_pgsql_kill();
	for (int i = 0; i < 2; i++) {
		assert_fails(store_ping(f->store, &err), &err, ERR_UPSTREAM, f->location);
		assert_fails(store_key_put(f->store, STR("k"), STR("2"), &err), &err, ERR_UPSTREAM,
			test_pgsql_folder());
	}
	test_pgsql_start();
	assert_ok(store_ping(f->store, &err), &err);
	assert_key(f->store, "1");
	put_key(f->store, "3");
	assert_key(f->store, "3");
}

static void test_server_that_hangs_is_given_up(void **state)
{
	struct fixture *f = *state;
	struct pg_store *s = (struct pg_store *)f->store;
	struct err err = ERR_INIT;

	assert_ok(store_ping(f->store, &err), &err);
	s->timeout_s = 1;
	pid_t hanging = PQbackendPID(s->conn);
	assert_int_equal(kill(hanging, SIGSTOP), 0);
	/* Another one answers. */
	assert_ok(store_ping(f->store, &err), &err);
	assert_int_not_equal(PQbackendPID(s->conn), hanging);
	assert_int_equal(kill(hanging, SIGCONT), 0);
	hanging = PQbackendPID(s->conn);
	assert_int_equal(kill(hanging, SIGSTOP), 0);
	assert_fails(store_lock(f->store, STR("l"), STR("me"), 1, false, NULL, &err), &err,
		ERR_UPSTREAM, "does not answer");
	assert_int_equal(kill(hanging, SIGCONT), 0);
}

static void lose_statements(struct store *s)
{
	PQclear(PQexec(((struct pg_store *)s)->conn, "DEALLOCATE ALL"));
}

/* As behind a pooler that gives each transaction another session. */
static void test_session_without_its_statements_is_left(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	test_layer(f->store, "base", "", "bash=1");
	put_key(f->store, "1");
	lose_statements(f->store);
	assert_key(f->store, "1");
	lose_statements(f->store);
	test_layer(f->store, "child", "base", "bash=1@base");
	assert_int_equal(store_lock(f->store, STR("l"), STR("me"), 1, false, NULL, &err), 1);
	lose_statements(f->store);
	assert_fails(store_lock(f->store, STR("l"), STR("you"), 1, false, NULL, &err), &err,
		ERR_UPSTREAM, "pooler");
	assert_int_equal(store_lock(f->store, STR("l"), STR("you"), 1, false, NULL, &err), 0);
}

/* --- within calls: they wait for a lock when the connection is cut */

struct call {
	struct store *s;
	int (*run)(struct store *s, struct err *err);
	struct err err;
	int result;
	pthread_t thread;
};

static void *run_call(void *aux)
{
	struct call *c = aux;

	c->result = c->run(c->s, &c->err);
	return NULL;
}

/* Runs a call against a locked table, cuts its connection, unlocks the table. */
static struct call cut_off(
	struct fixture *f, const char *table, int (*run)(struct store *s, struct err *err))
{
	struct call c = { .s = f->store, .run = run };
	PGconn *other = test_pgsql_connect(f->location);
	char sql[100];

	(void)snprintf(sql, sizeof(sql), "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", table);
	free(test_pgsql_ask(other, "BEGIN"));
	free(test_pgsql_ask(other, sql));
	assert_int_equal(pthread_create(&c.thread, NULL, run_call, &c), 0);
	wait_until_waiting(f->location);
	kill_backends(f->location);
	free(test_pgsql_ask(other, "COMMIT"));
	assert_int_equal(pthread_join(c.thread, NULL), 0);
	PQfinish(other);
	return c;
}

static int call_put_key(struct store *s, struct err *err)
{
	return store_key_put(s, STR("k"), STR("cut"), err);
}

static int call_read(struct store *s, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_view view;
	int r = store_layer_read(s, STR("base"), LAYER_PART_VULNERABILITIES, &a, &view, err);

	layer_view_fini(&view);
	return r;
}

static int call_put_layer(struct store *s, struct err *err)
{
	return test_try_layer(s,
		(struct test_layer){ .name = "new", .parent = "base", .features = "curl=2" }, err);
}

static int call_take(struct store *s, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str name;

	return store_notification_take(s, STR("me"), 100, 100, &a, &name, err);
}

static int call_delete(struct store *s, struct err *err)
{
	return store_layer_delete(s, STR("base"), err);
}

static int call_update(struct store *s, struct err *err)
{
	struct store_update *u = test_begin(s, "debian");
	struct store_update_result result;

	test_put(u, "debian:12", "CVE-2", "bash", "", "2");
	return test_try_commit(u, 2, &result, err);
}

static void assert_call(struct call c, int result)
{
	if (c.result != result)
		fail_msg("%d: %s", c.result, err_msg(&c.err));
	err_clear(&c.err);
}

static void test_what_may_be_done_twice_is_repeated(void **state)
{
	struct fixture *f = *state;

	test_layer(f->store, "base", "", "bash=1");
	assert_call(cut_off(f, "keyvalue", call_put_key), 0);
	assert_key(f->store, "cut");
	assert_call(cut_off(f, "vulnerability", call_read), 1);
	assert_call(cut_off(f, "layer", call_read), 1);
}

static void test_transaction_that_was_cut_is_begun_anew(void **state)
{
	struct fixture *f = *state;

	test_layer(f->store, "base", "", "bash=1");
	assert_call(cut_off(f, "layer_feature", call_put_layer), 1);
	assert_call(cut_off(f, "layer", call_delete), 0);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM layer"), 0);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM layer_content"), 0);
}

static void test_what_may_have_been_done_is_not_repeated(void **state)
{
	struct fixture *f = *state;

	assert_call(cut_off(f, "notification", call_take), -ERR_UPSTREAM);
	assert_call(cut_off(f, "notification", call_take), -ERR_UPSTREAM);
	assert_call((struct call){ .result = call_take(f->store, NULL) }, 0);
}

static void test_update_that_was_cut_leaves_the_old_state(void **state)
{
	static const char *const tables[] = { "text", "fix", "source", "generation" };
	struct fixture *f = *state;
	struct store_update *u = test_begin(f->store, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "2");
	(void)test_commit(u, 1);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		assert_call(cut_off(f, tables[i], call_update), -ERR_UPSTREAM);
		assert_match(f->store, "debian:12", "bash", "1", "CVE-1=2");
	}
	assert_call((struct call){ .result = call_update(f->store, NULL) }, 0);
	assert_match(f->store, "debian:12", "bash", "1", "CVE-2=2");
}

/* --- waiting */

static void test_other_writers_are_waited_for_so_long(void **state)
{
	struct fixture *f = *state;
	PGconn *other = test_pgsql_connect(f->location);
	struct err err = ERR_INIT;

	free(test_pgsql_ask(other, "BEGIN"));
	free(test_pgsql_ask(other, "SELECT pg_advisory_xact_lock(" PG_ADVISORIES_LOCK_ID ")"));
	store_set_busy_timeout(f->store, 20);
	assert_fails(call_update(f->store, &err), &err, ERR_BUSY, "another process");
	/* Nothing else waits. */
	test_layer(f->store, "base", "", "bash=1");
	put_key(f->store, "1");
	free(test_pgsql_ask(other, "COMMIT"));
	assert_ok(call_update(f->store, &err), &err);
	PQfinish(other);
}

static void test_reads_and_posts_do_not_wait_for_an_update(void **state)
{
	struct fixture *f = *state;
	PGconn *other = test_pgsql_connect(f->location);
	struct store *second = test_open(f->location, 0);
	struct call c = { .s = second, .run = call_update };

	test_layer(f->store, "base", "", "bash=1");
	/* The update has written its rows when it waits for its source's. */
	(void)test_commit(test_begin(f->store, "debian"), 1);
	free(test_pgsql_ask(other, "BEGIN"));
	free(test_pgsql_ask(other, "SELECT 1 FROM source FOR NO KEY UPDATE"));
	assert_int_equal(pthread_create(&c.thread, NULL, run_call, &c), 0);
	wait_until_waiting(f->location);
	store_set_busy_timeout(f->store, 20);
	assert_match(f->store, "debian:12", "bash", "1", "");
	assert_int_equal(call_read(f->store, NULL), 1);
	test_layer(f->store, "child", "base", "bash=2 curl=1");
	free(test_pgsql_ask(other, "COMMIT"));
	assert_int_equal(pthread_join(c.thread, NULL), 0);
	assert_call(c, 0);
	assert_match(f->store, "debian:12", "bash", "1", "CVE-2=2");
	store_close(second);
	PQfinish(other);
}

/* It may have been read before the commit was seen, and is to be looked at again. */
static void test_layer_that_comes_during_a_commit_is_notified_of(void **state)
{
	struct fixture *f = *state;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	PGconn *other = test_pgsql_connect(f->location);
	struct store *second = test_open(f->location, 0);
	struct call c = { .s = second, .run = call_update };
	struct str name;

	(void)test_commit(test_begin(f->store, "debian"), 1);
	free(test_pgsql_ask(other, "BEGIN"));
	free(test_pgsql_ask(other, "SELECT 1 FROM source FOR NO KEY UPDATE"));
	assert_int_equal(pthread_create(&c.thread, NULL, run_call, &c), 0);
	wait_until_waiting(f->location);
	test_layer(f->store, "base", "", "bash=1");
	assert_findings(f->store, "base", "");
	free(test_pgsql_ask(other, "COMMIT"));
	assert_int_equal(pthread_join(c.thread, NULL), 0);
	assert_call(c, 0);
	assert_findings(f->store, "base", "bash/1:CVE-2=2");
	assert_int_equal(
		store_notification_take(f->store, STR("me"), 100, 100, &a, &name, NULL), 1);
	assert_int_equal(
		store_notification_take(f->store, STR("me"), 100, 100, &a, &name, NULL), 0);
	store_close(second);
	PQfinish(other);
}

/* --- two servers */

static void test_standby_that_is_promoted_takes_over(void **state)
{
	struct fixture *f = *state;
	const char *schema = strrchr(f->location, 't'), *standby;
	_cleanup_free_ char *both = NULL, *only = NULL;
	struct err err = ERR_INIT;

	test_layer(f->store, "base", "", "bash=1");
	standby = test_pgsql_start_standby();
	assert_true(asprintf(&both,
			    "postgresql://clair@/postgres?host=%s,%s&options=-csearch_path"
			    "%%3D%s",
			    standby, test_pgsql_folder(), schema) > 0);
	assert_true(asprintf(&only,
			    "postgresql://clair@/postgres?host=%s&options=-csearch_path"
			    "%%3D%s",
			    standby, schema) > 0);

	/* A standby can be read, but is no place to write to. */
	struct store *s = test_open(only, STORE_READ_ONLY);
	assert_true(test_has_layer(s, "base"));
	assert_int_equal(call_read(s, &err), 1);
	store_close(s);
	s = test_open(only, 0);
	assert_int_equal(call_read(s, &err), 1);
	assert_fails(store_key_put(s, STR("k"), STR("1"), &err), &err, ERR_UPSTREAM, "read-only");
	assert_fails(call_put_layer(s, &err), &err, ERR_UPSTREAM, "read-only");
	store_close(s);

	s = test_open(both, 0);
	put_key(s, "1");
	const struct layer_state before = test_state(s, "base");
	test_pgsql_kill();
	assert_fails(store_ping(s, &err), &err, ERR_UPSTREAM, "read-only");
	test_pgsql_promote_standby();
	assert_int_equal(call_put_layer(s, &err), 1);
	put_key(s, "2");
	assert_key(s, "2");
	/* What the new one does from here on, the old one may have done otherwise. */
	assert_int_not_equal(test_state(s, "base").generation, before.generation);
	store_close(s);
	test_pgsql_start();
}

int pgsql_failures(void)
{
	const struct CMUnitTest tests[] = {
		PG_TEST(test_calls_find_the_server_again),
		PG_TEST(test_server_that_is_away_is_told_and_found_again),
		PG_TEST(test_server_that_hangs_is_given_up),
		PG_TEST(test_session_without_its_statements_is_left),
		PG_TEST(test_what_may_be_done_twice_is_repeated),
		PG_TEST(test_transaction_that_was_cut_is_begun_anew),
		PG_TEST(test_what_may_have_been_done_is_not_repeated),
		PG_TEST(test_update_that_was_cut_leaves_the_old_state),
		PG_TEST(test_other_writers_are_waited_for_so_long),
		PG_TEST(test_reads_and_posts_do_not_wait_for_an_update),
		PG_TEST(test_layer_that_comes_during_a_commit_is_notified_of),
		PG_TEST(test_standby_that_is_promoted_takes_over),
	};

	return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
