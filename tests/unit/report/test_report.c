/*
 * What the forms of a report share: order, filter, counts, the table of formats.
 */
#include "../test.h"
#include "samples.h"

static void add(struct report_target *t, enum severity severity, const char *id,
	const char *package, const char *installed, const char *layer)
{
	vec_push(&t->vulnerabilities, (struct report_vulnerability){ .id = str_of(id),
					      .severity = severity,
					      .package = str_of(package),
					      .installed = str_of(installed),
					      .layer = str_of(layer) });
}

static void test_sorts_worst_first_then_by_name(void **state UNUSED)
{
	static const char *const expected[] = { "D a", "C a", "H a p 1 x", "H a p 1 y", "H a p 2",
		"H a q", "H b", "M a", "L a", "N a", "U a" };
	struct report_target t;

	report_target_init(&t);
	report_sort(&t);
	add(&t, SEVERITY_UNKNOWN, "U a", "", "", "");
	add(&t, SEVERITY_LOW, "L a", "", "", "");
	add(&t, SEVERITY_HIGH, "H b", "", "", "");
	add(&t, SEVERITY_HIGH, "H a", "q", "", "");
	add(&t, SEVERITY_HIGH, "H a", "p", "2", "");
	add(&t, SEVERITY_HIGH, "H a", "p", "1", "y");
	add(&t, SEVERITY_HIGH, "H a", "p", "1", "x");
	add(&t, SEVERITY_DEFCON1, "D a", "", "", "");
	add(&t, SEVERITY_NEGLIGIBLE, "N a", "", "", "");
	add(&t, SEVERITY_CRITICAL, "C a", "", "", "");
	add(&t, SEVERITY_MEDIUM, "M a", "", "", "");
	report_sort(&t);
	assert_int_equal(t.vulnerabilities.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct report_vulnerability *v = &t.vulnerabilities.v[i];
		_cleanup_buf_ struct buf all = BUF_INIT(1024);

		buf_printf(&all, "%" PRIstr " %" PRIstr " %" PRIstr " %" PRIstr, STR_ARG(v->id),
			STR_ARG(v->package), STR_ARG(v->installed), STR_ARG(v->layer));
		assert_str(str_trim(buf_str(&all)), expected[i]);
	}
	report_target_fini(&t);
}

