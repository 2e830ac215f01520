/*
 * The walk over a record's JSON. Lists are collected in vectors and moved to the arena when they
 * are complete.
 */
#include "base/base.h"

#include "feed/format/json_value.h"
#include "feed/format/osv.h"

struct parser {
	struct json_reader *json;
	struct arena *a;
	size_t start; /* bytes of the arena in use at the beginning */
	struct osv_record *record;
};

/* Moves a vector's items to the arena, and frees it. */
#define KEEP_ITEMS(p, vec, list, n_list)                                          \
	do {                                                                      \
		(n_list) = (vec)->n;                                              \
		(list) = keep_items((p), (vec)->v, (vec)->n * sizeof(*(vec)->v)); \
		vec_fini(vec);                                                    \
	} while (0)

static void set_problem(struct parser *p, const char *problem)
{
	if (!p->record->problem)
		p->record->problem = problem;
}

static bool has_room(struct parser *p, size_t n)
{
	if (n <= LIMIT_ADVISORY_RECORD && p->a->used_bytes - p->start <= LIMIT_ADVISORY_RECORD - n)
		return true;
	set_problem(p, "too large");
	return false;
}

static void *keep_items(struct parser *p, const void *items, size_t n)
{
	void *copy = arena_alloc(p->a, n);

	if (n)
		memcpy(copy, items, n);
	return copy;
}

/* A copy of a text; NUL has no place in one. */
static struct str keep(struct parser *p, struct str text)
{
	if (text.n && memchr(text.p, '\0', text.n)) {
		set_problem(p, "a text holds NUL");
		return STR_NULL;
	}
	return has_room(p, text.n) ? arena_str(p->a, text) : STR_NULL;
}

static int read_text(struct parser *p, struct str *out, struct err *err)
{
	struct str text;
	int r = json_value_text(p->json, &text, err);

	if (r == 0)
		set_problem(p, "a value that should be a string is none");
	if (r > 0)
		*out = keep(p, text);
	return r < 0 ? r : 0;
}

static int enter(struct parser *p, enum json_type type, struct err *err)
{
	int r = json_value_enter(p->json, type, err);

	if (r == 0)
		set_problem(p, type == JSON_OBJECT_BEGIN
				       ? "a value that should be an object is none"
				       : "a value that should be an array is none");
	return r;
}

/* As enter() for what may be null as well. */
static int enter_array(struct parser *p, struct err *err)
{
	return json_value_enter(p->json, JSON_ARRAY_BEGIN, err);
}

static int next_element(struct parser *p, enum json_type type, struct str *text, struct err *err)
{
	bool odd = false;
	int r = json_value_element(p->json, type, text, &odd, err);

	if (odd)
		set_problem(p, "an element of a list is of a wrong type");
	return r;
}

static int read_texts(struct parser *p, const struct str **list, size_t *n, struct err *err)
{
	struct str_vec texts = VEC_INIT;
	struct str text;
	int r = enter_array(p, err);

	if (r <= 0)
		return r;
	while ((r = next_element(p, JSON_STRING, &text, err)) > 0) {
		if (has_room(p, text.n + sizeof(text)))
			vec_push(&texts, keep(p, text));
	}
	KEEP_ITEMS(p, &texts, *list, *n);
	return r;
}

/* --- lists of small objects ------------------------------------------------------------------- */

/* The members of an object that are strings, by name; others are passed over. */
struct field {
	struct str name;
	struct str *value;
};

