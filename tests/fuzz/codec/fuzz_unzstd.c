/*
 * The decoder of zstd, see fuzz_decoder.h.
 */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_decoder(&decoder_unzstd, data, size);
	return 0;
}
