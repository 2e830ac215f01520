/*
 * Updates of yum repositories, of CentOS and Rocky as they are, and such as make no sense.
 */
#include "../test.h"

#include "feed/format/rpm_words.h"
#include "feed/format/updateinfo.h"
#include "feed/sink.h"

static void describe(const struct updateinfo_update *u, struct arena *a, struct buf *out)
{
	struct advisory_fix *fixes;
	size_t n = updateinfo_fixes(u, a, &fixes);

	buf_printf(out, "%" PRIstr " %" PRIstr " %" PRIstr " %" PRIstr ":", STR_ARG(u->id),
		STR_ARG(u->type), STR_ARG(u->release), STR_ARG(u->severity));
	for (size_t i = 0; i < u->n_cves; i++)
		buf_printf(out, " %" PRIstr, STR_ARG(u->cves[i]));
	for (size_t i = 0; i < n; i++)
		buf_printf(out, " | %" PRIstr " %" PRIstr " (%" PRIstr ")",
			STR_ARG(fixes[i].package), STR_ARG(fixes[i].fixed_version),
			STR_ARG(fixes[i].arches));
	buf_printf(out, "%s%s\n", u->problem ? " ! " : "", u->problem ? u->problem : "");
}

static int read_all(struct str document, size_t chunk, struct buf *out, struct err *err)
{
	struct stream_mem m;
	int r;

	stream_mem_init(&m, span_from_str(document), chunk);
	_cleanup_(updateinfo_freep) struct updateinfo_reader *reader = updateinfo_new(&m.stream);
	do {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct updateinfo_update u;

		r = updateinfo_next(reader, &a, &u, err);
		if (r > 0)
			describe(&u, &a, out);
	} while (r > 0);
	return r;
}

static void check_file(const char *name, const char *expected)
{
	static const size_t chunks[] = { 0, 1, 7 };
	size_t n;
	_cleanup_free_ char *document = test_read_data(name, &n);

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);

		assert_ok(read_all(str_n(document, n), chunks[i], &out, &err), &err);
		assert_string_equal(buf_cstr(&out), expected);
	}
}

static void check(const char *document, const char *expected)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);

	assert_ok(read_all(str_of(document), 0, &out, &err), &err);
	assert_string_equal(buf_cstr(&out), expected);
}

/* Where CentOS 6 and 7 stand in one advisory, the later version counts. */
static void test_centos_is_read(void **state UNUSED)
{
	check_file("feed/updateinfo-cesa.xml",
		"CESA_2016__0301 security CentOS 6 Important: | openssl 1.0.1e-51.el7_2.4 (i686 x86_64)"
		" | openssl-devel 1.0.1e-51.el7_2.4 (i686 x86_64)"
		" | openssl-libs 1.0.1e-51.el7_2.4 (i686 x86_64)"
		" | openssl-perl 1.0.1e-51.el7_2.4 (i686 x86_64)"
		" | openssl-static 1.0.1e-51.el7_2.4 (i686 x86_64)\n"
		"CESA_2015__1889 security CentOS 6 Important: | spice-server 0.12.4-12.el6_7.3 (x86_64)"
		" | spice-server-devel 0.12.4-12.el6_7.3 (x86_64)\n"
		"CESA_2015__1708 security CentOS 6 Important: | libXfont 1.4.7-3.el7_1 (i686 x86_64)"
		" | libXfont-devel 1.4.7-3.el7_1 (i686 x86_64)\n");
}

static void test_packages_of_modules_are_named_with_them(void **state UNUSED)
{
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/updateinfo-rocky.xml", &n);
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(read_all(str_n(document, n), 0, &out, &err), &err);
	const char *text = buf_cstr(&out);
	assert_non_null(
		strstr(text, " | ruby:2.6::rubygem-abrt 0.3.0-4.module+el8.5.0+738+032c9c02 ()"
			     " | ruby:2.6::rubygem-bson 4.3.0-2.module+el8.4.0+592+03ff458a"
			     " (x86_64)\n"));
	assert_non_null(strstr(text, "RLBA-2021:2580 bugfix"));
}

static void test_one_fix_for_each_package(void **state UNUSED)
{
	check("<updates><update type='security'><id>X-1</id><references>"
	      "<reference id='CVE-2024-1'/><reference id='RHSA-1'/><reference id='CVE-2024-1'/>"
	      "<reference id='CVE 2'/></references><pkglist><collection>"
	      "<package name='a' version='1' release='2' epoch='0' arch='x86_64'/>"
	      "<package name='a' version='1' release='2' epoch='0' arch='aarch64'/>"
	      "<package name='a' version='1' release='2' epoch='0' arch='x86_64'/>"
	      "<package name='a' version='1' release='2' epoch='0' arch='src'/>"
	      "<package name='b' version='1' release='2' epoch='7' arch='noarch'/>"
	      "<package name='b' version='1' release='2' epoch='7' arch='x86_64'/>"
	      "<package name='c' version='1' release='10' arch='x86_64'/>"
	      "<package name='c' version='1' release='9' epoch='(none)' arch='aarch64'/>"
	      "</collection></pkglist></update></updates>",
		"X-1 security  : CVE-2024-1 | a 1-2 (x86_64 aarch64) | b 7:1-2 () | c 1-10 (x86_64 aarch64)\n");
}

