/*
 * Opening a database file: is it there, is it ours, is its schema this program's. Nothing is
 * written to one that is current. The file is in WAL mode, so that readers and the writer do not
 * wait for each other (https://www.sqlite.org/wal.html); WAL wants to write beside the file even
 * for reading. Where the directory does not let it, STORE_READ_ONLY opens the file as immutable:
 * right as long as nobody else writes to it meanwhile, which needs a user that may.
 */
#include <errno.h>
#include <sys/stat.h>

#include "store/sqlite/sqlite_priv.h"

/* One page of the smallest size (https://www.sqlite.org/fileformat2.html#the_database_header). */
enum { SMALLEST_DATABASE = 512 };

/* A "file:" URI, which says the same of every path: "%" "?" "#" are data, ":memory:" is a name. */
static void format_uri(struct buf *uri, const char *path, const char *parameters)
{
	/* With an empty authority, so that a path that begins with "//" is one. */
	buf_append_str(uri, path[0] == '/' ? STR("file://") : STR("file:./"));
	for (; *path; path++) {
		if (*path == '%' || *path == '?' || *path == '#')
			buf_printf(uri, "%%%02X", (unsigned)*path);
		else
			buf_append_char(uri, *path);
	}
	buf_append_str(uri, str_of(parameters));
}

static int check_missing(const char *path, unsigned flags, struct err *err)
{
	_cleanup_buf_ struct buf dir = BUF_INIT(LIMIT_PATH);
	struct str name = str_of(path), parent;

	if (!(flags & STORE_CREATE) || (flags & STORE_READ_ONLY))
		return err_set(err, ERR_NOT_FOUND, "%s: there is no database", path);
	if (!str_rcut(name, '/', &parent, NULL))
		return 0;
	buf_append_str(&dir, parent.n > 0 ? parent : STR("/"));
	if (access(buf_cstr(&dir), F_OK) < 0)
		return err_set_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
			"%s: directory %s", path, buf_cstr(&dir));
	return 0;
}

static int check_file(const char *path, unsigned flags, struct err *err)
{
	struct stat st;

	if (path[0] == '\0' || strlen(path) >= LIMIT_PATH)
		return err_set(err, ERR_USAGE, "a database needs a path");
	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			return check_missing(path, flags, err);
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s: not a database, not even a file", path);
	/* SQLite takes a file of one byte for an empty one. */
	if (st.st_size > 0 && st.st_size < SMALLEST_DATABASE)
		return err_set(err, ERR_INPUT, "%s: not a database", path);
	if (!(flags & STORE_READ_ONLY) && access(path, W_OK) < 0)
		return err_set_errno(err, ERR_IO, errno, "%s: may not be written to", path);
	return 0;
}

/* As sqlite3_busy_timeout() does, which falls asleep for longer and longer, up to 100 ms: most
 * transactions take some ms, and who sleeps is overtaken. */
static int wait_for_others(void *aux, int count)
{
	struct sqlite_store *s = aux;
	uint64_t now = clock_monotonic_ms();

	if (count == 0)
		s->busy_since_ms = now;
	if (now - s->busy_since_ms >= s->busy_ms)
		return 0;
	(void)sqlite3_sleep(count < 10 ? 1 : 5);
	return 1;
}

