/*
 * Ids of what is stored once and referred to: namespaces, packages, texts. All inside of a
 * transaction that may write.
 */
#include "store/sqlite/sqlite_priv.h"

static int add_namespace(
	struct sqlite_store *s, struct str name, struct str scheme, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_NAMESPACE_ADD);

	query_bind_str(&q, name);
	query_bind_str(&q, scheme);
	int r = query_run(&q, err);
	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db.handle);
	return r;
}

/* What is shown of its features changes with it. */
static int set_scheme(struct sqlite_store *s, int64_t id, struct str scheme, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_NAMESPACE_SET_SCHEME);

	query_bind_str(&q, scheme);
	query_bind_i64(&q, id);
	int r = query_run(&q, err);
	return r < 0 ? r : sqlite_generation_bump(s, err);
}

int sqlite_namespace_id(
	struct sqlite_store *s, struct str name, struct str scheme, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_NAMESPACE_GET);
	struct str merged;

	query_bind_str(&q, name);
	int r = query_step(&q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return add_namespace(s, name, scheme, id, err);
	*id = query_i64(&q, 0);
	struct str known = query_str(&q, 1);
	if ((r = store_merge_scheme(name, known, scheme, &merged, err)) < 0)
		return r;
	return merged.n > known.n ? set_scheme(s, *id, merged, err) : 0;
}

int sqlite_package_id(
	struct sqlite_store *s, int64_t name_space, struct str name, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query get = query_start(&s->db, SQL_PACKAGE_GET);
	_cleanup_query_ struct query add = query_start(&s->db, SQL_PACKAGE_ADD);

	query_bind_i64(&get, name_space);
	query_bind_str(&get, name);
	int r = query_step(&get, err);
	if (r > 0)
		*id = query_i64(&get, 0);
	if (r != 0)
		return r < 0 ? r : 0;
	query_bind_i64(&add, name_space);
	query_bind_str(&add, name);
	if ((r = query_run(&add, err)) == 0)
		*id = sqlite3_last_insert_rowid(s->db.handle);
	return r;
}

int sqlite_text_find(struct sqlite_store *s, struct span hash, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_TEXT_GET);

	query_bind_blob(&q, hash);
	int r = query_step(&q, err);
	if (r > 0)
		*id = query_i64(&q, 0);
	return r;
}

int sqlite_text_add(
	struct sqlite_store *s, struct span hash, struct str body, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_TEXT_ADD);

	query_bind_blob(&q, hash);
	query_bind_str(&q, body);
	int r = query_run(&q, err);
	if (r == 0)
		*id = sqlite3_last_insert_rowid(s->db.handle);
	return r;
}
