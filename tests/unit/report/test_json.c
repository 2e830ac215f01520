/*
 * The report as JSON: golden outputs, and that every one is JSON. tests/e2e/test_report.py holds
 * them against the schema.
 */
#include "../test.h"
#include "samples.h"

static void print_sample(const char *sample, const struct report_options *o, struct buf *out)
{
	struct report r;

	assert_true(sample_init(&r, str_of(sample)));
	report_format_by_name(STR("json"))->write(&r, o, out);
	sample_fini(&r);
}

static void test_golden_outputs(void **state UNUSED)
{
	static const struct {
		const char *file;
		const char *sample;
		struct report_options options;
	} cases[] = {
		{ "report/full.json", "full", { .list_packages = true } },
		{ "report/full-high-fixed.json", "full",
			{ .severities = 1U << SEVERITY_HIGH, .only_fixed = true } },
		{ "report/empty.json", "empty", { 0 } },
		{ "report/hostile.json", "hostile", { .list_packages = true } },
		{ "report/incomplete.json", "incomplete", { .list_packages = true } },
		{ "report/none.json", "none", { 0 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);
		size_t n;
		_cleanup_free_ char *expected = test_read_data(cases[i].file, &n);

		print_sample(cases[i].sample, &cases[i].options, &out);
		if (strcmp(buf_cstr(&out), expected) != 0)
			fail_msg("%s: got\n%s\nnot\n%s", cases[i].file, buf_cstr(&out), expected);
	}
}

static void test_every_report_is_json(void **state UNUSED)
{
	for (size_t i = 0; sample_name_at(i); i++) {
		struct report_options o = { .list_packages = true };
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);
		_cleanup_err_ struct err err = ERR_INIT;
		struct stream_mem in;
		struct json_token t;

		print_sample(sample_name_at(i), &o, &out);
		stream_mem_init(&in, buf_span(&out), 0);
		_cleanup_(json_reader_freep) struct json_reader *r = json_reader_new(&in.stream);
		assert_ok(json_skip_value(r, &err), &err);
		assert_int_equal(json_next(r, &t, &err), 0);
		assert_true(str_ends(buf_str(&out), STR("}\n")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_outputs),
		cmocka_unit_test(test_every_report_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
