/*
 * The report as tables for people: per target a title, the findings, on request the packages, and a
 * line of totals; for several targets a summary at the end.
 */
#include "report/report_priv.h"

/* How many reasons for not evaluating packages a line of totals names. */
enum { REASONS_SHOWN = 5 };

/* Parameters of SGR sequences, from the 256 colours that other scanners use for the same words. */
static const char *const severity_colors[SEVERITY_COUNT] = {
	[SEVERITY_UNKNOWN] = "38;5;12",
	[SEVERITY_NEGLIGIBLE] = "38;5;240",
	[SEVERITY_LOW] = "38;5;36",
	[SEVERITY_MEDIUM] = "38;5;178",
	[SEVERITY_HIGH] = "38;5;203",
	[SEVERITY_CRITICAL] = "1;38;5;198",
	[SEVERITY_DEFCON1] = "1;38;5;198",
};

struct reason {
	struct reason *next;
	struct str text;
	uint64_t count;
};

/* Counts of one target, or of all. */
struct totals {
	struct report_summary summary;
	struct arena arena;
	struct map by_text;
	struct reason *reasons; /* in the arena */
};

static void totals_init(struct totals *t)
{
	*t = (struct totals){ .arena = ARENA_INIT, .by_text = MAP_INIT };
}

static void totals_fini(struct totals *t)
{
	map_fini(&t->by_text);
	arena_fini(&t->arena);
}

/* What follows ": " in a reason is about one package only. */
static void count_reason(struct totals *t, struct str text)
{
	ptrdiff_t detail = str_find(text, STR(": "));

	if (detail > 0)
		text = str_head(text, (size_t)detail);
	struct reason *r = map_get(&t->by_text, text);
	if (!r) {
		r = arena_alloc(&t->arena, sizeof(*r));
		*r = (struct reason){ .text = text, .next = t->reasons };
		t->reasons = r;
		map_set(&t->by_text, text, r);
	}
	r->count++;
}

static void totals_add(
	struct totals *t, const struct report_target *target, const struct report_options *o)
{
	struct report_summary s = report_summarize(target, o);

	for (size_t i = 0; i < SEVERITY_COUNT; i++)
		t->summary.by_severity[i] += s.by_severity[i];
	t->summary.findings += s.findings;
	t->summary.fixable += s.fixable;
	t->summary.packages += s.packages;
	t->summary.evaluated += s.evaluated;
	t->summary.not_evaluated += s.not_evaluated;
	t->summary.hidden += s.hidden;
	vec_for_each(u, &target->not_evaluated)
		count_reason(t, u->reason);
}

static int compare_reasons(const void *pa, const void *pb)
{
	const struct reason *a = pa;
	const struct reason *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return str_cmp(a->text, b->text);
}

/* "2 no data for rocky:9, 1 version cannot be compared" */
static void write_reasons(const struct totals *t, struct buf *out)
{
	uint64_t left = t->summary.not_evaluated;
	VEC_OF(struct reason) sorted = VEC_INIT;

	for (const struct reason *r = t->reasons; r; r = r->next)
		vec_push(&sorted, *r);
	if (sorted.n > 1)
		qsort(sorted.v, sorted.n, sizeof(*sorted.v), compare_reasons);
	for (size_t i = 0; i < min_size(sorted.n, REASONS_SHOWN); i++) {
		const struct reason *r = &sorted.v[i];

		buf_printf(out, "%s%" PRIu64 " ", i ? ", " : "", r->count);
		(void)text_append_clean(out, r->text);
		left -= r->count;
	}
	if (left)
		buf_printf(out, ", %" PRIu64 " for other reasons", left);
	vec_fini(&sorted);
}

