/*
 * From the facts of layers to packages. Layers stand below each other in the cases here, the lowest
 * first, separated by "--".
 */
#include "../test.h"

#include "facts_make.h"
#include "view/view.h"

#define STATUS  "var/lib/dpkg/status"
#define STATUSD "var/lib/dpkg/status.d"
#define RPM     "var/lib/rpm/"

static const struct {
	const char *what, *layers, *expected;
} cases[] = {
	{ "no layer", "", "" },
	{ "a package stays with the layer that brought it",
		"dpkg " STATUS " a=1 b=1\n--\ndpkg " STATUS " a=1 b=2 c=1\n--\ndpkg " STATUS
		" a=1 b=2 c=1\n",
		"a=1 @0 " STATUS "\nb=2 @1 " STATUS "\nc=1 @1 " STATUS "\n" },
	{ "a package that comes back is new",
		"dpkg " STATUS " a=1\n--\ndpkg " STATUS "\n--\ndpkg " STATUS " a=1\n",
		"a=1 @2 " STATUS "\n" },
	{ "two of a name in a database",
		"rpm-bdb " RPM "Packages k=1 k=2\n--\nrpm-bdb " RPM "Packages k=2 k=3\n",
		"k=2 @0 " RPM "Packages\nk=3 @1 " RPM "Packages\n" },
	{ "a whiteout", "dpkg " STATUS " a=1\n--\nhidden " STATUS "\n", "" },
	{ "a whiteout of a folder above", "dpkg " STATUS " a=1\n--\nhidden var\n", "" },
	{ "a whiteout of a folder beside",
		"dpkg " STATUS " a=1\n--\nhidden va\nhidden var/lib/dpk\n", "a=1 @0 " STATUS "\n" },
	{ "a database that is new after a whiteout",
		"dpkg " STATUS " a=1\n--\nhidden " STATUS "\n--\ndpkg " STATUS " a=1\n",
		"a=1 @2 " STATUS "\n" },
	{ "a database that is new in the layer of the whiteout",
		"dpkg " STATUS " a=1\n--\ndpkg " STATUS " b=1\nhidden " STATUS "\n",
		"b=1 @1 " STATUS "\n" },
	{ "whoever hides a folder keeps what it puts there",
		"dpkg " STATUS " a=1\nrelease etc/os-release x x:1 dpkg\n--\ndpkg " STATUS
		" a=1\nopaque var/lib\n--\nopaque etc\n",
		"a=1 @1 " STATUS "\n" },
	{ "an opaque root",
		"dpkg " STATUS " a=1\n--\nopaque .\nrelease etc/os-release x x:1 dpkg\n",
		"distro x:1\n" },
	{ "an opaque directory is still there",
		"link etc ../usr/etc\n--\nopaque etc\ndirectory etc\n", "" },
	{ "a hidden folder that is filled again",
		"dpkg-status.d " STATUSD "/a a=1\n--\nhidden " STATUSD
		"\n--\ndpkg-status.d " STATUSD "/b b=1\n",
		"b=1 @2 " STATUSD "/b\n" },
	{ "a link to a release file of another layer",
		"release usr/lib/os-release x x:1 dpkg\n--\nlink etc/os-release usr/lib/os-release\n",
		"distro x:1\n" },
	{ "a linked folder and its content in another layer",
		"link var/lib/rpm usr/lib/sysimage/rpm\n--\nrpm-sqlite usr/lib/sysimage/rpm/rpmdb.sqlite a=1\n",
		"a=1 @1 usr/lib/sysimage/rpm/rpmdb.sqlite\n" },
	{ "a link hides the folder that stood there",
		"rpm-sqlite " RPM "rpmdb.sqlite a=1\n--\nlink var/lib/rpm elsewhere\n",
		"missing elsewhere/rpmdb.sqlite as " RPM "rpmdb.sqlite\n"
		"missing elsewhere/Packages.db as " RPM "Packages.db\n"
		"missing elsewhere/Packages as " RPM "Packages\n" },
	{ "a directory ends a link, and what was below it stays away",
		"dpkg " STATUS " a=1\n--\nlink var/lib/dpkg x\n--\ndirectory var/lib/dpkg\n", "" },
	{ "a directory leaves what is below it",
		"dpkg " STATUS " a=1\n--\ndirectory var/lib/dpkg\ndirectory var\n",
		"a=1 @0 " STATUS "\n" },
	{ "a directory in the place of a database",
		"dpkg " STATUS " a=1\n--\ndirectory " STATUS "\n", "" },
	{ "a link to a database that was not searched for", "link " STATUS " opt/x\n",
		"missing opt/x as " STATUS "\n" },
	{ "a link that is hidden leads nowhere", "link " STATUS " opt/x\n--\nhidden var/lib\n",
		"" },
	{ "links in circles",
		"link " STATUS " var/lib/dpkg/x\nlink var/lib/dpkg/x " STATUS
		"\nlink var/lib/rpm var/lib/rpm\n",
		"" },
	{ "a link to the root", "link var/lib/dpkg .\nlink var/lib/dpkg/status x\n",
		"missing status as " STATUS "\nmissing status.d/ as " STATUSD "/\n" },
	{ "a linked folder of databases", "link " STATUSD " opt/d\n",
		"missing opt/d/ as " STATUSD "/\n" },
	{ "each file of a folder",
		"dpkg-status.d " STATUSD "/a a=1\ndpkg-status.d " STATUSD "/b b=1\n"
		"--\nhidden " STATUSD "/a\n--\ndpkg-status.d " STATUSD "/c c=1\n",
		"b=1 @0 " STATUSD "/b\nc=1 @2 " STATUSD "/c\n" },
	{ "a link to another file of the folder counts once",
		"dpkg-status.d " STATUSD "/a a=1\nlink " STATUSD "/b " STATUSD "/a\n",
		"a=1 @0 " STATUSD "/a\n" },
	{ "two names of a database count once",
		"dpkg " STATUS " a=1\nlink " STATUSD "/x " STATUS "\n", "a=1 @0 " STATUS "\n" },
	{ "the better database of a folder",
		"rpm-bdb " RPM "Packages a=1\nrpm-ndb " RPM "Packages.db a=2\nrpm-sqlite " RPM
		"rpmdb.sqlite a=3\n",
		"a=3 @0 " RPM "rpmdb.sqlite\n" },
	{ "ndb before bdb", "rpm-bdb " RPM "Packages a=1\n--\nrpm-ndb " RPM "Packages.db a=2\n",
		"a=2 @1 " RPM "Packages.db\n" },
	{ "an empty better one hides nothing",
		"rpm-bdb " RPM "Packages a=1\nrpm-ndb " RPM "Packages.db\nrpm-sqlite " RPM
		"rpmdb.sqlite\n",
		"a=1 @0 " RPM "Packages\n" },
	{ "a damaged better one is an error, not the worse one's packages",
		"rpm-bdb " RPM "Packages a=1\n--\nrpm-sqlite " RPM "rpmdb.sqlite ! broken\n",
		"error @1 " RPM "rpmdb.sqlite: broken\n" },
	{ "databases in different folders",
		"rpm-bdb " RPM "Packages a=1\nrpm-sqlite usr/lib/sysimage/rpm/rpmdb.sqlite b=1\n",
		"b=1 @0 usr/lib/sysimage/rpm/rpmdb.sqlite\na=1 @0 " RPM "Packages\n" },
	{ "databases of different kinds",
		"apk lib/apk/db/installed m=1\ndpkg " STATUS " a=1\nrpm-ndb " RPM
		"Packages.db r=1\n",
		"m=1 @0 lib/apk/db/installed\na=1 @0 " STATUS "\nr=1 @0 " RPM "Packages.db\n" },
	{ "a damaged database beside a good one",
		"dpkg " STATUS " a=1\n--\napk lib/apk/db/installed ! what a mess\n",
		"a=1 @0 " STATUS "\nerror @1 lib/apk/db/installed: what a mess\n" },
	{ "a damaged database that is replaced",
		"dpkg " STATUS " ! broken\n--\ndpkg " STATUS " a=1\n", "a=1 @1 " STATUS "\n" },
	{ "the more specific release file, whichever layer it is from",
		"release etc/alpine-release alpine alpine:v3.19 apk\n--\nrelease etc/os-release alpine alpine:v3.20 apk\n",
		"distro alpine:v3.19\n" },
	{ "a release file of a lower layer",
		"release etc/os-release x x:1 dpkg\n--\nrelease etc/os-release x x:2 dpkg\n",
		"distro x:2\n" },
	{ "no release file any more",
		"release etc/os-release x x:1 dpkg\n--\nhidden etc/os-release\n", "" },
};

