/*
 * Amazon's advisories: real ones of each Amazon Linux, and what ids and topics make of them.
 */
#include "sink_recorder.h"

#include "feed/amazon.h"
#include "feed/format/repomd.h"
#include "feed/listing.h"

static void parse(struct sink_recorder *r, struct str document)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	sink_recorder_init(r);
	stream_mem_init(&m, span_from_str(document), 0);
	assert_ok(amazon_parse(&m.stream, &r->sink, &err), &err);
}

static void parse_file(struct sink_recorder *r, const char *name)
{
	size_t n;
	_cleanup_free_ char *document = test_read_data(name, &n);

	parse(r, str_n(document, n));
}

/* One advisory of one package. */
static void check(const char *id, const char *version, const char *expected)
{
	struct sink_recorder r;
	_cleanup_arena_ struct arena a = ARENA_INIT;

	parse(&r,
		arena_printf(&a,
			"<updates><update type='security'><id>%s</id><severity>low</severity><pkglist>"
			"<collection><package name='p' %s release='1' arch='x86_64'/></collection>"
			"</pkglist></update></updates>",
			id, version));
	assert_str(buf_str(&r.lines), expected);
	sink_recorder_fini(&r);
}

static void test_first_amazon_linux_is_one_stream(void **state UNUSED)
{
	struct sink_recorder r;

	parse_file(&r, "feed/amazon/updateinfo-1.xml");
	const char *lines = buf_cstr(&r.lines);
	assert_int_equal(r.puts, 8);
	assert_int_equal(r.notes, 0);
	assert_non_null(strstr(lines,
		"amzn:2018.03 ALAS-2011-1 Medium [CVE-2011-3192] httpd-devel <2.2.21-1.18.amzn1 "
		"(i686 x86_64) fixed Medium;"));
	assert_non_null(strstr(lines, " httpd-manual <2.2.21-1.18.amzn1 () fixed Medium;"));
	assert_non_null(strstr(lines, "amzn:2017.09 ALAS-2011-2 High "));
	assert_str(buf_str(&r.link), "https://alas.aws.amazon.com/ALAS-2011-2.html");
	sink_recorder_fini(&r);
}

static void test_core_of_the_second(void **state UNUSED)
{
	struct sink_recorder r;

	parse_file(&r, "feed/amazon/updateinfo-2.xml");
	const char *lines = buf_cstr(&r.lines);
	assert_int_equal(r.puts, 2);
	assert_non_null(strstr(lines, "amzn:2 ALAS2-2018-942 High ["));
	assert_non_null(
		strstr(lines, " qemu-img 10:1.5.3-141.amzn2.5.3") ? lines : strstr(lines, "<"));
	assert_str(buf_str(&r.link), "https://alas.aws.amazon.com/AL2/ALAS2-2018-949.html");
	assert_true(r.description_bytes > 100);
	sink_recorder_fini(&r);
}

static void test_topic_concerns_its_own_series(void **state UNUSED)
{
	struct sink_recorder r;

	parse_file(&r, "feed/amazon/updateinfo-2-kernel-5.15.xml");
	const char *lines = buf_cstr(&r.lines);
	assert_int_equal(r.puts, 1);
	assert_int_equal(strncmp(lines, "amzn:2 ALAS2KERNEL-5.15-2022-001 High [CVE-", 43), 0);
	assert_non_null(
		strstr(lines, " kernel 5.15<5.15.43-20.123.amzn2 (x86_64 aarch64) fixed High;"));
	assert_str(
		buf_str(&r.link), "https://alas.aws.amazon.com/AL2/ALAS2KERNEL-5.15-2022-001.html");
	sink_recorder_fini(&r);
}

static void test_livepatches_of_2023(void **state UNUSED)
{
	struct sink_recorder r;

	parse_file(&r, "feed/amazon/updateinfo-2023-livepatch.xml");
	assert_str(buf_str(&r.lines),
		"amzn:2023 ALAS2023LIVEPATCH-2023-001 High [CVE-2023-26545] "
		"kernel-livepatch-6.1.12-19.43 <1.0-1.amzn2023 (x86_64) fixed High;\n");
	sink_recorder_fini(&r);
}

