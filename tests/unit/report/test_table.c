/*
 * The table: golden outputs, and what holds for every one.
 */
#include "../test.h"
#include "samples.h"

static void print_sample(const char *sample, const struct report_options *o, struct buf *out)
{
	struct report r;

	assert_true(sample_init(&r, str_of(sample)));
	report_format_by_name(STR("table"))->write(&r, o, out);
	sample_fini(&r);
}

static void test_golden_outputs(void **state UNUSED)
{
	static const struct {
		const char *file;
		const char *sample;
		struct report_options options;
	} cases[] = {
		{ "report/full.txt", "full", { 0 } },
		{ "report/full-packages.txt", "full", { .list_packages = true } },
		{ "report/full-80.txt", "full", { .list_packages = true, .width = 80 } },
		{ "report/full-40.txt", "full", { .width = 40 } },
		{ "report/full-color.txt", "full", { .color = true } },
		{ "report/full-high-fixed.txt", "full",
			{ .severities = 1U << SEVERITY_HIGH, .only_fixed = true } },
		{ "report/all-hidden.txt", "many", { .severities = 1U << SEVERITY_MEDIUM } },
		{ "report/clean.txt", "clean", { 0 } },
		{ "report/empty.txt", "empty", { .list_packages = true } },
		{ "report/unknown.txt", "unknown", { 0 } },
		{ "report/hostile.txt", "hostile", { .list_packages = true } },
		{ "report/incomplete.txt", "incomplete", { .list_packages = true } },
		{ "report/many.txt", "many", { 0 } },
		{ "report/many-80.txt", "many", { .width = 80 } },
		{ "report/none.txt", "none", { 0 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);
		size_t n;
		_cleanup_free_ char *expected = test_read_data(cases[i].file, &n);

		print_sample(cases[i].sample, &cases[i].options, &out);
		if (strcmp(buf_cstr(&out), expected) != 0)
			fail_msg("%s: got\n%s\nnot\n%s", cases[i].file, buf_cstr(&out), expected);
	}
}

/* Code points of a line. */
static size_t columns(struct str line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n; n++) {
		size_t length = utf8_check(line.p + i, line.n - i);

		if (length == 0)
			fail_msg("not UTF-8: %" PRIstr, STR_ARG(line));
		i += length;
	}
	return n;
}

static void check_line(const char *sample, struct str line)
{
	if (str_ends(line, STR(" ")))
		fail_msg("%s: spaces behind \"%" PRIstr "\"", sample, STR_ARG(line));
	for (size_t i = 0; i < line.n; i++) {
		if ((uint8_t)line.p[i] < ' ' || line.p[i] == '\x7f')
			fail_msg("%s: byte 0x%02x in \"%" PRIstr "\"", sample, line.p[i],
				STR_ARG(line));
	}
	(void)columns(line);
}

static void test_lines_are_clean_at_every_width(void **state UNUSED)
{
	for (size_t i = 0; sample_name_at(i); i++) {
		for (unsigned width = 0; width < 120; width++) {
			struct report_options o = { .list_packages = true, .width = width };
			_cleanup_buf_ struct buf out = BUF_INIT(MIB);
			struct str rest, line;

			print_sample(sample_name_at(i), &o, &out);
			rest = buf_str(&out);
			while (str_next_line(&rest, &line))
				check_line(sample_name_at(i), line);
		}
	}
}

/* Lines of tables start with these; titles and totals are never cut. */
static bool is_table_line(struct str line)
{
	static const char *const starts[] = { "VULNERABILITY", "CVE-", "TEMP-", "PACKAGE" };

	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		if (str_starts(line, str_of(starts[i])))
			return true;
	}
	return false;
}

static void test_tables_fit_the_width(void **state UNUSED)
{
	/* 19 + 10 + 12 of columns that are not cut, three of 8 or more, five gaps. */
	for (unsigned width = 19 + 10 + 12 + 9 + 8 + 8 + 10; width < 90; width++) {
		struct report_options o = { .list_packages = true, .width = width };
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);
		size_t widest = 0;
		struct str rest, line;

		print_sample("full", &o, &out);
		rest = buf_str(&out);
		while (str_next_line(&rest, &line)) {
			if (is_table_line(line))
				widest = max_size(widest, columns(line));
		}
		if (widest > width || widest < min_size(width, 86))
			fail_msg("%zu columns where there are %u", widest, width);
	}
}

static void test_colors_change_nothing_else(void **state UNUSED)
{
	for (size_t i = 0; sample_name_at(i); i++) {
		struct report_options plain = { .width = 78 };
		struct report_options colored = { .width = 78, .color = true };
		_cleanup_buf_ struct buf expected = BUF_INIT(MIB);
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);
		_cleanup_buf_ struct buf stripped = BUF_INIT(MIB);
		struct str rest, head;

		print_sample(sample_name_at(i), &plain, &expected);
		print_sample(sample_name_at(i), &colored, &out);
		rest = buf_str(&out);
		while (str_cut(rest, '\x1b', &head, &rest)) {
			buf_append_str(&stripped, head);
			assert_true(str_starts(rest, STR("[")));
			assert_true(str_cut(rest, 'm', NULL, &rest));
		}
		buf_append_str(&stripped, head);
		assert_string_equal(buf_cstr(&stripped), buf_cstr(&expected));
	}
}

/* Else all lines would be padded to the length of one. */
static void test_a_long_cell_does_not_pad_the_others(void **state UNUSED)
{
	struct report_options o = { .list_packages = true };
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	_cleanup_buf_ struct buf version = BUF_INIT(MIB);
	_cleanup_err_ struct err err = ERR_INIT;
	struct report_target t;
	struct report r = { .targets = VEC_INIT };

	memset(buf_reserve(&version, 4096), '1', 4096);
	buf_commit(&version, 4096);
	report_target_init(&t);
	for (int i = 0; i < 2000; i++) {
		struct report_package p = { .layer = STR("sha256:0123456789abcdef") };

		p.package.name = STR("p");
		p.package.version = i ? STR("1") : buf_str(&version);
		vec_push(&t.packages, p);
	}
	vec_push(&r.targets, t);
	report_format_by_name(STR("table"))->write(&r, &o, &out);
	assert_ok(buf_check(&out, "the report", &err), &err);
	buf_append_str(&version, STR("  0123456789ab\n"));
	assert_true(str_find(buf_str(&out), buf_str(&version)) > 0);
	sample_fini(&r);
}

static void test_says_when_there_is_no_room(void **state UNUSED)
{
	struct report_options o = { 0 };
	_cleanup_buf_ struct buf out = BUF_INIT(100);
	_cleanup_err_ struct err err = ERR_INIT;

	print_sample("full", &o, &out);
	assert_fails(buf_check(&out, "the report", &err), &err, ERR_TOO_LARGE, "the report");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_outputs),
		cmocka_unit_test(test_lines_are_clean_at_every_width),
		cmocka_unit_test(test_tables_fit_the_width),
		cmocka_unit_test(test_colors_change_nothing_else),
		cmocka_unit_test(test_a_long_cell_does_not_pad_the_others),
		cmocka_unit_test(test_says_when_there_is_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
