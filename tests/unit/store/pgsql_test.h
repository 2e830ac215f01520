/*
 * The parts of the tests of what is PostgreSQL's own, and what they share.
 */
#ifndef TESTS_UNIT_STORE_PGSQL_TEST_H
#define TESTS_UNIT_STORE_PGSQL_TEST_H

#include <pthread.h>

#include "layers_test.h"
#include "pgsql_server.h"
#include "store/pgsql/pgsql_priv.h"

/* Each runs a part; the number of failed tests. */
int pgsql_opening(void);
int pgsql_failures(void);
int pgsql_threads(void);
int pgsql_bounds(void);

/* A number that SQL answers with, on a connection of its own. */
static inline int64_t test_pgsql_number(const char *location, const char *sql)
{
	_cleanup_free_ char *text = test_pgsql_at(location, sql);
	uint64_t n = 0;

	if (!text || !parse_u64(str_of(text), &n))
		fail_msg("%s: no number", sql);
	return (int64_t)n;
}

/* Runs SQL for its effect. */
static inline void test_pgsql_do(const char *location, const char *sql)
{
	free(test_pgsql_at(location, sql));
}

int pgsql_set_up(void **state);
int pgsql_tear_down(void **state);

#define PG_TEST(name) cmocka_unit_test_setup_teardown(name, pgsql_set_up, pgsql_tear_down)

#endif
