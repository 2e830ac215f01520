/*
 * What is stored of chains of layers.
 */
#include "index_test.h"

/* How many layers were stored as heirs, where that can be seen. */
static void assert_inherited(size_t n)
{
#if defined(FAKE_STORE)
	assert_int_equal(fake_store.inherited, n);
#else
	(void)n;
#endif
}

#define APK(name, version) "P:" name "\\nV:" version "\\n\\n"

static void test_layer_with_packages(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "",
		DEBIAN("12") STATUS "Package: libc6\\nStatus: install ok installed\\nSource: glibc "
				    "(2.36-9)\\nVersion: 2.36-9+b1\\n\\n" PACKAGE("bash", "5.2-1")
					    PACKAGE("bash", "5.2-1") "\n");
	assert_layer("a", "debian:12: bash 5.2-1 debian:12 a; glibc 2.36-9 debian:12 a");
	fixture_fini(&f);
}

static void test_layer_without_anything(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", "f etc/motd hello\n");
	assert_layer("a", ":");
	post(&f, "b", "a", "");
	assert_layer("b", ":");
	fixture_fini(&f);
}

static void test_layer_of_no_bytes_is_an_empty_one(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	struct index_request r = request_of("a", "", fixture_file(&f, STR_NULL));
	assert_answer(&f, &r, INDEX_DONE, "");
	assert_layer("a", ":");
	fixture_fini(&f);
}

static void test_layer_that_changes_nothing_inherits(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "5.2-1") "\n");
	post(&f, "b", "a", "f srv/index.html x\n");
	assert_inherited(1);
	assert_layer("b", "debian:12: bash 5.2-1 debian:12 a");
	/* The database is written anew, with the same packages in it. */
	post(&f, "c", "b", STATUS PACKAGE("bash", "5.2-1") "\n");
	assert_inherited(2);
	assert_layer("c", "debian:12: bash 5.2-1 debian:12 a");
	fixture_fini(&f);
}

static void test_packages_come_and_go(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "1") PACKAGE("dash", "1") "\n");
	post(&f, "b", "a", STATUS PACKAGE("bash", "1") PACKAGE("curl", "1") "\n");
	assert_layer("b", "debian:12: bash 1 debian:12 a; curl 1 debian:12 b");
	/* What comes back is new. */
	post(&f, "c", "b", STATUS PACKAGE("bash", "2") PACKAGE("dash", "1") "\n");
	assert_layer("c", "debian:12: bash 2 debian:12 c; dash 1 debian:12 c");
	assert_layer("a", "debian:12: bash 1 debian:12 a; dash 1 debian:12 a");
	fixture_fini(&f);
}

static void test_second_database_adds_to_the_first(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
	post(&f, "b", "a", "f lib/apk/db/installed " APK("musl", "1.2-r0") "\n");
	/* An apk version means nothing to advisories for Debian. */
	assert_layer("b", "debian:12: bash 1 debian:12 a; musl 1.2-r0 debian:12 b (no key)");
	fixture_fini(&f);
}

static void test_whiteout_of_a_database_removes_its_packages(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "",
		DEBIAN("12") STATUS PACKAGE("bash", "1") "\nf var/lib/dpkg/status.d/x " PACKAGE(
			"x", "1") "\n");
	post(&f, "b", "a", "f var/lib/dpkg/.wh.status \n");
	assert_layer("b", "debian:12: x 1 debian:12 a");
	post(&f, "c", "b", "f var/lib/.wh.dpkg \n");
	assert_layer("c", "debian:12:");
	fixture_fini(&f);
}

static void test_namespace_outlives_its_file(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
	post(&f, "b", "a", "f etc/.wh.os-release \n" STATUS PACKAGE("curl", "1") "\n");
	assert_layer("b", "debian:12: curl 1 debian:12 b");
	fixture_fini(&f);
}

static void test_upgrade_keeps_the_namespace_of_what_it_does_not_touch(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("11") STATUS PACKAGE("bash", "1") PACKAGE("dash", "1") "\n");
	post(&f, "b", "a", DEBIAN("12") STATUS PACKAGE("bash", "2") PACKAGE("dash", "1") "\n");
	assert_layer("b", "debian:12: bash 2 debian:12 b; dash 1 debian:11 a");
	/* A new release alone: the list is the parent's all the same. */
	post(&f, "c", "b", DEBIAN("13"));
	assert_inherited(1);
	assert_layer("c", "debian:13: bash 2 debian:12 b; dash 1 debian:11 a");
	fixture_fini(&f);
}

