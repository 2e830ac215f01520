/*
 * What the tests of all package databases share: parsing, and the packages as lines.
 */
#ifndef TESTS_UNIT_PACKAGE_PACKAGE_TEST_H
#define TESTS_UNIT_PACKAGE_PACKAGE_TEST_H

#include "../test.h"

#include "package/package_priv.h"

/* A parse and what became of it. */
struct parsed {
	struct arena arena;
	struct package_list list;
	struct err err;
	int result;
};

static inline struct parsed parse(
	const struct package_db_driver *driver, struct span main, struct span companion)
{
	struct parsed p = { .err = ERR_INIT };
	struct package_db_content content = { STR("db"), main, companion };

	arena_init(&p.arena);
	package_list_init(&p.list);
	p.result = driver->parse(&content, &p.arena, &p.list, &p.err);
	if ((p.result == 0) != (p.err.code == ERR_NONE) || p.result != -(int)p.err.code)
		fail_msg("result %d, error %d: %s", p.result, p.err.code, err_msg(&p.err));
	return p;
}

static inline void parsed_free(struct parsed *p)
{
	package_list_fini(&p->list);
	arena_fini(&p->arena);
	err_clear(&p->err);
}

static inline int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* name, version, architecture, source, source version, module: sorted lines in memory of the arena.
 */
static inline const char *parsed_lines(struct parsed *p)
{
	size_t n = p->list.items.n;
	char **lines = xcalloc(n + 1, sizeof(*lines));
	struct buf text = BUF_INIT(SIZE_MAX / 2);

	for (size_t i = 0; i < n; i++) {
		const struct package *k = &p->list.items.v[i];
		if (asprintf(&lines[i],
			    "%" PRIstr "\t%" PRIstr "\t%" PRIstr "\t%" PRIstr "\t%" PRIstr
			    "\t%" PRIstr "\n",
			    STR_ARG(k->name), STR_ARG(k->version), STR_ARG(k->arch),
			    STR_ARG(k->source), STR_ARG(k->source_version), STR_ARG(k->module)) < 0)
			abort();
	}
	if (n)
		qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < n; i++) {
		buf_append_str(&text, str_of(lines[i]));
		free(lines[i]);
	}
	free(lines);
	const char *result = arena_cstr(&p->arena, buf_str(&text));
	buf_fini(&text);
	return result;
}

/* The names, in the order of the database, separated by commas, in memory of the arena. */
static inline const char *parsed_names(struct parsed *p)
{
	struct buf text = BUF_INIT(SIZE_MAX / 2);

	vec_for_each(k, &p->list.items) {
		if (text.n)
			buf_append_char(&text, ',');
		buf_append_str(&text, k->name);
	}
	const char *result = arena_cstr(&p->arena, buf_str(&text));
	buf_fini(&text);
	return result;
}

/* As parse(), in memory of the text's own size, so that a sanitizer sees a byte read too far. */
static inline struct parsed parse_text(const struct package_db_driver *driver, struct str text)
{
	char *copy = xmalloc(text.n + (text.n == 0));

	if (text.n)
		memcpy(copy, text.p, text.n);
	struct parsed p = parse(driver, span_n(copy, text.n), span_n(NULL, 0));
	/* Before a package is looked at: views must lie in the arena. */
	free(copy);
	return p;
}

/* Names, versions and so on of a text's packages, sorted, tabs as '|' and newlines as ' '. */
static inline void assert_packages(
	const struct package_db_driver *driver, struct str text, const char *expected)
{
	struct parsed p = parse_text(driver, text);

	assert_ok(p.result, &p.err);
	char *lines = arena_cstr(&p.arena, str_of(parsed_lines(&p)));
	for (char *c = lines; *c; c++)
		*c = *c == '\t' ? '|' : *c == '\n' ? ' ' : *c;
	assert_string_equal(lines, expected);
	parsed_free(&p);
}

static inline void assert_refused(const struct package_db_driver *driver, struct str text,
	enum err_code code, const char *message)
{
	struct parsed p = parse_text(driver, text);

	assert_fails(p.result, &p.err, code, message);
	parsed_free(&p);
}

/* A text file below tests/data/package has exactly the packages of its .tsv. */
static inline void assert_sample(const struct package_db_driver *driver, const char *name)
{
	char path[256];
	size_t n;

	(void)snprintf(path, sizeof(path), "package/%s", name);
	char *text = test_read_data(path, &n);
	struct parsed p = parse_text(driver, str_n(text, n));

	free(text);
	(void)snprintf(path, sizeof(path), "package/%s.tsv", name);
	text = test_read_data(path, &n);
	assert_ok(p.result, &p.err);
	assert_string_equal(parsed_lines(&p), text);
	vec_for_each(k, &p.list.items)
		assert_true(str_find_char(k->vendor, '@') > 0);
	free(text);
	parsed_free(&p);
}

/*
 * Damages a text at each place in each bit. What comes out is an error or packages that make sense:
 * damage in a name, say, cannot be seen.
 */
static inline void assert_text_survives_flips(
	const struct package_db_driver *driver, struct str text)
{
	char *copy = xmalloc(text.n);
	unsigned refused = 0;

	for (size_t i = 0; i < text.n * 8; i++) {
		memcpy(copy, text.p, text.n);
		copy[i / 8] = (char)(copy[i / 8] ^ (1 << i % 8));
		struct parsed p = parse(driver, span_n(copy, text.n), span_n(NULL, 0));
		refused += p.result < 0;
		vec_for_each(k, &p.list.items)
			assert_true(k->name.n && k->source.n);
		parsed_free(&p);
	}
	assert_true(refused > 0);
	free(copy);
}

#endif
