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

	assert_str(package_advisory_name(STR("dpkg"), &p), "openssl");
	assert_str(package_advisory_version(STR("dpkg"), &p), "2");
	assert_str(package_advisory_name(STR("apk"), &p), "openssl");
	assert_str(package_advisory_version(STR("apk"), &p), "2");
	assert_str(package_advisory_name(STR("rpm"), &p), "libssl3");
	assert_str(package_advisory_version(STR("rpm"), &p), "2+b1");
	assert_str(package_advisory_name(STR(""), &p), "libssl3");
	assert_str(package_advisory_name(STR("dpkg"), &alone), "a");
	assert_str(package_advisory_version(STR("dpkg"), &alone), "1");
	assert_str(package_advisory_name(STR("apk"), &unversioned), "b");
	assert_str(package_advisory_version(STR("apk"), &unversioned), "1");
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
		cmocka_unit_test(test_fields_are_checked),
		cmocka_unit_test(test_equal_neighbours_are_stored_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
