/*
 * SUSE's OVAL: names of products, and what groups of products and packages come to.
 */
#include "sink_recorder.h"

#include "feed/suse.h"

static void test_products_are_namespaces(void **state UNUSED)
{
	static const struct {
		const char *product, *name_space;
	} cases[] = {
		{ "SUSE Linux Enterprise Server 15 SP5", "sles:15.5" },
		{ "SUSE Linux Enterprise Server 15 SP5-LTSS", "sles:15.5" },
		{ "SUSE Linux Enterprise Server 15-LTSS", "sles:15" },
		{ "SUSE Linux Enterprise Server 12", "sles:12" },
		{ "SUSE Linux Enterprise Server 16.0", "sles:16.0" },
		{ "SUSE Linux Enterprise Server LTSS Extended Security 12 SP5", "sles:12.5" },
		{ "SUSE Linux Enterprise Server for SAP Applications 15 SP4", "sles_sap:15.4" },
		{ "SUSE Linux Enterprise Server for Raspberry Pi 12 SP2", "" },
		{ "SUSE Linux Enterprise Desktop 15 SP3", "sled:15.3" },
		{ "SUSE Linux Enterprise High Performance Computing 15 SP1-ESPOS", "sle_hpc:15.1" },
		{ "SUSE Linux Enterprise Module for Basesystem 15 SP5", "sles:15.5" },
		{ "SUSE Linux Enterprise Module for Python 3 15 SP5", "sles:15.5" },
		{ "SUSE Linux Enterprise Module for Legacy 15", "sles:15" },
		{ "SUSE Linux Enterprise Software Development Kit 12 SP5", "sles:12.5" },
		{ "SUSE Package Hub 15 SP6", "sles:15.6" },
		{ "SUSE Linux Enterprise Micro 5.3", "sle-micro:5.3" },
		{ "SUSE Linux Micro 6.0", "sl-micro:6.0" },
		{ "openSUSE Leap 15.6", "opensuse-leap:15.6" },
		{ "openSUSE Leap Micro 5.2", "opensuse-leap-micro:5.2" },
		{ "openSUSE Tumbleweed", "opensuse-tumbleweed:rolling" },
		{ "openSUSE 13.2", "opensuse:13.2" },
		{ "sles11-sp4", "sles:11.4" },
		{ "sles10", "sles:10" },
		{ "sles10-sp4-sdk", "sles:10.4" },
		{ "SUSE Manager Server 4.3", "" },
		{ "SUSE Enterprise Storage 7", "" },
		{ "SUSE Linux Enterprise Real Time 15 SP2", "" },
		{ "Open Enterprise Server 23.4", "" },
		{ "core9", "" },
		{ "SUSE Linux Enterprise Server SP5", "" },
		{ "SUSE Linux Enterprise Server 15 SP", "" },
		{ "SUSE Linux Enterprise Server", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		assert_str(suse_namespace(str_of(cases[i].product), &a), cases[i].name_space);
	}
}

static void test_scopes_are_versions_and_what_is_below_them(void **state UNUSED)
{
	const struct str prefixes[] = { STR("sles:15") };
	const struct suse_scope scope = { .prefixes = prefixes, .n_prefixes = 1 };
	const struct suse_scope all = { .n_prefixes = 0 };

	assert_true(suse_in_scope(&scope, STR("sles:15")));
	assert_true(suse_in_scope(&scope, STR("sles:15.5")));
	assert_false(suse_in_scope(&scope, STR("sles:150")));
	assert_false(suse_in_scope(&scope, STR("sles:1")));
	assert_true(suse_in_scope(&all, STR("sles:1")));
}

#define PRODUCT(name) "<criterion test_ref='p' comment='" name " is installed'/>"
#define PACKAGE(test) "<criterion test_ref='" test "' comment='x is installed'/>"
#define DOCUMENT(class, title, criteria)                                                                   \
	"<oval_definitions><definitions><definition id='d' class='" class                                  \
		"'><metadata><title>" title                                                                \
		"</title><advisory><severity>Important</severity></advisory></metadata>" criteria          \
		"</definition></definitions><tests>"                                                       \
		"<rpminfo_test id='p'><object object_ref='release'/><state state_ref='v'/></rpminfo_test>" \
		"<rpminfo_test id='a1'><object object_ref='a'/><state state_ref='e1'/></rpminfo_test>"     \
		"<rpminfo_test id='a2'><object object_ref='a'/><state state_ref='e2'/></rpminfo_test>"     \
		"<rpminfo_test id='b'><object object_ref='b'/></rpminfo_test>"                             \
		"<rpminfo_test id='c'><object object_ref='c'/><state state_ref='zero'/></rpminfo_test>"    \
		"<rpminfo_test id='s'><object object_ref='a'/><state state_ref='key'/></rpminfo_test>"     \
		"</tests><objects><rpminfo_object id='release'><name>sles-release</name></rpminfo_object>" \
		"<rpminfo_object id='a'><name>a</name></rpminfo_object>"                                   \
		"<rpminfo_object id='b'><name>b</name></rpminfo_object>"                                   \
		"<rpminfo_object id='c'><name>c</name></rpminfo_object></objects><states>"                 \
		"<rpminfo_state id='v'><version operation='equals'>15.5</version></rpminfo_state>"         \
		"<rpminfo_state id='e1'><arch operation='pattern match'>(x86_64|s390x)</arch>"             \
		"<evr operation='less than'>0:1-10</evr></rpminfo_state>"                                  \
		"<rpminfo_state id='e2'><arch operation='pattern match'>(aarch64)</arch>"                  \
		"<evr operation='less than'>0:1-9</evr></rpminfo_state>"                                   \
		"<rpminfo_state id='zero'><version operation='equals'>0</version></rpminfo_state>"         \
		"<rpminfo_state id='key'><signature_keyid operation='equals'>70af</signature_keyid>"       \
		"</rpminfo_state></states></oval_definitions>"

static void check(const char *document, const char *expected)
{
	const struct suse_scope all = { .n_prefixes = 0 };
	_cleanup_err_ struct err err = ERR_INIT;
	struct sink_recorder r;
	struct stream_mem m;

	sink_recorder_init(&r);
	stream_mem_init(&m, span_from_str(str_of(document)), 0);
	assert_ok(suse_parse(&m.stream, &all, &r.sink, &err), &err);
	assert_str(buf_str(&r.lines), expected);
	sink_recorder_fini(&r);
}

static void test_packages_count_for_the_products_beside_them(void **state UNUSED)
{
	check(DOCUMENT("vulnerability", "CVE-2024-1",
		      "<criteria operator='OR'><criteria operator='AND'><criteria operator='OR'>" PRODUCT(
			      "SUSE Linux Enterprise Server 15 SP4")
			      PRODUCT("SUSE Manager Server "
				      "4.3") "</criteria>"
					     "<criteria operator='OR'>" PACKAGE(
						     "a1") "</criteria></criteria>"
							   "<criteria operator='AND'>" PRODUCT(
								   "SUSE Linux Enterprise Server 15 SP5")
								   PACKAGE("a2") "</criteria>"
										 "</criteria>"),
		"sles:15.4 CVE-2024-1 High [] a <1-10 (x86_64 s390x) fixed High;\n"
		"sles:15.5 CVE-2024-1 High [] a <1-9 (aarch64) fixed High;\n");
}

static void test_first_fix_of_a_release_counts(void **state UNUSED)
{
	check(DOCUMENT("vulnerability", "CVE-2024-1",
		      "<criteria operator='OR'><criteria operator='AND'>" PRODUCT(
			      "SUSE Linux Enterprise Server 15 SP5-LTSS")
			      PACKAGE("a1") "</criteria>"
					    "<criteria operator='AND'>" PRODUCT(
						    "SUSE Linux Enterprise Server 15 SP5")
						    PACKAGE("a2") "</criteria>"
								  "<criteria operator='AND'>" PRODUCT(
									  "SUSE Linux Enterprise Server 15 SP5") "<criterion test_ref='b' comment='b is affected'/></criteria></criteria>"),
		"sles:15.5 CVE-2024-1 High [] a <1-9 (x86_64 s390x aarch64) fixed High; b < () affected High;\n");
}

static void test_what_is_not_affected_or_only_signed_is_passed_over(void **state UNUSED)
{
	check(DOCUMENT("vulnerability", "CVE-2024-1",
		      "<criteria operator='AND'>" PRODUCT(
			      "SUSE Linux Enterprise Server 15 SP5") "<criterion test_ref='c' comment='c is not affected'/>"
								     "<criterion test_ref='s' comment='a is signed with SUSE key'/></criteria>"),
		"");
	check(DOCUMENT("patch", "SUSE-SU-1", PACKAGE("a1")), "");
	check(DOCUMENT("vulnerability", "no CVE", "<criteria/>"),
		"note: definition d: no name of a CVE\n");
}

static void test_other_documents_fail(void **state UNUSED)
{
	static const char *const documents[] = { "", "<html/>", "<oval_definitions><definitions>" };
	const struct suse_scope all = { .n_prefixes = 0 };

	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct sink_recorder r;
		struct stream_mem m;

		sink_recorder_init(&r);
		stream_mem_init(&m, span_from_str(str_of(documents[i])), 0);
		assert_fails(suse_parse(&m.stream, &all, &r.sink, &err), &err, ERR_INPUT, "");
		sink_recorder_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products_are_namespaces),
		cmocka_unit_test(test_scopes_are_versions_and_what_is_below_them),
		cmocka_unit_test(test_packages_count_for_the_products_beside_them),
		cmocka_unit_test(test_first_fix_of_a_release_counts),
		cmocka_unit_test(test_what_is_not_affected_or_only_signed_is_passed_over),
		cmocka_unit_test(test_other_documents_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
