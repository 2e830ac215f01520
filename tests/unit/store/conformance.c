/*
 * What store.h promises, held against every driver: each line of `backends` gets the whole suite.
 */
#include "conformance.h"
#include "pgsql_server.h"

struct backend {
	const char *name;
	/* The location of a database that is not there yet; heap. */
	char *(*new_location)(void);
	/* Removes the database, if it was made, and frees the location. */
	void (*remove)(char *location);
};

static const struct backend backends[] = {
	{ "sqlite", test_new_path, test_remove_path },
	{ "postgresql", test_pgsql_new_location, test_pgsql_remove_location },
};

static const struct backend *backend; /* under test */

int conformance_set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->location = backend->new_location();
	f->store = test_open(f->location, STORE_CREATE);
	*state = f;
	return 0;
}

int conformance_tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	backend->remove(f->location);
	free(f);
	return 0;
}

static void reopen(void **state, unsigned flags)
{
	struct fixture *f = *state;

	store_close(f->store);
	f->store = test_open(f->location, flags);
}

static void test_missing_database_is_not_found(void **state UNUSED)
{
	char *location = backend->new_location();
	struct store *s = NULL;
	struct err err = ERR_INIT;

	assert_fails(store_open(location, 0, &s, &err), &err, ERR_NOT_FOUND, location);
	assert_fails(store_open(location, STORE_READ_ONLY, &s, &err), &err, ERR_NOT_FOUND, "");
	assert_null(s);
	backend->remove(location);
}

static void test_data_is_there_after_reopening(void **state)
{
	struct store_update *u = test_begin(store_of(state), "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "2.0");
	assert_result(test_commit(u, 100), 1, 0, 0, 0);
	reopen(state, 0);
	assert_match(store_of(state), "debian:12", "bash", "1.0", "CVE-1=2.0");
	reopen(state, STORE_CREATE);
	assert_match(store_of(state), "debian:12", "bash", "1.0", "CVE-1=2.0");
	reopen(state, STORE_READ_ONLY);
	assert_match(store_of(state), "debian:12", "bash", "1.0", "CVE-1=2.0");
}

static void test_read_only_store_refuses_to_write(void **state)
{
	struct store_update *u = NULL;
	struct digest d = { { 1 } };
	struct file_stamp stamp = { .device = 1 };
	struct source_state source = { .name = STR("debian") };
	struct err err = ERR_INIT;

	reopen(state, STORE_READ_ONLY);
	struct store *s = store_of(state);
	assert_fails(store_update_begin(s, STR("debian"), &u, &err), &err, ERR_USAGE, "reading");
	assert_fails(store_source_touch(s, &source, &err), &err, ERR_USAGE, "reading");
	assert_fails(store_facts_put(s, &d, 1, span_n("x", 1), &err), &err, ERR_USAGE, "reading");
	assert_fails(store_file_digest_put(s, &stamp, &d, &err), &err, ERR_USAGE, "reading");
}

static int opening(const char *group)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_database_is_not_found),
		TEST(test_data_is_there_after_reopening),
		TEST(test_read_only_store_refuses_to_write),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(backends); i++) {
		backend = &backends[i];
		failed += opening(backend->name);
		failed += conformance_versions(backend->name);
		failed += conformance_put(backend->name);
		failed += conformance_commit(backend->name);
		failed += conformance_content(backend->name);
		failed += conformance_partial(backend->name);
		failed += conformance_model(backend->name);
		failed += conformance_caches(backend->name);
		failed += conformance_layers(backend->name);
		failed += conformance_edits(backend->name);
		failed += conformance_notifications(backend->name);
		failed += conformance_locks(backend->name);
		failed += conformance_layers_model(backend->name);
		failed += conformance_concurrency(backend->name);
	}
	return failed;
}
