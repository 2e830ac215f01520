/*
 * The two caches: facts of layers by digest, and digests of files by what the file system says of
 * them. Both drop what was stored first when they grow past their limits.
 */
#include "store/pgsql/pgsql_priv.h"

int pgsql_facts_get(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct arena *a, struct span *out, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_FACTS_GET);

	pg_bind_blob(&q, span_n(layer->bytes, DIGEST_BYTES));
	pg_bind_i64(&q, engine_version);
	int r = pg_select(&q, 0, err);
	if (r > 0)
		*out = span_from_str(arena_str(a, pg_str(&q, 0)));
	return r;
}

static int drop_facts(struct pg_store *s, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_FACTS_DROP);

	pg_bind_i64(&q, (int64_t)LIMIT_FACTS_TOTAL);
	pg_bind_i64(&q, LIMIT_FACTS_COUNT);
	int r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : 0;
}

int pgsql_facts_put(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct span facts, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_FACTS_PUT);

	pg_bind_blob(&q, span_n(layer->bytes, DIGEST_BYTES));
	pg_bind_i64(&q, engine_version);
	pg_bind_i64(&q, (int64_t)facts.n);
	pg_bind_blob(&q, facts);
	int r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : drop_facts(q.s, err);
}

/* PostgreSQL's integers are signed; the bits are the same. */
static void bind_file(struct pg_query *q, const struct file_stamp *stamp)
{
	pg_bind_i64(q, (int64_t)stamp->device);
	pg_bind_i64(q, (int64_t)stamp->inode);
	pg_bind_i64(q, (int64_t)stamp->size);
	pg_bind_i64(q, stamp->mtime_ns);
	pg_bind_i64(q, stamp->ctime_ns);
}

int pgsql_file_digest_get(
	struct store *s, const struct file_stamp *stamp, struct digest *out, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_FILE_DIGEST_GET);

	bind_file(&q, stamp);
	int r = pg_select(&q, 0, err);
	if (r <= 0)
		return r;
	struct span digest = pg_blob(&q, 0);
	if (digest.n != DIGEST_BYTES)
		return 0;
	memcpy(out->bytes, digest.p, DIGEST_BYTES);
	return 1;
}

static int drop_file_digests(struct pg_store *s, int64_t last, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_FILE_DIGEST_DROP);

	pg_bind_i64(&q, last);
	int r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : 0;
}

int pgsql_file_digest_put(
	struct store *s, const struct file_stamp *stamp, const struct digest *d, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_FILE_DIGEST_PUT);

	bind_file(&q, stamp);
	pg_bind_blob(&q, span_n(d->bytes, DIGEST_BYTES));
	int r = pg_run(&q, PG_REPEATABLE, err);
	if (r < 0)
		return r;
	/* Ids ascend, so a range of them bounds the count. */
	int64_t last = pg_i64(&q, 0) - LIMIT_FILE_DIGESTS;
	return last > 0 ? drop_file_digests(q.s, last, err) : 0;
}
