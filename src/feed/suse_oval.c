/*
 * SUSE's OVAL by CVE: a definition is a CVE, whose criteria are groups of products ("SUSE Linux
 * Enterprise Server 15 SP5 is installed") and of packages that are vulnerable in them: those before
 * a version ("tar-1.34-2.2 is installed"), or all ("kernel-default is affected"). Packages that are
 * not affected are named as well, and passed over.
 *
 * One release has several products, hence may have several fixed versions of one package: whoever
 * has any of them is safe, so the first counts. A product without a fix (one that ended) does not
 * count where another of the release has one.
 */
#include "base/base.h"

#include "feed/format/oval.h"
#include "feed/format/rpm_words.h"
#include "feed/sink.h"
#include "feed/suse.h"
#include "version/version.h"

#define NAME_SHOWN 100

/* The fixes of one namespace. */
struct release {
	struct str name_space;
	struct map by_package; /* → struct advisory_fix, in the arena */
	VEC_OF(struct advisory_fix *) fixes;
};

struct reading {
	const struct suse_scope *scope;
	struct feed_sink *sink;
	/* The definition at hand. */
	struct arena arena;
	enum severity severity;
	VEC_OF(struct release) releases;
};

static void forget(struct reading *r)
{
	vec_for_each(release, &r->releases) {
		map_fini(&release->by_package);
		vec_fini(&release->fixes);
	}
	vec_clear(&r->releases);
	arena_fini(&r->arena);
}

static struct release *release_for(struct reading *r, struct str name_space)
{
	vec_for_each(release, &r->releases) {
		if (str_eq(release->name_space, name_space))
			return release;
	}
	vec_push(
		&r->releases, (struct release){ .name_space = name_space, .by_package = MAP_INIT });
	return &r->releases.v[r->releases.n - 1];
}

/* What a fix replaces: nothing, an unfixed one, or a later one. */
static bool is_better(struct str version, struct str than)
{
	const struct version_scheme *rpm = version_scheme_by_name(STR("rpm"));

	if (version.n == 0 || than.n == 0)
		return version.n > 0;
	return version_is_valid(rpm, version) &&
	       (!version_is_valid(rpm, than) || rpm->compare(version, than) < 0);
}

/* "(aarch64|x86_64)" → words. */
static void add_arches(struct str *arches, struct str pattern, struct arena *a)
{
	struct str arch;
	bool more = pattern.n > 0;

	if (str_skip_prefix(&pattern, STR("(")) && str_ends(pattern, STR(")")))
		pattern.n--;
	while (more) {
		more = str_cut(pattern, '|', &arch, &pattern);
		if (feed_is_word(arch))
			rpm_add_arch(arches, arch, a);
	}
}

static void add_fix(
	struct reading *r, struct str name_space, const struct oval_test *test, struct str name)
{
	struct release *release = release_for(r, name_space);
	struct advisory_fix *fix = map_get(&release->by_package, name);
	struct str version = rpm_without_epoch_0(str_trim(test->evr));

	if (test->evr_operation != OVAL_LESS)
		version = STR_NULL;
	if (!fix) {
		fix = arena_alloc(&r->arena, sizeof(*fix));
		*fix = (struct advisory_fix){
			.package = name, .fixed_version = version, .severity = r->severity
		};
		map_set(&release->by_package, name, fix);
		vec_push(&release->fixes, fix);
	} else if (is_better(version, fix->fixed_version)) {
		fix->fixed_version = version;
	}
	fix->state = fix->fixed_version.n ? FIX_STATE_FIXED : FIX_STATE_AFFECTED;
	/* Architectures that one product leaves open are all. */
	if (test->arch.n == 0)
		rpm_add_arch(&fix->arches, STR("noarch"), &r->arena);
	else
		add_arches(&fix->arches, test->arch, &r->arena);
}

/* The product that a criterion asks for: true, and its name. */
static bool is_product(const struct oval_node *node, struct str *name)
{
	*name = node->comment;
	if (node->kind != OVAL_NODE_TEST || node->negate || !str_ends(*name, STR(" is installed")))
		return false;
	name->n -= STR(" is installed").n;
	return node->test->version.n > 0 || str_starts(*name, STR("SUSE ")) ||
	       str_starts(*name, STR("openSUSE "));
}

