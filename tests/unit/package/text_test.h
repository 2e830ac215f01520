/*
 * What the tests of the text databases (dpkg, apk) share: a parse as lines of text.
 */
#ifndef TESTS_UNIT_PACKAGE_TEXT_TEST_H
#define TESTS_UNIT_PACKAGE_TEXT_TEST_H

#include "../test.h"

#include "package/package_priv.h"

/*
 * Parses text (n bytes) and appends "name version arch source source_version\n" for each package,
 * "-" for what is empty; or "error: …\n". The result of the parse.
 */
static inline int parse_to_lines(
	const struct package_db_driver *driver, const char *text, size_t n, struct buf *out)
{
	struct package_db_content content = { .path = STR("db"), .main = span_n(text, n) };
	struct arena arena = ARENA_INIT;
	struct package_list list;
	struct err err = ERR_INIT;

	package_list_init(&list);
	int r = driver->parse(&content, &arena, &list, &err);
	assert_int_equal(r, -(int)err.code);
	vec_for_each(p, &list.items) {
		const struct str fields[] = { p->name, p->version, p->arch, p->source,
			p->source_version };

		assert_true(p->name.n > 0);
		for (size_t i = 0; i < ARRAY_LEN(fields) && r == 0; i++)
			buf_printf(out, "%s%" PRIstr, i ? " " : "",
				STR_ARG(fields[i].n ? fields[i] : STR("-")));
		if (r == 0)
			buf_append_char(out, '\n');
	}
	if (r < 0)
		buf_printf(out, "error: %s\n", err_msg(&err));
	package_list_fini(&list);
	arena_fini(&arena);
	err_clear(&err);
	return r;
}

static inline void assert_parses(
	const struct package_db_driver *driver, const char *text, const char *expected)
{
	struct buf got = BUF_INIT(16 * MIB);

	(void)parse_to_lines(driver, text, strlen(text), &got);
	assert_string_equal(buf_cstr(&got), expected);
	buf_fini(&got);
}

/* An error that contains a text. */
static inline void assert_refuses(
	const struct package_db_driver *driver, const char *text, size_t n, const char *why)
{
	struct buf got = BUF_INIT(16 * MIB);

	assert_int_equal(parse_to_lines(driver, text, n, &got), -ERR_INPUT);
	if (!strstr(buf_cstr(&got), why))
		fail_msg("\"%s\" does not contain \"%s\"", buf_cstr(&got), why);
	buf_fini(&got);
}

/*
 * A file cut at every offset gives an error or packages that the whole file has too, but for the
 * last one, which may have lost fields that stand behind the cut.
 */
static inline void assert_cuts_are_clean(const struct package_db_driver *driver, const char *file)
{
	size_t n;
	char *text = test_read_data(file, &n);
	struct buf whole = BUF_INIT(16 * MIB), cut = BUF_INIT(16 * MIB);

	assert_int_equal(parse_to_lines(driver, text, n, &whole), 0);
	for (size_t i = 0; i < n; i++) {
		/* A copy of its own, so that AddressSanitizer sees a read beyond the cut. */
		char *part = xmalloc(i);

		memcpy(part, text, i);
		buf_clear(&cut);
		if (parse_to_lines(driver, part, i, &cut) == 0) {
			struct str all_but_last = buf_str(&cut);

			if (all_but_last.n) {
				all_but_last.n--;
				while (all_but_last.n && all_but_last.p[all_but_last.n - 1] != '\n')
					all_but_last.n--;
			}
			if (!str_starts(buf_str(&whole), all_but_last))
				fail_msg("cut at %zu: %s", i, buf_cstr(&cut));
		}
		free(part);
	}
	buf_fini(&whole);
	buf_fini(&cut);
	free(text);
}

/* Any one byte changed gives an error or a clean result. */
static inline void assert_flips_are_clean(const struct package_db_driver *driver, const char *file)
{
	static const char others[] = { '\0', '\n', ':', ' ', '\x1b', '\xff' };
	size_t n;
	char *text = test_read_data(file, &n);
	struct buf out = BUF_INIT(16 * MIB);

	for (size_t i = 0; i < n; i++) {
		char before = text[i];

		text[i] = others[i % sizeof(others)];
		buf_clear(&out);
		(void)parse_to_lines(driver, text, n, &out);
		/* What goes to terminals and databases has no control characters. */
		for (size_t k = 0; k < out.n; k++)
			assert_true(out.p[k] == '\n' || (unsigned char)out.p[k] >= ' ');
		text[i] = before;
	}
	buf_fini(&out);
	free(text);
}

#endif
