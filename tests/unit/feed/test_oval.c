/*
 * OVAL documents: what their definitions come to, resolved; what Red Hat's and Oracle's say, in the
 * words of advisories; that no cut document passes.
 */
#include "sink_recorder.h"

#include "feed/format/oval.h"
#include "feed/oracle.h"
#include "feed/rhel_oval.h"

#define HEAD "<oval_definitions><definitions>"

/* --- the format */

static void append_test(struct buf *out, const struct oval_test *t)
{
	buf_printf(out, "%d%s", (int)t->kind, t->none ? "!" : "");
	for (size_t i = 0; i < t->n_names; i++)
		buf_printf(out, ",%" PRIstr, STR_ARG(t->names[i]));
	buf_printf(out, "|%" PRIstr ":%d|%" PRIstr "|%" PRIstr, STR_ARG(t->evr),
		(int)t->evr_operation, STR_ARG(t->arch), STR_ARG(t->text));
}

/* "id class title (platforms) [kind comment test; …]" */
static int write_down(void *ctx, const struct oval_definition *d, struct err *err UNUSED)
{
	struct buf *out = ctx;

	buf_printf(out, "%" PRIstr " %" PRIstr " %" PRIstr "/%" PRIstr, STR_ARG(d->id),
		STR_ARG(d->class), STR_ARG(d->title), STR_ARG(d->severity));
	for (size_t i = 0; i < d->n_nodes; i++) {
		const struct oval_node *node = &d->nodes[i];
		size_t depth = 0;

		for (const struct oval_node *p = node->parent; p; p = p->parent)
			depth++;
		buf_printf(out, "\n%.*s%s%d %" PRIstr "%" PRIstr " ", (int)depth, "      ",
			node->negate ? "not " : "", (int)node->kind, STR_ARG(node->comment),
			STR_ARG(node->definition));
		if (node->test)
			append_test(out, node->test);
	}
	buf_append_char(out, '\n');
	return 0;
}

static void test_references_are_resolved(void **state UNUSED)
{
	static const char document[] = HEAD
		"<definition id='d:1' class='patch'><metadata><title> t </title><advisory>"
		"<severity>Low</severity></advisory></metadata>"
		"<criteria><extend_definition definition_ref='d:0' comment='x'/>"
		"<criteria operator='OR' negate='true'><criterion test_ref='t:1' comment='y'/>"
		"</criteria><criterion test_ref='t:2'/><criterion test_ref='t:9'/></criteria>"
		"</definition><definition id='d:2'/></definitions>"
		"<tests><l:rpminfo_test xmlns:l='u' id='t:1'><l:object object_ref='o:1'/>"
		"<l:state state_ref='s:1'/></l:rpminfo_test>"
		"<dpkginfo_test id='t:2' check_existence='none_exist'><object object_ref='o:2'/>"
		"<state state_ref='s:2'/><state state_ref='s:1'/></dpkginfo_test></tests>"
		"<objects><rpminfo_object id='o:1'><name>a</name></rpminfo_object>"
		"<dpkginfo_object id='o:2'><name var_ref='v:1' var_check='at least one'/>"
		"</dpkginfo_object></objects>"
		"<states><rpminfo_state id='s:1'><arch>x86_64</arch>"
		"<evr operation='less than'>0:1-2</evr></rpminfo_state>"
		"<other_state id='s:2'><subexpression>z</subexpression></other_state></states>"
		"<variables><constant_variable id='v:1'><value>b</value><value>c</value>"
		"</constant_variable></variables></oval_definitions>";
	static const char expected[] = "d:1 patch t/Low\n"
				       "0  \n"
				       " 4 xd:0 \n"
				       " not 1  \n"
				       "  3 y 0,a|0:1-2:2|x86_64|\n"
				       " 3  1!,b,c|0:1-2:2|x86_64|z\n"
				       " 3  3|:0||\n"
				       "d:2  /\n";
	_cleanup_err_ struct err err = ERR_INIT;

	for (size_t chunk = 0; chunk < 9; chunk += 4) {
		_cleanup_buf_ struct buf got = BUF_INIT(MIB);
		struct stream_mem m;

		stream_mem_init(&m, span_n(document, sizeof(document) - 1), chunk);
		assert_ok(oval_read(&m.stream, write_down, &got, &err), &err);
		assert_str(buf_str(&got), expected);
	}
	for (size_t n = 0; n < sizeof(document) - 1; n++) {
		_cleanup_buf_ struct buf got = BUF_INIT(MIB);
		struct stream_mem m;

		stream_mem_init(&m, span_n(document, n), 0);
		assert_int_equal(oval_read(&m.stream, write_down, &got, &err), -ERR_INPUT);
		assert_int_equal(got.n, 0);
		err_clear(&err);
	}
}

/* --- what it means */

