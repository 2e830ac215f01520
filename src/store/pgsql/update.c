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

int pgsql_update_put_cve(struct store_update *base, const struct cve_record *c, struct err *err)
{
	struct pg_update *u = (struct pg_update *)base;

	if (c->name.n > LIMIT_PGSQL_NAME)
		return err_set(err, ERR_INPUT, "a CVE's name of %zu bytes", c->name.n);
	return store_staging_put_cve(u->staging, c, err);
}

int pgsql_update_cover(
	struct store_update *base, enum store_cover what, struct str name, struct err *err)
{
	struct pg_update *u = (struct pg_update *)base;

	if (name.n > LIMIT_PGSQL_NAME)
		return err_set(err, ERR_INPUT, "a covered name of %zu bytes", name.n);
	return store_staging_cover(u->staging, what, name, err);
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

static bool is_partial(const struct pg_update *u)
{
	return store_staging_covered(u->staging, STORE_COVER_NAMESPACE) +
		       store_staging_covered(u->staging, STORE_COVER_NAME) >
	       0;
}

/* Names that are told to the server at a time; more than so many are not looked up one by one. */
enum { COVERED_PIECE = 4096, COVERED_LOOKUPS = 20000 };

/* *more: whether this may not have been the last. */
static int note_piece(struct pg_update *u, enum store_cover what, int *more, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_pg_query_ struct pg_query q =
		pg_query_sql(u->store, "INSERT INTO covered SELECT $1::bigint, unnest($2::text[])");
	struct str *names = arena_alloc(&a, COVERED_PIECE * sizeof(*names));
	size_t n = 0;
	int r = 1;

	while (n < COVERED_PIECE &&
		(r = store_staging_next_covered(u->staging, what, &names[n], err)) > 0) {
		names[n] = arena_str(&a, names[n]);
		n++;
	}
	*more = r > 0;
	if (r < 0 || n == 0)
		return r;
	pg_bind_i64(&q, what);
	struct buf *array = pg_bind_texts(&q, n);
	for (size_t i = 0; i < n; i++)
		pg_array_bytes(array, span_from_str(names[i]));
	r = pg_run(&q, 0, err);
	return r < 0 ? r : 0;
}

/* What is covered, in a temporary table of the transaction. */
static int note_covered(struct pg_update *u, enum store_cover what, struct err *err)
{
	int r = 0, more = 1;

	while (r == 0 && more)
		r = note_piece(u, what, &more, err);
	return r;
}

#define DECLARE_CURRENT \
	"DECLARE current_rows CURSOR FOR SELECT v.id, n.name, v.name, v.content_hash"

/* With the source's id where there is a number. */
static const char all_sql[] = PG_PLAN_WHOLE_TABLES DECLARE_CURRENT
	" FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id"
	" WHERE v.source_id = %" PRId64 " AND v.deleted_at IS NULL ORDER BY n.name, v.name";

static const char covered_sql[] = PG_PLAN_WHOLE_TABLES DECLARE_CURRENT
	" FROM vulnerability v JOIN namespace n ON n.id = v.namespace_id"
	" WHERE v.source_id = %" PRId64 " AND v.deleted_at IS NULL"
	" AND (n.name IN (SELECT name FROM covered WHERE what = 0)"
	" OR v.name IN (SELECT name FROM covered WHERE what = 1)) ORDER BY n.name, v.name";

static const char covered_lookups_sql[] = DECLARE_CURRENT
	" FROM covered c JOIN namespace n ON n.name = c.name"
	" JOIN vulnerability v ON v.namespace_id = n.id AND v.source_id = %" PRId64
	" AND v.deleted_at IS NULL WHERE c.what = 0"
	" UNION ALL SELECT v.id, n.name, v.name, v.content_hash"
	" FROM namespace n JOIN covered c ON c.what = 1"
	" JOIN vulnerability v ON v.namespace_id = n.id AND v.name = c.name"
	" AND v.source_id = %" PRId64 " AND v.deleted_at IS NULL"
	" WHERE n.name NOT IN (SELECT name FROM covered WHERE what = 0) ORDER BY 2, 3";

_Static_assert(STORE_COVER_NAMESPACE == 0 && STORE_COVER_NAME == 1, "as the statements say");

static int declare_covered(struct pg_update *u, struct err *err)
{
	char sql[1024];
	int r = pg_exec(u->store,
		"CREATE TEMPORARY TABLE covered (what bigint, name text COLLATE \"C\","
		" PRIMARY KEY (what, name)) ON COMMIT DROP",
		err);

	if (r == 0)
		r = note_covered(u, STORE_COVER_NAMESPACE, err);
	if (r == 0)
		r = note_covered(u, STORE_COVER_NAME, err);
	if (r < 0)
		return r;
	if (store_staging_covered(u->staging, STORE_COVER_NAME) > COVERED_LOOKUPS)
		(void)snprintf(sql, sizeof(sql), covered_sql, u->source_id);
	else
		(void)snprintf(sql, sizeof(sql), covered_lookups_sql, u->source_id, u->source_id);
	return pg_exec(u->store, sql, err);
}

/* The current rows that the update covers, as a cursor. */
static int declare_current(struct pg_update *u, struct err *err)
{
	char sql[1024];

	if (is_partial(u))
		return declare_covered(u, err);
	(void)snprintf(sql, sizeof(sql), all_sql, u->source_id);
	return pg_exec(u->store, sql, err);
}

static int merge(struct pg_store *s, void *ctx, struct err *err)
{
	struct pg_update *u = ctx;
	struct current c = { .q = pg_query_sql(s, "FETCH 4096 FROM current_rows"), .n = 0 };
	int r = declare_current(u, err);

	if (r == 0)
		r = merge_rows(u, &c, err);
	if (r == 0)
		r = store_check_shrinking(&u->base,
			store_staging_covered(u->staging, STORE_COVER_NAME) > 0, &u->result, err);
	if (r == 0)
		r = pg_merge_cves(u, is_partial(u), err);
	if (r == 0)
		r = pg_copy_end(u, err);
	pg_query_fini(&c.q);
	if (is_partial(u))
		u->result.unchanged += store_uncovered(&u->result, u->advisories);
	return r;
}

/* --- 2 and 3: making it the data */

static int set_source(struct pg_update *u, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(u->store, PG_SOURCE_SET);
	const struct store_update_result *n = &u->result;
	const struct source_state *state = u->state;
	bool same = !store_has_changes(n);

	pg_bind_str(&q, u->source);
	pg_bind_str(&q, state->location);
	pg_bind_str(&q, state->etag);
	pg_bind_str(&q, state->last_modified);
	pg_bind_str(&q, state->digest);
	pg_bind_i64(&q, same && u->updated_at ? u->updated_at : state->updated_at);
	pg_bind_i64(&q, state->checked_at);
	pg_bind_i64(&q, (int64_t)(n->inserted + n->changed + n->unchanged));
	pg_bind_str(&q, state->documents);
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

static int write_source(struct pg_update *u, struct err *err)
{
	int r = u->has_row ? 0 : add_source(u, err);

	if (r == 0 && u->copied)
		r = pg_write_differences(u, err);
	return r < 0 ? r : set_source(u, err);
}

static int write_all(struct pg_store *s, void *ctx, struct err *err)
{
	struct pg_update *u = ctx;
	int r = write_source(u, err);

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
	u->has_row = r > 0;
	u->updated_at = r > 0 ? pg_i64(&q, 5) : 0;
	u->advisories = r > 0 ? (uint64_t)pg_i64(&q, 7) : 0;
	u->source_id = r > 0 ? pg_i64(&q, 8) : 0;
	/* The first state of a source is no change. */
	u->notifies = u->updated_at != 0 && u->base.notify != STORE_NOTIFY_NONE;
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

void pgsql_update_rest(struct store_update *base)
{
	store_staging_rest(((struct pg_update *)base)->staging);
}

/* --- several sources: the same three steps, each for all of them. The temporary tables of one are
 * set aside while those of another are in use. */

struct together {
	struct store_update_part *parts;
	size_t n;
};

static struct pg_update *update_of(const struct together *t, size_t i)
{
	return (struct pg_update *)t->parts[i].update;
}

static int merge_part(struct pg_store *s, struct pg_update *u, size_t i, struct err *err)
{
	int r = store_staging_start(u->staging, err);

	if (r == 0)
		r = find_source(u, err);
	if (r == 0)
		r = pg_once(s, merge, u, err);
	if (r == 0 && u->copied)
		r = pg_transaction(s, pg_write_names, u, err);
	return r < 0 ? r : pg_copy_set_aside(u, i, err);
}

static int write_together(struct pg_store *s, void *ctx, struct err *err)
{
	const struct together *t = ctx;
	bool copied = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		struct pg_update *u = update_of(t, i);

		copied = copied || u->copied;
		r = pg_copy_bring_back(u, i, err);
		if (r == 0)
			r = write_source(u, err);
		if (r == 0)
			r = pg_copy_set_aside(u, i, err);
	}
	return r < 0 || !copied ? r : pg_generation_bump(s, err);
}

/* What counts is in. */
static void finish_part(struct pg_update *u, size_t i)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (pg_copy_bring_back(u, i, &err) < 0) {
		log_warning("%s", err_msg(&err));
		u->store->farewell = true;
		return;
	}
	notify_late(u);
	analyze(u);
	pg_copy_fini(u);
}

static int commit_together_locked(struct pg_store *s, const struct together *t, struct err *err)
{
	struct together copy = *t;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		r = merge_part(s, update_of(t, i), i, err);
		if (r < 0)
			(void)err_wrap(err, "%" PRIstr, STR_ARG(update_of(t, i)->source));
	}
	if (r == 0)
		r = pg_transaction(s, write_together, &copy, err);
	for (size_t i = 0; r == 0 && i < t->n; i++)
		finish_part(update_of(t, i), i);
	return r;
}

static int commit_together(struct pg_store *s, void *ctx, struct err *err)
{
	const struct together *t = ctx;
	int r = pg_exec(s, "SELECT pg_advisory_lock(" PG_ADVISORIES_LOCK_ID ")", err);

	if (r < 0)
		return r;
	r = commit_together_locked(s, t, err);
	for (size_t i = 0; r < 0 && i < t->n; i++)
		pg_copy_fini(update_of(t, i));
	if (r < 0)
		s->farewell = true; /* with what was set aside */
	unlock(update_of(t, 0));
	return r;
}

int pgsql_update_commit_all(
	struct store *base, struct store_update_part *parts, size_t n, struct err *err)
{
	struct pg_store *s = (struct pg_store *)base;
	struct together t = { .parts = parts, .n = n };

	for (size_t i = 0; i < n; i++)
		update_of(&t, i)->state = &parts[i].state;
	s->timeout_s = LIMIT_PGSQL_UPDATE_S;
	s->ready = false;
	int r = pg_session(s, commit_together, &t, err);
	s->timeout_s = LIMIT_PGSQL_STATEMENT_S;
	s->ready = false;
	for (size_t i = 0; r == 0 && i < n; i++)
		parts[i].result = update_of(&t, i)->result;
	return r;
}
