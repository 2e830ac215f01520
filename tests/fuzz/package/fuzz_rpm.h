/*
 * What the fuzz targets of the rpm databases share.
 */
#ifndef TESTS_FUZZ_PACKAGE_FUZZ_RPM_H
#define TESTS_FUZZ_PACKAGE_FUZZ_RPM_H

#include "base/base.h"

#include "package/package_priv.h"
#include "package/rpm_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What every package has, whatever it was read from. */
static inline void check_package(const struct package *p)
{
	if (p->name.n == 0 || p->name.n > LIMIT_PACKAGE_FIELD || p->version.n < 3 ||
		str_find_char(p->version, '-') < 0 || str_eq(p->name, STR("gpg-pubkey")) ||
		(p->source.n == 0) != (p->source_version.n == 0))
		abort();
}

/* Parses twice: the same input gives the same packages, in the bounds of the input. */
static inline void check_driver(
	const struct package_db_driver *driver, struct span main, struct span companion)
{
	struct package_db_content content = { STR("db"), main, companion };
	size_t counts[2];
	int results[2];

	for (unsigned i = 0; i < 2; i++) {
		struct arena a = ARENA_INIT;
		struct package_list list;
		struct err err = ERR_INIT;

		package_list_init(&list);
		results[i] = driver->parse(&content, &a, &list, &err);
		counts[i] = list.items.n;
		if (results[i] != -(int)err.code ||
			(results[i] < 0 && !str_starts(str_of(err_msg(&err)), STR("db: "))) ||
			err.code == ERR_INTERNAL)
			abort();
		vec_for_each(p, &list.items)
			check_package(p);
		/* Each has an entry of at least 3 x 16 bytes. */
		if (list.items.n * 48 > main.n + companion.n)
			abort();
		package_list_fini(&list);
		arena_fini(&a);
		err_clear(&err);
	}
	if (results[0] != results[1] || counts[0] != counts[1])
		abort();
}

#endif
