/*
 * The store of a test: SQLite (sqlite_store.c), or one in memory that does as it is told, linked
 * instead of the real one (fake_store.c).
 */
#ifndef TESTS_UNIT_INDEX_TEST_STORE_H
#define TESTS_UNIT_INDEX_TEST_STORE_H

#include "base/base.h"

#include "store/store.h"

/* An empty store, until test_store_end(). */
void test_store_begin(void);
void test_store_end(void);
struct store_pool *test_store_pool(void);
/* A connection to look at it. */
struct store *test_store(void);

/* --- the one in memory only
 * ------------------------------------------------------------------------------------------- */

struct fake_store {
	_Atomic enum err_code fail; /* no connection is to be had, with this code */
	_Atomic unsigned fail_once; /* the next so many times */
	_Atomic size_t inherited;   /* layers that were put as heirs */
};

extern struct fake_store fake_store;

void fake_store_clear(void);
/* What happened to a layer behind the indexer's back. */
void fake_store_set_engine(const char *name, uint32_t version);
void fake_store_set_facts(const char *name, struct str facts);
void fake_store_forget(const char *name);

#endif
