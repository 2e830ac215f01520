/*
 * rpm databases of the SQLite kind, real and hostile.
 */
#include "rpm_test.h"

#include <sqlite3.h>

#define PACKAGES                                            \
	"CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, " \
	"blob BLOB NOT NULL);"
/* A header with name "n", version "v", release "r". */
#define HEADER                             \
	"x'0000000300000006"               \
	"000003e8000000060000000000000001" \
	"000003e9000000060000000200000001" \
	"000003ea000000060000000400000001" \
	"6e0076007200'"
#define ROWS "INSERT INTO Packages VALUES (1, " HEADER "), (5, " HEADER ");"

/* The bytes of a database that these statements make; heap. */
static struct span make_database(const char *sql)
{
	sqlite3 *db;
	sqlite3_int64 n;
	char *message = NULL;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	unsigned char *p = sqlite3_serialize(db, "main", &n, 0);
	void *copy = xmalloc((size_t)n);
	memcpy(copy, p, (size_t)n);
	sqlite3_free(p);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return span_n(copy, (size_t)n);
}

static struct parsed parse_sql(const char *sql)
{
	struct span main = make_database(sql);
	struct parsed p = parse(&package_rpm_sqlite, main, span_n(NULL, 0));

	free_database(main);
	return p;
}

static void test_real_database_is_read(void **state UNUSED)
{
	assert_matches_tsv(&package_rpm_sqlite, "fedora35.sqlite", "fedora35.sqlite.tsv");
}

static void test_order_is_the_table_s(void **state UNUSED)
{
	struct span main = read_database("small.sqlite");
	struct parsed p = parse(&package_rpm_sqlite, main, span_n(NULL, 0));

	assert_ok(p.result, &p.err);
	assert_string_equal(parsed_names(&p), "alpha,beta,gamma");
	parsed_free(&p);
	free_database(main);
}

static void test_cuts_are_refused(void **state UNUSED)
{
	assert_cuts_refused(&package_rpm_sqlite, "small.sqlite", 1);
	assert_cuts_refused(&package_rpm_sqlite, "fedora35.sqlite", 4051);
}

static void test_flipped_bytes_are_survived(void **state UNUSED)
{
	assert_survives_flips(&package_rpm_sqlite, "small.sqlite", 2000);
	assert_survives_flips(&package_rpm_sqlite, "fedora35.sqlite", 200);
}

static void test_harmless_variants_are_read(void **state UNUSED)
{
	static const char *const cases[] = {
		PACKAGES ROWS,
		"PRAGMA page_size = 512;" PACKAGES ROWS,
		"PRAGMA page_size = 65536;" PACKAGES ROWS,
		"PRAGMA encoding = 'UTF-16le';" PACKAGES ROWS,
		"PRAGMA auto_vacuum = 1;" PACKAGES ROWS,
		PACKAGES ROWS "CREATE INDEX i ON Packages (blob);",
		PACKAGES ROWS "CREATE TRIGGER t AFTER INSERT ON Packages BEGIN SELECT 1; END;",
		PACKAGES ROWS "CREATE VIEW v AS SELECT * FROM nowhere;",
		/* Would take forever if it were evaluated. */
		"CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL "
		"CHECK (length(hex(zeroblob(1000))) + hnum > 0));" ROWS,
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p = parse_sql(cases[i]);
		if (p.result < 0)
			fail_msg("%s: %s", cases[i], err_msg(&p.err));
		assert_string_equal(parsed_names(&p), "n,n");
		parsed_free(&p);
	}
}

/* Writes a schema that SQLite would not accept as a statement. */
#define FORGE(table, sql)              \
	"PRAGMA writable_schema = on;" \
	"UPDATE sqlite_schema SET sql = '" sql "' WHERE name = '" table "';"

