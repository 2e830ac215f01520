/*
 * What the ranges of a record say of versions: the evaluation that the schema describes
 * (https://ossf.github.io/osv-schema/#evaluation), done once for all versions: events in the order
 * of versions, an interval from each "introduced" to the next end.
 */
#include "base/base.h"

#include "feed/format/osv.h"

/* --- CVEs ------------------------------------------------------------------------------------- */

struct cve_list {
	const struct str **out;
	struct str *items;
	size_t n;
};

static void add_cve(struct cve_list *list, struct str name)
{
	if (!str_starts(name, STR("CVE-")))
		return;
	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(list->items[i], name))
			return;
	}
	list->items[list->n++] = name;
}

static void add_cves(struct cve_list *list, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_cve(list, names[i]);
}

size_t osv_cves(const struct osv_record *record, struct arena *a, const struct str **out)
{
	size_t most = 1 + record->n_aliases + record->n_upstream + record->n_related;
	struct cve_list list = { .items = arena_alloc(a, most * sizeof(struct str)) };

	add_cve(&list, record->id);
	add_cves(&list, record->aliases, record->n_aliases);
	add_cves(&list, record->upstream, record->n_upstream);
	add_cves(&list, record->related, record->n_related);
	*out = list.items;
	return list.n;
}

/* --- intervals -------------------------------------------------------------------------------- */

/* An event with the key of its version, by which events are sorted. */
struct sorted_event {
	struct osv_event event;
	struct span key;
	size_t place; /* in the record */
};

struct folder {
	const struct version_scheme *scheme;
	struct arena *a;
	struct buf key;
	struct osv_interval *intervals;
	size_t n;
	struct str *bad;
};

static bool is_beginning(const struct osv_event *e)
{
	return e->kind == OSV_INTRODUCED && (e->version.n == 0 || str_eq(e->version, STR("0")));
}

static bool make_key(struct folder *f, const struct osv_event *e, struct span *out)
{
	_cleanup_err_ struct err err = ERR_INIT;

	*out = version_key_min();
	if (is_beginning(e))
		return true;
	if (version_key(f->scheme, e->version, &f->key, &err) < 0) {
		if (f->bad->n == 0)
			*f->bad = e->version.n ? e->version : STR("(empty)");
		return false;
	}
	*out = span_from_str(arena_str(f->a, buf_str(&f->key)));
	return true;
}

/*
 * At one version, an end comes before a beginning ("fixed" and "introduced" again leave it
 * affected), but what is the last affected ends behind it.
 */
static int rank_of(enum osv_event_kind kind)
{
	switch (kind) {
	case OSV_FIXED:
		return 0;
	case OSV_INTRODUCED:
		return 1;
	case OSV_LAST_AFFECTED:
	case OSV_LIMIT:
	default:
		return 2;
	}
}

static int compare_events(const void *pa, const void *pb)
{
	const struct sorted_event *a = pa, *b = pb;
	int r = str_cmp(str_from_span(a->key), str_from_span(b->key));

	if (r == 0)
		r = rank_of(a->event.kind) - rank_of(b->event.kind);
	return r ? r : (a->place > b->place) - (a->place < b->place);
}

static void add_interval(struct folder *f, struct osv_interval interval)
{
	f->intervals[f->n++] = interval;
}

static void fold_range(struct folder *f, const struct osv_range *range)
{
	struct sorted_event *events = arena_alloc(f->a, range->n_events * sizeof(*events));
	struct osv_interval open = { STR_NULL, STR_NULL, STR_NULL };
	bool is_open = false;
	size_t n = 0;

	for (size_t i = 0; i < range->n_events; i++) {
		const struct osv_event *e = &range->events[i];

		if (e->kind != OSV_LIMIT && make_key(f, e, &events[n].key)) {
			events[n].event = *e;
			events[n++].place = i;
		}
	}
	if (n)
		qsort(events, n, sizeof(*events), compare_events);
	for (size_t i = 0; i < n; i++) {
		const struct osv_event *e = &events[i].event;

		if (e->kind == OSV_INTRODUCED) {
			if (!is_open)
				open.introduced = is_beginning(e) ? STR_NULL : e->version;
			is_open = true;
		} else if (is_open) {
			struct osv_interval *closed = &open;

			closed->fixed = e->kind == OSV_FIXED ? e->version : STR_NULL;
			closed->last_affected = e->kind == OSV_FIXED ? STR_NULL : e->version;
			add_interval(f, *closed);
			is_open = false;
		}
	}
	if (is_open)
		add_interval(f, (struct osv_interval){ .introduced = open.introduced });
}

static void fold_versions(struct folder *f, const struct osv_affected *affected)
{
	for (size_t i = 0; i < affected->n_versions; i++) {
		const struct osv_event e = { OSV_LAST_AFFECTED, affected->versions[i] };
		struct span key;

		if (make_key(f, &e, &key))
			add_interval(f, (struct osv_interval){ .introduced = e.version,
						.last_affected = e.version });
	}
}

size_t osv_intervals(const struct osv_affected *affected, const struct version_scheme *scheme,
	struct arena *a, struct osv_interval **out, struct str *bad)
{
	struct folder f = {
		.scheme = scheme, .a = a, .key = BUF_INIT(VERSION_KEY_MAX), .bad = bad
	};
	size_t most = affected->n_versions, n_ranges = 0;

	for (size_t i = 0; i < affected->n_ranges; i++)
		most += affected->ranges[i].n_events;
	f.intervals = arena_alloc(a, most * sizeof(*f.intervals));
	*bad = STR_NULL;
	for (size_t i = 0; i < affected->n_ranges; i++) {
		if (affected->ranges[i].type != OSV_RANGE_ECOSYSTEM)
			continue;
		n_ranges++;
		fold_range(&f, &affected->ranges[i]);
	}
	if (n_ranges == 0)
		fold_versions(&f, affected);
	buf_fini(&f.key);
	*out = f.intervals;
	return f.n;
}
