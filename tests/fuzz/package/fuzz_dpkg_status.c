/*
 * dpkg's database of installed packages, and the files of status.d.
 */
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_n((const char *)data, n);

	check_text(&package_dpkg_status, text, "\n\nPackage: z\nVersion: 1\n");
	check_text(&package_dpkg_status_d, text, "\n\nPackage: z\nVersion: 1");
	return 0;
}
