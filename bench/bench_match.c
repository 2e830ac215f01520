/*
 * How long matching takes: bench-match DATABASE NAMESPACE N asks for N packages that advisories of
 * the namespace name, a tenth of them far behind, and shows the median of some runs.
 */
#include "base/base.h"

#include <sqlite3.h>

#include "store/store.h"

enum { RUNS = 25 };

struct queries {
	struct arena arena;
	VEC_OF(struct match_query) items;
};

/* Packages from all over the namespace, a tenth of them at their first fixed version, the others at
 * the last one: from the database as it is, apart from the program. */
static int read_queries(const char *database, const char *name_space, int n, struct queries *out)
{
	static const char sql[] =
		"SELECT p.name, CASE WHEN p.id % 10 THEN max(f.fixed_key) ELSE min(f.fixed_key) END FROM package p "
		"JOIN namespace n ON n.id = p.namespace_id JOIN fix f ON f.package_id = p.id "
		"WHERE n.name = ? AND f.fixed_version <> '' GROUP BY p.id "
		"ORDER BY p.id * 7919 % 10007 LIMIT ?";
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	int r = sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
	if (r == SQLITE_OK)
		r = sqlite3_bind_text(q, 1, name_space, -1, SQLITE_STATIC);
	if (r == SQLITE_OK)
		r = sqlite3_bind_int(q, 2, n);
	while (r == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
		struct str name = str_of((const char *)sqlite3_column_text(q, 0));
		struct str key =
			str_n(sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1));
		struct match_query item = { .name_space = str_of(name_space),
			.package = arena_str(&out->arena, name),
			.key = span_from_str(arena_str(&out->arena, key)) };

		vec_push(&out->items, item);
	}
	if (r != SQLITE_OK)
		(void)fprintf(stderr, "%s: %s\n", database, sqlite3_errmsg(db));
	(void)sqlite3_finalize(q);
	(void)sqlite3_close(db);
	return r == SQLITE_OK ? 0 : -1;
}

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int measure(struct store *s, const struct queries *q, struct err *err)
{
	double ms[RUNS];
	size_t found = 0;

	for (int i = 0; i < RUNS; i++) {
		_cleanup_arena_ struct arena a = ARENA_INIT;
		struct match_list matches = { .items = VEC_INIT };
		uint64_t start = clock_monotonic_ns();
		int r = store_match(s, q->items.v, q->items.n, &a, &matches, err);

		ms[i] = (double)(clock_monotonic_ns() - start) / 1e6;
		found = matches.items.n;
		vec_fini(&matches.items);
		if (r < 0)
			return r;
	}
	qsort(ms, RUNS, sizeof(*ms), cmp_double);
	printf("{\"packages\": %zu, \"findings\": %zu, \"ms\": %.3f}\n", q->items.n, found,
		ms[RUNS / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(store_closep) struct store *s = NULL;
	struct queries q = { .arena = ARENA_INIT, .items = VEC_INIT };
	struct err err = ERR_INIT;
	uint64_t n;

	if (argc != 4 || !parse_u64(str_of(argv[3]), &n) || n == 0 || n > 100000) {
		(void)fputs("usage: bench-match DATABASE NAMESPACE N\n", stderr);
		return 2;
	}
	int r = read_queries(argv[1], argv[2], (int)n, &q);
	if (r == 0)
		r = store_open(argv[1], STORE_READ_ONLY, &s, &err);
	if (r == 0)
		r = measure(s, &q, &err);
	if (r < 0)
		(void)fprintf(stderr, "%s\n", err_msg(&err));
	err_clear(&err);
	vec_fini(&q.items);
	arena_fini(&q.arena);
	return r < 0;
}
