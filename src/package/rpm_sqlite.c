/*
 * rpm's present database: rpmdb.sqlite, whose table Packages(hnum, blob) holds a header a row.
 * SQLite itself reads it, from memory (rpm_sqlite_file.c), with the write-ahead log beside it
 * (rpm_wal.c).
 *
 * The database is foreign, so what its schema could do is taken away: no virtual tables, views,
 * triggers, untrusted functions, generated columns or other files, small limits, a bound on the
 * work of the virtual machine. The table's tree is verified first: SQLite would deliver the rows
 * before a damaged place, or miss some, and a tree that uses a page twice could have more rows than
 * fit anywhere.
 */
#include "base/base.h"

#include <sqlite3.h>

#include "package/package_priv.h"
#include "package/rpm_priv.h"

enum {
	/* A row costs about 8 instructions, verified and read: 5 million are three times what
	 * LIMIT_PACKAGES rows and the schema take. */
	WORK_STEP = 10000,
	WORK_STEPS_MAX = 500,
	STATEMENT_BYTES_MAX = 1024 * 1024, /* of the schema too */
	COLUMNS_MAX = 64,
	EXPRESSION_DEPTH_MAX = 32,
	FILE_HEADER_SIZE = 100,
	PAGE_SIZE_AT = 16,
};

struct database {
	sqlite3 *handle;
	unsigned steps;
	struct arena *arena;
	struct package_list *out;
};

static int count_work(void *p)
{
	struct database *db = p;

	return ++db->steps > WORK_STEPS_MAX;
}

static int sqlite_error(const struct database *db, struct err *err)
{
	int code = sqlite3_errcode(db->handle);

	if (code == SQLITE_NOMEM)
		return err_set(err, ERR_TOO_LARGE, "SQLite: out of memory");
	if (code == SQLITE_INTERRUPT)
		return err_set(err, ERR_TOO_LARGE, "SQLite: reading it takes too much work");
	if (code == SQLITE_TOOBIG)
		return err_set(err, ERR_TOO_LARGE, "header of more than %" PRIu64 " bytes",
			LIMIT_RPM_HEADER);
	return err_set(err, ERR_INPUT, "SQLite: %s", sqlite3_errmsg(db->handle));
}

static const struct {
	int option;
	int value;
} switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
};

