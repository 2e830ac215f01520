/*
 * Headers of rpm packages.
 */
#include "fuzz_rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = ARENA_INIT;
	struct package_list list;
	struct err err = ERR_INIT;

	package_list_init(&list);
	int r = rpm_header_append(span_n(data, n), &a, &list, &err);
	if (r != -(int)err.code || list.items.n > (r == 0))
		abort();
	vec_for_each(p, &list.items)
		check_package(p);
	package_list_fini(&list);
	arena_fini(&a);
	err_clear(&err);
	return 0;
}
