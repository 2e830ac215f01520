/*
 * package, internal: what the three rpm databases share. Whatever the container (Berkeley DB, ndb,
 * SQLite), each record is the header of one installed package.
 */
#ifndef PACKAGE_RPM_PRIV_H
#define PACKAGE_RPM_PRIV_H

#include "package/package.h"

/*
 * Reads one header and appends its package, copies in a, unless it is one that rpm keeps for an
 * imported key ("gpg-pubkey"). -ERR_INPUT when it is malformed or lacks a name, version or release,
 * -ERR_TOO_LARGE for a field beyond LIMIT_PACKAGE_FIELD or more than LIMIT_PACKAGES in *out.
 */
int rpm_header_append(
	struct span blob, struct arena *a, struct package_list *out, struct err *err) MUST_CHECK;

/*
 * A write-ahead log of SQLite, read up to its last valid commit. Views the log it was opened on.
 */
struct rpm_wal {
	struct span log;
	uint32_t page_size;  /* 0: the log holds no commit */
	uint32_t page_count; /* of the database after the last commit */
	uint32_t *frames;    /* heap: 1 + the index of the last frame of page i + 1, or 0 */
};

/*
 * Reads a log for a database file of main_bytes. Whatever follows the last valid commit is ignored,
 * as SQLite does after a crash; -ERR_INPUT when a valid commit claims pages that exist nowhere.
 */
int rpm_wal_open(
	struct rpm_wal *w, struct span log, uint64_t main_bytes, struct err *err) MUST_CHECK;
void rpm_wal_close(struct rpm_wal *w);

/* The page's content (page_size bytes) in the log; NULL when the database file has it. 1 is the
 * first. */
const uint8_t *rpm_wal_page(const struct rpm_wal *w, uint32_t page);

/*
 * SQLite's view of a database in memory: registers a VFS of its own name that knows one read-only
 * file. Without a system call, and without what the platform's VFS would touch.
 */
struct rpm_sqlite_file;

/* The file main with the log's pages over it, both of which have to outlive it. */
struct rpm_sqlite_file *rpm_sqlite_file_new(struct span main, const struct rpm_wal *wal);
/* The name to give to sqlite3_open_v2() as VFS. */
const char *rpm_sqlite_file_vfs(const struct rpm_sqlite_file *f);
/* NULL is fine. After sqlite3_close(). */
void rpm_sqlite_file_free(struct rpm_sqlite_file *f);
DEFINE_CLEANUP(struct rpm_sqlite_file *, rpm_sqlite_file_free)

#endif