static void test_packages_need_a_namespace(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);
	struct fixture f = { 0 };

	fixture_init(&f);
	tar_make(&tar, STATUS PACKAGE("bash", "1") "\n");
	struct index_request r = request_of("a", "", fixture_file(&f, buf_str(&tar)));
	assert_answer(
		&f, &r, INDEX_UNPROCESSABLE, "worker: OS and/or package manager are not supported");
	assert_int_equal(
		store_layer_get(test_store(), STR("a"), NULL, &(struct stored_layer){ 0 }, NULL),
		0);
	fixture_fini(&f);
}

static void test_apk_packages_are_shown_by_their_own_name(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct fixture f = { 0 };
	struct layer_view v;

	fixture_init(&f);
	post(&f, "a", "",
		"f etc/alpine-release 3.19.1\n"
		"f lib/apk/db/installed P:libssl3\\nV:3.1.4-r5\\no:openssl\\n\\n\n");
	assert_layer("a", "alpine:v3.19: libssl3 3.1.4-r5 alpine:v3.19 a");
	assert_int_equal(
		store_layer_read(test_store(), STR("a"), LAYER_PART_FEATURES, &a, &v, NULL), 1);
	assert_str(v.features.v[0].package, "openssl");
	assert_str(v.features.v[0].scheme, "apk");
	layer_view_fini(&v);
	fixture_fini(&f);
}

/* The namespaces that the original has for these files. */
static void test_namespaces_have_the_words_of_the_api(void **state UNUSED)
{
	static const struct {
		const char *file, *name_space, *scheme;
	} cases[] = {
		{ "etc/oracle-release Oracle Linux Server release 7.9\\n", "oracle:7", "rpm" },
		{ "etc/redhat-release Red Hat Enterprise Linux Server release 7.4 (Maipo)\\n",
			"centos:7", "rpm" },
		{ "etc/redhat-release Red Hat Enterprise Linux Client release 6.1 (Santiago)\\n",
			"centos:6", "rpm" },
		{ "etc/redhat-release Red Hat Enterprise Linux Workstation release 6.1 (S)\\n",
			"centos:6", "rpm" },
		{ "etc/redhat-release Red Hat Enterprise Linux release 9.3 (Plow)\\n", "centos:9",
			"rpm" },
		{ "etc/centos-release CentOS release 6.10 (Final)\\n", "centos:6", "rpm" },
		{ "etc/centos-release CentOS Linux release 7.9.2009 (Core)\\n", "centos:7", "rpm" },
		{ "etc/system-release Fedora release 39 (Thirty Nine)\\n", "fedora:39", "rpm" },
		{ "etc/redhat-release Rocky Linux release 9.3 (Blue Onyx)\\n", "rocky:9", "rpm" },
		{ "etc/alpine-release 3.19.1\\n", "alpine:v3.19", "apk" },
		{ "etc/lsb-release DISTRIB_ID=Ubuntu\\nDISTRIB_RELEASE=16.04\\n", "ubuntu:16.04",
			"dpkg" },
		{ "etc/lsb-release DISTRIB_ID=Debian\\nDISTRIB_RELEASE=8.7\\n", "debian:8",
			"dpkg" },
		{ "etc/lsb-release DISTRIB_ID=CentOS\\nDISTRIB_RELEASE=7.2\\n", "centos:7", "rpm" },
		{ "etc/apt/sources.list deb http://d.o/debian sid main\\n", "debian:unstable",
			"dpkg" },
		{ "etc/apt/sources.list deb http://d.o/debian unstable main\\n", "debian:unstable",
			"dpkg" },
		{ "etc/apt/sources.list deb http://d.o/debian stretch main\\n", "debian:9",
			"dpkg" },
		{ "etc/apt/sources.list deb http://u.c/ubuntu xenial main\\n", "ubuntu:16.04",
			"dpkg" },
		{ "etc/os-release ID=debian\\nVERSION_ID=\"9\"\\n", "debian:9", "dpkg" },
		{ "usr/lib/os-release ID=ubuntu\\nVERSION_ID=\"18.04\"\\n", "ubuntu:18.04",
			"dpkg" },
		{ "etc/os-release ID=\"centos\"\\nVERSION_ID=\"7\"\\n", "centos:7", "rpm" },
		{ "etc/os-release ID=\"amzn\"\\nVERSION_ID=\"2018.03\"\\n", "amzn:2018.03", "rpm" },
		{ "etc/os-release ID=fedora\\nVERSION_ID=30\\n", "fedora:30", "rpm" },
		/* What is not known has none. */
		{ "etc/os-release ID=arch\\n", "", "" },
		{ "etc/motd hello", "", "" },
	};
	struct fixture f = { 0 };

	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct stored_layer layer;
		char name[16], entries[256];

		(void)snprintf(name, sizeof(name), "layer %zu", i);
		(void)snprintf(entries, sizeof(entries), "f %s\n", cases[i].file);
		post(&f, name, "", entries);
		assert_int_equal(store_layer_get(test_store(), str_of(name), &a, &layer, NULL), 1);
		assert_str(layer.name_space, cases[i].name_space);
		assert_str(layer.scheme, cases[i].scheme);
	}
	fixture_fini(&f);
}

