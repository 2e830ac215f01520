/*
 * From one VEX document to advisories. What decides, for each package of each release:
 *
 * - The plain release has what its own streams fix. A fix of an extended stream (EUS …) is for an
 *   older minor release and those who pay for it: it counts only where nothing is said of the plain
 *   one. Fixes of several minor releases become ranges (rpm_ranges.h).
 * - Affected without a fix of the plain release: unfixed, with the state that the remediation
 * tells.
 * - Not affected, under investigation: nothing.
 *
 * Packages are binary ones. Documents made before 2025 name affected source packages only, which
 * become two names: "src::SOURCE", which the packages built from it are looked up by, too, and
 * SOURCE, for whatever knows binary packages alone. Packages of a module are "MODULE:STREAM::NAME".
 */
#include "base/base.h"

#include "feed/feed_priv.h"
#include "feed/format/csaf.h"
#include "feed/rhel_vex.h"
#include "feed/rhel_vex_products.h"
#include "feed/rpm_ranges.h"
#include "feed/sink.h"
#include "version/version.h"

/* In this order what is said of one package counts. */
enum claim { CLAIM_FIXED, CLAIM_UNFIXED, CLAIM_FIXED_EXTENDED };

/* What is said of one package in one version for one architecture. */
struct entry {
	unsigned release;
	enum claim claim;
	struct str package; /* in the words of advisories */
	struct str version; /* that fixes it */
	uint32_t arches;
	enum severity severity;
	enum fix_state state;
	unsigned fix; /* of the vendor, as in csaf_product */
};

struct parser {
	struct csaf_handler handler;
	struct feed_sink *sink;
	const struct csaf_vulnerability *v;
	struct arena arena; /* of the vulnerability at hand */
	VEC_OF(struct entry) entries;
	VEC_OF(struct entry) sources; /* unfixed, with the module in version */
	uint64_t binaries_listed;     /* bit N: binary packages of release N are affected */
	VEC_OF(struct rpm_range) ranges;
	VEC_OF(struct advisory_fix) fixes; /* of the release at hand */
	VEC_OF(bool) used;                 /* which of the vendor's fixes they come from */
};

/* --- architectures --------------------------------------------------------------------------- */

static const struct str arch_names[] = {
	STR_INIT("aarch64"),
	STR_INIT("i386"),
	STR_INIT("i486"),
	STR_INIT("i586"),
	STR_INIT("i686"),
	STR_INIT("ia64"),
	STR_INIT("ppc"),
	STR_INIT("ppc64"),
	STR_INIT("ppc64le"),
	STR_INIT("riscv64"),
	STR_INIT("s390"),
	STR_INIT("s390x"),
	STR_INIT("x86_64"),
};

/* As a bit; all bits for one that is not among them, noarch above all. */
static uint32_t arch_bit(struct str arch)
{
	for (size_t i = 0; i < ARRAY_LEN(arch_names); i++) {
		if (str_eq(arch, arch_names[i]))
			return UINT32_C(1) << i;
	}
	return UINT32_MAX;
}

/* "aarch64 x86_64"; empty for all. */
static struct str arch_list(uint32_t bits, struct arena *a)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1024);

	if (bits == UINT32_MAX)
		return STR_NULL;
	for (size_t i = 0; i < ARRAY_LEN(arch_names); i++) {
		if (!(bits >> i & 1))
			continue;
		if (out.n)
			buf_append_char(&out, ' ');
		buf_append_str(&out, arch_names[i]);
	}
	return arena_str(a, buf_str(&out));
}

/* --- collecting ------------------------------------------------------------------------------ */

static struct str package_name(
	struct parser *p, struct str module, const char *kind, struct str name)
{
	if (module.n == 0)
		return kind[0] == '\0' ? name
				       : arena_printf(&p->arena, "%s%" PRIstr, kind, STR_ARG(name));
	return arena_printf(
		&p->arena, "%" PRIstr "::%s%" PRIstr, STR_ARG(module), kind, STR_ARG(name));
}

/* Debugging symbols run nowhere, and are half of what is listed. */
static bool is_debugging(struct str name)
{
	return str_ends(name, STR("-debuginfo")) || str_ends(name, STR("-debugsource")) ||
	       str_find(name, STR("-debuginfo-common")) >= 0;
}

static void add_fixed(struct parser *p, const struct csaf_product *from, struct rhel_product *what)
{
	bool base = what->stream == RHEL_STREAM_BASE;

	if (what->source && !base)
		return;
	if (!version_is_valid(version_scheme_by_name(STR("rpm")), what->version)) {
		feed_note(p->sink,
			"%" PRIstr ": %" PRIstr " of release %u: no version that fixes it",
			STR_ARG(p->v->cve), STR_ARG(what->name), what->release);
		return;
	}
	/* A module's builds are told by their release. Without its name they would be taken for
	 * versions of the plain package. */
	if (what->module.n == 0 && str_find(what->version, STR(".module+el")) >= 0) {
		feed_note(p->sink,
			"%" PRIstr ": %" PRIstr " of release %u: of a module without a name",
			STR_ARG(p->v->cve), STR_ARG(what->name), what->release);
		return;
	}
	vec_push(&p->entries, (struct entry){
				      .release = what->release,
				      .claim = base ? CLAIM_FIXED : CLAIM_FIXED_EXTENDED,
				      .package = package_name(p, what->module,
					      what->source ? "src::" : "", what->name),
				      .version = what->version,
				      .arches = arch_bit(what->arch),
				      .severity = (enum severity)from->severity,
				      .state = FIX_STATE_FIXED,
				      .fix = from->fix,
			      });
}

