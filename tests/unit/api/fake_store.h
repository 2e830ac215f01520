/*
 * A store that says what the test wants: in place of the real one, for what a database does not do
 * at will (fail, be busy, take its time) and for answers with known content.
 */
#ifndef TESTS_UNIT_API_FAKE_STORE_H
#define TESTS_UNIT_API_FAKE_STORE_H

#include <pthread.h>

#include "store/store.h"

struct fake_store {
	pthread_mutex_t lock; /* of everything below */
	pthread_cond_t changed;
	enum err_code pool_fails; /* of store_pool_take() */
	enum err_code fails;      /* of every other call */
	bool empty;               /* nothing is there */
	int64_t generation;
	bool hold_reads;          /* store_layer_read() waits until this is false */
	enum err_code read_fails; /* what it ends with then */
	unsigned reads;           /* calls of store_layer_read() */
	unsigned states;          /* calls of store_layer_state() */
	unsigned lent;            /* connections that are not given back */
	/* What was asked for last. */
	struct arena arena;
	struct str asked; /* "get debian:9 CVE-1" */
	struct advisory put;
	struct str not_affected; /* names with a blank behind each */
	unsigned put_flags;
	enum store_notify notify;
	size_t limit;
	struct notification_page page;
	int64_t start_id;
	struct str scheme_of_namespace; /* what store_namespace_get() tells */
};

extern struct fake_store fake;

void fake_reset(void);
/* Lets store_layer_read() go on, and waits until so many have begun. */
void fake_hold_reads(bool hold);
void fake_wait_for_reads(unsigned n);
void fake_wait_for_states(unsigned n);

#endif
