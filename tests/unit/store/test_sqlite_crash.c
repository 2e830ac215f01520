/*
 * What may go wrong around SQLite: processes that die in the middle, several at once, a full disk,
 * no memory, damaged files. Whatever happens, the database holds the old state or the new one.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/sqlite/sqlite_priv.h"
#include "store_test.h"

enum { ADVISORIES = 300 };

static struct sqlite_db *db_of(struct store *s)
{
	return &((struct sqlite_store *)s)->db;
}

/* An update to the state that has this fixed version everywhere. */
static struct store_update *stage(struct store *s, const char *fixed)
{
	struct store_update *u = test_begin(s, "debian");
	char name[32], package[32];

	for (int i = 0; i < ADVISORIES; i++) {
		(void)snprintf(name, sizeof(name), "CVE-%d", i);
		(void)snprintf(package, sizeof(package), "package-%d", i % 30);
		test_put(u, i % 2 ? "debian:12" : "debian:11", name, package, "", fixed);
	}
	return u;
}

static char *new_database(void)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);

	assert_result(test_commit(stage(s, "100"), 1), ADVISORIES, 0, 0, 0);
	store_close(s);
	return path;
}

/* Whether every advisory is there with this fixed version, and nothing else. */
static bool holds(struct store *s, const char *fixed)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct match_query queries[60];
	struct match_list list = { VEC_INIT };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < 60; i++)
		queries[i] = (struct match_query){ i < 30 ? STR("debian:11") : STR("debian:12"),
			arena_printf(&a, "package-%zu", i % 30), test_key(&a, "1") };
	assert_ok(store_match(s, queries, 60, &a, &list, &err), &err);
	bool all = list.items.n == ADVISORIES;
	vec_for_each(m, &list.items)
		all = all && str_eq(m->fixed_version, str_of(fixed));
	vec_fini(&list.items);
	return all;
}

static void assert_sound(struct store *s)
{
	int64_t n;
	struct err err = ERR_INIT;

	assert_ok(
		sqlite_exec_i64(db_of(s),
			"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
			&n, &err),
		&err);
	assert_int_equal(n, 0);
	assert_ok(sqlite_exec_i64(
			  db_of(s), "SELECT count(*) FROM pragma_foreign_key_check", &n, &err),
		&err);
	assert_int_equal(n, 0);
}

/* --- dying */

static int die_now(void *aux UNUSED)
{
	return kill(getpid(), SIGKILL);
}

/* In a child: updates, and is killed after so many instructions of SQLite's. Whether it got
 * through. */
static bool update_and_die(const char *path, int instructions)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct store *s = test_open(path, STORE_CREATE);
		struct store_update *u = stage(s, "200");

		sqlite3_progress_handler(db_of(s)->handle, instructions, die_now, NULL);
		(void)test_commit(u, 2);
		sqlite3_progress_handler(db_of(s)->handle, 0, NULL, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	return !WIFSIGNALED(status);
}

static void test_killed_commit_leaves_the_old_state(void **state UNUSED)
{
	char *path = new_database();
	int killed = 0;

	for (int instructions = 1;; instructions += instructions / 4 + 1) {
		bool done = update_and_die(path, instructions);
		struct store *s = test_open(path, 0);

		assert_sound(s);
		assert_true(holds(s, done ? "200" : "100"));
		store_close(s);
		if (done)
			break;
		killed++;
	}
	assert_true(killed > 20);
	test_remove_path(path);
}

static void test_killed_creation_can_be_finished(void **state UNUSED)
{
	for (int instructions = 1; instructions < 2000; instructions += instructions / 2 + 1) {
		char *path = test_new_path();
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			struct sqlite_store s = { .queries = NULL };
			struct err err = ERR_INIT;

			/* As store_open() does it. */
			if (sqlite_db_init(&s.db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
				    path, sqlite_store_sql) != SQLITE_OK)
				_exit(1);
			sqlite3_progress_handler(s.db.handle, instructions, die_now, NULL);
			if (sqlite_exec(&s.db, "PRAGMA journal_mode = WAL", &err) < 0 ||
				sqlite_begin(&s, &err) < 0 ||
				sqlite_exec(&s.db, sqlite_migrations[0].sql, &err) < 0)
				_exit(1);
			(void)die_now(NULL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		store_close(test_open(path, STORE_CREATE));
		test_remove_path(path);
	}
}

/* --- several at once */

struct pause {
	int stopped[2]; /* the child says that it stands */
	int go[2];      /* and waits for this */
	bool done;
};

static int pause_once(void *aux)
{
	struct pause *p = aux;
	char c = 0;

	if (p->done)
		return 0;
	p->done = true;
	return write(p->stopped[1], "x", 1) != 1 || read(p->go[0], &c, 1) != 1;
}

/* A child that stands still in the middle of its commit until it is told to go on. */
static pid_t start_writer(const char *path, struct pause *p)
{
	char c;

	assert_int_equal(pipe2(p->stopped, O_CLOEXEC), 0);
	assert_int_equal(pipe2(p->go, O_CLOEXEC), 0);
	p->done = false;
	pid_t pid = fork();
	if (pid == 0) {
		struct store *s = test_open(path, 0);
		struct store_update *u = stage(s, "200");

		sqlite3_progress_handler(db_of(s)->handle, 20000, pause_once, p);
		(void)test_commit(u, 2);
		_exit(p->done ? 0 : 1);
	}
	assert_int_equal(read(p->stopped[0], &c, 1), 1);
	return pid;
}

static void finish_writer(pid_t pid, struct pause *p)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (int i = 0; i < 2; i++) {
		(void)close(p->stopped[i]);
		(void)close(p->go[i]);
	}
}