static void test_what_makes_no_sense_has_a_problem(void **state UNUSED)
{
	check("<updates><update><title>no id</title></update></updates>",
		"   : ! no id, or a malformed one\n");
	check("<updates><update><id>a b</id></update></updates>",
		"a b   : ! no id, or a malformed one\n");
	check("<updates><update><id>X</id><pkglist><collection><package name='a' version='1' "
	      "arch='noarch'/></collection></pkglist></update><update><id>Y</id></update></updates>",
		"X   : ! a package without name, version, release or arch\nY   :\n");
	check("<updates><update><id>X</id><pkglist><collection><module name='m'/></collection>"
	      "</pkglist></update></updates>",
		"X   : ! a module without name or stream\n");
	check("<updates/>", "");
	check("<updates><other><update><id>X</id></update></other></updates>", "");
}

static void test_what_is_no_updateinfo_fails(void **state UNUSED)
{
	static const char *const documents[] = { "", "<repomd/>", "<updates>", "<updates><update>",
		"<updates/>x", "<updates><update></updates>", "{}" };

	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);

		assert_fails(read_all(str_of(documents[i]), 0, &out, &err), &err, ERR_INPUT, "");
	}
}

static void test_too_many_packages_are_too_large(void **state UNUSED)
{
	_cleanup_buf_ struct buf document = BUF_INIT(64 * MIB), out = BUF_INIT(64 * MIB);
	_cleanup_err_ struct err err = ERR_INIT;

	buf_append_str(&document, STR("<updates><update><id>X</id><pkglist><collection>"));
	for (int i = 0; i < 400000; i++)
		buf_append_str(
			&document, STR("<package name='a' version='1' release='2' arch='x'/>"));
	buf_append_str(&document, STR("</collection></pkglist></update><update><id>Y</id></update>"
				      "</updates>"));
	assert_ok(read_all(buf_str(&document), 0, &out, &err), &err);
	assert_string_equal(buf_cstr(&out), "X   : | a 1-2 (x) ! it is too large\nY   :\n");
}

static void test_severity_words(void **state UNUSED)
{
	assert_int_equal(rpm_severity(STR("low")), SEVERITY_LOW);
	assert_int_equal(rpm_severity(STR("Moderate")), SEVERITY_MEDIUM);
	assert_int_equal(rpm_severity(STR("medium")), SEVERITY_MEDIUM);
	assert_int_equal(rpm_severity(STR("Important")), SEVERITY_HIGH);
	assert_int_equal(rpm_severity(STR("critical")), SEVERITY_CRITICAL);
	assert_int_equal(rpm_severity(STR("None")), SEVERITY_UNKNOWN);
	assert_int_equal(rpm_severity(STR("")), SEVERITY_UNKNOWN);
}

static void test_long_texts_are_cut_between_characters(void **state UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT(2 * LIMIT_ADVISORY_TEXT);

	for (size_t i = 0; i < LIMIT_ADVISORY_TEXT - 1; i++)
		buf_append_char(&b, 'a');
	buf_append_str(&b, STR("\xc3\xa4"));
	assert_int_equal(feed_cut_text(buf_str(&b)).n, LIMIT_ADVISORY_TEXT - 1);
	assert_str(feed_cut_text(STR("\xc3\xa4")), "\xc3\xa4");
}

static void test_epochs_of_zero_are_left_out(void **state UNUSED)
{
	assert_str(rpm_without_epoch_0(STR("0:1-2")), "1-2");
	assert_str(rpm_without_epoch_0(STR("(none):1-2")), "1-2");
	assert_str(rpm_without_epoch_0(STR("10:1-2")), "10:1-2");
	assert_str(rpm_without_epoch_0(STR("1-2")), "1-2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_centos_is_read),
		cmocka_unit_test(test_packages_of_modules_are_named_with_them),
		cmocka_unit_test(test_one_fix_for_each_package),
		cmocka_unit_test(test_what_makes_no_sense_has_a_problem),
		cmocka_unit_test(test_what_is_no_updateinfo_fails),
		cmocka_unit_test(test_too_many_packages_are_too_large),
		cmocka_unit_test(test_severity_words),
		cmocka_unit_test(test_long_texts_are_cut_between_characters),
		cmocka_unit_test(test_epochs_of_zero_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
