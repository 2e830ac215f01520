/*
 * What all schemes have in common.
 */
#include "check.h"

static void test_schemes_are_found_by_name_and_number(void **state UNUSED)
{
	static const char *const names[] = { "dpkg", "rpm", "apk" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_string_equal(version_scheme_at(i)->name, names[i]);
		assert_ptr_equal(version_scheme_by_name(str_of(names[i])), version_scheme_at(i));
	}
	assert_null(version_scheme_at(ARRAY_LEN(names)));
	assert_null(version_scheme_at(SIZE_MAX));
	assert_null(version_scheme_by_name(STR("")));
	assert_null(version_scheme_by_name(STR("RPM")));
	assert_null(version_scheme_by_name(STR("rpm2")));
}

static struct str span_str(struct span s)
{
	return str_from_span(s);
}

static void test_all_keys_lie_between_min_and_max(void **state UNUSED)
{
	static const char *const extremes[] = { "0", "0~~~", "0~a", "0_alpha", "999999z",
		"2147483647:9", "0_alpha_alpha", "9z", "0-~", "1-r0" };
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);

	for (size_t i = 0; version_scheme_at(i); i++) {
		for (size_t k = 0; k < ARRAY_LEN(extremes); k++) {
			if (version_key(version_scheme_at(i), str_of(extremes[k]), &key, NULL) < 0)
				continue;
			assert_true(str_cmp(span_str(version_key_min()), buf_str(&key)) < 0);
			assert_true(str_cmp(buf_str(&key), span_str(version_key_max())) < 0);
		}
	}
	assert_true(str_cmp(span_str(version_key_min()), span_str(version_key_max())) < 0);
}

static void test_key_replaces_what_the_buffer_held(void **state UNUSED)
{
	const struct version_scheme *s = version_scheme_by_name(STR("dpkg"));
	_cleanup_buf_ struct buf once = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_buf_ struct buf twice = BUF_INIT(VERSION_KEY_MAX);

	assert_int_equal(version_key(s, STR("1.2-3"), &once, NULL), 0);
	assert_int_equal(version_key(s, STR("4:5"), &twice, NULL), 0);
	assert_int_equal(version_key(s, STR("1.2-3"), &twice, NULL), 0);
	assert_true(str_eq(buf_str(&once), buf_str(&twice)));
}

static void test_message_names_the_version_and_the_reason(void **state UNUSED)
{
	const struct version_scheme *s = version_scheme_by_name(STR("dpkg"));
	_cleanup_err_ struct err err = ERR_INIT;
	int order = 7;

	assert_fails(version_compare(s, STR("1"), STR("x:1"), &order, &err), &err, ERR_INPUT,
		"\"x:1\" is no dpkg version: the epoch is empty or not a number");
	assert_fails(version_compare(s, STR("2-"), STR("x:1"), &order, &err), &err, ERR_INPUT,
		"\"2-\" is no dpkg version: the revision is empty");
	assert_int_equal(order, 7);
}

static void test_message_does_not_carry_control_characters(void **state UNUSED)
{
	const struct version_scheme *s = version_scheme_by_name(STR("apk"));

	check_invalid(s, STR("1\033[2J\n"), "\"1?[2J?\" is no apk version");
}

static void test_compare_yields_minus_one_zero_and_one(void **state UNUSED)
{
	for (size_t i = 0; version_scheme_at(i); i++) {
		const struct version_scheme *s = version_scheme_at(i);
		_cleanup_err_ struct err err = ERR_INIT;
		int order;

		assert_ok(version_compare(s, STR("1.2"), STR("1.10"), &order, &err), &err);
		assert_int_equal(order, -1);
		assert_ok(version_compare(s, STR("1.2"), STR("1.2"), &order, &err), &err);
		assert_int_equal(order, 0);
		assert_ok(version_compare(s, STR("2.0"), STR("1.10"), &order, &err), &err);
		assert_int_equal(order, 1);
	}
}

