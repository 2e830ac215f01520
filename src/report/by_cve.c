/*
 * A report by CVEs instead of advisories, see report_by_cve().
 */
#include "report/report_priv.h"

#include "version/version.h"

DEFINE_VEC(findings, struct report_vulnerability);

static void expand(const struct report_vulnerability *v, struct findings *out)
{
	struct report_vulnerability one = *v;

	if (v->n_cves == 0)
		vec_push(out, one);
	one.cves = NULL;
	one.n_cves = 0;
	for (size_t i = 0; i < v->n_cves; i++) {
		one.id = v->cves[i];
		vec_push(out, one);
	}
}

static int cmp_place(const struct report_vulnerability *a, const struct report_vulnerability *b)
{
	int r;

	if ((r = str_cmp(a->id, b->id)) || (r = str_cmp(a->package, b->package)) ||
		(r = str_cmp(a->installed, b->installed)))
		return r;
	return str_cmp(a->layer, b->layer);
}

/* What is found in one place, in an order that does not depend on that of the advisories. */
static int cmp_finding(const void *va, const void *vb)
{
	const struct report_vulnerability *a = va, *b = vb;
	int r = cmp_place(a, b);

	if (r == 0)
		r = str_cmp(a->fixed_in, b->fixed_in);
	if (r == 0)
		r = (int)a->state - (int)b->state;
	return r ? r : str_cmp(a->link, b->link);
}

/* No fix, one for some, one for everybody. */
static int rank(const struct report_vulnerability *v)
{
	return report_has_fix(v) ? 2 : v->fixed_in.n > 0;
}

/* Whether b's is the fix to name: only with the last one is all of it gone. */
static bool is_better(const struct version_scheme *scheme, const struct report_vulnerability *a,
	const struct report_vulnerability *b)
{
	int order = 0;

	if (rank(a) != rank(b))
		return rank(b) > rank(a);
	return a->fixed_in.n && b->fixed_in.n && scheme &&
	       version_compare(scheme, a->fixed_in, b->fixed_in, &order, NULL) == 0 && order < 0;
}

static void merge(const struct version_scheme *scheme, struct report_vulnerability *kept,
	const struct report_vulnerability *v)
{
	enum severity severity = kept->severity > v->severity ? kept->severity : v->severity;

	if (is_better(scheme, kept, v))
		*kept = *v;
	kept->severity = severity;
}

void report_by_cve(struct report_target *t)
{
	const struct version_scheme *scheme = version_scheme_by_name(t->distro.scheme);
	struct findings all = VEC_INIT;

	vec_for_each(v, &t->vulnerabilities)
		expand(v, &all);
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), cmp_finding);
	vec_clear(&t->vulnerabilities);
	vec_for_each(v, &all) {
		struct report_vulnerability *last =
			t->vulnerabilities.n ? &t->vulnerabilities.v[t->vulnerabilities.n - 1]
					     : NULL;

		if (last && cmp_place(last, v) == 0)
			merge(scheme, last, v);
		else
			vec_push(&t->vulnerabilities, *v);
	}
	vec_fini(&all);
	report_sort(t);
}
