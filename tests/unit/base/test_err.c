/*
 * Errors.
 */
#include "../test.h"

#include <errno.h>

static void test_error_is_set_wrapped_and_cleared(void **state UNUSED)
{
	struct err err = ERR_INIT;

	assert_string_equal(err_msg(&err), "no error");
	assert_int_equal(err_set(&err, ERR_INPUT, "bad %s", "byte"), -ERR_INPUT);
	assert_string_equal(err_msg(&err), "bad byte");
	assert_int_equal(err_wrap(&err, "layer %d", 3), -ERR_INPUT);
	assert_int_equal(err_wrap(&err, "image"), -ERR_INPUT);
	assert_string_equal(err_msg(&err), "image: layer 3: bad byte");
	err_clear(&err);
	assert_int_equal(err.code, ERR_NONE);
	assert_null(err.msg);
	err_clear(&err);
	err_clear(NULL);
}

static void test_new_error_may_quote_the_old_one(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;

	(void)err_set(&err, ERR_IO, "first");
	assert_int_equal(err_set(&err, ERR_BUSY, "second after %s", err_msg(&err)), -ERR_BUSY);
	assert_string_equal(err_msg(&err), "second after first");
	(void)err_wrap(&err, "because %s", err_msg(&err));
	assert_string_equal(err_msg(&err), "because second after first: second after first");
}

static void test_errno_is_put_into_words(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;

	assert_int_equal(err_set_errno(&err, ERR_IO, ENOSPC, "write %s", "x"), -ERR_IO);
	assert_string_equal(err_msg(&err), "write x: No space left on device");
	assert_int_equal(err_set_errno(&err, ERR_IO, 99999, "odd"), -ERR_IO);
	assert_string_equal(err_msg(&err), "odd: Unknown error 99999");
}

static void test_nobody_needs_to_listen(void **state UNUSED)
{
	struct err from = ERR_INIT;

	assert_int_equal(err_set(NULL, ERR_INPUT, "x"), -ERR_INPUT);
	assert_int_equal(err_set_errno(NULL, ERR_IO, EIO, "x"), -ERR_IO);
	assert_true(err_wrap(NULL, "x") < 0);
	(void)err_set(&from, ERR_UPSTREAM, "x");
	assert_int_equal(err_move(NULL, &from), -ERR_UPSTREAM);
	assert_int_equal(from.code, ERR_NONE);
}

static void test_move_hands_over_the_message(void **state UNUSED)
{
	_cleanup_err_ struct err to = ERR_INIT;
	struct err from = ERR_INIT;

	(void)err_set(&to, ERR_IO, "old");
	(void)err_set(&from, ERR_MISMATCH, "new");
	assert_int_equal(err_move(&to, &from), -ERR_MISMATCH);
	assert_int_equal(to.code, ERR_MISMATCH);
	assert_string_equal(err_msg(&to), "new");
	assert_null(from.msg);
}

static void test_every_code_has_its_own_word(void **state UNUSED)
{
	for (int a = 0; a < ERR_COUNT; a++) {
		assert_string_not_equal(err_code_to_str((enum err_code)a), "unknown");
		for (int b = 0; b < a; b++)
			assert_string_not_equal(err_code_to_str((enum err_code)a),
				err_code_to_str((enum err_code)b));
	}
	assert_string_equal(err_code_to_str(ERR_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_is_set_wrapped_and_cleared),
		cmocka_unit_test(test_new_error_may_quote_the_old_one),
		cmocka_unit_test(test_errno_is_put_into_words),
		cmocka_unit_test(test_nobody_needs_to_listen),
		cmocka_unit_test(test_move_hands_over_the_message),
		cmocka_unit_test(test_every_code_has_its_own_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
