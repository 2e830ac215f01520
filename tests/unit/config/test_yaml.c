/*
 * The tree that a text becomes, and what is said of text that becomes none.
 */
#include "check.h"

static void write_node(struct buf *out, const struct node *n)
{
	static const char letters[] = { [NODE_NULL] = '-', [NODE_BOOL] = '?', [NODE_NUMBER] = '#' };

	if (n->kind == NODE_TEXT)
		buf_printf(out, n->quoted ? "'%" PRIstr "'" : "%" PRIstr, STR_ARG(n->text));
	else if (n->kind == NODE_NULL)
		buf_append_char(out, '-');
	else if (n->kind == NODE_BOOL || n->kind == NODE_NUMBER)
		buf_printf(out, "%c%" PRIstr, letters[n->kind], STR_ARG(n->text));
	else
		buf_append_char(out, n->kind == NODE_LIST ? '[' : '{');
}

/* Depth is small here. */
static void write_tree(struct buf *out, const struct node *n)
{
	write_node(out, n);
	if (n->kind != NODE_LIST && n->kind != NODE_MAP)
		return;
	for (const struct node_entry *e = n->entries; e; e = e->next) {
		if (e->key) {
			write_node(out, e->key);
			buf_append_char(out, ':');
		}
		write_tree(out, e->value);
		if (e->next)
			buf_append_char(out, ' ');
	}
	buf_append_char(out, n->kind == NODE_LIST ? ']' : '}');
}

static void assert_tree(const char *text, const char *expected, const char *problems_expected)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);
	struct str s = str_of(text);
	struct node *root;

	if (!yaml_read(span_n(s.p, s.n), &a, &problems, &root))
		buf_append_str(&got, STR("given up"));
	else if (!root)
		buf_append_str(&got, STR("none"));
	else
		write_tree(&got, root);
	assert_str(buf_str(&got), expected);
	problems_sort(&problems);
	assert_problems(&problems, problems_expected);
}

static void test_trees(void **state UNUSED)
{
	static const struct {
		const char *text, *tree;
	} cases[] = {
		{ "", "none" },
		{ "# nothing\n", "none" },
		{ "---\n", "-" },
		{ "a", "a" },
		{ "a: b", "{a:b}" },
		{ "a:\nb: ~\n", "{a:- b:-}" },
		{ "a: 1\nb: yes\nc: 'yes'\nd: \"1\"\n", "{a:#1 b:?yes c:'yes' d:'1'}" },
		{ "a:\n  b: [1, x, {c: d}]\n", "{a:{b:[#1 x {c:d}]}}" },
		{ "- a\n- - b\n  - c\n", "[a [b c]]" },
		{ "a: { X }\n", "{a:{X:-}}" },
		{ "a: |\n  x\n  y\n", "{a:'x\ny\n'}" },
		{ "a: !!str 1\nb: !!int 2\nc: !!null ''\nd: ! 5\n", "{a:1 b:#2 c:- d:5}" },
		{ "\xef\xbb\xbf"
		  "a: b\n",
			"{a:b}" },
		{ "%YAML 1.1\n---\na: b\n...\n", "{a:b}" },
		{ "a: &x 1\nb: *x\n", "{a:#1 b:#1}" },
		{ "a: &x {p: q}\nb: *x\n", "{a:{p:q} b:{p:q}}" },
		{ "a: &x {p: q}\nb:\n  <<: *x\n  r: s\n", "{a:{p:q} b:{r:s p:q}}" },
		{ "a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}\n", "{a:{p:#1 q:#2} b:{q:#3 p:#1}}" },
		{ "- &x {p: 1}\n- &y {p: 2, q: 3}\n- <<: [*x, *y]\n",
			"[{p:#1} {p:#2 q:#3} {p:#1 q:#3}]" },
		{ "a: {\"<<\": b}\n", "{a:{'<<':b}}" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_tree(cases[i].text, cases[i].tree, "");
}

static void test_places_count_lines_and_characters_from_one(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text = STR("# \xc3\xa4\n\xc3\xa4\xe2\x82\xac: b\n");
	struct node *root;

	assert_true(yaml_read(span_n(text.p, text.n), &a, &problems, &root));
	assert_int_equal(root->entries->key->place.line, 2);
	assert_int_equal(root->entries->key->place.column, 1);
	assert_int_equal(root->entries->value->place.column, 5);
}

static void test_mistakes_that_do_not_end_reading_are_all_told(void **state UNUSED)
{
	assert_tree("a: 1\nb: 2\na: 3\nc:\n  d: 1\n  'd': 2\n", "{a:#1 b:#2 c:{d:#1}}",
		"3:1: error: YAML: the same key stands in line 1 already\n"
		"6:3: error: YAML: the same key stands in line 5 already\n");
	assert_tree("? [a]\n: b\n? {c: d}\n: e\n", "{}",
		"1:3: error: YAML: a key has to be a single value\n"
		"3:3: error: YAML: a key has to be a single value\n");
	assert_tree("a: !x 1\nb: !!binary AA==\nc: !!int x\nd: !y {}\ne: !!set []\n",
		"{a:#1 b:AA== c:#x d:{} e:[]}",
		"1:4: error: YAML: a tag that is not known here\n"
		"2:4: error: YAML: a tag that is not known here\n"
		"3:4: error: YAML: the value is not what its tag says\n"
		"4:4: error: YAML: a tag that is not known here\n"
		"5:4: error: YAML: a tag that is not known here\n");
	assert_tree("a: {<<: b}\nc: {<<: [{}, 1]}\n", "{a:{} c:{}}",
		"1:5: error: YAML: \"<<\" takes a mapping, or a list of mappings\n"
		"2:5: error: YAML: \"<<\" takes a mapping, or a list of mappings\n");
}

static void test_syntax_errors_have_a_place(void **state UNUSED)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "a: b: c\n",
			"1:5: error: YAML: mapping values are not allowed in this context\n" },
		{ "a: 1\n b: 2\n",
			"2:3: error: YAML: mapping values are not allowed in this context\n" },
		{ "a: \"x\nb: 1\n",
			"3:1: error: YAML: found unexpected end of stream, while scanning a quoted "
			"scalar that begins in line 1\n" },
		{ "a: [1, 2\nb: 1",
			"2:2: error: YAML: did not find expected ',' or ']', while parsing a flow "
			"sequence that begins in line 1\n" },
		{ "a:\n\tb: c\n", "2:1: error: YAML: a tab cannot indent, only spaces can\n" },
		{ "a: @x\n",
			"1:4: error: YAML: a value cannot begin with \"@\" unless it is put in "
			"quotes\n" },
		{ "a: %x\n",
			"1:4: error: YAML: a value cannot begin with \"%\" unless it is put in "
			"quotes\n" },
		{ "a: b\nc: \x01\n", "2:4: error: YAML: control characters are not allowed\n" },
		{ "\xc3\xa4: \xff\n", "1:4: error: YAML: invalid leading UTF-8 octet\n" },
		{ "a: *x\n", "1:4: error: YAML: an alias without an anchor before it\n" },
		{ "a: &x [*x]\n", "1:8: error: YAML: an alias without an anchor before it\n" },
		{ "a: 1\n---\nb: 2\n",
			"2:1: error: YAML: another document begins here; a configuration is one\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_tree(cases[i].text, "given up", cases[i].problem);
}

static void test_placeholders_with_something_behind_are_explained(void **state UNUSED)
{
#define EXPLAINED                                                                              \
	"error: YAML: text follows the brace that closes a value: braces mark a placeholder, " \
	"to be replaced together with them (a value that begins with a brace needs quotes)\n"
	assert_tree("a:\n  endpoint: { QUAY_ENDPOINT }/secscan/notify\n  b: 1\n", "given up",
		"2:13: " EXPLAINED);
	assert_tree("a: {X}y\n", "given up", "1:4: " EXPLAINED);
	assert_tree("- {X}/y\n", "given up", "1:3: " EXPLAINED);
	assert_tree("\xc3\xa4: { \xc3\xa4 }/y\n", "given up", "1:4: " EXPLAINED);
}

/* n times `unit` between two other texts. */
static void assert_repeated(
	const char *head, const char *unit, size_t n, const char *tail, const char *expected)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT(4 * MIB);
	struct node *root;

	buf_append_str(&text, str_of(head));
	for (size_t i = 0; i < n; i++)
		buf_append_str(&text, str_of(unit));
	buf_append_str(&text, str_of(tail));
	bool ok = yaml_read(buf_span(&text), &a, &problems, &root);
	assert_problems(&problems, expected);
	assert_int_equal(ok, expected[0] == '\0');
}