static const struct {
	int limit;
	int value;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, (int)(LIMIT_RPM_HEADER + KIB) },
	{ SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES_MAX },
	{ SQLITE_LIMIT_COLUMN, COLUMNS_MAX },
	{ SQLITE_LIMIT_EXPR_DEPTH, EXPRESSION_DEPTH_MAX },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 4 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, 8 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static int restrict_database(struct database *db, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (sqlite3_db_config(db->handle, switches[i].option, switches[i].value, NULL) !=
			SQLITE_OK)
			return err_set(
				err, ERR_INTERNAL, "SQLite lacks switch %d", switches[i].option);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		(void)sqlite3_limit(db->handle, limits[i].limit, limits[i].value);
	if (sqlite3_drop_modules(db->handle, NULL) != SQLITE_OK)
		return sqlite_error(db, err);
	sqlite3_progress_handler(db->handle, WORK_STEP, count_work, db);
	if (sqlite3_exec(db->handle,
		    "PRAGMA temp_store = memory; PRAGMA cell_size_check = on;"
		    "PRAGMA ignore_check_constraints = on",
		    NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error(db, err);
	return 0;
}

/* Runs a statement, giving each row to row(), which returns 0 or a negative code. */
static int query(struct database *db, const char *sql,
	int (*row)(struct database *db, sqlite3_stmt *statement, struct err *err), struct err *err)
{
	sqlite3_stmt *statement;
	int r = 0;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(db, err);

	int step = sqlite3_step(statement);
	while (step == SQLITE_ROW) {
		r = row(db, statement, err);
		if (r < 0)
			break;
		step = sqlite3_step(statement);
	}
	if (r == 0 && step != SQLITE_DONE)
		r = sqlite_error(db, err);
	(void)sqlite3_finalize(statement);
	return r;
}

static struct str text_column(sqlite3_stmt *statement, int column)
{
	return str_of((const char *)sqlite3_column_text(statement, column));
}

/* cid, name, type, notnull, dflt_value, pk, hidden. Hidden columns are computed ones. */
static int check_column(struct database *db UNUSED, sqlite3_stmt *statement, struct err *err)
{
	if (sqlite3_column_int(statement, 6) != 0)
		return err_set(err, ERR_INPUT, "column %" PRIstr " of Packages is computed",
			STR_ARG(text_column(statement, 1)));
	return 0;
}

/* "ok", or one finding a row. */
static int check_finding(struct database *db UNUSED, sqlite3_stmt *statement, struct err *err)
{
	struct str finding = text_column(statement, 0);

	if (str_eq(finding, STR("ok")))
		return 0;
	return err_set(err, ERR_INPUT, "SQLite: database is damaged: %" PRIstr, STR_ARG(finding));
}

static int read_row(struct database *db, sqlite3_stmt *statement, struct err *err)
{
	sqlite3_int64 number = sqlite3_column_int64(statement, 0);

	if (sqlite3_column_type(statement, 1) != SQLITE_BLOB)
		return err_set(err, ERR_INPUT, "package %lld: not a blob", (long long)number);

	const void *p = sqlite3_column_blob(statement, 1);
	size_t n = (size_t)sqlite3_column_bytes(statement, 1);
	if (!p && n)
		return sqlite_error(db, err);
	if (rpm_header_append(span_n(p, n), db->arena, db->out, err) < 0)
		return err_wrap(err, "package %lld", (long long)number);
	return 0;
}

static int read_packages(struct database *db, struct err *err)
{
	int r = restrict_database(db, err);

	if (r == 0)
		r = query(db, "PRAGMA main.table_xinfo(Packages)", check_column, err);
	if (r == 0)
		r = query(db, "PRAGMA main.quick_check(Packages)", check_finding, err);
	if (r == 0)
		r = query(db, "SELECT hnum, blob FROM main.Packages NOT INDEXED", read_row, err);
	return r;
}

static int open_and_read(struct database *db, const char *vfs, struct err *err)
{
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	int r = sqlite3_open_v2("rpmdb.sqlite", &db->handle, flags, vfs) == SQLITE_OK
			? read_packages(db, err)
			: sqlite_error(db, err);

	(void)sqlite3_close(db->handle);
	return r;
}

/*
 * SQLite takes a last page that is cut for whole, with zeros. With a log it may have been cut by
 * the crash that the log makes up for.
 */
static int check_size(struct span main, const struct rpm_wal *wal, struct err *err)
{
	uint32_t page_size = get_be16(main.p + PAGE_SIZE_AT);

	if (page_size == 1)
		page_size = 65536; /* does not fit */
	if (wal->page_count == 0 && page_size != 0 && main.n % page_size != 0)
		return err_set(err, ERR_INPUT, "truncated: %zu bytes in pages of %" PRIu32 " bytes",
			main.n, page_size);
	if (wal->page_count != 0 && page_size != wal->page_size)
		return err_set(err, ERR_INPUT,
			"pages of %" PRIu32 " bytes, but of %" PRIu32 " in the write-ahead log",
			page_size, wal->page_size);
	return 0;
}

static int parse_with_log(const struct package_db_content *in, struct rpm_wal *wal, struct arena *a,
	struct package_list *out, struct err *err)
{
	struct database db = {
		.arena = a,
		.out = out,
	};
	int r = rpm_wal_open(wal, in->companion, in->main.n, err);
	if (r == 0)
		r = check_size(in->main, wal, err);
	if (r < 0)
		return r;

	_cleanup_(rpm_sqlite_file_freep) struct rpm_sqlite_file *file =
		rpm_sqlite_file_new(in->main, wal);
	return open_and_read(&db, rpm_sqlite_file_vfs(file), err);
}

static int sqlite_parse(const struct package_db_content *in, struct arena *a,
	struct package_list *out, struct err *err)
{
	static const char magic[] = "SQLite format 3"; /* with its NUL */
	struct rpm_wal wal;
	int r;

	if (in->main.n < FILE_HEADER_SIZE || memcmp(in->main.p, magic, sizeof(magic)) != 0) {
		r = err_set(err, ERR_INPUT, "not an SQLite database");
	} else {
		r = parse_with_log(in, &wal, a, out, err);
		rpm_wal_close(&wal);
	}
	if (r < 0)
		return err_wrap(err, "%" PRIstr, STR_ARG(in->path));
	return 0;
}

static const char *const paths[] = {
	"var/lib/rpm/rpmdb.sqlite",
	"usr/lib/sysimage/rpm/rpmdb.sqlite",
	"usr/share/rpm/rpmdb.sqlite",
	NULL,
};

const struct package_db_driver package_rpm_sqlite = {
	.name = "rpm-sqlite",
	.scheme = "rpm",
	.paths = paths,
	.companion_suffix = "-wal",
	.rank = 3,
	.parse = sqlite_parse,
};
