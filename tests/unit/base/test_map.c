/*
 * The hash map, and the hash it rests on.
 */
#include "../test.h"

#include "base/siphash.h"

static void test_values_are_found_replaced_and_counted(void **state UNUSED)
{
	_cleanup_map_ struct map m = MAP_INIT;
	int a = 1, b = 2;

	assert_null(map_get(&m, STR("x")));
	assert_false(map_has(&m, STR_NULL));
	map_set(&m, STR("x"), &a);
	map_set(&m, STR_NULL, NULL);
	assert_ptr_equal(map_get(&m, STR("x")), &a);
	map_set(&m, STR("x"), &b);
	assert_ptr_equal(map_get(&m, STR("x")), &b);
	assert_true(map_has(&m, STR("")));
	assert_null(map_get(&m, STR("")));
	assert_int_equal(m.n, 2);
}

static void test_keys_are_copied_and_may_hold_any_byte(void **state UNUSED)
{
	_cleanup_map_ struct map m = MAP_INIT;
	char key[] = { 'a', 0, 'b' };

	map_set(&m, str_n(key, 3), key);
	key[2] = 'c';
	assert_true(map_has(&m, str_n("a\0b", 3)));
	assert_false(map_has(&m, str_n("a\0c", 3)));
	assert_false(map_has(&m, STR("a")));
}

static void test_every_entry_of_many_is_found_and_visited_once(void **state UNUSED)
{
	enum { COUNT = 100000 };
	_cleanup_map_ struct map m = MAP_INIT;
	_cleanup_free_ char *seen = xcalloc(COUNT, 1);
	size_t pos = 0, visited = 0;
	struct str key;
	void *value;

	for (size_t i = 0; i < COUNT; i++)
		map_set(&m, str_n((const char *)&i, sizeof(i)), seen + i);
	for (size_t i = 0; i < COUNT; i++)
		assert_ptr_equal(map_get(&m, str_n((const char *)&i, sizeof(i))), seen + i);
	while (map_next(&m, &pos, &key, &value)) {
		size_t i;

		assert_int_equal(key.n, sizeof(i));
		memcpy(&i, key.p, sizeof(i));
		assert_ptr_equal(value, seen + i);
		assert_int_equal(seen[i]++, 0);
		visited++;
	}
	assert_int_equal(visited, COUNT);
	assert_int_equal(m.n, COUNT);
}

/*
 * Keys that all collide in a hash that mixes 8 bytes at a time by an odd multiplication and a shift
 * by 32 bits, whatever its seed: the topmost bit of a word differs, and the next word takes the
 * difference back. A table that hashes so needs minutes for them.
 */
static void test_keys_made_to_collide_do_not(void **state UNUSED)
{
	enum { PAIRS = 17 };
	_cleanup_map_ struct map m = MAP_INIT;

	for (uint32_t choice = 0; choice < 1U << PAIRS; choice++) {
		uint64_t key[2 * PAIRS] = { 0 };

		for (int i = 0; i < PAIRS; i++) {
			if (!(choice >> i & 1))
				continue;
			key[2 * i] = UINT64_C(1) << 63;
			key[2 * i + 1] = UINT64_C(1) << 63 | UINT64_C(1) << 31;
		}
		map_set(&m, str_n((const char *)key, sizeof(key)), &m);
	}
	assert_int_equal(m.n, 1U << PAIRS);
}

/* The vector of the paper's appendix A, and three of the reference implementation's table. */
static void test_siphash_gives_the_published_values(void **state UNUSED)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} vectors[] = { { 0, 0x726fdb47dd0e0e31U }, { 1, 0x74f839c593dc67fdU },
		{ 8, 0x93f5f5799a932462U }, { 15, 0xa129ca6149be45e5U } };
	const uint64_t key[2] = { 0x0706050403020100U, 0x0f0e0d0c0b0a0908U };
	char text[16];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_int_equal(siphash(2, 4, key, str_n(text, vectors[i].n)), vectors[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_found_replaced_and_counted),
		cmocka_unit_test(test_keys_are_copied_and_may_hold_any_byte),
		cmocka_unit_test(test_every_entry_of_many_is_found_and_visited_once),
		cmocka_unit_test(test_keys_made_to_collide_do_not),
		cmocka_unit_test(test_siphash_gives_the_published_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
