/*
 * States of data sources: one row each, by name.
 */
#include "store/sqlite/sqlite_priv.h"

static void read_state(const struct query *q, struct arena *a, struct source_state *out)
{
	*out = (struct source_state){
		.name = arena_str(a, query_str(q, 0)),
		.location = arena_str(a, query_str(q, 1)),
		.etag = arena_str(a, query_str(q, 2)),
		.last_modified = arena_str(a, query_str(q, 3)),
		.digest = arena_str(a, query_str(q, 4)),
		.updated_at = query_i64(q, 5),
		.checked_at = query_i64(q, 6),
		.advisories = (uint64_t)query_i64(q, 7),
		.failed_at = query_i64(q, 8),
		.error = arena_str(a, query_str(q, 9)),
		.documents = arena_str(a, query_str(q, 10)),
	};
}

int sqlite_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_SOURCE_GET);

	query_bind_str(&q, source);
	int r = query_step(&q, err);
	if (r > 0)
		read_state(&q, a, out);
	return r;
}

int sqlite_source_list(
	struct store *s, struct arena *a, struct source_state **out, size_t *n, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_SOURCE_LIST);
	VEC_OF(struct source_state) list = VEC_INIT;
	int r;

	while ((r = query_step(&q, err)) > 0) {
		struct source_state state;

		read_state(&q, a, &state);
		vec_push(&list, state);
	}
	if (r == 0) {
		*out = arena_alloc(a, list.n * sizeof(*list.v));
		if (list.n > 0)
			memcpy(*out, list.v, list.n * sizeof(*list.v));
		*n = list.n;
	}
	vec_fini(&list);
	return r;
}

int sqlite_source_id(struct sqlite_store *s, struct str source, int64_t *id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_SOURCE_ID);
	_cleanup_query_ struct query add = query_start(&s->db, SQL_SOURCE_ADD);

	query_bind_str(&q, source);
	int r = query_step(&q, err);
	if (r < 0)
		return r;
	if (r > 0) {
		*id = query_i64(&q, 0);
		return 0;
	}
	query_bind_str(&add, source);
	if ((r = query_run(&add, err)) < 0)
		return r;
	*id = sqlite3_last_insert_rowid(s->db.handle);
	return 0;
}

int sqlite_source_set(struct sqlite_store *s, const struct source_state *state, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_SOURCE_SET);

	query_bind_str(&q, state->location);
	query_bind_str(&q, state->etag);
	query_bind_str(&q, state->last_modified);
	query_bind_str(&q, state->digest);
	query_bind_str(&q, state->documents);
	query_bind_i64(&q, state->updated_at);
	query_bind_i64(&q, state->checked_at);
	query_bind_i64(&q, (int64_t)state->advisories);
	query_bind_str(&q, state->name);
	return query_run(&q, err);
}

/* Validators belong to a location: those of another one must not stay. */
static void touch(struct source_state *old, const struct source_state *state)
{
	bool moved = state->location.n > 0 && !str_eq(state->location, old->location);

	if (moved)
		old->location = state->location;
	if (moved || state->etag.n > 0)
		old->etag = state->etag;
	if (moved || state->last_modified.n > 0)
		old->last_modified = state->last_modified;
	if (moved || state->documents.n > 0)
		old->documents = state->documents;
	old->checked_at = state->checked_at;
}

static int touch_in_transaction(
	struct sqlite_store *s, const struct source_state *state, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state old;
	int r = sqlite_source_get(&s->base, state->name, &a, &old, err);

	if (r < 0)
		return r;
	if (r == 0 || old.updated_at == 0)
		return err_set(err, ERR_NOT_FOUND, "source %" PRIstr " was never updated",
			STR_ARG(state->name));
	/* Somebody else has written meanwhile: what was found current is not what is here any more.
	 */
	if (state->digest.n > 0 && !str_eq(state->digest, old.digest)) {
		sqlite_rollback(&s->db);
		return 0;
	}
	touch(&old, state);
	if ((r = sqlite_source_set(s, &old, err)) < 0)
		return r;
	return sqlite_commit(s, err);
}

int sqlite_source_touch(struct store *s, const struct source_state *state, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	int r = sqlite_begin(store, err);

	if (r < 0)
		return r;
	r = touch_in_transaction(store, state, err);
	if (r < 0)
		sqlite_rollback(&store->db);
	return r;
}

static int fail_in_transaction(struct sqlite_store *s, struct str source, int64_t when,
	struct str message, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_SOURCE_FAIL);

	query_bind_str(&q, source);
	query_bind_i64(&q, when);
	query_bind_str(&q, message);
	int r = query_run(&q, err);
	return r < 0 ? r : sqlite_commit(s, err);
}

int sqlite_source_fail(
	struct store *base, struct str source, int64_t when, struct str message, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int r = sqlite_begin(s, err);

	if (r < 0)
		return r;
	r = fail_in_transaction(s, source, when, message, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r;
}
