/*
 * Canonical's OSV records, and what they come to.
 */
#include "recorder.h"

#include "feed/format/ubuntu_osv.h"

static int record_cover(struct feed_sink *sink, struct str name, struct err *err UNUSED)
{
	buf_printf(&((struct recorder *)sink)->lines, "covers %" PRIstr "\n", STR_ARG(name));
	return 0;
}

static int parse(struct recorder *r, const char *content, bool cover, struct err *err)
{
	struct stream_mem m;

	recorder_init(r);
	r->sink.cover_name = record_cover;
	stream_mem_init(&m, span_from_str(str_of(content)), 0);
	_cleanup_(ubuntu_rows_freep) struct ubuntu_rows *rows = ubuntu_rows_new(&r->sink);
	return ubuntu_osv_parse(rows, &m.stream, cover ? &r->sink : NULL, err);
}

static void check(const char *content, const char *expected)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r;

	assert_ok(parse(&r, content, false, &err), &err);
	assert_str(buf_str(&r.lines), expected);
	buf_fini(&r.lines);
}

#define LINK(cve) " {} <http://people.ubuntu.com/~ubuntu-security/cve/" cve ">\n"

/* A record of CVE-1 with a priority and these packages. */
#define RECORD(affected)                                                                 \
	"{\"id\":\"UBUNTU-CVE-1\",\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"x\"}," \
	"{\"type\":\"Ubuntu\",\"score\":\"low\"}],\"affected\":[" affected "]}"
#define PACKAGE(ecosystem, name, events)                                        \
	"{\"package\":{\"ecosystem\":\"" ecosystem "\",\"name\":\"" name "\"}," \
	"\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}" events "]}]}"
#define FIXED(version) ",{\"fixed\":\"" version "\"}"

static void a_release_is_an_ecosystem(void **state)
{
	(void)state;
	check(RECORD(PACKAGE("Ubuntu:22.04:LTS", "a", FIXED("1:2-3ubuntu1")) "," PACKAGE(
		      "Ubuntu:25.10", "b", "") "," PACKAGE("Ubuntu:22.04:LTS", "b", "")),
		"ubuntu:22.04 CVE-1 Low [a 1:2-3ubuntu1 fixed] [b  affected]" LINK(
			"CVE-1") "ubuntu:25.10 CVE-1 Low [b  affected]" LINK("CVE-1"));
}

static void pro_counts_where_the_release_has_no_fix(void **state)
{
	(void)state;
	check(RECORD(PACKAGE("Ubuntu:Pro:18.04:LTS", "a", FIXED("1+esm1")) "," PACKAGE(
		      "Ubuntu:18.04:LTS", "a", "") "," PACKAGE("Ubuntu:Pro:18.04:LTS", "b",
		      FIXED("2+esm1")) "," PACKAGE("Ubuntu:18.04:LTS", "b",
		      FIXED("2")) "," PACKAGE("Ubuntu:Pro:18.04:LTS", "c",
		      FIXED("3")) "," PACKAGE("Ubuntu:Pro:18.04:LTS", "d", "")),
		"ubuntu:18.04 CVE-1 Low [a 1+esm1 fixed_in_pro] [b 2 fixed] [c 3 fixed_in_pro] "
		"[d  affected]" LINK("CVE-1"));
}

static void other_builds_and_kernels_are_left_out(void **state)
{
	(void)state;
	check(RECORD(PACKAGE("Ubuntu:Pro:FIPS:18.04:LTS", "a", FIXED("1")) "," PACKAGE(
		      "Ubuntu:Pro:FIPS-updates:18.04:LTS", "a",
		      FIXED("1")) "," PACKAGE("Ubuntu:Pro:Realtime:22.04:LTS", "a",
		      FIXED("1")) "," PACKAGE("Ubuntu:22.04:LTS:for:Other", "a",
		      FIXED("1")) "," PACKAGE("Ubuntu", "a", FIXED("1")) "," PACKAGE("Debian:12",
		      "a", FIXED("1")) "," PACKAGE("Ubuntu:22.04:LTS", "linux-aws", FIXED("1"))),
		"");
}

