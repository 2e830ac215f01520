/*
 * Published and tool-made version pairs, one a line: a, order, b, source. The orders are those of
 * dpkg 1.21, rpm 4.18 and apk-tools 3.0.6; the files of malformed versions have the source's
 * opinion in the second column and the tool's in the fifth.
 */
#include "check.h"

#include "version/version_priv.h"

struct row {
	struct str column[5];
	size_t n;
};

static struct row split_row(struct str line)
{
	struct row row = { .n = 0 };
	struct str rest = line;

	while (row.n < ARRAY_LEN(row.column)) {
		bool more = str_cut(rest, '\t', &row.column[row.n++], &rest);

		if (!more)
			break;
	}
	return row;
}

/* Calls check for each row and returns how many there were. */
static size_t for_each_row(const char *name, const struct version_scheme *s,
	void (*check)(const struct version_scheme *s, const struct row *row))
{
	size_t size, rows = 0;
	_cleanup_free_ char *content = test_read_data(name, &size);
	struct str rest = str_n(content, size), line;

	while (str_next_line(&rest, &line)) {
		if (str_starts(line, STR("#")))
			continue;
		struct row row = split_row(line);
		assert_true(row.n >= 3 && row.column[1].n == 1);
		check(s, &row);
		rows++;
	}
	return rows;
}

static void check_row(const struct version_scheme *s, const struct row *row)
{
	check_order(s, row->column[0], row->column[1].p[0], row->column[2]);
}

static void test_dpkg_orders_as_dpkg(void **state UNUSED)
{
	assert_int_equal(for_each_row("version/deb.tsv", &version_dpkg, check_row), 10190);
	assert_int_equal(for_each_row("version/deb-fuzz.tsv", &version_dpkg, check_row), 4087);
}

static void test_rpm_orders_as_rpm(void **state UNUSED)
{
	assert_int_equal(for_each_row("version/rpm-evr.tsv", &version_rpm, check_row), 3126);
	assert_int_equal(for_each_row("version/rpm-vercmp.tsv", &version_rpm, check_row), 65);
	assert_int_equal(for_each_row("version/rpm-fuzz.tsv", &version_rpm, check_row), 4199);
}

static void test_apk_orders_as_apk(void **state UNUSED)
{
	assert_int_equal(for_each_row("version/apk.tsv", &version_apk, check_row), 10277);
	assert_int_equal(for_each_row("version/apk-fuzz.tsv", &version_apk, check_row), 2678);
}

/* "E": rpm refuses one of the two; else its order as a number. */
static void check_lenient_row(const struct version_scheme *s, const struct row *row)
{
	struct str rpm = row->column[4];
	char expected = str_eq(rpm, STR("E")) ? '?' : str_eq(rpm, STR("-1")) ? '<' : '>';

	assert_int_equal(row->n, 5);
	if (expected != '?')
		check_order(s, row->column[0], expected, row->column[2]);
	else if (order_by_key(s, row->column[0], row->column[2]) != '?')
		fail_msg("\"%" PRIstr "\" or \"%" PRIstr "\" should be no version",
			STR_ARG(row->column[0]), STR_ARG(row->column[2]));
}

static void test_rpm_refuses_what_rpm_refuses(void **state UNUSED)
{
	assert_int_equal(
		for_each_row("version/rpm-evr-lenient.tsv", &version_rpm, check_lenient_row), 101);
}

static size_t apk_2_rows;

/* Of what apk-tools 3 refuses only digits after the letter are let in, in the order of apk 2. */
static void check_apk_2_row(const struct version_scheme *s, const struct row *row)
{
	if (order_by_key(s, row->column[0], row->column[2]) == '?')
		return;
	check_row(s, row);
	apk_2_rows++;
}

static void test_apk_accepts_digits_after_the_letter_as_apk_2(void **state UNUSED)
{
	apk_2_rows = 0;
	assert_int_equal(
		for_each_row("version/apk-invalid.tsv", &version_apk, check_apk_2_row), 64);
	assert_int_equal(apk_2_rows, 42);
}

/* Lines "1.2" and, for what is none, "!1.2"; those with spaces are about matching by prefix. */
static void test_apk_accepts_what_apk_accepts(void **state UNUSED)
{
	size_t size, seen = 0;
	_cleanup_free_ char *content = test_read_data("version/apk-valid-and-fuzzy.txt", &size);
	struct str rest = str_n(content, size), line;

	while (str_next_line(&rest, &line)) {
		if (line.n == 0 || str_find_char(line, ' ') >= 0)
			continue;
		bool expected = !str_skip_prefix(&line, STR("!")) || str_eq(line, STR("0.1a1"));
		if (version_is_valid(&version_apk, line) != expected)
			fail_msg("\"%" PRIstr "\" should be %s", STR_ARG(line),
				expected ? "a version" : "none");
		seen++;
	}
	assert_int_equal(seen, 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpkg_orders_as_dpkg),
		cmocka_unit_test(test_rpm_orders_as_rpm),
		cmocka_unit_test(test_apk_orders_as_apk),
		cmocka_unit_test(test_rpm_refuses_what_rpm_refuses),
		cmocka_unit_test(test_apk_accepts_digits_after_the_letter_as_apk_2),
		cmocka_unit_test(test_apk_accepts_what_apk_accepts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