static void test_2023_names_all_architectures(void **state UNUSED)
{
	struct sink_recorder r;

	parse_file(&r, "feed/amazon/updateinfo-2023.xml");
	assert_int_equal(r.puts, 1);
	assert_non_null(strstr(buf_cstr(&r.lines),
		"amzn:2023 ALAS2023-2023-001 High [CVE-2014-3634 CVE-2022-24903]"));
	const char *at = strstr(buf_cstr(&r.lines), " rsyslog <8.2204.0-3.amzn2023.0.2 (");
	assert_non_null(at);
	assert_non_null(strstr(at, "aarch64"));
	sink_recorder_fini(&r);
}

static void test_ids_tell_the_release(void **state UNUSED)
{
	check("ALAS2022-2021-001", "version='1'",
		"amzn:2022 ALAS2022-2021-001 Low [] p <1-1 (x86_64) fixed Low;\n");
	check("ALAS2-2021-1234", "version='1'",
		"amzn:2 ALAS2-2021-1234 Low [] p <1-1 (x86_64) fixed Low;\n");
	check("ALASDOCKER-2021-001", "version='1'",
		"amzn:2 ALASDOCKER-2021-001 Low [] p <1-1 (x86_64) fixed Low;\n");
	check("RHSA-2021-001", "version='1'",
		"note: advisory RHSA-2021-001: no id of Amazon Linux\n");
	check("ALAS2-x", "version='1'", "note: advisory ALAS2-x: no id of Amazon Linux\n");
	check("ALAS2-abcd-1", "version='1'",
		"note: advisory ALAS2-abcd-1: no id of Amazon Linux\n");
}

static void test_numbers_of_topics(void **state UNUSED)
{
	static const struct {
		const char *topic, *version, *range;
	} cases[] = {
		{ "PHP8.0", "version='8.0.20'", "8.0<8.0.20-1" },
		{ "PHP8.0", "version='8.0.20' epoch='1'", "1:8.0<1:8.0.20-1" },
		{ "PHP8.0", "version='8.1.2'", "<8.1.2-1" },
		{ "PHP8.0", "version='8.01'", "<8.01-1" },
		{ "NGINX1", "version='1.22.1'", "1<1.22.1-1" },
		{ "POSTGRESQL14", "version='14'", "14<14-1" },
		{ "LAMP-MARIADB10.2-PHP7.2", "version='7.2.3'", "7.2<7.2.3-1" },
		{ "LAMP-MARIADB10.2-PHP7.2", "version='10.2.38' epoch='3'", "3:10.2<3:10.2.38-1" },
		{ "DOCKER", "version='20.10.7'", "<20.10.7-1" },
		{ "X10", "version='1.0'", "<1.0-1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		check(arena_printf(&a, "ALAS2%s-2022-001", cases[i].topic).p, cases[i].version,
			arena_printf(&a,
				"amzn:2 ALAS2%s-2022-001 Low [] p %s (x86_64) fixed Low;\n",
				cases[i].topic, cases[i].range)
				.p);
	}
}

static void test_other_updates_than_of_security_are_passed_over(void **state UNUSED)
{
	struct sink_recorder r;

	parse(&r, STR("<updates><update type='bugfix'><id>ALAS2-2021-001</id></update>"
		      "<update type='security'><id>a b</id></update></updates>"));
	assert_str(buf_str(&r.lines), "note: advisory a b: no id, or a malformed one\n");
	sink_recorder_fini(&r);
}

static void test_refused_advisory_does_not_end_the_parse(void **state UNUSED)
{
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/amazon/updateinfo-1.xml", &n);
	_cleanup_err_ struct err err = ERR_INIT;
	struct sink_recorder r;
	struct stream_mem m;

	sink_recorder_init(&r);
	r.answer = -ERR_INPUT;
	stream_mem_init(&m, span_n(document, n), 0);
	assert_ok(amazon_parse(&m.stream, &r.sink, &err), &err);
	assert_int_equal(r.puts, 8);
	r.answer = -ERR_IO;
	stream_mem_init(&m, span_n(document, n), 0);
	assert_fails(amazon_parse(&m.stream, &r.sink, &err), &err, ERR_IO, "refused");
	assert_int_equal(r.puts, 9);
	sink_recorder_fini(&r);
}

