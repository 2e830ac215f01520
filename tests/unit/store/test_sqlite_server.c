/*
 * What is SQLite's own of layers, edits and notifications: how statements read, what stays behind,
 * that an older database gets the tables, and that whoever is killed leaves the old state or the
 * new one.
 */
#include <signal.h>
#include <sys/wait.h>

#include "layers_test.h"
#include "store/sqlite/sqlite_priv.h"

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

static void assert_sound(struct store *s)
{
	assert_int_equal(number(s, "SELECT count(*) FROM pragma_integrity_check"
				   " WHERE integrity_check <> 'ok'"),
		0);
	assert_int_equal(number(s, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/* --- how statements read */

/* Reading all of these is meant: one row, what was just collected, or few. */
static bool may_be_scanned(const char *step)
{
	static const char *const known[] = { "SCAN g", "SCAN generation", "SCAN c", "SCAN change",
		"SCAN up", "SCAN down", "SCAN heir", "SCAN x", "SCAN d", "SCAN lock",
		"SCAN CONSTANT ROW", "SCAN n USING INDEX notification_open" };

	if (strncmp(step, "SCAN ", 5) != 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(step, known[i]) == 0)
			return true;
	}
	return false;
}

static void check_plan(struct store *s, const char *sql)
{
	_cleanup_buf_ struct buf explain = BUF_INIT(16 * KIB);
	sqlite3_stmt *stmt;

	buf_printf(&explain, "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(db_of(s)->handle, buf_cstr(&explain), -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(stmt, 3);

		if (!may_be_scanned(step))
			fail_msg("\"%s\" of \"%s\" reads more than it needs", step, sql);
	}
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

static void test_statements_read_ranges_of_indexes(void **state UNUSED)
{
	static const enum sqlite_statement statements[] = { SQL_OUTDATED_DELETE,
		SQL_NOTIFY_TOUCHING, SQL_NOTIFICATION_DROP, SQL_LAYER_FIND, SQL_LAYER_GET,
		SQL_LAYER_STATE, SQL_LAYER_CHAIN, SQL_LAYER_ANCESTORS, SQL_LAYER_REPLACE,
		SQL_LAYER_HEIRS_SET, SQL_LAYER_DESCENDANTS, SQL_LAYER_DELETE, SQL_CONTENT_GET,
		SQL_CONTENT_DROP_UNUSED, SQL_FEATURE_GET, SQL_LAYER_FEATURES_DELETE,
		SQL_LAYER_FEATURES, SQL_LAYER_MATCHES, SQL_VULNERABILITY_FIND,
		SQL_VULNERABILITY_GET, SQL_VULNERABILITY_LIST, SQL_FIXES, SQL_NOTIFICATION_GET,
		SQL_NOTIFICATION_LAYERS, SQL_NOTIFICATION_DUE, SQL_NOTIFICATION_SENT,
		SQL_NOTIFICATION_DELETE, SQL_LOCK_GET, SQL_LOCK_DELETE, SQL_LOCK_DROP_EXPIRED,
		SQL_KEY_GET };
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct err err = ERR_INIT;

	assert_ok(sqlite_changes_start((struct sqlite_store *)s, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		check_plan(s, sqlite_store_sql[statements[i]]);
	store_close(s);
	test_remove_path(path);
}

/* --- what stays behind */

static void test_facts_are_held_once_and_not_longer_than_needed(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct err err = ERR_INIT;

	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "a", "b", "c" };
		const struct test_layer l = { names[i], i ? "a" : NULL, "bash=1",
			.facts = i == 2 ? "other" : "same" };

		assert_int_equal(test_try_layer(s, l, &err), 1);
	}
	assert_int_equal(number(s, "SELECT count(*) FROM layer_content"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM feature"), 1);
	assert_int_equal(
		test_try_layer(s, (struct test_layer){ "c", NULL, "", 4, .facts = "new" }, &err),
		1);
	assert_int_equal(number(s, "SELECT count(*) FROM layer_content"), 2);
	test_delete_layer(s, "b");
	assert_int_equal(number(s, "SELECT count(*) FROM layer_content"), 2);
	test_delete_layer(s, "a");
	assert_int_equal(number(s, "SELECT count(*) FROM layer_content"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM layer_feature"), 0);
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

static void test_history_of_edits_has_an_end(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct err err = ERR_INIT;

	(void)test_edit(s, (struct test_edit){ "CVE-1", "bash=1", .description = "1",
				   .notify = STORE_NOTIFY_ALL });
	(void)test_edit(s, (struct test_edit){ "CVE-1", "bash=2", .description = "2",
				   .notify = STORE_NOTIFY_ALL });
	assert_int_equal(number(s, "SELECT count(*) FROM notification"), 2);
	assert_ok(sqlite_exec(db_of(s),
			  "UPDATE vulnerability SET deleted_at = 1 WHERE deleted_at IS NOT NULL",
			  &err),
		&err);
	/* A notification shows it. */
	(void)test_edit(s, (struct test_edit){ "CVE-2", "bash=1", .description = "1" });
	assert_int_equal(number(s, "SELECT count(*) FROM vulnerability"), 3);
	assert_int_equal(number(s, "SELECT count(*) FROM text"), 2);
	assert_ok(sqlite_exec(db_of(s), "UPDATE notification SET deleted_at = 1", &err), &err);
	(void)test_edit(s, (struct test_edit){ "CVE-2", "bash=2", .description = "3" });
	assert_int_equal(number(s, "SELECT count(*) FROM notification"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM vulnerability"), 3);
	assert_int_equal(number(s, "SELECT count(*) FROM text"), 3);
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

static void test_expired_locks_are_dropped(void **state UNUSED)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);
	struct err err = ERR_INIT;

	assert_int_equal(store_lock(s, STR("a"), STR("me"), -5, false, NULL, &err), 1);
	assert_int_equal(store_lock(s, STR("b"), STR("me"), 1000, false, NULL, &err), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM lock"), 1);
	store_close(s);
	test_remove_path(path);
}

/* --- opening an older one */

/* What migration 003 copies. */
static void test_fixes_of_an_older_database_stay(void **state UNUSED)
{
	char *path = test_new_path();
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sqlite_migrations[0].sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sqlite_migrations[1].sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"INSERT INTO namespace VALUES (1, 'debian:12', 'dpkg');"
			"INSERT INTO package VALUES (1, 1, 'bash');"
			"INSERT INTO source VALUES (1, 'debian', '', '', '', '', 5, 5, 2);"
			"INSERT INTO vulnerability VALUES (1, 1, 1, 'CVE-1', 2, '', NULL, '', x'00', 5, NULL);"
			"INSERT INTO vulnerability VALUES (2, 1, 1, 'CVE-2', 2, '', NULL, '', x'00', 5, 6);"
			"INSERT INTO fix VALUES (1, x'ff', x'', 1, '', '', 0, 2);"
			"INSERT INTO deleted_fix VALUES (2, 1, x'', '', x'ff', '', 0, 2);"
			"PRAGMA application_id = 0x436c6172; PRAGMA user_version = 2",
			NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	struct store *s = test_open(path, 0);
	assert_match(s, "debian:12", "bash", "1", "CVE-1=");
	assert_int_equal(number(s, "SELECT count(*) FROM deleted_fix"), 1);
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

static void test_older_database_gets_the_new_tables(void **state UNUSED)
{
	char *path = test_new_path();
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sqlite_migrations[0].sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "INSERT INTO namespace VALUES (1, 'debian:12', 'dpkg');"
				 "PRAGMA application_id = 0x436c6172; PRAGMA user_version = 1",
				 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	struct store *s = test_open(path, 0);
	test_layer(s, "a", NULL, "bash=1");
	assert_features(s, "a", "bash=1@a");
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

/* --- dying */

static int die_now(void *aux UNUSED)
{
	return kill(getpid(), SIGKILL);
}

/* In a child that is killed after so many instructions of SQLite's. Whether it got through. */
static bool do_and_die(const char *path, int instructions, void (*action)(struct store *s))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct store *s = test_open(path, 0);

		sqlite3_progress_handler(db_of(s)->handle, instructions, die_now, NULL);
		action(s);
		sqlite3_progress_handler(db_of(s)->handle, 0, NULL, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	return !WIFSIGNALED(status);
}

static char *new_database(void)
{
	char *path = test_new_path();
	struct store *s = test_open(path, STORE_CREATE);

	test_layer(s, "base", NULL, "bash=1 curl=1");
	test_layer(s, "a", "base", "bash=1@base zsh=1");
	test_layer(s, "heir", "a", NULL);
	test_layer(s, "top", "heir", "bash=1@base dash=1");
	(void)test_edit(s, (struct test_edit){ "CVE-1", "bash=2 zsh=3" });
	store_close(s);
	return path;
}

static const char *state_of(struct store *s, struct arena *a)
{
	static const char *const layers[] = { "base", "a", "heir", "top" };
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);

	for (size_t i = 0; i < ARRAY_LEN(layers); i++)
		buf_printf(&text, "%s: %s\n", layers[i], test_features(s, a, layers[i]));
	buf_printf(&text, "%s\n", test_vulnerability(s, a, "debian:12", "CVE-1"));
	buf_printf(&text, "%" PRId64 " notifications, generation %" PRId64 "\n",
		number(s, "SELECT count(*) FROM notification"),
		number(s, "SELECT value FROM generation"));
	return arena_cstr(a, buf_str(&text));
}

static const char *state_at(const char *path, struct arena *a)
{
	struct store *s = test_open(path, 0);

	assert_sound(s);
	const char *text = state_of(s, a);
	store_close(s);
	return text;
}

static void replace_layer(struct store *s)
{
	struct err err = ERR_INIT;

	if (test_try_layer(s, (struct test_layer){ "a", "base", NULL, 4, .facts = "new" }, &err) <
		0)
		_exit(1);
}

static void delete_layer(struct store *s)
{
	struct err err = ERR_INIT;

	if (store_layer_delete(s, STR("a"), &err) < 0)
		_exit(1);
}

static void edit(struct store *s)
{
	struct err err = ERR_INIT;

	if (test_try_edit(s, (struct test_edit){ "CVE-1", "bash=5 -zsh", SEVERITY_HIGH, "text" },
		    &err) < 0)
		_exit(1);
}

static void withdraw(struct store *s)
{
	struct err err = ERR_INIT;

	if (store_vulnerability_delete(s, STR("debian:12"), STR("CVE-1"), STORE_NOTIFY_ALL, &err) <
		0)
		_exit(1);
}

static void check_killed(void (*action)(struct store *s))
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	char *whole = new_database(), *path = new_database();
	const char *before = state_at(path, &a);
	int killed = 0;

	assert_true(do_and_die(whole, INT32_MAX, action));
	const char *after = state_at(whole, &a);
	assert_string_not_equal(before, after);
	for (int instructions = 1;; instructions += instructions / 16 + 1, killed++) {
		bool done = do_and_die(path, instructions, action);

		assert_string_equal(state_at(path, &a), done ? after : before);
		if (done)
			break;
	}
	assert_true(killed > 10);
	test_remove_path(path);
	test_remove_path(whole);
}

static void test_killed_writer_leaves_the_old_state(void **state UNUSED)
{
	check_killed(replace_layer);
	check_killed(delete_layer);
	check_killed(edit);
	check_killed(withdraw);
}

/* --- several at once */

static void test_reading_waits_for_no_writer(void **state UNUSED)
{
	char *path = new_database();
	struct store *writer = test_open(path, 0), *reader = test_open(path, 0);
	struct layer_put put = { .name = STR("b") };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str name;
	struct err err = ERR_INIT;

	store_set_busy_timeout(reader, 0);
	assert_ok(sqlite_begin((struct sqlite_store *)writer, &err), &err);
	assert_ok(sqlite_exec(db_of(writer), "DELETE FROM layer_feature", &err), &err);
	assert_features(reader, "heir", "bash=1@base zsh=1@a");
	assert_findings(reader, "heir", "bash/1:CVE-1=2 zsh/1:CVE-1=3");
	assert_vulnerability(reader, "CVE-1", "Unknown ; bash=2 zsh=3");
	assert_true(test_has_layer(reader, "a"));
	/* Writing would. */
	assert_fails(store_layer_put(reader, &put, &err), &err, ERR_BUSY, path);
	assert_fails(
		test_try_edit(reader, (struct test_edit){ "CVE-2" }, &err), &err, ERR_BUSY, path);
	assert_fails(
		store_lock(reader, STR("l"), STR("o"), 1, false, NULL, &err), &err, ERR_BUSY, path);
	assert_fails(store_notification_take(reader, STR("o"), 0, 1, &a, &name, &err), &err,
		ERR_BUSY, path);
	sqlite_rollback(db_of(writer));
	assert_int_equal(store_layer_put(reader, &put, &err), 1);
	store_close(writer);
	store_close(reader);
	test_remove_path(path);
}

static void test_writers_of_many_processes_lose_nothing(void **state UNUSED)
{
	enum { PROCESSES = 4, LAYERS = 30 };
	char *path = new_database();
	pid_t pids[PROCESSES];
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct store *s = test_open(path, 0);
			char name[32];
			int stored = 0;
			struct err err = ERR_INIT;

			/* All of them want the same. */
			for (int k = 0; k < LAYERS; k++) {
				(void)snprintf(name, sizeof(name), "layer-%d", k);
				int r = test_try_layer(s,
					(struct test_layer){ name, "base", "bash=1@base x=1" },
					&err);
				if (r < 0) {
					(void)fprintf(stderr, "%s\n", err_msg(&err));
					_exit(255);
				}
				stored += r;
			}
			_exit(stored);
		}
	}
	int stored = 0;
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
		stored += WEXITSTATUS(status);
	}
	assert_int_equal(stored, LAYERS);
	struct store *s = test_open(path, 0);
	assert_int_equal(number(s, "SELECT count(*) FROM layer"), LAYERS + 4);
	assert_sound(s);
	store_close(s);
	test_remove_path(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements_read_ranges_of_indexes),
		cmocka_unit_test(test_facts_are_held_once_and_not_longer_than_needed),
		cmocka_unit_test(test_history_of_edits_has_an_end),
		cmocka_unit_test(test_expired_locks_are_dropped),
		cmocka_unit_test(test_older_database_gets_the_new_tables),
		cmocka_unit_test(test_fixes_of_an_older_database_stay),
		cmocka_unit_test(test_killed_writer_leaves_the_old_state),
		cmocka_unit_test(test_reading_waits_for_no_writer),
		cmocka_unit_test(test_writers_of_many_processes_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
