/*
 * The commit of an update: the staged advisories and the source's current rows, both ordered by
 * namespace and name, are merged by content hash, and what differs is written; all in one
 * transaction that is begun when the staged ones are sorted. While the current rows are being read
 * they must not change, so that what is to be done is put off; behind the last of them (for a new
 * source: from the start) it is done at once.
 */
#include "store/sqlite/sqlite_priv.h"
#include "store/staging.h"

/* Ids of texts, each at a place that its hash gives: releases repeat the texts of one another. */
struct known_text {
	struct content_hash hash;
	int64_t id; /* 0: none */
};

enum { KNOWN_TEXTS = 32768 };

struct sqlite_update {
	struct store_update base;
	struct sqlite_store *store;
	struct str source; /* in the arena */
	struct store_staging *staging;

	/* Of the commit: */
	int64_t now;
	int64_t source_id;
	struct map namespaces; /* name → int64_t, its id, in the arena */
	struct arena arena;
	struct known_text *known_texts;
};

int sqlite_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err)
{
	struct store_staging *staging;
	int r = store_staging_new(&staging, err);

	if (r < 0)
		return r;
	struct sqlite_update *u = xcalloc(1, sizeof(*u));
	u->store = (struct sqlite_store *)s;
	arena_init(&u->arena);
	u->source = arena_str(&u->arena, source);
	u->staging = staging;
	map_init(&u->namespaces);
	*out = &u->base;
	return 0;
}

int sqlite_update_put(struct store_update *base, const struct advisory *a, struct err *err)
{
	struct sqlite_update *u = (struct sqlite_update *)base;

	return store_staging_put(u->staging, a, err);
}

void sqlite_update_free(struct store_update *base)
{
	struct sqlite_update *u = (struct sqlite_update *)base;

	store_staging_free(u->staging);
	map_fini(&u->namespaces);
	free(u->known_texts);
	arena_fini(&u->arena);
	free(u);
}

static int add_namespace(
	struct sqlite_update *u, const struct staged_advisory *a, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&u->store->db, SQL_NAMESPACE_ADD);

	query_bind_str(&q, a->name_space);
	query_bind_str(&q, a->scheme);
	int r = query_run(&q, err);
	if (r == 0)
		*id = sqlite3_last_insert_rowid(u->store->db.handle);
	return r;
}

static int find_namespace(
	struct sqlite_update *u, const struct staged_advisory *a, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&u->store->db, SQL_NAMESPACE_GET);

	query_bind_str(&q, a->name_space);
	int r = query_step(&q, err);
	if (r < 0)
		return r;
	if (r == 0)
		return add_namespace(u, a, id, err);
	*id = query_i64(&q, 0);
	struct str scheme = query_str(&q, 1);
	if (!str_eq(scheme, a->scheme))
		return err_set(err, ERR_INPUT,
			"advisory %" PRIstr ": versions of %" PRIstr " are %" PRIstr
			"'s, not %" PRIstr "'s",
			STR_ARG(a->name), STR_ARG(a->name_space), STR_ARG(scheme),
			STR_ARG(a->scheme));
	return 0;
}

static int namespace_id(
	struct sqlite_update *u, const struct staged_advisory *a, int64_t *id, struct err *err)
{
	int64_t *known = map_get(&u->namespaces, a->name_space);

	if (known) {
		*id = *known;
		return 0;
	}
	int r = find_namespace(u, a, id, err);
	if (r < 0)
		return r;
	known = arena_alloc(&u->arena, sizeof(*known));
	*known = *id;
	map_set(&u->namespaces, a->name_space, known);
	return 0;
}

static int package_id(
	struct sqlite_update *u, int64_t name_space, struct str name, int64_t *id, struct err *err)
{
	struct sqlite_db *db = &u->store->db;
	_cleanup_query_ struct query get = query_start(db, SQL_PACKAGE_GET);
	_cleanup_query_ struct query add = query_start(db, SQL_PACKAGE_ADD);

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
		*id = sqlite3_last_insert_rowid(db->handle);
	return r;
}

