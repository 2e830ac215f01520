/*
 * From the rows of the join of queries and fixes, in any order, to matches: what a match is, and in
 * which order they come, is the same whatever the driver. Many rows repeat a vulnerability and its
 * texts, which are kept once.
 */
#include "store/store_priv.h"

/* What is the same in all matches of a vulnerability; in the caller's arena. */
struct vulnerability {
	struct str name;
	struct str link;
	struct str description;
	struct str source;
	const struct str *cves;
	size_t n_cves;
};

/* The same architecture has a name in each family of distributions. */
static struct str arch_name(struct str arch)
{
	static const struct {
		struct str name, other;
	} names[] = {
		{ STR_INIT("x86_64"), STR_INIT("amd64") },
		{ STR_INIT("aarch64"), STR_INIT("arm64") },
		{ STR_INIT("i686"), STR_INIT("i386") },
		{ STR_INIT("i686"), STR_INIT("i486") },
		{ STR_INIT("i686"), STR_INIT("i586") },
		{ STR_INIT("i686"), STR_INIT("x86") },
		{ STR_INIT("ppc64le"), STR_INIT("ppc64el") },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(arch, names[i].other))
			return names[i].name;
	}
	return arch;
}

static bool is_every_arch(struct str arch)
{
	return arch.n == 0 || str_eq(arch, STR("noarch")) || str_eq(arch, STR("all"));
}

bool store_arch_matches(struct str arches, struct str arch)
{
	struct str word, rest = arches;

	if (is_every_arch(arch) || is_every_arch(arches))
		return true;
	while (str_next_word(&rest, &word)) {
		if (is_every_arch(word) || str_eq(arch_name(word), arch_name(arch)))
			return true;
	}
	return false;
}

void match_fold_init(
	struct match_fold *f, const struct match_query *queries, struct arena *a, const char *label)
{
	*f = (struct match_fold){
		.a = a,
		.label = label,
		.queries = queries,
		.vulnerabilities = MAP_INIT,
		.rows = VEC_INIT,
	};
}

void match_fold_fini(struct match_fold *f)
{
	map_fini(&f->vulnerabilities);
	vec_fini(&f->rows);
}

void match_fold_restart(struct match_fold *f)
{
	match_fold_fini(f);
	match_fold_init(f, f->queries, f->a, f->label);
}

static const struct vulnerability *get_vulnerability(
	struct match_fold *f, const struct match_row *row)
{
	struct str key = str_n((const char *)&row->vulnerability_id, sizeof(row->vulnerability_id));
	struct vulnerability *v = map_get(&f->vulnerabilities, key);

	if (v)
		return v;
	v = arena_alloc(f->a, sizeof(*v));
	v->name = arena_str(f->a, row->name);
	v->link = arena_str(f->a, row->link);
	v->description = arena_str(f->a, row->description);
	v->source = arena_str(f->a, row->source);
	v->cves = store_words(arena_str(f->a, row->cves), f->a, &v->n_cves);
	map_set(&f->vulnerabilities, key, v);
	return v;
}

int match_fold_add(struct match_fold *f, const struct match_row *row, struct err *err)
{
	if (row->severity < 0 || row->severity >= SEVERITY_COUNT || row->state < 0 ||
		row->state >= FIX_STATE_COUNT)
		return err_set(err, ERR_INPUT, "%s: severity %" PRId64 ", state %" PRId64, f->label,
			row->severity, row->state);
	if (!store_arch_matches(row->arches, f->queries[row->query].arch))
		return 0;
	if (f->rows.n >= LIMIT_MATCHES)
		return err_set(err, ERR_TOO_LARGE, "more than %d matches", LIMIT_MATCHES);
	const struct vulnerability *v = get_vulnerability(f, row);
	struct ordered_match ordered = {
		.match = {
			.query = row->query,
			.name = v->name,
			.severity = (enum severity)row->severity,
			.state = (enum fix_state)row->state,
			.fixed_version = arena_str(f->a, row->fixed_version),
			.link = v->link,
			.description = v->description,
			.cves = v->cves,
			.n_cves = v->n_cves,
		},
		.vulnerability_id = row->vulnerability_id,
		.fixed_key = span_from_str(arena_str(f->a, str_from_span(row->fixed_key))),
		.source = v->source,
	};
	vec_push(&f->rows, ordered);
	return 0;
}

/* By query, name, source; of one vulnerability the last fix comes first. */
static int cmp_ordered(const void *va, const void *vb)
{
	const struct ordered_match *a = va, *b = vb;
	int c;

	if (a->match.query != b->match.query)
		return a->match.query < b->match.query ? -1 : 1;
	if ((c = str_cmp(a->match.name, b->match.name)) != 0 ||
		(c = str_cmp(a->source, b->source)) != 0)
		return c;
	return str_cmp(str_from_span(b->fixed_key), str_from_span(a->fixed_key));
}

void match_fold_finish(struct match_fold *f, struct match_list *out)
{
	const struct ordered_match *last = NULL;

	if (f->rows.n > 0)
		qsort(f->rows.v, f->rows.n, sizeof(*f->rows.v), cmp_ordered);
	for (size_t i = 0; i < f->rows.n; i++) {
		const struct ordered_match *row = &f->rows.v[i];

		if (!last || last->match.query != row->match.query ||
			last->vulnerability_id != row->vulnerability_id)
			vec_push(&out->items, row->match);
		last = row;
	}
}
