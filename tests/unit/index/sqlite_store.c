/*
 * The store of a test as a server has it: a new SQLite database in a folder of its own.
 */
#include "../test.h"

#include "test_store.h"

static char folder[32], path[64];
static struct store_pool *pool;
static struct store *reader;

void test_store_begin(void)
{
	struct err err = ERR_INIT;

	memcpy(folder, "/tmp/clair-store-XXXXXX", sizeof("/tmp/clair-store-XXXXXX"));
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/db", folder);
	assert_ok(store_open(path, STORE_CREATE, &reader, &err), &err);
	pool = store_pool_new(path, 0, 4);
}

void test_store_end(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char file[80];

	store_close(take_ptr(reader));
	store_pool_free(take_ptr(pool));
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		(void)snprintf(file, sizeof(file), "%s%s", path, suffixes[i]);
		(void)unlink(file);
	}
	assert_int_equal(rmdir(folder), 0);
}

struct store_pool *test_store_pool(void)
{
	return pool;
}

struct store *test_store(void)
{
	return reader;
}
