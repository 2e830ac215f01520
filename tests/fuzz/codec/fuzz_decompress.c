/*
 * Decompression with recognition, see fuzz_decoder.h. What is not recognised comes out as it is.
 */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_n(data, size);

	fuzz_decoder(NULL, data, size);
	if (compression_detect(all) == COMPRESSION_NONE) {
		_cleanup_buf_ struct buf out = BUF_INIT(4 * FUZZ_MAX_OUTPUT);
		int r = fuzz_decode(NULL, all, 0, 4096, &out);

		require(size > FUZZ_MAX_OUTPUT
				? r == -ERR_TOO_LARGE
				: r == 0 && str_eq(buf_str(&out), str_from_span(all)));
	}
	return 0;
}
