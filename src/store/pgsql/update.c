/*
 * The commit of an update, under a lock of the session that keeps other writers of advisories away
 * (nobody else):
 *
 *  1. The staged advisories and the source's current rows, both ordered by namespace and name, are
 *     merged by content hash; what differs is copied into temporary tables (update_copy.c).
 *  2. Namespaces and packages that are new are made in a transaction of their own, so that nobody
 *     who stores a layer waits for the next one for their sake.
 *  3. One transaction makes the differences the data, with statements over whole tables.
 *
 * When nothing differs, only the source's state is written.
 */
#include "store/pgsql/update_priv.h"

int pgsql_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err)
{
	struct store_staging *staging;

	if (source.n > LIMIT_PGSQL_NAME || !store_is_text(source))
		return err_set(err, ERR_USAGE, "a source cannot have this name");
	int r = store_staging_new(&staging, err);
	if (r < 0)
		return r;
	struct pg_update *u = xcalloc(1, sizeof(*u));
	u->store = (struct pg_store *)s;
	arena_init(&u->arena);
	u->source = arena_str(&u->arena, source);
	u->staging = staging;
	map_init(&u->schemes);
	*out = &u->base;
	return 0;
}

int pgsql_update_put(struct store_update *base, const struct advisory *a, struct err *err)
{
	struct pg_update *u = (struct pg_update *)base;
	int r = pg_check_names(a, err);

	return r < 0 ? r : store_staging_put(u->staging, a, err);
}

void pgsql_update_free(struct store_update *base)
{
	struct pg_update *u = (struct pg_update *)base;

	store_staging_free(u->staging);
	map_fini(&u->schemes);
	arena_fini(&u->arena);
	free(u);
}

/* --- 1: the merge */

/* The current rows of the source, read in pieces. */
struct current {
	struct pg_query q;
	int n; /* rows of this piece */
};

static int current_next(struct current *c, struct err *err)
{
	if (++c->q.row < c->n)
		return 0;
	c->n = pg_select(&c->q, 0, err);
	return c->n < 0 ? c->n : 0;
}

static bool current_more(const struct current *c)
{
	return c->q.row < c->n;
}

static int64_t current_id(const struct current *c)
{
	return pg_i64(&c->q, 0);
}

static int cmp_current(const struct current *c, const struct staged_advisory *a)
{
	int order = str_cmp(pg_str(&c->q, 1), a->name_space);

	return order ? order : str_cmp(pg_str(&c->q, 2), a->name);
}

static int gone(struct pg_update *u, struct current *c, struct err *err)
{
	int r = pg_copy_gone(u, current_id(c), false, err);

	u->result.deleted++;
	return r < 0 ? r : current_next(c, err);
}

static int merge_one(
	struct pg_update *u, struct current *c, const struct staged_advisory *a, struct err *err)
{
	int r = 0;

	while (current_more(c) && cmp_current(c, a) < 0) {
		if ((r = gone(u, c, err)) < 0)
			return r;
	}
	if (!current_more(c) || cmp_current(c, a) > 0) {
		u->result.inserted++;
		return pg_copy_advisory(u, a, 0, err);
	}
	struct span hash = pg_blob(&c->q, 3);
	if (hash.n == CONTENT_HASH_BYTES && memcmp(hash.p, a->hash.bytes, hash.n) == 0) {
		u->result.unchanged++;
		return current_next(c, err);
	}
	u->result.changed++;
	if ((r = pg_copy_advisory(u, a, current_id(c), err)) < 0)
		return r;
	return current_next(c, err);
}

static int merge_rows(struct pg_update *u, struct current *c, struct err *err)
{
	const struct staged_advisory *a;
	int r = current_next(c, err);

	while (r == 0 && (r = store_staging_next(u->staging, &a, err)) > 0)
		r = merge_one(u, c, a, err);
	while (r == 0 && current_more(c))
		r = gone(u, c, err);
	return r;
}

static int merge(struct pg_store *s, void *ctx, struct err *err)
{
	struct pg_update *u = ctx;
	struct current c = { .q = pg_query_sql(s, "FETCH 4096 FROM current_rows"), .n = 0 };
	char sql[512];

	(void)snprintf(sql, sizeof(sql),
		"%s DECLARE current_rows CURSOR FOR SELECT v.id, n.name, v.name, v.content_hash"
		" FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id"
		" WHERE v.source_id = %" PRId64 " AND v.deleted_at IS NULL"
		" ORDER BY n.name, v.name",
		PG_PLAN_WHOLE_TABLES, u->source_id);
	int r = pg_exec(s, sql, err);
	if (r == 0)
		r = merge_rows(u, &c, err);
	if (r == 0)
		r = pg_copy_end(u, err);
	pg_query_fini(&c.q);
	return r;
}

