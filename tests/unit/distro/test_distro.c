/*
 * The choice among the release files of an image, their paths, and names for people.
 */
#include "../test.h"

#include "distro/distro.h"

struct image {
	const char *what;
	const char *files[8][2]; /* path, content; ends with NULL */
	const char *name_space;  /* NULL: no release */
	const char *scheme;
};

#define REDHAT_OS(id, version) "ID=" id "\nVERSION_ID=" version "\nID_LIKE=\"rhel fedora\"\n"

static const struct image images[] = {
	{ "nothing", { { NULL } }, NULL, NULL },
	{ "files that say nothing",
		{ { "etc/os-release", "" }, { "etc/redhat-release", "hello\n" } }, NULL, NULL },
	{ "rocky, whose two files agree",
		{ { "etc/os-release", REDHAT_OS("rocky", "9.3") },
			{ "etc/redhat-release", "Rocky Linux release 9.3 (Blue Onyx)\n" } },
		"rocky:9", "rpm" },
	{ "rhel, whose two files agree",
		{ { "etc/redhat-release", "Red Hat Enterprise Linux release 9.4 (Plow)\n" },
			{ "etc/os-release", REDHAT_OS("rhel", "9.4") } },
		"centos:9", "rpm" },
	{ "oracle, which also says that it is rhel",
		{ { "etc/redhat-release", "Red Hat Enterprise Linux release 8.9 (Ootpa)\n" },
			{ "etc/oracle-release", "Oracle Linux Server release 8.9\n" },
			{ "etc/os-release", REDHAT_OS("ol", "8.9") } },
		"oracle:8", "rpm" },
	{ "centos stream",
		{ { "etc/os-release", "NAME=\"CentOS Stream\"\nID=centos\nVERSION_ID=9\n" },
			{ "etc/centos-release", "CentOS Stream release 9\n" },
			{ "etc/redhat-release", "CentOS Stream release 9\n" } },
		"centos-stream:9", "rpm" },
	{ "amazon",
		{ { "etc/system-release", "Amazon Linux release 2023.3.20240131 (Amazon Linux)\n" },
			{ "etc/os-release", "ID=amzn\nVERSION_ID=2023\nID_LIKE=fedora\n" } },
		"amzn:2023", "rpm" },
	{ "a redhat-release that says nothing silences nothing",
		{ { "etc/redhat-release", "" }, { "etc/os-release", REDHAT_OS("foo", "3") } },
		"foo:3", "rpm" },
	{ "centos 6, which has no os-release",
		{ { "etc/centos-release", "CentOS release 6.10 (Final)\n" } }, "centos:6", "rpm" },
	{ "debian",
		{ { "etc/debian_version", "12.5\n" },
			{ "usr/lib/os-release", "ID=debian\nVERSION_ID=12\n" },
			{ "etc/apt/sources.list.d/debian.sources",
				"Suites: bookworm\nComponents: main\n" } },
		"debian:12", "dpkg" },
	{ "source packages of another release, which installs none",
		{ { "usr/lib/os-release", "ID=debian\nVERSION_ID=12\n" },
			{ "etc/apt/sources.list", "deb-src http://m sid main\n" },
			{ "etc/apt/sources.list.d/debian.sources",
				"Types: deb\nSuites: bookworm\nComponents: main\n\n"
				"Types: deb-src\nSuites: sid\nComponents: main\n" } },
		"debian:12", "dpkg" },
	{ "sources that disagree, in one file",
		{ { "usr/lib/os-release", "ID=debian\nVERSION_ID=12\n" },
			{ "etc/apt/sources.list",
				"deb http://m sid main\ndeb http://m bookworm main\n" } },
		"debian:12", "dpkg" },
	{ "sources that disagree, in two files",
		{ { "usr/lib/os-release", "ID=debian\nVERSION_ID=12\n" },
			{ "etc/apt/sources.list", "deb http://m sid main\n" },
			{ "etc/apt/sources.list.d/debian.sources",
				"Suites: bookworm\nComponents: main\n" } },
		"debian:12", "dpkg" },
	{ "sid, which only the sources know",
		{ { "etc/os-release", "ID=debian\nVERSION_CODENAME=forky\n" },
			{ "etc/debian_version", "forky/sid\n" },
			{ "etc/apt/sources.list", "deb http://m unstable main\n" } },
		"debian:unstable", "dpkg" },
	{ "debian without any but its own file", { { "etc/debian_version", "11.9\n" } },
		"debian:11", "dpkg" },
	{ "an os-release without a version is helped out",
		{ { "etc/os-release", "ID=debian\n" }, { "etc/debian_version", "11.9\n" } },
		"debian:11", "dpkg" },
	{ "ubuntu, which has debian's file too",
		{ { "etc/debian_version", "bookworm/sid\n" },
			{ "etc/os-release", "ID=ubuntu\nVERSION_ID=22.04\n" },
			{ "etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n" } },
		"ubuntu:22.04", "dpkg" },
	{ "raspbian is not debian, though its suite is called bookworm",
		{ { "etc/os-release", "ID=raspbian\nID_LIKE=debian\nVERSION_ID=12\n" },
			{ "etc/debian_version", "12.5\n" },
			{ "etc/apt/sources.list", "deb http://m/raspbian/ bookworm main\n" } },
		"raspbian:12", "dpkg" },
	{ "an appliance of unknown make is not debian",
		{ { "etc/os-release", "ID=box\nVERSION_ID=3\n" },
			{ "etc/debian_version", "12.5\n" },
			{ "etc/apt/sources.list", "deb http://m/ bookworm main\n" } },
		"box:3", "" },
	{ "mint",
		{ { "etc/os-release", "ID=linuxmint\nVERSION_ID=21.2\n" },
			{ "etc/lsb-release", "DISTRIB_ID=LinuxMint\nDISTRIB_RELEASE=21.2\n" },
			{ "etc/apt/sources.list", "deb http://archive/ubuntu jammy main\n" } },
		"linuxmint:21.2", "dpkg" },
	{ "a known scheme goes before an unknown one",
		{ { "etc/lsb-release", "DISTRIB_ID=Frob\nDISTRIB_RELEASE=4\n" },
			{ "etc/os-release", "ID=frob\nID_LIKE=ubuntu\nVERSION_ID=4\n" } },
		"frob:4", "dpkg" },
	{ "alpine",
		{ { "etc/os-release", "ID=alpine\nVERSION_ID=3.19.1\n" },
			{ "etc/alpine-release", "3.19.1\n" } },
		"alpine:v3.19", "apk" },
	{ "etc before usr/lib",
		{ { "usr/lib/os-release", "ID=fedora\nVERSION_ID=38\n" },
			{ "etc/os-release", "ID=fedora\nVERSION_ID=39\n" } },
		"fedora:39", "rpm" },
	{ "an empty etc/os-release leaves the word to usr/lib",
		{ { "etc/os-release", "" },
			{ "usr/lib/os-release", "ID=fedora\nVERSION_ID=38\n" } },
		"fedora:38", "rpm" },
};

