/*
 * rpm databases of the ndb kind.
 */
#include "fuzz_rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check_driver(&package_rpm_ndb, span_n(data, n), span_n(NULL, 0));
	return 0;
}