static void view_text(const struct view *v, struct buf *out)
{
	if (v->has_distro)
		buf_printf(out, "distro %" PRIstr "\n", STR_ARG(v->distro.name_space));
	vec_for_each(p, &v->packages)
		buf_printf(out, "%" PRIstr "=%" PRIstr " @%zu %" PRIstr "\n",
			STR_ARG(p->package->name), STR_ARG(p->package->version), p->layer,
			STR_ARG(p->database));
	vec_for_each(e, &v->errors)
		buf_printf(out, "error @%zu %" PRIstr ": %" PRIstr "\n", e->layer,
			STR_ARG(e->database), STR_ARG(e->reason));
	vec_for_each(e, &v->missing.items)
		buf_printf(out, "missing %" PRIstr " as %" PRIstr "\n", STR_ARG(e->path),
			STR_ARG(e->like));
}

DEFINE_VEC(chain, struct layer_facts *);

static struct layer_facts *chain_add(struct chain *c)
{
	struct layer_facts *facts = xmalloc(sizeof(*facts));

	layer_facts_init(facts);
	vec_push(c, facts);
	return facts;
}

static void chain_fini(struct chain *c)
{
	vec_for_each(facts, c) {
		layer_facts_fini(*facts);
		free(*facts);
	}
	vec_fini(c);
}

