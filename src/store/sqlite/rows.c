/*
 * Rows of vulnerabilities, as updates and edits write them: inserted with their fixes, marked
 * deleted, and dropped when nobody can ask for them any more. All inside of a transaction.
 */
#include "store/sqlite/sqlite_priv.h"

int sqlite_generation_bump(struct sqlite_store *s, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_GENERATION_BUMP);

	return query_run(&q, err);
}

static int add_fix(struct sqlite_store *s, int64_t vulnerability, int64_t name_space,
	const struct fix_record *f, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_FIX_ADD);
	int64_t package = 0;
	int r = sqlite_package_id(s, name_space, f->package, &package, err);

	if (r < 0)
		return r;
	query_bind_i64(&q, vulnerability);
	query_bind_i64(&q, package);
	query_bind_blob(&q, f->introduced_key);
	query_bind_str(&q, f->introduced);
	query_bind_blob(&q, f->fixed_key);
	query_bind_str(&q, f->fixed_version);
	query_bind_i64(&q, f->state);
	query_bind_i64(&q, f->severity);
	query_bind_str(&q, f->arches);
	return query_run(&q, err);
}

static int add_row(
	struct sqlite_store *s, const struct vulnerability_row *row, int64_t *id, struct err *err)
{
	_cleanup_buf_ struct buf cves = BUF_INIT(LIMIT_ADVISORY_RECORD);
	_cleanup_query_ struct query q = query_start(&s->db, SQL_VULNERABILITY_ADD);

	advisory_append_cves(row->content, &cves);
	query_bind_i64(&q, row->name_space_id);
	query_bind_i64(&q, row->source_id);
	query_bind_str(&q, row->name);
	query_bind_i64(&q, row->content->severity);
	query_bind_str(&q, row->content->link);
	if (row->description_id)
		query_bind_i64(&q, row->description_id);
	else
		query_bind_null(&q);
	query_bind_str(&q, row->content->metadata);
	query_bind_blob(&q, content_hash_span(row->hash));
	query_bind_i64(&q, row->now);
	query_bind_str(&q, buf_str(&cves));
	int r = query_run(&q, err);
	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db.handle);
	return r;
}

int sqlite_vulnerability_add(
	struct sqlite_store *s, const struct vulnerability_row *row, int64_t *id, struct err *err)
{
	int r = add_row(s, row, id, err);

	for (size_t i = 0; r == 0 && i < row->content->fixes.n; i++)
		r = add_fix(s, *id, row->name_space_id, &row->content->fixes.v[i], err);
	return r;
}

int sqlite_vulnerability_mark_deleted(
	struct sqlite_store *s, int64_t id, int64_t now, struct err *err)
{
	_cleanup_query_ struct query row = query_start(&s->db, SQL_VULNERABILITY_DELETE);
	_cleanup_query_ struct query keep = query_start(&s->db, SQL_FIX_KEEP);
	_cleanup_query_ struct query fixes = query_start(&s->db, SQL_FIX_DELETE);

	query_bind_i64(&row, now);
	query_bind_i64(&row, id);
	query_bind_i64(&keep, id);
	query_bind_i64(&fixes, id);
	int r = query_run(&row, err);
	if (r == 0)
		r = query_run(&keep, err);
	return r < 0 ? r : query_run(&fixes, err);
}

static int drop_notifications(struct sqlite_store *s, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_NOTIFICATION_DROP);

	query_bind_i64(&q, clock_wall_s() - LIMIT_DELETED_NOTIFICATION_S);
	return query_run(&q, err);
}

int sqlite_drop_outdated(struct sqlite_store *s, int64_t now, struct err *err)
{
	_cleanup_query_ struct query rows = query_start(&s->db, SQL_OUTDATED_DELETE);
	_cleanup_query_ struct query texts = query_start(&s->db, SQL_TEXT_DELETE_UNUSED);
	int r = drop_notifications(s, err);

	if (r < 0)
		return r;
	query_bind_i64(&rows, now - LIMIT_DELETED_ADVISORY_S);
	r = query_run(&rows, err);
	if (r < 0 || sqlite3_changes(s->db.handle) == 0)
		return r;
	return query_run(&texts, err);
}
