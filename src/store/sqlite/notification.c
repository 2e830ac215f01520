/*
 * Notifications: read with the layers they concern, handed out to be sent, and marked.
 */
#include "store/sqlite/sqlite_priv.h"

/* A row of notification, and the vulnerabilities of its sides (0: none). */
static int get_row(struct sqlite_store *s, struct str name, struct arena *a,
	struct stored_notification *out, int64_t *old_id, int64_t *new_id, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_NOTIFICATION_GET);

	query_bind_str(&q, name);
	int r = query_step(&q, err);
	if (r <= 0)
		return r;
	*out = (struct stored_notification){
		.name = arena_str(a, query_str(&q, 0)),
		.created_at = query_i64(&q, 1),
		.notified_at = query_i64(&q, 2),
		.deleted_at = query_i64(&q, 3),
	};
	*old_id = query_i64(&q, 4);
	*new_id = query_i64(&q, 5);
	return 1;
}

DEFINE_VEC(introducing_vec, struct introducing_layer);

static int read_layers(struct sqlite_store *s, int64_t vulnerability, int64_t start, size_t limit,
	struct arena *a, struct introducing_vec *out, int64_t *next, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_NOTIFICATION_LAYERS);
	int r;

	query_bind_i64(&q, vulnerability);
	query_bind_i64(&q, start);
	query_bind_i64(&q, (int64_t)limit + 1);
	while ((r = query_step(&q, err)) > 0) {
		if (out->n == limit) {
			*next = query_i64(&q, 0);
			return 0;
		}
		const struct introducing_layer layer = { query_i64(&q, 0),
			arena_str(a, query_str(&q, 1)) };
		vec_push(out, layer);
	}
	return r;
}

/* One side, from layer `start` on; *next is where it goes on. */
static int read_side(struct sqlite_store *s, int64_t vulnerability, int64_t start, size_t limit,
	struct arena *a, struct notification_side *out, int64_t *next, struct err *err)
{
	struct introducing_vec layers = VEC_INIT;
	int r;

	*next = -1;
	if (vulnerability == 0)
		return 0;
	if ((r = sqlite_vulnerability_by_id(s, vulnerability, a, &out->vulnerability, err)) <= 0)
		return r;
	out->exists = true;
	if (start < 0)
		return 0;
	r = read_layers(s, vulnerability, start, limit, a, &layers, next, err);
	if (r == 0 && layers.n > 0) {
		struct introducing_layer *copy = arena_alloc(a, layers.n * sizeof(*copy));

		memcpy(copy, layers.v, layers.n * sizeof(*copy));
		out->layers = copy;
		out->n_layers = layers.n;
	}
	vec_fini(&layers);
	return r;
}

int sqlite_notification_get(struct store *base, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int64_t old_id = 0, new_id = 0;
	int found, r = sqlite_begin_reading(s, err);

	if (r < 0)
		return r;
	found = r = get_row(s, name, a, out, &old_id, &new_id, err);
	if (r > 0)
		r = read_side(s, old_id, page.old_id, limit, a, &out->before, &next->old_id, err);
	if (r == 0 && found)
		r = read_side(s, new_id, page.new_id, limit, a, &out->after, &next->new_id, err);
	if (r == 0)
		r = sqlite_commit(s, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r < 0 ? r : found;
}

/* 1 and the name of what is to be sent, 0 when there is none. */
static int find_due(struct sqlite_store *s, int64_t now, int64_t renotify_s, struct arena *a,
	struct str *name, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&s->db, SQL_NOTIFICATION_DUE);

	query_bind_i64(&q, now);
	query_bind_i64(&q, now - renotify_s);
	int r = query_step(&q, err);
	if (r > 0)
		*name = arena_str(a, query_str(&q, 0));
	return r;
}

int sqlite_notification_take(struct store *base, struct str owner, int64_t renotify_s,
	int64_t lock_s, struct arena *a, struct str *name, struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int64_t now = clock_wall_s();
	int found, r = sqlite_begin(s, err);

	if (r < 0)
		return r;
	found = r = find_due(s, now, renotify_s, a, name, err);
	if (r > 0)
		r = sqlite_lock_set(s, *name, owner, now + lock_s, err);
	if (r == 0)
		r = sqlite_commit(s, err);
	if (r < 0)
		sqlite_rollback(&s->db);
	return r < 0 ? r : found;
}

static int mark(struct store *base, enum sqlite_statement statement, struct str name, int *rows,
	struct err *err)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	_cleanup_query_ struct query q = query_start(&s->db, statement);

	query_bind_i64(&q, clock_wall_s());
	query_bind_str(&q, name);
	int r = query_run(&q, err);
	*rows = sqlite3_changes(s->db.handle);
	return r;
}

int sqlite_notification_sent(struct store *base, struct str name, struct err *err)
{
	int rows;

	return mark(base, SQL_NOTIFICATION_SENT, name, &rows, err);
}

int sqlite_notification_delete(struct store *base, struct str name, struct err *err)
{
	int rows, r = mark(base, SQL_NOTIFICATION_DELETE, name, &rows, err);

	if (r == 0 && rows == 0)
		r = err_set(err, ERR_NOT_FOUND, "there is no notification %" PRIstr, STR_ARG(name));
	return r;
}
