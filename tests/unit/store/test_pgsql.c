/*
 * What is PostgreSQL's own: which databases are taken, and what messages say of where they are.
 */
#include "pgsql_test.h"

int pgsql_set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->location = test_pgsql_new_location();
	f->store = test_open(f->location, STORE_CREATE);
	*state = f;
	return 0;
}

int pgsql_tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	test_pgsql_remove_location(f->location);
	free(f);
	return 0;
}

static void assert_not_opened(const char *location, enum err_code code, const char *message)
{
	static const unsigned flags[] = { 0, STORE_CREATE, STORE_READ_ONLY };
	struct store *s = NULL;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		assert_fails(store_open(location, flags[i], &s, &err), &err, code, message);
}

#define COUNT_TABLES "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"

/* --- which databases */

static void test_database_of_the_original_is_refused(void **state UNUSED)
{
	static const char *const tables[] = { "schema_migrations (version int)",
		"featureversion (id int)", "vulnerability_fixedin_feature (id int)" };
	char sql[200];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char *location = test_pgsql_new_location();

		(void)snprintf(sql, sizeof(sql), "CREATE TABLE %s", tables[i]);
		test_pgsql_do(location, sql);
		assert_not_opened(location, ERR_INPUT, "new database");
		assert_int_equal(test_pgsql_number(location, COUNT_TABLES), 1);
		test_pgsql_remove_location(location);
	}
}

static void test_tables_of_others_are_not_mixed_with_ours(void **state UNUSED)
{
	char *location = test_pgsql_new_location();

	test_pgsql_do(location, "CREATE TABLE layer (id int)");
	assert_not_opened(location, ERR_INPUT, "another program");
	assert_int_equal(test_pgsql_number(location, COUNT_TABLES), 1);
	test_pgsql_do(location, "DROP TABLE layer; CREATE TABLE song (title text)");
	store_close(test_open(location, STORE_CREATE));
	test_pgsql_remove_location(location);
}

static void test_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;

	test_pgsql_do(f->location, "UPDATE clair_schema SET version = 1000");
	assert_not_opened(f->location, ERR_UNSUPPORTED, "newer version");
}

static void test_older_schema_may_not_be_changed_when_reading(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct err err = ERR_INIT;

	test_pgsql_do(f->location, "DELETE FROM clair_schema");
	assert_fails(store_open(f->location, STORE_READ_ONLY, &s, &err), &err, ERR_NOT_FOUND,
		f->location);
}

static void test_search_path_without_a_schema_is_told(void **state UNUSED)
{
	_cleanup_free_ char *location = NULL;

	test_pgsql_start();
	assert_true(asprintf(&location,
			    "postgresql://clair@/postgres?host=%s&options=-csearch_path"
			    "%%3Dnowhere",
			    test_pgsql_folder()) > 0);
	assert_not_opened(location, ERR_INPUT, "search_path");
}

static void test_database_that_cannot_hold_every_text_is_refused(void **state)
{
	static const char *const encodings[] = { "LATIN1", "SQL_ASCII" };
	struct fixture *f = *state;
	char location[300], sql[200];

	for (size_t i = 0; i < ARRAY_LEN(encodings); i++) {
		(void)snprintf(sql, sizeof(sql),
			"CREATE DATABASE other%zu TEMPLATE template0 ENCODING '%s'", i,
			encodings[i]);
		test_pgsql_do(f->location, sql);
		(void)snprintf(location, sizeof(location), "postgresql://clair@/other%zu?host=%s",
			i, test_pgsql_folder());
		if (i == 0)
			assert_not_opened(location, ERR_UNSUPPORTED, "LATIN1");
		else
			store_close(test_open(location, STORE_CREATE));
		(void)snprintf(sql, sizeof(sql), "DROP DATABASE other%zu", i);
		test_pgsql_do(f->location, sql);
	}
}

static void test_schema_is_complete_and_versioned(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(test_pgsql_number(f->location, "SELECT version FROM clair_schema"),
		pgsql_migrations_count);
	/* Others read it. */
	test_pgsql_do(f->location, "INSERT INTO keyvalue VALUES ('updater/last', '5')");
	assert_int_equal(test_pgsql_number(f->location,
				 "SELECT value FROM keyvalue WHERE key = 'updater/last'"),
		5);
}

static void test_text_is_in_byte_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(test_pgsql_number(f->location,
				 "SELECT count(*) FROM information_schema.columns WHERE"
				 " table_schema = current_schema() AND column_name IN ('name',"
				 " 'key', 'owner', 'version') AND data_type = 'text'"
				 " AND collation_name IS DISTINCT FROM 'C'"),
		0);
}

/* --- locations */

