/*
 * From a layer's entries to its facts.
 */
#include "../test.h"

#include "../tar_make.h"
#include "facts_text.h"

#define DPKG   "Package: a\\nStatus: install ok installed\\nVersion: 1\\nArchitecture: all\\n"
#define DEBIAN "ID=debian\\nVERSION_ID=12\\nVERSION_CODENAME=bookworm\\n"
#define STATUS "var/lib/dpkg/status"

static const struct {
	const char *what, *entries, *facts;
} cases[] = {
	{ "nothing", "", "" },
	{ "what nobody wants", "f usr/bin/x 1\nl bin usr/bin\nd tmp\nf etc/passwd root\n", "" },
	{ "a release file", "f etc/os-release " DEBIAN "\n", "release etc/os-release debian:12\n" },
	{ "a release file that names none", "f etc/os-release \n", "release etc/os-release -\n" },
	{ "a database", "f " STATUS " " DPKG "\n", "dpkg " STATUS " a=1\n" },
	{ "an empty database", "f " STATUS " \n", "dpkg " STATUS "\n" },
	{ "a damaged database", "f var/lib/rpm/rpmdb.sqlite no\n",
		"rpm-sqlite var/lib/rpm/rpmdb.sqlite ! " },
	{ "all ways to write a path",
		"f ./etc/../etc/os-release \nf /" STATUS " \nf ../../lib/apk/db/installed \n"
		"f .//etc//alpine-release \n",
		"release etc/os-release -\ndpkg " STATUS
		"\napk lib/apk/db/installed\nrelease etc/alpine-release -\n" },
	{ "the last of several counts", "f " STATUS " x\nf ./" STATUS " " DPKG "\n",
		"dpkg " STATUS " a=1\n" },
	{ "a link in the place of a file", "f " STATUS " " DPKG "\nl " STATUS " ../x\n",
		"link " STATUS " > var/lib/x\n" },
	{ "a file in the place of a link", "l " STATUS " ../x\nf " STATUS " " DPKG "\n",
		"dpkg " STATUS " a=1\n" },
	{ "a directory in the place of a file", "f " STATUS " " DPKG "\nd " STATUS "/\n",
		"directory " STATUS "\n" },
	{ "something else in the place of a file", "f " STATUS " " DPKG "\np " STATUS "\n",
		"hidden " STATUS "\n" },
	{ "a file in the place of something else", "p " STATUS "\nf " STATUS " " DPKG "\n",
		"dpkg " STATUS " a=1\n" },
	{ "a hard link behind its file",
		"f " STATUS " " DPKG "\nh var/lib/dpkg/status.d/a " STATUS "\n",
		"dpkg " STATUS " a=1\ndpkg-status.d var/lib/dpkg/status.d/a a=1\n" },
	{ "a hard link keeps what its file had",
		"f " STATUS " " DPKG "\nh var/lib/dpkg/status.d/a /" STATUS "\nf " STATUS " \n",
		"dpkg " STATUS "\ndpkg-status.d var/lib/dpkg/status.d/a a=1\n" },
	{ "a hard link to itself", "f " STATUS " " DPKG "\nh " STATUS " " STATUS "\n",
		"dpkg " STATUS " a=1\n" },
	{ "a hard link in front of its file",
		"h var/lib/dpkg/status.d/a " STATUS "\nf " STATUS " " DPKG "\n",
		"link var/lib/dpkg/status.d/a > " STATUS "\ndpkg " STATUS " a=1\n" },
	{ "a hard link to what nobody wants", "f x " DPKG "\nh " STATUS " ./x\n",
		"link " STATUS " > x\n" },
	{ "a hard link to a hard link",
		"f " STATUS " " DPKG "\nh var/lib/dpkg/status.d/a " STATUS
		"\nh var/lib/dpkg/status.d/b var/lib/dpkg/status.d/a\nf " STATUS " \n"
		"f var/lib/dpkg/status.d/a \n",
		"dpkg " STATUS "\ndpkg-status.d var/lib/dpkg/status.d/a\n"
		"dpkg-status.d var/lib/dpkg/status.d/b a=1\n" },
	{ "whiteouts",
		"f var/lib/dpkg/.wh.status \nf etc/.wh.os-release \nf .wh.var \nf etc/.wh.x \n",
		"hidden " STATUS "\nhidden etc/os-release\nhidden var\n" },
	{ "a whiteout hides only what lies below",
		"f " STATUS " " DPKG "\nf var/lib/dpkg/.wh.status \n",
		"dpkg " STATUS " a=1\nhidden " STATUS "\n" },
	{ "whiteouts of no name",
		"f var/lib/dpkg/.wh. \nf var/lib/dpkg/.wh.. \nf var/lib/dpkg/.wh... \n", "" },
	{ "opaque directories", "f var/lib/.wh..wh..opq \nf ./.wh..wh..opq \nf tmp/.wh..wh..opq \n",
		"opaque var/lib\nopaque \n" },
	{ "the bookkeeping of AUFS", "f .wh..wh.plnk \nf var/.wh..wh.aufs \n", "" },
	{ "directories and links on the way",
		"d var\nd var/lib/\nl var/lib/rpm ../../usr/lib/sysimage/rpm\n",
		"directory var\ndirectory var/lib\nlink var/lib/rpm > usr/lib/sysimage/rpm\n" },
	{ "a file on the way", "f var/lib x\n", "hidden var/lib\n" },
	{ "links that leave the root",
		"l etc/os-release ../../../../x\nl " STATUS " /../y\nl var /\n",
		"link etc/os-release > x\nlink " STATUS " > y\nlink var > \n" },
	{ "status.d without its checksums",
		"f var/lib/dpkg/status.d/a " DPKG "\nf var/lib/dpkg/status.d/a.md5sums x\n"
		"f var/lib/dpkg/status.d/sub/b x\n",
		"dpkg-status.d var/lib/dpkg/status.d/a a=1\n" },
	{ "the root itself", "d ./\nd /\nf .. x\n", "" },
	{ "a companion alone", "f var/lib/rpm/rpmdb.sqlite-wal x\n", "" },
};