static void chain_view(const struct chain *c, struct buf *text)
{
	struct view v;

	view_build((const struct layer_facts *const *)c->v, c->n, &v);
	view_text(&v, text);
	view_fini(&v);
}

static void test_packages_of_layers(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(MIB);
		struct str rest = str_of(cases[i].layers), line;
		struct chain c = VEC_INIT;
		struct layer_facts *top = rest.n ? chain_add(&c) : NULL;

		while (str_next_line(&rest, &line)) {
			if (str_eq(line, STR("--")))
				top = chain_add(&c);
			else
				facts_add(top, line);
		}
		chain_view(&c, &text);
		if (!str_eq(buf_str(&text), str_of(cases[i].expected)))
			fail_msg("%s:\n%s\ninstead of\n%s", cases[i].what, buf_cstr(&text),
				cases[i].expected);
		chain_fini(&c);
	}
}

static void test_what_was_searched_is_not_missing(void **state UNUSED)
{
	_cleanup_buf_ struct buf text = BUF_INIT(MIB);
	const struct wanted_extra extra = { .path = STR("opt/x"), .like = STR(STATUS) };
	struct chain c = VEC_INIT;

	facts_add(chain_add(&c), STR("link " STATUS " opt/x"));
	(void)chain_add(&c);
	vec_push(&c.v[0]->extras.items, extra);
	chain_view(&c, &text);
	/* The upper layer was not searched. */
	assert_str(buf_str(&text), "missing opt/x as " STATUS "\n");
	buf_clear(&text);
	vec_push(&c.v[1]->extras.items, extra);
	chain_view(&c, &text);
	assert_str(buf_str(&text), "");
	facts_add(c.v[1], STR("dpkg opt/x a=1"));
	chain_view(&c, &text);
	assert_str(buf_str(&text), "a=1 @1 opt/x\n");
	chain_fini(&c);
}

/* What follows took minutes, or all memory, where each step looked at everything that is there. */

static void test_many_files_and_whiteouts_in_many_layers(void **state UNUSED)
{
	static const char *const hiding[] = { "opaque usr/lib/sysimage", "hidden usr/lib/apk",
		"opaque lib/apk/db", "hidden etc/apt", "opaque usr/share", "hidden var/lib/rpm" };
	enum { FILES = 65536 - 6, LAYERS = 64 };
	_cleanup_buf_ struct buf text = BUF_INIT(64 * MIB);
	struct chain c = VEC_INIT;
	char line[100];

	for (int l = 0; l < LAYERS; l++) {
		struct layer_facts *facts = chain_add(&c);

		for (size_t i = 0; i < ARRAY_LEN(hiding); i++)
			facts_add(facts, str_of(hiding[i]));
		for (int i = 0; i < FILES / 8; i++) {
			(void)snprintf(
				line, sizeof(line), "dpkg-status.d " STATUSD "/%d-%d p=1", l, i);
			facts_add(facts, str_of(line));
		}
	}
	chain_view(&c, &text);
	assert_true(text.n > LAYERS * (FILES / 8) * 20);
	chain_fini(&c);
}

