/*
 * Archives of OSV records of AlmaLinux and its like.
 */
#include "recorder.h"

#include <zlib.h>

#include "codec/codec.h"
#include "feed/format/rpm_osv.h"

static struct str make_link(struct arena *a, struct str id, struct str release)
{
	return arena_printf(a, "https://e/%" PRIstr "/%" PRIstr, STR_ARG(release), STR_ARG(id));
}

static const struct rpm_osv source = {
	.ecosystem = STR_INIT("AlmaLinux"),
	.name_space = STR_INIT("almalinux"),
	.security = STR_INIT("ALSA-"),
	.others = { STR_INIT("ALBA-"), STR_INIT("ALEA-") },
	.link = make_link,
};

static void append_le(struct buf *b, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_append_u8(b, (uint8_t)(v >> (8 * i)));
}

/* A stored member. */
static void append_member(struct buf *b, const char *path, const char *content)
{
	uint32_t n = (uint32_t)strlen(content);
	uint32_t crc = (uint32_t)crc32(0, (const Bytef *)content, n);

	buf_append(b, "PK\3\4\24\0\0\0\0\0\0\0\0\0", 14);
	append_le(b, crc, 4);
	append_le(b, n, 4);
	append_le(b, n, 4);
	append_le(b, (uint32_t)strlen(path), 2);
	append_le(b, 0, 2);
	buf_append_str(b, str_of(path));
	buf_append_str(b, str_of(content));
}

static const char directory_end[22] = "PK\5\6";

/* What the records (NULL behind the last one) come to. */
static void check(const char *const *records, const char *expected)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf archive = BUF_INIT(MIB);
	struct stream_mem m;
	struct recorder r;

	recorder_init(&r);
	append_member(&archive, "README.md", "not a record");
	for (size_t i = 0; records[i]; i++)
		append_member(&archive, "all/r.json", records[i]);
	buf_append(&archive, directory_end, sizeof(directory_end));
	stream_mem_init(&m, buf_span(&archive), 7);
	assert_ok(rpm_osv_parse(&m.stream, &source, &r.sink, &err), &err);
	assert_str(buf_str(&r.lines), expected);
	buf_fini(&r.lines);
}

#define CHECK(expected, ...) check((const char *const[]){ __VA_ARGS__, NULL }, expected)

