/*
 * The conformance suite's parts: each conformance_*.c runs its tests on the database that
 * conformance.c sets up for each test, whatever its driver.
 */
#ifndef TESTS_UNIT_STORE_CONFORMANCE_H
#define TESTS_UNIT_STORE_CONFORMANCE_H

#include "store_test.h"

/* A test's database. */
struct fixture {
	char *location;
	struct store *store;
};

int conformance_set_up(void **state);
int conformance_tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, conformance_set_up, conformance_tear_down)

static inline struct store *store_of(void **state)
{
	return ((struct fixture *)*state)->store;
}

/* Each runs a part under this name; the number of failed tests. */
int conformance_versions(const char *group);
int conformance_put(const char *group);
int conformance_commit(const char *group);
int conformance_content(const char *group);
int conformance_partial(const char *group);
int conformance_model(const char *group);
int conformance_caches(const char *group);
int conformance_layers(const char *group);
int conformance_layers_model(const char *group);
int conformance_edits(const char *group);
int conformance_concurrency(const char *group);
int conformance_notifications(const char *group);
int conformance_locks(const char *group);

#endif