static void check_image(const struct image *image, bool backwards)
{
	struct arena _cleanup_arena_ a = ARENA_INIT;
	struct release_file files[8];
	size_t n = 0;

	while (image->files[n][0])
		n++;
	for (size_t i = 0; i < n; i++)
		distro_read_file(str_of(image->files[i][0]), str_of(image->files[i][1]), &a,
			&files[backwards ? n - 1 - i : i]);
	const struct distro *d = distro_choose(files, n);
	struct str name_space = d ? d->name_space : STR("none");

	if (!str_eq(name_space, str_of(image->name_space ? image->name_space : "none")))
		fail_msg("%s: %" PRIstr, image->what, STR_ARG(name_space));
	if (d)
		assert_str(d->scheme, image->scheme);
}

static void test_choice_does_not_depend_on_the_order_of_files(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(images); i++) {
		check_image(&images[i], false);
		check_image(&images[i], true);
	}
}

static void test_paths_are_listed_once_and_known(void **state UNUSED)
{
	struct map _cleanup_map_ seen = MAP_INIT;
	const char *path;
	size_t n = 0;

	for (; (path = distro_release_path_at(n)) != NULL; n++) {
		assert_true(distro_is_release_path(str_of(path)));
		assert_false(map_has(&seen, str_of(path)));
		map_set(&seen, str_of(path), &n);
	}
	assert_true(map_has(&seen, STR("usr/lib/os-release")));
	assert_false(distro_is_release_path(STR("os-release")));
	assert_false(distro_is_release_path(STR("etc/os-release/")));
	assert_false(distro_is_release_path(STR("")));
	assert_null(distro_release_path_at(n + 1));
}

