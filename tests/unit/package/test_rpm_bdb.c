/*
 * rpm databases of the Berkeley DB kind.
 */
#include "rpm_test.h"

static void test_real_databases_are_read(void **state UNUSED)
{
	static const char *const names[] = { "centos5.bdb", "libuuid.bdb" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char tsv[64];
		(void)snprintf(tsv, sizeof(tsv), "%s.tsv", names[i]);
		assert_matches_tsv(&package_rpm_bdb, names[i], tsv);
	}
}

static void test_big_endian_database_is_read(void **state UNUSED)
{
	assert_matches_tsv(&package_rpm_bdb, "alma8-s390x.bdb.gz", "alma8-s390x.bdb.tsv");
}

static void test_versions_and_byte_orders_read_alike(void **state UNUSED)
{
	static const char *const names[] = { "small-le.bdb", "small-be.bdb", "small-v8.bdb" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct span main = read_database(names[i]);
		struct parsed p = parse(&package_rpm_bdb, main, span_n(NULL, 0));
		assert_ok(p.result, &p.err);
		assert_string_equal(parsed_names(&p), "beta,alpha,gamma");
		parsed_free(&p);
		free_database(main);
	}
}

static void test_cuts_are_refused(void **state UNUSED)
{
	assert_cuts_refused(&package_rpm_bdb, "small-le.bdb", 1);
	assert_cuts_refused(&package_rpm_bdb, "small-be.bdb", 1);
	assert_cuts_refused(&package_rpm_bdb, "libuuid.bdb", 61);
}

static void test_flipped_bytes_are_survived(void **state UNUSED)
{
	assert_survives_flips(&package_rpm_bdb, "small-le.bdb", 5000);
	assert_survives_flips(&package_rpm_bdb, "small-be.bdb", 5000);
	assert_survives_flips(&package_rpm_bdb, "centos5.bdb", 500);
}

/*
 * small-le.bdb has pages of 512 bytes: 0 describes it, 1 and 2 are the buckets, the rest are
 * overflow pages, 3 the first. A value replaces `size` bytes.
 */
enum { PAGE = 512 };

static void test_damage_is_named(void **state UNUSED)
{
	static const struct {
		size_t at;
		unsigned size;
		uint32_t value;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ 12, 4, 0, ERR_INPUT, "db: not a Berkeley DB hash" },
		{ 12, 4, 0x053162, ERR_UNSUPPORTED, "b-tree" },
		{ 16, 4, 7, ERR_UNSUPPORTED, "version 7" },
		{ 16, 4, 11, ERR_UNSUPPORTED, "version 11" },
		{ 20, 4, 0, ERR_INPUT, "page size 0" },
		{ 20, 4, 256, ERR_INPUT, "page size 256" },
		{ 20, 4, 513, ERR_INPUT, "page size 513" },
		{ 20, 4, 131072, ERR_INPUT, "page size 131072" },
		{ 24, 1, 1, ERR_UNSUPPORTED, "encrypted" },
		{ 25, 1, 9, ERR_INPUT, "type 9" },
		{ 26, 1, 1, ERR_UNSUPPORTED, "checksums" },
		{ 32, 4, 9, ERR_INPUT, "truncated" },
		{ 32, 4, UINT32_MAX, ERR_INPUT, "truncated" },
		{ 32, 4, 4, ERR_INPUT, "page 5 of 5 is referred to" },
		{ 26, 1, 2, ERR_UNSUPPORTED, "partitioned" },
		{ 72, 4, 0, ERR_INPUT, "page 2 belongs to no bucket" },
		{ 72, 4, 8, ERR_INPUT, "last bucket is 8" },
		{ 72, 4, UINT32_MAX, ERR_INPUT, "last bucket" },
		{ 96, 4, 0, ERR_INPUT, "bucket 0: page 0 of" },
		{ 96, 4, 2, ERR_INPUT, "page 2 is referred to twice" },
		{ 96, 4, 3, ERR_INPUT, "bucket 0: page 3 is not a hash page" },
		{ 96, 4, UINT32_MAX, ERR_INPUT, "bucket 0: page 4294967295" },
		{ PAGE + 8, 4, 2, ERR_INPUT,
			"page 1 is not a hash page: it says that it is page 2" },
		{ PAGE + 16, 4, 1, ERR_INPUT, "page 1 is referred to twice" },
		{ PAGE + 16, 4, 100, ERR_INPUT, "page 100 of 9" },
		{ PAGE + 20, 2, 3, ERR_INPUT, "page 1 has 3 items" },
		{ PAGE + 20, 2, 2, ERR_INPUT, "page 1: items begin at byte" },
		{ PAGE + 20, 2, 0, ERR_INPUT, "page 1: items begin at byte 512" },
		{ PAGE + 22, 2, 0, ERR_INPUT, "page 1: items begin at byte" },
		{ PAGE + 20, 2, 65534, ERR_INPUT, "page 1 has 65534 items" },
		{ PAGE + 25, 1, 5, ERR_INPUT, "page 1 is not a hash page" },
		{ PAGE + 26, 2, 512, ERR_INPUT, "bucket 0: page 1: item 0 spans bytes 512" },
		{ PAGE + 26, 2, 0, ERR_INPUT, "item 0 spans bytes 0" },
		{ PAGE + 28, 2, 510, ERR_INPUT, "item 1 spans bytes 510" },
		{ 3 * PAGE + 8, 4, 4, ERR_INPUT, "page 3 is not an overflow page" },
		{ 3 * PAGE + 16, 4, 4, ERR_INPUT, "goes on at page 4" },
		{ 3 * PAGE + 22, 2, 1, ERR_INPUT, "page 0 of" },
		{ 3 * PAGE + 22, 2, 487, ERR_INPUT, "holds 487 bytes" },
		{ 3 * PAGE + 25, 1, 0, ERR_INPUT, "page 3 is not an overflow page" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct span main = read_database("small-le.bdb");
		uint8_t *p = (uint8_t *)(uintptr_t)main.p + cases[i].at;
		for (unsigned k = 0; k < cases[i].size; k++)
			p[k] = (uint8_t)(cases[i].value >> (8 * k));
		struct parsed parsed = parse(&package_rpm_bdb, main, span_n(NULL, 0));
		if (parsed.result == 0)
			fail_msg("case %zu (%s) is accepted", i, cases[i].message);
		assert_fails(parsed.result, &parsed.err, cases[i].code, cases[i].message);
		parsed_free(&parsed);
		free_database(main);
	}
}