/* "42 (Critical 2, High 40), 12 fixable, 3 hidden by filters" */
static void write_findings_totals(const struct report_summary *s, struct buf *out)
{
	const char *before = " (";

	buf_printf(out, "%" PRIu64, s->findings);
	for (int i = SEVERITY_COUNT - 1; i >= 0; i--) {
		if (s->by_severity[i] == 0)
			continue;
		buf_printf(out, "%s%s %" PRIu64, before, severity_to_str((enum severity)i),
			s->by_severity[i]);
		before = ", ";
	}
	buf_printf(out, "), %" PRIu64 " fixable", s->fixable);
	if (s->hidden)
		buf_printf(out, ", %" PRIu64 " hidden by filters", s->hidden);
}

/* The line of totals; title is "Total" or "Total of 2 targets". */
static void write_totals(const struct totals *t, const char *title, struct buf *out)
{
	const struct report_summary *s = &t->summary;

	if (s->findings) {
		buf_printf(out, "%s: ", title);
		write_findings_totals(s, out);
	} else {
		buf_append_str(out, STR("No vulnerabilities found"));
		/* Not to be read as a clean bill of health. */
		if (!s->evaluated)
			buf_append_str(out, STR(", but nothing was evaluated"));
	}
	buf_printf(out, "; %" PRIu64 " package%s", s->packages, s->packages == 1 ? "" : "s");
	if (s->not_evaluated) {
		buf_printf(out, ", %" PRIu64 " not evaluated: ", s->not_evaluated);
		write_reasons(t, out);
	}
	buf_append_char(out, '\n');
}

/* 'TARGET (debian 12, "Debian GNU/Linux 12 (bookworm)")' */
static void write_title(const struct report_target *t, struct buf *out)
{
	(void)text_append_clean(out, t->target);
	buf_append_str(out, STR(" ("));
	if (t->has_distro) {
		(void)text_append_clean(out, t->distro.id);
		if (t->distro.version.n) {
			buf_append_char(out, ' ');
			(void)text_append_clean(out, t->distro.version);
		}
		if (t->distro.name.n) {
			buf_append_str(out, STR(", \""));
			(void)text_append_clean(out, t->distro.name);
			buf_append_char(out, '"');
		}
	} else {
		buf_append_str(out, STR("unknown distribution"));
	}
	buf_append_str(out, STR(")\n"));
}

/* The first 12 digits of a digest, as containers' tools show it. */
static struct str short_digest(struct str digest)
{
	struct str hex;

	return str_head(str_cut(digest, ':', NULL, &hex) ? hex : digest, 12);
}

static struct str fix_text(struct arena *a, const struct report_vulnerability *v)
{
	if (v->state == FIX_STATE_FIXED_IN_PRO && v->fixed_in.n)
		return arena_printf(a, "%" PRIstr " (fixed_in_pro)", STR_ARG(v->fixed_in));
	if (v->fixed_in.n)
		return v->fixed_in;
	switch (v->state) {
	case FIX_STATE_WILL_NOT_FIX:
		return STR("(won't fix)");
	case FIX_STATE_DEFERRED:
		return STR("(deferred)");
	case FIX_STATE_END_OF_LIFE:
		return STR("(end of life)");
	case FIX_STATE_AFFECTED:
	case FIX_STATE_FIXED:
	case FIX_STATE_FIXED_IN_PRO:
	case FIX_STATE_COUNT:
		break;
	}
	return STR("-");
}

static void write_findings(
	const struct report_target *t, const struct report_options *o, struct buf *out)
{
	_cleanup_(grid_fini) struct grid g;

	grid_init(&g);
	grid_add_column(&g, "VULNERABILITY", GRID_KEEP);
	grid_add_column(&g, "SEVERITY", GRID_KEEP);
	grid_add_column(&g, "PACKAGE", 0);
	grid_add_column(&g, "INSTALLED", 0);
	grid_add_column(&g, "FIXED IN", 0);
	grid_add_column(&g, "LAYER", GRID_KEEP);
	vec_for_each(v, &t->vulnerabilities) {
		if (!report_shows(o, v))
			continue;
		grid_add(&g, v->id);
		grid_add_colored(
			&g, str_of(severity_to_str(v->severity)), severity_colors[v->severity]);
		grid_add(&g, v->package);
		grid_add(&g, v->installed);
		grid_add(&g, fix_text(&g.arena, v));
		grid_add(&g, short_digest(v->layer));
	}
	if (g.cells.n)
		grid_write(&g, o->width, o->color, out);
}

