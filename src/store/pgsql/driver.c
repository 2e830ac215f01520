/*
 * The driver's table, and the statements that it prepares. Their joins are written in the order in
 * which they are to be made (see planner in conn.c).
 */
#include "store/pgsql/pgsql_priv.h"

#define SOURCE_COLUMNS                                                                         \
	"name, location, etag, last_modified, digest, updated_at, checked_at, advisories, id," \
	" failed_at, error"

#define ONE_CHANGE "(SELECT $1::bigint AS old_id, $2::bigint AS new_id, 0 AS position)"

const char *const pgsql_sql[PG_STATEMENT_COUNT] = {
	[PG_SOURCE_GET] = "SELECT " SOURCE_COLUMNS ", documents FROM source WHERE name = $1",
	[PG_SOURCE_LIST] = "SELECT " SOURCE_COLUMNS ", '' FROM source ORDER BY name",
	/* Validators belong to a location: those of another one must not stay. */
	[PG_SOURCE_TOUCH] =
		"WITH t AS (UPDATE source SET"
		" location = CASE WHEN $2 = '' THEN location ELSE $2 END,"
		" etag = CASE WHEN $3 = '' AND $2 IN ('', location) THEN etag ELSE $3 END,"
		" last_modified = CASE WHEN $4 = '' AND $2 IN ('', location) THEN last_modified"
		" ELSE $4 END, checked_at = $6, failed_at = 0, error = '',"
		" documents = CASE WHEN $7 = '' AND $2 IN ('', location) THEN documents ELSE $7 END"
		" WHERE name = $1 AND updated_at <> 0 AND $5 IN ('', digest))"
		" SELECT 1 FROM source WHERE name = $1 AND updated_at <> 0",
	[PG_SOURCE_FAIL] = "INSERT INTO source (name, location, etag, last_modified, digest,"
			   " updated_at, checked_at, advisories, failed_at, error)"
			   " VALUES ($1, '', '', '', '', 0, 0, 0, $2, $3) ON CONFLICT (name)"
			   " DO UPDATE SET failed_at = excluded.failed_at, error = excluded.error",
	[PG_SOURCE_ID] = "INSERT INTO source (name, location, etag, last_modified, digest,"
			 " updated_at, checked_at, advisories)"
			 " VALUES ($1, '', '', '', '', 0, 0, 0)"
			 " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
	[PG_SOURCE_SET] = "UPDATE source SET location = $2, etag = $3, last_modified = $4,"
			  " digest = $5, updated_at = $6, checked_at = $7, advisories = $8,"
			  " documents = $9, failed_at = 0, error = ''"
			  " WHERE name = $1",
	[PG_HAS_NAMESPACE] = "SELECT EXISTS (SELECT FROM namespace n"
			     " JOIN package p ON p.namespace_id = n.id"
			     " JOIN fix f ON f.package_id = p.id WHERE n.name = $1)",
	[PG_MATCH] = "SELECT q.position, v.id, v.name, s.name,"
		     " CASE WHEN f.severity = 0 THEN coalesce((SELECT c.severity FROM cve c"
		     " WHERE c.name = v.name), 0) ELSE f.severity END,"
		     " f.state,"
		     " f.fixed_version, v.link, t.body, f.fixed_key, v.cves, f.arches"
		     " FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY"
		     " AS q (namespace, package, key, position)"
		     " JOIN namespace n ON n.name = q.namespace"
		     " JOIN package p ON p.namespace_id = n.id AND p.name = q.package"
		     " JOIN fix f ON f.package_id = p.id"
		     " AND substr(f.fixed_key, 1, 200) >= substr(q.key, 1, 200)"
		     " AND f.fixed_key > q.key AND f.introduced_key <= q.key"
		     " JOIN vulnerability v ON v.id = f.vulnerability_id"
		     " JOIN source s ON s.id = v.source_id"
		     " LEFT JOIN text t ON t.id = v.description_id",
	[PG_FACTS_GET] = "SELECT facts FROM layer_facts WHERE digest = $1 AND engine_version = $2",
	[PG_FACTS_PUT] = "INSERT INTO layer_facts (digest, engine_version, size, facts)"
			 " VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO UPDATE SET"
			 " id = excluded.id, engine_version = excluded.engine_version,"
			 " size = excluded.size, facts = excluded.facts",
	/* What was stored last stays, as far as both limits allow. */
	[PG_FACTS_DROP] =
		"DELETE FROM layer_facts WHERE id <= (SELECT max(id) FROM"
		" (SELECT id, sum(size) OVER (ORDER BY id DESC) AS total,"
		" count(*) OVER (ORDER BY id DESC) AS n FROM layer_facts"
		" WHERE (SELECT sum(size) > $1::bigint OR count(*) > $2::bigint FROM layer_facts)) AS x"
		" WHERE total > $1::bigint OR n > $2::bigint)",
	[PG_FILE_DIGEST_GET] = "SELECT digest FROM file_digest WHERE device = $1 AND inode = $2"
			       " AND size = $3 AND mtime_ns = $4 AND ctime_ns = $5",
	[PG_FILE_DIGEST_PUT] =
		"INSERT INTO file_digest (device, inode, size, mtime_ns, ctime_ns, digest)"
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (device, inode) DO UPDATE SET"
		" id = excluded.id, size = excluded.size, mtime_ns = excluded.mtime_ns,"
		" ctime_ns = excluded.ctime_ns, digest = excluded.digest RETURNING id",
	[PG_FILE_DIGEST_DROP] = "DELETE FROM file_digest WHERE id <= $1",
	[PG_PING] = "SELECT 1",

	[PG_NAMESPACE_FIND] = "SELECT q.position, n.id, n.version_format"
			      " FROM unnest($1::text[]) WITH ORDINALITY AS q (name, position)"
			      " JOIN namespace n ON n.name = q.name",
	[PG_NAMESPACE_ADD] =
		"INSERT INTO namespace (name, version_format)"
		" SELECT name, version_format FROM unnest($1::text[], $2::text[])"
		" AS x (name, version_format) ORDER BY name COLLATE \"C\""
		" ON CONFLICT (name) DO UPDATE SET version_format = excluded.version_format"
		" WHERE namespace.version_format = ''",
	[PG_NAMESPACE_GET] = "SELECT id, version_format FROM namespace WHERE name = $1",
	[PG_NAMESPACE_LIST] = "SELECT name, version_format FROM namespace ORDER BY id",
	[PG_PACKAGE_ADD] = "INSERT INTO package (namespace_id, name)"
			   " SELECT DISTINCT q.namespace_id, q.name COLLATE \"C\""
			   " FROM unnest($1::bigint[], $2::text[]) AS q (namespace_id, name)"
			   " LEFT JOIN package p ON p.namespace_id = q.namespace_id"
			   " AND p.name = q.name WHERE p.id IS NULL"
			   " ORDER BY 1, 2 ON CONFLICT DO NOTHING",
	[PG_FEATURE_FIND] = "SELECT q.position, f.id"
			    " FROM unnest($1::bytea[]) WITH ORDINALITY AS q (hash, position)"
			    " JOIN feature f ON f.hash = q.hash",
	[PG_FEATURE_ADD] =
		"INSERT INTO feature (namespace_id, package_id, hash, name, version, key)"
		" SELECT p.namespace_id, p.id, q.hash, q.name, q.version, q.key"
		" FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[],"
		" $6::bytea[]) AS q (namespace_id, package, hash, name, version, key)"
		" JOIN package p ON p.namespace_id = q.namespace_id AND p.name = q.package"
		" ORDER BY q.hash ON CONFLICT DO NOTHING",
	[PG_GENERATION_BUMP] = "UPDATE generation SET value = value + 1",

	/* Who replaces or deletes layers cares for what builds on them: none is added meanwhile. */
	[PG_LAYERS_LOCK] = "SELECT pg_advisory_xact_lock(" PG_LAYERS_LOCK_ID ")",
	[PG_LAYERS_LOCK_SHARED] = "SELECT pg_advisory_xact_lock_shared(" PG_LAYERS_LOCK_ID ")",
	[PG_LAYER_FIND] = "SELECT id, engine_version, parent_id, content_id, features_of"
			  " FROM layer WHERE name = $1",
	[PG_LAYER_PARENT] = "SELECT id, coalesce(features_of, id) FROM layer"
			    " WHERE id = coalesce($2, (SELECT id FROM layer WHERE name = $1))"
			    " FOR KEY SHARE",
	[PG_LAYER_GET] =
		"SELECT l.id, l.name, p.name, n.name, n.version_format, l.engine_version, g.value"
		" FROM layer l JOIN generation g ON true LEFT JOIN layer p ON p.id = l.parent_id"
		" LEFT JOIN namespace n ON n.id = l.namespace_id WHERE l.name = $1",
	[PG_LAYER_STATE] = "SELECT l.id, g.value FROM layer l JOIN generation g ON true"
			   " WHERE l.name = $1",
	/* Wide values stay where they are until a row is sent. */
	[PG_LAYER_CHAIN] = "WITH RECURSIVE up (id, content_id, name, parent_id, height) AS ("
			   " SELECT id, content_id, name, parent_id, 1 FROM layer WHERE name = $1"
			   " UNION ALL SELECT l.id, l.content_id, l.name, l.parent_id,"
			   " up.height + 1 FROM up JOIN layer l ON l.id = up.parent_id)"
			   " SELECT up.name, c.facts FROM up JOIN layer_content c"
			   " ON c.id = up.content_id ORDER BY up.height",
	[PG_LAYER_ANCESTORS] = "WITH RECURSIVE up (id) AS (SELECT $1::bigint"
			       " UNION ALL SELECT l.parent_id FROM up JOIN layer l ON l.id = up.id"
			       " WHERE l.parent_id IS NOT NULL) SELECT id FROM up",
	[PG_LAYER_ADD] = "INSERT INTO layer (name, parent_id, namespace_id, engine_version,"
			 " content_id, features_of, created_at)"
			 " VALUES ($1, $2, $3, $4, $5, $6, " PG_NOW ")"
			 " ON CONFLICT (name) DO NOTHING RETURNING id",
	[PG_LAYER_REPLACE] = "UPDATE layer SET namespace_id = $2, engine_version = $3,"
			     " content_id = $4, features_of = $5 WHERE id = $1",
	/* The descendants that inherit, one from the other, from layer $1. */
	[PG_LAYER_HEIRS_SET] =
		"WITH RECURSIVE heir (id) AS (SELECT id FROM layer"
		" WHERE parent_id = $1 AND features_of IS NOT NULL"
		" UNION ALL SELECT l.id FROM heir JOIN layer l ON l.parent_id = heir.id"
		" AND l.features_of IS NOT NULL)"
		" UPDATE layer SET features_of = $2 WHERE id IN (SELECT id FROM heir)",
	/* All at once: the cascade would recurse, and not deep enough for any tree. */
	[PG_LAYER_DELETE] =
		"WITH RECURSIVE down (id) AS (SELECT id FROM layer WHERE name = $1"
		" UNION ALL SELECT l.id FROM down JOIN layer l ON l.parent_id = down.id)"
		" DELETE FROM layer WHERE id IN (SELECT id FROM down)"
		" RETURNING content_id",
	[PG_CONTENT_GET] = "SELECT id FROM layer_content WHERE hash = $1 FOR KEY SHARE",
	[PG_CONTENT_ADD] = "INSERT INTO layer_content (hash, facts) VALUES ($1, $2)"
			   " ON CONFLICT (hash) DO NOTHING RETURNING id",
	[PG_CONTENT_DROP_UNUSED] =
		"DELETE FROM layer_content c WHERE c.id = ANY($1::bigint[])"
		" AND NOT EXISTS (SELECT FROM layer l WHERE l.content_id = c.id)",
	/* Of a feature that is given twice the first counts. */
	[PG_LAYER_FEATURE_ADD] =
		"INSERT INTO layer_feature (layer_id, feature_id, added_by)"
		" SELECT $1, feature_id, added_by FROM unnest($2::bigint[], $3::bigint[])"
		" WITH ORDINALITY AS x (feature_id, added_by, position)"
		" ORDER BY feature_id, position ON CONFLICT DO NOTHING",
	[PG_LAYER_FEATURES_DELETE] = "DELETE FROM layer_feature WHERE layer_id = $1",
	[PG_LAYER_FEATURES] =
		"SELECT f.id, n.name, n.version_format, f.name, f.version, p.name, f.key,"
		" lf.added_by, a.name FROM layer l"
		" JOIN layer_feature lf ON lf.layer_id = coalesce(l.features_of, l.id)"
		" JOIN feature f ON f.id = lf.feature_id"
		" JOIN namespace n ON n.id = f.namespace_id"
		" JOIN package p ON p.id = f.package_id"
		" JOIN layer a ON a.id = lf.added_by WHERE l.name = $1",
	[PG_LAYER_MATCHES] =
		"SELECT f.id, v.id, x.fixed_key, x.fixed_version, v.name, v.severity, v.link,"
		" t.body, v.metadata, s.name, x.state, coalesce(c.severity, 0), c.metadata"
		" FROM layer l"
		" JOIN layer_feature lf ON lf.layer_id = coalesce(l.features_of, l.id)"
		" JOIN feature f ON f.id = lf.feature_id"
		" JOIN fix x ON x.package_id = f.package_id"
		" AND substr(x.fixed_key, 1, 200) >= substr(f.key, 1, 200)"
		" AND x.fixed_key > f.key AND x.introduced_key <= f.key"
		" JOIN vulnerability v ON v.id = x.vulnerability_id"
		" JOIN source s ON s.id = v.source_id"
		" LEFT JOIN text t ON t.id = v.description_id"
		" LEFT JOIN cve c ON c.name = v.name WHERE l.name = $1",

	[PG_ADVISORIES_LOCK] = "SELECT pg_advisory_xact_lock(" PG_ADVISORIES_LOCK_ID ")",
	[PG_TEXT_GET] = "SELECT id FROM text WHERE hash = $1",
	[PG_TEXT_ADD] = "INSERT INTO text (hash, body) VALUES ($1, $2) RETURNING id",
	[PG_VULNERABILITY_FIND] =
		"SELECT v.id, v.source_id FROM vulnerability v JOIN source s ON s.id = v.source_id"
		" WHERE v.namespace_id = (SELECT id FROM namespace WHERE name = $1)"
		" AND v.name = $2 AND v.deleted_at IS NULL ORDER BY s.name LIMIT 1",
	[PG_VULNERABILITY_GET] =
		"SELECT v.id, v.name, n.name, n.version_format, v.severity, v.link, t.body,"
		" v.metadata, v.cves, t.hash, v.description_id, coalesce(c.severity, 0),"
		" c.metadata FROM vulnerability v"
		" JOIN namespace n ON n.id = v.namespace_id"
		" LEFT JOIN text t ON t.id = v.description_id"
		" LEFT JOIN cve c ON c.name = v.name WHERE v.id = $1",
	/* A name that several sources have is that of the first of them. */
	[PG_VULNERABILITY_LIST] =
		"SELECT v.id, v.name, n.name, n.version_format, v.severity, v.link, t.body,"
		" v.metadata, v.cves, coalesce(c.severity, 0), c.metadata"
		" FROM namespace n JOIN vulnerability v"
		" ON v.namespace_id = n.id AND v.deleted_at IS NULL AND v.id >= $2"
		" JOIN source s ON s.id = v.source_id"
		" LEFT JOIN text t ON t.id = v.description_id"
		" LEFT JOIN cve c ON c.name = v.name WHERE n.id = $1"
		" AND NOT EXISTS (SELECT FROM vulnerability o"
		" JOIN source os ON os.id = o.source_id AND os.name < s.name"
		" WHERE o.namespace_id = v.namespace_id AND o.name = v.name"
		" AND o.deleted_at IS NULL) ORDER BY v.id LIMIT $3",
	[PG_VULNERABILITY_ADD] =
		"INSERT INTO vulnerability (namespace_id, source_id, name, severity, link,"
		" description_id, metadata, content_hash, created_at, cves)"
		" VALUES ($1, $2, $3, $4::bigint, $5, $6, $7, $8, $9, $10) RETURNING id",
	[PG_VULNERABILITY_DELETE] = "UPDATE vulnerability SET deleted_at = $2 WHERE id = $1",
	[PG_FIX_ADD] =
		"INSERT INTO fix (" PG_FIX_COLUMNS ")"
		" SELECT $1::bigint, p.id, q.introduced_key, q.introduced, q.fixed_key, q.fixed,"
		" q.state, q.severity, q.arches FROM unnest($3::text[], $4::bytea[],"
		" $5::text[], $6::bytea[], $7::text[], $8::bigint[], $9::bigint[], $10::text[])"
		" AS q (package, introduced_key, introduced, fixed_key, fixed, state, severity,"
		" arches)"
		" JOIN package p ON p.namespace_id = $2 AND p.name = q.package",
	[PG_FIX_MOVE] = "WITH moved AS (DELETE FROM fix WHERE vulnerability_id = $1"
			" RETURNING " PG_FIX_COLUMNS ")"
			" INSERT INTO deleted_fix (" PG_FIX_COLUMNS ")"
			" SELECT " PG_FIX_COLUMNS " FROM moved",
	[PG_FIXES] = "SELECT p.name, x.introduced_key, x.introduced_version, x.fixed_key,"
		     " x.fixed_version, x.state, x.severity, x.arches FROM"
		     " (SELECT " PG_FIX_COLUMNS " FROM fix WHERE vulnerability_id = $1 UNION ALL"
		     " SELECT " PG_FIX_COLUMNS " FROM deleted_fix WHERE vulnerability_id = $1) AS x"
		     " JOIN package p ON p.id = x.package_id"
		     " ORDER BY p.name, x.introduced_key, x.arches COLLATE \"C\"",
	[PG_SOURCE_COUNT] = "UPDATE source SET advisories = advisories + $2 WHERE id = $1",
	[PG_NOTIFY_ALL] = PG_NOTIFY_ALL_SQL(ONE_CHANGE),
	[PG_NOTIFY_TOUCHING] = PG_NOTIFY_TOUCHING_SQL(ONE_CHANGE),
	[PG_NOTIFICATION_DROP] = "DELETE FROM notification WHERE deleted_at < " PG_NOW " - $1",
	[PG_OUTDATED_DELETE] =
		"WITH gone AS (DELETE FROM vulnerability v WHERE v.id IN ("
		"SELECT o.id FROM source s JOIN vulnerability o ON o.source_id = s.id"
		" AND o.deleted_at IS NOT NULL AND o.deleted_at < $1)"
		" AND NOT EXISTS (SELECT FROM notification n"
		" WHERE n.vulnerability_old = v.id AND n.deleted_at IS NULL)"
		" AND NOT EXISTS (SELECT FROM notification n"
		" WHERE n.vulnerability_new = v.id AND n.deleted_at IS NULL) RETURNING v.id),"
		" fixes AS (DELETE FROM deleted_fix WHERE vulnerability_id IN"
		" (SELECT id FROM gone)) SELECT id FROM gone",

	[PG_NOTIFICATION_GET] = "SELECT name, created_at, notified_at, deleted_at,"
				" vulnerability_old, vulnerability_new FROM notification"
				" WHERE name = $1",
	[PG_NOTIFICATION_LAYERS] =
		"SELECT l.id, l.name FROM (SELECT DISTINCT i.layer_id FROM ("
		" SELECT package_id, introduced_key, fixed_key FROM fix"
		" WHERE vulnerability_id = $1 UNION ALL"
		" SELECT package_id, introduced_key, fixed_key FROM deleted_fix"
		" WHERE vulnerability_id = $1) AS x"
		" JOIN feature f ON f.package_id = x.package_id"
		" AND substr(f.key, 1, 200) <= substr(x.fixed_key, 1, 200)"
		" AND f.key >= x.introduced_key AND f.key < x.fixed_key"
		" JOIN layer_feature i ON i.feature_id = f.id AND i.added_by = i.layer_id"
		" AND i.layer_id >= $2 ORDER BY i.layer_id LIMIT $3) AS d"
		" JOIN layer l ON l.id = d.layer_id ORDER BY l.id",
	/* Who finds that somebody was faster learns it from the second column. */
	[PG_NOTIFICATION_TAKE] =
		"WITH due AS (SELECT n.name FROM notification n WHERE n.deleted_at IS NULL"
		" AND (n.notified_at IS NULL OR n.notified_at <= " PG_NOW " - $2)"
		" AND NOT EXISTS (SELECT FROM lock l WHERE l.name = n.name AND"
		" l.until > " PG_NOW ") ORDER BY n.id LIMIT 1 FOR UPDATE OF n SKIP LOCKED),"
		" taken AS (INSERT INTO lock AS l (name, owner, until)"
		" SELECT name, $1, " PG_NOW " + $3 FROM due"
		" ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until"
		" WHERE l.until <= " PG_NOW " RETURNING l.name)"
		" SELECT due.name, taken.name FROM due LEFT JOIN taken ON true",
	[PG_NOTIFICATION_SENT] = "UPDATE notification SET notified_at = " PG_NOW " WHERE name = $1",
	[PG_NOTIFICATION_DELETE] =
		"UPDATE notification SET deleted_at = " PG_NOW " WHERE name = $1",

	[PG_LOCK] = "INSERT INTO lock AS l (name, owner, until) VALUES ($1, $2, " PG_NOW " + $3)"
		    " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner,"
		    " until = excluded.until WHERE l.until <= " PG_NOW
		    " OR ($4::bigint <> 0 AND l.owner = excluded.owner) RETURNING l.until",
	[PG_LOCK_FIND] = "SELECT owner, until FROM lock WHERE name = $1 AND until > " PG_NOW,
	[PG_LOCK_DELETE] = "DELETE FROM lock WHERE name = $1 AND owner = $2",
	[PG_LOCK_DROP_EXPIRED] = "DELETE FROM lock WHERE name IN (SELECT name FROM lock"
				 " WHERE until <= " PG_NOW " FOR UPDATE SKIP LOCKED)",
	[PG_KEY_GET] = "SELECT value FROM keyvalue WHERE key = $1",
	[PG_KEY_PUT] = "INSERT INTO keyvalue (key, value) VALUES ($1, $2)"
		       " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
};