static int read_fields(struct parser *p, const struct field *fields, size_t n, struct err *err)
{
	struct str key;
	int r;

	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		struct str *value = NULL;

		for (size_t i = 0; i < n; i++) {
			if (str_eq(fields[i].name, key))
				value = fields[i].value;
		}
		r = value ? read_text(p, value, err) : json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* All small objects here are pairs of texts. */
struct pair {
	struct str first;
	struct str second;
};

static int read_pairs(struct parser *p, struct str first, struct str second, struct pair **list,
	size_t *n, struct err *err)
{
	VEC_OF(struct pair) pairs = VEC_INIT;
	int r = enter_array(p, err);

	if (r <= 0)
		return r;
	while ((r = next_element(p, JSON_OBJECT_BEGIN, NULL, err)) > 0) {
		struct pair pair = { STR_NULL, STR_NULL };
		const struct field fields[] = { { first, &pair.first }, { second, &pair.second } };

		r = read_fields(p, fields, ARRAY_LEN(fields), err);
		if (r < 0)
			break;
		if (has_room(p, sizeof(pair)))
			vec_push(&pairs, pair);
	}
	KEEP_ITEMS(p, &pairs, *list, *n);
	return r;
}

static int read_severities(
	struct parser *p, const struct osv_severity **list, size_t *n, struct err *err)
{
	struct pair *pairs = NULL;
	int r = read_pairs(p, STR("type"), STR("score"), &pairs, n, err);
	struct osv_severity *copy = arena_alloc(p->a, *n * sizeof(*copy));

	for (size_t i = 0; pairs && i < *n; i++)
		copy[i] = (struct osv_severity){ pairs[i].first, pairs[i].second };
	*list = copy;
	return r;
}

static int read_references(
	struct parser *p, const struct osv_reference **list, size_t *n, struct err *err)
{
	struct pair *pairs = NULL;
	int r = read_pairs(p, STR("type"), STR("url"), &pairs, n, err);
	struct osv_reference *copy = arena_alloc(p->a, *n * sizeof(*copy));

	for (size_t i = 0; pairs && i < *n; i++)
		copy[i] = (struct osv_reference){ pairs[i].first, pairs[i].second };
	*list = copy;
	return r;
}

static int read_binaries(
	struct parser *p, const struct osv_binary **list, size_t *n, struct err *err)
{
	struct pair *pairs = NULL;
	int r = read_pairs(p, STR("binary_name"), STR("binary_version"), &pairs, n, err);
	struct osv_binary *copy = arena_alloc(p->a, *n * sizeof(*copy));

	for (size_t i = 0; pairs && i < *n; i++)
		copy[i] = (struct osv_binary){ pairs[i].first, pairs[i].second };
	*list = copy;
	return r;
}

/* --- ranges ----------------------------------------------------------------------------------- */

DEFINE_VEC(event_vec, struct osv_event);

static bool event_kind_of(struct str key, enum osv_event_kind *out)
{
	static const struct str names[] = {
		[OSV_INTRODUCED] = STR_INIT("introduced"),
		[OSV_FIXED] = STR_INIT("fixed"),
		[OSV_LAST_AFFECTED] = STR_INIT("last_affected"),
		[OSV_LIMIT] = STR_INIT("limit"),
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(key, names[i])) {
			*out = (enum osv_event_kind)i;
			return true;
		}
	}
	return false;
}

/* An object has one event; older records have several in one, which comes to the same. */
static int read_event(struct parser *p, struct event_vec *events, struct err *err)
{
	struct str key;
	int r;

	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		struct osv_event event = { .version = STR_NULL };

		if (!event_kind_of(key, &event.kind)) {
			r = json_skip_value(p->json, err);
		} else {
			r = read_text(p, &event.version, err);
			if (r == 0 && has_room(p, sizeof(event)))
				vec_push(events, event);
		}
		if (r < 0)
			return r;
	}
	return r;
}

static int read_events(struct parser *p, struct osv_range *range, struct err *err)
{
	struct event_vec events = VEC_INIT;
	int r = enter(p, JSON_ARRAY_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = next_element(p, JSON_OBJECT_BEGIN, NULL, err)) > 0) {
		r = read_event(p, &events, err);
		if (r < 0)
			break;
	}
	KEEP_ITEMS(p, &events, range->events, range->n_events);
	return r;
}

static enum osv_range_type range_type_of(struct str word)
{
	if (str_eq(word, STR("ECOSYSTEM")))
		return OSV_RANGE_ECOSYSTEM;
	if (str_eq(word, STR("SEMVER")))
		return OSV_RANGE_SEMVER;
	return str_eq(word, STR("GIT")) ? OSV_RANGE_GIT : OSV_RANGE_OTHER;
}

static int read_range(struct parser *p, struct osv_range *range, struct err *err)
{
	struct str key, type = STR_NULL;
	int r;

	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("type")))
			r = read_text(p, &type, err);
		else if (str_eq(key, STR("events")))
			r = read_events(p, range, err);
		else
			r = json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	range->type = range_type_of(type);
	return r;
}

static int read_ranges(struct parser *p, struct osv_affected *affected, struct err *err)
{
	VEC_OF(struct osv_range) ranges = VEC_INIT;
	int r = enter_array(p, err);

	if (r <= 0)
		return r;
	while ((r = next_element(p, JSON_OBJECT_BEGIN, NULL, err)) > 0) {
		struct osv_range range = { .type = OSV_RANGE_OTHER };

		r = read_range(p, &range, err);
		if (r < 0)
			break;
		if (has_room(p, sizeof(range)))
			vec_push(&ranges, range);
	}
	KEEP_ITEMS(p, &ranges, affected->ranges, affected->n_ranges);
	return r;
}

/* --- affected packages ------------------------------------------------------------------------ */

static int read_package(struct parser *p, struct osv_affected *affected, struct err *err)
{
	const struct field fields[] = {
		{ STR_INIT("ecosystem"), &affected->ecosystem },
		{ STR_INIT("name"), &affected->package },
		{ STR_INIT("purl"), &affected->purl },
	};
	int r = enter(p, JSON_OBJECT_BEGIN, err);

	return r > 0 ? read_fields(p, fields, ARRAY_LEN(fields), err) : r;
}