static enum fix_state state_of(enum csaf_remedy remedy)
{
	switch (remedy) {
	case CSAF_REMEDY_DEFERRED:
		return FIX_STATE_DEFERRED;
	case CSAF_REMEDY_NOT_PLANNED:
		return FIX_STATE_WILL_NOT_FIX;
	case CSAF_REMEDY_OUT_OF_SUPPORT:
		return FIX_STATE_END_OF_LIFE;
	case CSAF_REMEDY_NONE:
	case CSAF_REMEDY_NOT_YET:
	case CSAF_REMEDY_INVESTIGATED:
		break;
	}
	return FIX_STATE_AFFECTED;
}

static void add_affected(
	struct parser *p, const struct csaf_product *from, const struct rhel_product *what)
{
	struct entry e = { .release = what->release,
		.claim = CLAIM_UNFIXED,
		.package = what->name,
		.version = what->module,
		.arches = UINT32_MAX,
		.severity = (enum severity)from->severity,
		.state = state_of((enum csaf_remedy)from->remedy) };

	if (what->stream != RHEL_STREAM_BASE || from->remedy == CSAF_REMEDY_INVESTIGATED)
		return;
	if (what->source) {
		vec_push(&p->sources, e);
		return;
	}
	p->binaries_listed |= UINT64_C(1) << what->release;
	e.package = package_name(p, what->module, "", what->name);
	e.version = STR_NULL;
	vec_push(&p->entries, e);
}

/* Source packages stand for binary ones where these are not listed. */
static void add_sources(struct parser *p)
{
	vec_for_each(source, &p->sources) {
		struct entry e = *source;

		if (p->binaries_listed >> source->release & 1)
			continue;
		e.version = STR_NULL;
		e.package = package_name(p, source->version, "", source->package);
		vec_push(&p->entries, e);
		e.package = package_name(p, source->version, "src::", source->package);
		vec_push(&p->entries, e);
	}
}

static void collect(struct parser *p)
{
	for (const struct csaf_product *from = p->v->products; from; from = from->next) {
		_cleanup_err_ struct err why = ERR_INIT;
		struct rhel_product what;

		if (!(from->status & (CSAF_FIXED | CSAF_AFFECTED)))
			continue;
		int r = rhel_product(from, &p->arena, &what, &why);
		if (r < 0)
			feed_note(p->sink, "%" PRIstr ": %s", STR_ARG(p->v->cve), err_msg(&why));
		if (r <= 0 || is_debugging(what.name))
			continue;
		if (from->status & CSAF_FIXED)
			add_fixed(p, from, &what);
		if (from->status & CSAF_AFFECTED)
			add_affected(p, from, &what);
	}
	add_sources(p);
}

/* --- deciding -------------------------------------------------------------------------------- */

static int by_release_and_package(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = str_cmp(x->package, y->package);

	if (x->release != y->release)
		return x->release < y->release ? -1 : 1;
	if (order)
		return order;
	if (x->claim != y->claim)
		return x->claim < y->claim ? -1 : 1;
	order = str_cmp(x->version, y->version);
	if (order == 0 && x->state != y->state)
		return x->state < y->state ? -1 : 1;
	return order;
}

static bool same_package(const struct entry *a, const struct entry *b)
{
	return a->release == b->release && str_eq(a->package, b->package);
}

/* The versions of entries that are sorted, each once. */
static void make_ranges(struct parser *p, const struct entry *e, size_t n)
{
	vec_clear(&p->ranges);
	for (size_t i = 0; i < n; i++) {
		struct rpm_range *last = p->ranges.n ? &p->ranges.v[p->ranges.n - 1] : NULL;

		if (e[i].fix)
			p->used.v[e[i].fix - 1] = true;
		if (last && str_eq(last->fixed, e[i].version)) {
			last->arches |= e[i].arches;
			if (e[i].severity > last->severity)
				last->severity = e[i].severity;
			continue;
		}
		vec_push(&p->ranges, (struct rpm_range){ .fixed = e[i].version,
					     .arches = e[i].arches,
					     .severity = e[i].severity });
	}
	p->ranges.n = rpm_ranges(p->ranges.v, p->ranges.n, &p->arena);
}

