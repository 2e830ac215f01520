/*
 * Photon's CVE data: what real ones come to, and records that make no sense.
 */
#include "sink_recorder.h"

#include "feed/format/photon_cves.h"

static void parse(struct sink_recorder *r, struct str document, size_t chunk)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;

	sink_recorder_init(r);
	stream_mem_init(&m, span_from_str(document), chunk);
	assert_ok(photon_cves_parse(&m.stream, STR("photon:4.0"), &r->sink, &err), &err);
}

static void check(const char *document, const char *expected)
{
	struct sink_recorder r;

	parse(&r, str_of(document), 0);
	assert_str(buf_str(&r.lines), expected);
	sink_recorder_fini(&r);
}

#define RECORD(cve, package, score, affected, fixed)                           \
	"{\"cve_id\":\"" cve "\",\"pkg\":\"" package "\",\"cve_score\":" score \
	",\"aff_ver\":\"" affected "\",\"res_ver\":\"" fixed "\",\"status\":\"Fixed\"}"

static void test_real_records(void **state UNUSED)
{
	static const size_t chunks[] = { 0, 1, 7 };
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/photon/cve_data_photon4.0.json", &n);

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		struct sink_recorder r;

		parse(&r, str_n(document, n), chunks[i]);
		assert_str(buf_str(&r.lines),
			"photon:4.0 CVE-2023-38545 Critical [] curl <7.88.1-4.ph4 () fixed Critical;\n"
			"photon:4.0 CVE-2023-38546 Low [] curl <7.88.1-4.ph4 () fixed Low;\n"
			"photon:4.0 CVE-2023-38546 Low [] curl-libs <7.88.1-4.ph4 () fixed Low;\n"
			"photon:4.0 CVE-2023-44487 High [] nghttp2 <1.57.0-1.ph4 () fixed High;\n"
			"note: photon:4.0 python3 CVE-2023-50447: neither affected nor fixed versions\n"
			"photon:4.0 CVE-2025-9086 High [] curl <8.16.0-1.ph4 () fixed High;\n"
			"photon:4.0 CVE-2025-9086 High [] curl-devel <8.16.0-1.ph4 () fixed High;\n"
			"photon:4.0 CVE-2025-9086 High [] curl-libs <8.16.0-1.ph4 () fixed High;\n");
		assert_str(buf_str(&r.link), "https://nvd.nist.gov/vuln/detail/CVE-2025-9086");
		sink_recorder_fini(&r);
	}
}

static void test_unfixed_ones_are_affected(void **state UNUSED)
{
	check("[" RECORD("CVE-2024-1", "a", "5", "all versions are vulnerable", "NA") "]",
		"photon:4.0 CVE-2024-1 Medium [] a < () affected Medium;\n");
}

static void test_last_fix_of_a_package_counts(void **state UNUSED)
{
	check("[" RECORD("CVE-2024-1", "a", "5", "x", "0:1-9.ph4") "," RECORD(
		      "CVE-2024-1", "b", "5", "x", "1-1.ph4") "," RECORD("CVE-2024-1", "a", "5",
		      "x", "1-10.ph4") "," RECORD("CVE-2024-1", "a", "5", "x",
		      "1-3.ph4") "," RECORD("CVE-2024-1", "a", "5", "x", "NA") "]",
		"photon:4.0 CVE-2024-1 Medium [] a <1-9.ph4 () fixed Medium;\n"
		"photon:4.0 CVE-2024-1 Medium [] b <1-1.ph4 () fixed Medium;\n"
		"photon:4.0 CVE-2024-1 Medium [] a <1-10.ph4 () fixed Medium;\n");
}

static void test_scores_are_severities(void **state UNUSED)
{
	static const struct {
		const char *score, *severity;
	} cases[] = {
		{ "10", "Critical" },
		{ "9.0", "Critical" },
		{ "8.9", "High" },
		{ "7", "High" },
		{ "6.99", "Medium" },
		{ "4.0", "Medium" },
		{ "3.9", "Low" },
		{ "0.1", "Low" },
		{ "0.0", "Unknown" },
		{ "null", "Unknown" },
		{ "-1", "Unknown" },
		{ "11", "Unknown" },
		{ "\"7.5\"", "High" },
		{ "[7.5]", "Unknown" },
		{ "true", "Unknown" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		check(arena_printf(&a,
			      "[{\"cve_id\":\"CVE-2024-1\",\"pkg\":\"a\",\"cve_score\":%s,"
			      "\"res_ver\":\"1-1\"}]",
			      cases[i].score)
				.p,
			arena_printf(&a, "photon:4.0 CVE-2024-1 %s [] a <1-1 () fixed %s;\n",
				cases[i].severity, cases[i].severity)
				.p);
	}
}

static void test_what_makes_no_sense_is_noted(void **state UNUSED)
{
	check("[1," RECORD("CVE-2024-1 x", "a", "1", "",
		      "1-1") ","
			     "{\"cve_id\":[],\"pkg\":\"a\"}," RECORD(
				     "CVE-2024-2", "", "1", "", "1-1") ",{}]",
		"note: photon:4.0 a CVE-2024-1 x: a malformed name\n"
		"note: photon:4.0 a : a value is no string\n"
		"note: photon:4.0  CVE-2024-2: no package, or a malformed one\n"
		"note: photon:4.0: a record is no object\n");
	check("[]", "");
}

static void test_what_is_no_such_document_fails(void **state UNUSED)
{
	static const char *const documents[] = { "", "{}", "[", "[{]", "[{}] x",
		"[{\"cve_id\":\"CVE-2024-1\"" };

	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct sink_recorder r;
		struct stream_mem m;

		sink_recorder_init(&r);
		stream_mem_init(&m, span_from_str(str_of(documents[i])), 0);
		assert_fails(photon_cves_parse(&m.stream, STR("photon:4.0"), &r.sink, &err), &err,
			ERR_INPUT, "line ");
		assert_int_equal(r.puts, 0);
		sink_recorder_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_records),
		cmocka_unit_test(test_unfixed_ones_are_affected),
		cmocka_unit_test(test_last_fix_of_a_package_counts),
		cmocka_unit_test(test_scores_are_severities),
		cmocka_unit_test(test_what_makes_no_sense_is_noted),
		cmocka_unit_test(test_what_is_no_such_document_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
