/*
 * NVD's documents: real ones of each form with what they come to, those that make no sense, and
 * what lies around documents.
 */
#include "../test.h"

#include "codec/codec.h"
#include "feed/format/nvd.h"

/* Writes down what is put and noted, a line each: CVE severity metadata. */
struct recorder {
	struct feed_sink sink;
	struct buf lines;
	int answer; /* of put_cve() */
};

static int record_cve(struct feed_sink *sink, const struct cve_record *c, struct err *err)
{
	struct recorder *r = (struct recorder *)sink;

	buf_printf(&r->lines, "%" PRIstr " %s %" PRIstr "\n", STR_ARG(c->name),
		severity_to_str(c->severity), STR_ARG(c->metadata.n ? c->metadata : STR("-")));
	return r->answer ? err_set(err, (enum err_code) - r->answer, "refused") : 0;
}

static void record_note(struct feed_sink *sink, const char *what)
{
	buf_printf(&((struct recorder *)sink)->lines, "note: %s\n", what);
}

static int parse_stream(struct stream *in, struct recorder *r, struct nvd_document *doc, int answer,
	struct err *err)
{
	*r = (struct recorder){ .sink = { .put_cve = record_cve, .note = record_note },
		.lines = BUF_INIT(MIB),
		.answer = answer };
	return nvd_parse(in, doc, &r->sink, err);
}

static int parse(struct str document, size_t chunk, struct recorder *r, struct err *err)
{
	struct stream_mem m;
	struct nvd_document doc;

	stream_mem_init(&m, span_from_str(document), chunk);
	return parse_stream(&m.stream, r, &doc, 0, err);
}

static void check(const char *document, const char *expected)
{
	static const size_t chunks[] = { 0, 1, 7 };

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r;

		assert_ok(parse(str_of(document), chunks[i], &r, &err), &err);
		assert_string_equal(buf_cstr(&r.lines), expected);
		buf_fini(&r.lines);
	}
}

static void check_failure(const char *document, const char *message)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r;

	assert_int_equal(parse(str_of(document), 0, &r, &err), -ERR_INPUT);
	assert_non_null(strstr(err_msg(&err), message));
	buf_fini(&r.lines);
}

/* --- real ones ------------------------------------------------------------------------------- */

static void check_file(const char *name)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	size_t n, n_expected;
	_cleanup_free_ char *document =
		test_read_data(arena_printf(&a, "feed/nvd/%s.xz", name).p, &n);
	_cleanup_free_ char *expected =
		test_read_data(arena_printf(&a, "feed/nvd/%s.expected", name).p, &n_expected);
	_cleanup_(decompress_closep) struct stream *plain = NULL;
	struct nvd_document doc;
	struct stream_mem m;
	struct recorder r;

	stream_mem_init(&m, span_n(document, n), 0);
	assert_ok(decompress_open(&m.stream, MIB, &plain, &err), &err);
	assert_ok(parse_stream(plain, &r, &doc, 0, &err), &err);
	assert_string_equal(buf_cstr(&r.lines), expected);
	assert_true(doc.entries > 50);
	buf_fini(&r.lines);
}

static void test_real_documents(void **state UNUSED)
{
	check_file("nvdcve-2.0-modified.json");
	check_file("nvdcve-1.1-2018.json");
	check_file("nvdcve-2.0-modified.xml");
}

/* --- JSON 2.0 -------------------------------------------------------------------------------- */

#define CVE(members)   "{\"cve\":{\"id\":\"CVE-2024-0001\"," members "}}"
#define PAGE(entries)  "{\"vulnerabilities\":[" entries "]}"
#define METRICS(lists) PAGE(CVE("\"metrics\":{" lists "}"))
#define RATING(type, version, vector, score)                           \
	"{\"type\":\"" type "\",\"cvssData\":{\"version\":\"" version  \
	"\",\"vectorString\":\"" vector "\",\"baseScore\":" score "}," \
	"\"exploitabilityScore\":3.9,\"impactScore\":5.9}"
#define V3(vector, score)                                         \
	"\"CVSSv3\":{\"Vectors\":\"" vector "\",\"Score\":" score \
	",\"ExploitabilityScore\":3.9,\"ImpactScore\":5.9}"

