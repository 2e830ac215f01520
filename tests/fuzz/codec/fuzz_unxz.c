/*
 * The decoder of xz, see fuzz_decoder.h.
 */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_decoder(&decoder_unxz, data, size);
	return 0;
}
