/*
 * apk's database: its fields, its ends, and that damage is an error.
 */
#include "package_test.h"

#define APK &package_apk

static void test_real_databases(void **state UNUSED)
{
	assert_sample(APK, "apk/alpine-3.20.3.installed");
	assert_sample(APK, "apk/gliderlabs-alpine-3.4.installed");
}

static void test_how_records_may_be_written(void **state UNUSED)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "" },
		{ "\n\n\n", "" },
		{ "P:a\nV:1-r0\nA:x86_64\no:b\n\n", "a|1-r0|x86_64|b|1-r0| " },
		/* The last blank line may be missing, there may be several, and some in front. */
		{ "P:a\nV:1\n", "a|1||a|1| " },
		{ "\n\nP:a\nV:1\n\n\n\nP:b\nV:2\n\n\n", "a|1||a|1| b|2||b|2| " },
		{ "P:a\r\nV:1\r\n\r\nP:b\r\nV:2\r\n", "a|1||a|1| b|2||b|2| " },
		/* Without an origin a package is its own. */
		{ "P:a\nV:1\no:\n", "a|1||a|1| " },
		{ "P:a\nV:1\no:a\n", "a|1||a|1| " },
		{ "o:c\nP:a\nV:1\n\nP:b\nV:1\n\nP:d\nV:1\no:c\n",
			"a|1||c|1| b|1||b|1| d|1||c|1| " },
		/* Letters of no interest, known and unknown; files; the last of two stands. */
		{ "C:Q1x=\nP:a\nV:1\nz:y\n?:\n\xff:\nF:P:b\nR:V:2\na:0:0:755\nZ:Q1\nD:so:c>=1\n",
			"a|1||a|1| " },
		{ "p:b\nv:2\nO:c\nP:a\nV:1\n", "a|1||a|1| " },
		{ "P:a\nP:b\nV:1\nV:2\n", "b|2||b|2| " },
		/* Without a version it is counted as not comparable later. */
		{ "P:a\n\nP:b\nV:\n", "a|||a|| b|||b|| " },
		{ "P:.build-deps\nV:20240101.120000\n",
			".build-deps|20240101.120000||.build-deps|20240101.120000| " },
		/* Nothing is trimmed and nothing judged. */
		{ "P: a \nV:not a version\n", " a |not a version|| a |not a version| " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_packages(APK, str_of(cases[i].text), cases[i].expected);
}

static void test_maintainers_are_kept_for_people(void **state UNUSED)
{
	struct parsed p = parse_text(APK, STR("P:a\nV:1\nm:A\x1b[1m <a@x>\n\nP:b\nV:1\n"));

	assert_ok(p.result, &p.err);
	assert_str(p.list.items.v[0].vendor, "A?[1m <a@x>");
	assert_str(p.list.items.v[1].vendor, "");
	parsed_free(&p);
}