/* Were one of these not known, layers would have to be read a second time. */
static void test_what_links_of_real_images_lead_to_is_known(void **state UNUSED)
{
	static const char *const chains[][4] = {
		{ "etc/os-release", "usr/lib/os-release" },
		{ "etc/redhat-release", "etc/fedora-release", "usr/lib/fedora-release" },
		{ "etc/system-release", "etc/fedora-release", "usr/lib/fedora-release" },
		{ "etc/redhat-release", "etc/centos-release", "usr/lib/centos-release" },
		{ "etc/system-release", "etc/centos-release", "usr/lib/centos-release" },
		{ "etc/redhat-release", "etc/rocky-release", "usr/lib/rocky-release" },
		{ "etc/centos-release", "etc/rocky-release", "usr/lib/rocky-release" },
		{ "etc/redhat-release", "etc/almalinux-release", "usr/lib/almalinux-release" },
		{ "etc/centos-release", "etc/almalinux-release" },
		{ "etc/system-release", "etc/redhat-release", "usr/lib/redhat-release" },
		{ "etc/system-release", "etc/oracle-release", "usr/lib/oracle-release" },
		{ "etc/system-release", "etc/amazon-linux-release",
			"usr/lib/amazon-linux-release" },
		{ "etc/system-release", "usr/lib/system-release" },
		{ "etc/redhat-release", "etc/sl-release" },
		{ "etc/redhat-release", "etc/cloudlinux-release" },
		{ "etc/redhat-release", "etc/eurolinux-release" },
		{ "etc/redhat-release", "etc/miraclelinux-release" },
		{ "etc/redhat-release", "etc/virtuozzo-release" },
		{ "etc/system-release", "etc/openEuler-release" },
		{ "etc/system-release", "etc/anolis-release" },
	};

	for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
		for (size_t k = 0; chains[i][k]; k++) {
			if (!distro_is_release_path(str_of(chains[i][k])))
				fail_msg("%s", chains[i][k]);
		}
	}
}

static void test_every_detector_has_a_name_and_paths(void **state UNUSED)
{
	size_t n = 0;

	for (; release_detector_at(n); n++) {
		assert_true(strlen(release_detector_at(n)->name) > 0);
		assert_non_null(release_detector_at(n)->paths[0]);
	}
	assert_int_equal(n, 7);
}

static void assert_name(const char *content, const char *expected)
{
	struct arena _cleanup_arena_ a = ARENA_INIT;
	struct release_file f;

	distro_read_file(STR("etc/os-release"), str_of(content), &a, &f);
	assert_true(f.found);
	assert_str(f.distro.name, expected);
}

static void test_names_are_for_people_but_not_for_terminals(void **state UNUSED)
{
	assert_name("ID=x\nNAME=N\n", "N");
	assert_name("ID=x\nNAME=N\nPRETTY_NAME=\"Pretty \\\"N\\\" \\$1 \\`2\\` \\\\3 \\4\"\n",
		"Pretty \"N\" $1 `2` \\3 \\4");
	assert_name("ID=x\nPRETTY_NAME='Single \\\"'\n", "Single \\\"");
	assert_name("ID=x\nPRETTY_NAME=\"a\x1b[31mb\x7f\"\n", "a?[31mb?");
	assert_name("ID=x\nPRETTY_NAME=\"a\xc2\x9b"
		    "31m\xc2\xa0z\xc2\"\n",
		"a??31m\xc2\xa0z\xc2");
	assert_name("ID=x\n", "");
}

static void test_long_texts_are_cut_or_refused(void **state UNUSED)
{
	struct arena _cleanup_arena_ a = ARENA_INIT;
	struct buf _cleanup_buf_ content = BUF_INIT(4 * MIB);
	struct release_file f;

	buf_append_str(&content, STR("ID=x\nVERSION_ID=1\nPRETTY_NAME="));
	for (size_t i = 0; i < LIMIT_RELEASE_NAME + 10; i++)
		buf_append_char(&content, 'n');
	distro_read_file(STR("etc/os-release"), buf_str(&content), &a, &f);
	assert_true(f.found);
	assert_int_equal(f.distro.name.n, LIMIT_RELEASE_NAME);

	while (content.n <= LIMIT_RELEASE_FILE)
		buf_append_str(&content, STR("\n# more of this\n"));
	distro_read_file(STR("etc/os-release"), buf_str(&content), &a, &f);
	assert_false(f.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice_does_not_depend_on_the_order_of_files),
		cmocka_unit_test(test_paths_are_listed_once_and_known),
		cmocka_unit_test(test_what_links_of_real_images_lead_to_is_known),
		cmocka_unit_test(test_every_detector_has_a_name_and_paths),
		cmocka_unit_test(test_names_are_for_people_but_not_for_terminals),
		cmocka_unit_test(test_long_texts_are_cut_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
