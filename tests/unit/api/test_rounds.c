/*
 * Rounds of requests for one read.
 */
#include <pthread.h>
#include <sched.h>

#include "../test.h"

#include "api/rounds.h"

static void the_first_leads_alone(void **state)
{
	struct rounds *rs = rounds_new();
	struct answer_waiter a;
	(void)state;

	struct round *r = rounds_come(rs, STR("layer"), &a);
	assert_non_null(r);
	assert_null(a.next);
	assert_true(str_eq(round_name(r), STR("layer")));
	assert_null(round_next(rs, r));
	rounds_free(rs);
}

/* The read of the first round runs when b and c come: what it gives may be older than they are. */
static void who_comes_while_a_round_reads_gets_the_next_one(void **state)
{
	struct rounds *rs = rounds_new();
	struct answer_waiter a, b, c, d;
	(void)state;

	struct round *r = rounds_come(rs, STR("layer"), &a);
	assert_null(rounds_come(rs, STR("layer"), &b));
	assert_null(rounds_come(rs, STR("layer"), &c));
	assert_null(a.next);
	struct answer_waiter *second = round_next(rs, r);
	assert_ptr_equal(second, &c);
	assert_ptr_equal(second->next, &b);
	assert_null(b.next);
	assert_null(rounds_come(rs, STR("layer"), &d));
	assert_null(b.next);
	assert_ptr_equal(round_next(rs, r), &d);
	assert_null(d.next);
	assert_null(round_next(rs, r));
	rounds_free(rs);
}

static void names_have_rounds_of_their_own(void **state)
{
	struct rounds *rs = rounds_new();
	struct answer_waiter a, b, c;
	(void)state;

	struct round *one = rounds_come(rs, STR("layer"), &a);
	struct round *other = rounds_come(rs, STR("layer2"), &b);
	assert_non_null(one);
	assert_non_null(other);
	assert_null(rounds_come(rs, STR("layer"), &c));
	assert_null(round_next(rs, other));
	assert_ptr_equal(round_next(rs, one), &c);
	assert_null(round_next(rs, one));
	rounds_free(rs);
}

static void after_the_last_round_somebody_leads_again(void **state)
{
	struct rounds *rs = rounds_new();
	struct answer_waiter a, b;
	(void)state;

	assert_null(round_next(rs, rounds_come(rs, STR("layer"), &a)));
	struct round *r = rounds_come(rs, STR("layer"), &b);
	assert_non_null(r);
	assert_null(round_next(rs, r));
	rounds_free(rs);
}

/* Threads that come again and again: each read that somebody gets began after they came. */
enum { THREADS = 4, TIMES = 2000 };

struct comer {
	struct answer_waiter waiter;
	struct rounds *rounds;
	_Atomic uint64_t *clock;
	_Atomic uint64_t read_at;
};

static void *come_often(void *arg)
{
	struct comer *me = arg;

	for (int i = 0; i < TIMES; i++) {
		me->read_at = 0;
		me->waiter.ctx = me;
		uint64_t came_at = ++*me->clock;
		struct answer_waiter *waiter = &me->waiter;
		struct round *r = rounds_come(me->rounds, STR("layer"), waiter);
		while (r && waiter) {
			uint64_t read_at = ++*me->clock;

			while (waiter) {
				struct comer *other = waiter->ctx;

				waiter = waiter->next;
				other->read_at = read_at;
			}
			waiter = round_next(me->rounds, r);
		}
		while (me->read_at == 0)
			(void)sched_yield();
		if (me->read_at <= came_at)
			return me;
	}
	return NULL;
}

static void many_threads_get_reads_that_began_after_they_came(void **state)
{
	_Atomic uint64_t clock = 0;
	struct rounds *rs = rounds_new();
	struct comer readers[THREADS];
	pthread_t threads[THREADS];
	(void)state;

	for (size_t i = 0; i < THREADS; i++) {
		readers[i] = (struct comer){ .rounds = rs, .clock = &clock };
		assert_int_equal(pthread_create(&threads[i], NULL, come_often, &readers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		void *stale;

		assert_int_equal(pthread_join(threads[i], &stale), 0);
		assert_null(stale);
	}
	rounds_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_leads_alone),
		cmocka_unit_test(who_comes_while_a_round_reads_gets_the_next_one),
		cmocka_unit_test(names_have_rounds_of_their_own),
		cmocka_unit_test(after_the_last_round_somebody_leads_again),
		cmocka_unit_test(many_threads_get_reads_that_began_after_they_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
