/*
 * The gzip decoder on each deflate implementation, see fuzz_decoder.h; what both accept, they
 * decode to the same bytes. As a mutated file hardly ever has the right checksum, the input is also
 * taken for the bare deflate data of a member: what zlib can inflate has to pass in a gzip frame.
 * (The other way round they may differ: ISA-L takes incomplete Huffman codes that zlib refuses.)
 */
#include "fuzz_decoder.h"

#include <zlib.h>

/* data up to the end of its deflate stream as a gzip member, the content in plain; or false. */
static bool wrap(struct span data, struct buf *member, struct buf *plain)
{
	uint8_t *p = buf_reserve(plain, FUZZ_MAX_OUTPUT);
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)data.p,
		.avail_in = (uInt)data.n,
		.next_out = p,
		.avail_out = FUZZ_MAX_OUTPUT };

	require(inflateInit2(&z, -MAX_WBITS) == Z_OK);
	int r = inflate(&z, Z_FINISH);

	(void)inflateEnd(&z);
	if (r != Z_STREAM_END)
		return false;
	buf_commit(plain, FUZZ_MAX_OUTPUT - z.avail_out);
	buf_append(member, "\x1f\x8b\x08\0\0\0\0\0\0\0", 10);
	buf_append(member, data.p, data.n - z.avail_in);
	uint32_t trailer[2] = { __builtin_bswap32((uint32_t)crc32_z(0, p, plain->n)),
		__builtin_bswap32((uint32_t)plain->n) };

	buf_append_u32(member, trailer[0]);
	buf_append_u32(member, trailer[1]);
	return true;
}

static void check_agreement(struct span in)
{
	_cleanup_buf_ struct buf zlib = BUF_INIT(4 * FUZZ_MAX_OUTPUT);
	int b = fuzz_decode(&decoder_gunzip_zlib, in, 0, 65536, &zlib);

	fuzz_decoder(&decoder_gunzip_zlib, in.p, in.n);
#ifdef HAVE_ISAL
	_cleanup_buf_ struct buf isal = BUF_INIT(4 * FUZZ_MAX_OUTPUT);
	int a = fuzz_decode(&decoder_gunzip_isal, in, 0, 65536, &isal);

	fuzz_decoder(&decoder_gunzip_isal, in.p, in.n);
	require(b < 0 || a == 0);
	require(a < 0 || b < 0 || str_eq(buf_str(&isal), buf_str(&zlib)));
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf member = BUF_INIT(2 * FUZZ_MAX_OUTPUT);
	_cleanup_buf_ struct buf plain = BUF_INIT(2 * FUZZ_MAX_OUTPUT);

	check_agreement(span_n(data, size));
	if (wrap(span_n(data, size), &member, &plain)) {
		_cleanup_buf_ struct buf again = BUF_INIT(4 * FUZZ_MAX_OUTPUT);

		require(fuzz_decode(&decoder_gunzip_zlib, buf_span(&member), 3, 999, &again) == 0);
		require(str_eq(buf_str(&again), buf_str(&plain)));
		check_agreement(buf_span(&member));
	}
	return 0;
}