static void test_what_hides_packages_is_an_error(void **state UNUSED)
{
	static const struct {
		struct str text;
		const char *message;
	} cases[] = {
		{ STR_INIT("P:a\nV:1\n\nV:1\n\n"), "db: record at line 4: no package name" },
		{ STR_INIT("P:\nV:1\n\n"), "db: record at line 1: no package name" },
		{ STR_INIT("F:etc\n"), "no package name" },
		{ STR_INIT("P:a\nV:1\nx\n"), "db: line 3: no letter and colon" },
		{ STR_INIT("P:a\nV:1\nPackage: b\n"), "db: line 3: no letter and colon" },
		{ STR_INIT("P:a\nV:1\n \n"), "db: line 3: no letter and colon" },
		{ STR_INIT(" P:a\nV:1\n"), "db: line 1: no letter and colon" },
		{ STR_INIT("P:a\x01\nV:1\n"), "a control character in the name" },
		{ STR_INIT("P:a\nV:1\r2\n"), "a control character in the version" },
		{ STR_INIT("P:a\nV:1\nA:\x7f\n"), "a control character in the architecture" },
		{ STR_INIT("P:a\nV:1\no:\0\n"), "a control character in the origin" },
		{ STR_INIT("P:a\nV:1"), "db: the last line has no end" },
		{ STR_INIT("ADB.\0\0\0\0\n"), "db: line 1: no letter and colon" },
		{ STR_INIT("\0\0\0\0"), "db: the last line has no end" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_refused(APK, cases[i].text, ERR_INPUT, cases[i].message);
}

static void test_long_fields_are_refused(void **state UNUSED)
{
	static const char *const heads[] = { "V:1\nP:", "P:a\nV:", "P:a\nV:1\nA:", "P:a\nV:1\no:" };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(MIB);

		buf_append_str(&text, str_of(heads[i]));
		for (size_t k = 0; k < LIMIT_PACKAGE_FIELD; k++)
			buf_append_char(&text, '1');
		buf_append_char(&text, '\n');
		struct parsed p = parse_text(APK, buf_str(&text));
		assert_ok(p.result, &p.err);
		parsed_free(&p);
		text.n--;
		buf_append_str(&text, STR("1\n"));
		assert_refused(APK, buf_str(&text), ERR_TOO_LARGE, "of 4097 bytes");
	}
}

static void test_packages_are_limited(void **state UNUSED)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * MIB);

	for (size_t i = 0; i < LIMIT_PACKAGES; i++)
		buf_append_str(&text, STR("P:a\nV:1\n\n"));
	struct parsed p = parse_text(APK, buf_str(&text));
	assert_ok(p.result, &p.err);
	assert_int_equal(p.list.items.n, LIMIT_PACKAGES);
	parsed_free(&p);
	buf_append_str(&text, STR("P:a\nV:1\n"));
	assert_refused(APK, buf_str(&text), ERR_TOO_LARGE, "more than 200000 packages");
}

/* A field of a cut database is as it was or, in the last package, not there. */
static void check_cut(const struct package *got, const struct package *full, bool last)
{
	assert_true(str_eq(got->name, full->name) && str_eq(got->source_version, got->version));
	assert_true(str_eq(got->version, full->version) || (last && got->version.n == 0));
	assert_true(str_eq(got->arch, full->arch) || (last && got->arch.n == 0));
	assert_true(str_eq(got->source, full->source) || (last && str_eq(got->source, got->name)));
	assert_true(str_eq(got->vendor, full->vendor) || (last && got->vendor.n == 0));
}

static void test_a_cut_database_has_whole_fields_or_is_refused(void **state UNUSED)
{
	size_t n, read = 0;
	char *text = test_read_data("package/apk/alpine-3.20.3.installed", &n);
	struct parsed whole = parse_text(APK, str_n(text, n));

	for (size_t cut = 0; cut < n; cut++) {
		struct parsed p = parse_text(APK, str_n(text, cut));

		if (cut && text[cut - 1] != '\n')
			assert_fails(p.result, &p.err, ERR_INPUT, "the last line has no end");
		read += p.result == 0;
		for (size_t i = 0; p.result == 0 && i < p.list.items.n; i++)
			check_cut(&p.list.items.v[i], &whole.list.items.v[i],
				i + 1 == p.list.items.n);
		parsed_free(&p);
	}
	assert_true(read > whole.list.items.n);
	parsed_free(&whole);
	free(text);
}

static void test_flipped_bytes(void **state UNUSED)
{
	size_t n;
	char *text = test_read_data("package/apk/gliderlabs-alpine-3.4.installed", &n);

	assert_text_survives_flips(APK, str_n(text, n));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_databases),
		cmocka_unit_test(test_how_records_may_be_written),
		cmocka_unit_test(test_maintainers_are_kept_for_people),
		cmocka_unit_test(test_what_hides_packages_is_an_error),
		cmocka_unit_test(test_long_fields_are_refused),
		cmocka_unit_test(test_packages_are_limited),
		cmocka_unit_test(test_a_cut_database_has_whole_fields_or_is_refused),
		cmocka_unit_test(test_flipped_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