static const struct analyze_layer_options no_options;

static void analyze(
	struct buf *tar, size_t chunk, const struct wanted_extras *extras, struct buf *text)
{
	struct layer_facts facts;
	struct stream_mem in;
	struct err err = ERR_INIT;

	layer_facts_init(&facts);
	stream_mem_init(&in, buf_span(tar), chunk);
	const struct analyze_layer_options o = { .extras = extras };
	assert_ok(analyze_tar(&in.stream, &o, &facts, &err), &err);
	facts_text(&facts, text);
	layer_facts_fini(&facts);
}

static void test_facts_of_entries(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf tar = BUF_INIT(MIB), whole = BUF_INIT(MIB),
					 bytewise = BUF_INIT(MIB);

		tar_make(&tar, cases[i].entries);
		analyze(&tar, 0, NULL, &whole);
		/* What exactly is wrong with a database is for the tests of its driver to say. */
		if (str_ends(str_of(cases[i].facts), STR("! ")))
			whole.n = strlen(cases[i].facts);
		if (!str_eq(buf_str(&whole), str_of(cases[i].facts)))
			fail_msg("%s:\n%s\ninstead of\n%s", cases[i].what, buf_cstr(&whole),
				cases[i].facts);
		analyze(&tar, 1, NULL, &bytewise);
		assert_memory_equal(bytewise.p ? bytewise.p : "", buf_cstr(&whole), whole.n);
	}
}

static void test_extra_paths_are_read_as_the_usual_ones(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB), text = BUF_INIT(MIB);
	struct wanted_extras extras = { .items = VEC_INIT };

	vec_push(&extras.items,
		(struct wanted_extra){ .path = STR("opt/status"), .like = STR(STATUS) });
	vec_push(&extras.items, (struct wanted_extra){ .path = STR("opt/d/"),
					.like = STR("var/lib/dpkg/status.d/") });
	vec_push(&extras.items,
		(struct wanted_extra){ .path = STR("opt/release"), .like = STR("etc/os-release") });
	tar_make(&tar, "f opt/status " DPKG "\nf opt/d/x " DPKG
		       "\nf opt/d/x.md5sums x\nf opt/release " DEBIAN
		       "\nl opt/d elsewhere\nf opt/other x\nf .wh.opt \n");
	analyze(&tar, 0, &extras, &text);
	assert_str(buf_str(&text), "dpkg opt/status a=1\ndpkg-status.d opt/d/x a=1\n"
				   "release opt/release debian:12\nlink opt/d > opt/elsewhere\n"
				   "hidden opt\n");
	vec_fini(&extras.items);
}

/* As in an archive of the App Container specification. */
static void test_only_what_lies_below_the_root_counts(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB), text = BUF_INIT(MIB);
	const struct analyze_layer_options o = { .root = STR("rootfs") };
	struct err err = ERR_INIT;
	struct layer_facts facts;
	struct stream_mem in;

	tar_make(&tar,
		"f manifest {}\nd rootfs\nd ./rootfs/var/\nf etc/os-release " DEBIAN "\n"
		"f rootfs/../etc/lsb-release DISTRIB_ID=x\nf rootfsx/etc/os-release " DEBIAN "\n"
		"f ./rootfs//" STATUS " " DPKG "\nh rootfs/var/lib/dpkg/status.d/a rootfs/" STATUS
		"\nh rootfs/var/lib/dpkg/status.d/b " STATUS "\nl rootfs/etc/os-release "
		"../../usr/lib/os-release\nf rootfs/usr/lib/os-release " DEBIAN "\n");
	layer_facts_init(&facts);
	stream_mem_init(&in, buf_span(&tar), 0);
	assert_ok(analyze_tar(&in.stream, &o, &facts, &err), &err);
	facts_text(&facts, &text);
	assert_str(buf_str(&text), "directory var\ndpkg " STATUS " a=1\n"
				   "dpkg-status.d var/lib/dpkg/status.d/a a=1\n"
				   "link etc/os-release > usr/lib/os-release\n"
				   "release usr/lib/os-release debian:12\n");
	layer_facts_fini(&facts);
}

