/*
 * Security databases of apk distributions, in both forms.
 */
#include "recorder.h"

#include "feed/format/secdb.h"

#define CVE "https://cve.mitre.org/cgi-bin/cvename.cgi?name="

static int parse(struct recorder *r, const char *document, const char *name_space, size_t chunk,
	struct err *err)
{
	struct stream_mem m;

	recorder_init(r);
	stream_mem_init(&m, span_from_str(str_of(document)), chunk);
	return secdb_parse(&m.stream, str_of(name_space), &r->sink, err);
}

static void check(const char *document, const char *name_space, const char *expected)
{
	static const size_t chunks[] = { 0, 1, 7 };

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r;

		assert_ok(parse(&r, document, name_space, chunks[i], &err), &err);
		assert_str(buf_str(&r.lines), expected);
		buf_fini(&r.lines);
	}
}

/* A document with one package of these secfixes. */
#define JSON(secfixes)                                                               \
	"{\"distroversion\": \"v3.19\", \"packages\": [{\"pkg\": {\"name\": \"p\", " \
	"\"secfixes\": {" secfixes "}}}]}"

static void test_both_forms_come_to_the_same(void **state UNUSED)
{
	static const char expected[] = "alpine:v3.3 CVE-2017-3167 Unknown [apache2 2.4.26-r0 fixed]"
				       " {} <" CVE "CVE-2017-3167>\n"
				       "alpine:v3.3 CVE-2017-9789 Unknown [apache2 2.4.27-r0 fixed]"
				       " {} <" CVE "CVE-2017-9789>\n"
				       "alpine:v3.3 CVE-2017-7555 Unknown [augeas 1.4.0-r5 fixed]"
				       " {} <" CVE "CVE-2017-7555>\n";

	check("---\n"
	      "distroversion: v3.3\n"
	      "reponame: main\n"
	      "archs:\n"
	      "  - x86_64\n"
	      "packages:\n"
	      "  - pkg:\n"
	      "      name: apache2\n"
	      "      secfixes:\n"
	      "        2.4.26-r0:\n"
	      "          - CVE-2017-3167\n"
	      "        2.4.27-r0:\n"
	      "          - CVE-2017-9789 # and more\n"
	      "  - pkg:\n"
	      "      name: augeas\n"
	      "      secfixes:\n"
	      "        1.4.0-r5:\n"
	      "        - \"CVE-2017-7555\"\n",
		"", expected);
	check("{\"archs\": [\"x86_64\"], \"reponame\": \"main\", \"distroversion\": \"v3.3\",\n"
	      "\"packages\": [{\"pkg\": {\"secfixes\": {\"2.4.26-r0\": [\"CVE-2017-3167\"],\n"
	      "\"2.4.27-r0\": [\"CVE-2017-9789\"]}, \"name\": \"apache2\"}},\n"
	      "{\"pkg\": {\"name\": \"augeas\", \"secfixes\": {\"1.4.0-r5\": [\"CVE-2017-7555\"]}}}]}",
		"", expected);
}

static void test_namespace_that_is_given_counts(void **state UNUSED)
{
	check(JSON("\"1-r0\": [\"CVE-2020-0001\"]"), "wolfi:rolling",
		"wolfi:rolling CVE-2020-0001 Unknown [p 1-r0 fixed] {} <" CVE "CVE-2020-0001>\n");
}

static void test_version_0_is_not_affected(void **state UNUSED)
{
	check(JSON("\"0\": [\"CVE-2020-0001\", \"CVE-2020-0002\"], \"1-r0\": [\"CVE-2020-0002\"]"),
		"",
		"alpine:v3.19 CVE-2020-0002 Unknown [p 1-r0 fixed] {} <" CVE "CVE-2020-0002>\n");
}

