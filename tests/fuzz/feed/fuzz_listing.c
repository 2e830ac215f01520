/*
 * Pages of links: whatever the page, only plain names come out, sorted and each once, and the
 * chunks in which it comes make no difference.
 */
#include "feed/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void read_page(
	const uint8_t *data, size_t size, size_t chunk, struct arena *a, struct str_vec *out)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	stream_mem_init(&m, span_n(data, size), chunk);
	CHECK(listing_of_page(&m.stream, a, out, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str_vec whole = VEC_INIT, pieces = VEC_INIT;

	read_page(data, size, 0, &a, &whole);
	read_page(data, size, 3, &a, &pieces);
	CHECK(whole.n == pieces.n);
	for (size_t i = 0; i < whole.n; i++) {
		struct str name = whole.v[i];

		CHECK(str_eq(name, pieces.v[i]));
		CHECK(name.n > 0 && name.p[0] != '.' && !memchr(name.p, '/', name.n));
		CHECK(i == 0 || str_cmp(whole.v[i - 1], name) < 0);
		CHECK(listing_has(&whole, name));
		(void)listing_plain_name(name);
	}
	vec_fini(&whole);
	vec_fini(&pieces);
	return 0;
}