static int find_text(struct sqlite_update *u, struct span hash, int64_t *id, struct err *err)
{
	struct sqlite_db *db = &u->store->db;
	_cleanup_query_ struct query get = query_start(db, SQL_TEXT_GET);
	_cleanup_query_ struct query add = query_start(db, SQL_TEXT_ADD);
	struct str body;

	query_bind_blob(&get, hash);
	int r = query_step(&get, err);
	if (r > 0)
		*id = query_i64(&get, 0);
	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = store_staging_text(u->staging, hash, &body, err)) < 0)
		return r;
	query_bind_blob(&add, hash);
	query_bind_str(&add, body);
	if ((r = query_run(&add, err)) == 0)
		*id = sqlite3_last_insert_rowid(db->handle);
	return r;
}

/* *id is 0 for no text. */
static int text_id(struct sqlite_update *u, struct span hash, int64_t *id, struct err *err)
{
	*id = 0;
	if (hash.n != CONTENT_HASH_BYTES)
		return 0;
	struct known_text *known = &u->known_texts[get_be16(hash.p) % KNOWN_TEXTS];
	if (known->id == 0 || memcmp(known->hash.bytes, hash.p, hash.n) != 0) {
		int r = find_text(u, hash, &known->id, err);

		if (r < 0)
			return r;
		memcpy(known->hash.bytes, hash.p, hash.n);
	}
	*id = known->id;
	return 0;
}

static int insert_fix(struct sqlite_update *u, int64_t vulnerability, int64_t name_space,
	const struct fix_record *f, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&u->store->db, SQL_FIX_ADD);
	int64_t package = 0;
	int r = package_id(u, name_space, f->package, &package, err);

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
	return query_run(&q, err);
}

static int insert_vulnerability(struct sqlite_update *u, const struct staged_advisory *a,
	int64_t name_space, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&u->store->db, SQL_VULNERABILITY_ADD);
	int64_t description = 0;
	int r = text_id(u, a->content.description_hash, &description, err);

	if (r < 0)
		return r;
	query_bind_i64(&q, name_space);
	query_bind_i64(&q, u->source_id);
	query_bind_str(&q, a->name);
	query_bind_i64(&q, a->content.severity);
	query_bind_str(&q, a->content.link);
	if (description)
		query_bind_i64(&q, description);
	else
		query_bind_null(&q);
	query_bind_str(&q, a->content.metadata);
	query_bind_blob(&q, content_hash_span(&a->hash));
	query_bind_i64(&q, u->now);
	if ((r = query_run(&q, err)) == 0)
		*id = sqlite3_last_insert_rowid(u->store->db.handle);
	return r;
}

static int insert(struct sqlite_update *u, const struct staged_advisory *a, struct err *err)
{
	int64_t name_space = 0, id = 0;
	int r = namespace_id(u, a, &name_space, err);

	if (r == 0)
		r = insert_vulnerability(u, a, name_space, &id, err);
	for (size_t i = 0; r == 0 && i < a->content.fixes.n; i++)
		r = insert_fix(u, id, name_space, &a->content.fixes.v[i], err);
	return r;
}

static int mark_deleted(struct sqlite_update *u, int64_t id, struct err *err)
{
	_cleanup_query_ struct query row = query_start(&u->store->db, SQL_VULNERABILITY_DELETE);
	_cleanup_query_ struct query keep = query_start(&u->store->db, SQL_FIX_KEEP);
	_cleanup_query_ struct query fixes = query_start(&u->store->db, SQL_FIX_DELETE);

	query_bind_i64(&row, u->now);
	query_bind_i64(&row, id);
	query_bind_i64(&keep, id);
	query_bind_i64(&fixes, id);
	int r = query_run(&row, err);
	if (r == 0)
		r = query_run(&keep, err);
	return r < 0 ? r : query_run(&fixes, err);
}

/* The current rows of the source, while they are read. */
struct current {
	struct query q;
	int more; /* 1: q stands on a row */
};

static int current_next(struct current *c, struct err *err)
{
	c->more = query_step(&c->q, err);
	return c->more < 0 ? c->more : 0;
}

/* The row is gone, or NULL: a's; then the next row. */
static int put_off(struct sqlite_update *u, struct current *c, const struct staged_advisory *a,
	struct err *err)
{
	int r = store_staging_defer(u->staging, query_i64(&c->q, 0), a, err);

	return r < 0 ? r : current_next(c, err);
}

static int cmp_current(const struct current *c, const struct staged_advisory *a)
{
	int order = str_cmp(query_str(&c->q, 1), a->name_space);

	return order ? order : str_cmp(query_str(&c->q, 2), a->name);
}

