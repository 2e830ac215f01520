/*
 * rpm databases of the ndb kind.
 */
#include "rpm_test.h"

static void test_real_databases_are_read(void **state UNUSED)
{
	assert_matches_tsv(&package_rpm_ndb, "sle15.ndb", "sle15.ndb.tsv");
	assert_matches_tsv(&package_rpm_ndb, "centos8-modular.ndb", "centos8-modular.ndb.tsv");
}

static void test_cuts_are_refused(void **state UNUSED)
{
	assert_cuts_refused(&package_rpm_ndb, "small.ndb", 1);
	assert_cuts_refused(&package_rpm_ndb, "sle15.ndb", 37);
	assert_cuts_refused(&package_rpm_ndb, "sle15.ndb", 4096);
}

static void test_flipped_bytes_are_survived(void **state UNUSED)
{
	assert_survives_flips(&package_rpm_ndb, "small.ndb", 5000);
	assert_survives_flips(&package_rpm_ndb, "sle15.ndb", 1000);
}

/* Wherever a byte of a blob is damaged: checksums cover them all. */
static void test_damage_in_a_blob_is_found(void **state UNUSED)
{
	struct span main = read_database("small.ndb");
	uint8_t *copy = xmalloc(main.n);

	for (size_t at = 4096; at < main.n; at++) {
		memcpy(copy, main.p, main.n);
		copy[at] ^= 0x10;
		struct parsed p = parse(&package_rpm_ndb, span_n(copy, main.n), span_n(NULL, 0));
		/* The generation is covered too. */
		if (p.err.code != ERR_INPUT)
			fail_msg("damage at %zu: %s", at, err_msg(&p.err));
		parsed_free(&p);
	}
	free(copy);
	free_database(main);
}

static void test_damage_is_named(void **state UNUSED)
{
	static const struct {
		size_t at;
		uint32_t value;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ 0, 0x20, ERR_INPUT, "db: not an ndb package database" },
		{ 4, 1, ERR_UNSUPPORTED, "db: ndb version 1 is not supported" },
		{ 12, 0, ERR_INPUT, "truncated" },
		{ 12, 2, ERR_INPUT, "truncated" },
		{ 12, UINT32_MAX, ERR_INPUT, "truncated" },
		{ 32, 0, ERR_INPUT, "slot at byte 32 is damaged" },
		{ 36, 0, ERR_INPUT, "slot names blocks" },
		{ 36, 7, ERR_INPUT, "package 7 (slot at byte 32): blob does not begin" },
		{ 40, 0, ERR_INPUT, "slot names blocks 0 to" },
		{ 40, 1, ERR_INPUT, "slot names blocks 1 to" },
		{ 40, UINT32_MAX, ERR_INPUT, "slot names blocks" },
		{ 44, 1, ERR_INPUT, "slot names blocks" },
		{ 44, 3, ERR_INPUT, "in 3 blocks" },
		{ 44, UINT32_MAX, ERR_INPUT, "slot names blocks" },
		{ 4096 + 12, UINT32_MAX, ERR_INPUT, "blob of 4294967295 bytes" },
		{ 4096 + 16, 0, ERR_INPUT, "checksum of the blob is wrong" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct span main = read_database("small.ndb");
		uint8_t *p = (uint8_t *)(uintptr_t)main.p + cases[i].at;
		for (unsigned k = 0; k < 4; k++)
			p[k] = (uint8_t)(cases[i].value >> (8 * k));
		struct parsed parsed = parse(&package_rpm_ndb, main, span_n(NULL, 0));
		assert_fails(parsed.result, &parsed.err, cases[i].code, cases[i].message);
		parsed_free(&parsed);
		free_database(main);
	}
}

static void test_slots_beyond_the_counted_pages_are_refused(void **state UNUSED)
{
	struct span main = read_database("small.ndb");

	memcpy((uint8_t *)(uintptr_t)main.p + 4096, "Slot", 4);
	struct parsed p = parse(&package_rpm_ndb, main, span_n(NULL, 0));
	assert_fails(p.result, &p.err, ERR_INPUT, "more than its 1 pages of slots");
	parsed_free(&p);
	free_database(main);
}

/* Many slots for one blob would let a small file cost much. */
static void test_slots_that_share_a_blob_are_refused(void **state UNUSED)
{
	struct span main = read_database("small.ndb");
	uint8_t *slots = (uint8_t *)(uintptr_t)main.p + 32;

	for (size_t i = 1; i < 254; i++)
		memcpy(slots + i * 16, slots, 16);
	struct parsed p = parse(&package_rpm_ndb, main, span_n(NULL, 0));
	assert_fails(p.result, &p.err, ERR_INPUT, "slots overlap");
	parsed_free(&p);
	free_database(main);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_databases_are_read),
		cmocka_unit_test(test_cuts_are_refused),
		cmocka_unit_test(test_flipped_bytes_are_survived),
		cmocka_unit_test(test_damage_in_a_blob_is_found),
		cmocka_unit_test(test_damage_is_named),
		cmocka_unit_test(test_slots_beyond_the_counted_pages_are_refused),
		cmocka_unit_test(test_slots_that_share_a_blob_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
