/*
 * rpm databases of the SQLite kind: four bytes say how long the database is, its log follows.
 */
#include "fuzz_rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct reader r = reader_of(span_n(data, n));
	size_t size = reader_be32(&r);
	struct span main = reader_bytes(&r, min_size(size, r.n));

	check_driver(&package_rpm_sqlite, main, span_n(r.p, r.n));
	return 0;
}
