/*
 * States of data sources: one row each, by name.
 */
#include "store/pgsql/pgsql_priv.h"

static void read_state(const struct pg_query *q, struct arena *a, struct source_state *out)
{
	*out = (struct source_state){
		.name = arena_str(a, pg_str(q, 0)),
		.location = arena_str(a, pg_str(q, 1)),
		.etag = arena_str(a, pg_str(q, 2)),
		.last_modified = arena_str(a, pg_str(q, 3)),
		.digest = arena_str(a, pg_str(q, 4)),
		.updated_at = pg_i64(q, 5),
		.checked_at = pg_i64(q, 6),
		.advisories = (uint64_t)pg_i64(q, 7),
		.failed_at = pg_i64(q, 9),
		.error = arena_str(a, pg_str(q, 10)),
		.documents = arena_str(a, pg_str(q, 11)),
	};
}

int pgsql_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_SOURCE_GET);

	pg_bind_str(&q, source);
	int r = pg_select(&q, 0, err);
	if (r > 0)
		read_state(&q, a, out);
	return r;
}

int pgsql_source_list(
	struct store *s, struct arena *a, struct source_state **out, size_t *n, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_SOURCE_LIST);
	int r = pg_select(&q, 0, err);

	if (r < 0)
		return r;
	*n = (size_t)r;
	*out = arena_alloc(a, *n * sizeof(**out));
	for (q.row = 0; q.row < r; q.row++)
		read_state(&q, a, &(*out)[q.row]);
	return 0;
}

int pgsql_source_touch(struct store *s, const struct source_state *state, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_SOURCE_TOUCH);

	pg_bind_str(&q, state->name);
	pg_bind_str(&q, state->location);
	pg_bind_str(&q, state->etag);
	pg_bind_str(&q, state->last_modified);
	pg_bind_str(&q, state->digest);
	pg_bind_i64(&q, state->checked_at);
	pg_bind_str(&q, state->documents);
	int r = pg_run(&q, PG_REPEATABLE, err);
	if (r == 0)
		return err_set(err, ERR_NOT_FOUND, "source %" PRIstr " was never updated",
			STR_ARG(state->name));
	return r < 0 ? r : 0;
}

int pgsql_source_fail(
	struct store *s, struct str source, int64_t when, struct str message, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, PG_SOURCE_FAIL);

	pg_bind_str(&q, source);
	pg_bind_i64(&q, when);
	pg_bind_str(&q, message);
	int r = pg_run(&q, PG_REPEATABLE, err);
	return r < 0 ? r : 0;
}
