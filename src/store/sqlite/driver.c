/*
 * The driver's table, and the statements that it prepares on a store's database.
 */
#include "store/sqlite/sqlite_priv.h"

const char *const sqlite_store_sql[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_NAMESPACE_GET] = "SELECT id, version_format FROM namespace WHERE name = ?",
	[SQL_NAMESPACE_ADD] = "INSERT INTO namespace (name, version_format) VALUES (?, ?)",
	[SQL_PACKAGE_GET] = "SELECT id FROM package WHERE namespace_id = ? AND name = ?",
	[SQL_PACKAGE_ADD] = "INSERT INTO package (namespace_id, name) VALUES (?, ?)",
	[SQL_TEXT_GET] = "SELECT id FROM text WHERE hash = ?",
	[SQL_TEXT_ADD] = "INSERT INTO text (hash, body) VALUES (?, ?)",
	[SQL_SOURCE_GET] = "SELECT name, location, etag, last_modified, digest, updated_at,"
			   " checked_at, advisories FROM source WHERE name = ?",
	[SQL_SOURCE_LIST] = "SELECT name, location, etag, last_modified, digest, updated_at,"
			    " checked_at, advisories FROM source ORDER BY name",
	[SQL_SOURCE_ADD] =
		"INSERT INTO source (name, location, etag, last_modified, digest,"
		" updated_at, checked_at, advisories) VALUES (?, '', '', '', '', 0, 0, 0)",
	[SQL_SOURCE_SET] = "UPDATE source SET location = ?, etag = ?, last_modified = ?,"
			   " digest = ?, updated_at = ?, checked_at = ?, advisories = ?"
			   " WHERE name = ?",
	[SQL_SOURCE_ID] = "SELECT id FROM source WHERE name = ?",
	[SQL_CURRENT] = "SELECT v.id, n.name, v.name, v.content_hash FROM namespace n"
			" CROSS JOIN vulnerability v ON v.source_id = ? AND v.namespace_id = n.id"
			" AND v.deleted_at IS NULL ORDER BY n.name, v.name",
	[SQL_VULNERABILITY_ADD] =
		"INSERT INTO vulnerability (namespace_id, source_id, name, severity, link,"
		" description_id, metadata, content_hash, created_at)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_VULNERABILITY_DELETE] = "UPDATE vulnerability SET deleted_at = ? WHERE id = ?",
	[SQL_FIX_ADD] = "INSERT INTO fix (vulnerability_id, package_id, introduced_key,"
			" introduced_version, fixed_key, fixed_version, state, severity)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_FIX_KEEP] = "INSERT INTO deleted_fix (vulnerability_id, package_id, introduced_key,"
			 " introduced_version, fixed_key, fixed_version, state, severity)"
			 " SELECT vulnerability_id, package_id, introduced_key, introduced_version,"
			 " fixed_key, fixed_version, state, severity FROM fix"
			 " WHERE vulnerability_id = ?",
	[SQL_FIX_DELETE] = "DELETE FROM fix WHERE vulnerability_id = ?",
	[SQL_OUTDATED_DELETE] =
		"DELETE FROM vulnerability"
		" WHERE source_id = ? AND deleted_at IS NOT NULL AND deleted_at < ?",
	[SQL_TEXT_DELETE_UNUSED] = "DELETE FROM text WHERE id NOT IN (SELECT description_id"
				   " FROM vulnerability WHERE description_id IS NOT NULL)",
	[SQL_HAS_NAMESPACE] = "SELECT EXISTS (SELECT 1 FROM namespace n"
			      " CROSS JOIN package p ON p.namespace_id = n.id"
			      " CROSS JOIN fix f ON f.package_id = p.id"
			      " WHERE n.name = ?)",
	[SQL_MATCH] = "SELECT q.position, v.id, f.fixed_key, v.name, f.severity, f.state,"
		      " f.fixed_version, v.link, t.body, s.name FROM match_query q"
		      " CROSS JOIN namespace n ON n.name = q.namespace"
		      " CROSS JOIN package p ON p.namespace_id = n.id AND p.name = q.package"
		      " CROSS JOIN fix f ON f.package_id = p.id"
		      " AND f.fixed_key > q.key AND f.introduced_key <= q.key"
		      " CROSS JOIN vulnerability v ON v.id = f.vulnerability_id"
		      " CROSS JOIN source s ON s.id = v.source_id"
		      " LEFT JOIN text t ON t.id = v.description_id",
	[SQL_FACTS_GET] = "SELECT facts FROM layer_facts WHERE digest = ? AND engine_version = ?",
	[SQL_FACTS_PUT] = "INSERT OR REPLACE INTO layer_facts (digest, engine_version, size, facts)"
			  " VALUES (?, ?, ?, ?)",
	[SQL_FACTS_TOTAL] = "SELECT coalesce(sum(size), 0), count(*) FROM layer_facts",
	[SQL_FACTS_OLDEST] = "SELECT id, size FROM layer_facts ORDER BY id",
	[SQL_FACTS_DROP] = "DELETE FROM layer_facts WHERE id <= ?",
	[SQL_FILE_DIGEST_GET] = "SELECT digest FROM file_digest WHERE device = ? AND inode = ?"
				" AND size = ? AND mtime_ns = ? AND ctime_ns = ?",
	[SQL_FILE_DIGEST_PUT] = "INSERT OR REPLACE INTO file_digest"
				" (device, inode, size, mtime_ns, ctime_ns, digest)"
				" VALUES (?, ?, ?, ?, ?, ?)",
	[SQL_FILE_DIGEST_DROP] = "DELETE FROM file_digest WHERE id <= ?",
};

_Static_assert((int)SQL_COUNT <= (int)SQLITE_STATEMENTS_MAX, "a place for each statement");

/* Everything that is no URL of another kind of database is a path. */
static bool accepts(struct str location)
{
	return str_find(location, STR("://")) < 0;
}

static void set_busy_timeout(struct store *s, unsigned ms)
{
	struct sqlite_store *store = (struct sqlite_store *)s;

	(void)sqlite3_busy_timeout(store->db.handle, (int)ms); /* cannot fail */
}

int sqlite_begin(struct sqlite_store *s, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_BEGIN);

	return query_run(&q, err);
}

int sqlite_commit(struct sqlite_store *s, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_COMMIT);

	return query_run(&q, err);
}

const struct store_driver store_sqlite_driver = {
	.name = "sqlite",
	.accepts = accepts,
	.open = sqlite_store_open,
	.close = sqlite_store_close,
	.set_busy_timeout = set_busy_timeout,
	.update_begin = sqlite_update_begin,
	.update_put = sqlite_update_put,
	.update_commit = sqlite_update_commit,
	.update_free = sqlite_update_free,
	.source_get = sqlite_source_get,
	.source_list = sqlite_source_list,
	.source_touch = sqlite_source_touch,
	.has_namespace = sqlite_has_namespace,
	.match = sqlite_match,
	.facts_get = sqlite_facts_get,
	.facts_put = sqlite_facts_put,
	.file_digest_get = sqlite_file_digest_get,
	.file_digest_put = sqlite_file_digest_put,
};