static void test_reader_sees_the_old_state_whole(void **state UNUSED)
{
	char *path = new_database();
	struct store *before = test_open(path, 0);
	struct pause p;
	pid_t pid = start_writer(path, &p);
	struct store *within = test_open(path, 0);
	struct store *read_only = test_open(path, STORE_READ_ONLY);

	store_set_busy_timeout(before, 0);
	store_set_busy_timeout(within, 0);
	store_set_busy_timeout(read_only, 0);
	assert_true(holds(before, "100"));
	assert_true(holds(within, "100"));
	assert_true(holds(read_only, "100"));
	assert_int_equal(write(p.go[1], "x", 1), 1);
	finish_writer(pid, &p);
	assert_true(holds(before, "200"));
	assert_true(holds(within, "200"));
	assert_true(holds(read_only, "200"));
	store_close(before);
	store_close(within);
	store_close(read_only);
	test_remove_path(path);
}

static void test_second_writer_is_told_to_wait(void **state UNUSED)
{
	char *path = new_database();
	struct store *s = test_open(path, 0);
	struct store_update *u = stage(s, "300"), *v = stage(s, "300");
	struct digest d = { { 1 } };
	struct store_update_result result;
	struct pause p;
	struct err err = ERR_INIT;
	pid_t pid = start_writer(path, &p);

	store_set_busy_timeout(s, 0);
	assert_fails(test_try_commit(u, 3, &result, &err), &err, ERR_BUSY, path);
	assert_fails(store_facts_put(s, &d, 1, span_n("x", 1), &err), &err, ERR_BUSY, path);
	assert_true(holds(s, "100"));
	assert_int_equal(write(p.go[1], "x", 1), 1);
	/* Now it is worth waiting. */
	store_set_busy_timeout(s, LIMIT_STORE_BUSY_MS);
	assert_result(test_commit(v, 3), 0, ADVISORIES, 0, 0);
	assert_true(holds(s, "300"));
	finish_writer(pid, &p);
	store_close(s);
	test_remove_path(path);
}

