/*
 * What the fuzz targets of the text databases share: twice the same, and nothing in a field that a
 * terminal or a database could not take.
 */
#ifndef TESTS_FUZZ_PACKAGE_FUZZ_TEXT_H
#define TESTS_FUZZ_PACKAGE_FUZZ_TEXT_H

#include "package/package_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void check_field(struct str s)
{
	if (s.n > LIMIT_PACKAGE_FIELD)
		abort();
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			abort();
	}
}

static inline void check_text_driver(const struct package_db_driver *driver, struct span main)
{
	struct package_db_content content = { .path = STR("db"), .main = main };
	size_t counts[2];

	for (int i = 0; i < 2; i++) {
		struct arena arena = ARENA_INIT;
		struct package_list list;
		struct err err = ERR_INIT;

		package_list_init(&list);
		if (driver->parse(&content, &arena, &list, &err) != -(int)err.code)
			abort();
		counts[i] = list.items.n;
		vec_for_each(p, &list.items) {
			if (p->name.n == 0 || p->source.n == 0)
				abort();
			check_field(p->name);
			check_field(p->version);
			check_field(p->arch);
			check_field(p->source);
			check_field(p->source_version);
			check_field(p->vendor);
		}
		package_list_fini(&list);
		arena_fini(&arena);
		err_clear(&err);
	}
	if (counts[0] != counts[1])
		abort();
}

#endif
