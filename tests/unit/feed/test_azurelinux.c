/*
 * Microsoft's OVAL: definitions of each kind, and such as make no sense.
 */
#include "sink_recorder.h"

#include "feed/format/azure_oval.h"

static void check(struct str document, const char *expected)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct sink_recorder r;
	struct stream_mem m;

	sink_recorder_init(&r);
	stream_mem_init(&m, span_from_str(document), 0);
	assert_ok(azure_oval_parse(&m.stream, STR("mariner:2.0"), &r.sink, &err), &err);
	assert_str(buf_str(&r.lines), expected);
	sink_recorder_fini(&r);
}

static void test_real_definitions(void **state UNUSED)
{
	size_t n;
	_cleanup_free_ char *document =
		test_read_data("feed/azurelinux/cbl-mariner-2.0-oval.xml", &n);

	check(str_n(document, n),
		"mariner:2.0 CVE-2022-3857 Medium [] syslinux < () affected Medium;\n"
		"mariner:2.0 CVE-2023-5678 Medium [] openssl <1.1.1k-28.cm2 () fixed Medium;\n"
		"mariner:2.0 CVE-2018-14628 Medium [] samba < () affected Medium;\n");
}

#define DOCUMENT(reference, states)                                                              \
	"<oval_definitions><definitions><definition id='d' class='vulnerability'><metadata>"     \
	"<reference source='CVE' ref_id='" reference "'/><severity>Low</severity></metadata>"    \
	"<criteria operator='AND'><criterion test_ref='1'/><criterion test_ref='2'/></criteria>" \
	"</definition></definitions><tests><rpminfo_test id='1'><object object_ref='o'/>"        \
	"<state state_ref='s'/></rpminfo_test><rpminfo_test id='2'><object object_ref='o'/>"     \
	"<state state_ref='t'/></rpminfo_test></tests><objects><rpminfo_object id='o'><name>p"   \
	"</name></rpminfo_object></objects><states>" states "</states></oval_definitions>"

static void test_ranges_have_two_ends(void **state UNUSED)
{
	check(STR(DOCUMENT("CVE-2024-1",
		      "<rpminfo_state id='s'><evr operation='less than'>0: 2-1.azl3</evr></rpminfo_state>"
		      "<rpminfo_state id='t'><evr operation='greater than'>0:1-1.azl3</evr>"
		      "</rpminfo_state>")),
		"mariner:2.0 CVE-2024-1 Low [] p 1-1.azl3<2-1.azl3 () fixed Low;\n");
	check(STR(DOCUMENT("CVE-2024-1",
		      "<rpminfo_state id='s'><evr operation='less than'>1:2-1.azl3</evr></rpminfo_state>")),
		"mariner:2.0 CVE-2024-1 Low [] p <1:2-1.azl3 () fixed Low;\n");
}

static void test_what_makes_no_sense_is_noted(void **state UNUSED)
{
	check(STR(DOCUMENT("GHSA-1", "")), "note: mariner:2.0 definition d: no name of a CVE\n");
	check(STR(DOCUMENT("CVE-2024-1", "")), "note: mariner:2.0 definition d: no package\n");
	check(STR(DOCUMENT("CVE-2024-1",
		      "<rpminfo_state id='s'><evr operation='equals'>1-1</evr></rpminfo_state>")),
		"note: mariner:2.0 definition d: no package\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_definitions),
		cmocka_unit_test(test_ranges_have_two_ends),
		cmocka_unit_test(test_what_makes_no_sense_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