static void test_newest_rating_decides_the_severity(void **state UNUSED)
{
	check(METRICS("\"cvssMetricV2\":[" RATING("Primary", "2.0", "AV:N", "5.0") "]"),
		"CVE-2024-0001 Medium {\"CVSSv2\":{\"Vectors\":\"AV:N\",\"Score\":5}}\n");
	check(METRICS("\"cvssMetricV2\":[" RATING(
		      "Primary", "2.0", "AV:N", "5.0") "],\"cvssMetricV31\":[" RATING("Primary",
		      "3.1", "CVSS:3.1/AV:N", "7.5") "]"),
		"CVE-2024-0001 High {\"CVSSv2\":{\"Vectors\":\"AV:N\",\"Score\":5}," V3(
			"CVSS:3.1/AV:N", "7.5") "}\n");
	check(METRICS("\"cvssMetricV40\":[" RATING("Secondary", "4.0", "CVSS:4.0/AV:N",
		      "9.3") "],\"cvssMetricV2\":[" RATING("Primary", "2.0", "AV:N", "5.0") "]"),
		"CVE-2024-0001 Critical {\"CVSSv2\":{\"Vectors\":\"AV:N\",\"Score\":5},"
		"\"CVSSv4\":{\"Vectors\":\"CVSS:4.0/AV:N\",\"Score\":9.3}}\n");
}

static void test_primary_before_secondary_then_newer_then_first(void **state UNUSED)
{
	const char *expected = "CVE-2024-0001 High {" V3("right", "7") "}\n";

	check(METRICS("\"cvssMetricV31\":[" RATING("Secondary", "3.1", "a", "9.8") "," RATING(
		      "Primary", "3.1", "right", "7.0") "," RATING("Primary", "3.1", "c", "1") "]"),
		expected);
	check(METRICS("\"cvssMetricV31\":[" RATING("Secondary", "3.1", "a",
		      "9.8") "],\"cvssMetricV30\":[" RATING("Primary", "3.0", "right", "7") "]"),
		expected);
	check(METRICS("\"cvssMetricV30\":[" RATING("Primary", "3.0", "a",
		      "9.8") "],\"cvssMetricV31\":[" RATING("Primary", "3.1", "right", "7") "]"),
		expected);
	check(METRICS("\"cvssMetricV31\":[" RATING("Secondary", "3.1", "right", "7") "," RATING(
		      "Secondary", "3.1", "b", "9") "]"),
		expected);
}

static void check_score(
	const char *list, const char *version, const char *score, const char *severity)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const char *document = arena_printf(&a,
		PAGE(CVE("\"metrics\":{\"%s\":[{\"cvssData\":{\"baseScore\":%s}}]}")), list, score)
				       .p;
	const char *shown = strcmp(score, "10.0") == 0 ? "10" : score;

	check(document,
		arena_printf(&a, "CVE-2024-0001 %s {\"%s\":{\"Vectors\":\"\",\"Score\":%s}}\n",
			severity, version, shown)
			.p);
}

static void test_scales(void **state UNUSED)
{
	static const char *const scales[][3] = { /* score, by CVSS 2, by CVSS 3 */
		{ "0", "Negligible", "Negligible" }, { "0.9", "Negligible", "Low" },
		{ "1", "Low", "Low" }, { "3.8", "Low", "Low" }, { "3.9", "Medium", "Low" },
		{ "4", "Medium", "Medium" }, { "6.8", "Medium", "Medium" },
		{ "6.9", "High", "Medium" }, { "7", "High", "High" }, { "8.8", "High", "High" },
		{ "8.9", "Critical", "High" }, { "9", "Critical", "Critical" },
		{ "10.0", "Critical", "Critical" }
	};

	for (size_t i = 0; i < ARRAY_LEN(scales); i++) {
		check_score("cvssMetricV2", "CVSSv2", scales[i][0], scales[i][1]);
		check_score("cvssMetricV30", "CVSSv3", scales[i][0], scales[i][2]);
		check_score("cvssMetricV40", "CVSSv4", scales[i][0], scales[i][2]);
	}
}