/* --- 2 and 3: making it the data */

static int set_source(struct pg_update *u, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(u->store, PG_SOURCE_SET);
	const struct store_update_result *n = &u->result;
	const struct source_state *state = u->state;
	bool same = n->inserted + n->changed + n->deleted == 0;

	pg_bind_str(&q, u->source);
	pg_bind_str(&q, state->location);
	pg_bind_str(&q, state->etag);
	pg_bind_str(&q, state->last_modified);
	pg_bind_str(&q, state->digest);
	pg_bind_i64(&q, same && u->updated_at ? u->updated_at : state->updated_at);
	pg_bind_i64(&q, state->checked_at);
	pg_bind_i64(&q, (int64_t)(n->inserted + n->changed + n->unchanged));
	int r = pg_run(&q, 0, err);
	return r < 0 ? r : 0;
}

/* Its row is made with the first data: a source that was never updated is none. */
static int add_source(struct pg_update *u, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(u->store, PG_SOURCE_ID);

	pg_bind_str(&q, u->source);
	int r = pg_run(&q, 0, err);
	if (r > 0)
		u->source_id = pg_i64(&q, 0);
	return r < 0 ? r : 0;
}

static int write_all(struct pg_store *s, void *ctx, struct err *err)
{
	struct pg_update *u = ctx;
	int r = u->is_known ? 0 : add_source(u, err);

	if (r == 0 && u->copied)
		r = pg_write_differences(u, err);
	if (r == 0)
		r = set_source(u, err);
	/* At the end: whoever replaces a layer waits for this row. */
	return r < 0 || !u->copied ? r : pg_generation_bump(s, err);
}

/* The source's row, and when it was updated last. */
static int find_source(struct pg_update *u, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(u->store, PG_SOURCE_GET);

	pg_bind_str(&q, u->source);
	int r = pg_select(&q, 0, err);
	if (r < 0)
		return r;
	u->is_known = r > 0;
	u->updated_at = r > 0 ? pg_i64(&q, 5) : 0;
	u->source_id = r > 0 ? pg_i64(&q, 8) : 0;
	/* The first state of a source is no change. */
	u->notifies = u->is_known && u->base.notify != STORE_NOTIFY_NONE;
	return 0;
}

static int commit_locked(struct pg_update *u, struct err *err)
{
	struct pg_store *s = u->store;
	int r = find_source(u, err);

	if (r == 0)
		r = pg_once(s, merge, u, err);
	if (r == 0 && u->copied)
		r = pg_transaction(s, pg_write_names, u, err);
	if (r == 0)
		r = pg_transaction(s, write_all, u, err);
	return r;
}

/* The planner knows nothing of tables that have just been filled, for minutes. */
static void analyze(struct pg_update *u)
{
	_cleanup_err_ struct err err = ERR_INIT;
	const struct store_update_result *n = &u->result;

	if (n->inserted + n->changed + n->deleted >= ANALYZE_FROM &&
		pg_exec(u->store, "ANALYZE vulnerability, fix, package, text", &err) < 0)
		log_debug("%s", err_msg(&err)); /* plans get no better: what counts is in */
}

/* What failed to be released goes with the connection. */
static void unlock(struct pg_update *u)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (pg_exec(u->store, "SELECT pg_advisory_unlock(" PG_ADVISORIES_LOCK_ID ")", &err) < 0)
		u->store->farewell = true;
}

/* What counts is in: the layers that came in between are all that this is about. */
static void notify_late(struct pg_update *u)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (u->copied && u->notifies && u->base.notify == STORE_NOTIFY_TOUCHING &&
		pg_transaction(u->store, pg_notify_late, u, &err) < 0)
		log_warning("%s", err_msg(&err));
}

static int commit_session(struct pg_store *s, void *ctx, struct err *err)
{
	struct pg_update *u = ctx;
	int r = pg_exec(s, "SELECT pg_advisory_lock(" PG_ADVISORIES_LOCK_ID ")", err);

	if (r < 0)
		return r;
	r = commit_locked(u, err);
	if (r == 0)
		notify_late(u);
	if (r == 0)
		analyze(u);
	pg_copy_fini(u);
	unlock(u);
	return r;
}

int pgsql_update_commit(struct store_update *base, const struct source_state *state,
	struct store_update_result *out, struct err *err)
{
	struct pg_update *u = (struct pg_update *)base;
	struct pg_store *s = u->store;

	u->state = state;
	int r = store_staging_start(u->staging, err);
	if (r < 0)
		return r;
	s->timeout_s = LIMIT_PGSQL_UPDATE_S;
	s->ready = false;
	r = pg_session(s, commit_session, u, err);
	s->timeout_s = LIMIT_PGSQL_STATEMENT_S;
	s->ready = false;
	if (r == 0)
		*out = u->result;
	return r;
}
