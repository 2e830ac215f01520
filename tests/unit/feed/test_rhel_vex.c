/*
 * Red Hat's VEX documents: those in tests/data/feed with what they come to, and the pieces that
 * this takes.
 */
#include "../test.h"

#include "feed/feed.h"
#include "feed/format/purl.h"
#include "feed/rhel_vex.h"
#include "feed/rhel_vex_changes.h"
#include "feed/rpm_ranges.h"

/* Writes down what is put and noted, a line each. */
struct recorder {
	struct feed_sink sink;
	struct buf lines;
	size_t puts;
	int answer; /* of put() */
};

static struct str or_dash(struct str s)
{
	return s.n ? s : STR("-");
}

static int record_put(struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct recorder *r = (struct recorder *)sink;
	struct buf *out = &r->lines;
	_cleanup_arena_ struct arena arena = ARENA_INIT;

	r->puts++;
	assert_str(a->scheme, "rpm");
	assert_str(a->link, arena_printf(&arena, "https://access.redhat.com/security/cve/%" PRIstr,
				    STR_ARG(a->name))
				    .p);
	buf_printf(out, "%" PRIstr " %" PRIstr " %s %" PRIstr " | %" PRIstr "\n",
		STR_ARG(a->name_space), STR_ARG(a->name), severity_to_str(a->severity),
		STR_ARG(or_dash(a->metadata)), STR_ARG(str_head(a->description, 60)));
	for (size_t i = 0; i < a->n_fixes; i++) {
		const struct advisory_fix *f = &a->fixes[i];

		buf_printf(out, "  %" PRIstr " %" PRIstr " %" PRIstr " %s %s %" PRIstr "\n",
			STR_ARG(f->package), STR_ARG(or_dash(f->introduced)),
			STR_ARG(or_dash(f->fixed_version)), fix_state_to_str(f->state),
			severity_to_str(f->severity), STR_ARG(or_dash(f->arches)));
	}
	return r->answer ? err_set(err, (enum err_code) - r->answer, "refused") : 0;
}

static void record_note(struct feed_sink *sink, const char *what)
{
	buf_printf(&((struct recorder *)sink)->lines, "note: %s\n", what);
}

static int parse(struct recorder *r, struct str document, size_t chunk, struct err *err)
{
	struct stream_mem m;

	*r = (struct recorder){ .sink = { .put = record_put, .note = record_note },
		.lines = BUF_INIT(64 * MIB),
		.answer = r->answer };
	stream_mem_init(&m, span_from_str(document), chunk);
	return rhel_vex_parse(&m.stream, &r->sink, err);
}

static void check_document(const char *document_name, const char *expected_name, size_t chunk)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r = { .answer = 0 };
	size_t n, n_expected;
	_cleanup_free_ char *document = test_read_data(document_name, &n);
	_cleanup_free_ char *expected = test_read_data(expected_name, &n_expected);

	assert_ok(parse(&r, str_n(document, n), chunk, &err), &err);
	assert_str(buf_str(&r.lines), expected);
	buf_fini(&r.lines);
}

static void test_documents_come_to_what_is_expected(void **state UNUSED)
{
	static const char *const names[] = { "vex-streams", "vex-cve-2023-0045",
		"vex-cve-2024-10041", "vex-bad-module" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		const char *document = arena_printf(&a, "feed/%s.json", names[i]).p;
		const char *expected = arena_printf(&a, "feed/%s.expected", names[i]).p;

		check_document(document, expected, 0);
		check_document(document, expected, 1);
		check_document(document, expected, 7);
	}
}

static void test_order_of_members_makes_no_difference(void **state UNUSED)
{
	check_document("feed/vex-streams-reversed.json", "feed/vex-streams.expected", 0);
}

static void test_deleted_document_has_nothing(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r = { .answer = 0 };

	assert_ok(parse(&r,
			  STR("{\"document\":{\"tracking\":{\"id\":\"CVE-1999-0001\",\"status\":"
			      "\"deleted\"}}}"),
			  0, &err),
		&err);
	assert_str(buf_str(&r.lines), "");
	buf_fini(&r.lines);
}

static void test_document_cut_anywhere_puts_nothing(void **state UNUSED)
{
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/vex-cve-2024-10041.json", &n);

	while (n && document[n - 1] != '}')
		n--;
	for (size_t cut = 0; cut < n; cut++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r = { .answer = 0 };

		assert_fails(parse(&r, str_n(document, cut), 0, &err), &err, ERR_INPUT, "line ");
		assert_int_equal(r.puts, 0);
		buf_fini(&r.lines);
	}
}