static int merge_one(struct sqlite_update *u, struct current *c, const struct staged_advisory *a,
	struct store_update_result *result, struct err *err)
{
	int r = 0;

	while (c->more && cmp_current(c, a) < 0) {
		result->deleted++;
		if ((r = put_off(u, c, NULL, err)) < 0)
			return r;
	}
	if (!c->more || cmp_current(c, a) > 0) {
		result->inserted++;
		return c->more ? store_staging_defer(u->staging, 0, a, err) : insert(u, a, err);
	}
	struct span hash = query_blob(&c->q, 3);
	if (hash.n == CONTENT_HASH_BYTES && memcmp(hash.p, a->hash.bytes, hash.n) == 0) {
		result->unchanged++;
		return current_next(c, err);
	}
	result->changed++;
	return put_off(u, c, a, err);
}

static int merge(struct sqlite_update *u, struct store_update_result *result, struct err *err)
{
	struct current c = { .q = query_start(&u->store->db, SQL_CURRENT) };
	const struct staged_advisory *a;

	query_bind_i64(&c.q, u->source_id);
	int r = current_next(&c, err);
	while (r == 0 && (r = store_staging_next(u->staging, &a, err)) > 0)
		r = merge_one(u, &c, a, result, err);
	while (r == 0 && c.more) {
		result->deleted++;
		r = put_off(u, &c, NULL, err);
	}
	query_fini(&c.q);
	return r;
}

static int do_put_off(struct sqlite_update *u, struct err *err)
{
	const struct staged_advisory *a;
	int64_t old_id;
	int r;

	while ((r = store_staging_next_deferred(u->staging, &old_id, &a, err)) > 0) {
		if (old_id && (r = mark_deleted(u, old_id, err)) < 0)
			return r;
		if (a && (r = insert(u, a, err)) < 0)
			return r;
	}
	return r;
}

/* History has an end. */
static int drop_outdated(struct sqlite_update *u, struct err *err)
{
	_cleanup_query_ struct query rows = query_start(&u->store->db, SQL_OUTDATED_DELETE);
	_cleanup_query_ struct query texts = query_start(&u->store->db, SQL_TEXT_DELETE_UNUSED);

	query_bind_i64(&rows, u->source_id);
	query_bind_i64(&rows, u->now - LIMIT_DELETED_ADVISORY_S);
	int r = query_run(&rows, err);
	if (r < 0 || sqlite3_changes(u->store->db.handle) == 0)
		return r;
	return query_run(&texts, err);
}

static int set_source(struct sqlite_update *u, const struct source_state *state, bool same_data,
	const struct store_update_result *result, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state old = { .updated_at = 0 }, new = *state;
	int r = sqlite_source_get(&u->store->base, u->source, &a, &old, err);

	if (r < 0)
		return r;
	new.name = u->source;
	new.advisories = result->inserted + result->changed + result->unchanged;
	if (same_data && old.updated_at != 0)
		new.updated_at = old.updated_at;
	return sqlite_source_set(u->store, &new, err);
}

static int commit_in_transaction(struct sqlite_update *u, const struct source_state *state,
	struct store_update_result *result, struct err *err)
{
	int r = sqlite_source_id(u->store, u->source, &u->source_id, err);

	if (r == 0)
		r = merge(u, result, err);
	if (r < 0)
		return r;
	bool same_data = result->inserted + result->changed + result->deleted == 0;
	if (!same_data && ((r = do_put_off(u, err)) < 0 || (r = drop_outdated(u, err)) < 0))
		return r;
	if ((r = set_source(u, state, same_data, result, err)) < 0)
		return r;
	return sqlite_commit(u->store, err);
}

int sqlite_update_commit(struct store_update *base, const struct source_state *state,
	struct store_update_result *out, struct err *err)
{
	struct sqlite_update *u = (struct sqlite_update *)base;

	u->now = state->updated_at;
	u->known_texts = xcalloc(KNOWN_TEXTS, sizeof(*u->known_texts));
	int r = store_staging_start(u->staging, err);
	if (r == 0)
		r = sqlite_begin(u->store, err);
	if (r < 0)
		return r;
	r = commit_in_transaction(u, state, out, err);
	if (r < 0)
		sqlite_rollback(&u->store->db);
	return r;
}