/* n bytes: unit again and again behind "1", cut to length. */
static struct buf repeated(const char *unit, size_t n)
{
	struct buf v = BUF_INIT(2 * LIMIT_VERSION);

	buf_append_char(&v, '1');
	for (size_t i = 0; v.n < n; i++)
		buf_append_char(&v, unit[i % strlen(unit)]);
	return v;
}

static void test_the_longest_version_fits_into_the_largest_key(void **state UNUSED)
{
	static const char *const units[] = { "a1", ".1", "\3771", "~", "^", "_p", "_p1", ".0", "1",
		"a", "-", "\377" };
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);
	size_t accepted = 0;

	for (size_t i = 0; version_scheme_at(i); i++) {
		for (size_t k = 0; k < ARRAY_LEN(units); k++) {
			_cleanup_buf_ struct buf v = repeated(units[k], LIMIT_VERSION);
			int r = version_key(version_scheme_at(i), buf_str(&v), &key, NULL);

			assert_true(r == 0 || r == -ERR_INPUT);
			accepted += r == 0;
		}
	}
	assert_true(accepted > 2 * ARRAY_LEN(units));
}

static void test_longer_than_the_limit_is_no_version(void **state UNUSED)
{
	_cleanup_buf_ struct buf v = repeated("1", LIMIT_VERSION);

	for (size_t i = 0; version_scheme_at(i); i++)
		check_valid(version_scheme_at(i), buf_str(&v));
	buf_append_char(&v, '1');
	for (size_t i = 0; version_scheme_at(i); i++)
		check_invalid(
			version_scheme_at(i), buf_str(&v), "it has 4097 bytes, more than 4096");
}

static void test_a_buffer_too_small_is_told(void **state UNUSED)
{
	_cleanup_buf_ struct buf key = BUF_INIT(4);
	_cleanup_err_ struct err err = ERR_INIT;

	for (size_t i = 0; version_scheme_at(i); i++)
		assert_fails(version_key(version_scheme_at(i), STR("1.2.3"), &key, &err), &err,
			ERR_TOO_LARGE, "version key");
}

/* Cut anywhere, what is left is a version or a clean error. */
static void test_cut_at_every_offset(void **state UNUSED)
{
	static const char *const versions[] = { "1:2.0~rc1+dfsg-3~deb12u1",
		"2:1.0~rc1^git1-4.el9_2", "1.02.3b_alpha1_p2~0a1f-r12", "6.6.2p1.3c4-r1" };
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct str v = str_of(versions[i]);

		for (size_t k = 0; k < 3 * (v.n + 1); k++) {
			_cleanup_err_ struct err err = ERR_INIT;
			_cleanup_free_ char *copy = malloc(k / 3 ? k / 3 : 1);
			const struct version_scheme *s = version_scheme_at(k % 3);

			memcpy(copy, v.p, k / 3);
			int r = version_key(s, str_n(copy, k / 3), &key, &err);
			assert_true(r == 0 || r == -ERR_INPUT);
			assert_int_equal(err.code, -r);
			assert_int_equal(version_is_valid(s, str_head(v, k / 3)), r == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schemes_are_found_by_name_and_number),
		cmocka_unit_test(test_all_keys_lie_between_min_and_max),
		cmocka_unit_test(test_key_replaces_what_the_buffer_held),
		cmocka_unit_test(test_message_names_the_version_and_the_reason),
		cmocka_unit_test(test_message_does_not_carry_control_characters),
		cmocka_unit_test(test_compare_yields_minus_one_zero_and_one),
		cmocka_unit_test(test_the_longest_version_fits_into_the_largest_key),
		cmocka_unit_test(test_longer_than_the_limit_is_no_version),
		cmocka_unit_test(test_a_buffer_too_small_is_told),
		cmocka_unit_test(test_cut_at_every_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
