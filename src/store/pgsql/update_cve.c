/*
 * The records of CVEs of an update: merged by hash with those that are there (of the names that
 * were staged, when the update is partial), both ordered by name; what differs is copied into a
 * temporary table.
 */
#include "store/pgsql/update_priv.h"

/* Names that are told to the server at a time. */
enum { NAMES_PIECE = 4096 };

static int note_piece(struct pg_store *s, const struct str *names, size_t n, struct err *err)
{
	_cleanup_pg_query_ struct pg_query q =
		pg_query_sql(s, "INSERT INTO staged_name SELECT unnest($1::text[])");
	struct buf *array = pg_bind_texts(&q, n);

	for (size_t i = 0; i < n; i++)
		pg_array_bytes(array, span_from_str(names[i]));
	int r = n > 0 ? pg_run(&q, 0, err) : 0;
	return r < 0 ? r : 0;
}

/* *done: these were the last. */
static int note_names(struct pg_update *u, bool *done, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str *names = arena_alloc(&a, NAMES_PIECE * sizeof(*names));
	struct staged_cve c;
	size_t n = 0;
	int r = 1;

	while (n < NAMES_PIECE && (r = store_staging_next_cve(u->staging, &c, err)) > 0)
		names[n++] = arena_str(&a, c.record.name);
	*done = r == 0;
	return r < 0 ? r : note_piece(u->store, names, n, err);
}

/* Those that are there, as a cursor. */
static int declare_current(struct pg_update *u, bool partial, struct err *err)
{
	bool done = !partial;
	int r = 0;

	if (partial)
		r = pg_exec(u->store,
			"CREATE TEMPORARY TABLE staged_name (name text COLLATE \"C\") ON COMMIT DROP",
			err);
	while (r == 0 && !done)
		r = note_names(u, &done, err);
	if (r < 0)
		return r;
	return pg_exec(u->store,
		partial ? "DECLARE current_cves CURSOR FOR SELECT c.name, c.hash FROM staged_name s"
			  " JOIN cve c ON c.name = s.name ORDER BY c.name"
			: "DECLARE current_cves CURSOR FOR SELECT name, hash FROM cve ORDER BY name",
		err);
}

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

static int gone(struct pg_update *u, struct current *c, struct err *err)
{
	const struct staged_cve nothing = { .record = { .name = pg_str(&c->q, 0) } };
	int r = pg_copy_cve(u, &nothing, true, err);

	u->result.cves_deleted++;
	return r < 0 ? r : current_next(c, err);
}

static int merge_one(
	struct pg_update *u, struct current *c, const struct staged_cve *staged, struct err *err)
{
	int r = 0;

	while (c->q.row < c->n && str_cmp(pg_str(&c->q, 0), staged->record.name) < 0) {
		if ((r = gone(u, c, err)) < 0)
			return r;
	}
	if (c->q.row >= c->n || !str_eq(pg_str(&c->q, 0), staged->record.name)) {
		u->result.cves_inserted++;
		return pg_copy_cve(u, staged, false, err);
	}
	if (str_eq(str_from_span(pg_blob(&c->q, 1)),
		    str_from_span(content_hash_span(&staged->hash)))) {
		u->result.cves_unchanged++;
	} else {
		u->result.cves_changed++;
		r = pg_copy_cve(u, staged, false, err);
	}
	return r < 0 ? r : current_next(c, err);
}

int pg_merge_cves(struct pg_update *u, bool partial, struct err *err)
{
	struct current c = { .q = pg_query_sql(u->store, "FETCH 4096 FROM current_cves"), .n = 0 };
	struct staged_cve staged;
	int r = 0;

	if (store_staging_has_cves(u->staging)) {
		r = declare_current(u, partial, err);
		if (r == 0)
			r = current_next(&c, err);
		while (r == 0 && (r = store_staging_next_cve(u->staging, &staged, err)) > 0)
			r = merge_one(u, &c, &staged, err);
		while (r == 0 && c.q.row < c.n)
			r = gone(u, &c, err);
	}
	pg_query_fini(&c.q);
	return r;
}
