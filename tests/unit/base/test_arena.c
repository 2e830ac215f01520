/*
 * Arenas.
 */
#include "../test.h"

#include <stdalign.h>

static void test_memory_is_zeroed_aligned_and_apart(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *last = NULL;

	for (size_t n = 0; n < 3000; n++) {
		char *p = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		/* An odd string in between must not spoil the alignment of what follows. */
		assert_str(arena_str(&a, STR("odd")), "odd");
		assert_ptr_not_equal(p, last);
		last = p;
	}
}

static void test_strings_are_copied_and_terminated(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char text[] = "text";
	struct str copy = arena_str(&a, str_n(text, 3));
	struct str empty = arena_str(&a, STR_NULL);

	text[0] = 'X';
	assert_string_equal(copy.p, "tex");
	assert_int_equal(copy.n, 3);
	assert_non_null(empty.p);
	assert_int_equal(empty.n, 0);
	assert_string_equal(arena_cstr(&a, STR_NULL), "");
	assert_str(arena_printf(&a, "%d-%" PRIstr, 7, STR_ARG(copy)), "7-tex");
}

static void test_earlier_pieces_survive_later_ones(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str pieces[200];
	char *large;

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		pieces[i] = arena_printf(&a, "%0*zu", (int)(i * 37), i);
	large = arena_alloc(&a, 5 * MIB);
	memset(large, 1, 5 * MIB);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		_cleanup_free_ char *expected = NULL;

		assert_true(asprintf(&expected, "%0*zu", (int)(i * 37), i) >= 0);
		assert_string_equal(pieces[i].p, expected);
	}
}

static void test_arena_counts_and_is_used_again(void **state UNUSED)
{
	struct arena a;

	arena_init(&a);
	(void)arena_alloc(&a, 100);
	(void)arena_alloc(&a, 23);
	assert_int_equal(a.used_bytes, 123);
	arena_fini(&a);
	assert_int_equal(a.used_bytes, 0);
	assert_str(arena_str(&a, STR("again")), "again");
	arena_fini(&a);
}

/* AddressSanitizer would abort where malloc() fails. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static jmp_buf after_exhaustion;

static void on_exhaustion(void)
{
	longjmp(after_exhaustion, 1);
}

static void test_exhaustion_calls_the_handler(void **state UNUSED)
{
	volatile bool called = false;

	xmalloc_on_exhaustion(on_exhaustion);
	if (setjmp(after_exhaustion) == 0) {
		volatile size_t too_much = SIZE_MAX / 2;

		free(xmalloc(too_much));
	} else {
		called = true;
	}
	xmalloc_on_exhaustion(NULL);
	assert_true(called);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(test_strings_are_copied_and_terminated),
		cmocka_unit_test(test_earlier_pieces_survive_later_ones),
		cmocka_unit_test(test_arena_counts_and_is_used_again),
		cmocka_unit_test(test_exhaustion_calls_the_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
