/*
 * What the fuzz targets of the databases that are text share.
 */
#ifndef TESTS_FUZZ_PACKAGE_FUZZ_TEXT_H
#define TESTS_FUZZ_PACKAGE_FUZZ_TEXT_H

#include "base/base.h"

#include "package/package_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void check(bool holds)
{
	if (!holds)
		abort();
}

static inline void check_field(struct str field, bool may_be_empty)
{
	check(field.n <= LIMIT_PACKAGE_FIELD && (field.n || may_be_empty));
	for (size_t i = 0; i < field.n; i++)
		check((unsigned char)field.p[i] >= ' ' && field.p[i] != 0x7f);
}

static inline void check_package(const struct package *p)
{
	check_field(p->name, false);
	check_field(p->version, true);
	check_field(p->arch, true);
	check_field(p->source, false);
	check_field(p->source_version, true);
	check_field(p->vendor, true);
	check(p->module.n == 0);
}

static inline bool same_package(const struct package *a, const struct package *b)
{
	return str_eq(a->name, b->name) && str_eq(a->version, b->version) &&
	       str_eq(a->arch, b->arch) && str_eq(a->source, b->source) &&
	       str_eq(a->source_version, b->source_version) && str_eq(a->vendor, b->vendor);
}

static inline int parse_text(const struct package_db_driver *driver, struct str text,
	struct arena *a, struct package_list *list)
{
	struct package_db_content content = { .path = STR("db"), .main = span_from_str(text) };
	struct err err = ERR_INIT;

	package_list_init(list);
	int r = driver->parse(&content, a, list, &err);
	check(r == -(int)err.code && err.code != ERR_INTERNAL);
	check(r == 0 || str_starts(str_of(err_msg(&err)), STR("db: ")));
	err_clear(&err);
	return r;
}

/*
 * A text gives packages that make sense, and the same ones with another package, `more`, behind it.
 */
static inline void check_text(
	const struct package_db_driver *driver, struct str text, const char *more)
{
	struct arena a = ARENA_INIT;
	struct package_list once, twice;
	struct buf longer = BUF_INIT(64 * MIB);
	int r = parse_text(driver, text, &a, &once);

	buf_append_str(&longer, text);
	buf_append_str(&longer, str_of(more));
	int r2 = parse_text(driver, buf_str(&longer), &a, &twice);
	vec_for_each(p, &once.items)
		check_package(p);
	/* "P:a" with its newline is the shortest. */
	check(once.items.n * 4 <= text.n);
	check(r < 0 || (r2 == 0 && twice.items.n == once.items.n + 1));
	for (size_t i = 0; r == 0 && i < once.items.n; i++)
		check(same_package(&once.items.v[i], &twice.items.v[i]));
	package_list_fini(&once);
	package_list_fini(&twice);
	buf_fini(&longer);
	arena_fini(&a);
}

#endif