static void test_what_is_no_vex_document_fails(void **state UNUSED)
{
	static const struct {
		const char *document, *message;
	} cases[] = {
		{ "", "line 1" },
		{ "[]", "expected object" },
		{ "{}", "no \"document\"" },
		{ "{\"document\":{}} 1", "line 1" },
		{ "{\"document\":[]}", "expected object" },
		{ "{\"document\":{},\"product_tree\":{\"relationships\":[1]}}", "holds a number" },
		{ "{\"document\":{},\"vulnerabilities\":[{\"threats\":[{\"product_ids\":[{}]}]}]}",
			"product id" },
		{ "{\"vulnerabilities\":[{},{}],\"product_tree\":{},\"document\":{}}",
			"before the products" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r = { .answer = 0 };

		assert_fails(parse(&r, str_of(cases[i].document), 0, &err), &err, ERR_INPUT,
			cases[i].message);
		buf_fini(&r.lines);
	}
}

static void test_vulnerability_without_a_cve_is_noted(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct recorder r = { .answer = 0 };

	assert_ok(parse(&r,
			  STR("{\"document\":{},\"product_tree\":{},\"vulnerabilities\":"
			      "[{\"title\":\"a\"},{\"cve\":\"CVE-2024-1/..\"}]}"),
			  0, &err),
		&err);
	assert_str(buf_str(&r.lines),
		"note: (none): a vulnerability whose name is no CVE\n"
		"note: CVE-2024-1/..: a vulnerability whose name is no CVE\n");
	buf_fini(&r.lines);
}

static void test_refused_advisory_does_not_end_the_parse(void **state UNUSED)
{
	static const struct {
		int answer, expected;
		size_t puts;
	} cases[] = { { -ERR_INPUT, 0, 10 }, { -ERR_IO, -ERR_IO, 1 } };
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/vex-streams.json", &n);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct recorder r = { .answer = cases[i].answer };

		assert_int_equal(parse(&r, str_n(document, n), 0, &err), cases[i].expected);
		assert_int_equal(r.puts, cases[i].puts);
		buf_fini(&r.lines);
	}
}

static void test_too_many_products_are_refused(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT(64 * MIB);
	struct recorder r = { .answer = 0 };

	buf_append_str(
		&b, STR("{\"document\":{},\"vulnerabilities\":[{\"product_status\":{\"fixed\":["));
	for (int i = 0; i <= LIMIT_CSAF_PRODUCTS; i++)
		buf_printf(&b, "%s\"p%d\"", i ? "," : "", i);
	buf_append_str(&b, STR("]}}]}"));
	assert_fails(parse(&r, buf_str(&b), 0, &err), &err, ERR_TOO_LARGE, "more than");
	buf_fini(&r.lines);
}

static void test_texts_of_products_are_bounded(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT(64 * MIB);
	struct recorder r = { .answer = 0 };

	buf_append_str(
		&b, STR("{\"document\":{},\"vulnerabilities\":[{\"product_status\":{\"fixed\":["));
	for (int i = 0; i < 12; i++) {
		buf_printf(&b, "%s\"%d", i ? "," : "", i);
		memset(buf_reserve(&b, 3 * MIB), 'x', 3 * MIB);
		buf_commit(&b, 3 * MIB);
		buf_append_char(&b, '"');
	}
	buf_append_str(&b, STR("]}}]}"));
	assert_fails(parse(&r, buf_str(&b), 0, &err), &err, ERR_TOO_LARGE, "of product ids");
	buf_fini(&r.lines);
}

/* --- ranges ---------------------------------------------------------------------------------- */