static void test_connection_strings_are_taken(void **state)
{
	static const struct {
		const char *head, *middle;
	} forms[] = {
		{ "pgsql:host=", " user=clair dbname=postgres options=-csearch_path=" },
		{ "pgsql:postgresql://clair@/postgres?host=", "&options=-csearch_path%3D" },
		{ "postgres://clair@/postgres?host=", "&options=-csearch_path%3D" },
		/* The second host answers, and may be written to. */
		{ "postgresql://clair@/postgres?host=/nonexistent,", "&options=-csearch_path%3D" },
	};
	struct fixture *f = *state;
	const char *schema = strrchr(f->location, 't');
	char location[300];
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		(void)snprintf(location, sizeof(location), "%s%s%s%s", forms[i].head,
			test_pgsql_folder(), forms[i].middle, schema);
		struct store *s = test_open(location, 0);
		assert_ok(store_ping(s, &err), &err);
		store_close(s);
	}
}

static void test_session_says_who_it_is(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM pg_stat_activity"
							" WHERE application_name = 'clair'"),
		1);
}

static void test_unreachable_server_is_named(void **state UNUSED)
{
	assert_not_opened("postgresql://clair@/db?host=/nonexistent", ERR_UPSTREAM, "/nonexistent");
	assert_not_opened("postgresql://clair@127.0.0.1:1/db", ERR_UPSTREAM, "127.0.0.1");
	test_pgsql_start();
	_cleanup_free_ char *location = NULL;
	assert_true(
		asprintf(&location, "postgresql://clair@/nosuch?host=%s", test_pgsql_folder()) > 0);
	assert_not_opened(location, ERR_UPSTREAM, "nosuch");
}

static void test_passwords_are_never_told(void **state UNUSED)
{
	static const struct {
		const char *location;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ "postgresql://u:geheim@127.0.0.1:1/db", ERR_UPSTREAM, "127.0.0.1:1/db" },
		{ "postgresql://u@127.0.0.1:1/db?password=geheim", ERR_UPSTREAM, "u@127.0.0.1" },
		{ "postgresql://u@127.0.0.1:1/db?sslpassword=geheim", ERR_UPSTREAM, "127.0.0.1" },
		/* Where libpq would take them for something else. */
		{ "postgresql://u:sehr@geheim@127.0.0.1:1/db", ERR_USAGE, "%40" },
		{ "postgresql://u:sehr/geheim@127.0.0.1:1/db", ERR_USAGE, "%2F" },
		{ "postgresql://u:geheim/@127.0.0.1:1/db", ERR_USAGE, "%2F" },
		{ "postgresql://u:geheim?@127.0.0.1:1/db", ERR_UPSTREAM, "127.0.0.1:1/db" },
		{ "postgresql://u:geheim@127.0.0.1:1/db?application_name=a@b", ERR_UPSTREAM,
			"127.0.0.1:1/db" },
		{ "pgsql:host=127.0.0.1 port=1 password=geheim", ERR_UPSTREAM, "127.0.0.1" },
		{ "pgsql:host=127.0.0.1 password=sehr geheim", ERR_USAGE, "location" },
		{ "postgresql://u:%zzgeheim@127.0.0.1/db", ERR_USAGE, "location" },
		{ "postgresql://127.0.0.1/db?password=x&geheim", ERR_USAGE, "location" },
		{ "pgsql:colour=red", ERR_USAGE, "colour" },
	};
	struct err err = ERR_INIT;
	struct store *s = NULL;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(store_open(cases[i].location, STORE_CREATE, &s, &err) < 0);
		assert_int_equal(err.code, cases[i].code);
		if (strstr(err_msg(&err), "geheim") || !strstr(err_msg(&err), cases[i].message))
			fail_msg("%s: %s", cases[i].location, err_msg(&err));
		err_clear(&err);
	}
}

int pgsql_opening(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_database_of_the_original_is_refused),
		cmocka_unit_test(test_tables_of_others_are_not_mixed_with_ours),
		PG_TEST(test_newer_schema_is_refused),
		PG_TEST(test_older_schema_may_not_be_changed_when_reading),
		cmocka_unit_test(test_search_path_without_a_schema_is_told),
		PG_TEST(test_database_that_cannot_hold_every_text_is_refused),
		PG_TEST(test_schema_is_complete_and_versioned),
		PG_TEST(test_text_is_in_byte_order),
		PG_TEST(test_connection_strings_are_taken),
		PG_TEST(test_session_says_who_it_is),
		cmocka_unit_test(test_unreachable_server_is_named),
		cmocka_unit_test(test_passwords_are_never_told),
	};

	return cmocka_run_group_tests_name("opening", tests, NULL, NULL);
}

int main(void)
{
	return pgsql_opening() + pgsql_failures() + pgsql_threads() + pgsql_bounds();
}
