/*
 * What is PostgreSQL's own: how statements find their rows, names and keys that no index could
 * hold, and how the database stays bounded.
 */
#include "pgsql_test.h"

/* --- plans */

static const struct {
	int statement;
	const char *arguments;
	const char *index; /* that has to be used */
} plans[] = {
	{ PG_MATCH, "'{}', '{}', '{}'", "fix_match" },
	{ PG_HAS_NAMESPACE, "''", "fix_match" },
	{ PG_LAYER_FEATURES, "''", "layer_feature_pkey" },
	{ PG_LAYER_MATCHES, "''", "fix_match" },
	{ PG_LAYER_STATE, "''", "layer_name_key" },
	{ PG_FEATURE_FIND, "'{}'", "feature_hash_key" },
	{ PG_PACKAGE_ADD, "'{}', '{}'", "package_namespace_id_name_key" },
	{ PG_VULNERABILITY_FIND, "'', ''", "vulnerability_current" },
	{ PG_VULNERABILITY_LIST, "1, 1, 1", "vulnerability_by_namespace" },
	{ PG_FIXES, "1", "fix_vulnerability" },
	{ PG_NOTIFICATION_LAYERS, "1, 1, 1", "layer_feature_introduced" },
	{ PG_NOTIFICATION_TAKE, "'', 1, 1", "notification_open" },
};

/* Tables of some rows, that are read whole whatever else there is. */
static bool is_small(struct str line)
{
	return str_find(line, STR("on generation")) >= 0 || str_find(line, STR("CTE")) >= 0;
}

static void check_plan(PGconn *c, int statement, const char *arguments, const char *index)
{
	_cleanup_buf_ struct buf sql = BUF_INIT(16 * KIB), plan = BUF_INIT(64 * KIB);

	buf_printf(&sql, "PREPARE checked AS %s", pgsql_sql[statement]);
	free(test_pgsql_ask(c, buf_cstr(&sql)));
	buf_clear(&sql);
	buf_printf(&sql, "EXPLAIN EXECUTE checked(%s)", arguments);
	PGresult *r = PQexec(c, buf_cstr(&sql));
	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	for (int row = 0; row < PQntuples(r); row++) {
		struct str line = str_of(PQgetvalue(r, row, 0));

		buf_printf(&plan, "%" PRIstr "\n", STR_ARG(line));
		if ((str_find(line, STR("Seq Scan")) >= 0 ||
			    str_find(line, STR("Hash Join")) >= 0) &&
			!is_small(line))
			fail_msg("statement %d: %" PRIstr, statement, STR_ARG(line));
	}
	if (!strstr(buf_cstr(&plan), index))
		fail_msg("statement %d does not use %s:\n%s", statement, index, buf_cstr(&plan));
	PQclear(r);
	free(test_pgsql_ask(c, "DEALLOCATE checked"));
}

static void test_statements_are_lookups_by_indexes(void **state)
{
	struct fixture *f = *state;
	PGconn *c = ((struct pg_store *)f->store)->conn;

	for (size_t i = 0; i < ARRAY_LEN(plans); i++)
		check_plan(c, plans[i].statement, plans[i].arguments, plans[i].index);
}

static void test_all_statements_are_valid(void **state)
{
	struct fixture *f = *state;
	PGconn *c = ((struct pg_store *)f->store)->conn;

	for (int i = 0; i < PG_STATEMENT_COUNT; i++) {
		PGresult *r = PQprepare(c, "", pgsql_sql[i], 0, NULL);

		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			fail_msg("statement %d: %s", i, PQerrorMessage(c));
		PQclear(r);
	}
}

/* --- names and keys */

/* Its key is longer than what a row of an index may hold. */
enum { LONG_VERSION = 1300 };

static char *long_text(size_t n, char end)
{
	char *text = xmalloc(n + 1);
	uint32_t x = 1;

	/* That does not compress. */
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (char)('a' + (x >> 24) % 26);
	}
	text[0] = '1';
	text[n - 1] = end;
	text[n] = '\0';
	return text;
}

