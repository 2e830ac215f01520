/*
 * The one file that SQLite sees while it reads an rpm database (https://sqlite.org/vfs.html): bytes
 * in memory, with the pages of a write-ahead log over them. Nothing is copied beforehand, nothing
 * can be written, no other file exists. The VFS is registered under a name of its own, never as the
 * default, and makes no system call: SQLite's default one would open /dev/urandom, stat and lock.
 *
 * The database is declared immutable, so that SQLite looks for no journal, and presented as one
 * with a rollback journal, since the log is dealt with here.
 */
#include "base/base.h"

#include <sqlite3.h>

#include "package/rpm_priv.h"

enum {
	WRITE_VERSION_AT = 18, /* in the header of the file: 1 rollback journal, 2 log */
	READ_VERSION_AT = 19,
	VERSION_ROLLBACK = 1,
	VERSION_LOG = 2,
	NAME_SIZE = 48,
};

struct rpm_sqlite_file {
	sqlite3_vfs vfs;
	struct span main;
	const struct rpm_wal *wal;
	char name[NAME_SIZE];
};

/* What SQLite allocates for an open file: szOsFile bytes. */
struct open_file {
	sqlite3_file base;
	const struct rpm_sqlite_file *content;
};

static const struct rpm_sqlite_file *content_of(sqlite3_file *file)
{
	return ((struct open_file *)file)->content;
}

static uint64_t size_of(const struct rpm_sqlite_file *f)
{
	if (f->wal->page_count == 0)
		return f->main.n;
	return (uint64_t)f->wal->page_count * f->wal->page_size;
}

static int file_close(sqlite3_file *file UNUSED)
{
	return SQLITE_OK;
}

/* Up to n bytes at an offset, as many as come from one source; zeros where there is none. */
static size_t read_piece(const struct rpm_sqlite_file *f, uint64_t at, uint8_t *out, size_t n)
{
	const uint8_t *page = NULL;

	if (f->wal->page_count) {
		uint32_t size = f->wal->page_size;
		size_t within = (size_t)(at % size);

		n = min_size(n, size - within);
		page = rpm_wal_page(f->wal, (uint32_t)(at / size) + 1);
		if (page)
			memcpy(out, page + within, n);
	}
	if (page)
		return n;
	size_t there = at < f->main.n ? min_size(n, f->main.n - (size_t)at) : 0;
	if (there)
		memcpy(out, f->main.p + at, there);
	memset(out + there, 0, n - there);
	return n;
}

static void hide_log_mode(uint64_t at, uint8_t *p, size_t n)
{
	for (uint64_t i = WRITE_VERSION_AT; i <= READ_VERSION_AT; i++)
		if (i >= at && i - at < n && p[i - at] == VERSION_LOG)
			p[i - at] = VERSION_ROLLBACK;
}

static int file_read(sqlite3_file *file, void *p, int count, sqlite3_int64 offset)
{
	const struct rpm_sqlite_file *f = content_of(file);
	uint64_t at = (uint64_t)offset;
	uint64_t size = size_of(f);
	size_t wanted = (size_t)count;
	size_t n = at < size ? min_size(wanted, (size_t)(size - at)) : 0;

	for (size_t done = 0; done < n;)
		done += read_piece(f, at + done, (uint8_t *)p + done, n - done);
	hide_log_mode(at, p, n);
	if (n == wanted)
		return SQLITE_OK;
	memset((uint8_t *)p + n, 0, wanted - n);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(
	sqlite3_file *file UNUSED, const void *p UNUSED, int n UNUSED, sqlite3_int64 offset UNUSED)
{
	return SQLITE_READONLY;
}

static int file_truncate(sqlite3_file *file UNUSED, sqlite3_int64 size UNUSED)
{
	return SQLITE_READONLY;
}

static int file_sync(sqlite3_file *file UNUSED, int flags UNUSED)
{
	return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)size_of(content_of(file));
	return SQLITE_OK;
}

static int file_lock(sqlite3_file *file UNUSED, int level UNUSED)
{
	return SQLITE_OK;
}

static int file_check_reserved_lock(sqlite3_file *file UNUSED, int *locked)
{
	*locked = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *file UNUSED, int op UNUSED, void *arg UNUSED)
{
	return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file UNUSED)
{
	return 4096;
}

static int file_characteristics(sqlite3_file *file UNUSED)
{
	return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_check_reserved_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
};

static int vfs_open(
	sqlite3_vfs *vfs, const char *name UNUSED, sqlite3_file *file, int flags, int *out_flags)
{
	struct open_file *opened = (struct open_file *)file;

	file->pMethods = NULL;
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN;
	opened->content = vfs->pAppData;
	file->pMethods = &file_methods;
	if (out_flags)
		*out_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs UNUSED, const char *name UNUSED, int sync UNUSED)
{
	return SQLITE_IOERR_DELETE;
}

static int vfs_access(
	sqlite3_vfs *vfs UNUSED, const char *name UNUSED, int flags UNUSED, int *answer)
{
	*answer = 0;
	return SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs UNUSED, const char *name, int n, char *out)
{
	size_t length = strlen(name);

	if (n <= 0 || length >= (size_t)n)
		return SQLITE_CANTOPEN;
	memcpy(out, name, length + 1);
	return SQLITE_OK;
}

/* Nothing that only reads needs randomness, sleep or time. */
static int vfs_randomness(sqlite3_vfs *vfs UNUSED, int n, char *out)
{
	memset(out, 0, n > 0 ? (size_t)n : 0);
	return n;
}

static int vfs_sleep(sqlite3_vfs *vfs UNUSED, int microseconds)
{
	return microseconds;
}

static int vfs_current_time(sqlite3_vfs *vfs UNUSED, double *days)
{
	*days = 0;
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs UNUSED, int n UNUSED, char *out UNUSED)
{
	return 0;
}

struct rpm_sqlite_file *rpm_sqlite_file_new(struct span main, const struct rpm_wal *wal)
{
	struct rpm_sqlite_file *f = xcalloc(1, sizeof(*f));

	f->main = main;
	f->wal = wal;
	/* Its address tells it apart from those of other threads. */
	(void)snprintf(f->name, sizeof(f->name), "rpm-%p", (void *)f);
	f->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = sizeof(struct open_file),
		.mxPathname = 64,
		.zName = f->name,
		.pAppData = f,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_pathname,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_current_time,
		.xGetLastError = vfs_last_error,
	};
	if (sqlite3_vfs_register(&f->vfs, 0) != SQLITE_OK)
		abort(); /* out of memory */
	return f;
}

const char *rpm_sqlite_file_vfs(const struct rpm_sqlite_file *f)
{
	return f->name;
}

void rpm_sqlite_file_free(struct rpm_sqlite_file *f)
{
	if (!f)
		return;
	(void)sqlite3_vfs_unregister(&f->vfs);
	free(f);
}