static void test_time_of_publication(void **state UNUSED)
{
	check(PAGE(CVE("\"metrics\":{\"cvssMetricV2\":[" RATING("Primary", "2.0", "AV:N",
		      "5") "]},\"published\":\"2024-01-01T00:00:00.000\"")),
		"CVE-2024-0001 Medium {\"CVSSv2\":{\"PublishedDateTime\":"
		"\"2024-01-01T00:00:00.000\",\"Vectors\":\"AV:N\",\"Score\":5}}\n");
	check(PAGE(CVE("\"published\":\"2024-01-01T00:00:00.000\",\"metrics\":{\"cvssMetricV31\":"
		       "[" RATING("Primary", "3.1", "v", "7") "]}")),
		"CVE-2024-0001 High {\"PublishedDateTime\":\"2024-01-01T00:00:00.000\"," V3(
			"v", "7") "}\n");
}

static void test_nothing_is_known_of_rejected_and_unrated(void **state UNUSED)
{
	const char *nothing = "CVE-2024-0001 Unknown -\n";

	check(PAGE(CVE("\"vulnStatus\":\"Rejected\",\"metrics\":{\"cvssMetricV31\":[" RATING(
		      "Primary", "3.1", "v", "7") "]}")),
		nothing);
	check(PAGE(CVE("\"vulnStatus\":\"Received\"")), nothing);
	check(PAGE(CVE("\"metrics\":null")), nothing);
	check(METRICS(""), nothing);
	check(METRICS("\"cvssMetricV31\":[]"), nothing);
	check("{\"CVE_Items\":[{\"cve\":{\"CVE_data_meta\":{\"ID\":\"CVE-2024-0001\"},"
	      "\"description\":{\"description_data\":[{\"lang\":\"en\",\"value\":"
	      "\"** REJECT ** no\"}]}},\"impact\":{\"baseMetricV2\":{\"cvssV2\":"
	      "{\"baseScore\":5}}}}]}",
		nothing);
}

static void test_ratings_that_make_no_sense_are_left_out(void **state UNUSED)
{
	static const char *const ratings[] = { "1", "[]", "null", "{}", "\"\"", "{\"cvssData\":7}",
		"{\"cvssData\":{}}", "{\"cvssData\":{\"baseScore\":\"7.5\"}}",
		"{\"cvssData\":{\"baseScore\":-1}}", "{\"cvssData\":{\"baseScore\":10.1}}",
		"{\"cvssData\":{\"baseScore\":1e1}}", "{\"cvssData\":{\"baseScore\":[7]}}",
		"{\"cvssData\":{\"baseScore\":null}}" };

	for (size_t i = 0; i < ARRAY_LEN(ratings); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		check(arena_printf(&a,
			      PAGE(CVE("\"metrics\":{\"other\":[1],\"cvssMetricV9\":{},"
				       "\"cvssMetricV2\":{},\"cvssMetricV31\":[%s," RATING(
					       "Primary", "3.1", "v", "7") "]}")),
			      ratings[i])
				.p,
			"CVE-2024-0001 High {" V3("v", "7") "}\n");
	}
}

static void test_vectors_that_make_no_sense_are_left_out(void **state UNUSED)
{
	check(METRICS("\"cvssMetricV2\":[" RATING("Primary", "2.0", "AV:N \\\"", "5") "]"),
		"CVE-2024-0001 Medium {\"CVSSv2\":{\"Vectors\":\"\",\"Score\":5}}\n");
	check(METRICS("\"cvssMetricV2\":[" RATING("Primary", "2.0", "(AV:N/AC:L)", "5") "]"),
		"CVE-2024-0001 Medium {\"CVSSv2\":{\"Vectors\":\"AV:N/AC:L\",\"Score\":5}}\n");
	check(METRICS("\"cvssMetricV31\":[{\"exploitabilityScore\":\"3\",\"impactScore\":-0.1,"
		      "\"cvssData\":{\"vectorString\":[],\"baseScore\":0.25}}]"),
		"CVE-2024-0001 Low {\"CVSSv3\":{\"Vectors\":\"\",\"Score\":0.25}}\n");
}