static void write_packages(
	const struct report_target *t, const struct report_options *o, struct buf *out)
{
	_cleanup_(grid_fini) struct grid g;

	grid_init(&g);
	grid_add_column(&g, "PACKAGE", 0);
	grid_add_column(&g, "VERSION", 0);
	grid_add_column(&g, "ARCH", 0);
	grid_add_column(&g, "SOURCE", 0);
	grid_add_column(&g, "LAYER", GRID_KEEP);
	vec_for_each(p, &t->packages) {
		grid_add(&g, p->package.name);
		grid_add(&g, p->package.version);
		grid_add(&g, p->package.arch);
		grid_add(&g, p->package.source);
		grid_add(&g, short_digest(p->layer));
	}
	if (g.cells.n)
		grid_write(&g, o->width, o->color, out);
}

/* What the rest of the report knows nothing of. */
static void write_errors(const struct report_target *t, struct buf *out)
{
	vec_for_each(e, &t->errors) {
		buf_append_str(out, STR("Incomplete: "));
		if (e->layer.n) {
			buf_append_str(out, STR("layer "));
			(void)text_append_clean(out, short_digest(e->layer));
			buf_append_str(out, STR(": "));
		}
		(void)text_append_clean(out, e->message);
		buf_append_char(out, '\n');
	}
}

static void write_target(
	const struct report_target *t, const struct report_options *o, struct buf *out)
{
	_cleanup_(totals_fini) struct totals totals;

	totals_init(&totals);
	totals_add(&totals, t, o);
	write_title(t, out);
	write_findings(t, o, out);
	if (o->list_packages) {
		if (totals.summary.findings > totals.summary.hidden && t->packages.n)
			buf_append_char(out, '\n');
		write_packages(t, o, out);
	}
	write_errors(t, out);
	write_totals(&totals, "Total", out);
}

/* One line a target, and one of totals over all of them. */
static void write_overview(const struct report *r, const struct report_options *o, struct buf *out)
{
	_cleanup_(totals_fini) struct totals all;
	_cleanup_(grid_fini) struct grid g;

	totals_init(&all);
	grid_init(&g);
	vec_for_each(t, &r->targets)
		totals_add(&all, t, o);
	bool defcon1 = all.summary.by_severity[SEVERITY_DEFCON1] > 0;
	int worst = defcon1 ? SEVERITY_DEFCON1 : SEVERITY_CRITICAL;
	static const char *const headers[SEVERITY_COUNT] = { "UNKNOWN", "NEGLIGIBLE", "LOW",
		"MEDIUM", "HIGH", "CRITICAL", "DEFCON1" };

	grid_add_column(&g, "TARGET", 0);
	grid_add_column(&g, "PACKAGES", GRID_KEEP | GRID_RIGHT);
	for (int i = worst; i >= 0; i--)
		grid_add_column(&g, headers[i], GRID_KEEP | GRID_RIGHT);
	grid_add_column(&g, "FIXABLE", GRID_KEEP | GRID_RIGHT);
	vec_for_each(t, &r->targets) {
		struct report_summary s = report_summarize(t, o);

		grid_add(&g, t->target);
		grid_add_u64(&g, s.packages);
		for (int i = worst; i >= 0; i--)
			grid_add_u64(&g, s.by_severity[i]);
		grid_add_u64(&g, s.fixable);
	}
	grid_write(&g, o->width, o->color, out);
	write_totals(&all, arena_printf(&all.arena, "Total of %zu targets", r->targets.n).p, out);
}

void report_write_table(const struct report *r, const struct report_options *o, struct buf *out)
{
	vec_for_each(t, &r->targets) {
		if (t != r->targets.v)
			buf_append_char(out, '\n');
		write_target(t, o, out);
	}
	if (r->targets.n > 1) {
		buf_append_char(out, '\n');
		write_overview(r, o, out);
	}
}
