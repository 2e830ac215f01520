/*
 * Connection strings: what is one, and that a label tells the database without its secrets.
 */
#include "../test.h"

#include "config/config_priv.h"

static void assert_label(const char *source, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct config c = { .database = { .type = CONFIG_PGSQL, .source = source } };

	assert_str(config_database_label(&a, &c, "/default.db"), expected);
}

static void test_labels_of_urls(void **state UNUSED)
{
	assert_label("postgresql://db/clair", "postgresql://db/clair");
	assert_label("postgres://db:5432/clair?sslmode=disable", "postgresql://db:5432/clair");
	assert_label("postgresql://clair:hunter2@db:5432/clair", "postgresql://db:5432/clair");
	assert_label("postgresql://clair@db", "postgresql://db");
	assert_label("postgresql://u:p@h1:1,h2:2/clair?target_session_attrs=read-write",
		"postgresql://h1:1,h2:2/clair");
	assert_label("postgresql:///clair?host=/run&password=hunter2", "postgresql:///clair");
	assert_label("postgresql://[::1]:5432/clair", "postgresql://[::1]:5432/clair");
	assert_label("postgresql://", "postgresql://");
}

static void test_labels_of_pairs(void **state UNUSED)
{
	assert_label("host=db port=5432 dbname=clair user=clair password=hunter2 sslmode=disable",
		"PostgreSQL host=db port=5432 dbname=clair user=clair");
	assert_label("host = 'my db'  password = 'hunter2 host=x'", "PostgreSQL host='my db'");
	assert_label("password=hunter\\ 2 host=db", "PostgreSQL host=db");
	assert_label("password='hunter\\' host=2' service=s", "PostgreSQL service=s");
	assert_label("dbname='host=x password=hunter2' user=u", "PostgreSQL user=u");
	assert_label("dbname=postgres://u:hunter2@h user=u", "PostgreSQL user=u");
}

/* Whatever is wrong with it, a secret is not shown. */
static void test_labels_never_hold_the_password(void **state UNUSED)
{
	static const char *const sources[] = {
		"postgresql://u:hunter2@db/clair",
		"postgresql://u:hunter2#@db/clair",
		"postgresql://u:@hunter2@db/clair",
		"postgresql://u:x/hunter2@db/clair",
		"postgresql://u:x?hunter2@db/clair",
		"postgresql://db/clair?password=hunter2",
		"postgresql://db/clair?password=x@hunter2",
		"postgresql://db?password=hunter2",
		"host=db password=hunter2",
		"host=db password = hunter2",
		"host=db 'hunter2",
		"hunter2",
		"password='hunter2",
		"password=x' hunter2",
		"host=db sslpassword=hunter2 passfile=hunter2",
		"=hunter2",
	};

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct config c = { .database = { .type = CONFIG_PGSQL, .source = sources[i] } };
		struct str label = config_database_label(&a, &c, "/default.db");

		if (str_find(label, STR("hunter2")) >= 0)
			fail_msg("\"%s\" is labelled %" PRIstr, sources[i], STR_ARG(label));
		assert_true(str_starts(label, STR("postgresql://")) ||
			    str_starts(label, STR("PostgreSQL")));
	}
}

static void test_labels_of_sqlite(void **state UNUSED)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct config c = { .database = { .type = CONFIG_SQLITE, .path = "/x/clair.db" } };

	assert_str(config_database_label(&a, &c, "/default.db"), "SQLite /x/clair.db");
	c.database.path = NULL;
	assert_str(config_database_label(&a, &c, "/default.db"), "SQLite /default.db");
}

static void test_what_is_a_connection_string(void **state UNUSED)
{
	static const char *const right[] = { "postgresql://", "postgres://x", "host=x",
		" host = x ", "host='' user=''", "a=b\nc=d", "password=\\'x", "a=", "a='b'c=d" };
	static const char *const wrong[] = { "", " ", "x", "clair", "host", "host x", "=x",
		"host='x", "host='x\\'", "host=x\\", "host=x y", "mysql://x",
		"POSTGRES_CONNECTION_STRING", "Host=x" };

	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		if (!source_is_valid(str_of(right[i])))
			fail_msg("\"%s\" was refused", right[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (source_is_valid(str_of(wrong[i])))
			fail_msg("\"%s\" was taken", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels_of_urls),
		cmocka_unit_test(test_labels_of_pairs),
		cmocka_unit_test(test_labels_never_hold_the_password),
		cmocka_unit_test(test_labels_of_sqlite),
		cmocka_unit_test(test_what_is_a_connection_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