static void test_entries_that_make_no_sense_are_skipped(void **state UNUSED)
{
	check(PAGE("1,[1],{},{\"cve\":[]},{\"cve\":{\"id\":7}},{\"cve\":{\"id\":\"\"}},"
		   "{\"cve\":{\"id\":\"GHSA-1234-5678\"}},{\"cve\":{\"id\":\"CVE-2024-1 2\"}},"
		   "{\"cve\":{\"id\":\"CVE-2024-0002\",\"metrics\":[{}]}}," CVE("\"x\":{}")),
		"note: an entry: no object\n"
		"note: an entry: no object\n"
		"note: an entry: no name\n"
		"note: an entry: \"cve\" is no object\n"
		"note: an entry: the name is none\n"
		"note: an entry: no name\n"
		"note: GHSA-1234-5678: no name of a CVE\n"
		"note: an entry: the name is none\n"
		"note: CVE-2024-0002: \"metrics\" is no object\n"
		"CVE-2024-0001 Unknown -\n");
	check("{\"CVE_Items\":[{\"cve\":{\"CVE_data_meta\":[]}},{\"impact\":3}]}",
		"note: an entry: \"CVE_data_meta\" is no object\n"
		"note: an entry: \"impact\" is no object\n");
}

static void test_documents_that_are_none(void **state UNUSED)
{
	check_failure("", "");
	check_failure("{}", "neither");
	check_failure("{\"message\":\"Rate limit exceeded\"}", "neither");
	check_failure("[]", "expected object");
	check_failure("{\"vulnerabilities\":{}}", "expected array");
	check_failure("{\"vulnerabilities\":[", "");
	check_failure("{\"vulnerabilities\":[]} {}", "");
	check_failure("{\"vulnerabilities\":[],\"totalResults\":-1}", "");
	check_failure("<html><body>Not found</body></html>", "html");
	check_failure("<nvd><entry>", "");
}

static void test_pages_say_where_they_are(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct nvd_document doc;
	struct stream_mem m;
	struct recorder r;

	stream_mem_init(&m,
		span_from_str(STR("{\"resultsPerPage\":2,\"startIndex\":4000,\"totalResults\":4002,"
				  "\"timestamp\":\"2023-11-15T11:15:08.840\","
				  "\"vulnerabilities\":[1,2]}")),
		0);
	assert_ok(parse_stream(&m.stream, &r, &doc, 0, &err), &err);
	assert_int_equal(doc.start_index, 4000);
	assert_int_equal(doc.total_results, 4002);
	assert_int_equal(doc.entries, 2);
	assert_string_equal(doc.timestamp, "2023-11-15T11:15:08.840");
	buf_fini(&r.lines);
}

static void test_what_cannot_be_stored_is_passed_over_and_other_failures_end(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	const struct str page = STR(PAGE(CVE("\"x\":1") "," CVE("\"x\":1")));
	struct stream_mem m;
	struct recorder r;

	stream_mem_init(&m, span_from_str(page), 0);
	assert_ok(parse_stream(&m.stream, &r, NULL, -ERR_INPUT, &err), &err);
	assert_string_equal(
		buf_cstr(&r.lines), "CVE-2024-0001 Unknown -\nCVE-2024-0001 Unknown -\n");
	buf_fini(&r.lines);
	stream_mem_init(&m, span_from_str(page), 0);
	assert_int_equal(parse_stream(&m.stream, &r, NULL, -ERR_IO, &err), -ERR_IO);
	assert_string_equal(buf_cstr(&r.lines), "CVE-2024-0001 Unknown -\n");
	buf_fini(&r.lines);
}

/* --- XML ------------------------------------------------------------------------------------- */

#define XML(entries)  "<?xml version='1.0'?>\n<nvd xmlns:vuln='v' xmlns:cvss='c'>" entries "</nvd>"
#define NAME          "<vuln:cve-id>CVE-2012-0001</vuln:cve-id>"
#define CVSS(metrics) "<vuln:cvss><cvss:base_metrics>" metrics "</cvss:base_metrics></vuln:cvss>"

