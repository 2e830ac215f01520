/*
 * Notifications: read with the layers they concern, handed out to be sent, and marked.
 */
#include "store/pgsql/pgsql_priv.h"

struct reading {
	struct str name;
	size_t limit;
	struct notification_page page;
	struct arena *a;
	struct stored_notification *out;
	struct notification_page *next;
};

/* A row of notification, and the vulnerabilities of its sides (0: none). */
static int get_row(
	struct pg_store *s, struct reading *x, int64_t *old_id, int64_t *new_id, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_NOTIFICATION_GET);

	pg_bind_str(&q, x->name);
	int r = pg_select(&q, 0, err);
	if (r <= 0)
		return r;
	*x->out = (struct stored_notification){
		.name = arena_str(x->a, pg_str(&q, 0)),
		.created_at = pg_i64(&q, 1),
		.notified_at = pg_i64(&q, 2),
		.deleted_at = pg_i64(&q, 3),
	};
	*old_id = pg_i64(&q, 4);
	*new_id = pg_i64(&q, 5);
	return 1;
}

static int read_layers(struct pg_store *s, int64_t vulnerability, int64_t start, size_t limit,
	struct arena *a, struct notification_side *out, int64_t *next, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query(s, PG_NOTIFICATION_LAYERS);

	pg_bind_i64(&q, vulnerability);
	pg_bind_i64(&q, start);
	pg_bind_i64(&q, (int64_t)limit + 1);
	int r = pg_select(&q, 0, err);
	if (r <= 0)
		return r;
	out->n_layers = min_size((size_t)r, limit);
	struct introducing_layer *layers = arena_alloc(a, out->n_layers * sizeof(*layers));
	for (q.row = 0; (size_t)q.row < out->n_layers; q.row++)
		layers[q.row] =
			(struct introducing_layer){ pg_i64(&q, 0), arena_str(a, pg_str(&q, 1)) };
	out->layers = layers;
	if ((size_t)r > limit)
		*next = pg_i64(&q, 0);
	return 0;
}

/* One side, from layer `start` on; *next is where it goes on. */
static int read_side(struct pg_store *s, struct reading *x, int64_t vulnerability, int64_t start,
	struct notification_side *out, int64_t *next, struct err *err)
{
	int r;

	*next = -1;
	if (vulnerability == 0)
		return 0;
	if ((r = pg_vulnerability_by_id(s, vulnerability, x->a, &out->vulnerability, err)) <= 0)
		return r;
	out->exists = true;
	if (start < 0)
		return 0;
	return read_layers(s, vulnerability, start, x->limit, x->a, out, next, err);
}

static int get(struct pg_store *s, void *ctx, struct err *err)
{
	struct reading *x = ctx;
	int64_t old_id = 0, new_id = 0;
	int r = get_row(s, x, &old_id, &new_id, err);

	if (r <= 0)
		return r;
	r = read_side(s, x, old_id, x->page.old_id, &x->out->before, &x->next->old_id, err);
	if (r == 0)
		r = read_side(s, x, new_id, x->page.new_id, &x->out->after, &x->next->new_id, err);
	return r < 0 ? r : 1;
}

int pgsql_notification_get(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err)
{
	struct reading x = { name, limit, page, a, out, next };

	return pg_call((struct pg_store *)s, PG_SNAPSHOT | PG_REPEATABLE, get, &x, err);
}

/* What another instance took between two steps of the statement shows that there may be more. */
int pgsql_notification_take(struct store *s, struct str owner, int64_t renotify_s, int64_t lock_s,
	struct arena *a, struct str *name, struct err *err)
{
	for (;;) {
		_cleanup_pg_query_ struct pg_query q =
			pg_query((struct pg_store *)s, PG_NOTIFICATION_TAKE);

		pg_bind_str(&q, owner);
		pg_bind_i64(&q, renotify_s);
		pg_bind_i64(&q, lock_s);
		int r = pg_run(&q, 0, err);
		if (r <= 0)
			return r;
		if (pg_is_null(&q, 1))
			continue;
		*name = arena_str(a, pg_str(&q, 1));
		return 1;
	}
}

static int mark(struct store *s, enum pgsql_statement statement, struct str name, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q = pg_query((struct pg_store *)s, statement);

	pg_bind_str(&q, name);
	return pg_run(&q, PG_REPEATABLE, err);
}

int pgsql_notification_sent(struct store *s, struct str name, struct err *err)
{
	int r = mark(s, PG_NOTIFICATION_SENT, name, err);

	return r < 0 ? r : 0;
}

int pgsql_notification_delete(struct store *s, struct str name, struct err *err)
{
	int r = mark(s, PG_NOTIFICATION_DELETE, name, err);

	if (r == 0)
		return err_set(
			err, ERR_NOT_FOUND, "there is no notification %" PRIstr, STR_ARG(name));
	return r < 0 ? r : 0;
}