static void set_busy_timeout(struct store *base, unsigned ms)
{
	struct pg_store *s = (struct pg_store *)base;

	s->busy_timeout_ms = ms;
	s->ready = false;
}

static int ping(struct store *base, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)base, PG_PING);
	int r = pg_select(&q, 0, err);

	return r < 0 ? r : 0;
}

const struct store_driver store_pgsql_driver = {
	.name = "postgresql",
	.accepts = pgsql_accepts,
	.open = pgsql_open,
	.close = pgsql_close,
	.set_busy_timeout = set_busy_timeout,
	.update_begin = pgsql_update_begin,
	.update_put = pgsql_update_put,
	.update_put_cve = pgsql_update_put_cve,
	.update_cover = pgsql_update_cover,
	.update_commit = pgsql_update_commit,
	.update_commit_all = pgsql_update_commit_all,
	.update_rest = pgsql_update_rest,
	.update_free = pgsql_update_free,
	.visit = pgsql_visit,
	.source_get = pgsql_source_get,
	.source_list = pgsql_source_list,
	.source_touch = pgsql_source_touch,
	.source_fail = pgsql_source_fail,
	.has_namespace = pgsql_has_namespace,
	.match = pgsql_match,
	.facts_get = pgsql_facts_get,
	.facts_put = pgsql_facts_put,
	.file_digest_get = pgsql_file_digest_get,
	.file_digest_put = pgsql_file_digest_put,
	.ping = ping,
	.layer_get = pgsql_observed_layer_get,
	.layer_chain = pgsql_observed_layer_chain,
	.layer_put = pgsql_observed_layer_put,
	.layer_delete = pgsql_observed_layer_delete,
	.layer_state = pgsql_observed_layer_state,
	.layer_read = pgsql_observed_layer_read,
	.namespace_list = pgsql_observed_namespace_list,
	.namespace_get = pgsql_observed_namespace_get,
	.vulnerability_get = pgsql_observed_vulnerability_get,
	.vulnerability_list = pgsql_observed_vulnerability_list,
	.vulnerability_put = pgsql_observed_vulnerability_put,
	.vulnerability_delete = pgsql_observed_vulnerability_delete,
	.notification_get = pgsql_observed_notification_get,
	.notification_take = pgsql_observed_notification_take,
	.notification_sent = pgsql_observed_notification_sent,
	.notification_delete = pgsql_observed_notification_delete,
	.lock = pgsql_observed_lock,
	.unlock = pgsql_observed_unlock,
	.lock_find = pgsql_observed_lock_find,
	.key_get = pgsql_observed_key_get,
	.key_put = pgsql_observed_key_put,
};
