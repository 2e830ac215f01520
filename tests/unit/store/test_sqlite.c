/*
 * What is SQLite's own: which files are taken for a database, what opening does to them, how
 * matching reads them, and how they stay bounded.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/sqlite/sqlite_priv.h"
#include "store_test.h"

static void raw(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct sqlite_db *db_of(struct store *s)
{
	return &((struct sqlite_store *)s)->db;
}

static int64_t number(struct store *s, const char *sql)
{
	int64_t n = -1;
	struct err err = ERR_INIT;

	assert_ok(sqlite_exec_i64(db_of(s), sql, &n, &err), &err);
	return n;
}

static void write_file(const char *path, const void *content, size_t n)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, n), n);
}

static char *read_file(const char *path, size_t *n)
{
	struct buf content = BUF_INIT(64 * MIB);
	struct err err = ERR_INIT;
	_cleanup_close_ int fd = io_open(path, O_RDONLY, 0, &err);

	assert_true(fd >= 0);
	assert_ok(io_read_to_end(fd, &content, path, &err), &err);
	*n = content.n;
	return content.p;
}

static void assert_not_opened(const char *path, enum err_code code, const char *message)
{
	static const unsigned flags[] = { 0, STORE_CREATE, STORE_READ_ONLY };
	struct store *s = NULL;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		assert_fails(store_open(path, flags[i], &s, &err), &err, code, message);
}

/* A database with one advisory; heap path. */
static char *new_database(void)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "2.0");
	(void)test_commit(u, 1);
	store_close(s);
	return path;
}

/* --- which files are databases */

static void test_url_is_no_path(void **state UNUSED)
{
	struct store *s;
	struct err err = ERR_INIT;

	assert_fails(store_open("mongodb://host/db", STORE_CREATE, &s, &err), &err, ERR_UNSUPPORTED,
		"mongodb");
	assert_fails(store_open("", STORE_CREATE, &s, &err), &err, ERR_USAGE, "path");
}

static void test_new_database_has_the_current_schema(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct stat st;

	assert_int_equal(number(s, "PRAGMA user_version"), sqlite_migrations_count);
	assert_int_equal(number(s, "PRAGMA application_id"), SQLITE_STORE_APPLICATION_ID);
	assert_int_equal(number(s, "SELECT count(*) FROM pragma_journal_mode"
				   " WHERE journal_mode = 'wal'"),
		1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0133, 0);
	store_close(s);
	test_remove_path(path);
}

static void test_empty_file_becomes_a_database_when_asked(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = NULL;
	struct err err = ERR_INIT;

	write_file(path, "", 0);
	assert_fails(store_open(path, 0, &s, &err), &err, ERR_INPUT, "empty");
	assert_fails(store_open(path, STORE_READ_ONLY, &s, &err), &err, ERR_INPUT, "empty");
	store_close(test_open(path, STORE_CREATE));
	store_close(test_open(path, 0));
	test_remove_path(path);
}

static void test_newer_schema_is_refused(void **state UNUSED)
{
	char *path = new_database();

	raw(path, "PRAGMA user_version = 1000");
	assert_not_opened(path, ERR_UNSUPPORTED, "newer version");
	test_remove_path(path);
}

static void test_foreign_database_is_refused(void **state UNUSED)
{
	char *path = test_new_path();
	size_t n, n_after;

	raw(path, "CREATE TABLE song (title TEXT)");
	_cleanup_free_ char *before = read_file(path, &n);
	assert_not_opened(path, ERR_INPUT, "not one of this program");
	_cleanup_free_ char *after = read_file(path, &n_after);
	assert_int_equal(n, n_after);
	assert_memory_equal(before, after, n);
	raw(path, "DROP TABLE song; PRAGMA user_version = 1");
	assert_not_opened(path, ERR_INPUT, "not one of this program");
	test_remove_path(path);
}

static void test_other_files_are_refused(void **state UNUSED)
{
	static const char text[] = "Dear diary, today I read about the SQLite file format. ";
	char *path = test_new_path();
	char page[8192];

	write_file(path, text, sizeof(text));
	assert_not_opened(path, ERR_INPUT, "not a database");
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = text[i % sizeof(text)];
	write_file(path, page, sizeof(page));
	assert_not_opened(path, ERR_INPUT, path);
	assert_not_opened("/", ERR_INPUT, "not even a file");
	assert_not_opened("/dev/null", ERR_INPUT, "not even a file");
	test_remove_path(path);
}

static void test_missing_folder_is_named(void **state UNUSED)
{
	char *path = test_new_path();
	_cleanup_free_ char *below = NULL;
	struct store *s = NULL;
	struct err err = ERR_INIT;

	assert_true(asprintf(&below, "%s.d/x/test.db", path) > 0);
	assert_fails(store_open(below, STORE_CREATE, &s, &err), &err, ERR_NOT_FOUND, ".db.d/x:");
	test_remove_path(path);
}

