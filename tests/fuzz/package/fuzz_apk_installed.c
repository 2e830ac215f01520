/*
 * apk's database of installed packages.
 */
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check_text(&package_apk, str_n((const char *)data, n), "\n\nP:z\nV:1\n");
	return 0;
}
