/*
 * Files of the Ubuntu CVE tracker, and what they come to.
 */
#include "../test.h"

#include "feed/format/ubuntu_tracker.h"

/* Writes down what is put and noted, a line each. */
struct recorder {
	struct feed_sink sink;
	struct buf lines;
	int answer; /* of put() */
};

static int record_put(struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct recorder *r = (struct recorder *)sink;

	assert_str(a->scheme, "dpkg");
	buf_printf(&r->lines, "%" PRIstr " %" PRIstr " %s", STR_ARG(a->name_space),
		STR_ARG(a->name), severity_to_str(a->severity));
	for (size_t i = 0; i < a->n_fixes; i++)
		buf_printf(&r->lines, "; %" PRIstr " %" PRIstr " %s %s",
			STR_ARG(a->fixes[i].package),
			STR_ARG(a->fixes[i].fixed_version.n ? a->fixes[i].fixed_version : STR("-")),
			fix_state_to_str(a->fixes[i].state), severity_to_str(a->fixes[i].severity));
	buf_printf(&r->lines, " | %" PRIstr "\n", STR_ARG(a->description));
	return r->answer ? err_set(err, (enum err_code) - r->answer, "refused") : 0;
}

static void record_note(struct feed_sink *sink, const char *what)
{
	buf_printf(&((struct recorder *)sink)->lines, "note: %s\n", what);
}

static int parse(const char *content, int answer, struct buf *lines, struct err *err)
{
	struct recorder r = { .sink = { .put = record_put, .note = record_note },
		.lines = BUF_INIT(1 * MIB),
		.answer = answer };
	_cleanup_(ubuntu_rows_freep) struct ubuntu_rows *t = ubuntu_rows_new(&r.sink);
	int code = ubuntu_tracker_parse(t, STR("CVE-1"), str_of(content), err);

	*lines = r.lines;
	return code;
}

#define CHECK(content, expected)                                             \
	do {                                                                 \
		_cleanup_err_ struct err failure_ = ERR_INIT;                \
		_cleanup_buf_ struct buf lines_ = BUF_INIT(0);               \
		assert_ok(parse(content, 0, &lines_, &failure_), &failure_); \
		assert_str(buf_str(&lines_), expected);                      \
	} while (0)

static void a_file_comes_to_an_advisory_a_release(void **state)
{
	(void)state;
	CHECK("# comment\n"
	      "Candidate: CVE-1\n"
	      "References:\n"
	      " https://example.org/x_y: released\n"
	      "Description:\n"
	      " first line\n"
	      "\n"
	      " second: line\n"
	      "Ubuntu-Description:\n"
	      " not this\n"
	      "Notes:\n"
	      " sbeattie> jammy_a: needed\n"
	      "Priority: high\n"
	      " for a reason that jammy_b: needed would give\n"
	      "Discovered-by: X\n"
	      "CVSS:\n"
	      " nvd: CVSS:3.1/AV:N\n"
	      "\n"
	      "Patches_a:\n"
	      " upstream: https://example.org/commit\n"
	      "upstream_a: released (3.0)\n"
	      "jammy_a: released (1:2.3-4ubuntu5)\n"
	      "focal_a: needed\n"
	      "devel_a: needed\n"
	      "\n"
	      "Patches_b:\n"
	      "Priority_b: low\n"
	      " not so bad\n"
	      "jammy_b: pending (1.0)\n",
		"ubuntu:20.04 CVE-1 High; a - affected High | first line second: line\n"
		"ubuntu:22.04 CVE-1 High; a 1:2.3-4ubuntu5 fixed High; b - affected Low"
		" | first line second: line\n");
}

static void states_are_told_apart(void **state)
{
	(void)state;
	CHECK("jammy_a: needed\njammy_b: active\njammy_c: deferred (2023-01-01)\n"
	      "jammy_d: ignored (end of life, was needed)\njammy_e: ignored (end of life)\n"
	      "jammy_f: ignored (no update available)\njammy_g: ignored\n"
	      "jammy_h: ignored (end of life, was needs-triage)\njammy_i: needs-triage\n"
	      "jammy_j: DNE\njammy_k: not-affected (code not present)\n"
	      "jammy_l: not-affected (1.2-3)\n"
	      "jammy_m: ignored (end of standard support, was deferred)\n"
	      "jammy_n: ignored (was needs-triage ESM criteria)\n",
		"ubuntu:22.04 CVE-1 Unknown; a - affected Unknown; b - affected Unknown"
		"; c - fix_deferred Unknown; d - end_of_life Unknown; e - end_of_life Unknown"
		"; f - will_not_fix Unknown; g - will_not_fix Unknown; m - end_of_life Unknown"
		" | \n");
}

