/*
 * A store in memory that does as it is told, linked instead of the real one.
 */
#ifndef TESTS_UNIT_INDEX_FAKE_STORE_H
#define TESTS_UNIT_INDEX_FAKE_STORE_H

#include "base/base.h"

#include "store/store.h"

struct fake_store {
	_Atomic enum err_code fail; /* no connection is to be had, with this code */
	_Atomic size_t inherited;   /* layers that were put as heirs */
};

extern struct fake_store fake_store;

void fake_store_clear(void);
/* What happened to a layer behind the indexer's back. */
void fake_store_set_engine(const char *name, uint32_t version);
void fake_store_set_facts(const char *name, struct str facts);
void fake_store_forget(const char *name);

#endif
