/*
 * What all forms of a report share: order, filter, counts; and the table of formats. See report.h.
 */
#include "report/report_priv.h"

void report_target_init(struct report_target *t)
{
	*t = (struct report_target){ .layers = VEC_INIT };
}

void report_target_fini(struct report_target *t)
{
	vec_fini(&t->layers);
	vec_fini(&t->vulnerabilities);
	vec_fini(&t->packages);
	vec_fini(&t->not_evaluated);
	vec_fini(&t->errors);
}

static int compare_findings(const void *pa, const void *pb)
{
	const struct report_vulnerability *a = pa;
	const struct report_vulnerability *b = pb;
	int r;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if ((r = str_cmp(a->id, b->id)) || (r = str_cmp(a->package, b->package)) ||
		(r = str_cmp(a->installed, b->installed)) || (r = str_cmp(a->layer, b->layer)))
		return r;
	/* Whatever sorts equal so far: the same report has to come out the same. */
	return str_cmp(a->fixed_in, b->fixed_in);
}

void report_sort(struct report_target *t)
{
	if (t->vulnerabilities.n > 1)
		qsort(t->vulnerabilities.v, t->vulnerabilities.n, sizeof(*t->vulnerabilities.v),
			compare_findings);
}

bool report_has_fix(const struct report_vulnerability *v)
{
	return fix_public_version(v->state, v->fixed_in).n > 0;
}

bool report_shows(const struct report_options *o, const struct report_vulnerability *v)
{
	if (o->severities && !(o->severities & 1U << v->severity))
		return false;
	return !o->only_fixed || report_has_fix(v);
}

struct report_summary report_summarize(
	const struct report_target *t, const struct report_options *o)
{
	struct report_summary s = {
		.findings = t->vulnerabilities.n,
		.packages = t->packages.n,
		.not_evaluated = t->not_evaluated.n,
	};

	s.evaluated = s.packages > s.not_evaluated ? s.packages - s.not_evaluated : 0;
	vec_for_each(v, &t->vulnerabilities) {
		assert(v->severity < SEVERITY_COUNT);
		s.by_severity[v->severity]++;
		s.fixable += report_has_fix(v);
		s.hidden += !report_shows(o, v);
	}
	return s;
}

static const struct report_format formats[] = {
	{ .name = "table", .write = report_write_table },
	{ .name = "json", .write = report_write_json },
};

const struct report_format *report_format_at(size_t i)
{
	return i < ARRAY_LEN(formats) ? &formats[i] : NULL;
}

const struct report_format *report_format_by_name(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (str_eq(name, str_of(formats[i].name)))
			return &formats[i];
	}
	return NULL;
}
