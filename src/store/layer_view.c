/*
 * What is read of a layer, put in order: features by name, version and namespace; for each of them
 * one match a name. What rows repeat (the texts of a vulnerability, the namespace of features) is
 * held once.
 */
#include "store/store_priv.h"

struct view_feature {
	int64_t id;
	struct layer_feature feature;
};

struct view_match {
	int64_t feature_id;
	struct layer_match match;
	struct str source;
	struct span fixed_key;
};

void view_builder_init(struct view_builder *b, struct arena *a, struct layer_view *out)
{
	*b = (struct view_builder){ .a = a, .out = out, .features = VEC_INIT, .matches = VEC_INIT };
	map_init(&b->known);
}

void view_builder_fini(struct view_builder *b)
{
	map_fini(&b->known);
	vec_fini(&b->features);
	vec_fini(&b->matches);
}

void layer_view_fini(struct layer_view *v)
{
	vec_fini(&v->features);
	vec_fini(&v->matches);
}

/* A copy of s in the arena, or the one that was made for the row before. */
static struct str hold(struct view_builder *b, size_t column, struct str s)
{
	if (!b->last_texts[column].p || !str_eq(b->last_texts[column], s))
		b->last_texts[column] = arena_str(b->a, s);
	return b->last_texts[column];
}

void view_builder_add_feature(struct view_builder *b, int64_t id, const struct layer_feature *f)
{
	struct view_feature row = {
		.id = id,
		.feature = {
			.name_space = hold(b, 0, f->name_space),
			.scheme = hold(b, 1, f->scheme),
			.name = arena_str(b->a, f->name),
			.version = hold(b, 2, f->version),
			.key = span_from_str(arena_str(b->a, str_from_span(f->key))),
			.added_by = f->added_by,
			.added_by_name = hold(b, 3, f->added_by_name),
		},
	};

	row.feature.package =
		str_eq(f->package, f->name) ? row.feature.name : arena_str(b->a, f->package);
	vec_push(&b->features, row);
}

/* The texts of a vulnerability, each once. */
static const struct view_match *hold_vulnerability(
	struct view_builder *b, const struct view_fix *fix)
{
	struct str key = str_n((const char *)&fix->vulnerability_id, sizeof(int64_t));
	struct view_match *known = map_get(&b->known, key);

	if (known)
		return known;
	known = arena_alloc(b->a, sizeof(*known));
	known->match = (struct layer_match){
		.name = arena_str(b->a, fix->match.name),
		.description = arena_str(b->a, fix->match.description),
		.link = arena_str(b->a, fix->match.link),
		.severity = (enum severity)cve_merge_severity(fix->severity, fix->cve.severity),
		.metadata = cve_merge_metadata(
			arena_str(b->a, fix->match.metadata), fix->cve.metadata, b->a),
	};
	known->source = arena_str(b->a, fix->source);
	b->text_bytes += fix->match.name.n + fix->match.description.n + fix->match.link.n +
			 known->match.metadata.n;
	map_set(&b->known, key, known);
	return known;
}

int view_builder_add_fix(struct view_builder *b, const struct view_fix *fix, struct err *err)
{
	if (fix->severity < 0 || fix->severity >= SEVERITY_COUNT)
		return err_set(err, ERR_INPUT, "severity %" PRId64, fix->severity);
	if (fix->state < 0 || fix->state >= FIX_STATE_COUNT)
		return err_set(err, ERR_INPUT, "state %" PRId64, fix->state);
	if (b->matches.n >= LIMIT_MATCHES)
		return err_set(err, ERR_TOO_LARGE, "more than %d matches", LIMIT_MATCHES);
	if (b->text_bytes > LIMIT_VIEW_TEXTS)
		return err_set(err, ERR_TOO_LARGE, "vulnerabilities with more than %d MiB of texts",
			(int)(LIMIT_VIEW_TEXTS / MIB));
	struct view_match row = *hold_vulnerability(b, fix);

	row.feature_id = fix->feature_id;
	row.match.fixed_by = arena_str(
		b->a, fix_public_version((enum fix_state)fix->state, fix->match.fixed_by));
	row.fixed_key = span_from_str(arena_str(b->a, str_from_span(fix->fixed_key)));
	vec_push(&b->matches, row);
	return 0;
}

static int cmp_id(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int cmp_feature(const void *va, const void *vb)
{
	const struct view_feature *a = va, *b = vb;
	int c = str_cmp(a->feature.name, b->feature.name);

	if (c == 0)
		c = str_cmp(a->feature.version, b->feature.version);
	if (c == 0)
		c = str_cmp(a->feature.name_space, b->feature.name_space);
	if (c == 0)
		c = str_cmp(a->feature.package, b->feature.package);
	return c ? c : cmp_id(a->id, b->id);
}

/* Where a feature stands in the view. */
struct place {
	int64_t id;
	size_t index;
};

static int cmp_place(const void *va, const void *vb)
{
	return cmp_id(((const struct place *)va)->id, ((const struct place *)vb)->id);
}

/* The features in their order; their places by id, on the heap. */
static struct place *finish_features(struct view_builder *b)
{
	struct place *places = xcalloc(b->features.n + 1, sizeof(*places));

	if (b->features.n > 0)
		qsort(b->features.v, b->features.n, sizeof(*b->features.v), cmp_feature);
	for (size_t i = 0; i < b->features.n; i++) {
		vec_push(&b->out->features, b->features.v[i].feature);
		places[i] = (struct place){ b->features.v[i].id, i };
	}
	qsort(places, b->features.n, sizeof(*places), cmp_place);
	return places;
}

/* By feature, name, source; of one vulnerability the last fix comes first. */
static int cmp_match(const void *va, const void *vb)
{
	const struct view_match *a = va, *b = vb;
	int c;

	if (a->match.feature != b->match.feature)
		return a->match.feature < b->match.feature ? -1 : 1;
	if ((c = str_cmp(a->match.name, b->match.name)) != 0 ||
		(c = str_cmp(a->source, b->source)) != 0)
		return c;
	return str_cmp(str_from_span(b->fixed_key), str_from_span(a->fixed_key));
}

/* Gives each match the place of its feature; drops those of none. */
static void place_matches(struct view_builder *b, const struct place *places)
{
	size_t n = 0;

	for (size_t i = 0; i < b->matches.n; i++) {
		const struct place wanted = { .id = b->matches.v[i].feature_id };
		const struct place *found =
			bsearch(&wanted, places, b->features.n, sizeof(*places), cmp_place);

		if (!found)
			continue;
		b->matches.v[n] = b->matches.v[i];
		b->matches.v[n].match.feature = found->index;
		b->matches.v[n++].match.name_space = b->features.v[found->index].feature.name_space;
	}
	b->matches.n = n;
}

void view_builder_finish(struct view_builder *b)
{
	_cleanup_free_ struct place *places = finish_features(b);
	const struct layer_match *last = NULL;

	place_matches(b, places);
	if (b->matches.n > 0)
		qsort(b->matches.v, b->matches.n, sizeof(*b->matches.v), cmp_match);
	for (size_t i = 0; i < b->matches.n; i++) {
		const struct layer_match *m = &b->matches.v[i].match;

		if (!last || last->feature != m->feature || !str_eq(last->name, m->name))
			vec_push(&b->out->matches, *m);
		last = m;
	}
}