static void test_long_versions_are_matched(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *one = long_text(LONG_VERSION, '1'),
			    *two = long_text(LONG_VERSION, '2');
	_cleanup_free_ char *expected = NULL;
	struct store_update *u = test_begin(f->store, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", two);
	test_put(u, "debian:12", "CVE-2", "bash", two, "");
	(void)test_commit(u, 1);
	assert_true(asprintf(&expected, "CVE-1=%s", two) > 0);
	assert_match(f->store, "debian:12", "bash", one, expected);
	assert_match(f->store, "debian:12", "bash", two, "CVE-2=");
	assert_match(f->store, "debian:12", "bash", "0", expected);
}

static void test_features_may_have_long_names(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *name = long_text(LIMIT_PACKAGE_FIELD, 'x');
	_cleanup_free_ char *version = long_text(LONG_VERSION, 'y');
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct layer_feature feature = { .name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = str_of(name),
		.version = str_of(version),
		.package = str_of(name),
		.key = test_key(&a, version) };
	const struct layer_put put = { .name = STR("base"), .features = &feature, .n_features = 1 };
	struct layer_view view;
	struct err err = ERR_INIT;

	assert_int_equal(store_layer_put(f->store, &put, &err), 1);
	assert_int_equal(store_layer_read(f->store, STR("base"), LAYER_PART_VULNERABILITIES, &a,
				 &view, &err),
		1);
	assert_int_equal(view.features.n, 1);
	assert_str(view.features.v[0].name, name);
	assert_str(view.features.v[0].version, version);
	layer_view_fini(&view);
}

static void test_advisories_with_long_names_are_refused_alone(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *name = long_text(LIMIT_PGSQL_NAME + 1, 'x');
	struct store_update *u = test_begin(f->store, "debian");
	struct err err = ERR_INIT;

	assert_fails(test_try_put(u, "debian:12", name, "bash", "", "1", &err), &err, ERR_INPUT,
		"1025 bytes");
	assert_fails(test_try_put(u, "debian:12", "CVE-1", name, "", "1", &err), &err, ERR_INPUT,
		"1025 bytes");
	assert_fails(test_try_put(u, name, "CVE-1", "bash", "", "1", &err), &err, ERR_INPUT,
		"1025 bytes");
	name[LIMIT_PGSQL_NAME] = '\0';
	test_put(u, name, name, name, "", "1");
	assert_result(test_commit(u, 1), 1, 0, 0, 0);
}

/* --- how the database stays bounded */

static void test_deleted_advisories_have_an_end(void **state)
{
	struct fixture *f = *state;
	const int64_t later = LIMIT_DELETED_ADVISORY_S + 10;
	struct store_update *u = test_begin(f->store, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	(void)test_commit(u, 1);
	u = test_begin(f->store, "debian");
	store_update_set_notify(u, STORE_NOTIFY_NONE);
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	(void)test_commit(u, 5);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM deleted_fix"), 1);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM text"), 2);
	u = test_begin(f->store, "debian");
	test_put(u, "debian:12", "CVE-2", "bash", "", "2");
	(void)test_commit(u, later);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM vulnerability"), 2);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM deleted_fix"), 1);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM text"), 1);
}

static void test_oldest_facts_are_dropped(void **state)
{
	struct fixture *f = *state;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct digest one = { { 1 } }, two = { { 2 } }, three = { { 3 } };
	struct span facts;
	struct err err = ERR_INIT;

	assert_ok(store_facts_put(f->store, &one, 1, span_n("x", 1), &err), &err);
	assert_ok(store_facts_put(f->store, &two, 1, span_n("x", 1), &err), &err);
	assert_ok(store_facts_put(f->store, &one, 1, span_n("y", 1), &err), &err);
	test_pgsql_do(f->location, "UPDATE layer_facts SET size = 200 * 1024 * 1024 - 1");
	assert_ok(store_facts_put(f->store, &three, 1, span_n("x", 1), &err), &err);
	assert_int_equal(store_facts_get(f->store, &two, 1, &a, &facts, &err), 0);
	assert_int_equal(store_facts_get(f->store, &one, 1, &a, &facts, &err), 1);
	assert_int_equal(store_facts_get(f->store, &three, 1, &a, &facts, &err), 1);
}

static void test_oldest_file_digests_are_dropped(void **state)
{
	struct fixture *f = *state;
	const struct file_stamp first = { .inode = 1 }, second = { .inode = 2 };
	const struct file_stamp third = { .inode = 3 };
	struct digest d = { { 1 } };
	struct err err = ERR_INIT;

	assert_ok(store_file_digest_put(f->store, &first, &d, &err), &err);
	assert_ok(store_file_digest_put(f->store, &second, &d, &err), &err);
	test_pgsql_do(f->location, "UPDATE file_digest SET id = 3 WHERE inode = 2;"
				   " SELECT setval('file_digest_id_seq', 65537)");
	assert_ok(store_file_digest_put(f->store, &third, &d, &err), &err);
	assert_int_equal(store_file_digest_get(f->store, &first, &d, &err), 0);
	assert_int_equal(store_file_digest_get(f->store, &second, &d, &err), 1);
	assert_int_equal(store_file_digest_get(f->store, &third, &d, &err), 1);
}

static void test_values_out_of_range_are_damage(void **state)
{
	static const char *const statements[] = { "UPDATE fix SET severity = 99",
		"UPDATE fix SET severity = -1", "UPDATE fix SET severity = 1, state = 99" };
	struct fixture *f = *state;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct match_query query = { STR("debian:12"), STR("bash"), test_key(&a, "1") };
	struct match_list list = { VEC_INIT };
	struct store_update *u = test_begin(f->store, "debian");
	struct err err = ERR_INIT;

	test_put(u, "debian:12", "CVE-1", "bash", "", "2");
	(void)test_commit(u, 1);
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
		test_pgsql_do(f->location, statements[i]);
		assert_fails(store_match(f->store, &query, 1, &a, &list, &err), &err, ERR_INPUT,
			f->location);
	}
	vec_fini(&list.items);
}

int pgsql_bounds(void)
{
	const struct CMUnitTest tests[] = {
		PG_TEST(test_statements_are_lookups_by_indexes),
		PG_TEST(test_all_statements_are_valid),
		PG_TEST(test_long_versions_are_matched),
		PG_TEST(test_features_may_have_long_names),
		PG_TEST(test_advisories_with_long_names_are_refused_alone),
		PG_TEST(test_deleted_advisories_have_an_end),
		PG_TEST(test_oldest_facts_are_dropped),
		PG_TEST(test_oldest_file_digests_are_dropped),
		PG_TEST(test_values_out_of_range_are_damage),
	};

	return cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
