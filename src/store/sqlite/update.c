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
	uint64_t advisories;   /* of the source, before */
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

int sqlite_update_put_cve(struct store_update *base, const struct cve_record *c, struct err *err)
{
	struct sqlite_update *u = (struct sqlite_update *)base;

	return store_staging_put_cve(u->staging, c, err);
}

int sqlite_update_cover(
	struct store_update *base, enum store_cover what, struct str name, struct err *err)
{
	struct sqlite_update *u = (struct sqlite_update *)base;

	return store_staging_cover(u->staging, what, name, err);
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

/* What is covered, in a table of the connection. */
static int note_covered(struct sqlite_update *u, enum store_cover what, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&u->store->db, SQL_COVER);
	struct str name;
	int r;

	while ((r = store_staging_next_covered(u->staging, what, &name, err)) > 0) {
		query_bind_i64(&q, what);
		query_bind_str(&q, name);
		if ((r = query_run(&q, err)) < 0)
			return r;
	}
	return r;
}

static bool is_partial(const struct sqlite_update *u)
{
	return store_staging_covered(u->staging, STORE_COVER_NAMESPACE) +
		       store_staging_covered(u->staging, STORE_COVER_NAME) >
	       0;
}

/* The current rows that the update covers. */
static int start_current(struct sqlite_update *u, struct current *c, struct err *err)
{
	int r = 0;

	if (is_partial(u)) {
		r = sqlite_exec(&u->store->db,
			"CREATE TEMP TABLE IF NOT EXISTS covered (what INTEGER, name TEXT,"
			" PRIMARY KEY (what, name)) WITHOUT ROWID; DELETE FROM covered",
			err);
		if (r == 0)
			r = note_covered(u, STORE_COVER_NAMESPACE, err);
		if (r == 0)
			r = note_covered(u, STORE_COVER_NAME, err);
		if (r < 0)
			return r;
	}
	c->q = query_start(&u->store->db, is_partial(u) ? SQL_CURRENT_COVERED : SQL_CURRENT);
	query_bind_i64(&c->q, u->source_id);
	if (is_partial(u)) {
		query_bind_i64(&c->q, STORE_COVER_NAMESPACE);
		query_bind_i64(&c->q, STORE_COVER_NAME);
	}
	return current_next(c, err);
}

static int merge(struct sqlite_update *u, struct store_update_result *result, struct err *err)
{
	struct current c = { .more = 0 };
	const struct staged_advisory *a;
	int r = start_current(u, &c, err);

	while (r == 0 && (r = store_staging_next(u->staging, &a, err)) > 0)
		r = merge_one(u, &c, a, result, err);
	while (r == 0 && c.more) {
		result->deleted++;
		r = put_off(u, &c, NULL, err);
	}
	query_fini(&c.q);
	if (r == 0)
		r = store_check_shrinking(&u->base,
			store_staging_covered(u->staging, STORE_COVER_NAME) > 0, result, err);
	if (is_partial(u))
		result->unchanged += store_uncovered(result, u->advisories);
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

/* Whether the source was never updated: its first state is no change. */
static int find_source(
	struct sqlite_update *u, struct source_state *old, struct arena *a, struct err *err)
{
	int r = sqlite_source_get(&u->store->base, u->source, a, old, err);

	if (r < 0)
		return r;
	u->advisories = r > 0 ? old->advisories : 0;
	u->notifies = r > 0 && old->updated_at != 0 && u->base.notify != STORE_NOTIFY_NONE;
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
	if (!store_has_changes(result) && old->updated_at != 0)
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
	if (r == 0)
		r = sqlite_cves_write(u->store, u->staging, is_partial(u), result, err);
	if (r == 0 && store_has_changes(result))
		r = follow_up(u, result, err);
	if (r == 0)
		r = set_source(u, state, &old, result, err);
	return r;
}

static int commit_part(struct store_update_part *part, struct err *err)
{
	struct sqlite_update *u = (struct sqlite_update *)part->update;

	u->now = part->state.updated_at;
	u->known_texts = xcalloc(KNOWN_TEXTS, sizeof(*u->known_texts));
	int r = commit_in_transaction(u, &part->state, &part->result, err);
	free(u->known_texts);
	u->known_texts = NULL;
	return r;
}

int sqlite_update_commit_all(
	struct store *base, struct store_update_part *parts, size_t n, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = store_staging_start(((struct sqlite_update *)parts[i].update)->staging, err);
	if (r == 0)
		r = sqlite_begin(s, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = commit_part(&parts[i], err);
		if (r < 0 && n > 1)
			(void)err_wrap(err, "%" PRIstr, STR_ARG(parts[i].state.name));
	}
	if (r == 0)
		r = sqlite_commit(s, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r;
}

int sqlite_update_commit(struct store_update *base, const struct source_state *state,
	struct store_update_result *out, struct err *err)
{
	struct store_update_part part = { .update = base, .state = *state };
	int r = sqlite_update_commit_all(
		&((struct sqlite_update *)base)->store->base, &part, 1, err);

	*out = part.result;
	return r;
}

void sqlite_update_rest(struct store_update *base)
{
	store_staging_rest(((struct sqlite_update *)base)->staging);
}
