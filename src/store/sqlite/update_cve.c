/*
 * The records of CVEs of an update, inside the transaction of its commit: each is looked up by its
 * name, and written when it differs.
 */
#include "store/sqlite/sqlite_priv.h"
#include "store/staging.h"

/* 1: there is one of this hash, 0: there is another, -ERR_NOT_FOUND: there is none. */
static int find(struct sqlite_store *s, const struct staged_cve *c, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CVE_GET);

	query_bind_str(&q, c->record.name);
	int r = query_step(&q, err);
	if (r <= 0)
		return r < 0 ? r : -ERR_NOT_FOUND;
	return str_eq(str_from_span(query_blob(&q, 0)), str_from_span(content_hash_span(&c->hash)));
}

static int put(struct sqlite_store *s, const struct staged_cve *c, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CVE_PUT);

	query_bind_str(&q, c->record.name);
	query_bind_i64(&q, c->record.severity);
	query_bind_str(&q, c->record.metadata);
	query_bind_blob(&q, content_hash_span(&c->hash));
	return query_run(&q, err);
}

static int write_one(struct sqlite_store *s, const struct staged_cve *c,
	struct store_update_result *result, struct err *err)
{
	int r = find(s, c, err);

	if (r == 1) {
		result->cves_unchanged++;
		return 0;
	}
	if (r < 0 && r != -ERR_NOT_FOUND)
		return r;
	if (r == 0)
		result->cves_changed++;
	else
		result->cves_inserted++;
	return put(s, c, err);
}

/* Those that were not staged. */
static int find_gone(struct sqlite_store *s, struct store_staging *g, struct arena *a,
	struct str_vec *gone, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CVE_NAMES);
	int r;

	while ((r = query_step(&q, err)) > 0) {
		struct str name = query_str(&q, 0);
		int staged = store_staging_has_cve(g, name, err);

		if (staged < 0)
			return staged;
		if (!staged)
			vec_push(gone, arena_str(a, name));
	}
	return r;
}

static int delete_gone(
	struct sqlite_store *s, struct store_staging *g, uint64_t *n, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_CVE_DELETE);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str_vec gone = VEC_INIT;
	int r = find_gone(s, g, &a, &gone, err);

	for (size_t i = 0; r == 0 && i < gone.n; i++) {
		query_bind_str(&q, gone.v[i]);
		r = query_run(&q, err);
	}
	*n = gone.n;
	vec_fini(&gone);
	return r;
}

int sqlite_cves_write(struct sqlite_store *s, struct store_staging *g, bool partial,
	struct store_update_result *result, struct err *err)
{
	struct staged_cve c;
	int r;

	while ((r = store_staging_next_cve(g, &c, err)) > 0) {
		if ((r = write_one(s, &c, result, err)) < 0)
			return r;
	}
	if (r == 0 && !partial &&
		result->cves_inserted + result->cves_changed + result->cves_unchanged > 0)
		r = delete_gone(s, g, &result->cves_deleted, err);
	return r;
}
