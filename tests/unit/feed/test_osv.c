/*
 * OSV records: what is kept of them, and what their ranges come to.
 */
#include "../test.h"

#include "feed/format/osv.h"

static int parse(const char *document, struct arena *a, struct osv_record *out, struct err *err)
{
	struct stream_mem m;

	stream_mem_init(&m, span_from_str(str_of(document)), 3);
	return osv_parse(&m.stream, a, out, err);
}

static void test_record_is_read(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct osv_record r;
	const struct str *cves;

	assert_ok(
		parse("{\"schema_version\": \"1.6.3\", \"id\": \"UBUNTU-CVE-2024-1\", "
		      "\"summary\": null, \"details\": \"long\", \"upstream\": [\"CVE-2024-1\"], "
		      "\"related\": [\"USN-1-1\", \"CVE-2024-2\", \"CVE-2024-1\"], "
		      "\"aliases\": null, \"unknown\": {\"id\": [1]}, "
		      "\"severity\": [{\"type\": \"CVSS_V3\", \"score\": \"CVSS:3.1/AV:N\"}, "
		      "{\"type\": \"Ubuntu\", \"score\": \"medium\"}], "
		      "\"references\": [{\"type\": \"REPORT\", \"url\": \"https://u\"}], "
		      "\"affected\": [{\"package\": {\"ecosystem\": \"Ubuntu:22.04:LTS\", "
		      "\"name\": \"p\", \"purl\": \"pkg:deb/ubuntu/p\"}, \"versions\": [\"1\"], "
		      "\"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": [{\"introduced\": \"0\"}, "
		      "{\"fixed\": \"2\"}]}], \"ecosystem_specific\": {\"ubuntu_priority\": \"low\", "
		      "\"availability\": \"No subscription required\", \"binaries\": "
		      "[{\"binary_name\": \"libp\", \"binary_version\": \"2\"}]}}], "
		      "\"database_specific\": {\"severity\": \"HIGH\"}}",
			&a, &r, &err),
		&err);
	assert_null(r.problem);
	assert_str(r.id, "UBUNTU-CVE-2024-1");
	assert_str(r.details, "long");
	assert_str(r.severity, "HIGH");
	assert_int_equal(r.summary.n + r.withdrawn.n + r.n_aliases, 0);
	assert_int_equal(r.n_severities, 2);
	assert_str(r.severities[1].type, "Ubuntu");
	assert_str(r.severities[1].score, "medium");
	assert_int_equal(r.n_references, 1);
	assert_str(r.references[0].url, "https://u");
	assert_int_equal(osv_cves(&r, &a, &cves), 2);
	assert_str(cves[0], "CVE-2024-1");
	assert_str(cves[1], "CVE-2024-2");
	assert_int_equal(r.n_affected, 1);
	const struct osv_affected *p = &r.affected[0];
	assert_str(p->ecosystem, "Ubuntu:22.04:LTS");
	assert_str(p->package, "p");
	assert_str(p->purl, "pkg:deb/ubuntu/p");
	assert_str(p->availability, "No subscription required");
	assert_str(p->priority, "low");
	assert_int_equal(p->n_binaries, 1);
	assert_str(p->binaries[0].name, "libp");
	assert_int_equal(p->n_versions, 1);
	assert_int_equal(p->n_ranges, 1);
	assert_int_equal(p->ranges[0].type, OSV_RANGE_ECOSYSTEM);
	assert_int_equal(p->ranges[0].n_events, 2);
	assert_int_equal(p->ranges[0].events[1].kind, OSV_FIXED);
	assert_str(p->ranges[0].events[1].version, "2");
}

static void test_record_that_makes_no_sense_has_a_problem(void **state UNUSED)
{
	static const struct {
		const char *document, *problem;
	} cases[] = {
		{ "{}", "no id" },
		{ "{\"id\": 7}", "should be a string" },
		{ "{\"id\": \"a\", \"related\": [{}]}", "of a wrong type" },
		{ "{\"id\": \"a\", \"affected\": [7]}", "of a wrong type" },
		{ "{\"id\": \"a\\u0000b\"}", "NUL" },
		{ "{\"id\": \"a\", \"affected\": [{\"package\": 7}]}", "should be an object" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		struct osv_record r;

		assert_ok(parse(cases[i].document, &a, &r, &err), &err);
		assert_non_null(r.problem);
		assert_non_null(strstr(r.problem, cases[i].problem));
	}
}

static void test_document_cut_anywhere_fails(void **state UNUSED)
{
	static const char document[] =
		"{\"id\": \"a\", \"affected\": [{\"package\": {\"name\": \"p\"}, \"ranges\": "
		"[{\"type\": \"ECOSYSTEM\", \"events\": [{\"fixed\": \"1\"}]}]}], \"related\": [\"b\"], "
		"\"severity\": [{\"type\": \"a\", \"score\": \"b\"}]}";

	for (size_t cut = 0; cut < sizeof(document) - 1; cut++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		struct osv_record r;

		assert_fails(parse(arena_cstr(&a, str_n(document, cut)), &a, &r, &err), &err,
			ERR_INPUT, "line 1");
	}
}

/* The intervals of an element of "affected", as text. */
static void check_intervals(const char *affected, const char *expected, const char *expected_bad)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	struct osv_interval *intervals;
	struct osv_record r;
	struct str bad;

	assert_ok(parse(arena_printf(&a, "{\"id\": \"a\", \"affected\": [{%s}]}", affected).p, &a,
			  &r, &err),
		&err);
	assert_null(r.problem);
	size_t n = osv_intervals(
		&r.affected[0], version_scheme_by_name(STR("rpm")), &a, &intervals, &bad);

	for (size_t i = 0; i < n; i++)
		buf_printf(&out, "%" PRIstr "..%" PRIstr "%s%" PRIstr ";",
			STR_ARG(intervals[i].introduced), STR_ARG(intervals[i].fixed),
			intervals[i].last_affected.n ? "=" : "",
			STR_ARG(intervals[i].last_affected));
	assert_str(buf_str(&out), expected);
	assert_str(bad, expected_bad);
}

#define RANGE(type, events) "\"ranges\": [{\"type\": \"" type "\", \"events\": [" events "]}]"

static void test_events_make_intervals(void **state UNUSED)
{
	check_intervals(
		RANGE("ECOSYSTEM", "{\"introduced\": \"0\"}, {\"fixed\": \"1-2\"}"), "..1-2;", "");
	check_intervals(RANGE("ECOSYSTEM", "{\"introduced\": \"0\"}"), "..;", "");
	check_intervals(RANGE("ECOSYSTEM", "{\"introduced\": \"1\"}, {\"last_affected\": \"2\"}"),
		"1..=2;", "");
	/* In whatever order, and in one object. */
	check_intervals(RANGE("ECOSYSTEM",
				"{\"fixed\": \"10\"}, {\"introduced\": \"3\"}, {\"fixed\": \"2\"}, "
				"{\"introduced\": \"0\"}"),
		"..2;3..10;", "");
	check_intervals(
		RANGE("ECOSYSTEM", "{\"introduced\": \"0\", \"fixed\": \"2\"}"), "..2;", "");
	/* One beginning after another, and one end. */
	check_intervals(
		RANGE("ECOSYSTEM",
			"{\"introduced\": \"0\"}, {\"introduced\": \"1\"}, {\"fixed\": \"2\"}, "
			"{\"fixed\": \"3\"}"),
		"..2;", "");
	check_intervals(
		RANGE("ECOSYSTEM",
			"{\"introduced\": \"1\"}, {\"fixed\": \"2\"}, {\"introduced\": \"2\"}, "
			"{\"fixed\": \"3\"}"),
		"1..2;2..3;", "");
	check_intervals(RANGE("ECOSYSTEM", "{\"fixed\": \"3\"}"), "", "");
	check_intervals(RANGE("ECOSYSTEM",
				"{\"introduced\": \"0\"}, {\"fixed\": \"3\"}, {\"limit\": \"2\"}"),
		"..3;", "");
	check_intervals(RANGE("GIT", "{\"introduced\": \"0\"}"), "", "");
}

static void test_versions_count_where_no_range_does(void **state UNUSED)
{
	check_intervals("\"versions\": [\"1\", \"3\"]", "1..=1;3..=3;", "");
	check_intervals(
		"\"versions\": [\"1\"], " RANGE("GIT", "{\"introduced\": \"0\"}"), "1..=1;", "");
	check_intervals("\"versions\": [\"1\"], " RANGE(
				"ECOSYSTEM", "{\"introduced\": \"0\"}, {\"fixed\": \"2\"}"),
		"..2;", "");
}

static void test_version_that_is_none_is_told_of(void **state UNUSED)
{
	check_intervals(RANGE("ECOSYSTEM", "{\"introduced\": \"0\"}, {\"fixed\": \":1-1\"}"), "..;",
		":1-1");
	check_intervals(
		RANGE("ECOSYSTEM", "{\"introduced\": \"0\"}, {\"fixed\": \"\"}"), "..;", "(empty)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_is_read),
		cmocka_unit_test(test_record_that_makes_no_sense_has_a_problem),
		cmocka_unit_test(test_document_cut_anywhere_fails),
		cmocka_unit_test(test_events_make_intervals),
		cmocka_unit_test(test_versions_count_where_no_range_does),
		cmocka_unit_test(test_version_that_is_none_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