static void test_database_behind_a_link_is_found(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "",
		DEBIAN("12") "l var/lib/dpkg/status ../../../opt/state\nf opt/state " PACKAGE(
			"bash", "1") "\n");
	assert_layer("a", "debian:12: bash 1 debian:12 a");
	/* A layer is searched for where the links of its ancestors lead. */
	post(&f, "b", "a", "f opt/state " PACKAGE("bash", "2") "\n");
	assert_layer("b", "debian:12: bash 2 debian:12 b");
	post(&f, "c", "b", "l opt/state deeper/still\nl opt/deeper ../srv\n");
	post(&f, "d", "c", "f srv/still " PACKAGE("dash", "1") "\n");
	assert_layer("d", "debian:12: dash 1 debian:12 d");
	fixture_fini(&f);
}

static void test_unreadable_database_leaves_the_others(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "",
		DEBIAN("12") STATUS PACKAGE("bash", "1") "\nf var/lib/rpm/rpmdb.sqlite nonsense\n");
	assert_layer("a", "debian:12: bash 1 debian:12 a");
	fixture_fini(&f);
}

static void test_what_no_database_can_hold_is_left_out(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "",
		DEBIAN("12") STATUS PACKAGE("bash", "1") PACKAGE("b\xff"
								 "d",
			"1") PACKAGE("odd", "not a version") "\n");
	assert_layer("a", "debian:12: bash 1 debian:12 a; odd not a version debian:12 a (no key)");
	fixture_fini(&f);
}

static void test_aci_layers_lie_below_rootfs(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);
	struct fixture f = { 0 };

	fixture_init(&f);
	tar_make(&tar, "f manifest {}\nf etc/os-release ID=debian\\nVERSION_ID=9\\n\n"
		       "f rootfs/etc/os-release ID=debian\\nVERSION_ID=12\\n\n"
		       "f rootfs/var/lib/dpkg/status " PACKAGE("bash", "1") "\n");
	struct index_request r = request_of("a", "", fixture_file(&f, buf_str(&tar)));
	r.format = STR("aCi");
	assert_answer(&f, &r, INDEX_DONE, "");
	assert_layer("a", "debian:12: bash 1 debian:12 a");
	fixture_fini(&f);
}

static void test_known_layer_is_not_read_again(void **state UNUSED)
{
	struct indexer_stats stats;
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
	struct index_request r = request_of("a", "nobody", "/nonexistent");
	assert_answer(&f, &r, INDEX_DONE, "");
	indexer_get_stats(f.ix, &stats);
	assert_int_equal(stats.indexed, 1);
	assert_int_equal(stats.known, 1);
	fixture_fini(&f);
}

#define UNKNOWN_PARENT "worker: parent layer is unknown, it must be processed first"

