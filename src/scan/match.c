/*
 * From the packages of an image to findings: a query for each name of a package, all answered by
 * one join in the store. A package that cannot be compared with advisories is counted, with the
 * reason.
 */
#include "scan/scan_priv.h"

#include "version/version.h"

struct matching {
	struct scan *scan;
	struct image_scan *image;
	struct report_target *out;
	VEC_OF(struct match_query) queries;
	VEC_OF(size_t) packages; /* index into the view's packages, for each query */
	struct str reason;       /* why no package of the image can be evaluated; empty: some can */
};

static struct str layer_digest(const struct matching *m, size_t i)
{
	const struct layer_scan *l = i < m->image->layers.n ? &m->image->layers.v[i] : NULL;

	return l && l->layer ? m->out->layers.v[i] : STR_NULL;
}

static void not_evaluated(struct matching *m, const struct package *p, struct str reason)
{
	vec_push(&m->out->not_evaluated,
		(struct report_unevaluated){
			.name = p->name, .version = p->version, .reason = reason });
}

/* Whether there is anything to compare with. */
static int find_reason(struct matching *m, struct err *err)
{
	struct str name_space = m->out->distro.name_space;

	if (!m->out->has_distro) {
		m->reason = STR("unknown distribution");
		return 0;
	}
	int known = m->scan->options.store && name_space.n
			    ? store_has_namespace(m->scan->options.store, name_space, err)
			    : 0;
	if (known == 0)
		m->reason = arena_printf(&m->image->arena, "no data for %" PRIstr,
			STR_ARG(name_space.n ? name_space : m->out->distro.id));
	return known < 0 ? known : 0;
}

/* Asks for the package that is number i in the view by a name that advisories give it, if it has
 * one. */
static void push_query(struct matching *m, size_t i, struct str name, struct span key)
{
	if (name.n == 0)
		return;
	vec_push(&m->packages, i);
	vec_push(&m->queries, (struct match_query){ .name_space = m->out->distro.name_space,
				      .package = name,
				      .key = key,
				      .arch = m->image->view.packages.v[i].package->arch });
}

/* Adds queries, or the reason why there are none. */
static void add_query(struct matching *m, size_t i)
{
	const struct view_package *vp = &m->image->view.packages.v[i];
	struct str scheme = str_of(vp->driver->scheme);
	const struct version_scheme *versions = version_scheme_by_name(scheme);
	_cleanup_buf_ struct buf key = BUF_INIT(8 * LIMIT_VERSION);
	struct err why = ERR_INIT;

	if (m->reason.n) {
		not_evaluated(m, vp->package, m->reason);
		return;
	}
	if (m->out->distro.scheme.n && !str_eq(m->out->distro.scheme, scheme)) {
		not_evaluated(m, vp->package,
			arena_printf(&m->image->arena, "%" PRIstr " package in %" PRIstr,
				STR_ARG(scheme), STR_ARG(m->out->distro.name_space)));
		return;
	}
	if (!versions || version_key(versions, package_advisory_version(scheme, vp->package), &key,
				 &why) < 0) {
		log_debug("%" PRIstr ": %s", STR_ARG(vp->package->name), err_msg(&why));
		err_clear(&why);
		not_evaluated(m, vp->package, STR("version not comparable"));
		return;
	}
	struct span kept = span_from_str(arena_str(&m->image->arena, buf_str(&key)));
	push_query(m, i, package_advisory_name(scheme, vp->package, &m->image->arena), kept);
	push_query(m, i, package_advisory_source(scheme, vp->package, &m->image->arena), kept);
}

static void add_findings(struct matching *m)
{
	vec_for_each(match, &m->image->matches.items) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): each match has its query */
		size_t i = m->packages.v[match->query];
		const struct view_package *vp = &m->image->view.packages.v[i];

		vec_push(&m->out->vulnerabilities, (struct report_vulnerability){ .id = match->name,
							   .severity = match->severity,
							   .package = vp->package->name,
							   .installed = vp->package->version,
							   .fixed_in = match->fixed_version,
							   .state = match->state,
							   .link = match->link,
							   .description = match->description,
							   .cves = match->cves,
							   .n_cves = match->n_cves,
							   .layer = layer_digest(m, vp->layer) });
	}
}

static bool same_finding(const struct report_vulnerability *a, const struct report_vulnerability *b)
{
	return str_eq(a->id, b->id) && str_eq(a->package, b->package) &&
	       str_eq(a->installed, b->installed) && str_eq(a->fixed_in, b->fixed_in) &&
	       str_eq(a->layer, b->layer);
}

/* One package installed for two architectures is one finding. Sorted, equal ones stand side by
 * side. */
static void drop_doubles(struct report_target *t)
{
	size_t kept = 0;

	report_sort(t);
	for (size_t i = 0; i < t->vulnerabilities.n; i++) {
		if (kept && same_finding(&t->vulnerabilities.v[kept - 1], &t->vulnerabilities.v[i]))
			continue;
		t->vulnerabilities.v[kept++] = t->vulnerabilities.v[i];
	}
	t->vulnerabilities.n = kept;
}

static void add_packages(struct matching *m)
{
	vec_for_each(vp, &m->image->view.packages)
		vec_push(&m->out->packages, (struct report_package){ .package = *vp->package,
						    .database = vp->database,
						    .layer = layer_digest(m, vp->layer) });
}

int match_view(struct scan *s, struct image_scan *image, struct report_target *out, struct err *err)
{
	struct matching m = { .scan = s, .image = image, .out = out };
	int r = find_reason(&m, err);

	add_packages(&m);
	for (size_t i = 0; r == 0 && i < image->view.packages.n; i++)
		add_query(&m, i);
	if (r == 0 && m.queries.n)
		r = store_match(s->options.store, m.queries.v, m.queries.n, &image->arena,
			&image->matches, err);
	if (r == 0)
		add_findings(&m);
	drop_doubles(out);
	vec_fini(&m.queries);
	vec_fini(&m.packages);
	return r;
}