static int configure(struct sqlite_store *s, struct err *err)
{
	char sql[512];

	s->busy_ms = LIMIT_STORE_BUSY_MS;
	(void)sqlite3_busy_handler(s->db.handle, wait_for_others, s); /* cannot fail */
	/* The file may be anybody's: its schema must not make this program do anything. */
	int rc = sqlite3_db_config(s->db.handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(s->db.handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite_match_table_register(s);
	if (rc == SQLITE_OK)
		rc = sqlite_notify_register(s);
	if (rc != SQLITE_OK)
		return sqlite_db_fail(&s->db, rc, err);
	/* With WAL, NORMAL risks the last commits in a power failure, never the database. */
	(void)snprintf(sql, sizeof(sql),
		"PRAGMA foreign_keys = ON; PRAGMA temp_store = FILE; PRAGMA secure_delete = OFF;"
		" PRAGMA synchronous = NORMAL; PRAGMA cache_size = -%" PRIu64 ";"
		" PRAGMA journal_size_limit = %" PRIu64,
		LIMIT_STORE_CACHE / KIB, LIMIT_STORE_CACHE);
	return sqlite_exec(&s->db, sql, err);
}

/* The version of the schema: 0 for an empty database, which is nobody's yet. */
static int identify(struct sqlite_store *s, int64_t *version, struct err *err)
{
	int64_t application, tables;
	int r;

	if ((r = sqlite_exec_i64(&s->db, "PRAGMA application_id", &application, err)) < 0 ||
		(r = sqlite_exec_i64(&s->db, "PRAGMA user_version", version, err)) < 0)
		return r;
	if (application == SQLITE_STORE_APPLICATION_ID && *version > 0) {
		if (*version <= sqlite_migrations_count)
			return 0;
		return err_set(err, ERR_UNSUPPORTED,
			"%s: made by a newer version of this program (its schema is %" PRId64
			", known are those up to %d)",
			s->db.label, *version, sqlite_migrations_count);
	}
	r = sqlite_exec_i64(&s->db, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (r < 0)
		return r;
	if (application != 0 || *version != 0 || tables != 0)
		return err_set(err, ERR_INPUT, "%s: a SQLite database, but not one of this program",
			s->db.label);
	return 0;
}

static int apply_migrations(struct sqlite_store *s, struct err *err)
{
	char sql[128];
	int64_t version;
	int r = identify(s, &version, err); /* again: another process may have been faster */

	if (r < 0)
		return r;
	for (int64_t i = version; i < sqlite_migrations_count; i++) {
		r = sqlite_exec(&s->db, sqlite_migrations[i].sql, err);
		if (r < 0)
			return err_wrap(err, "migration %s", sqlite_migrations[i].name);
	}
	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		SQLITE_STORE_APPLICATION_ID, sqlite_migrations_count);
	if ((r = sqlite_exec(&s->db, sql, err)) < 0)
		return r;
	return sqlite_commit(s, err);
}

static int migrate(struct sqlite_store *s, struct err *err)
{
	int r = sqlite_begin(s, err);

	if (r < 0)
		return r;
	r = apply_migrations(s, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r;
}

/*
 * Cannot happen inside a transaction. Processes that do it at once may find one another in the way
 * in a manner that SQLite's own waiting would turn into a deadlock; it fails at once instead.
 */
static int switch_to_wal(struct sqlite_store *s, struct err *err)
{
	uint64_t deadline = clock_monotonic_ms() + LIMIT_STORE_BUSY_MS;
	_cleanup_err_ struct err busy = ERR_INIT;
	int r;

	while ((r = sqlite_exec(&s->db, "PRAGMA journal_mode = WAL", &busy)) == -ERR_BUSY &&
		clock_monotonic_ms() < deadline)
		(void)sqlite3_sleep(1);
	return r < 0 ? err_move(err, &busy) : 0;
}

static int check_version(struct sqlite_store *s, unsigned flags, int64_t version, struct err *err)
{
	if (version == 0 && (!(flags & STORE_CREATE) || (flags & STORE_READ_ONLY)))
		return err_set(err, ERR_INPUT, "%s: not a database of this program, but empty",
			s->db.label);
	if (version == sqlite_migrations_count)
		return 0;
	if (flags & STORE_READ_ONLY)
		return err_set(err, ERR_UNSUPPORTED,
			"%s: made by an older version of this program, and may not be changed",
			s->db.label);
	int r = switch_to_wal(s, err);
	return r < 0 ? r : migrate(s, err);
}

static int open_uri(const char *path, const char *parameters, unsigned flags,
	struct sqlite_store *s, struct err *err)
{
	_cleanup_buf_ struct buf uri = BUF_INIT(4 * LIMIT_PATH);
	int64_t version;
	int mode = flags & STORE_READ_ONLY ? SQLITE_OPEN_READONLY
		   : flags & STORE_CREATE  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
					   : SQLITE_OPEN_READWRITE;

	format_uri(&uri, path, parameters);
	int rc = sqlite_db_init(&s->db, buf_cstr(&uri), mode, path, sqlite_store_sql);
	int r = rc == SQLITE_OK ? configure(s, err) : sqlite_db_fail(&s->db, rc, err);
	if (r == 0)
		r = identify(s, &version, err);
	if (r == 0)
		r = check_version(s, flags, version, err);
	return r;
}

/* Whether the file holds everything, or a log beside it has something to add. */
static bool has_log(const char *path)
{
	_cleanup_buf_ struct buf log = BUF_INIT(2 * LIMIT_PATH);
	struct stat st;

	buf_printf(&log, "%s-wal", path);
	return stat(buf_cstr(&log), &st) == 0 && st.st_size > 0;
}

static int try_open(const char *path, unsigned flags, struct sqlite_store *s, struct err *err)
{
	_cleanup_err_ struct err first = ERR_INIT;

	if (open_uri(path, "", flags, s, &first) == 0)
		return 0;
	int rc = sqlite3_errcode(s->db.handle) & 0xff;
	if (!(flags & STORE_READ_ONLY) || (rc != SQLITE_CANTOPEN && rc != SQLITE_READONLY))
		return err_move(err, &first);
	if (has_log(path))
		return err_set(err, ERR_IO,
			"%s: part of it is in its log %s-wal, for which one has to be allowed to write",
			path, path);
	sqlite_db_fini(&s->db);
	return open_uri(path, "?immutable=1", flags, s, err);
}

int sqlite_store_open(const char *location, unsigned flags, struct store **out, struct err *err)
{
	int r = check_file(location, flags, err);

	if (r < 0)
		return r;
	struct sqlite_store *s = xcalloc(1, sizeof(*s));
	r = try_open(location, flags, s, err);
	if (r < 0) {
		sqlite_store_close(&s->base);
		return r;
	}
	*out = &s->base;
	return 0;
}

void sqlite_store_close(struct store *base)
{
	struct sqlite_store *s = (struct sqlite_store *)base;

	sqlite_db_fini(&s->db);
	free(s);
}
