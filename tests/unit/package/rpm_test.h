/*
 * What the tests of the rpm databases share: reading samples, damage of all kinds.
 */
#ifndef TESTS_UNIT_PACKAGE_RPM_TEST_H
#define TESTS_UNIT_PACKAGE_RPM_TEST_H

#include "package_test.h"

#include <zlib.h>

#include "package/rpm_priv.h"

/* A file below tests/data/package/rpm, decompressed when its name ends in ".gz"; heap. */
static inline struct span read_database(const char *name)
{
	char path[256];
	size_t n;

	(void)snprintf(path, sizeof(path), "package/rpm/%s", name);
	char *content = test_read_data(path, &n);
	if (!str_ends(str_of(name), STR(".gz")))
		return span_n(content, n);

	size_t size = get_le32((const uint8_t *)content + n - 4);
	char *out = xmalloc(size);
	z_stream z = { .next_in = (Bytef *)content,
		.avail_in = (uInt)n,
		.next_out = (Bytef *)out,
		.avail_out = (uInt)size };
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(inflateEnd(&z), Z_OK);
	free(content);
	return span_n(out, size);
}

static inline void free_database(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* The database has exactly the packages of its .tsv. */
static inline void assert_matches_tsv(
	const struct package_db_driver *driver, const char *database, const char *tsv)
{
	struct span main = read_database(database);
	struct span expected = read_database(tsv);
	struct parsed p = parse(driver, main, span_n(NULL, 0));

	if (p.result < 0)
		fail_msg("%s: %s", database, err_msg(&p.err));
	assert_string_equal(parsed_lines(&p), (const char *)expected.p);
	parsed_free(&p);
	free_database(main);
	free_database(expected);
}

/*
 * Cuts the database at every step-th length; each piece has to be refused as bad input. Pieces are
 * copies of their own size, so that a sanitizer sees a read beyond the end.
 */
static inline void assert_cuts_refused(
	const struct package_db_driver *driver, const char *database, size_t step)
{
	struct span main = read_database(database);

	for (size_t n = 0; n < main.n; n += step) {
		uint8_t *piece = xmalloc(n + (n == 0));
		memcpy(piece, main.p, n);
		struct parsed p = parse(driver, span_n(piece, n), span_n(NULL, 0));
		if (p.err.code != ERR_INPUT)
			fail_msg("%s cut at %zu: %s", database, n, err_msg(&p.err));
		assert_ptr_equal(strstr(err_msg(&p.err), "db: "), err_msg(&p.err));
		parsed_free(&p);
		free(piece);
	}
	free_database(main);
}

static inline uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/*
 * Damages 1 to 4 bytes at a time, at random. What comes out is an error or packages that make
 * sense: damage in a text, say, cannot be seen.
 */
static inline void assert_survives_flips(
	const struct package_db_driver *driver, const char *database, unsigned rounds)
{
	struct span main = read_database(database);
	uint8_t *copy = xmalloc(main.n);
	uint32_t random = 1;
	unsigned refused = 0;

	for (unsigned i = 0; i < rounds; i++) {
		memcpy(copy, main.p, main.n);
		for (uint32_t k = next_random(&random) % 4 + 1; k > 0; k--)
			copy[next_random(&random) % main.n] ^=
				(uint8_t)(1 + next_random(&random) % 255);
		struct parsed p = parse(driver, span_n(copy, main.n), span_n(NULL, 0));
		refused += p.result < 0;
		vec_for_each(k, &p.list.items)
			assert_true(k->name.n > 0 && k->version.n >= 3);
		parsed_free(&p);
	}
	assert_true(refused > 0);
	free(copy);
	free_database(main);
}

#endif