static void assert_refused(struct buf *tar, enum err_code code, const char *text)
{
	struct layer_facts facts;
	struct stream_mem in;
	struct err err = ERR_INIT;

	layer_facts_init(&facts);
	stream_mem_init(&in, buf_span(tar), 0);
	assert_fails(analyze_tar(&in.stream, &no_options, &facts, &err), &err, code, text);
	assert_int_equal(facts.file_too_big, strstr(text, "file too big") != NULL);
	layer_facts_fini(&facts);
}

/* By what the header says, without reading: the body is not there. */
static void test_large_files_are_refused_by_their_headers(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);

	tar_put_header(&tar, '0', STR("etc/os-release"), STR_NULL, LIMIT_RELEASE_FILE + 1);
	assert_refused(&tar, ERR_TOO_LARGE, "etc/os-release: file too big (1048577 bytes");
	buf_clear(&tar);
	tar_put_header(&tar, '0', STR(STATUS), STR_NULL, LIMIT_WANTED_FILE + 1);
	assert_refused(&tar, ERR_TOO_LARGE, STATUS ": file too big");
	buf_clear(&tar);
	tar_put_header(&tar, '0', STR(STATUS), STR_NULL, LIMIT_WANTED_FILE);
	assert_refused(&tar, ERR_INPUT, "");
}

static void test_too_many_files_are_refused(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(256 * MIB);
	char path[64];

	for (int i = 0; i <= LIMIT_WANTED_FILES; i++) {
		(void)snprintf(path, sizeof(path), "var/lib/dpkg/status.d/%d", i);
		tar_put_file(&tar, str_of(path), STR_NULL);
	}
	assert_refused(&tar, ERR_TOO_LARGE, "more than 65536 package databases");
	/* One less is enough. */
	_cleanup_buf_ struct buf text = BUF_INIT(64 * MIB);
	buf_consume(&tar, TAR_BLOCK);
	tar_end(&tar);
	analyze(&tar, 0, NULL, &text);
}

/* Names of one file take its memory once. */
static void test_hard_links_count_their_file_once(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(256 * MIB), text = BUF_INIT(MIB);
	size_t n = 120 * MIB;
	_cleanup_free_ char *spaces = xmalloc(n);
	char path[64];

	memset(spaces, '\n', n);
	tar_put_file(&tar, STR(STATUS), str_n(spaces, n));
	for (int i = 0; i < 10; i++) {
		(void)snprintf(path, sizeof(path), "var/lib/dpkg/status.d/%d", i);
		tar_put_header(&tar, '1', str_of(path), STR(STATUS), 0);
	}
	tar_end(&tar);
	analyze(&tar, 0, NULL, &text);
	assert_non_null(strstr(buf_cstr(&text), "status.d/9\n"));
}

static void test_cut_archive_is_an_error_or_less(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);
	size_t complete = 0;

	tar_make(&tar, "f etc/os-release " DEBIAN "\nf " STATUS " " DPKG "\nl etc/x y\n");
	for (size_t n = 0; n < tar.n; n++) {
		struct layer_facts facts;
		struct stream_mem in;
		struct err err = ERR_INIT;

		layer_facts_init(&facts);
		stream_mem_init(&in, span_n(tar.p, n), 0);
		int r = analyze_tar(&in.stream, &no_options, &facts, &err);
		if (r == 0)
			complete++;
		else
			assert_true(err.code == ERR_INPUT && facts.facts.n == 0);
		err_clear(&err);
		layer_facts_fini(&facts);
	}
	/* Most cuts fall into a header or a body. */
	assert_true(complete < tar.n / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_of_entries),
		cmocka_unit_test(test_extra_paths_are_read_as_the_usual_ones),
		cmocka_unit_test(test_only_what_lies_below_the_root_counts),
		cmocka_unit_test(test_large_files_are_refused_by_their_headers),
		cmocka_unit_test(test_too_many_files_are_refused),
		cmocka_unit_test(test_hard_links_count_their_file_once),
		cmocka_unit_test(test_cut_archive_is_an_error_or_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
