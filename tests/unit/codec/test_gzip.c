/*
 * Making gzip: whatever goes in comes out of zlib again.
 */
#include "../test.h"

#include <zlib.h>

#include "codec/gzip.h"

/* Checks that zlib unpacks `packed`, one whole member and nothing behind it, to `content`. */
static void assert_unpacks(struct span packed, struct span content)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n };
	_cleanup_free_ uint8_t *out = xcalloc(1, content.n + 1);

	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	z.next_out = out;
	z.avail_out = (uInt)content.n + 1;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(z.total_out, content.n);
	if (content.n)
		assert_memory_equal(out, content.p, content.n);
	(void)inflateEnd(&z);
}

static void assert_round_trip(struct span content)
{
	_cleanup_buf_ struct buf packed = BUF_INIT(64 * MIB);

	gzip_append(&packed, content);
	assert_false(packed.overflowed);
	assert_unpacks(buf_span(&packed), content);
}

/* Like JSON answers; or nothing that packs, which needs more room than is expected. */
static void fill(struct buf *out, size_t n, bool packs)
{
	uint32_t random = 1;

	while (out->n < n) {
		random = random * 1664525 + 1013904223;
		if (packs)
			buf_printf(out, "{\"Name\":\"CVE-%u\"},", random % 10000);
		else
			buf_append_u32(out, random ^ random >> 15);
	}
	out->n = n;
}

static void all_sizes_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 100, 4095, 65535, 65536, 100000, 3000001 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (int packs = 0; packs < 2; packs++) {
			_cleanup_buf_ struct buf content = BUF_INIT(4 * MIB);

			fill(&content, sizes[i], packs);
			assert_round_trip(buf_span(&content));
		}
	}
}

static void it_is_appended(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(KIB * KIB);

	(void)state;
	buf_append_str(&out, STR("before"));
	gzip_append(&out, span_from_str(STR("content")));
	assert_memory_equal(out.p, "before", 6);
	struct span packed = buf_span(&out);
	assert_unpacks(span_n(packed.p + 6, packed.n - 6), span_from_str(STR("content")));
}

static void json_becomes_less_than_a_third(void **state)
{
	_cleanup_buf_ struct buf content = BUF_INIT(4 * MIB);
	_cleanup_buf_ struct buf packed = BUF_INIT(4 * MIB);

	(void)state;
	fill(&content, 100000, true);
	gzip_append(&packed, buf_span(&content));
	assert_true(packed.n < content.n / 3);
}

static void what_does_not_fit_is_told(void **state)
{
	_cleanup_buf_ struct buf content = BUF_INIT(4 * MIB);
	_cleanup_buf_ struct buf packed = BUF_INIT(50000);

	(void)state;
	fill(&content, 1000000, false);
	gzip_append(&packed, buf_span(&content));
	assert_true(packed.overflowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sizes_come_back),
		cmocka_unit_test(it_is_appended),
		cmocka_unit_test(json_becomes_less_than_a_third),
		cmocka_unit_test(what_does_not_fit_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