static void test_parent_has_to_be_there(void **state UNUSED)
{
	char long_name[300] = { 0 };
	struct fixture f = { 0 };

	fixture_init(&f);
	struct index_request r = request_of("a", "b", "/nonexistent");
	assert_answer(&f, &r, INDEX_BAD_REQUEST, UNKNOWN_PARENT);
	r.parent = STR("a");
	assert_answer(&f, &r, INDEX_BAD_REQUEST, UNKNOWN_PARENT);
	memset(long_name, 'x', sizeof(long_name) - 1);
	r.parent = str_of(long_name);
	assert_answer(&f, &r, INDEX_BAD_REQUEST, UNKNOWN_PARENT);
	fixture_fini(&f);
}

#if defined(FAKE_STORE)

static void test_layer_of_an_earlier_engine_is_read_again(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
	post(&f, "b", "a", STATUS PACKAGE("bash", "2") "\n");
	fake_store_set_engine("b", INDEX_ENGINE_VERSION - 1);
	/* It keeps its parent, whatever the request says. */
	post(&f, "b", "", STATUS PACKAGE("bash", "3") "\n");
	assert_layer("b", "debian:12: bash 3 debian:12 b");
	fixture_fini(&f);
}

static void test_facts_of_an_earlier_engine_ask_for_their_layer(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	post(&f, "a", "", DEBIAN("12"));
	fake_store_set_facts("a", STR("in an older form"));
	struct index_request r = request_of("b", "a", "/nonexistent");
	assert_answer(&f, &r, INDEX_FAILED, "database: an error occured when querying the backend");
	fake_store_set_engine("a", INDEX_ENGINE_VERSION - 1);
	assert_answer(&f, &r, INDEX_BAD_REQUEST, UNKNOWN_PARENT);
	fixture_fini(&f);
}

static void test_store_that_fails(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	struct index_request r = request_of("a", "", "/nonexistent");
	fake_store.fail = ERR_UPSTREAM;
	assert_answer(&f, &r, INDEX_FAILED, "database: an error occured when querying the backend");
	fake_store.fail = ERR_BUSY;
	assert_answer(&f, &r, INDEX_BUSY, "database: an error occured when querying the backend");
	fixture_fini(&f);
}

static void test_connection_that_breaks_once_costs_nothing(void **state UNUSED)
{
	struct fixture f = { 0 };

	fixture_init(&f);
	fake_store.fail_once = 1;
	post(&f, "a", "", DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
	assert_layer("a", "debian:12: bash 1 debian:12 a");
	fake_store.fail_once = 2;
	struct index_request r = request_of("b", "a", "/nonexistent");
	assert_answer(&f, &r, INDEX_FAILED, "database: an error occured when querying the backend");
	fixture_fini(&f);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layer_with_packages),
		cmocka_unit_test(test_layer_without_anything),
		cmocka_unit_test(test_layer_of_no_bytes_is_an_empty_one),
		cmocka_unit_test(test_layer_that_changes_nothing_inherits),
		cmocka_unit_test(test_packages_come_and_go),
		cmocka_unit_test(test_second_database_adds_to_the_first),
		cmocka_unit_test(test_whiteout_of_a_database_removes_its_packages),
		cmocka_unit_test(test_namespace_outlives_its_file),
		cmocka_unit_test(test_upgrade_keeps_the_namespace_of_what_it_does_not_touch),
		cmocka_unit_test(test_packages_need_a_namespace),
		cmocka_unit_test(test_apk_packages_are_shown_by_their_own_name),
		cmocka_unit_test(test_namespaces_have_the_words_of_the_api),
		cmocka_unit_test(test_database_behind_a_link_is_found),
		cmocka_unit_test(test_unreadable_database_leaves_the_others),
		cmocka_unit_test(test_what_no_database_can_hold_is_left_out),
		cmocka_unit_test(test_aci_layers_lie_below_rootfs),
		cmocka_unit_test(test_known_layer_is_not_read_again),
		cmocka_unit_test(test_parent_has_to_be_there),
#if defined(FAKE_STORE)
		cmocka_unit_test(test_layer_of_an_earlier_engine_is_read_again),
		cmocka_unit_test(test_facts_of_an_earlier_engine_ask_for_their_layer),
		cmocka_unit_test(test_store_that_fails),
		cmocka_unit_test(test_connection_that_breaks_once_costs_nothing),
#endif
	};

	if (index_test_begin())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