static int find(struct str document, struct arena *a, struct repomd_document *out, struct err *err)
{
	struct stream_mem m;

	stream_mem_init(&m, span_from_str(document), 0);
	return repomd_find(&m.stream, STR("updateinfo"), a, out, err);
}

static void test_index_tells_of_updateinfo(void **state UNUSED)
{
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/amazon/repomd.xml", &n);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct repomd_document d;
	char text[DIGEST_TEXT_SIZE];

	assert_int_equal(find(str_n(document, n), &a, &d, &err), 1);
	assert_str(d.location, "repodata/updateinfo.xml.gz");
	assert_true(d.has_digest);
	digest_format(&d.digest, text);
	assert_string_equal(
		text, "sha256:9dd3ce045294b530720d13829817254e3cd67ec1ac36f66069238d9d111d3cc0");
	assert_int_equal(find(STR("<repomd><data type='primary'/></repomd>"), &a, &d, &err), 0);
	assert_int_equal(
		find(STR("<repomd><data type='updateinfo'><checksum type='sha'>12</checksum>"
			 "<location href='u.xml'/></data></repomd>"),
			&a, &d, &err),
		1);
	assert_false(d.has_digest);
}

static void test_index_that_leads_astray_fails(void **state UNUSED)
{
	static const char *const places[] = { "", "/etc/passwd", "../x", "a/../../b",
		"https://x/y" };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct repomd_document d;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		_cleanup_err_ struct err err = ERR_INIT;

		assert_fails(find(arena_printf(&a,
					  "<repomd><data type='updateinfo'><location href='%s'/>"
					  "</data></repomd>",
					  places[i]),
				     &a, &d, &err),
			&err, ERR_INPUT, "is no place in a repository");
	}
	_cleanup_err_ struct err err = ERR_INIT;
	assert_fails(
		find(STR("<repomd><data type='updateinfo'><checksum type='sha256'>12</checksum>"
			 "</data></repomd>"),
			&a, &d, &err),
		&err, ERR_INPUT, "a malformed checksum");
	assert_fails(find(STR("<html/>"), &a, &d, &err), &err, ERR_INPUT, "found html");
}

static void test_links_of_a_page(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct str_vec names = VEC_INIT;
	struct stream_mem m;

	stream_mem_init(&m,
		span_from_str(
			STR("<a href=\"../\">up</a><a href='b.xml.gz'>x</a><a "
			    "href=\"https://h/p/a.xml\"><a href=\"b.xml.gz\"><a href=\"q?x=1\">"
			    "<a href=\"a%20b\"><a href=c><a href=\"unclosed")),
		5);
	assert_ok(listing_of_page(&m.stream, &a, &names, &err), &err);
	assert_int_equal(names.n, 2);
	assert_str(names.v[0], "a.xml");
	assert_str(names.v[1], "b.xml.gz");
	assert_true(listing_has(&names, STR("a.xml")));
	assert_false(listing_has(&names, STR("a")));
	assert_str(listing_plain_name(STR("a.xml.bz2")), "a.xml");
	assert_str(listing_plain_name(STR("a.xml")), "a.xml");
	vec_fini(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_amazon_linux_is_one_stream),
		cmocka_unit_test(test_core_of_the_second),
		cmocka_unit_test(test_topic_concerns_its_own_series),
		cmocka_unit_test(test_livepatches_of_2023),
		cmocka_unit_test(test_2023_names_all_architectures),
		cmocka_unit_test(test_ids_tell_the_release),
		cmocka_unit_test(test_numbers_of_topics),
		cmocka_unit_test(test_other_updates_than_of_security_are_passed_over),
		cmocka_unit_test(test_refused_advisory_does_not_end_the_parse),
		cmocka_unit_test(test_index_tells_of_updateinfo),
		cmocka_unit_test(test_index_that_leads_astray_fails),
		cmocka_unit_test(test_links_of_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
