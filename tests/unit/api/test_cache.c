/*
 * The cache of answers.
 */
#include "../test.h"

#include "api/cache.h"

static struct answer_key key(int64_t id, bool gzip)
{
	return (struct answer_key){
		.state = { .id = id, .generation = 1 },
		.part = LAYER_PART_FEATURES,
		.gzip = gzip,
	};
}

static struct http_body *body_of(size_t n)
{
	struct buf b = BUF_INIT(16 * MIB);

	memset(buf_reserve(&b, n), 'x', n);
	buf_commit(&b, n);
	return http_body_new(&b, false);
}

/* What is found for a key; a hit is let go of. */
static enum answer_found ask(struct answer_cache *c, struct answer_key k, struct answer_waiter *w)
{
	struct http_body *body = NULL;
	enum answer_found found = answer_cache_ask(c, &k, w, &body);

	assert_true((body != NULL) == (found == ANSWER_HIT));
	if (body)
		http_body_unref(body);
	return found;
}

static struct answer_waiter *settle(
	struct answer_cache *c, struct answer_key asked, struct answer_key made, size_t n)
{
	_cleanup_(http_body_unrefp) struct http_body *body = n ? body_of(n) : NULL;

	return answer_cache_settle(c, &asked, &made, body);
}

/* Makes and keeps an answer of n bytes. */
static void make(struct answer_cache *c, struct answer_key k, size_t n)
{
	struct answer_waiter w;

	assert_int_equal(ask(c, k, &w), ANSWER_MAKE);
	assert_null(settle(c, k, k, n));
}

static void an_answer_is_found_by_all_it_depends_on(void **state)
{
	struct answer_cache *c = answer_cache_new(MIB);
	struct answer_key other = key(1, true);
	struct answer_waiter w;

	(void)state;
	make(c, other, 10);
	assert_int_equal(ask(c, other, &w), ANSWER_HIT);
	other.state.generation = 2;
	assert_int_equal(ask(c, other, &w), ANSWER_MAKE);
	assert_null(settle(c, other, other, 0));
	other.state.generation = 1;
	other.part = LAYER_PART_VULNERABILITIES;
	assert_int_equal(ask(c, other, &w), ANSWER_MAKE);
	assert_null(settle(c, other, other, 0));
	answer_cache_free(c);
}

static void gzipped_answers_are_others(void **state)
{
	struct answer_cache *c = answer_cache_new(MIB);
	struct answer_waiter w;

	(void)state;
	make(c, key(1, true), 10);
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_MAKE);
	assert_null(settle(c, key(1, false), key(1, false), 0));
	make(c, key(2, false), 10);
	assert_int_equal(ask(c, key(2, true), &w), ANSWER_MAKE);
	assert_null(settle(c, key(2, true), key(2, true), 0));
	answer_cache_free(c);
}

static void who_asks_meanwhile_waits_and_is_handed_over(void **state)
{
	struct answer_cache *c = answer_cache_new(MIB);
	struct answer_waiter w, first, second;

	(void)state;
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_MAKE);
	assert_int_equal(ask(c, key(1, false), &first), ANSWER_JOINED);
	assert_int_equal(ask(c, key(1, false), &second), ANSWER_JOINED);
	assert_int_equal(ask(c, key(2, false), &w), ANSWER_MAKE);
	assert_null(settle(c, key(2, false), key(2, false), 0));
	struct answer_waiter *waiting = settle(c, key(1, false), key(1, false), 10);
	assert_ptr_equal(waiting, &second);
	assert_ptr_equal(waiting->next, &first);
	assert_null(first.next);
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_HIT);
	answer_cache_free(c);
}

static void an_answer_of_a_later_state_is_kept_as_that(void **state)
{
	struct answer_cache *c = answer_cache_new(MIB);
	struct answer_key later = key(1, false);
	struct answer_waiter w;

	(void)state;
	later.state.generation = 2;
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_MAKE);
	assert_null(settle(c, key(1, false), later, 10));
	assert_int_equal(ask(c, later, &w), ANSWER_HIT);
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_MAKE);
	/* One that is there, or being made, stays. */
	assert_null(settle(c, key(1, false), later, 10));
	answer_cache_free(c);
}

static void what_was_asked_for_longest_ago_goes_first(void **state)
{
	struct answer_cache *c = answer_cache_new(100 * KIB);
	struct answer_waiter w;

	(void)state;
	for (int64_t i = 1; i <= 4; i++)
		make(c, key(i, false), 20 * KIB);
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_HIT);
	make(c, key(5, false), 20 * KIB);
	assert_true(answer_cache_bytes(c) <= 100 * KIB);
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_HIT);
	assert_int_equal(ask(c, key(5, false), &w), ANSWER_HIT);
	assert_int_equal(ask(c, key(2, false), &w), ANSWER_MAKE);
	assert_null(settle(c, key(2, false), key(2, false), 0));
	answer_cache_free(c);
}

static void what_takes_too_much_of_the_room_is_not_kept(void **state)
{
	struct answer_cache *c = answer_cache_new(100 * KIB);
	struct answer_waiter w;

	(void)state;
	make(c, key(1, false), 26 * KIB);
	assert_int_equal(answer_cache_bytes(c), 0);
	assert_int_equal(ask(c, key(1, false), &w), ANSWER_MAKE);
	assert_null(settle(c, key(1, false), key(1, false), 0));
	answer_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_found_by_all_it_depends_on),
		cmocka_unit_test(gzipped_answers_are_others),
		cmocka_unit_test(who_asks_meanwhile_waits_and_is_handed_over),
		cmocka_unit_test(an_answer_of_a_later_state_is_kept_as_that),
		cmocka_unit_test(what_was_asked_for_longest_ago_goes_first),
		cmocka_unit_test(what_takes_too_much_of_the_room_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