static void test_path_is_taken_literally(void **state UNUSED)
{
	static const char *const names[] = { ":memory:", "file:x", "a?mode=memory", "b#c", "%41",
		"\xc3\xa9" };
	char *path = test_new_path(), cwd[4096];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(test_folder(path)), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		store_close(test_open(names[i], STORE_CREATE));
		assert_int_equal(access(names[i], F_OK), 0);
		assert_int_equal(unlink(names[i]), 0);
	}
	assert_int_equal(chdir(cwd), 0);
	assert_int_equal(rmdir(path), 0);
	free(path);
}

/* --- what opening does */

static void test_opening_and_reading_write_nothing(void **state UNUSED)
{
	char *path = new_database();
	size_t n, n_after;
	_cleanup_free_ char *before = read_file(path, &n);
	struct stat st, st_after;

	assert_int_equal(stat(path, &st), 0);
	struct store *s = test_open(path, STORE_CREATE);
	assert_match(s, "debian:12", "bash", "1.0", "CVE-1=2.0");
	store_close(s);
	_cleanup_free_ char *after = read_file(path, &n_after);
	assert_int_equal(stat(path, &st_after), 0);
	assert_int_equal(n, n_after);
	assert_memory_equal(before, after, n);
	assert_int_equal(st.st_mtim.tv_sec, st_after.st_mtim.tv_sec);
	assert_int_equal(st.st_mtim.tv_nsec, st_after.st_mtim.tv_nsec);
	test_remove_path(path);
}

/* Runs check in a process that may not write beside the database; whether it was satisfied. */
static bool run_as_nobody(bool (*check)(const char *path), const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((geteuid() != 0 || setuid(65534) == 0) && check(path) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool reads_without_write_access(const char *path)
{
	struct store *s = NULL;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;

	if (store_open(path, 0, &s, &err) != -ERR_IO || !strstr(err_msg(&err), path))
		return false;
	if (store_open(path, STORE_READ_ONLY, &s, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err_msg(&err));
		return false;
	}
	bool same = strcmp(test_match(s, &a, "debian:12", "bash", "1.0"), "CVE-1=2.0") == 0;
	store_close(s);
	return same;
}

static bool is_refused(const char *path)
{
	struct store *s = NULL;
	_cleanup_err_ struct err err = ERR_INIT;

	return store_open(path, STORE_READ_ONLY, &s, &err) == -ERR_IO &&
	       strstr(err_msg(&err), path) && strstr(err_msg(&err), "log");
}

static void test_read_only_needs_no_write_access(void **state UNUSED)
{
	char *path = new_database();
	_cleanup_free_ char *dir = test_folder(xstrdup(path));
	_cleanup_free_ char *log = NULL;

	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(dir, 0555), 0);
	assert_true(run_as_nobody(reads_without_write_access, path));

	/* Nor does it where a reader who had it left SQLite's files. */
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(path, 0644), 0);
	store_close(test_open(path, STORE_READ_ONLY));
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(dir, 0555), 0);
	assert_true(run_as_nobody(reads_without_write_access, path));
	assert_int_equal(chmod(dir, 0755), 0);

	/* A log that only a writer can bring in must not be overlooked. */
	assert_true(asprintf(&log, "%s-shm", path) > 0);
	assert_int_equal(unlink(log), 0);
	memcpy(log + strlen(path), "-wal", 4);
	assert_int_equal(unlink(log), 0);
	write_file(log, "log", 3);
	assert_int_equal(chmod(dir, 0555), 0);
	assert_true(run_as_nobody(is_refused, path));
	assert_int_equal(chmod(dir, 0755), 0);
	test_remove_path(path);
}

/* --- how matching reads */

static void test_match_reads_ranges_of_indexes(void **state UNUSED)
{
	char *path = new_database();
	struct store *s = test_open(path, 0);
	_cleanup_buf_ struct buf sql = BUF_INIT(16 * KIB), plan = BUF_INIT(16 * KIB);
	sqlite3_stmt *stmt;

	buf_printf(&sql, "EXPLAIN QUERY PLAN %s", sqlite_store_sql[SQL_MATCH]);
	assert_int_equal(
		sqlite3_prepare_v2(db_of(s)->handle, buf_cstr(&sql), -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(stmt, 3);

		buf_printf(&plan, "%s\n", step);
		if (strncmp(step, "SEARCH ", 7) != 0 &&
			strcmp(step, "SCAN q VIRTUAL TABLE INDEX 0:") != 0 &&
			strcmp(step, "CORRELATED SCALAR SUBQUERY 1") != 0)
			fail_msg("\"%s\" reads more than it needs", step);
	}
	assert_non_null(strstr(
		buf_cstr(&plan), "SEARCH f USING PRIMARY KEY (package_id=? AND fixed_key>?)"));
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	store_close(s);
	test_remove_path(path);
}

static void test_values_out_of_range_are_damage(void **state UNUSED)
{
	static const char *const statements[] = { "UPDATE fix SET severity = 99",
		"UPDATE fix SET severity = -1", "UPDATE fix SET severity = 1, state = 99" };
	char *path = new_database();
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct match_query query = { STR("debian:12"), STR("bash"), test_key(&a, "1") };
	struct match_list list = { VEC_INIT };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		raw(path, statements[i]);
		struct store *s = test_open(path, 0);
		assert_fails(store_match(s, &query, 1, &a, &list, &err), &err, ERR_INPUT, path);
		store_close(s);
	}
	vec_fini(&list.items);
	test_remove_path(path);
}