static void test_last_of_several_fixes_counts(void **state UNUSED)
{
	check(JSON("\"1.10-r0\": [\"CVE-2020-0001\"], \"1.9-r3\": [\"CVE-2020-0001\"]"), "",
		"alpine:v3.19 CVE-2020-0001 Unknown [p 1.10-r0 fixed] {} <" CVE "CVE-2020-0001>\n");
	check(JSON("\"1.9-r3\": [\"CVE-2020-0001\"], \"1.10-r0\": [\"CVE-2020-0001\"]"), "",
		"alpine:v3.19 CVE-2020-0001 Unknown [p 1.10-r0 fixed] {} <" CVE "CVE-2020-0001>\n");
}

/* All of these are real. */
static void test_lines_of_ids_name_advisories(void **state UNUSED)
{
	static const struct {
		const char *line, *names[4];
	} cases[] = {
		{ "CVE-2017-2616 (+ regression fix)", { "CVE-2017-2616" } },
		{ "CVE-2018-14466 (AFS/RX)", { "CVE-2018-14466" } },
		{ "CVE-2017-12122 TALOS-2017-0488", { "CVE-2017-12122" } },
		{ "CVE-2022-45059 VSV00010", { "CVE-2022-45059" } },
		{ "GNUTLS-SA-2020-03-31 CVE-2020-11501", { "CVE-2020-11501" } },
		{ "CVE-2020-11501 GNUTLS-SA-2020-03-31 CVE-2020-11501", { "CVE-2020-11501" } },
		{ "CVE-2017-5753 CVE-2017-5715 CVE-2017-5754 XSA-254 XPTI",
			{ "CVE-2017-5753", "CVE-2017-5715", "CVE-2017-5754" } },
		{ "CVE-2017-5753   XSA-254", { "CVE-2017-5753" } },
		{ "CVE_2019-2426", { "CVE-2019-2426" } },
		{ "CVE-2021-35940.patch", { "CVE-2021-35940" } },
		{ "CVE-2017-17434-2", { "CVE-2017-17434" } },
		{ "CVE N/A ZBX-11023", { "ZBX-11023" } },
		{ "CVE-2022-?\?\?\?\? XSA-398", { "XSA-398" } },
		{ "CVE-?\?\?\?-?\?\?\?\? TS-2024-005", { "TS-2024-005" } },
		{ "wnpa-sec-2017-18", { "wnpa-sec-2017-18" } },
		{ "ALPINE-13661", { "ALPINE-13661" } },
		{ "GHSA-2qjp-425j-52j9", { "GHSA-2qjp-425j-52j9" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r;
		struct str rest, line;
		const char *document = arena_printf(&a,
			"{\"distroversion\": \"edge\", \"packages\": [{\"pkg\": {\"name\": \"p\","
			"\"secfixes\": {\"1-r0\": [\"%s\"]}}}]}",
			cases[i].line)
					       .p;

		assert_ok(parse(&r, document, "", 0, &err), &err);
		rest = buf_str(&r.lines);
		for (size_t k = 0; k < 4 && cases[i].names[k]; k++) {
			assert_true(str_next_line(&rest, &line));
			assert_true(str_starts(
				line, arena_printf(&a, "alpine:edge %s Unknown [p 1-r0 fixed] {} <",
					      cases[i].names[k])));
		}
		assert_int_equal(rest.n, 0);
		buf_fini(&r.lines);
	}
}

static void test_links_lead_to_the_advisory(void **state UNUSED)
{
	check(JSON("\"1-r0\": [\"GHSA-2qjp-425j-52j9\", \"XSA-300\", \"ZBX-11023\"]"), "",
		"alpine:v3.19 GHSA-2qjp-425j-52j9 Unknown [p 1-r0 fixed] {} "
		"<https://github.com/advisories/GHSA-2qjp-425j-52j9>\n"
		"alpine:v3.19 XSA-300 Unknown [p 1-r0 fixed] {} "
		"<https://xenbits.xen.org/xsa/advisory-300.html>\n"
		"alpine:v3.19 ZBX-11023 Unknown [p 1-r0 fixed] {} <>\n");
}

static void test_what_makes_no_sense_is_noted(void **state UNUSED)
{
	check(JSON("\"1-r0\": [\"CVE-46838\", \"CVE-2020-0001\"]"), "",
		"note: p 1-r0: \"CVE-46838\" names no advisory\n"
		"alpine:v3.19 CVE-2020-0001 Unknown [p 1-r0 fixed] {} <" CVE "CVE-2020-0001>\n");
	check(JSON("\"10.0.11-0\": [\"CVE-2020-0001\", \"CVE-2020-0002\"], "
		   "\"1-r0\": [\"CVE-2020-0003\"]"),
		"",
		"note: p: \"10.0.11-0\" is no version\n"
		"alpine:v3.19 CVE-2020-0003 Unknown [p 1-r0 fixed] {} <" CVE "CVE-2020-0003>\n");
	check(JSON("\"1-r0\": [7]"), "", "note: package \"p\": an id is no string\n");
	check("{\"distroversion\": \"edge\", \"packages\": [{\"pkg\": {\"secfixes\": {}}}, 7, {}]}",
		"",
		"note: package \"\": its name is none\n"
		"note: package \"\": its name is none\n"
		"note: an element of \"packages\" is no object\n");
}

/* Lua knows no difference between {} and []. */
static void test_empty_lists_are_as_empty_objects(void **state UNUSED)
{
	check("{\"distroversion\": \"edge\", \"packages\": [{\"pkg\": {\"name\": \"p\", "
	      "\"secfixes\": []}}]}",
		"", "");
	check(JSON("\"1-r0\": {}, \"2-r0\": null"), "", "");
	check("distroversion: edge\npackages:\n- pkg:\n    name: p\n    secfixes:\n      1-r0:\n",
		"", "");
}

static void check_failure(const char *document, const char *message)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r;

	assert_fails(parse(&r, document, "", 0, &err), &err, ERR_INPUT, message);
	buf_fini(&r.lines);
}

static void test_what_is_no_database_fails(void **state UNUSED)
{
	check_failure("", "has no \"packages\"");
	check_failure("{}", "has no \"packages\"");
	check_failure("[]", "expected object");
	check_failure("{\"packages\": []", "line 1");
	check_failure("{\"packages\": [{\"pkg\": {\"name\": \"p\"}}]}", "of which release");
	check_failure("<html>", "has no \"packages\"");
	check_failure("packages: [", "YAML: line 2");
	check_failure("packages: &a\n- *a\n", "YAML: line 2: an alias");
	check_failure("? [a]\n: b\n", "YAML: a key is no text");
	check_failure("a: [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "nested more than 16 deep");
}

static void test_failure_of_the_sink_ends_it(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem m;
	struct recorder r;

	recorder_init(&r);
	r.answer = -ERR_IO;
	stream_mem_init(&m,
		span_from_str(STR(JSON("\"1-r0\": [\"CVE-2020-0001\", \"CVE-2020-0002\"]"))), 0);
	assert_fails(secdb_parse(&m.stream, STR(""), &r.sink, &err), &err, ERR_IO, "refused");
	buf_fini(&r.lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_forms_come_to_the_same),
		cmocka_unit_test(test_namespace_that_is_given_counts),
		cmocka_unit_test(test_version_0_is_not_affected),
		cmocka_unit_test(test_last_of_several_fixes_counts),
		cmocka_unit_test(test_lines_of_ids_name_advisories),
		cmocka_unit_test(test_links_lead_to_the_advisory),
		cmocka_unit_test(test_what_makes_no_sense_is_noted),
		cmocka_unit_test(test_empty_lists_are_as_empty_objects),
		cmocka_unit_test(test_what_is_no_database_fails),
		cmocka_unit_test(test_failure_of_the_sink_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
