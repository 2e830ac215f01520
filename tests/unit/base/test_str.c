/*
 * Views of text, and text to numbers.
 */
#include "../test.h"

static void test_cut_at_first_and_last(void **state UNUSED)
{
	struct str head, tail;

	assert_true(str_cut(STR("a:b:c"), ':', &head, &tail));
	assert_str(head, "a");
	assert_str(tail, "b:c");
	assert_true(str_rcut(STR("a:b:c"), ':', &head, &tail));
	assert_str(head, "a:b");
	assert_str(tail, "c");
	assert_false(str_cut(STR("abc"), ':', &head, &tail));
	assert_str(head, "abc");
	assert_str(tail, "");
	assert_false(str_rcut(STR("abc"), ':', &head, &tail));
	assert_str(head, "");
	assert_str(tail, "abc");
	assert_false(str_cut(STR_NULL, ':', &head, &tail));
	assert_true(str_cut(STR(":"), ':', &head, NULL));
	assert_str(head, "");
	assert_true(str_cut(tail = STR("x=y"), '=', NULL, &tail));
	assert_str(tail, "y");
}

static void test_comparison_is_by_bytes(void **state UNUSED)
{
	static const struct str sorted[] = { STR_INIT(""), STR_INIT("A"), STR_INIT("a"),
		STR_INIT("aa"), STR_INIT("ab"), STR_INIT("b"), STR_INIT("\xff") };

	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		for (size_t k = 0; k < ARRAY_LEN(sorted); k++) {
			int r = str_cmp(sorted[i], sorted[k]);

			assert_int_equal(r < 0, i < k);
			assert_int_equal(r > 0, i > k);
			assert_int_equal(str_eq(sorted[i], sorted[k]), i == k);
		}
	}
	assert_int_equal(str_cmp(STR_NULL, STR("")), 0);
	assert_true(str_eq(STR_NULL, STR("")));
	assert_true(str_eq_nocase(STR("LiNux"), STR("lInuX")));
	assert_false(str_eq_nocase(STR("linux"), STR("linu")));
	assert_false(str_eq_nocase(STR("[{@"), STR("{[`")));
}

static void test_prefixes_suffixes_and_parts(void **state UNUSED)
{
	struct str s = STR("prefix-rest");

	assert_true(str_starts(s, STR_NULL));
	assert_true(str_starts(s, s));
	assert_false(str_starts(STR("pre"), STR("prefix")));
	assert_true(str_ends(s, STR("rest")));
	assert_false(str_ends(STR("st"), STR("rest")));
	assert_false(str_skip_prefix(&s, STR("x")));
	assert_str(s, "prefix-rest");
	assert_true(str_skip_prefix(&s, STR("prefix-")));
	assert_str(s, "rest");
	assert_str(str_skip(s, 2), "st");
	assert_str(str_skip(s, 99), "");
	assert_null(str_skip(STR_NULL, 5).p);
	assert_str(str_head(s, 2), "re");
	assert_str(str_head(s, 99), "rest");
}

static void test_trim_takes_white_space_at_both_ends(void **state UNUSED)
{
	assert_str(str_trim(STR(" \t\n\v\f\r a b \r\n")), "a b");
	assert_str(str_trim(STR(" \n ")), "");
	assert_str(str_trim(STR_NULL), "");
	assert_str(str_trim(STR("\xa0x")), "\xa0x");
}

static void test_find(void **state UNUSED)
{
	assert_int_equal(str_find(STR("abcabd"), STR("abd")), 3);
	assert_int_equal(str_find(STR("aaab"), STR("aab")), 1);
	assert_int_equal(str_find(STR("abc"), STR("")), 0);
	assert_int_equal(str_find(STR_NULL, STR("")), 0);
	assert_int_equal(str_find(STR_NULL, STR("a")), -1);
	assert_int_equal(str_find(STR("ab"), STR("abc")), -1);
	assert_int_equal(str_find_char(STR("abc"), 'c'), 2);
	assert_int_equal(str_find_char(STR("abc"), 'd'), -1);
	assert_int_equal(str_find_char(STR_NULL, 'd'), -1);
}

static void test_lines_end_at_newlines(void **state UNUSED)
{
	static const char *const expected[] = { "a", "", "b\r", "", "last" };
	struct str rest = STR("a\n\nb\r\r\n\r\nlast"), line;

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_true(str_next_line(&rest, &line));
		assert_str(line, expected[i]);
	}
	assert_false(str_next_line(&rest, &line));
	rest = STR("x\n");
	assert_true(str_next_line(&rest, &line));
	assert_false(str_next_line(&rest, &line));
	rest = STR_NULL;
	assert_false(str_next_line(&rest, &line));
}