static void test_fixes_of_minor_releases_become_ranges(void **state UNUSED)
{
	static const struct {
		const char *fixes[4];
		const char *expected;
	} cases[] = {
		{ { "0:1-1.el9" }, "- 0:1-1.el9\n" },
		/* The minor release is told by the release's first number, … */
		{ { "0:7.76.1-26.el9_3.2", "0:7.76.1-23.el9_2.4" },
			"- 0:7.76.1-23.el9_2.4\n0:7.76.1-24 0:7.76.1-26.el9_3.2\n" },
		{ { "0:5.14.0-284.30.1.el9_2", "0:5.14.0-362.8.1.el9_3" },
			"- 0:5.14.0-284.30.1.el9_2\n0:5.14.0-285 0:5.14.0-362.8.1.el9_3\n" },
		/* … by its name, … */
		{ { "0:1-23.el9_2.4", "0:1-23.el9_3.1" },
			"- 0:1-23.el9_2.4\n0:1-23.el9_3 0:1-23.el9_3.1\n" },
		/* … or the version is another. */
		{ { "0:3.9.18-3.el9_4.5", "0:3.9.19-8.el9" },
			"- 0:3.9.18-3.el9_4.5\n0:3.9.19 0:3.9.19-8.el9\n" },
		{ { "0:1.13-3.module+el8.5.0+1+a", "0:1.13-5.module+el8.6.0+1+a" },
			"- 0:1.13-3.module+el8.5.0+1+a\n"
			"0:1.13-4 0:1.13-5.module+el8.6.0+1+a\n" },
		{ { "0:2-1.el8", "1:1-1.el8" }, "- 0:2-1.el8\n1:1 1:1-1.el8\n" },
		/* One line: the first fix did not do. */
		{ { "0:1-3.el9", "0:1-5.el9" }, "- 0:1-5.el9\n" },
		{ { "0:1-3.el9_2", "0:1-5.el9_2" }, "- 0:1-5.el9_2\n" },
		{ { "0:1-3", "0:1-5" }, "- 0:1-5\n" },
		/* Cannot be told apart: rather too much than too little. */
		{ { "0:5-284.30.1.el9_2", "0:5-284.40.1.el9_3" }, "- 0:5-284.40.1.el9_3\n" },
		{ { "0:1-a.el9_2", "0:1-b.el9_3" }, "- 0:1-b.el9_3\n" },
		{ { "0:1-1.el8_1", "0:1-2.el8_2", "0:1-3.el8_2", "0:1-4.el8_3" },
			"- 0:1-1.el8_1\n0:1-2 0:1-3.el8_2\n0:1-4 0:1-4.el8_3\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_buf_ struct buf out = BUF_INIT(KIB);
		struct rpm_range ranges[4];
		size_t n = 0;

		for (; n < 4 && cases[i].fixes[n]; n++)
			ranges[n] = (struct rpm_range){ .fixed = str_of(cases[i].fixes[n]),
				.arches = 1u << n };
		n = rpm_ranges(ranges, n, &a);
		for (size_t k = 0; k < n; k++)
			buf_printf(&out, "%" PRIstr " %" PRIstr "\n",
				STR_ARG(or_dash(ranges[k].introduced)), STR_ARG(ranges[k].fixed));
		assert_str(buf_str(&out), cases[i].expected);
	}
}

static void test_range_of_several_fixes_has_what_all_have(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct rpm_range ranges[] = {
		{ .fixed = STR("0:1-5.el9"), .arches = 1, .severity = SEVERITY_LOW },
		{ .fixed = STR("0:1-3.el9"), .arches = 4, .severity = SEVERITY_HIGH },
	};

	assert_int_equal(rpm_ranges(ranges, ARRAY_LEN(ranges), &a), 1);
	assert_int_equal(ranges[0].arches, 5);
	assert_int_equal(ranges[0].severity, SEVERITY_HIGH);
}

/* --- package URLs, lists ---------------------------------------------------------------------- */

static void test_package_urls_are_taken_apart(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct purl p;

	assert_true(purl_parse(
		STR("pkg:rpm/redhat/libstdc%2B%2B@1%3A2-3.el9?arch=x86_64&epoch=1#sub"), &a, &p));
	assert_str(p.type, "rpm");
	assert_str(p.name_space, "redhat");
	assert_str(p.name, "libstdc++");
	assert_str(p.version, "1:2-3.el9");
	assert_str(purl_qualifier(&p, STR("arch"), &a), "x86_64");
	assert_str(purl_qualifier(&p, STR("epoch"), &a), "1");
	assert_str(purl_qualifier(&p, STR("rpmmod"), &a), "");
	assert_true(purl_parse(STR("pkg:npm/a%00%zz%"), &a, &p));
	assert_str(p.name, "a%00%zz%");
	assert_int_equal(p.name_space.n + p.version.n, 0);
	assert_false(purl_parse(STR("cpe:/o:redhat"), &a, &p));
	assert_false(purl_parse(STR("pkg:rpm"), &a, &p));
	assert_false(purl_parse(STR("pkg:rpm/redhat/"), &a, &p));
}

static void test_times_are_read(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t time;
	} good[] = {
		{ "1970-01-01", 0 },
		{ "2023-10-31", 1698710400 },
		{ "2024-02-29T23:59:59Z", 1709251199 },
		{ "2023-12-10T00:00:00+00:00", 1702166400 },
		{ "2023-12-10T01:30:00+01:30", 1702166400 },
		{ "2023-12-09T22:00:00.123-02:00", 1702166400 },
	};
	static const char *const bad[] = { "", "2023", "2023-13-01", "2023-10-31T",
		"2023-10-31T00:00:00", "2023-10-31T00:00:00+0", "2023-10-31 00:00:00Z",
		"2023-10-31T00:00:00Z " };

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t t = -1;

		assert_true(vex_time(str_of(good[i].text), &t));
		assert_int_equal(t, good[i].time);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t t;

		assert_false(vex_time(str_of(bad[i]), &t));
	}
}

