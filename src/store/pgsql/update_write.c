/*
 * From the temporary tables into the data, by statements over whole tables. What is prepared on the
 * connection must not run while PG_PLAN_WHOLE_TABLES holds: its plan would stay.
 */
#include "store/pgsql/update_priv.h"

/* --- names */

static const char packages_sql[] =
	"INSERT INTO package (namespace_id, name)"
	" SELECT DISTINCT n.id, f.package FROM staged_fix f"
	" JOIN staged_advisory a ON a.position = f.position JOIN namespace n ON n.name = a.namespace"
	" WHERE NOT EXISTS (SELECT FROM package p WHERE p.namespace_id = n.id AND"
	" p.name = f.package) ORDER BY 1, 2 ON CONFLICT DO NOTHING";

/* All advisories of a namespace have one scheme. */
static int write_name_spaces(struct pg_update *u, struct err *err)
{
	struct pg_name_space *v = xcalloc(u->schemes.n + 1, sizeof(*v));
	size_t n = 0;
	void *scheme;

	for (size_t pos = 0; map_next(&u->schemes, &pos, &v[n].name, &scheme); n++)
		v[n].scheme = str_of(scheme);
	int r = pg_namespace_ids(u->store, v, n, err);
	free(v);
	return r;
}

int pg_write_names(struct pg_store *s, void *update, struct err *err)
{
	int r = write_name_spaces(update, err);

	if (r == 0)
		r = pg_exec(s, PG_PLAN_WHOLE_TABLES, err);
	return r < 0 ? r : pg_exec(s, packages_sql, err);
}

/* --- data */

static const char texts_sql[] =
	"INSERT INTO text (hash, body) SELECT DISTINCT ON (hash) hash, body FROM staged_text x"
	" WHERE NOT EXISTS (SELECT FROM text t WHERE t.hash = x.hash) ON CONFLICT DO NOTHING";

static const char mark_deleted_sql[] =
	"UPDATE vulnerability v SET deleted_at = $1 FROM staged_gone g WHERE v.id = g.id";

static const char move_fixes_sql[] =
	"WITH moved AS (DELETE FROM fix f USING staged_gone g WHERE f.vulnerability_id = g.id"
	" RETURNING " PG_FIX_COLUMNS ")"
	" INSERT INTO deleted_fix (" PG_FIX_COLUMNS ") SELECT " PG_FIX_COLUMNS " FROM moved";

static const char advisories_sql[] =
	"INSERT INTO vulnerability (id, namespace_id, source_id, name, severity, link,"
	" description_id, metadata, content_hash, cves, created_at)"
	" SELECT a.id, n.id, $2, a.name, a.severity, a.link, t.id, a.metadata, a.content_hash,"
	" a.cves, $1"
	" FROM staged_advisory a JOIN namespace n ON n.name = a.namespace"
	" LEFT JOIN text t ON t.hash = a.description_hash ORDER BY a.position";

static const char fixes_sql[] =
	"INSERT INTO fix (" PG_FIX_COLUMNS ")"
	" SELECT a.id, p.id, f.introduced_key, f.introduced_version, f.fixed_key,"
	" f.fixed_version, f.state, f.severity, f.arches FROM staged_fix f"
	" JOIN staged_advisory a ON a.position = f.position"
	" JOIN namespace n ON n.name = a.namespace"
	" JOIN package p ON p.namespace_id = n.id AND p.name = f.package"
	" ORDER BY p.id, f.fixed_key";

#define STAGED_CHANGES                                                          \
	"(SELECT old_id, id AS new_id, position FROM staged_advisory UNION ALL" \
	" SELECT id, 0, id FROM staged_gone WHERE superseded = 0)"

/* Of which there is no notification yet. */
#define SILENT_CHANGES                                                                            \
	"(SELECT * FROM " STAGED_CHANGES " AS d WHERE NOT EXISTS (SELECT FROM notification n"     \
	" WHERE n.vulnerability_new = d.new_id) AND NOT EXISTS (SELECT FROM notification n WHERE" \
	" n.vulnerability_old = d.old_id))"

static const char notify_all_sql[] = PG_NOTIFY_ALL_SQL(STAGED_CHANGES);
static const char notify_touching_sql[] = PG_NOTIFY_TOUCHING_SQL(STAGED_CHANGES);

static const char notify_late_sql[] = PG_NOTIFY_TOUCHING_SQL(SILENT_CHANGES);

static const char cves_sql[] =
	"DELETE FROM cve c USING staged_cve x WHERE c.name = x.name;"
	"INSERT INTO cve (name, severity, metadata, hash)"
	" SELECT name, severity, metadata, hash FROM staged_cve WHERE hash <> ''";

static int write_rows(struct pg_update *u, struct err *err)
{
	struct pg_store *s = u->store;
	const int64_t numbers[] = { u->state->updated_at, u->source_id };
	int r = pg_exec(s, texts_sql, err);

	if (r == 0)
		r = pg_run_sql(s, mark_deleted_sql, numbers, 1, err);
	if (r >= 0)
		r = pg_exec(s, move_fixes_sql, err);
	if (r == 0)
		r = pg_exec(s, PG_PLAN_WHOLE_TABLES, err);
	if (r == 0)
		r = pg_run_sql(s, advisories_sql, numbers, 2, err);
	if (r >= 0)
		r = pg_exec(s, fixes_sql, err);
	if (r == 0)
		r = pg_exec(s, cves_sql, err);
	return r < 0 ? r : pg_exec(s, PG_PLAN_LOOKUPS, err);
}

static int notify(struct pg_update *u, struct err *err)
{
	bool all = u->base.notify == STORE_NOTIFY_ALL;
	int r = pg_run_sql(u->store, all ? notify_all_sql : notify_touching_sql, NULL, 0, err);

	if (r >= 0)
		u->result.notifications = (uint64_t)r;
	return r < 0 ? r : 0;
}

int pg_write_differences(struct pg_update *u, struct err *err)
{
	int r = write_rows(u, err);

	if (r == 0 && u->notifies)
		r = notify(u, err);
	return r < 0 ? r : pg_drop_outdated(u->store, u->state->updated_at, err);
}

int pg_notify_late(struct pg_store *s, void *update, struct err *err)
{
	struct pg_update *u = update;
	int r = pg_run_sql(s, notify_late_sql, NULL, 0, err);

	if (r > 0)
		u->result.notifications += (uint64_t)r;
	return r < 0 ? r : 0;
}