static void test_hostile_schemas_are_refused(void **state UNUSED)
{
	static const struct {
		const char *sql, *message;
	} cases[] = {
		{ "CREATE TABLE other (x);", "no such table: main.Packages" },
		{ "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY);", "no such column: blob" },
		{ "CREATE VIEW Packages AS SELECT 1 AS hnum, " HEADER " AS blob;",
			"access to view \"Packages\" prohibited" },
		{ "CREATE VIEW Packages AS WITH RECURSIVE r(hnum) AS (SELECT 1 UNION ALL "
		  "SELECT hnum + 1 FROM r) SELECT hnum, " HEADER " AS blob FROM r;",
			"SQLite: " },
		{ "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS "
		  "(zeroblob(1000000000)) VIRTUAL); INSERT INTO Packages VALUES (1);",
			"column blob of Packages is computed" },
		{ "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS "
		  "(" HEADER ") STORED); INSERT INTO Packages VALUES (1);",
			"column blob of Packages is computed" },
		{ PACKAGES ROWS FORGE("Packages", "CREATE VIRTUAL TABLE Packages USING fts5(x)"),
			"SQLite: " },
		{ PACKAGES ROWS FORGE("Packages", "CREATE VIRTUAL TABLE Packages USING dbstat(x)"),
			"SQLite: " },
		{ PACKAGES ROWS FORGE("Packages", "CREATE TABLE Packages (hnum, blob"),
			"malformed database schema" },
		{ PACKAGES "INSERT INTO Packages VALUES (3, 'text');", "package 3: not a blob" },
		{ PACKAGES "INSERT INTO Packages VALUES (3, x'0102');",
			"package 3: header of 2 bytes" },
		{ PACKAGES "INSERT INTO Packages VALUES (3, x'');",
			"package 3: header of 0 bytes" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p = parse_sql(cases[i].sql);
		if (p.result == 0)
			fail_msg("%s is accepted", cases[i].sql);
		assert_fails(p.result, &p.err, ERR_INPUT, cases[i].message);
		parsed_free(&p);
	}
}

/* The tree of a table leads to one leaf again and again: a few pages, but very many rows. */
static void test_shared_pages_are_damage(void **state UNUSED)
{
	struct span main = make_database(
		"PRAGMA page_size = 512;" PACKAGES
		"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r LIMIT 40) "
		"INSERT INTO Packages SELECT i, " HEADER " FROM r;");
	uint8_t *root = (uint8_t *)(uintptr_t)main.p + 512;

	assert_int_equal(root[0], 5); /* an interior page */
	unsigned cells = (unsigned)get_be16(root + 3);
	assert_true(cells > 1);
	for (unsigned i = 1; i < cells; i++)
		memcpy(root + get_be16(root + 12 + 2 * i), root + get_be16(root + 12), 4);
	struct parsed p = parse(&package_rpm_sqlite, main, span_n(NULL, 0));
	assert_fails(p.result, &p.err, ERR_INPUT, "damaged");
	parsed_free(&p);
	free_database(main);
}

static void test_row_that_is_lost_from_a_page_is_damage(void **state UNUSED)
{
	struct span main = make_database(PACKAGES ROWS);
	uint8_t *leaf = (uint8_t *)(uintptr_t)main.p + 4096;

	assert_int_equal(leaf[0], 13);
	assert_int_equal(leaf[4], 2);
	leaf[4] = 1;
	struct parsed p = parse(&package_rpm_sqlite, main, span_n(NULL, 0));
	assert_fails(p.result, &p.err, ERR_INPUT, "damaged");
	parsed_free(&p);
	free_database(main);
}

static void test_giant_statement_in_the_schema_is_refused(void **state UNUSED)
{
	struct buf sql = BUF_INIT(4 * MIB);

	buf_append_str(&sql, STR(PACKAGES ROWS "CREATE VIEW v AS SELECT '"));
	for (unsigned i = 0; i < 2000; i++)
		buf_printf(&sql, "%0*u", 1000, i);
	buf_append_str(&sql, STR("' AS text;"));
	struct parsed p = parse_sql(buf_cstr(&sql));
	assert_int_not_equal(p.result, 0);
	parsed_free(&p);
	buf_fini(&sql);
}

static void test_work_is_bounded(void **state UNUSED)
{
	struct parsed p = parse_sql(PACKAGES
		"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r LIMIT 1400000) "
		"INSERT INTO Packages SELECT i, x'00' FROM r;");

	assert_fails(p.result, &p.err, ERR_TOO_LARGE, "too much work");
	parsed_free(&p);
}

static void test_other_files_are_no_databases(void **state UNUSED)
{
	static const char *const cases[] = { "", "SQLite format 3", "SQLite format 2 .", "xyz" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parsed p = parse(
			&package_rpm_sqlite, span_n(cases[i], strlen(cases[i])), span_n(NULL, 0));
		assert_fails(p.result, &p.err, ERR_INPUT, "db: not an SQLite database");
		parsed_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_database_is_read),
		cmocka_unit_test(test_order_is_the_table_s),
		cmocka_unit_test(test_cuts_are_refused),
		cmocka_unit_test(test_flipped_bytes_are_survived),
		cmocka_unit_test(test_harmless_variants_are_read),
		cmocka_unit_test(test_hostile_schemas_are_refused),
		cmocka_unit_test(test_shared_pages_are_damage),
		cmocka_unit_test(test_row_that_is_lost_from_a_page_is_damage),
		cmocka_unit_test(test_giant_statement_in_the_schema_is_refused),
		cmocka_unit_test(test_work_is_bounded),
		cmocka_unit_test(test_other_files_are_no_databases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
