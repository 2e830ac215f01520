/*
 * Where Red Hat's VEX documents come from: repositories that change between updates, archives and
 * directories, into a real store. (Over HTTP: tests/e2e/test_feed_rhel_vex.py.)
 */
#include "../tar_make.h"
#include "../test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "feed/rhel_vex.h"
#include "version/version.h"

static const struct feed_driver driver = {
	.name = "vex", .title = "VEX", .default_url = "", .revision = 1, .read = rhel_vex_read
};

struct fixture {
	char dir[sizeof("/tmp/clair-test-XXXXXX")];
	struct arena arena;
	struct buf archive;
	struct store *store;
	struct feed_result result;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memcpy(f->dir, "/tmp/clair-test-XXXXXX", sizeof(f->dir));
	buf_init(&f->archive, 16 * MIB);
	if (!mkdtemp(f->dir) || mkdir(arena_printf(&f->arena, "%s/vex", f->dir).p, 0700) < 0 ||
		mkdir(arena_printf(&f->arena, "%s/vex/2024", f->dir).p, 0700) < 0)
		return -1;
	*state = f;
	return store_open(
		arena_printf(&f->arena, "%s/db", f->dir).p, STORE_CREATE, &f->store, &f->err);
}

static int remove_one(
	const char *path, const struct stat *st UNUSED, int type UNUSED, struct FTW *ftw UNUSED)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	int r = nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	feed_result_fini(&f->result);
	buf_fini(&f->archive);
	err_clear(&f->err);
	arena_fini(&f->arena);
	free(f);
	return r;
}

static void write_file(struct fixture *f, const char *name, struct str content)
{
	const char *path = arena_printf(&f->arena, "%s/vex/%s", f->dir, name).p;
	int fd = io_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &f->err);

	assert_true(fd >= 0);
	assert_ok(io_write_all(fd, content.p, content.n, path, &f->err), &f->err);
	assert_int_equal(close(fd), 0);
}

/* A document: package p of release 9 is fixed in 1-VERSION.el9. */
static struct str document(struct fixture *f, int number, int version)
{
	return arena_printf(&f->arena,
		"{\"document\":{},\"product_tree\":{\"branches\":["
		"{\"product\":{\"product_id\":\"9\",\"product_identification_helper\":"
		"{\"cpe\":\"cpe:/o:redhat:enterprise_linux:9\"}}},"
		"{\"product\":{\"product_id\":\"p\",\"product_identification_helper\":"
		"{\"purl\":\"pkg:rpm/redhat/p@1-%d.el9?arch=x86_64\"}}}],"
		"\"relationships\":[{\"full_product_name\":{\"product_id\":\"9:p\"},"
		"\"product_reference\":\"p\",\"relates_to_product_reference\":\"9\"}]},"
		"\"vulnerabilities\":[{\"cve\":\"CVE-2024-000%d\","
		"\"product_status\":{\"fixed\":[\"9:p\"]}}]}",
		version, number);
}

static void write_document(struct fixture *f, int number, struct str content)
{
	write_file(f, arena_printf(&f->arena, "2024/cve-2024-000%d.json", number).p, content);
}

static void archive_document(struct fixture *f, int number, struct str content)
{
	tar_put_file(
		&f->archive, arena_printf(&f->arena, "2024/cve-2024-000%d.json", number), content);
}

static void write_archive(struct fixture *f, const char *name)
{
	tar_end(&f->archive);
	write_file(f, name, buf_str(&f->archive));
	buf_clear(&f->archive);
}

/* The first state: three documents in the archive of a day, of which one changed the day after. */
static void write_repository(struct fixture *f)
{
	write_file(f, "archive_latest.txt", STR("csaf_vex_2024-02-01.tar.zst\n"));
	for (int i = 1; i <= 3; i++)
		archive_document(f, i, document(f, i, 1));
	write_archive(f, "csaf_vex_2024-02-01.tar.zst");
	write_document(f, 2, document(f, 2, 5));
	write_file(f, "changes.csv",
		STR("\"2024/cve-2024-0002.json\",\"2024-02-02T10:00:00+00:00\"\n"
		    "\"2024/cve-2024-0001.json\",\"2024-01-31T10:00:00+00:00\"\n"));
	write_file(
		f, "deletions.csv", STR("\"2023/cve-2023-0009.json\",\"2024-01-31T10:00:00Z\"\n"));
}

static int update(struct fixture *f, const char *below)
{
	feed_result_fini(&f->result);
	return feed_update(f->store,
		&(struct feed_update_options){ .driver = &driver,
			.location = arena_printf(&f->arena, "%s/vex%s", f->dir, below).p },
		&f->result, &f->err);
}

