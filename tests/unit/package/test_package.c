/*
 * The table of package databases.
 */
#include "../test.h"

#include "package/package.h"

static void test_paths_have_their_drivers(void **state UNUSED)
{
	static const struct {
		const char *path;
		const char *driver; /* NULL: none */
	} cases[] = {
		{ "var/lib/dpkg/status", "dpkg" },
		{ "var/lib/dpkg/status.d/libc6", "dpkg-status.d" },
		{ "var/lib/dpkg/status.d/libc6.md5sums", NULL },
		{ "var/lib/dpkg/status.d/a/b", NULL },
		{ "var/lib/dpkg/status.d/", NULL },
		{ "var/lib/dpkg/status.d", NULL },
		{ "var/lib/dpkg/status-old", NULL },
		{ "lib/apk/db/installed", "apk" },
		{ "usr/lib/apk/db/installed", "apk" },
		{ "var/lib/rpm/Packages", "rpm-bdb" },
		{ "usr/lib/sysimage/rpm/Packages.db", "rpm-ndb" },
		{ "var/lib/rpm/Packages.db", "rpm-ndb" },
		{ "usr/share/rpm/rpmdb.sqlite", "rpm-sqlite" },
		{ "usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm-sqlite" },
		{ "var/lib/rpm/rpmdb.sqlite-wal", NULL },
		{ "etc/passwd", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct package_db_driver *d = package_db_driver_for(str_of(cases[i].path));

		if (!cases[i].driver != !d || (d && strcmp(d->name, cases[i].driver) != 0))
			fail_msg("%s: %s", cases[i].path, d ? d->name : "no driver");
	}
}

static void test_every_driver_is_found_by_its_name(void **state UNUSED)
{
	const struct package_db_driver *d;
	size_t n = 0;

	for (; (d = package_db_driver_at(n)); n++) {
		assert_ptr_equal(package_db_driver_by_name(str_of(d->name)), d);
		assert_non_null(d->paths[0]);
	}
	assert_int_equal(n, 6);
	assert_null(package_db_driver_by_name(STR("none")));
}

static void test_advisories_speak_of_sources_but_for_rpm(void **state UNUSED)
{
	const struct package p = { .name = STR("libssl3"),
		.version = STR("3.0-1+b1"),
		.source = STR("openssl"),
		.source_version = STR("3.0-1") };

	assert_str(package_advisory_name(STR("dpkg"), &p), "openssl");
	assert_str(package_advisory_version(STR("dpkg"), &p), "3.0-1");
	assert_str(package_advisory_name(STR("apk"), &p), "openssl");
	assert_str(package_advisory_name(STR("rpm"), &p), "libssl3");
	assert_str(package_advisory_version(STR("rpm"), &p), "3.0-1+b1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_have_their_drivers),
		cmocka_unit_test(test_every_driver_is_found_by_its_name),
		cmocka_unit_test(test_advisories_speak_of_sources_but_for_rpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