static void test_filters(void **state UNUSED)
{
	static const struct {
		struct report_options options;
		enum severity severity;
		const char *fixed_in;
		bool shown;
		enum fix_state state;
	} cases[] = {
		{ { 0 }, SEVERITY_UNKNOWN, "", true },
		{ { .severities = 1U << SEVERITY_HIGH }, SEVERITY_HIGH, "", true },
		{ { .severities = 1U << SEVERITY_HIGH }, SEVERITY_CRITICAL, "1", false },
		{ { .severities = 1U << SEVERITY_HIGH | 1U << SEVERITY_UNKNOWN }, SEVERITY_UNKNOWN,
			"", true },
		{ { .only_fixed = true }, SEVERITY_LOW, "", false },
		{ { .only_fixed = true }, SEVERITY_LOW, "1", true },
		{ { .only_fixed = true }, SEVERITY_LOW, "1", false, FIX_STATE_FIXED_IN_PRO },
		{ { 0 }, SEVERITY_LOW, "1", true, FIX_STATE_FIXED_IN_PRO },
		{ { .only_fixed = true, .severities = 1U << SEVERITY_HIGH }, SEVERITY_LOW, "1",
			false },
		{ { .only_fixed = true, .severities = 1U << SEVERITY_HIGH }, SEVERITY_HIGH, "",
			false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct report_vulnerability v = { .severity = cases[i].severity,
			.fixed_in = str_of(cases[i].fixed_in),
			.state = cases[i].state };

		if (report_shows(&cases[i].options, &v) != cases[i].shown)
			fail_msg("case %zu is %sshown", i, cases[i].shown ? "not " : "");
	}
}

static void test_counts_all_and_what_is_hidden(void **state UNUSED)
{
	static const uint64_t by_severity[SEVERITY_COUNT] = { 1, 1, 1, 1, 2, 1, 1 };
	struct report_options o = { .severities = 1U << SEVERITY_HIGH, .only_fixed = true };
	struct report r;

	assert_true(sample_init(&r, STR("full")));
	struct report_summary s = report_summarize(&r.targets.v[0], &o);
	assert_int_equal(s.findings, 8);
	assert_memory_equal(s.by_severity, by_severity, sizeof(by_severity));
	assert_int_equal(s.fixable, 3);
	assert_int_equal(s.hidden, 6);
	assert_int_equal(s.packages, 9);
	assert_int_equal(s.not_evaluated, 3);
	assert_int_equal(s.evaluated, 6);
	sample_fini(&r);
}

static void add_advisory(struct report_target *t, const char *id, enum severity severity,
	const char *package, const char *fixed_in, const struct str *cves, size_t n)
{
	vec_push(&t->vulnerabilities,
		(struct report_vulnerability){
			.id = str_of(id),
			.severity = severity,
			.package = str_of(package),
			.installed = STR("1"),
			.fixed_in = str_of(fixed_in),
			.state = *fixed_in ? FIX_STATE_FIXED : FIX_STATE_AFFECTED,
			.cves = cves,
			.n_cves = n,
		});
}

static void test_each_cve_of_a_package_once(void **state UNUSED)
{
	static const struct str both[] = { STR_INIT("CVE-1"), STR_INIT("CVE-2") };
	static const char *const expected[] = { "High CVE-1 bash 10", "High CVE-2 bash 9",
		"Low CVE-1 dash 2", "Low CVE-2 bash-libs ", "Low CVE-2 dash 2",
		"Low VENDOR-3 bash 3" };
	_cleanup_buf_ struct buf line = BUF_INIT(1000);
	struct report_target t;

	report_target_init(&t);
	t.distro.scheme = STR("rpm");
	add_advisory(&t, "VENDOR-1", SEVERITY_HIGH, "bash", "9", both, 2);
	add_advisory(&t, "VENDOR-2", SEVERITY_LOW, "bash", "10", both, 1);
	add_advisory(&t, "VENDOR-2", SEVERITY_LOW, "dash", "2", both, 2);
	add_advisory(&t, "VENDOR-3", SEVERITY_LOW, "bash", "3", NULL, 0);
	add_advisory(&t, "CVE-2", SEVERITY_LOW, "bash", "", NULL, 0);
	add_advisory(&t, "CVE-2", SEVERITY_LOW, "bash-libs", "", NULL, 0);
	report_by_cve(&t);
	assert_int_equal(t.vulnerabilities.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		const struct report_vulnerability *v = &t.vulnerabilities.v[i];

		buf_clear(&line);
		buf_printf(&line, "%s %" PRIstr " %" PRIstr " %" PRIstr,
			severity_to_str(v->severity), STR_ARG(v->id), STR_ARG(v->package),
			STR_ARG(v->fixed_in));
		assert_string_equal(buf_cstr(&line), expected[i]);
		assert_int_equal(v->n_cves, 0);
	}
	report_target_fini(&t);
}

/* Packages may be reported as not evaluated whose database could not be listed. */
static void test_evaluated_is_never_negative(void **state UNUSED)
{
	struct report_options o = { 0 };
	struct report r;

	assert_true(sample_init(&r, STR("hostile")));
	struct report_summary s = report_summarize(&r.targets.v[0], &o);
	assert_int_equal(s.packages, 1);
	assert_int_equal(s.not_evaluated, 8);
	assert_int_equal(s.evaluated, 0);
	sample_fini(&r);
}

static void test_formats_by_place_and_name(void **state UNUSED)
{
	assert_string_equal(report_format_at(0)->name, "table");
	assert_string_equal(report_format_at(1)->name, "json");
	assert_null(report_format_at(2));
	assert_ptr_equal(report_format_by_name(STR("json")), report_format_at(1));
	assert_null(report_format_by_name(STR("jso")));
	assert_null(report_format_by_name(STR_NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorts_worst_first_then_by_name),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_counts_all_and_what_is_hidden),
		cmocka_unit_test(test_each_cve_of_a_package_once),
		cmocka_unit_test(test_evaluated_is_never_negative),
		cmocka_unit_test(test_formats_by_place_and_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
