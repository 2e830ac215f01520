/*
 * The driver's table, and the statements that it prepares on a store's database.
 */
#include "store/sqlite/sqlite_priv.h"

const char *const sqlite_store_sql[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_BEGIN_READING] = "BEGIN",
	[SQL_NAMESPACE_GET] = "SELECT id, version_format FROM namespace WHERE name = ?",
	[SQL_NAMESPACE_ADD] = "INSERT INTO namespace (name, version_format) VALUES (?, ?)",
	[SQL_NAMESPACE_SET_SCHEME] = "UPDATE namespace SET version_format = ? WHERE id = ?",
	[SQL_NAMESPACE_LIST] = "SELECT name, version_format FROM namespace ORDER BY id",
	[SQL_PACKAGE_GET] = "SELECT id FROM package WHERE namespace_id = ? AND name = ?",
	[SQL_PACKAGE_ADD] = "INSERT INTO package (namespace_id, name) VALUES (?, ?)",
	[SQL_TEXT_GET] = "SELECT id FROM text WHERE hash = ?",
	[SQL_TEXT_ADD] = "INSERT INTO text (hash, body) VALUES (?, ?)",
	[SQL_SOURCE_GET] = "SELECT name, location, etag, last_modified, digest, updated_at,"
			   " checked_at, advisories, failed_at, error, documents FROM source"
			   " WHERE name = ?",
	[SQL_SOURCE_LIST] = "SELECT name, location, etag, last_modified, digest, updated_at,"
			    " checked_at, advisories, failed_at, error, '' FROM source"
			    " ORDER BY name",
	[SQL_SOURCE_ADD] =
		"INSERT INTO source (name, location, etag, last_modified, digest,"
		" updated_at, checked_at, advisories) VALUES (?, '', '', '', '', 0, 0, 0)",
	[SQL_SOURCE_SET] = "UPDATE source SET location = ?, etag = ?, last_modified = ?,"
			   " digest = ?, documents = ?, updated_at = ?, checked_at = ?,"
			   " advisories = ?, failed_at = 0, error = '' WHERE name = ?",
	[SQL_SOURCE_FAIL] = "INSERT INTO source (name, location, etag, last_modified, digest,"
			    " updated_at, checked_at, advisories, failed_at, error)"
			    " VALUES (?, '', '', '', '', 0, 0, 0, ?, ?) ON CONFLICT (name)"
			    " DO UPDATE SET failed_at = excluded.failed_at, error = excluded.error",
	[SQL_SOURCE_ID] = "SELECT id FROM source WHERE name = ?",
	[SQL_CURRENT] = "SELECT v.id, n.name, v.name, v.content_hash FROM namespace n"
			" CROSS JOIN vulnerability v ON v.source_id = ? AND v.namespace_id = n.id"
			" AND v.deleted_at IS NULL ORDER BY n.name, v.name",
	/* Both halves come in the order of the whole. */
	[SQL_CURRENT_COVERED] =
		"SELECT v.id, n.name, v.name, v.content_hash FROM covered c"
		" CROSS JOIN namespace n ON n.name = c.name"
		" CROSS JOIN vulnerability v ON v.source_id = ?1 AND v.namespace_id = n.id"
		" AND v.deleted_at IS NULL WHERE c.what = ?2"
		" UNION ALL SELECT v.id, n.name, v.name, v.content_hash FROM namespace n"
		" CROSS JOIN covered c CROSS JOIN vulnerability v ON v.source_id = ?1"
		" AND v.namespace_id = n.id AND v.name = c.name AND v.deleted_at IS NULL"
		" WHERE c.what = ?3 AND EXISTS (SELECT 1 FROM vulnerability x"
		" WHERE x.source_id = ?1 AND x.namespace_id = n.id AND x.deleted_at IS NULL)"
		" AND NOT EXISTS (SELECT 1 FROM covered x WHERE x.what = ?2 AND x.name = n.name)"
		" ORDER BY 2, 3",
	[SQL_COVER] = "INSERT INTO covered (what, name) VALUES (?, ?)",
	[SQL_CVE_GET] = "SELECT hash FROM cve WHERE name = ?",
	[SQL_CVE_PUT] = "INSERT OR REPLACE INTO cve (name, severity, metadata, hash)"
			" VALUES (?, ?, ?, ?)",
	[SQL_CVE_NAMES] = "SELECT name FROM cve ORDER BY name",
	[SQL_CVES] = "SELECT name, severity, metadata FROM cve ORDER BY name",
	[SQL_CVE_DELETE] = "DELETE FROM cve WHERE name = ?",
	[SQL_VULNERABILITY_ADD] =
		"INSERT INTO vulnerability (namespace_id, source_id, name, severity, link,"
		" description_id, metadata, content_hash, created_at, cves)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_VULNERABILITY_DELETE] = "UPDATE vulnerability SET deleted_at = ? WHERE id = ?",
	[SQL_FIX_ADD] = "INSERT INTO fix (vulnerability_id, package_id, introduced_key,"
			" introduced_version, fixed_key, fixed_version, state, severity, arches)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SQL_FIX_KEEP] = "INSERT INTO deleted_fix (vulnerability_id, package_id, introduced_key,"
			 " introduced_version, fixed_key, fixed_version, state, severity, arches)"
			 " SELECT vulnerability_id, package_id, introduced_key, introduced_version,"
			 " fixed_key, fixed_version, state, severity, arches FROM fix"
			 " WHERE vulnerability_id = ?",
	[SQL_FIX_DELETE] = "DELETE FROM fix WHERE vulnerability_id = ?",
	[SQL_OUTDATED_DELETE] = "DELETE FROM vulnerability AS v"
				" WHERE v.source_id IN (SELECT id FROM source)"
				" AND v.deleted_at IS NOT NULL AND v.deleted_at < ?"
				" AND NOT EXISTS (SELECT 1 FROM notification"
				" WHERE vulnerability_old = v.id AND deleted_at IS NULL)"
				" AND NOT EXISTS (SELECT 1 FROM notification"
				" WHERE vulnerability_new = v.id AND deleted_at IS NULL)",
	[SQL_TEXT_DELETE_UNUSED] = "DELETE FROM text WHERE id NOT IN (SELECT description_id"
				   " FROM vulnerability WHERE description_id IS NOT NULL)",
	[SQL_HAS_NAMESPACE] = "SELECT EXISTS (SELECT 1 FROM namespace n"
			      " CROSS JOIN package p ON p.namespace_id = n.id"
			      " CROSS JOIN fix f ON f.package_id = p.id"
			      " WHERE n.name = ?)",
	[SQL_MATCH] = "SELECT q.position, v.id, f.fixed_key, v.name,"
		      " CASE WHEN f.severity = 0 THEN coalesce((SELECT c.severity FROM cve c"
		      " WHERE c.name = v.name), 0) ELSE f.severity END,"
		      " f.state,"
		      " f.fixed_version, v.link, t.body, s.name, v.cves, f.arches"
		      " FROM match_query q"
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

	[SQL_GENERATION_BUMP] = "UPDATE generation SET value = value + 1",
	[SQL_CHANGE_ADD] = "INSERT INTO change (old_id, new_id) VALUES (?, ?)",
	[SQL_NOTIFY_ALL] =
		"INSERT INTO notification (name, created_at, vulnerability_old, vulnerability_new)"
		" SELECT uuid(), ?, nullif(old_id, 0), nullif(new_id, 0) FROM change"
		" ORDER BY rowid",
	/* The old vulnerability's fixes have been moved, the new one's are current. */
	[SQL_NOTIFY_TOUCHING] =
		"INSERT INTO notification (name, created_at, vulnerability_old, vulnerability_new)"
		" SELECT uuid(), ?, nullif(old_id, 0), nullif(new_id, 0) FROM change c"
		" WHERE EXISTS (SELECT 1 FROM fix x"
		" CROSS JOIN feature f ON f.package_id = x.package_id"
		" AND f.key >= x.introduced_key AND f.key < x.fixed_key"
		" CROSS JOIN layer_feature i ON i.feature_id = f.id AND i.added_by = i.layer_id"
		" WHERE x.vulnerability_id = c.new_id)"
		" OR EXISTS (SELECT 1 FROM deleted_fix x"
		" CROSS JOIN feature f ON f.package_id = x.package_id"
		" AND f.key >= x.introduced_key AND f.key < x.fixed_key"
		" CROSS JOIN layer_feature i ON i.feature_id = f.id AND i.added_by = i.layer_id"
		" WHERE x.vulnerability_id = c.old_id)"
		" ORDER BY c.rowid",
	[SQL_NOTIFICATION_DROP] = "DELETE FROM notification WHERE deleted_at < ?",

	[SQL_LAYER_FIND] = "SELECT id, engine_version, parent_id, content_id,"
			   " features_of FROM layer WHERE name = ?",
	[SQL_LAYER_FEATURES_OF] = "SELECT coalesce(features_of, id) FROM layer WHERE id = ?",
	[SQL_LAYER_GET] =
		"SELECT l.id, l.name, p.name, n.name, n.version_format, l.engine_version,"
		" g.value, coalesce(l.features_of, l.id) FROM layer l CROSS JOIN generation g"
		" LEFT JOIN layer p ON p.id = l.parent_id"
		" LEFT JOIN namespace n ON n.id = l.namespace_id WHERE l.name = ?",
	[SQL_LAYER_STATE] = "SELECT l.id, g.value FROM layer l CROSS JOIN generation g"
			    " WHERE l.name = ?",
	[SQL_LAYER_CHAIN] = "WITH RECURSIVE up (id, content_id, name, parent_id) AS ("
			    " SELECT id, content_id, name, parent_id FROM layer WHERE name = ?"
			    " UNION ALL SELECT l.id, l.content_id, l.name, l.parent_id FROM up"
			    " JOIN layer l ON l.id = up.parent_id)"
			    " SELECT up.name, c.facts FROM up CROSS JOIN layer_content c"
			    " ON c.id = up.content_id",
	[SQL_LAYER_ANCESTORS] = "WITH RECURSIVE up (id) AS (SELECT ?"
				" UNION ALL SELECT l.parent_id FROM up JOIN layer l ON l.id = up.id"
				" WHERE l.parent_id IS NOT NULL) SELECT id FROM up",
	[SQL_LAYER_ADD] = "INSERT INTO layer (name, parent_id, namespace_id, engine_version,"
			  " content_id, features_of, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SQL_LAYER_REPLACE] = "UPDATE layer SET namespace_id = ?, engine_version = ?,"
			      " content_id = ?, features_of = ? WHERE id = ?",
	/* The descendants that inherit, one from the other, from layer ?1. */
	[SQL_LAYER_HEIRS_SET] =
		"UPDATE layer SET features_of = ?2 WHERE id IN ("
		"WITH RECURSIVE heir (id) AS (SELECT id FROM layer"
		" WHERE parent_id = ?1 AND features_of IS NOT NULL"
		" UNION ALL SELECT l.id FROM heir JOIN layer l ON l.parent_id = heir.id"
		" AND l.features_of IS NOT NULL) SELECT id FROM heir)",
	[SQL_LAYER_DESCENDANTS] = "WITH RECURSIVE down (id, content_id) AS ("
				  " SELECT id, content_id FROM layer WHERE name = ?"
				  " UNION ALL SELECT l.id, l.content_id FROM down"
				  " JOIN layer l ON l.parent_id = down.id)"
				  " SELECT id, content_id FROM down",
	[SQL_LAYER_DELETE] = "DELETE FROM layer WHERE id = ?",
	[SQL_CONTENT_GET] = "SELECT id FROM layer_content WHERE hash = ?",
	[SQL_CONTENT_ADD] = "INSERT INTO layer_content (hash, facts) VALUES (?, ?)",
	[SQL_CONTENT_DROP_UNUSED] = "DELETE FROM layer_content WHERE id = ?1"
				    " AND NOT EXISTS (SELECT 1 FROM layer WHERE content_id = ?1)",
	[SQL_FEATURE_GET] = "SELECT id FROM feature WHERE namespace_id = ? AND name = ?"
			    " AND version = ? AND package_id = ? AND key = ?",
	[SQL_FEATURE_ADD] = "INSERT INTO feature (namespace_id, name, version, package_id, key)"
			    " VALUES (?, ?, ?, ?, ?)",
	[SQL_LAYER_FEATURE_ADD] = "INSERT OR IGNORE INTO layer_feature"
				  " (layer_id, feature_id, added_by) VALUES (?, ?, ?)",
	[SQL_LAYER_FEATURES_DELETE] = "DELETE FROM layer_feature WHERE layer_id = ?",
	[SQL_LAYER_FEATURES] =
		"SELECT f.id, n.name, n.version_format, f.name, f.version, p.name, f.key,"
		" lf.added_by, a.name FROM layer_feature lf"
		" CROSS JOIN feature f ON f.id = lf.feature_id"
		" CROSS JOIN namespace n ON n.id = f.namespace_id"
		" CROSS JOIN package p ON p.id = f.package_id"
		" CROSS JOIN layer a ON a.id = lf.added_by WHERE lf.layer_id = ?",
	[SQL_LAYER_MATCHES] = "SELECT f.id, v.id, x.fixed_key, x.fixed_version, v.name, v.severity,"
			      " v.link, t.body, v.metadata, s.name, x.state,"
			      " coalesce(c.severity, 0), c.metadata FROM layer_feature lf"
			      " CROSS JOIN feature f ON f.id = lf.feature_id"
			      " CROSS JOIN fix x ON x.package_id = f.package_id"
			      " AND x.fixed_key > f.key AND x.introduced_key <= f.key"
			      " CROSS JOIN vulnerability v ON v.id = x.vulnerability_id"
			      " CROSS JOIN source s ON s.id = v.source_id"
			      " LEFT JOIN text t ON t.id = v.description_id"
			      " LEFT JOIN cve c ON c.name = v.name WHERE lf.layer_id = ?",

	[SQL_VULNERABILITY_FIND] =
		"SELECT v.id, v.source_id, s.name FROM namespace n"
		" CROSS JOIN vulnerability v ON v.namespace_id = n.id AND v.name = ?2"
		" AND v.deleted_at IS NULL CROSS JOIN source s ON s.id = v.source_id"
		" WHERE n.name = ?1 ORDER BY s.name LIMIT 1",
	[SQL_VULNERABILITY_GET] =
		"SELECT v.id, v.name, n.name, n.version_format, v.severity, v.link, t.body,"
		" v.metadata, v.cves, t.hash, v.description_id, coalesce(c.severity, 0),"
		" c.metadata FROM vulnerability v"
		" CROSS JOIN namespace n ON n.id = v.namespace_id"
		" LEFT JOIN text t ON t.id = v.description_id"
		" LEFT JOIN cve c ON c.name = v.name WHERE v.id = ?",
	/* A name that several sources have is that of the first of them. */
	[SQL_VULNERABILITY_LIST] =
		"SELECT v.id, v.name, n.name, n.version_format, v.severity, v.link, t.body,"
		" v.metadata, v.cves, coalesce(c.severity, 0), c.metadata"
		" FROM namespace n CROSS JOIN vulnerability v"
		" ON v.namespace_id = n.id AND v.deleted_at IS NULL AND v.id >= ?2"
		" CROSS JOIN source s ON s.id = v.source_id"
		" LEFT JOIN text t ON t.id = v.description_id"
		" LEFT JOIN cve c ON c.name = v.name WHERE n.id = ?1"
		" AND NOT EXISTS (SELECT 1 FROM vulnerability o"
		" CROSS JOIN source os ON os.id = o.source_id AND os.name < s.name"
		" WHERE o.namespace_id = v.namespace_id AND o.name = v.name"
		" AND o.deleted_at IS NULL) ORDER BY v.id LIMIT ?3",
	[SQL_FIXES] = "SELECT p.name, x.introduced_key, x.introduced_version, x.fixed_key,"
		      " x.fixed_version, x.state, x.severity, x.arches FROM ("
		      " SELECT package_id, fixed_key, introduced_key, introduced_version,"
		      " fixed_version, state, severity, arches FROM fix WHERE vulnerability_id = ?1"
		      " UNION ALL SELECT package_id, fixed_key, introduced_key,"
		      " introduced_version, fixed_version, state, severity, arches"
		      " FROM deleted_fix WHERE vulnerability_id = ?1) x"
		      " JOIN package p ON p.id = x.package_id"
		      " ORDER BY p.name, x.introduced_key, x.arches",
	[SQL_SOURCE_COUNT] = "UPDATE source SET advisories = advisories + ? WHERE id = ?",

	[SQL_NOTIFICATION_GET] = "SELECT name, created_at, notified_at, deleted_at,"
				 " vulnerability_old, vulnerability_new FROM notification"
				 " WHERE name = ?",
	[SQL_NOTIFICATION_LAYERS] =
		"SELECT l.id, l.name FROM (SELECT DISTINCT i.layer_id FROM ("
		" SELECT package_id, introduced_key, fixed_key FROM fix"
		" WHERE vulnerability_id = ?1 UNION ALL"
		" SELECT package_id, introduced_key, fixed_key FROM deleted_fix"
		" WHERE vulnerability_id = ?1) x"
		" CROSS JOIN feature f ON f.package_id = x.package_id"
		" AND f.key >= x.introduced_key AND f.key < x.fixed_key"
		" CROSS JOIN layer_feature i ON i.feature_id = f.id AND i.added_by = i.layer_id"
		" AND i.layer_id >= ?2 ORDER BY i.layer_id LIMIT ?3) d"
		" CROSS JOIN layer l ON l.id = d.layer_id ORDER BY l.id",
	[SQL_NOTIFICATION_DUE] = "SELECT name FROM notification n WHERE deleted_at IS NULL"
				 " AND (notified_at IS NULL OR notified_at <= ?2) AND NOT EXISTS ("
				 "SELECT 1 FROM lock l WHERE l.name = n.name AND l.until > ?1)"
				 " ORDER BY id LIMIT 1",
	[SQL_NOTIFICATION_SENT] = "UPDATE notification SET notified_at = ? WHERE name = ?",
	[SQL_NOTIFICATION_DELETE] = "UPDATE notification SET deleted_at = ? WHERE name = ?",

	[SQL_LOCK_GET] = "SELECT owner, until FROM lock WHERE name = ?",
	[SQL_LOCK_SET] = "INSERT OR REPLACE INTO lock (name, owner, until) VALUES (?, ?, ?)",
	[SQL_LOCK_DELETE] = "DELETE FROM lock WHERE name = ? AND owner = ?",
	[SQL_LOCK_DROP_EXPIRED] = "DELETE FROM lock WHERE until <= ?",
	[SQL_KEY_GET] = "SELECT value FROM keyvalue WHERE key = ?",
	[SQL_KEY_PUT] = "INSERT OR REPLACE INTO keyvalue (key, value) VALUES (?, ?)",
};

