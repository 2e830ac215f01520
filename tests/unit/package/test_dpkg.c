/*
 * dpkg's databases: what counts as installed, which version is whose, and that damage is an error
 * or passed over as dpkg does.
 */
#include "package_test.h"

#define STATUS_D &package_dpkg_status_d
#define STATUS   &package_dpkg_status

#define FOO                                                                                      \
	"Package: foo\nStatus: install ok installed\nMaintainer: M <m@x>\nArchitecture: amd64\n" \
	"Version: 1-1\n"

static void test_real_databases(void **state UNUSED)
{
	assert_sample(STATUS, "dpkg/debian-bookworm.status");
	assert_sample(STATUS, "dpkg/ubuntu-xenial.status");
}

static void test_every_state_but_two_has_files(void **state UNUSED)
{
	static const struct {
		const char *state;
		bool installed;
	} cases[] = {
		{ "install ok installed", true },
		{ "install ok unpacked", true },
		{ "install ok half-configured", true },
		{ "install ok half-installed", true },
		{ "install reinstreq half-installed", true },
		{ "install ok triggers-awaited", true },
		{ "install ok triggers-pending", true },
		{ "hold ok installed", true },
		{ "deinstall ok installed", true },
		{ "purge ok installed", true },
		{ "unknown ok installed", true },
		{ "install\tok  installed", true },
		{ "install ok Installed", true },
		{ "install ok of-the-future", true },
		{ "install ok", true },
		{ "", true },
		{ "deinstall ok config-files", false },
		{ "install ok config-files", false },
		{ "purge ok config-files", false },
		{ "unknown ok not-installed", false },
		{ "purge ok not-installed", false },
		{ "deinstall reinstreq not-installed", false },
		{ "install ok Config-Files", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);

		buf_printf(&text, "Package: foo\nStatus: %s\nVersion: 1\n", cases[i].state);
		assert_packages(STATUS, buf_str(&text), cases[i].installed ? "foo|1||foo|1| " : "");
	}
}

static void test_without_a_status_a_package_is_installed(void **state UNUSED)
{
	assert_packages(
		STATUS_D, STR("Package: a\nVersion: 1\nArchitecture: all\n"), "a|1|all|a|1| ");
	assert_packages(STATUS_D, STR("Package: a\nVersion: 1"), "a|1||a|1| ");
	assert_packages(STATUS, STR("Package: a\nVersion: 1\n"), "a|1||a|1| ");
	assert_packages(STATUS_D, STR(""), "");
	assert_packages(STATUS_D, STR("\n\n"), "");
}