static bool is_priority(struct str key)
{
	return str_eq(key, STR("priority")) || str_eq(key, STR("ubuntu_priority")) ||
	       str_eq(key, STR("urgency")) || str_eq(key, STR("severity"));
}

/* A text, unless it is something else: these members have no schema. */
static int read_optional_text(struct parser *p, struct str *out, struct err *err)
{
	struct str text;
	int r = json_value_text(p->json, &text, err);

	if (r > 0 && text.n)
		*out = keep(p, text);
	return r < 0 ? r : 0;
}

static int read_specific(struct parser *p, struct osv_affected *affected, struct err *err)
{
	struct str key;
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("availability")))
			r = read_optional_text(p, &affected->availability, err);
		else if (is_priority(key))
			r = read_optional_text(p, &affected->priority, err);
		else if (str_eq(key, STR("binaries")))
			r = read_binaries(p, &affected->binaries, &affected->n_binaries, err);
		else
			r = json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_affected_member(
	struct parser *p, struct str key, struct osv_affected *affected, struct err *err)
{
	if (str_eq(key, STR("package")))
		return read_package(p, affected, err);
	if (str_eq(key, STR("ranges")))
		return read_ranges(p, affected, err);
	if (str_eq(key, STR("versions")))
		return read_texts(p, &affected->versions, &affected->n_versions, err);
	if (str_eq(key, STR("severity")))
		return read_severities(p, &affected->severities, &affected->n_severities, err);
	if (str_eq(key, STR("ecosystem_specific")) || str_eq(key, STR("database_specific")))
		return read_specific(p, affected, err);
	return json_skip_value(p->json, err);
}

static int read_affected(struct parser *p, struct err *err)
{
	VEC_OF(struct osv_affected) list = VEC_INIT;
	struct str key;
	int r = enter_array(p, err);

	if (r <= 0)
		return r;
	while ((r = next_element(p, JSON_OBJECT_BEGIN, NULL, err)) > 0) {
		struct osv_affected affected = { .ecosystem = STR_NULL };

		while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
			r = read_affected_member(p, key, &affected, err);
			if (r < 0)
				break;
		}
		if (r < 0)
			break;
		if (has_room(p, sizeof(affected)))
			vec_push(&list, affected);
	}
	KEEP_ITEMS(p, &list, p->record->affected, p->record->n_affected);
	return r;
}

/* --- the record ------------------------------------------------------------------------------- */

static int read_database_specific(struct parser *p, struct err *err)
{
	struct str key;
	int r = json_value_enter(p->json, JSON_OBJECT_BEGIN, err);

	if (r <= 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		r = str_eq(key, STR("severity")) ? read_optional_text(p, &p->record->severity, err)
						 : json_skip_value(p->json, err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_member(struct parser *p, struct str key, struct err *err)
{
	struct osv_record *o = p->record;
	const struct field texts[] = { { STR_INIT("id"), &o->id },
		{ STR_INIT("summary"), &o->summary }, { STR_INIT("details"), &o->details },
		{ STR_INIT("withdrawn"), &o->withdrawn } };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (str_eq(key, texts[i].name))
			return read_text(p, texts[i].value, err);
	}
	if (str_eq(key, STR("aliases")))
		return read_texts(p, &o->aliases, &o->n_aliases, err);
	if (str_eq(key, STR("related")))
		return read_texts(p, &o->related, &o->n_related, err);
	if (str_eq(key, STR("upstream")))
		return read_texts(p, &o->upstream, &o->n_upstream, err);
	if (str_eq(key, STR("severity")))
		return read_severities(p, &o->severities, &o->n_severities, err);
	if (str_eq(key, STR("references")))
		return read_references(p, &o->references, &o->n_references, err);
	if (str_eq(key, STR("affected")))
		return read_affected(p, err);
	if (str_eq(key, STR("database_specific")))
		return read_database_specific(p, err);
	return json_skip_value(p->json, err);
}

static int read_record(struct parser *p, struct err *err)
{
	struct json_token t;
	struct str key;
	int r = json_expect(p->json, JSON_OBJECT_BEGIN, &t, err);

	if (r < 0)
		return r;
	while ((r = json_next_key(p->json, NULL, &key, err)) > 0) {
		r = read_member(p, key, err);
		if (r < 0)
			return r;
	}
	/* Nothing may follow: 0, or the reader fails. */
	return r < 0 ? r : json_next(p->json, &t, err);
}

int osv_parse(struct stream *in, struct arena *a, struct osv_record *out, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *json = json_reader_new(in);
	struct parser p = { .json = json, .a = a, .start = a->used_bytes, .record = out };

	*out = (struct osv_record){ .problem = NULL };
	int r = read_record(&p, err);
	if (r == 0 && out->id.n == 0)
		set_problem(&p, "no id");
	return r;
}
