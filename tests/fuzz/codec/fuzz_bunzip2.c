/*
 * The decoder of bzip2, see fuzz_decoder.h.
 */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_decoder(&decoder_bunzip2, data, size);
	return 0;
}