static void test_the_source_may_have_a_version_of_its_own(void **state UNUSED)
{
	static const struct {
		const char *source, *expected;
	} cases[] = {
		{ "bar", "bar|1:2-3+b1" },
		{ "bar (1:2-3)", "bar|1:2-3" },
		{ "bar (0:2-3)", "bar|2-3" },
		{ "bar (00:2-3)", "bar|2-3" },
		{ "bar (0:2:3)", "bar|0:2:3" },
		{ "bar(2-3)", "bar|2-3" },
		{ "bar ( 2-3 ) ", "bar|2-3" },
		{ "bar\n (2-3)", "bar|2-3" },
		{ "bar ()", "bar|1:2-3+b1" },
		{ "bar (", "bar|1:2-3+b1" },
		{ "bar (2-3", "bar|2-3" },
		{ "(2-3)", "foo|2-3" },
		{ "", "foo|1:2-3+b1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB), expected = BUF_INIT(KIB);

		buf_printf(&text, "Package: foo\nVersion: 1:2-3+b1\nSource: %s\n", cases[i].source);
		buf_printf(&expected, "foo|1:2-3+b1||%s| ", cases[i].expected);
		assert_packages(STATUS, buf_str(&text), buf_cstr(&expected));
	}
}

static void test_an_epoch_of_zero_is_left_out(void **state UNUSED)
{
	static const struct {
		const char *version, *expected;
	} cases[] = {
		{ "0:1-2", "1-2" },
		{ "000:1-2", "1-2" },
		{ "1:1-2", "1:1-2" },
		{ "10:0", "10:0" },
		{ "0:1:2", "0:1:2" },
		{ "0:", "0:" },
		{ ":1", ":1" },
		{ "x:1", "x:1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB), expected = BUF_INIT(KIB);

		buf_printf(&text, "Package: a\nVersion: %s\n", cases[i].version);
		buf_printf(&expected, "a|%s||a|%s| ", cases[i].expected, cases[i].expected);
		assert_packages(STATUS, buf_str(&text), buf_cstr(&expected));
	}
}

static void test_architectures_of_one_package_are_packages(void **state UNUSED)
{
	assert_packages(STATUS,
		STR("Package: libc6\nStatus: install ok installed\nArchitecture: amd64\n"
		    "Multi-Arch: same\nSource: glibc\nVersion: 2.36-9\n\n"
		    "Package: libc6\nStatus: install ok installed\nArchitecture: i386\n"
		    "Multi-Arch: same\nSource: glibc\nVersion: 2.36-8\n\n"
		    "Package: libc6\nStatus: deinstall ok config-files\nArchitecture: x32\n"
		    "Multi-Arch: same\nSource: glibc\nVersion: 2.36-7\n\n"),
		"libc6|2.36-8|i386|glibc|2.36-8| libc6|2.36-9|amd64|glibc|2.36-9| ");
}

static void test_how_fields_may_be_written(void **state UNUSED)
{
	/* Folded fields, also such as look like others; case; the first of two; CR LF. */
	assert_packages(STATUS,
		STR("Package: a\nDescription: x\n Package: b\n .\n Version: 9\nConffiles:\n"
		    " /etc/a 0123\nVersion: 1\nversion: 2\nPackage: c\n"),
		"a|1||a|1| ");
	assert_packages(STATUS, STR("PACKAGE: a\nversion:1\naRchitecture :all\n"), "a|1|all|a|1| ");
	assert_packages(STATUS,
		STR("Package: a\r\nStatus: purge ok config-files\r\nVersion: 1\r\n\r\n"
		    "Package: b\r\nStatus: install ok installed\r\nVersion: 2\r\n\r\n"),
		"b|2||b|2| ");
	assert_packages(STATUS, STR("\n\nPackage: a\nVersion: 1\n\n \n\nPackage: b\nVersion: 2\n"),
		"a|1||a|1| b|2||b|2| ");
}

static void test_maintainers_are_kept_for_people(void **state UNUSED)
{
	struct parsed p = parse_text(STATUS,
		STR("Package: a\nVersion: 1\nMaintainer: A\x1b[1m <a@x>\n\n"
		    "Package: b\nVersion: 1\nMaintainer: A\n B\n\nPackage: c\nVersion: 1\n"));

	assert_ok(p.result, &p.err);
	assert_int_equal(p.list.items.n, 3);
	assert_str(p.list.items.v[0].vendor, "A?[1m <a@x>");
	assert_str(p.list.items.v[1].vendor, "A? B");
	assert_str(p.list.items.v[2].vendor, "");
	parsed_free(&p);
}

static void test_what_hides_packages_is_an_error(void **state UNUSED)
{
	assert_refused(STATUS, STR(FOO "\nnonsense\n"), ERR_INPUT,
		"db: line 7: no colon behind a field name");
	assert_refused(STATUS, STR(FOO "\n continued\n"), ERR_INPUT,
		"db: line 7: a continuation line without a field");
	assert_refused(STATUS, STR("\n" FOO "\nVersion: 1\n"), ERR_INPUT,
		"db: stanza at line 8: no package name");
	assert_refused(STATUS, STR("Package:\nVersion: 1\n"), ERR_INPUT,
		"db: stanza at line 1: no package name");
	assert_refused(STATUS, STR("Package: a\nVersion: 1\n b\n"), ERR_INPUT,
		"a control character in the version");
	assert_refused(STATUS, STR("Package: a\x1b\nVersion: 1\n"), ERR_INPUT,
		"a control character in the name");
	assert_refused(STATUS, STR("Package: a\nVersion: 1\nArchitecture: \x7f\n"), ERR_INPUT,
		"a control character in the architecture");
	assert_refused(STATUS, STR("Package: a\nVersion: 1\nSource: b\n c\n"), ERR_INPUT,
		"a control character in the source");
	assert_refused(STATUS, STR("Package: a\nVersion: 1\nSource: b (1\x01)\n"), ERR_INPUT,
		"a control character in the source version");
	assert_refused(STATUS, STR("Package: a\nVersion: 1\0\n"), ERR_INPUT, "line 2: a NUL byte");
	assert_refused(STATUS_D, STR("\x1f\x8b\x08\0\0\0\0\0"), ERR_INPUT, "db: line 1");
	assert_refused(STATUS, STR("\0\0\0\0\0\0\0\0\n"), ERR_INPUT, "db: line 1");
}

/* It is counted as not comparable later, which is more than nothing. */
static void test_without_a_version_a_package_is_kept(void **state UNUSED)
{
	assert_packages(STATUS, STR("Package: a\nStatus: install ok installed\n"), "a|||a|| ");
	assert_packages(
		STATUS, STR("Package: a\nStatus: install reinstreq half-installed\n"), "a|||a|| ");
	assert_packages(STATUS_D, STR("Package: a\nVersion:\nArchitecture: all\n"), "a||all|a|| ");
	assert_packages(STATUS, STR("Package: a\nVersion: nonsense here\n"),
		"a|nonsense here||a|nonsense here| ");
}

static void test_long_fields_are_refused(void **state UNUSED)
{
	static const char *const forms[] = { "Version: 1\nPackage: %s\n",
		"Package: a\nVersion: %s\n", "Package: a\nVersion: 1\nArchitecture: %s\n",
		"Package: a\nVersion: 1\nSource: %s\n", "Package: a\nVersion: 1\nSource: b (%s)\n",
		NULL };
	char value[LIMIT_PACKAGE_FIELD + 2];

	for (size_t extra = 0; extra < 2; extra++) {
		memset(value, '1', sizeof(value));
		value[LIMIT_PACKAGE_FIELD + extra] = '\0';
		for (const char *const *form = forms; *form; form++) {
			_cleanup_buf_ struct buf text = BUF_INIT(MIB);
			ptrdiff_t at = str_find(str_of(*form), STR("%s"));

			buf_append_str(&text, str_n(*form, (size_t)at));
			buf_append_str(&text, str_of(value));
			buf_append_str(&text, str_of(*form + at + 2));
			struct parsed p = parse_text(STATUS, buf_str(&text));
			assert_int_equal(p.result, extra ? -ERR_TOO_LARGE : 0);
			parsed_free(&p);
		}
	}
}

static void test_a_long_maintainer_is_cut(void **state UNUSED)
{
	_cleanup_buf_ struct buf text = BUF_INIT(MIB);

	buf_append_str(&text, STR("Package: a\nVersion: 1\nMaintainer: "));
	for (size_t i = 0; i < 2 * LIMIT_PACKAGE_FIELD; i++)
		buf_append_char(&text, 'm');
	buf_append_char(&text, '\n');
	struct parsed p = parse_text(STATUS, buf_str(&text));
	assert_ok(p.result, &p.err);
	assert_int_equal(p.list.items.v[0].vendor.n, LIMIT_PACKAGE_FIELD);
	parsed_free(&p);
}

static void test_packages_are_limited(void **state UNUSED)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * MIB);

	for (size_t i = 0; i < LIMIT_PACKAGES; i++)
		buf_append_str(&text, STR("Package: a\nVersion: 1\n\n"));
	struct parsed p = parse_text(STATUS, buf_str(&text));
	assert_ok(p.result, &p.err);
	assert_int_equal(p.list.items.n, LIMIT_PACKAGES);
	parsed_free(&p);
	/* What is not installed does not count. */
	buf_append_str(&text, STR("Package: a\nStatus: purge ok config-files\n\n"));
	p = parse_text(STATUS, buf_str(&text));
	assert_ok(p.result, &p.err);
	parsed_free(&p);
	buf_append_str(&text, STR("Package: a\nVersion: 1\n\n"));
	assert_refused(STATUS, buf_str(&text), ERR_TOO_LARGE, "more than 200000 packages");
}