static void test_xml_words_become_a_vector(void **state UNUSED)
{
	check(XML("<entry id='x'>" NAME CVSS(
		      "<cvss:score>9.3</cvss:score><cvss:access-vector>NETWORK</cvss:access-vector>"
		      "<cvss:access-complexity>MEDIUM</cvss:access-complexity>"
		      "<cvss:authentication>SINGLE_INSTANCE</cvss:authentication>"
		      "<cvss:confidentiality-impact>COMPLETE</cvss:confidentiality-impact>"
		      "<cvss:integrity-impact>PARTIAL</cvss:integrity-impact>"
		      "<cvss:availability-impact>NONE</cvss:availability-impact>") "</entry>"),
		"CVE-2012-0001 Critical {\"CVSSv2\":{\"Vectors\":\"AV:N/AC:M/Au:S/C:C/I:P/A:N\","
		"\"Score\":9.3}}\n");
	check("\xef\xbb\xbf" XML("<entry>" CVSS("<cvss:score>1.0</cvss:score>"
						"<cvss:authentication>?</cvss:authentication>"
						"<cvss:access-vector>LOCAL</cvss:access-vector>"
						"<cvss:x/>") NAME "</entry>"),
		"CVE-2012-0001 Low {\"CVSSv2\":{\"Vectors\":\"AV:L\",\"Score\":1}}\n");
}

static void test_xml_without_ratings(void **state UNUSED)
{
	check(XML("<entry>" NAME "</entry><entry/><other/><entry>" NAME
		  "<vuln:summary>** REJECT ** x</vuln:summary>" CVSS(
			  "<cvss:score>1.0</cvss:score>") "</entry><entry>" NAME
			      CVSS("<cvss:score>high</cvss:score>") "</entry>"),
		"CVE-2012-0001 Unknown -\nnote: an entry: no name\nCVE-2012-0001 Unknown -\n"
		"CVE-2012-0001 Unknown -\n");
}

/* --- ".meta" and times ----------------------------------------------------------------------- */

static void test_meta(void **state UNUSED)
{
	struct nvd_meta meta;
	struct digest empty = digest_of(span_n("", 0));

	nvd_meta_parse(STR("lastModifiedDate:2021-09-09T07:11:00-04:00\r\nsize:6915787\r\nsha256:"
			   "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\r\n"),
		&meta);
	assert_string_equal(meta.modified, "2021-09-09T07:11:00-04:00");
	assert_true(meta.has_digest && digest_eq(&meta.digest, &empty));
	nvd_meta_parse(STR("sha256:E3B0\n<html>\nlastModifiedDate"), &meta);
	assert_false(meta.has_digest);
	assert_string_equal(meta.modified, "");
}

static void test_times(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = { { "1970-01-01T00:00:00Z", 0 }, { "2000-02-29T23:59:59", 951868799 },
		{ "2021-09-09T07:11:00-04:00", 1631185860 }, { "2021-09-11T07:06Z", 1631343960 },
		{ "2023-11-15T11:15:08.840", 1700046908 },
		{ "2024-03-01T01:00:00.5+01:00", 1709251200 } };
	static const char *const bad[] = { "", "x", "2021-09-09", "2021-13-09T07:11:00",
		"2021-00-09T07:11:00", "1969-01-01T00:00:00", "2021-09-09T07:11:00-0400",
		"2021-09-09T07:11:00 ", "2021-09-09 07:11:00", "+021-09-09T07:11:00" };
	int64_t seconds;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(nvd_time_parse(str_of(good[i].text), &seconds));
		assert_int_equal(seconds, good[i].seconds);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(nvd_time_parse(str_of(bad[i]), &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_documents),
		cmocka_unit_test(test_newest_rating_decides_the_severity),
		cmocka_unit_test(test_primary_before_secondary_then_newer_then_first),
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_time_of_publication),
		cmocka_unit_test(test_nothing_is_known_of_rejected_and_unrated),
		cmocka_unit_test(test_ratings_that_make_no_sense_are_left_out),
		cmocka_unit_test(test_vectors_that_make_no_sense_are_left_out),
		cmocka_unit_test(test_entries_that_make_no_sense_are_skipped),
		cmocka_unit_test(test_documents_that_are_none),
		cmocka_unit_test(test_pages_say_where_they_are),
		cmocka_unit_test(test_what_cannot_be_stored_is_passed_over_and_other_failures_end),
		cmocka_unit_test(test_xml_words_become_a_vector),
		cmocka_unit_test(test_xml_without_ratings),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