static void test_limits(void **state UNUSED)
{
	assert_repeated("", "- ", 32, "x", "");
	assert_repeated("", "- ", 33, "x", "1:65: error: nested more than 32 deep\n");
	assert_repeated("", "[", 100000, "", "1:33: error: nested more than 32 deep\n");
	/* The list itself is one. */
	assert_repeated("", "- x\n", 16383, "", "");
	assert_repeated(
		"", "- x\n", 16384, "", "16384:3: error: more than 16384 keys and values\n");
	assert_repeated("a: b\n#", "x", 256 * 1024 - 6, "", "");
	assert_repeated(
		"a: b\n#", "x", 256 * 1024 - 5, "", "error: 262145 bytes, at most 262144\n");
	/* 20 keys merged again and again. */
	assert_repeated("- &x {a: , b: , c: , d: , e: , f: , g: , h: , i: , j: }\n", "- {<<: *x}\n",
		2000, "", "1260:4: error: more than 16384 keys and values\n");
}

/* A list of ten aliases of the one before, ten deep, is 10^10 values that take no room. */
static void test_aliases_do_not_multiply(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT(MIB);
	struct node *root;

	buf_append_str(&text, STR("a0: &a0 x\n"));
	for (int i = 1; i <= 10; i++) {
		buf_printf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_printf(&text, "%s*a%d", k ? ", " : "", i - 1);
		buf_append_str(&text, STR("]\n"));
	}
	assert_true(yaml_read(buf_span(&text), &a, &problems, &root));
	assert_problems(&problems, "");
	assert_true(a.used_bytes < 64 * KIB);
}

/* Nothing may be read behind a cut, and a tree or a problem comes of each. */
static void test_every_cut_gives_a_tree_or_a_problem(void **state UNUSED)
{
	size_t n;
	_cleanup_free_ char *sample = test_read_data("config/quay-ha.yaml", &n);

	for (size_t cut = 0; cut <= n; cut++) {
		_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
		_cleanup_arena_ struct arena a = ARENA_INIT;
		_cleanup_free_ char *copy = xmalloc(cut + 1);
		struct node *root;

		memcpy(copy, sample, cut);
		bool ok = yaml_read(span_n(copy, cut), &a, &problems, &root);
		assert_true(ok || problems.errors == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_places_count_lines_and_characters_from_one),
		cmocka_unit_test(test_mistakes_that_do_not_end_reading_are_all_told),
		cmocka_unit_test(test_syntax_errors_have_a_place),
		cmocka_unit_test(test_placeholders_with_something_behind_are_explained),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_aliases_do_not_multiply),
		cmocka_unit_test(test_every_cut_gives_a_tree_or_a_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