/* Whether a criterion is about a package that is vulnerable. */
static bool is_package(const struct oval_node *node)
{
	const struct oval_test *test = node->test;
	struct str product;

	if (node->kind != OVAL_NODE_TEST || node->negate || test->kind != OVAL_TEST_RPM ||
		test->name_is_pattern || test->key.n || is_product(node, &product))
		return false;
	if (test->evr.n)
		return test->evr_operation == OVAL_LESS;
	return str_ends(node->comment, STR(" is affected")) && test->version.n == 0;
}

/* A package counts for each product that its criteria ask for. */
static void add_package(
	struct reading *r, const struct oval_definition *d, const struct oval_node *node)
{
	struct oval_context context = { NULL, NULL, NULL };
	const struct oval_node *other;
	struct str product, name_space;
	bool any = false;

	while ((other = oval_context_next(&context, node)) != NULL) {
		if (!is_product(other, &product))
			continue;
		any = true;
		name_space = suse_namespace(product, &r->arena);
		for (size_t i = 0; name_space.n && i < node->test->n_names; i++) {
			if (suse_in_scope(r->scope, name_space))
				add_fix(r, name_space, node->test, node->test->names[i]);
		}
	}
	/* Old documents are of one product, which their criteria leave out. */
	for (size_t p = 0; !any && p < d->n_platforms; p++) {
		name_space = suse_namespace(d->platforms[p], &r->arena);
		for (size_t i = 0; name_space.n && i < node->test->n_names; i++) {
			if (suse_in_scope(r->scope, name_space))
				add_fix(r, name_space, node->test, node->test->names[i]);
		}
	}
}

static int put_release(struct reading *r, const struct oval_definition *d, struct str name,
	const struct release *release, struct err *err)
{
	_cleanup_err_ struct err refused = ERR_INIT;
	struct advisory_fix *fixes =
		arena_alloc(&r->arena, (release->fixes.n + 1) * sizeof(*fixes));
	struct advisory advisory = {
		.name_space = release->name_space,
		.scheme = STR("rpm"),
		.name = name,
		.severity = r->severity,
		.link = arena_printf(
			&r->arena, "https://www.suse.com/security/cve/%" PRIstr "/", STR_ARG(name)),
		.description = feed_cut_text(str_trim(d->description)),
		.fixes = fixes,
		.n_fixes = release->fixes.n,
	};

	for (size_t i = 0; i < release->fixes.n; i++) {
		fixes[i] = *release->fixes.v[i];
		fixes[i].arches = rpm_arches(fixes[i].arches);
	}
	int e = r->sink->put(r->sink, &advisory, &refused);
	return e < 0 && e != -ERR_INPUT ? err_move(err, &refused) : 0;
}

static int put_definition(struct reading *r, const struct oval_definition *d, struct err *err)
{
	struct str name = str_trim(d->title);

	if (!str_starts(name, STR("CVE-")) || !feed_is_word(name)) {
		struct str text =
			arena_printf(&r->arena, "definition %" PRIstr ": no name of a CVE",
				STR_ARG(str_head(d->id, NAME_SHOWN)));

		r->sink->note(r->sink, text.p);
		return 0;
	}
	r->severity = rpm_severity(d->severity);
	for (size_t i = 0; i < d->n_nodes; i++) {
		if (is_package(&d->nodes[i]))
			add_package(r, d, &d->nodes[i]);
	}
	vec_for_each(release, &r->releases) {
		int e = put_release(r, d, name, release, err);
		if (e < 0)
			return e;
	}
	return 0;
}

static int handle_definition(void *ctx, const struct oval_definition *d, struct err *err)
{
	struct reading *r = ctx;

	/* Definitions of patches say the same by advisory, those of inventory name products. */
	if (!str_eq(d->class, STR("vulnerability")))
		return 0;
	int e = put_definition(r, d, err);
	forget(r);
	return e;
}

int suse_parse(
	struct stream *in, const struct suse_scope *scope, struct feed_sink *sink, struct err *err)
{
	struct reading r = {
		.scope = scope, .sink = sink, .arena = ARENA_INIT, .releases = VEC_INIT
	};
	int e = oval_read(in, handle_definition, &r, err);

	forget(&r);
	vec_fini(&r.releases);
	return e;
}
