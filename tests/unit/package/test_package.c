/*
 * The table of drivers, the paths they read, what advisories call a package, and checks that the
 * drivers share.
 */
#include "package_test.h"

static void test_every_driver_is_found_by_name_and_path(void **state UNUSED)
{
	const struct package_db_driver *d;
	size_t n = 0;

	for (; (d = package_db_driver_at(n)); n++) {
		assert_ptr_equal(package_db_driver_by_name(str_of(d->name)), d);
		assert_non_null(d->parse);
		assert_non_null(d->paths[0]);
		assert_true(str_eq(str_of(d->scheme), STR("dpkg")) ||
			    str_eq(str_of(d->scheme), STR("rpm")) ||
			    str_eq(str_of(d->scheme), STR("apk")));
		for (size_t i = 0; d->paths[i]; i++) {
			_cleanup_buf_ struct buf path = BUF_INIT(KIB);

			/* Normalized, and read by this driver only. */
			assert_true(d->paths[i][0] != '/');
			buf_append_str(&path, str_of(d->paths[i]));
			if (str_ends(buf_str(&path), STR("/")))
				buf_append_str(&path, STR("file"));
			assert_ptr_equal(package_db_driver_for(buf_str(&path)), d);
		}
	}
	assert_int_equal(n, 6);
	assert_null(package_db_driver_at(SIZE_MAX));
	assert_null(package_db_driver_by_name(STR("")));
	assert_null(package_db_driver_by_name(STR("DPKG")));
	assert_null(package_db_driver_by_name(STR("dpk")));
}

static void test_paths(void **state UNUSED)
{
	static const struct {
		const char *path, *driver;
	} cases[] = {
		{ "var/lib/dpkg/status", "dpkg" },
		{ "var/lib/dpkg/status.d/base", "dpkg-status.d" },
		{ "var/lib/dpkg/status.d/libssl1.1", "dpkg-status.d" },
		{ "var/lib/dpkg/status.d/md5sums", "dpkg-status.d" },
		{ "lib/apk/db/installed", "apk" },
		{ "usr/lib/apk/db/installed", "apk" },
		{ "var/lib/rpm/Packages", "rpm-bdb" },
		{ "var/lib/rpm/Packages.db", "rpm-ndb" },
		{ "var/lib/rpm/rpmdb.sqlite", "rpm-sqlite" },
		{ "usr/lib/sysimage/rpm/Packages.db", "rpm-ndb" },
		{ "usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm-sqlite" },
		{ "usr/share/rpm/rpmdb.sqlite", "rpm-sqlite" },
		{ "var/lib/rpm/rpmdb.sqlite-wal", NULL },
		{ "var/lib/dpkg/status.d/base.md5sums", NULL },
		{ "var/lib/dpkg/status.d/", NULL },
		{ "var/lib/dpkg/status.d", NULL },
		{ "var/lib/dpkg/status.d/more/base", NULL },
		{ "var/lib/dpkg/status-old", NULL },
		{ "var/lib/dpkg/status/", NULL },
		{ "var/lib/dpkg/", NULL },
		{ "/var/lib/dpkg/status", NULL },
		{ "x/var/lib/dpkg/status", NULL },
		{ "lib/apk/db/installed.new", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct package_db_driver *d = package_db_driver_for(str_of(cases[i].path));
		const char *name = d ? d->name : "none";
		const char *expected = cases[i].driver ? cases[i].driver : "none";

		if (strcmp(name, expected) != 0)
			fail_msg("%s: %s, expected %s", cases[i].path, name, expected);
	}
}

static void test_only_rpm_databases_exclude_each_other(void **state UNUSED)
{
	const struct package_db_driver *d;

	for (size_t i = 0; (d = package_db_driver_at(i)); i++)
		assert_int_equal(d->rank != 0, str_eq(str_of(d->scheme), STR("rpm")));
	assert_true(package_rpm_sqlite.rank != package_rpm_ndb.rank &&
		    package_rpm_ndb.rank != package_rpm_bdb.rank &&
		    package_rpm_sqlite.rank > package_rpm_bdb.rank);
}

static void test_advisories_name_the_source_but_for_rpm(void **state UNUSED)
{
	const struct package p = { .name = STR("libssl3"),
		.version = STR("2+b1"),
		.source = STR("openssl"),
		.source_version = STR("2") };
	const struct package alone = { .name = STR("a"), .version = STR("1") };
	const struct package unversioned = {
		.name = STR("a"), .version = STR("1"), .source = STR("b")
	};

	_cleanup_arena_ struct arena arena = ARENA_INIT;

	assert_str(package_advisory_name(STR("dpkg"), &p, &arena), "openssl");
	assert_str(package_advisory_version(STR("dpkg"), &p), "2");
	assert_str(package_advisory_name(STR("apk"), &p, &arena), "openssl");
	assert_str(package_advisory_version(STR("apk"), &p), "2");
	assert_str(package_advisory_name(STR("rpm"), &p, &arena), "libssl3");
	assert_str(package_advisory_version(STR("rpm"), &p), "2+b1");
	assert_str(package_advisory_name(STR(""), &p, &arena), "libssl3");
	assert_str(package_advisory_name(STR("dpkg"), &alone, &arena), "a");
	assert_str(package_advisory_version(STR("dpkg"), &alone), "1");
	assert_str(package_advisory_name(STR("apk"), &unversioned, &arena), "b");
	assert_str(package_advisory_version(STR("apk"), &unversioned), "1");
}

static void test_rpm_packages_have_the_name_of_their_source_too(void **state UNUSED)
{
	_cleanup_arena_ struct arena arena = ARENA_INIT;
	const struct package p = { .name = STR("npm"), .source = STR("nodejs") };
	const struct package modular = { .name = STR("npm"),
		.source = STR("nodejs"),
		.module = STR("nodejs:12:8030020201124152102:229f0a1c") };
	const struct package alone = { .name = STR("npm") };

	assert_str(package_advisory_source(STR("rpm"), &p, &arena), "src::nodejs");
	assert_str(package_advisory_source(STR("rpm"), &modular, &arena), "nodejs:12::src::nodejs");
	assert_str(package_advisory_source(STR("rpm"), &alone, &arena), "");
	assert_str(package_advisory_source(STR("dpkg"), &p, &arena), "");
}

static void test_advisories_of_azure_linux_name_the_source(void **state UNUSED)
{
	static const struct {
		const char *version;
		bool source;
	} cases[] = {
		{ "1.1.1k-28.cm2", true },
		{ "3.2.0.azl2-3.azl3", true },
		{ "1-1.azl10", true },
		{ "1-1.azl", false },
		{ "1-1.azl3x", false },
		{ "1-1.cm2.1", false },
		{ "1-1.el9", false },
		{ "cm2", true },
		{ "", false },
	};

	_cleanup_arena_ struct arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct package p = { .name = STR("openssl-libs"),
			.version = str_of(cases[i].version),
			.source = STR("openssl"),
			.source_version = STR("7") };

		assert_str(package_advisory_name(STR("rpm"), &p, &a),
			cases[i].source ? "openssl" : "openssl-libs");
		assert_str(package_advisory_version(STR("rpm"), &p),
			cases[i].source ? "7" : cases[i].version);
	}
}