static int read_changes(struct vex_changes *c, const char *text, size_t chunk, bool deleted,
	int64_t since, struct err *err)
{
	struct stream_mem m;

	stream_mem_init(&m, span_from_str(str_of(text)), chunk);
	return vex_changes_read(&m.stream, deleted, since, c, err);
}

static void test_lists_give_what_is_new(void **state UNUSED)
{
	static const size_t chunks[] = { 0, 1, 5 };

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct vex_changes c = VEX_CHANGES_INIT;

		assert_ok(read_changes(&c,
				  "\"2023/cve-2023-0001.json\",\"2023-12-10T00:00:00+00:00\"\r\n"
				  "\n2023/cve-2023-0002.json,2023-12-09T23:59:59Z\n"
				  "\"2023/cve-2023-0003.json\",\"2023-12-11T00:00:00+00:00\"",
				  chunks[i], false, 1702166400, &err),
			&err);
		assert_ok(read_changes(&c,
				  "\"2023/cve-2023-0001.json\",\"2023-12-09T00:00:00+00:00\"\n"
				  "\"2023/cve-2023-0003.json\",\"2023-12-12T00:00:00+00:00\"\n"
				  "\"2023/../2023/cve-2023-0004.json\",\"2023-12-12T00:00:00Z\"\n"
				  "\"/etc/cve-2023-0004.json\",\"2023-12-12T00:00:00Z\"\n"
				  "\"2023/rhsa-2023-0004.json\",\"2023-12-12T00:00:00Z\"\n"
				  "\"2023/cve-2023-0004.json\",\"soon\"\n",
				  chunks[i], true, 1702166400, &err),
			&err);
		const struct vex_change *first =
			map_get(&c.by_path, STR("2023/cve-2023-0001.json"));
		const struct vex_change *third =
			map_get(&c.by_path, STR("2023/cve-2023-0003.json"));

		assert_int_equal(c.by_path.n, 2);
		assert_true(first && !first->deleted && third && third->deleted);
		assert_int_equal(c.latest, 1702166400 + 2 * 86400);
		assert_int_equal(c.malformed, 4);
		vex_changes_fini(&c);
	}
}

static void test_what_is_no_list_fails(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct vex_changes c = VEX_CHANGES_INIT;

	assert_fails(read_changes(&c, "<html>\n</html>\n", 0, false, 0, &err), &err, ERR_INPUT,
		"no list");
	assert_ok(read_changes(&c, "", 0, false, 0, &err), &err);
	vex_changes_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents_come_to_what_is_expected),
		cmocka_unit_test(test_order_of_members_makes_no_difference),
		cmocka_unit_test(test_deleted_document_has_nothing),
		cmocka_unit_test(test_document_cut_anywhere_puts_nothing),
		cmocka_unit_test(test_what_is_no_vex_document_fails),
		cmocka_unit_test(test_vulnerability_without_a_cve_is_noted),
		cmocka_unit_test(test_refused_advisory_does_not_end_the_parse),
		cmocka_unit_test(test_too_many_products_are_refused),
		cmocka_unit_test(test_texts_of_products_are_bounded),
		cmocka_unit_test(test_fixes_of_minor_releases_become_ranges),
		cmocka_unit_test(test_range_of_several_fixes_has_what_all_have),
		cmocka_unit_test(test_package_urls_are_taken_apart),
		cmocka_unit_test(test_times_are_read),
		cmocka_unit_test(test_lists_give_what_is_new),
		cmocka_unit_test(test_what_is_no_list_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