/* What is said of version 0 of p. */
static void assert_state(struct fixture *f, const char *expected)
{
	static const char *const name_spaces[] = { "centos:9", "rhel:9" };

	for (size_t i = 0; i < ARRAY_LEN(name_spaces); i++) {
		_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX), out = BUF_INIT(KIB);
		struct match_list matches = { .items = VEC_INIT };

		assert_ok(
			version_key(version_scheme_by_name(STR("rpm")), STR("0-1"), &key, &f->err),
			&f->err);
		struct match_query q = { .name_space = str_of(name_spaces[i]),
			.package = STR("p"),
			.key = buf_span(&key) };
		assert_ok(store_match(f->store, &q, 1, &f->arena, &matches, &f->err), &f->err);
		vec_for_each(m, &matches.items)
			buf_printf(&out, "%" PRIstr " %" PRIstr "\n", STR_ARG(m->name),
				STR_ARG(m->fixed_version));
		assert_str(buf_str(&out), expected);
		vec_fini(&matches.items);
	}
}

static const char first_state[] = "CVE-2024-0001 0:1-1.el9\nCVE-2024-0002 0:1-5.el9\n"
				  "CVE-2024-0003 0:1-1.el9\n";

static void test_archive_is_read_then_what_changed_since(void **state)
{
	struct fixture *f = *state;

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	assert_state(f, first_state);
	assert_int_equal(f->result.advisories, 6);
	assert_int_equal(f->result.skipped, 0);
}

static void test_nothing_new_is_up_to_date(void **state)
{
	struct fixture *f = *state;

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	assert_ok(update(f, ""), &f->err);
	assert_true(f->result.up_to_date);
	assert_state(f, first_state);
}

static void test_later_only_changes_and_deletions_are_read(void **state)
{
	struct fixture *f = *state;

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	/* The archive is not needed any more. */
	write_file(f, "archive_latest.txt", STR("gone"));
	write_document(f, 1, document(f, 1, 7));
	write_document(f, 4, document(f, 4, 8));
	write_file(f, "changes.csv",
		STR("\"2024/cve-2024-0004.json\",\"2024-02-04T10:00:00+00:00\"\n"
		    "\"2024/cve-2024-0001.json\",\"2024-02-03T10:00:00+00:00\"\n"
		    "\"2024/cve-2024-0002.json\",\"2024-02-02T10:00:00+00:00\"\n"));
	write_file(
		f, "deletions.csv", STR("\"2024/cve-2024-0003.json\",\"2024-02-03T10:00:00Z\"\n"));
	assert_ok(update(f, ""), &f->err);
	assert_false(f->result.up_to_date);
	assert_state(f, "CVE-2024-0001 0:1-7.el9\nCVE-2024-0002 0:1-5.el9\n"
			"CVE-2024-0004 0:1-8.el9\n");
	assert_int_equal(f->result.changes.deleted, 2);
	/* What came back after it was deleted. */
	write_document(f, 3, document(f, 3, 9));
	write_file(f, "changes.csv",
		STR("\"2024/cve-2024-0003.json\",\"2024-02-05T10:00:00+00:00\"\n"));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-7.el9\nCVE-2024-0002 0:1-5.el9\n"
			"CVE-2024-0003 0:1-9.el9\nCVE-2024-0004 0:1-8.el9\n");
}

static void test_list_of_nothing_new_changes_nothing(void **state)
{
	struct fixture *f = *state;

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	write_file(f, "changes.csv",
		STR("\"2024/cve-2024-0001.json\",\"2024-01-30T10:00:00+00:00\"\n"));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, first_state);
}

static void test_document_without_advisories_takes_its_cve_away(void **state)
{
	struct fixture *f = *state;

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	write_document(f, 2, STR("{\"document\":{\"tracking\":{\"status\":\"deleted\"}}}"));
	write_file(f, "changes.csv",
		STR("\"2024/cve-2024-0002.json\",\"2024-02-03T10:00:00+00:00\"\n"));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-1.el9\nCVE-2024-0003 0:1-1.el9\n");
}

static void test_damaged_or_missing_document_leaves_what_was(void **state)
{
	struct fixture *f = *state;

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	write_document(f, 2, str_head(document(f, 2, 8), 300));
	write_document(f, 3, document(f, 3, 8));
	write_file(f, "changes.csv",
		STR("\"2024/cve-2024-0002.json\",\"2024-02-03T10:00:00+00:00\"\n"
		    "\"2024/cve-2024-0003.json\",\"2024-02-03T10:00:00+00:00\"\n"
		    "\"2024/cve-2024-0001.json\",\"2024-02-03T10:00:00+00:00\"\n"));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-1.el9\nCVE-2024-0002 0:1-5.el9\n"
			"CVE-2024-0003 0:1-8.el9\n");
	assert_int_equal(f->result.skipped, 2);
}

static void test_many_changes_are_read_from_a_newer_archive(void **state)
{
	struct fixture *f = *state;
	_cleanup_buf_ struct buf list = BUF_INIT(MIB);

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	for (int i = 10; i < 4020; i++)
		buf_printf(&list, "\"2024/cve-2024-%d.json\",\"2024-02-15T10:00:00Z\"\n", i);
	write_file(f, "changes.csv", buf_str(&list));
	for (int i = 2; i <= 4; i++)
		archive_document(f, i, document(f, i, 7));
	write_archive(f, "csaf_vex_2024-02-16.tar.zst");
	write_file(f, "archive_latest.txt", STR("csaf_vex_2024-02-16.tar.zst"));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, "CVE-2024-0002 0:1-7.el9\nCVE-2024-0003 0:1-7.el9\n"
			"CVE-2024-0004 0:1-7.el9\n");
	/* None of the 4,010 documents, which are not there, was asked for. */
	assert_int_equal(f->result.skipped, 0);
}