static void fixes_of_pro_are_none_of_the_archive(void **state)
{
	(void)state;
	CHECK("xenial_a: ignored (end of standard support)\n"
	      "esm-infra/xenial_a: released (1.0+esm1)\n"
	      "trusty/esm_b: released (2.0+esm1)\n"
	      "precise/esm_c: needed\n"
	      "esm-apps/jammy_d: released (3.0)\n"
	      "jammy_d: needed\n"
	      "esm-infra-legacy/trusty_e: released (4.0)\n"
	      "trusty/esm_e: ignored (end of ESM support)\n"
	      "trusty_e: DNE\n"
	      /* The archive's own fix, or word that it needs none, counts. */
	      "bionic_f: released (5.0)\n"
	      "esm-infra/bionic_f: released (5.0+esm1)\n"
	      "bionic_g: not-affected\n"
	      "esm-infra/bionic_g: released (5.0+esm1)\n"
	      "bionic_h: released (0.9-1~esm1)\n",
		"ubuntu:12.04 CVE-1 Unknown; c - affected Unknown | \n"
		"ubuntu:14.04 CVE-1 Unknown; b 2.0+esm1 fixed_in_pro Unknown"
		"; e 4.0 fixed_in_pro Unknown | \n"
		"ubuntu:16.04 CVE-1 Unknown; a 1.0+esm1 fixed_in_pro Unknown | \n"
		"ubuntu:18.04 CVE-1 Unknown; f 5.0 fixed Unknown"
		"; h 0.9-1~esm1 fixed_in_pro Unknown | \n"
		"ubuntu:22.04 CVE-1 Unknown; d 3.0 fixed_in_pro Unknown | \n");
}

static void what_esm_found_holds_for_the_release_it_came_from(void **state)
{
	(void)state;
	CHECK("xenial_a: ignored (end of standard support)\nesm-infra/xenial_a: not-affected\n"
	      "xenial_b: ignored (end of standard support)\nesm-infra/xenial_b: needed\n"
	      "xenial_c: ignored (end of standard support)\nesm-infra/xenial_c: needs-triage\n"
	      "xenial_d: needs-triage\nesm-infra/xenial_d: needed\n"
	      "xenial_e: ignored (end of standard support)\nesm-infra/xenial_e: DNE\n"
	      "xenial_f: DNE\nesm-infra/xenial_f: needed\n"
	      "esm-apps/xenial_g: deferred\n"
	      "xenial_h: ignored (end of standard support, was needs-triage)\n"
	      "esm-apps/xenial_h: needed\n",
		"ubuntu:16.04 CVE-1 Unknown; b - end_of_life Unknown; d - affected Unknown"
		"; e - end_of_life Unknown; g - fix_deferred Unknown; h - end_of_life Unknown"
		" | \n");
}

static void other_products_and_kernels_are_left_out(void **state)
{
	(void)state;
	CHECK("upstream_a: needed\ndevel_a: needed\nsnap_a: needed\nproduct_a: needed\n"
	      "fips/focal_a: needed\nfips-updates/focal_a: needed\nfips-preview/jammy_a: needed\n"
	      "realtime/jammy_linux: needed\nros-esm/xenial_a: needed\n"
	      "vivid/ubuntu-core_a: needed\nvivid/stable-phone-overlay_a: needed\n"
	      "bluefield/jammy_linux-bluefield: needed\n"
	      "jammy_linux: needed\njammy_linux-aws-5.19: released (5.19.0-1)\n"
	      "jammy_linux-firmware: needed\njammy_linuxptp: needed\n"
	      "Tags_a: universe-binary\nPatches_jammy: needed\n",
		"ubuntu:22.04 CVE-1 Unknown; linux-firmware - affected Unknown"
		"; linuxptp - affected Unknown | \n");
}