static void test_words_are_runs_without_space(void **state UNUSED)
{
	struct str rest = STR("  one\ttwo\n "), word;

	assert_true(str_next_word(&rest, &word));
	assert_str(word, "one");
	assert_true(str_next_word(&rest, &word));
	assert_str(word, "two");
	assert_false(str_next_word(&rest, &word));
}

static void test_numbers_are_read_strictly(void **state UNUSED)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1a", "0x1",
		"18446744073709551616", "99999999999999999999999" };
	uint64_t u64 = 7;
	uint32_t u32 = 7;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (parse_u64(str_of(bad[i]), &u64) || parse_u32(str_of(bad[i]), &u32))
			fail_msg("\"%s\" is a number", bad[i]);
	}
	assert_false(parse_u32(STR("4294967296"), &u32));
	assert_int_equal(u64, 7);
	assert_int_equal(u32, 7);
	assert_true(parse_u64(STR("18446744073709551615"), &u64));
	assert_true(u64 == UINT64_MAX);
	assert_true(parse_u32(STR("4294967295"), &u32));
	assert_true(u32 == UINT32_MAX);
	assert_true(parse_u64(STR("000"), &u64));
	assert_int_equal(u64, 0);
}

static void test_hexadecimal_is_read_strictly(void **state UNUSED)
{
	uint8_t out[2] = { 1, 2 };

	assert_false(parse_hex(STR("abc"), out, 2));
	assert_false(parse_hex(STR("abcde"), out, 2));
	assert_false(parse_hex(STR("abcg"), out, 2));
	assert_false(parse_hex(STR("ab:d"), out, 2));
	assert_int_equal(out[0], 1);
	assert_true(parse_hex(STR("aBf0"), out, 2));
	assert_int_equal(out[0], 0xab);
	assert_int_equal(out[1], 0xf0);
	assert_true(parse_hex(STR_NULL, out, 0));
}

static void test_reader_stays_within_its_bytes(void **state UNUSED)
{
	static const uint8_t bytes[] = { 0, 0, 0, 2, 'h', 'i', 9, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };

	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct reader r = reader_of(span_n(bytes, n));
		struct str text = reader_lstr(&r);
		uint8_t byte = reader_u8(&r);
		uint32_t word = reader_be32(&r);
		uint64_t last = reader_be64(&r);

		assert_int_equal(text.n, n >= 6 ? 2 : 0);
		assert_int_equal(byte, n >= 7 ? 9 : 0);
		assert_int_equal(word, n >= 11 ? 1 : 0);
		assert_true(last == 0);
		assert_false(reader_ok(&r));
		assert_int_equal(reader_bytes(&r, 0).n, 0);
		assert_false(reader_ok(&r));
	}
	struct reader huge = reader_of(span_n("\xff\xff\xff\xff", 4));
	assert_null(reader_lstr(&huge).p);
	assert_false(reader_ok(&huge));
}

static void test_integers_in_both_byte_orders(void **state UNUSED)
{
	static const uint8_t bytes[] = { 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8 };
	uint8_t out[8];

	assert_int_equal(get_be16(bytes), 0xf1f2);
	assert_int_equal(get_le16(bytes), 0xf2f1);
	assert_true(get_be32(bytes) == 0xf1f2f3f4U);
	assert_true(get_le32(bytes) == 0xf4f3f2f1U);
	assert_true(get_be64(bytes) == 0xf1f2f3f4f5f6f7f8U);
	assert_true(get_le64(bytes) == 0xf8f7f6f5f4f3f2f1U);
	put_be64(out, get_be64(bytes));
	assert_memory_equal(out, bytes, 8);
	put_be32(out, 0x01020304);
	assert_memory_equal(out, "\1\2\3\4", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_at_first_and_last),
		cmocka_unit_test(test_comparison_is_by_bytes),
		cmocka_unit_test(test_prefixes_suffixes_and_parts),
		cmocka_unit_test(test_trim_takes_white_space_at_both_ends),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_lines_end_at_newlines),
		cmocka_unit_test(test_words_are_runs_without_space),
		cmocka_unit_test(test_numbers_are_read_strictly),
		cmocka_unit_test(test_hexadecimal_is_read_strictly),
		cmocka_unit_test(test_reader_stays_within_its_bytes),
		cmocka_unit_test(test_integers_in_both_byte_orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