static void parse_rhel(struct sink_recorder *r, const char *name, struct str release)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stream_mem m;
	size_t n;
	_cleanup_free_ char *document =
		test_read_data(arena_printf(&a, "feed/oval/%s", name).p, &n);

	stream_mem_init(&m, span_n(document, n), 0);
	assert_ok(rhel_oval_parse(&m.stream, release, false, &r->sink, &err), &err);
}

static void test_red_hat_states_streams_and_releases(void **state UNUSED)
{
	static const char expected[] =
		"centos:8 CVE-2099-0001 High [] a < () will_not_fix High; b < () fix_deferred High;"
		" c < () end_of_life High; d < () affected High; g < () affected High;"
		" php:7.2::php < () will_not_fix High;\n"
		"rhel:8 CVE-2099-0001 High [] a < () will_not_fix High; b < () fix_deferred High;"
		" c < () end_of_life High; d < () affected High; g < () affected High;"
		" php:7.2::php < () will_not_fix High;\n"
		"note: RHSA-2099:0004: b: no version: a b\n"
		"centos:7 RHSA-2099:0004 Critical [CVE-2099-0005 CVE-2099-0004]"
		" a <2-1 (aarch64 x86_64) fixed Critical;\n"
		"rhel:7 RHSA-2099:0004 Critical [CVE-2099-0005 CVE-2099-0004]"
		" a <2-1 (aarch64 x86_64) fixed Critical;\n"
		"centos:8 RHSA-2099:0004 Critical [CVE-2099-0005 CVE-2099-0004]"
		" a:1::a <2-1 (aarch64 x86_64) fixed Critical; a:2::a <1:3-1 () fixed Critical;\n"
		"rhel:8 RHSA-2099:0004 Critical [CVE-2099-0005 CVE-2099-0004]"
		" a:1::a <2-1 (aarch64 x86_64) fixed Critical; a:2::a <1:3-1 () fixed Critical;\n";
	struct sink_recorder r;

	sink_recorder_init(&r);
	parse_rhel(&r, "rhel-states.xml", STR_NULL);
	assert_str(buf_str(&r.lines), expected);
	assert_str(buf_str(&r.link), "https://example.com/4");
	sink_recorder_fini(&r);

	/* Only one release of it. */
	sink_recorder_init(&r);
	parse_rhel(&r, "rhel-states.xml", STR("7"));
	assert_int_equal(r.puts, 2);
	sink_recorder_fini(&r);
}

static void test_what_the_original_read_of_red_hat(void **state UNUSED)
{
	struct sink_recorder r;

	sink_recorder_init(&r);
	parse_rhel(&r, "rhel-original-1.xml", STR_NULL);
	assert_true(str_find(buf_str(&r.lines), STR("centos:7 RHSA-2015:1193 Medium [CVE-2015-0252]"
						    " xerces-c <3.1.1-7.el7_1 (")) >= 0);
	assert_str(buf_str(&r.link), "https://rhn.redhat.com/errata/RHSA-2015-1193.html");
	/* Of one package the version is none. */
	assert_int_equal(r.puts, 2);
	assert_int_equal(str_find(buf_str(&r.lines), STR("xerces-c-x")), -1);
	sink_recorder_fini(&r);
}

static void parse_oracle(struct sink_recorder *r, const char *name)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stream_mem m;
	size_t n;
	_cleanup_free_ char *document =
		test_read_data(arena_printf(&a, "feed/oval/%s", name).p, &n);

	stream_mem_init(&m, span_n(document, n), 0);
	assert_ok(oracle_parse(&m.stream, false, &r->sink, &err), &err);
}

static void test_oracle_keeps_builds_apart(void **state UNUSED)
{
	struct sink_recorder r;

	sink_recorder_init(&r);
	parse_oracle(&r, "oracle-ksplice.xml");
	assert_true(str_starts(buf_str(&r.lines),
		STR("oracle:8 ELSA-2021-9151 High [CVE-2021-3449 CVE-2021-3450]"
		    " ksplice::openssl <2:1.1.1g-15.ksplice1.el8_3 (aarch64 x86_64) fixed High;")));
	sink_recorder_fini(&r);

	/* Built for one architecture after the other, and definitions without tests. */
	sink_recorder_init(&r);
	parse_oracle(&r, "oracle-per-arch.xml");
	assert_true(str_find(buf_str(&r.lines),
			    STR(" rsyslog <8.24.0-57.0.1.el7_9.3 (x86_64) fixed High;"
				" rsyslog <8.24.0-57.0.4.el7_9.3 (aarch64) fixed High;")) >= 0);
	assert_true(
		str_find(buf_str(&r.lines), STR(" osbuild <110-1.0.1.el8 (aarch64 x86_64) ")) >= 0);
	sink_recorder_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references_are_resolved),
		cmocka_unit_test(test_red_hat_states_streams_and_releases),
		cmocka_unit_test(test_what_the_original_read_of_red_hat),
		cmocka_unit_test(test_oracle_keeps_builds_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