_Static_assert((int)SQL_COUNT <= (int)SQLITE_STATEMENTS_MAX, "a place for each statement");

/* Everything that is no URL of another kind of database is a path. */
static bool accepts(struct str location)
{
	return str_find(location, STR("://")) < 0;
}

static void set_busy_timeout(struct store *s, unsigned ms)
{
	((struct sqlite_store *)s)->busy_ms = ms;
}

int sqlite_begin(struct sqlite_store *s, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_BEGIN);

	return query_run(&q, err);
}

int sqlite_begin_reading(struct sqlite_store *s, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_BEGIN_READING);

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
	.update_put_cve = sqlite_update_put_cve,
	.update_cover = sqlite_update_cover,
	.update_commit = sqlite_update_commit,
	.update_commit_all = sqlite_update_commit_all,
	.update_rest = sqlite_update_rest,
	.update_free = sqlite_update_free,
	.visit = sqlite_visit,
	.source_get = sqlite_source_get,
	.source_list = sqlite_source_list,
	.source_touch = sqlite_source_touch,
	.source_fail = sqlite_source_fail,
	.has_namespace = sqlite_has_namespace,
	.match = sqlite_match,
	.facts_get = sqlite_facts_get,
	.facts_put = sqlite_facts_put,
	.file_digest_get = sqlite_file_digest_get,
	.file_digest_put = sqlite_file_digest_put,
	.ping = sqlite_ping,
	.layer_get = sqlite_layer_get,
	.layer_chain = sqlite_layer_chain,
	.layer_put = sqlite_layer_put,
	.layer_delete = sqlite_layer_delete,
	.layer_state = sqlite_layer_state,
	.layer_read = sqlite_layer_read,
	.namespace_list = sqlite_namespace_list,
	.namespace_get = sqlite_namespace_get,
	.vulnerability_get = sqlite_vulnerability_get,
	.vulnerability_list = sqlite_vulnerability_list,
	.vulnerability_put = sqlite_vulnerability_put,
	.vulnerability_delete = sqlite_vulnerability_delete,
	.notification_get = sqlite_notification_get,
	.notification_take = sqlite_notification_take,
	.notification_sent = sqlite_notification_sent,
	.notification_delete = sqlite_notification_delete,
	.lock = sqlite_lock,
	.unlock = sqlite_unlock,
	.lock_find = sqlite_lock_find,
	.key_get = sqlite_key_get,
	.key_put = sqlite_key_put,
};
