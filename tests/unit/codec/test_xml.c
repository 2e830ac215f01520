/*
 * The XML reader: what documents say, however they are cut into pieces; what is refused, and where;
 * the limits.
 */
#include "../test.h"

#include "codec/codec.h"

/* Events: "<name a=b|c=d>", ">" an end, "'text'"; a failure: "!message". */
static void trace(struct str document, size_t chunk, struct buf *out)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem in;
	struct xml_event e;
	int rc;

	stream_mem_init(&in, span_from_str(document), chunk);
	_cleanup_(xml_reader_freep) struct xml_reader *r = xml_reader_new(&in.stream);
	while ((rc = xml_next(r, &e, &err)) > 0) {
		if (e.type == XML_TEXT) {
			buf_printf(out, "'%" PRIstr "'", STR_ARG(e.text));
			continue;
		}
		buf_printf(out, e.type == XML_BEGIN ? "<%" PRIstr : "/%" PRIstr, STR_ARG(e.name));
		for (size_t i = 0; i < e.n_attrs; i++)
			buf_printf(out, "%c%" PRIstr "=%" PRIstr, i ? '|' : ' ',
				STR_ARG(e.attrs[i].name), STR_ARG(e.attrs[i].value));
		buf_append_char(out, '>');
	}
	if (rc == 0)
		return;
	buf_printf(out, "!%s", err_msg(&err));
	/* It lasts. */
	err_clear(&err);
	assert_int_equal(xml_next(r, &e, &err), rc);
}

static void test_documents_say_the_same_however_cut(void **state UNUSED)
{
	static const struct {
		const char *document, *expected;
	} cases[] = {
		{ "<a/>", "<a>/a>" },
		{ "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- c --><a b='c'>x</a>\n",
			"<a b=c>'x'/a>" },
		{ "<o:a xmlns:o='u' xmlns='v' o:b='c' d='e'><o:f/></o:a>", "<a b=c|d=e><f>/f>/a>" },
		{ "<a>\n <b> x </b>\n</a>", "<a><b>' x '/b>/a>" },
		{ "<a>x &amp; &lt;y&gt; &#228;&#x20ac;</a>",
			"<a>'x & <y> \xc3\xa4\xe2\x82\xac'/a>" },
		{ "<a b='&amp;&quot;&#10;'/>", "<a b=&\"\n>/a>" },
		{ "<a><![CDATA[<b>&amp;]]></a>", "<a>'<b>&amp;'/a>" },
		{ "<a>x<!-- y -->z<?p q?>w</a>", "<a>'xzw'/a>" },
		{ "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>", "<a>'\xc3\xa4'/a>" },
		{ "", "!line 1, column 1: no element found" },
		{ "<a>", "<a>!line 1, column 4: no element found" },
		{ "<a>\n<b></a>", "<a><b>!line 2, column 6: mismatched tag" },
		{ "<a/><b/>", "<a>/a>!line 1, column 5: junk after document element" },
		{ "<a b='c' b='d'/>", "!line 1, column 10: duplicate attribute" },
		{ "<a>&x;</a>", "<a>!line 1, column 4: undefined entity" },
		{ "<a>\xff</a>", "<a>!line 1, column 4: not well-formed (invalid token)" },
		{ "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
			"!line 1, column 13: a document type, which is not taken" },
		{ "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
			"!line 1, column 40: a document type, which is not taken" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t chunk = 0; chunk < 12; chunk++) {
			_cleanup_buf_ struct buf got = BUF_INIT(MIB);

			trace(str_of(cases[i].document), chunk, &got);
			assert_str(buf_str(&got), cases[i].expected);
		}
	}
}

static void test_a_cut_document_fails(void **state UNUSED)
{
	static const char document[] = "<?xml version='1.0'?><a b='c'>x &amp; y<d><!--e--></d></a>";

	for (size_t n = 0; n < sizeof(document) - 1; n++) {
		_cleanup_buf_ struct buf got = BUF_INIT(MIB);

		trace(str_n(document, n), 3, &got);
		if (str_find_char(buf_str(&got), '!') < 0)
			fail_msg("the first %zu bytes pass", n);
	}
}

static void test_a_walk_reads_what_it_wants(void **state UNUSED)
{
	static const char document[] = "<list> <item id='1'>one <b>bold</b> </item>text"
				       "<junk><item/><item>x</item></junk><item id='2'/></list>";
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);
	struct stream_mem in;
	struct xml_event e;
	struct str text;
	int rc;

	stream_mem_init(&in, span_from_str(str_of(document)), 5);
	_cleanup_(xml_reader_freep) struct xml_reader *r = xml_reader_new(&in.stream);
	assert_ok(xml_enter_root(r, STR("list"), &e, &err), &err);
	while ((rc = xml_next_child(r, &e, &err)) > 0) {
		if (!str_eq(e.name, STR("item"))) {
			assert_ok(xml_skip(r, &err), &err);
			continue;
		}
		buf_append_str(&got, xml_attr(&e, STR("id")));
		assert_null(xml_attr(&e, STR("ID")).p);
		assert_ok(xml_read_str(r, &arena, &text, &err), &err);
		buf_printf(&got, "[%" PRIstr "]", STR_ARG(text));
	}
	assert_int_equal(rc, 0);
	assert_ok(xml_end(r, &err), &err);
	assert_str(buf_str(&got), "1[one bold]2[]");
}

static void test_another_document_is_refused(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream_mem in;
	struct xml_event e;

	stream_mem_init(&in, span_from_str(STR("<html><body/></html>")), 0);
	_cleanup_(xml_reader_freep) struct xml_reader *r = xml_reader_new(&in.stream);
	assert_fails(xml_enter_root(r, STR("oval_definitions"), &e, &err), &err, ERR_INPUT,
		"expected element oval_definitions, found html");
	assert_fails(xml_next(r, &e, &err), &err, ERR_INPUT, "expected element");
}

/* prefix, n times middle, suffix. */
static void expect_failure(
	const char *prefix, const char *middle, size_t n, const char *suffix, const char *expected)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf document = BUF_INIT(64 * MIB);
	struct stream_mem in;
	struct xml_event e;
	int rc;

	buf_append_str(&document, str_of(prefix));
	for (size_t i = 0; i < n; i++)
		buf_append_str(&document, str_of(middle));
	buf_append_str(&document, str_of(suffix));
	stream_mem_init(&in, buf_span(&document), 0);
	_cleanup_(xml_reader_freep) struct xml_reader *r = xml_reader_new(&in.stream);
	do
		rc = xml_next(r, &e, &err);
	while (rc > 0);
	assert_fails(rc, &err, ERR_TOO_LARGE, expected);
}

static void test_limits(void **state UNUSED)
{
	static const char kib[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	size_t n = LIMIT_XML_TOKEN / (sizeof(kib) - 1) + 1024;

	expect_failure("", "<a>", LIMIT_XML_DEPTH + 1, "", "nested too deep");
	expect_failure("<a>", kib, n, "</a>", "a text is too long");
	expect_failure("<a b='", kib, n, "'/>", "a tag or comment is too long");
	expect_failure("<a><!--", kib, n, "--></a>", "a tag or comment is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents_say_the_same_however_cut),
		cmocka_unit_test(test_a_cut_document_fails),
		cmocka_unit_test(test_a_walk_reads_what_it_wants),
		cmocka_unit_test(test_another_document_is_refused),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