static void test_database_may_be_created_by_many_at_once(void **state UNUSED)
{
	enum { PROCESSES = 8 };
	char *path = test_new_path();
	pid_t pids[PROCESSES];
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct store *s;
			struct digest d = { { (uint8_t)i } };
			struct err err = ERR_INIT;

			if (store_open(path, STORE_CREATE, &s, &err) < 0 ||
				store_facts_put(s, &d, 1, span_n("x", 1), &err) < 0) {
				(void)fprintf(stderr, "%s\n", err_msg(&err));
				_exit(1);
			}
			store_close(s);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	struct store *s = test_open(path, 0);
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

/* --- running out */

static void test_full_disk_leaves_the_old_state(void **state UNUSED)
{
	char *path = new_database();
	struct store *s = test_open(path, 0);
	struct store_update_result result;
	int64_t pages;
	char sql[64];
	struct err err = ERR_INIT;

	assert_ok(sqlite_exec_i64(db_of(s), "PRAGMA page_count", &pages, &err), &err);
	for (int64_t more = 0; more < 12; more += 3) {
		(void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %" PRId64, pages + more);
		assert_ok(sqlite_exec(db_of(s), sql, &err), &err);
		assert_fails(test_try_commit(stage(s, "200"), 2, &result, &err), &err, ERR_IO,
			"no space left");
		assert_true(holds(s, "100"));
		assert_sound(s);
	}
	assert_ok(sqlite_exec(db_of(s), "PRAGMA max_page_count = 1000000", &err), &err);
	(void)test_commit(stage(s, "200"), 2);
	assert_true(holds(s, "200"));
	store_close(s);
	test_remove_path(path);
}

/* More than staging keeps in memory. */
static int stage_large(struct store_update *u, struct err *err)
{
	_cleanup_free_ char *text = xmalloc(LIMIT_ADVISORY_TEXT);
	struct advisory a = { STR("debian:12"), STR("dpkg"), STR("CVE-1"),
		.description = { text, LIMIT_ADVISORY_TEXT } };
	int r = 0;

	memset(text, 'x', LIMIT_ADVISORY_TEXT);
	for (uint64_t i = 0; r == 0 && i < 2 * LIMIT_STAGING_CACHE / LIMIT_ADVISORY_TEXT; i++) {
		text[0] = (char)('A' + i);
		r = store_update_put(u, &a, err);
	}
	return r;
}

/* In a child whose files may not grow past a size: whether the update failed as it should. */
static bool update_with_small_files(const char *path, uint64_t limit, bool large)
{
	const struct rlimit size = { limit, limit };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct store *s = test_open(path, 0);
		struct store_update_result result;
		struct err err = ERR_INIT;

		if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &size) < 0)
			_exit(2);
		struct store_update *u = stage(s, "200");
		bool lost = large && stage_large(u, &err) == -ERR_IO &&
			    strstr(err_msg(&err), "temporary");
		int r = test_try_commit(u, 2, &result, &err);
		bool right = large ? lost && r == -ERR_USAGE
				   : r == -ERR_IO && strstr(err_msg(&err), path);
		if (!right)
			(void)fprintf(stderr, "%d: %s\n", r, err_msg(&err));
		_exit(right ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_failing_writes_leave_the_old_state(void **state UNUSED)
{
	char *path = new_database();

	for (uint64_t limit = 2000; limit < 200000; limit *= 2)
		assert_true(update_with_small_files(path, limit, false));
	assert_true(update_with_small_files(path, MIB, true));
	struct store *s = test_open(path, 0);
	assert_true(holds(s, "100"));
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

static void test_exhausted_memory_leaves_the_old_state(void **state UNUSED)
{
	char *path = new_database();
	struct store *s = test_open(path, 0);
	struct store_update_result result;
	int failures = 0;
	struct err err = ERR_INIT;

	for (int64_t more = 1000;; more += 1000 + more / 4) {
		struct store_update *u = stage(s, "200");

		(void)sqlite3_hard_heap_limit64(sqlite3_memory_used() + more);
		int r = test_try_commit(u, 2, &result, &err);
		(void)sqlite3_hard_heap_limit64(0);
		if (r == 0)
			break;
		assert_int_equal(err.code, ERR_INTERNAL);
		assert_non_null(strstr(err_msg(&err), "out of memory"));
		err_clear(&err);
		assert_true(holds(s, "100"));
		failures++;
	}
	assert_true(failures > 3);
	assert_true(holds(s, "200"));
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

/* --- damage */

static void damage(const char *path, off_t offset, size_t n)
{
	char garbage[512];
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(garbage, 0xA5, sizeof(garbage));
	assert_true(fd >= 0 && n <= sizeof(garbage));
	assert_int_equal(pwrite(fd, garbage, n, offset), n);
}

static void copy(const char *from, const char *to)
{
	struct buf content = BUF_INIT(64 * MIB);
	struct err err = ERR_INIT;
	_cleanup_close_ int in = io_open(from, O_RDONLY, 0, &err);
	_cleanup_close_ int out = io_open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644, &err);

	assert_ok(io_read_to_end(in, &content, from, &err), &err);
	assert_ok(io_write_all(out, content.p, content.n, to, &err), &err);
	buf_fini(&content);
}

/* Every use either works or fails with an error that names the file. */
static int use_damaged(const char *path, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_(store_closep) struct store *s = NULL;
	struct match_list list = { VEC_INIT };
	struct match_query query = { STR("debian:11"), STR("package-0"), test_key(&a, "1") };
	struct source_state *sources;
	struct store_update_result result;
	size_t n;
	int r = store_open(path, STORE_CREATE, &s, err);

	if (r == 0)
		r = store_match(s, &query, 1, &a, &list, err);
	vec_fini(&list.items);
	if (r == 0)
		r = store_source_list(s, &a, &sources, &n, err);
	if (r == 0)
		r = test_try_commit(stage(s, "200"), 2, &result, err);
	return r;
}

static void test_damaged_database_is_an_error(void **state UNUSED)
{
	char *path = new_database(), *damaged = test_new_path();
	struct stat st;
	int failures = 0;
	struct err err = ERR_INIT;

	assert_int_equal(stat(path, &st), 0);
	for (off_t offset = 0; offset < st.st_size; offset += 4096 + 40) {
		copy(path, damaged);
		damage(damaged, offset, offset % 3 == 0 ? 1 : 200);
		if (use_damaged(damaged, &err) < 0) {
			assert_non_null(strstr(err_msg(&err), damaged));
			failures++;
		}
		err_clear(&err);
	}
	assert_true(failures > 3);
	for (off_t size = st.st_size / 2; size > 0; size /= 2) {
		copy(path, damaged);
		assert_int_equal(truncate(damaged, size), 0);
		assert_fails(use_damaged(damaged, &err), &err, ERR_INPUT, damaged);
	}
	test_remove_path(path);
	test_remove_path(damaged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_commit_leaves_the_old_state),
		cmocka_unit_test(test_killed_creation_can_be_finished),
		cmocka_unit_test(test_reader_sees_the_old_state_whole),
		cmocka_unit_test(test_second_writer_is_told_to_wait),
		cmocka_unit_test(test_database_may_be_created_by_many_at_once),
		cmocka_unit_test(test_full_disk_leaves_the_old_state),
		cmocka_unit_test(test_failing_writes_leave_the_old_state),
		cmocka_unit_test(test_exhausted_memory_leaves_the_old_state),
		cmocka_unit_test(test_damaged_database_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
