/*
 * The driver's table, and the statements that it prepares. Their joins are written in the order in
 * which they are to be made (see planner in conn.c).
 */
#include "store/pgsql/pgsql_priv.h"

#define SOURCE_COLUMNS \
	"name, location, etag, last_modified, digest, updated_at, checked_at, advisories"

const char *const pgsql_sql[PG_STATEMENT_COUNT] = {
	[PG_SOURCE_GET] = "SELECT " SOURCE_COLUMNS " FROM source WHERE name = $1",
	[PG_SOURCE_LIST] = "SELECT " SOURCE_COLUMNS " FROM source ORDER BY name",
	/* Validators belong to a location: those of another one must not stay. */
	[PG_SOURCE_TOUCH] =
		"WITH t AS (UPDATE source SET"
		" location = CASE WHEN $2 = '' THEN location ELSE $2 END,"
		" etag = CASE WHEN $3 = '' AND $2 IN ('', location) THEN etag ELSE $3 END,"
		" last_modified = CASE WHEN $4 = '' AND $2 IN ('', location) THEN last_modified"
		" ELSE $4 END, checked_at = $6"
		" WHERE name = $1 AND $5 IN ('', digest))"
		" SELECT 1 FROM source WHERE name = $1",
	[PG_SOURCE_ID] = "INSERT INTO source (name, location, etag, last_modified, digest,"
			 " updated_at, checked_at, advisories)"
			 " VALUES ($1, '', '', '', '', 0, 0, 0)"
			 " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
	[PG_SOURCE_SET] = "UPDATE source SET location = $2, etag = $3, last_modified = $4,"
			  " digest = $5, updated_at = $6, checked_at = $7, advisories = $8"
			  " WHERE name = $1",
	[PG_HAS_NAMESPACE] = "SELECT EXISTS (SELECT FROM namespace n"
			     " JOIN package p ON p.namespace_id = n.id"
			     " JOIN fix f ON f.package_id = p.id WHERE n.name = $1)",
	[PG_MATCH] = "SELECT q.position, v.id, v.name, s.name, f.severity, f.state,"
		     " f.fixed_version, v.link, t.body, f.fixed_key"
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
	.update_commit = pgsql_update_commit,
	.update_free = pgsql_update_free,
	.source_get = pgsql_source_get,
	.source_list = pgsql_source_list,
	.source_touch = pgsql_source_touch,
	.has_namespace = pgsql_has_namespace,
	.match = pgsql_match,
	.facts_get = pgsql_facts_get,
	.facts_put = pgsql_facts_put,
	.file_digest_get = pgsql_file_digest_get,
	.file_digest_put = pgsql_file_digest_put,
	.ping = ping,
};
