/*
 * The two caches: facts of layers by digest, and digests of files by what the file system says of
 * them. Both drop what was stored first when they grow past their limits.
 */
#include "store/sqlite/sqlite_priv.h"

int sqlite_facts_get(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct arena *a, struct span *out, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_FACTS_GET);

	query_bind_blob(&q, span_n(layer->bytes, DIGEST_BYTES));
	query_bind_i64(&q, engine_version);
	int r = query_step(&q, err);
	if (r > 0)
		*out = span_from_str(arena_str(a, query_str(&q, 0)));
	return r;
}

/* The greatest id to drop, so that what stays is below the limits; 0: none. */
static int find_excess(struct sqlite_store *s, int64_t *last, struct err *err)
{
	_cleanup_query_ struct query total = query_start(&s->db, SQL_FACTS_TOTAL);
	_cleanup_query_ struct query oldest = query_start(&s->db, SQL_FACTS_OLDEST);
	int r = query_step(&total, err);

	if (r < 0)
		return r;
	int64_t size = query_i64(&total, 0), count = query_i64(&total, 1);
	*last = 0;
	while (size > (int64_t)LIMIT_FACTS_TOTAL || count > LIMIT_FACTS_COUNT) {
		r = query_step(&oldest, err);
		if (r <= 0)
			return r;
		*last = query_i64(&oldest, 0);
		size -= query_i64(&oldest, 1);
		count--;
	}
	return 0;
}

static int drop(
	struct sqlite_store *s, enum sqlite_statement statement, int64_t last, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, statement);

	query_bind_i64(&q, last);
	return query_run(&q, err);
}

static int put_facts(struct sqlite_store *s, const struct digest *layer, uint32_t engine_version,
	struct span facts, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_FACTS_PUT);
	int64_t last;

	query_bind_blob(&q, span_n(layer->bytes, DIGEST_BYTES));
	query_bind_i64(&q, engine_version);
	query_bind_i64(&q, (int64_t)facts.n);
	query_bind_blob(&q, facts);
	int r = query_run(&q, err);
	if (r == 0)
		r = find_excess(s, &last, err);
	if (r == 0 && last > 0)
		r = drop(s, SQL_FACTS_DROP, last, err);
	return r < 0 ? r : sqlite_commit(s, err);
}

int sqlite_facts_put(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct span facts, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	int r = sqlite_begin(store, err);

	if (r < 0)
		return r;
	r = put_facts(store, layer, engine_version, facts, err);
	if (r < 0)
		sqlite_rollback(&store->db);
	return r;
}

/* SQLite's integers are signed; the bits are the same. */
static void bind_file(struct query *q, const struct file_stamp *stamp)
{
	query_bind_i64(q, (int64_t)stamp->device);
	query_bind_i64(q, (int64_t)stamp->inode);
	query_bind_i64(q, (int64_t)stamp->size);
	query_bind_i64(q, stamp->mtime_ns);
	query_bind_i64(q, stamp->ctime_ns);
}

int sqlite_file_digest_get(
	struct store *s, const struct file_stamp *stamp, struct digest *out, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_FILE_DIGEST_GET);

	bind_file(&q, stamp);
	int r = query_step(&q, err);
	if (r <= 0)
		return r;
	struct span digest = query_blob(&q, 0);
	if (digest.n != DIGEST_BYTES)
		return 0;
	memcpy(out->bytes, digest.p, DIGEST_BYTES);
	return 1;
}

static int put_file_digest(struct sqlite_store *s, const struct file_stamp *stamp,
	const struct digest *d, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_FILE_DIGEST_PUT);

	bind_file(&q, stamp);
	query_bind_blob(&q, span_n(d->bytes, DIGEST_BYTES));
	int r = query_run(&q, err);
	if (r < 0)
		return r;
	/* A new row has the greatest id, so a range of ids bounds the count. */
	int64_t last = sqlite3_last_insert_rowid(s->db.handle) - LIMIT_FILE_DIGESTS;
	if (last > 0 && (r = drop(s, SQL_FILE_DIGEST_DROP, last, err)) < 0)
		return r;
	return sqlite_commit(s, err);
}

int sqlite_file_digest_put(
	struct store *s, const struct file_stamp *stamp, const struct digest *d, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	int r = sqlite_begin(store, err);

	if (r < 0)
		return r;
	r = put_file_digest(store, stamp, d, err);
	if (r < 0)
		sqlite_rollback(&store->db);
	return r;
}