static void test_whiteouts_of_each_file_of_a_folder_elsewhere(void **state UNUSED)
{
	enum { FILES = 65000 };
	_cleanup_buf_ struct buf text = BUF_INIT(64 * MIB);
	struct chain c = VEC_INIT;
	char line[100];

	for (int l = 0; l < 4; l++) {
		struct layer_facts *facts = chain_add(&c);

		vec_push(&facts->extras.items,
			(struct wanted_extra){ .path = STR("opt/d/"), .like = STR(STATUSD "/") });
		for (int i = 0; i < FILES; i++) {
			(void)snprintf(line, sizeof(line), "%s opt/d/%d p=1",
				l % 2 ? "hidden" : "dpkg-status.d", i);
			facts_add(facts, str_of(line));
		}
	}
	facts_add(c.v[0], STR("link " STATUSD " opt/d"));
	facts_add(c.v[3], STR("dpkg-status.d opt/d/new q=2"));
	chain_view(&c, &text);
	assert_str(buf_str(&text), "q=2 @3 opt/d/new\n");
	chain_fini(&c);
}

static void test_links_that_grow_end(void **state UNUSED)
{
	enum { LINKS = 65000 };
	_cleanup_buf_ struct buf text = BUF_INIT(MIB), path = BUF_INIT(64 * KIB);
	struct layer_facts *facts;
	struct chain c = VEC_INIT;
	char line[100];

	facts = chain_add(&c);
	facts_add(facts, STR("dpkg " STATUS " a=1"));
	/* A link to below itself, by a long way. */
	buf_append_str(&path, STR("link " STATUSD "/l " STATUSD "/l"));
	for (int i = 0; i < 200; i++)
		buf_append_str(&path, STR("/a"));
	facts_add(facts, buf_str(&path));
	for (int i = 0; i < LINKS; i++) {
		(void)snprintf(line, sizeof(line), "link " STATUSD "/%d " STATUSD "/l", i);
		facts_add(facts, str_of(line));
	}
	chain_view(&c, &text);
	assert_true(str_starts(buf_str(&text), STR("a=1 @0 " STATUS "\n")));
	chain_fini(&c);
}

static void test_more_links_than_can_be_followed_are_an_error(void **state UNUSED)
{
	enum { LINKS = 60000 };
	_cleanup_buf_ struct buf text = BUF_INIT(64 * MIB), deep = BUF_INIT(64 * KIB);
	struct layer_facts *facts;
	struct chain c = VEC_INIT;
	char line[100];

	facts = chain_add(&c);
	buf_append_str(&deep, STR("link " STATUSD "/l opt"));
	for (int i = 0; i < 7000; i++)
		buf_append_str(&deep, STR("/a"));
	facts_add(facts, buf_str(&deep));
	for (int i = 0; i < LINKS; i++) {
		(void)snprintf(line, sizeof(line), "link " STATUSD "/%d " STATUSD "/l", i);
		facts_add(facts, str_of(line));
	}
	chain_view(&c, &text);
	/* Beside the places that the first of them lead to. */
	assert_non_null(strstr(buf_cstr(&text),
		"error @0 links: more than can be followed; packages may be missing\n"));
	chain_fini(&c);
}

static void test_many_packages_in_many_layers(void **state UNUSED)
{
	enum { PACKAGES = 200000 };
	struct chain c = VEC_INIT;
	struct view v;
	char line[32];

	for (int l = 0; l < 4; l++) {
		struct fact f = { .kind = FACT_DATABASE, .path = STR(STATUS) };
		struct layer_facts *facts = chain_add(&c);

		f.driver = package_db_driver_by_name(STR("dpkg"));
		for (int i = 0; i < PACKAGES; i++) {
			(void)snprintf(line, sizeof(line), "package-%d", i);
			vec_push(&f.packages.items,
				(struct package){ .name = arena_str(&facts->arena, str_of(line)),
					.version = i % 4 <= l ? STR("2") : STR("1") });
		}
		vec_push(&facts->facts, f);
	}
	view_build((const struct layer_facts *const *)c.v, c.n, &v);
	assert_int_equal(v.packages.n, PACKAGES);
	for (size_t i = 0; i < PACKAGES; i++)
		assert_int_equal(v.packages.v[i].layer, i % 4);
	view_fini(&v);
	chain_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packages_of_layers),
		cmocka_unit_test(test_what_was_searched_is_not_missing),
		cmocka_unit_test(test_many_files_and_whiteouts_in_many_layers),
		cmocka_unit_test(test_whiteouts_of_each_file_of_a_folder_elsewhere),
		cmocka_unit_test(test_links_that_grow_end),
		cmocka_unit_test(test_more_links_than_can_be_followed_are_an_error),
		cmocka_unit_test(test_many_packages_in_many_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