static void test_many_changes_since_the_archive_are_read_one_by_one(void **state)
{
	struct fixture *f = *state;
	_cleanup_buf_ struct buf list = BUF_INIT(MIB);

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	for (int i = 10; i < 4020; i++)
		buf_printf(&list, "\"2024/cve-2024-%d.json\",\"2024-02-15T10:00:00Z\"\n", i);
	buf_append_str(&list, STR("\"2024/cve-2024-0001.json\",\"2024-02-15T10:00:00Z\"\n"));
	write_file(f, "changes.csv", buf_str(&list));
	write_document(f, 1, document(f, 1, 7));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-7.el9\nCVE-2024-0002 0:1-5.el9\n"
			"CVE-2024-0003 0:1-1.el9\n");
	assert_int_equal(f->result.skipped, 4010);
}

static void test_archive_alone_is_all(void **state)
{
	struct fixture *f = *state;

	archive_document(f, 1, document(f, 1, 1));
	archive_document(f, 2, str_head(document(f, 2, 2), 300));
	archive_document(f, 3, document(f, 3, 3));
	tar_put_file(&f->archive, STR("2024/index.txt"), STR("no document"));
	write_archive(f, "csaf_vex.tar");
	assert_ok(update(f, "/csaf_vex.tar"), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-1.el9\nCVE-2024-0003 0:1-3.el9\n");
	assert_int_equal(f->result.skipped, 1);
	assert_ok(update(f, "/csaf_vex.tar"), &f->err);
	assert_true(f->result.up_to_date);
	archive_document(f, 1, document(f, 1, 4));
	write_archive(f, "csaf_vex.tar");
	assert_ok(update(f, "/csaf_vex.tar"), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-4.el9\n");
}

static void test_damaged_archive_fails(void **state)
{
	struct fixture *f = *state;

	write_repository(f);
	assert_ok(update(f, ""), &f->err);
	archive_document(f, 1, document(f, 1, 1));
	f->archive.n = 1000;
	write_file(f, "csaf_vex.tar", buf_str(&f->archive));
	assert_fails(update(f, "/csaf_vex.tar"), &f->err, ERR_INPUT, "csaf_vex.tar");
	assert_state(f, first_state);
	write_file(f, "archive_latest.txt", STR("../csaf_vex_2024-02-01.tar.zst"));
	f->archive.n = 0;
	assert_state(f, first_state);
}

static void test_directory_is_all_below_it(void **state)
{
	struct fixture *f = *state;

	write_document(f, 1, document(f, 1, 1));
	write_document(f, 2, document(f, 2, 2));
	write_file(f, "cve-2024-0003.json", document(f, 3, 3));
	write_file(f, "notes.txt", STR("no document"));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-1.el9\nCVE-2024-0002 0:1-2.el9\n"
			"CVE-2024-0003 0:1-3.el9\n");
	write_document(f, 2, document(f, 2, 5));
	assert_ok(update(f, ""), &f->err);
	assert_state(f, "CVE-2024-0001 0:1-1.el9\nCVE-2024-0002 0:1-5.el9\n"
			"CVE-2024-0003 0:1-3.el9\n");
}

static void test_one_document_is_a_source_too(void **state)
{
	struct fixture *f = *state;

	write_file(f, "cve-2024-0003.json", document(f, 3, 3));
	assert_ok(update(f, "/cve-2024-0003.json"), &f->err);
	assert_state(f, "CVE-2024-0003 0:1-3.el9\n");
}

static void test_repository_that_makes_no_sense_fails(void **state)
{
	struct fixture *f = *state;
	static const char *const archives[] = { "", "../csaf_vex_2024-02-01.tar.zst",
		"csaf_vex_latest.tar.zst", "a/b_2024-02-01.tar" };

	write_repository(f);
	for (size_t i = 0; i < ARRAY_LEN(archives); i++) {
		write_file(f, "archive_latest.txt", str_of(archives[i]));
		assert_fails(update(f, ""), &f->err, ERR_INPUT, "names no archive");
	}
	write_repository(f);
	write_file(f, "changes.csv", STR("<html>\n"));
	assert_fails(update(f, ""), &f->err, ERR_INPUT, "no list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_archive_is_read_then_what_changed_since),
		TEST(test_nothing_new_is_up_to_date),
		TEST(test_later_only_changes_and_deletions_are_read),
		TEST(test_list_of_nothing_new_changes_nothing),
		TEST(test_document_without_advisories_takes_its_cve_away),
		TEST(test_damaged_or_missing_document_leaves_what_was),
		TEST(test_many_changes_are_read_from_a_newer_archive),
		TEST(test_many_changes_since_the_archive_are_read_one_by_one),
		TEST(test_archive_alone_is_all),
		TEST(test_damaged_archive_fails),
		TEST(test_directory_is_all_below_it),
		TEST(test_one_document_is_a_source_too),
		TEST(test_repository_that_makes_no_sense_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