static void test_other_builds_of_an_rpm_package_have_other_names(void **state UNUSED)
{
	static const struct {
		const char *version, *module, *expected;
	} cases[] = {
		{ "1:10.19.0-1.module+el8", "nodejs:10:8030020200:229f0a1c", "nodejs:10::npm" },
		{ "1:10.19.0-1.module+el8", "nodejs:10", "nodejs:10::npm" },
		{ "1:10.19.0-1.module+el8", "nodejs", "npm" },
		{ "1:10.19.0-1.module+el8", "nodejs:", "npm" },
		{ "1:10.19.0-1.module+el8", ":10", "npm" },
		{ "2:1.1.1g-15.ksplice1.el8_3", "", "ksplice::npm" },
		{ "10:3.6.16-4.0.1.el8_fips", "", "fips::npm" },
		{ "1:10.19.0-1", "", "npm" },
	};
	_cleanup_arena_ struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct package p = { .name = STR("npm"),
			.version = str_of(cases[i].version),
			.module = str_of(cases[i].module) };

		assert_str(package_advisory_name(STR("rpm"), &p, &arena), cases[i].expected);
		assert_str(package_advisory_name(STR("apk"), &p, &arena), "npm");
	}
}

static void test_fields_are_checked(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(package_check_field(STR(""), "name", &err), &err);
	assert_ok(package_check_field(STR("a b\xc3\xa4\xff"), "name", &err), &err);
	for (int c = 0; c < 256; c++) {
		char text[] = { 'a', (char)c, 'b' };
		int expected = c < ' ' || c == 0x7f ? -ERR_INPUT : 0;

		assert_int_equal(package_check_field(str_n(text, 3), "name", &err), expected);
		err_clear(&err);
	}
}

static void test_equal_neighbours_are_stored_once(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str first = package_copy_shared(&a, STR("amd64"), STR_NULL);
	struct str second = package_copy_shared(&a, STR("amd64"), first);
	struct str vendor = package_copy_vendor(&a, STR("M"), STR_NULL);

	assert_ptr_equal(first.p, second.p);
	assert_str(package_copy_shared(&a, STR("all"), first), "all");
	assert_ptr_equal(package_copy_vendor(&a, STR("M"), vendor).p, vendor.p);
	assert_str(package_copy_vendor(&a, STR("M\n\x7f\x1b"), vendor), "M???");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_driver_is_found_by_name_and_path),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_only_rpm_databases_exclude_each_other),
		cmocka_unit_test(test_advisories_name_the_source_but_for_rpm),
		cmocka_unit_test(test_rpm_packages_have_the_name_of_their_source_too),
		cmocka_unit_test(test_advisories_of_azure_linux_name_the_source),
		cmocka_unit_test(test_other_builds_of_an_rpm_package_have_other_names),
		cmocka_unit_test(test_fields_are_checked),
		cmocka_unit_test(test_equal_neighbours_are_stored_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
