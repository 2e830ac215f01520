/*
 * The database of dpkg.
 */
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check_text_driver(&package_dpkg_status, span_n(data, n));
	return 0;
}
