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
	bool notifies;         /* changes are noted */
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

static int namespace_id(
	struct sqlite_update *u, const struct staged_advisory *a, int64_t *id, struct err *err)
{
	int64_t *known = map_get(&u->namespaces, a->name_space);

	if (known) {
		*id = *known;
		return 0;
	}
	int r = sqlite_namespace_id(u->store, a->name_space, a->scheme, id, err);
	if (r < 0)
		return err_wrap(err, "advisory %" PRIstr, STR_ARG(a->name));
	known = arena_alloc(&u->arena, sizeof(*known));
	*known = *id;
	map_set(&u->namespaces, a->name_space, known);
	return 0;
}

static int find_text(struct sqlite_update *u, struct span hash, int64_t *id, struct err *err)
{
	struct str body;
	int r = sqlite_text_find(u->store, hash, id, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = store_staging_text(u->staging, hash, &body, err)) < 0)
		return r;
	return sqlite_text_add(u->store, hash, body, id, err);
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

/* a takes the place of row old_id (0: none). */
static int insert(
	struct sqlite_update *u, int64_t old_id, const struct staged_advisory *a, struct err *err)
{
	struct vulnerability_row row = { .source_id = u->source_id,
		.name = a->name,
		.content = &a->content,
		.hash = &a->hash,
		.now = u->now };
	int64_t id = 0;
	int r = namespace_id(u, a, &row.name_space_id, err);

	if (r == 0)
		r = text_id(u, a->content.description_hash, &row.description_id, err);
	if (r == 0)
		r = sqlite_vulnerability_add(u->store, &row, &id, err);
	return r < 0 || !u->notifies ? r : sqlite_changes_add(u->store, old_id, id, err);
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
		return c->more ? store_staging_defer(u->staging, 0, a, err) : insert(u, 0, a, err);
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
		if (old_id &&
			(r = sqlite_vulnerability_mark_deleted(u->store, old_id, u->now, err)) < 0)
			return r;
		if (a)
			r = insert(u, old_id, a, err);
		else if (u->notifies)
			r = sqlite_changes_add(u->store, old_id, 0, err);
		if (r < 0)
			return r;
	}
	return r;
}

static bool has_changes(const struct store_update_result *r)
{
	return r->inserted + r->changed + r->deleted > 0;
}

/* Whether the source was never updated: its first state is no change. */
static int find_source(
	struct sqlite_update *u, struct source_state *old, struct arena *a, struct err *err)
{
	int r = sqlite_source_get(&u->store->base, u->source, a, old, err);

	if (r < 0)
		return r;
	u->notifies = r > 0 && u->base.notify != STORE_NOTIFY_NONE;
	r = sqlite_source_id(u->store, u->source, &u->source_id, err);
	if (r == 0 && u->notifies)
		r = sqlite_changes_start(u->store, err);
	return r;
}

static int set_source(struct sqlite_update *u, const struct source_state *state,
	const struct source_state *old, const struct store_update_result *result, struct err *err)
{
	struct source_state new = *state;

	new.name = u->source;
	new.advisories = result->inserted + result->changed + result->unchanged;
	if (!has_changes(result) && old->updated_at != 0)
		new.updated_at = old->updated_at;
	return sqlite_source_set(u->store, &new, err);
}

/* All that is to be done besides the rows themselves, when some differ. */
static int follow_up(struct sqlite_update *u, struct store_update_result *result, struct err *err)
{
	int r = do_put_off(u, err);

	if (r == 0 && u->notifies)
		r = sqlite_changes_notify(u->store, u->base.notify, &result->notifications, err);
	if (r == 0)
		r = sqlite_generation_bump(u->store, err);
	return r < 0 ? r : sqlite_drop_outdated(u->store, u->now, err);
}

static int commit_in_transaction(struct sqlite_update *u, const struct source_state *state,
	struct store_update_result *result, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state old = { .updated_at = 0 };
	int r = find_source(u, &old, &a, err);

	if (r == 0)
		r = merge(u, result, err);
	if (r == 0 && has_changes(result))
		r = follow_up(u, result, err);
	if (r == 0)
		r = set_source(u, state, &old, result, err);
	return r < 0 ? r : sqlite_commit(u->store, err);
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