/* Value items of a page: the byte that its last index entry points to. */
static uint8_t *last_item(struct span main, size_t page)
{
	uint8_t *p = (uint8_t *)(uintptr_t)main.p + page * PAGE;
	unsigned entries = get_le16(p + 20);

	return p + get_le16(p + 26 + 2 * ((size_t)entries - 1));
}

static void test_loop_of_overflow_pages_is_refused(void **state UNUSED)
{
	struct span main = read_database("small-le.bdb");
	uint8_t *item = last_item(main, 2);

	/* gamma: pages 5 to 7; the second leads back to the first */
	assert_int_equal(item[0], 3);
	uint8_t first = item[4];
	((uint8_t *)(uintptr_t)main.p)[((size_t)first + 1) * PAGE + 16] = first;
	struct parsed p = parse(&package_rpm_bdb, main, span_n(NULL, 0));
	assert_fails(p.result, &p.err, ERR_INPUT, "is referred to twice");
	assert_true(p.list.items.n < 3);
	parsed_free(&p);
	free_database(main);
}

static void test_giant_value_is_too_large(void **state UNUSED)
{
	struct span main = read_database("small-le.bdb");

	last_item(main, 2)[11] = 0xff;
	struct parsed p = parse(&package_rpm_bdb, main, span_n(NULL, 0));
	assert_fails(p.result, &p.err, ERR_TOO_LARGE, "header of 427819");
	parsed_free(&p);
	free_database(main);
}

static void test_duplicate_items_are_refused(void **state UNUSED)
{
	struct span main = read_database("small-le.bdb");

	last_item(main, 2)[0] = 2;
	struct parsed p = parse(&package_rpm_bdb, main, span_n(NULL, 0));
	assert_fails(p.result, &p.err, ERR_INPUT, "value of type 2");
	parsed_free(&p);
	free_database(main);
}

/* libdb creates pages in groups, and reads those that nothing was written to as empty. */
static void test_blank_bucket_page_is_an_empty_bucket(void **state UNUSED)
{
	struct span main = read_database("small-le.bdb");

	memset((uint8_t *)(uintptr_t)main.p + PAGE, 0, PAGE);
	struct parsed p = parse(&package_rpm_bdb, main, span_n(NULL, 0));
	assert_ok(p.result, &p.err);
	assert_string_equal(parsed_names(&p), "alpha,gamma");
	parsed_free(&p);
	free_database(main);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_databases_are_read),
		cmocka_unit_test(test_big_endian_database_is_read),
		cmocka_unit_test(test_versions_and_byte_orders_read_alike),
		cmocka_unit_test(test_cuts_are_refused),
		cmocka_unit_test(test_flipped_bytes_are_survived),
		cmocka_unit_test(test_damage_is_named),
		cmocka_unit_test(test_loop_of_overflow_pages_is_refused),
		cmocka_unit_test(test_giant_value_is_too_large),
		cmocka_unit_test(test_duplicate_items_are_refused),
		cmocka_unit_test(test_blank_bucket_page_is_an_empty_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