static void a_package_has_a_priority_of_its_own(void **state)
{
	(void)state;
	check("{\"id\":\"UBUNTU-CVE-1\",\"affected\":[{\"package\":{\"ecosystem\":"
	      "\"Ubuntu:24.04:LTS\",\"name\":\"a\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":"
	      "[{\"introduced\":\"0\"}]}],\"ecosystem_specific\":{\"ubuntu_priority\":\"high\"}}]}",
		"ubuntu:24.04 CVE-1 High [a  affected]" LINK("CVE-1"));
	check("{\"id\":\"UBUNTU-CVE-1\",\"affected\":[" PACKAGE("Ubuntu:24.04:LTS", "a", "") "]}",
		"ubuntu:24.04 CVE-1 Unknown [a  affected]" LINK("CVE-1"));
}

static void what_was_withdrawn_says_nothing(void **state)
{
	(void)state;
	check("{\"id\":\"UBUNTU-CVE-1\",\"withdrawn\":\"2025-08-01T19:34:27Z\",\"affected\":[" PACKAGE(
		      "Ubuntu:24.04:LTS", "a", "") "]}",
		"");
}

static void what_makes_no_sense_is_noted(void **state)
{
	(void)state;
	check(RECORD(PACKAGE("Ubuntu:99.04", "a", "") "," PACKAGE("Ubuntu:22.04:LTS", "a b",
		      "") "," PACKAGE("Ubuntu:22.04:LTS", "c", FIXED("-"))),
		"note: CVE-1: release 99.04: unknown codename\n"
		"note: CVE-1: malformed name of a package\n"
		"note: CVE-1: jammy_c: released in \"-\", which is no version\n");
}

static void one_record_covers_its_cve(void **state)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r;

	(void)state;
	assert_ok(parse(&r, "{\"id\":\"UBUNTU-CVE-2024-1\"}", true, &err), &err);
	assert_str(buf_str(&r.lines), "covers CVE-2024-1\n");
	buf_fini(&r.lines);
}

static void what_is_no_record_of_a_cve_is_refused(void **state)
{
	static const struct {
		const char *content, *why;
	} cases[] = {
		{ "{\"id\":\"USN-5614-1\"}", "\"USN-5614-1\" is not of a CVE" },
		{ "{\"id\":\"UBUNTU-CVE-\"}", "is not of a CVE" },
		{ "{}", "no id" },
		{ "{\"id\":", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r;

		assert_fails(
			parse(&r, cases[i].content, true, &err), &err, ERR_INPUT, cases[i].why);
		assert_int_equal(r.lines.n, 0);
		buf_fini(&r.lines);
	}
}

static void paths_tell_the_cve(void **state)
{
	(void)state;
	assert_str(ubuntu_osv_cve(STR("osv/cve/2024/UBUNTU-CVE-2024-1.json")), "CVE-2024-1");
	assert_str(ubuntu_osv_cve(STR("UBUNTU-CVE-2024-1.json")), "CVE-2024-1");
	assert_int_equal(ubuntu_osv_cve(STR("osv/usn/USN-1-1.json")).n, 0);
	assert_int_equal(ubuntu_osv_cve(STR("vex/CVE-2024-1.json")).n, 0);
	assert_int_equal(ubuntu_osv_cve(STR("UBUNTU-CVE-2024-1.txt")).n, 0);
	assert_int_equal(ubuntu_osv_cve(STR("UBUNTU-CVE-.json")).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_is_an_ecosystem),
		cmocka_unit_test(pro_counts_where_the_release_has_no_fix),
		cmocka_unit_test(other_builds_and_kernels_are_left_out),
		cmocka_unit_test(a_package_has_a_priority_of_its_own),
		cmocka_unit_test(what_was_withdrawn_says_nothing),
		cmocka_unit_test(what_makes_no_sense_is_noted),
		cmocka_unit_test(one_record_covers_its_cve),
		cmocka_unit_test(what_is_no_record_of_a_cve_is_refused),
		cmocka_unit_test(paths_tell_the_cve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