/* --- how the database stays bounded */

static void test_deleted_advisories_have_an_end(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	const int64_t later = LIMIT_DELETED_ADVISORY_S + 10;

	for (int i = 1; i <= 3; i++) {
		struct store_update *u = test_begin(s, "debian");
		test_put(u, "debian:12", "CVE-1", "bash", "", i == 1 ? "1" : i == 2 ? "2" : "3");
		test_put(u, "debian:12", i == 1 ? "CVE-2" : "CVE-3", "bash", "", "1");
		(void)test_commit(u, i);
	}
	assert_int_equal(number(s, "SELECT count(*) FROM vulnerability"), 5);
	assert_int_equal(number(s, "SELECT count(*) FROM fix"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM deleted_fix"), 3);
	assert_int_equal(number(s, "SELECT count(*) FROM text"), 3);

	/* The two that the second update replaced are old enough, not the one of the third. */
	struct store_update *u = test_begin(s, "debian");
	test_put(u, "debian:12", "CVE-1", "bash", "", "3");
	test_put(u, "debian:12", "CVE-3", "bash", "", "2");
	assert_result(test_commit(u, later - 7), 0, 1, 0, 1);
	assert_int_equal(number(s, "SELECT count(*) FROM vulnerability"), 4);
	assert_int_equal(number(s, "SELECT count(*) FROM deleted_fix"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM text"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_match(s, "debian:12", "bash", "0", "CVE-1=3 CVE-3=2");
	store_close(s);
	test_remove_path(path);
}

static bool has_facts(struct store *s, uint8_t n)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct digest d = { { n } };
	struct span facts;
	struct err err = ERR_INIT;
	int r = store_facts_get(s, &d, 1, &a, &facts, &err);

	assert_ok(r, &err);
	return r == 1;
}

static void put_facts(struct store *s, uint8_t n)
{
	struct digest d = { { n } };
	struct err err = ERR_INIT;

	assert_ok(store_facts_put(s, &d, 1, span_n("facts", 5), &err), &err);
}

static void test_oldest_facts_are_dropped(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct err err = ERR_INIT;

	put_facts(s, 1);
	put_facts(s, 2);
	put_facts(s, 3);
	put_facts(s, 1);
	/* As if they were large. */
	assert_ok(sqlite_exec(db_of(s), "UPDATE layer_facts SET size = 100000000", &err), &err);
	put_facts(s, 4);
	assert_false(has_facts(s, 2));
	assert_true(has_facts(s, 3));
	assert_true(has_facts(s, 1));
	assert_true(has_facts(s, 4));
	store_close(s);
	test_remove_path(path);
}

static void test_oldest_file_digests_are_dropped(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct file_stamp first = { .inode = 1 }, second = { .inode = 2 }, third = { .inode = 3 };
	struct digest d = { { 1 } };
	struct err err = ERR_INIT;

	assert_ok(store_file_digest_put(s, &first, &d, &err), &err);
	assert_ok(store_file_digest_put(s, &second, &d, &err), &err);
	assert_int_equal(LIMIT_FILE_DIGESTS, 65536);
	assert_ok(sqlite_exec(db_of(s), "UPDATE file_digest SET id = 65537 WHERE inode = 2", &err),
		&err);
	assert_ok(store_file_digest_put(s, &third, &d, &err), &err);
	assert_int_equal(store_file_digest_get(s, &first, &d, &err), 0);
	assert_int_equal(store_file_digest_get(s, &second, &d, &err), 1);
	assert_int_equal(store_file_digest_get(s, &third, &d, &err), 1);
	store_close(s);
	test_remove_path(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url_is_no_path),
		cmocka_unit_test(test_new_database_has_the_current_schema),
		cmocka_unit_test(test_empty_file_becomes_a_database_when_asked),
		cmocka_unit_test(test_newer_schema_is_refused),
		cmocka_unit_test(test_foreign_database_is_refused),
		cmocka_unit_test(test_other_files_are_refused),
		cmocka_unit_test(test_missing_folder_is_named),
		cmocka_unit_test(test_path_is_taken_literally),
		cmocka_unit_test(test_opening_and_reading_write_nothing),
		cmocka_unit_test(test_read_only_needs_no_write_access),
		cmocka_unit_test(test_match_reads_ranges_of_indexes),
		cmocka_unit_test(test_values_out_of_range_are_damage),
		cmocka_unit_test(test_deleted_advisories_have_an_end),
		cmocka_unit_test(test_oldest_facts_are_dropped),
		cmocka_unit_test(test_oldest_file_digests_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
