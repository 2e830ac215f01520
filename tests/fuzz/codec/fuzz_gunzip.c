/*
 * The gzip decoder on each deflate implementation, see fuzz_decoder.h; what both accept, they
 * decode to the same bytes.
 */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_decoder(&decoder_gunzip_zlib, data, size);
#ifdef HAVE_ISAL
	_cleanup_buf_ struct buf isal = BUF_INIT(4 * FUZZ_MAX_OUTPUT);
	_cleanup_buf_ struct buf zlib = BUF_INIT(4 * FUZZ_MAX_OUTPUT);

	fuzz_decoder(&decoder_gunzip_isal, data, size);
	int a = fuzz_decode(&decoder_gunzip_isal, span_n(data, size), 0, 65536, &isal);
	int b = fuzz_decode(&decoder_gunzip_zlib, span_n(data, size), 0, 65536, &zlib);

	require(a == b);
	require(a < 0 || str_eq(buf_str(&isal), buf_str(&zlib)));
#endif
	return 0;
}