/*
 * A package of a cut database is as it was, with its source; or, the last one, has no version. No
 * field is half of one.
 */
static void check_cut(const struct package *got, const struct package *full, bool last)
{
	assert_true(str_eq(got->name, full->name));
	if (last && got->version.n == 0) {
		assert_true(got->arch.n == 0 || str_eq(got->arch, full->arch));
		assert_true(got->vendor.n == 0 || str_eq(got->vendor, full->vendor));
		return;
	}
	assert_true(str_eq(got->version, full->version) && str_eq(got->arch, full->arch) &&
		    str_eq(got->source, full->source) &&
		    str_eq(got->source_version, full->source_version) &&
		    str_eq(got->vendor, full->vendor));
}

static void check_cuts(const char *name)
{
	size_t n, read = 0;
	char *text = test_read_data(name, &n);
	struct parsed whole = parse_text(STATUS, str_n(text, n));

	for (size_t cut = 0; cut < n; cut++) {
		struct parsed p = parse_text(STATUS, str_n(text, cut));

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

static void test_a_cut_database_has_no_half_of_a_field(void **state UNUSED)
{
	check_cuts("package/dpkg/debian-bookworm.status");
	check_cuts("package/dpkg/ubuntu-xenial.status");
}

static void test_flipped_bytes(void **state UNUSED)
{
	size_t n;
	char *text = test_read_data("package/dpkg/debian-bookworm.status", &n);

	assert_text_survives_flips(STATUS, str_n(text, n));
	free(text);
}

/* Several databases are read into one list. */
static void test_packages_are_appended(void **state UNUSED)
{
	struct parsed p = parse_text(STATUS, STR(FOO));
	struct package_db_content more = { .path = STR("more"),
		.main = span_from_str(STR("Package: b\nVersion: 2\nArchitecture: all\n")) };

	assert_ok(package_dpkg_status_d.parse(&more, &p.arena, &p.list, &p.err), &p.err);
	assert_string_equal(parsed_names(&p), "foo,b");
	parsed_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_databases),
		cmocka_unit_test(test_every_state_but_two_has_files),
		cmocka_unit_test(test_without_a_status_a_package_is_installed),
		cmocka_unit_test(test_the_source_may_have_a_version_of_its_own),
		cmocka_unit_test(test_an_epoch_of_zero_is_left_out),
		cmocka_unit_test(test_architectures_of_one_package_are_packages),
		cmocka_unit_test(test_how_fields_may_be_written),
		cmocka_unit_test(test_maintainers_are_kept_for_people),
		cmocka_unit_test(test_what_hides_packages_is_an_error),
		cmocka_unit_test(test_without_a_version_a_package_is_kept),
		cmocka_unit_test(test_long_fields_are_refused),
		cmocka_unit_test(test_a_long_maintainer_is_cut),
		cmocka_unit_test(test_packages_are_limited),
		cmocka_unit_test(test_a_cut_database_has_no_half_of_a_field),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_packages_are_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