static void priorities_are_by_package_and_release(void **state)
{
	(void)state;
	CHECK("Priority: medium (heap-protector)\nPriority_a: negligible\nPriority_a_jammy: critical\n"
	      "Priority_b: untriaged\njammy_a: needed\nfocal_a: needed\nfocal_b: needed\n"
	      "focal_c: needed\n",
		"ubuntu:20.04 CVE-1 Medium; a - affected Negligible; b - affected Unknown"
		"; c - affected Medium | \n"
		"ubuntu:22.04 CVE-1 Medium; a - affected Critical | \n");
	CHECK("Priority:low\njammy_a: needed\n", "ubuntu:22.04 CVE-1 Low; a - affected Low | \n");
}

static void every_release_is_known_also_the_newest(void **state)
{
	(void)state;
	CHECK("dapper_a: needed\nresolute_a: needed\n",
		"ubuntu:26.04 CVE-1 Unknown; a - affected Unknown | \n"
		"ubuntu:6.06 CVE-1 Unknown; a - affected Unknown | \n");
}

static void what_makes_no_sense_is_noted_and_skipped(void **state)
{
	(void)state;
	CHECK("jammy_a: released (1.0, 2.0)\njammy_b: released ()\njammy_c: 87.0\njammy_d:\n"
	      "zombie_a: needed\nzombie_b: needed\njammy_e: needed\n_f: needed\njammy_: needed\n",
		"note: CVE-1: jammy_a: released in \"1.0, 2.0\", which is no version\n"
		"note: CVE-1: jammy_b: released in \"\", which is no version\n"
		"note: CVE-1: jammy_c: unknown status \"87.0\"\n"
		"note: CVE-1: jammy_d: unknown status \"\"\n"
		"note: CVE-1: release zombie: unknown codename\n"
		"note: CVE-1: release : unknown codename\n"
		"note: CVE-1: malformed name of a package\n"
		"ubuntu:22.04 CVE-1 Unknown; e - affected Unknown | \n");
	/* A fix of Pro is not lost for a row that is damaged. */
	CHECK("xenial_a: released (x y)\nesm-infra/xenial_a: released (1.0)\n",
		"note: CVE-1: xenial_a: released in \"x y\", which is no version\n"
		"ubuntu:16.04 CVE-1 Unknown; a 1.0 fixed_in_pro Unknown | \n");
	CHECK("", "");
	CHECK("Description: a\xFF\xC3\xA4\njammy_a: needed\njammy_a: deferred\n",
		"ubuntu:22.04 CVE-1 Unknown; a - fix_deferred Unknown | a\xEF\xBF\xBD\xC3\xA4\n");
}

static void a_refused_advisory_is_left_out_and_a_failure_ends_it(void **state)
{
	_cleanup_buf_ struct buf lines = BUF_INIT(0), others = BUF_INIT(0);
	_cleanup_err_ struct err err = ERR_INIT;

	(void)state;
	assert_ok(parse("jammy_a: needed\nfocal_a: needed\n", -ERR_INPUT, &lines, &err), &err);
	assert_int_equal(err.code, ERR_NONE);
	assert_fails(parse("jammy_a: needed\nfocal_a: needed\n", -ERR_IO, &others, &err), &err,
		ERR_IO, "refused");
}

static void paths_tell_the_cve(void **state)
{
	(void)state;
	assert_str(ubuntu_tracker_cve(STR("active/CVE-2020-1")), "CVE-2020-1");
	assert_str(ubuntu_tracker_cve(STR("./x/retired/CVE-2020-NNN1")), "CVE-2020-NNN1");
	assert_int_equal(ubuntu_tracker_cve(STR("ignored/CVE-2020-1")).n, 0);
	assert_int_equal(ubuntu_tracker_cve(STR("active/Makefile")).n, 0);
	assert_int_equal(ubuntu_tracker_cve(STR("active/sub/CVE-2020-1")).n, 0);
	assert_int_equal(ubuntu_tracker_cve(STR("CVE-2020-1")).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_comes_to_an_advisory_a_release),
		cmocka_unit_test(states_are_told_apart),
		cmocka_unit_test(fixes_of_pro_are_none_of_the_archive),
		cmocka_unit_test(what_esm_found_holds_for_the_release_it_came_from),
		cmocka_unit_test(other_products_and_kernels_are_left_out),
		cmocka_unit_test(priorities_are_by_package_and_release),
		cmocka_unit_test(every_release_is_known_also_the_newest),
		cmocka_unit_test(what_makes_no_sense_is_noted_and_skipped),
		cmocka_unit_test(a_refused_advisory_is_left_out_and_a_failure_ends_it),
		cmocka_unit_test(paths_tell_the_cve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