/* What the entries of one package come to. */
static void decide(struct parser *p, const struct entry *e, size_t n)
{
	size_t same = 1;

	while (same < n && e[same].claim == e[0].claim)
		same++;
	if (e->claim == CLAIM_UNFIXED) {
		struct advisory_fix fix = {
			.package = e->package, .state = e->state, .severity = e->severity
		};

		for (size_t i = 1; i < same; i++) {
			if (e[i].severity > fix.severity)
				fix.severity = e[i].severity;
		}
		vec_push(&p->fixes, fix);
		return;
	}
	/* Of a source package only that it is fixed was to be known. */
	if (str_starts(e->package, STR("src::")) || str_find(e->package, STR("::src::")) >= 0)
		return;
	make_ranges(p, e, same);
	vec_for_each(range, &p->ranges)
		vec_push(&p->fixes, (struct advisory_fix){ .package = e->package,
					    .introduced = range->introduced,
					    .fixed_version = range->fixed,
					    .state = FIX_STATE_FIXED,
					    .severity = range->severity,
					    .arches = arch_list(range->arches, &p->arena) });
}

/* --- putting --------------------------------------------------------------------------------- */

/* {"RHSA":["RHSA-2023:5763"]}, empty when the fixes come from none. */
static struct str make_metadata(struct parser *p)
{
	_cleanup_buf_ struct buf out = BUF_INIT(LIMIT_ADVISORY_TEXT);
	struct json_writer w;
	bool any = false;

	json_writer_init(&w, &out, 0);
	json_object_begin(&w);
	json_key(&w, "RHSA");
	json_array_begin(&w);
	for (size_t i = 0; i < p->used.n; i++) {
		struct str id;

		if (!p->used.v[i] || !str_rcut(p->v->fixes[i], '/', NULL, &id) ||
			!str_starts(id, STR("RH")))
			continue;
		json_string(&w, id);
		any = true;
	}
	json_array_end(&w);
	json_object_end(&w);
	return any && !out.overflowed ? arena_str(&p->arena, buf_str(&out)) : STR_NULL;
}

static int put(struct parser *p, unsigned release, struct err *err)
{
	static const char *const distributions[] = { "centos", "rhel" };
	struct advisory a = { .scheme = STR("rpm"),
		.name = p->v->cve,
		.link = arena_printf(&p->arena, "https://access.redhat.com/security/cve/%" PRIstr,
			STR_ARG(p->v->cve)),
		.description = p->v->description,
		.metadata = make_metadata(p),
		.fixes = p->fixes.v,
		.n_fixes = p->fixes.n };

	vec_for_each(fix, &p->fixes) {
		if (fix->severity > a.severity)
			a.severity = fix->severity;
	}
	for (size_t i = 0; i < ARRAY_LEN(distributions); i++) {
		_cleanup_err_ struct err refused = ERR_INIT;

		a.name_space = arena_printf(&p->arena, "%s:%u", distributions[i], release);
		int r = p->sink->put(p->sink, &a, &refused);
		if (r < 0 && r != -ERR_INPUT)
			return err_move(err, &refused);
	}
	return 0;
}

/* The entries of one release, sorted. */
static int put_release(struct parser *p, const struct entry *e, size_t n, struct err *err)
{
	vec_clear(&p->fixes);
	vec_clear(&p->used);
	for (size_t i = 0; i < p->v->n_fixes; i++)
		vec_push(&p->used, false);
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;

		while (end < n && same_package(&e[i], &e[end]))
			end++;
		decide(p, e + i, end - i);
		i = end;
	}
	return p->fixes.n ? put(p, e->release, err) : 0;
}

static bool is_cve(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]) && !ascii_is_alpha(s.p[i]) && s.p[i] != '-')
			return false;
	}
	return str_starts(s, STR("CVE-")) && s.n > 4 && s.n <= 100;
}

static int take(struct csaf_handler *h, const struct csaf_vulnerability *v, struct err *err)
{
	struct parser *p = (struct parser *)h;
	int r = 0;

	if (!is_cve(v->cve)) {
		feed_note(p->sink, "%" PRIstr ": a vulnerability whose name is no CVE",
			STR_ARG(v->cve.n ? str_head(v->cve, 100) : STR("(none)")));
		return 0;
	}
	p->v = v;
	p->binaries_listed = 0;
	vec_clear(&p->entries);
	vec_clear(&p->sources);
	collect(p);
	if (p->entries.n > 1)
		qsort(p->entries.v, p->entries.n, sizeof(p->entries.v[0]), by_release_and_package);
	for (size_t i = 0; r == 0 && i < p->entries.n;) {
		size_t end = i + 1;

		while (end < p->entries.n && p->entries.v[end].release == p->entries.v[i].release)
			end++;
		r = put_release(p, p->entries.v + i, end - i, err);
		i = end;
	}
	arena_fini(&p->arena);
	return r;
}

int rhel_vex_parse(struct stream *in, struct feed_sink *sink, struct err *err)
{
	struct parser p = { .handler = { .vulnerability = take },
		.sink = sink,
		.arena = ARENA_INIT,
		.entries = VEC_INIT,
		.sources = VEC_INIT,
		.ranges = VEC_INIT,
		.fixes = VEC_INIT,
		.used = VEC_INIT };

	int r = csaf_read(in, &p.handler, err);
	arena_fini(&p.arena);
	vec_fini(&p.entries);
	vec_fini(&p.sources);
	vec_fini(&p.ranges);
	vec_fini(&p.fixes);
	vec_fini(&p.used);
	return r;
}
