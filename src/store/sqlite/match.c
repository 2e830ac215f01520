/*
 * Matching: the join of the queries with the fixes (see SQL_MATCH), one range of the index
 * fix_match for each query, in one statement and so in one state of the data.
 */
#include "store/sqlite/sqlite_priv.h"

int sqlite_has_namespace(struct store *s, struct str name_space, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_HAS_NAMESPACE);

	query_bind_str(&q, name_space);
	int r = query_step(&q, err);
	return r > 0 ? query_i64(&q, 0) != 0 : r;
}

static int read_row(struct match_fold *f, const struct query *q, struct err *err)
{
	const struct match_row row = {
		.query = (size_t)query_i64(q, 0),
		.vulnerability_id = query_i64(q, 1),
		.fixed_key = query_blob(q, 2),
		.name = query_str(q, 3),
		.severity = query_i64(q, 4),
		.state = query_i64(q, 5),
		.fixed_version = query_str(q, 6),
		.link = query_str(q, 7),
		.description = query_str(q, 8),
		.source = query_str(q, 9),
		.cves = query_str(q, 10),
		.arches = query_str(q, 11),
	};

	return match_fold_add(f, &row, err);
}

int sqlite_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err)
{
	struct sqlite_store *store = (struct sqlite_store *)s;
	struct match_fold fold;
	_cleanup_query_ struct query q = query_start(&store->db, SQL_MATCH);
	int r;

	match_fold_init(&fold, queries, a, store->db.label);
	store->queries = queries;
	store->n_queries = n;
	while ((r = query_step(&q, err)) > 0) {
		r = read_row(&fold, &q, err);
		if (r < 0)
			break;
	}
	if (r == 0)
		match_fold_finish(&fold, out);
	store->n_queries = 0;
	match_fold_fini(&fold);
	return r;
}