#define AFFECTED(release, package, version)                                                  \
	"{\"package\": {\"ecosystem\": \"AlmaLinux:" release "\", \"name\": \"" package      \
	"\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": [{\"introduced\": \"0\"}, " \
	"{\"fixed\": \"" version "\"}]}]}"
#define RECORD(id, summary, affected)                                      \
	"{\"id\": \"" id "\", \"summary\": \"" summary "\", \"related\": " \
	"[\"CVE-2021-44716\", \"CVE-2021-1\"], \"affected\": [" affected "]}"

static void test_record_becomes_an_advisory(void **state UNUSED)
{
	CHECK("almalinux:8 ALSA-2022:0001 High [grafana 7.5.9-5.el8_5 fixed] "
	      "{CVE-2021-44716 CVE-2021-1} <https://e/8/ALSA-2022:0001>\n",
		RECORD("ALSA-2022:0001", "Important: grafana security update",
			AFFECTED("8", "grafana", "7.5.9-5.el8_5")));
}

static void test_release_is_a_namespace(void **state UNUSED)
{
	CHECK("almalinux:9 ALSA-1 Medium [p 1-1.el9 fixed] [q 2-1.el9 fixed] "
	      "{CVE-2021-44716 CVE-2021-1} <https://e/9/ALSA-1>\n"
	      "almalinux:10 ALSA-1 Medium [p 1-1.el10 fixed] "
	      "{CVE-2021-44716 CVE-2021-1} <https://e/10/ALSA-1>\n",
		RECORD("ALSA-1", "Moderate: p security update",
			AFFECTED("9", "p", "1-1.el9") "," AFFECTED(
				"10", "p", "1-1.el10") "," AFFECTED("9", "q", "2-1.el9")));
	CHECK("note: ALSA-1: \"p\" of \"AlmaLinux:\" is no package of it\n",
		RECORD("ALSA-1", "Low: p", AFFECTED("", "p", "1-1")));
}

static void test_severity_is_that_of_the_summary(void **state UNUSED)
{
	static const struct {
		const char *summary, *severity;
	} cases[] = {
		{ "Critical: p", "Critical" },
		{ "Important: p", "High" },
		{ "Moderate: p", "Medium" },
		{ "Low: p", "Low" },
		{ "None: p", "Unknown" },
		{ "p", "Unknown" },
		{ "important", "Unknown" },
		{ "p\", \"database_specific\": {\"severity\": \"CRITICAL\"}, \"x\": \"",
			"Critical" },
		{ "Low: p\", \"database_specific\": {\"severity\": \"HIGH\"}, \"x\": \"", "Low" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		CHECK(arena_printf(&a,
			      "almalinux:8 ALSA-1 %s [p 1-1 fixed] {} <https://e/8/ALSA-1>\n",
			      cases[i].severity)
				.p,
			arena_printf(&a,
				"{\"id\": \"ALSA-1\", \"summary\": \"%s\", \"affected\": [%s]}",
				cases[i].summary, AFFECTED("8", "p", "1-1"))
				.p);
	}
}

static void test_fix_of_a_module_is_for_its_packages(void **state UNUSED)
{
	CHECK("almalinux:8 ALSA-1 High [nodejs:12::npm 1:6-1.module_el8.5.0+1+ab fixed] "
	      "[nodejs-libs 1-1.el8 fixed] {CVE-2021-44716 CVE-2021-1} <https://e/8/ALSA-1>\n",
		RECORD("ALSA-1", "Important: nodejs:12 security update",
			AFFECTED("8", "npm", "1:6-1.module_el8.5.0+1+ab") "," AFFECTED(
				"8", "nodejs-libs", "1-1.el8")));
	CHECK("almalinux:8 ALSA-1 Medium [virt:rhel::qemu 1-1.module+el8+2 fixed] "
	      "[virt-devel:rhel::qemu 1-1.module+el8+2 fixed] "
	      "{CVE-2021-44716 CVE-2021-1} <https://e/8/ALSA-1>\n",
		RECORD("ALSA-1", "Moderate: virt:rhel and virt-devel:rhel, security update",
			AFFECTED("8", "qemu", "1-1.module+el8+2")));
	/* "kernel:4.18.0" is no module: no version says so. */
	CHECK("almalinux:8 ALSA-1 Medium [kernel 4.18.0-553.el8_10 fixed] "
	      "{CVE-2021-44716 CVE-2021-1} <https://e/8/ALSA-1>\n",
		RECORD("ALSA-1", "Moderate: kernel:4.18.0 security update",
			AFFECTED("8", "kernel", "4.18.0-553.el8_10")));
	CHECK("note: ALSA-1: it does not say of which module varnish is\n",
		RECORD("ALSA-1", "Important: varnish security update",
			AFFECTED("8", "varnish", "6-1.module_el8.5.0+1+ab") "," AFFECTED(
				"8", "varnish-docs", "6-1.module_el8.5.0+1+ab")));
}

static void test_first_of_several_builds_counts(void **state UNUSED)
{
	CHECK("almalinux:8 ALSA-1 High [thunderbird 91.5.0-1.el8_5.alma fixed] "
	      "{CVE-2021-44716 CVE-2021-1} <https://e/8/ALSA-1>\n",
		RECORD("ALSA-1", "Important: thunderbird security update",
			AFFECTED("8", "thunderbird", "91.5.0-1.el8_5.alma.plus") "," AFFECTED(
				"8", "thunderbird", "91.5.0-1.el8_5.alma")));
}

static void test_epoch_zero_is_none(void **state UNUSED)
{
	CHECK("almalinux:8 ALSA-1 Low [p 1-1 fixed] {CVE-2021-44716 CVE-2021-1} "
	      "<https://e/8/ALSA-1>\n",
		RECORD("ALSA-1", "Low: p", AFFECTED("8", "p", "0:1-1")));
}

static void test_only_errata_about_security_count(void **state UNUSED)
{
	CHECK("almalinux:8 ALBA-1 Unknown [p 1-1 fixed] {CVE-2021-44716 CVE-2021-1} "
	      "<https://e/8/ALBA-1>\n",
		RECORD("ALBA-1", "p bug fix", AFFECTED("8", "p", "1-1")),
		"{\"id\": \"ALBA-2\", \"affected\": [" AFFECTED("8", "p", "1-1") "]}",
		"{\"id\": \"RXSA-2\", \"affected\": [" AFFECTED("8", "p", "1-1") "]}",
		"{\"id\": \"ALSA-2\", \"withdrawn\": \"2024-01-01T00:00:00Z\", "
		"\"affected\": [" AFFECTED("8", "p", "1-1") "]}");
}

static void test_packages_of_special_interest_groups_do_not(void **state UNUSED)
{
	CHECK("", "{\"id\": \"ALSA-2\", \"affected\": [{\"package\": {\"name\": \"kernel\", "
		  "\"ecosystem\": \"AlmaLinux:8\", \"purl\": "
		  "\"pkg:rpm/rocky-linux/kernel?distro=rocky-linux-8-sig-cloud&epoch=0\"}, "
		  "\"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": [{\"introduced\": \"0\"}, "
		  "{\"fixed\": \"4-1.cloud\"}]}]}]}");
}

static void test_all_intervals_become_fixes(void **state UNUSED)
{
	CHECK("almalinux:8 ALSA-2 Unknown [p 2-1 fixed] [p 3-1- affected] [q 1-1^ fixed] "
	      "[r 5-5-5-5^ fixed] {} <https://e/8/ALSA-2>\n",
		"{\"id\": \"ALSA-2\", \"affected\": [{\"package\": {\"name\": \"p\", "
		"\"ecosystem\": \"AlmaLinux:8\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", "
		"\"events\": [{\"introduced\": \"3-1\"}, {\"introduced\": \"0\"}, "
		"{\"fixed\": \"2-1\"}]}]}, {\"package\": {\"name\": \"q\", \"ecosystem\": "
		"\"AlmaLinux:8\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": "
		"[{\"introduced\": \"0\"}, {\"last_affected\": \"1-1\"}]}]}, {\"package\": "
		"{\"name\": \"r\", \"ecosystem\": \"AlmaLinux:8\"}, \"versions\": [\"5-5\"]}]}");
}

static void test_what_makes_no_sense_is_noted(void **state UNUSED)
{
	CHECK("note: all/r.json: line 1, column 1: expected a value, but the document ends\n"
	      "note: all/r.json: no id\n"
	      "note: ALSA-1: \"p q\" of \"AlmaLinux:8\" is no package of it\n"
	      "note: ALSA-1 p: \":1\" is no version\n"
	      "note: ALSA-1: \"p\" of \"Go\" is no package of it\n"
	      "almalinux:8 ALSA-9 Low [p 1-1 fixed] {CVE-2021-44716 CVE-2021-1} "
	      "<https://e/8/ALSA-9>\n",
		"", "{}", RECORD("ALSA-1", "Low: p", AFFECTED("8", "p q", "1-1")),
		RECORD("ALSA-1", "Low: p", AFFECTED("8", "p", ":1")),
		RECORD("ALSA-1", "Low: p",
			"{\"package\": {\"name\": \"p\", \"ecosystem\": \"Go\"}}"),
		RECORD("ALSA-9", "Low: p", AFFECTED("8", "p", "1-1")));
}

static void test_damaged_archive_fails(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf archive = BUF_INIT(MIB);
	struct recorder r;

	append_member(&archive, "a.json", RECORD("ALSA-1", "Low: p", AFFECTED("8", "p", "1-1")));
	for (size_t cut = 0; cut < archive.n; cut++) {
		struct stream_mem m;

		recorder_init(&r);
		stream_mem_init(&m, span_n(archive.p, cut), 0);
		assert_fails(rpm_osv_parse(&m.stream, &source, &r.sink, &err), &err, ERR_INPUT,
			"truncated");
		buf_fini(&r.lines);
	}
}

static void test_failure_of_the_sink_ends_it(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf archive = BUF_INIT(MIB);
	struct stream_mem m;
	struct recorder r;

	append_member(&archive, "a.json", RECORD("ALSA-1", "Low: p", AFFECTED("8", "p", "1-1")));
	recorder_init(&r);
	r.answer = -ERR_IO;
	stream_mem_init(&m, buf_span(&archive), 0);
	assert_fails(rpm_osv_parse(&m.stream, &source, &r.sink, &err), &err, ERR_IO, "refused");
	buf_fini(&r.lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_becomes_an_advisory),
		cmocka_unit_test(test_release_is_a_namespace),
		cmocka_unit_test(test_severity_is_that_of_the_summary),
		cmocka_unit_test(test_fix_of_a_module_is_for_its_packages),
		cmocka_unit_test(test_first_of_several_builds_counts),
		cmocka_unit_test(test_epoch_zero_is_none),
		cmocka_unit_test(test_only_errata_about_security_count),
		cmocka_unit_test(test_packages_of_special_interest_groups_do_not),
		cmocka_unit_test(test_all_intervals_become_fixes),
		cmocka_unit_test(test_what_makes_no_sense_is_noted),
		cmocka_unit_test(test_damaged_archive_fails),
		cmocka_unit_test(test_failure_of_the_sink_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
