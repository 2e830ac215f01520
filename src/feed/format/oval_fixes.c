/*
 * From the criteria of a definition to fixes, see oval_fixes.h. Each test of a package is looked at
 * with what has to hold together with it; that of kernels which run is not looked at, since what is
 * installed is asked for.
 */
#include "feed/format/oval_fixes.h"

#include "feed/format/rpm_words.h"
#include "feed/sink.h"
#include "version/version.h"

/* What one test of a package asks for, and what is around it. */
struct found {
	struct str evr; /* empty: that it is installed */
	const struct str *names;
	size_t n_names;
	struct str arch;
	struct str module;
	struct str releases[16];
	size_t n_releases;
};

static bool is_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]))
			return false;
	}
	return s.n > 0 && s.n <= 3;
}

/* What follows the number of releases that came in several, which have the same packages. */
static bool is_variant(struct str s)
{
	return s.n == 0 || str_eq(s, STR("Server")) || str_eq(s, STR("Client")) ||
	       str_eq(s, STR("Workstation")) || str_eq(s, STR("ComputeNode"));
}

/* "PRODUCT 8 is installed", or "PRODUCT 8". */
static bool release_of(struct str text, struct str product, bool installed, struct str *out)
{
	struct str variant;

	if (!str_skip_prefix(&text, product) || !str_skip_prefix(&text, STR(" ")))
		return false;
	if (installed) {
		if (!str_ends(text, STR(" is installed")))
			return false;
		text.n -= sizeof(" is installed") - 1;
	}
	(void)str_cut(text, ' ', &text, &variant);
	*out = text;
	return is_number(text) && is_variant(variant);
}

static void add_release(struct found *f, struct str release)
{
	for (size_t i = 0; i < f->n_releases; i++) {
		if (str_eq(f->releases[i], release))
			return;
	}
	if (f->n_releases < ARRAY_LEN(f->releases))
		f->releases[f->n_releases++] = release;
}

static bool is_negated(const struct oval_node *node)
{
	for (; node; node = node->parent) {
		if (node->negate)
			return true;
	}
	return false;
}

static struct str comment_of(const struct oval_node *node)
{
	return node->comment.n ? node->comment : node->test->comment;
}

/* "x is earlier than 0:1-2", for a test that is missing: some publish definitions alone. */
static bool is_fix_by_comment(const struct oval_node *node, struct arena *a, struct found *f)
{
	struct str comment = comment_of(node);
	struct str *name = arena_alloc(a, sizeof(*name));
	ptrdiff_t at = str_find(comment, STR(" is earlier than "));

	if (at <= 0)
		return false;
	*name = str_trim(str_head(comment, (size_t)at));
	f->names = name;
	f->n_names = 1;
	f->evr = str_trim(str_skip(comment, (size_t)at + sizeof(" is earlier than ") - 1));
	return true;
}

/* Whether the test asks for a package that is older than a fix, or for one that has none. */
static bool is_package(const struct oval_node *node, struct arena *a, struct found *f)
{
	const struct oval_test *t = node->test;
	bool earlier = t->evr.n && t->evr_operation == OVAL_LESS;
	bool installed = !t->has_state && str_ends(comment_of(node), STR(" is installed"));

	if (t->kind == OVAL_TEST_MISSING)
		return is_fix_by_comment(node, a, f);
	if (t->kind != OVAL_TEST_RPM || t->none || t->name_is_pattern || (!earlier && !installed))
		return false;
	f->names = t->names;
	f->n_names = t->n_names;
	f->evr = t->evr;
	f->arch = t->arch;
	return true;
}

static void look_around(const struct oval_node *node, struct str product, struct found *f)
{
	struct oval_context c = { .branch = NULL };
	const struct oval_node *other;

	while ((other = oval_context_next(&c, node))) {
		struct str comment = comment_of(other), release;

		if (other->negate || other->test->none)
			continue;
		if (release_of(comment, product, true, &release))
			add_release(f, release);
		else if (f->module.n == 0 && oval_module_of(comment, &f->module))
			continue;
		else if (f->arch.n == 0 && str_find(comment, STR(" arch is ")) > 0)
			f->arch = str_skip(comment, (size_t)str_find(comment, STR(" arch is ")) +
							    sizeof(" arch is ") - 1);
	}
}

/* "i686|x86_64" → "i686 x86_64"; a pattern that is more than that stands for all. */
static struct str arches_of(struct arena *a, struct str pattern)
{
	char *p = arena_cstr(a, pattern);

	for (size_t i = 0; i < pattern.n; i++) {
		if (p[i] == '|')
			p[i] = ' ';
		else if (!ascii_is_alpha(p[i]) && !ascii_is_digit(p[i]) && p[i] != '_')
			return STR_NULL;
	}
	return str_trim(str_n(p, pattern.n));
}

static struct str package_of(
	struct arena *a, struct str module, struct str name, struct str version)
{
	if (module.n)
		return rpm_module_package(a, module, name);
	if (str_find(version, STR(".ksplice")) >= 0)
		return rpm_module_package(a, STR("ksplice"), name);
	if (str_find(version, STR("_fips")) >= 0)
		return rpm_module_package(a, STR("fips"), name);
	return name;
}

static void add_fixes(const struct found *f, struct arena *a, struct oval_fix_list *out)
{
	struct str version = rpm_without_epoch_0(f->evr);
	struct str arches = arches_of(a, f->arch);

	for (size_t i = 0; i < f->n_names; i++) {
		struct oval_fix fix = { .name = f->names[i],
			.module = f->module,
			.version = version,
			.arches = arches };

		if (!feed_is_word(fix.name))
			continue;
		fix.package = package_of(a, f->module, fix.name, version);
		for (size_t k = 0; k < f->n_releases; k++) {
			fix.release = f->releases[k];
			vec_push(&out->items, fix);
		}
	}
}

static int compare(const void *a, const void *b)
{
	const struct oval_fix *x = a, *y = b;
	int r = str_cmp(x->release, y->release);

	return r ? r : str_cmp(x->package, y->package);
}

/* The same, and apart by versions, or by architectures. */
static int compare_with_version(const void *a, const void *b)
{
	const struct oval_fix *x = a, *y = b;
	int r = compare(a, b);

	r = r ? r : str_cmp(x->version, y->version);
	return r ? r : str_cmp(x->arches, y->arches);
}

static int compare_with_arch(const void *a, const void *b)
{
	const struct oval_fix *x = a, *y = b;
	int r = compare(a, b);

	r = r ? r : str_cmp(x->arches, y->arches);
	return r ? r : str_cmp(x->version, y->version);
}

static bool is_later(struct str a, struct str b)
{
	int order = 0;

	if (b.n == 0 || a.n == 0)
		return b.n == 0 && a.n > 0;
	return version_compare(version_scheme_by_name(STR("rpm")), a, b, &order, NULL) == 0 &&
	       order > 0;
}

/* A fix for each architecture that is named; one that names none stays. */
static void split_arches(const struct oval_fix *fixes, size_t n, struct oval_fix_list *out)
{
	for (size_t i = 0; i < n; i++) {
		struct oval_fix fix = fixes[i];
		struct str rest = fixes[i].arches;

		if (rest.n == 0)
			vec_push(&out->items, fix);
		while (str_next_word(&rest, &fix.arches))
			vec_push(&out->items, fix);
	}
}

/*
 * Of each package and architecture the latest version. What names no architecture is for all, and
 * stands first.
 */
static void keep_latest(struct oval_fix_list *list)
{
	size_t n = 0;

	if (list->items.n)
		qsort(list->items.v, list->items.n, sizeof(*list->items.v), compare_with_arch);
	for (size_t i = 0; i < list->items.n; i++) {
		const struct oval_fix *fix = &list->items.v[i];
		struct oval_fix *last = n ? &list->items.v[n - 1] : NULL;

		if (!last || compare(last, fix) != 0 ||
			(last->arches.n && !str_eq(last->arches, fix->arches)))
			list->items.v[n++] = *fix;
		else if (is_later(fix->version, last->version))
			last->version = fix->version;
	}
	list->items.n = n;
}

/* Appends the fixes, those of one version together, with their architectures in alphabetical order.
 */
static void join_arches(struct oval_fix_list *list, struct arena *a, struct oval_fix_list *out)
{
	_cleanup_buf_ struct buf arches = BUF_INIT(LIMIT_PACKAGE_FIELD);

	if (list->items.n)
		qsort(list->items.v, list->items.n, sizeof(*list->items.v), compare_with_version);
	for (size_t i = 0; i < list->items.n; i++) {
		const struct oval_fix *fix = &list->items.v[i];
		const struct oval_fix *next = i + 1 < list->items.n ? fix + 1 : NULL;

		if (arches.n)
			buf_append_char(&arches, ' ');
		buf_append_str(&arches, fix->arches);
		if (next && compare(next, fix) == 0 && str_eq(next->version, fix->version))
			continue;
		vec_push(&out->items, *fix);
		if (fix->arches.n)
			out->items.v[out->items.n - 1].arches = arena_str(a, buf_str(&arches));
		buf_clear(&arches);
	}
}

static void fold(struct oval_fix_list *found, struct arena *a, struct oval_fix_list *out)
{
	struct oval_fix_list apart = { .items = VEC_INIT };

	split_arches(found->items.v, found->items.n, &apart);
	keep_latest(&apart);
	join_arches(&apart, a, out);
	vec_fini(&apart.items);
}

void oval_collect_fixes(const struct oval_definition *d, struct str product, struct arena *a,
	struct oval_fix_list *out)
{
	struct oval_fix_list found = { .items = VEC_INIT };

	for (size_t i = 0; i < d->n_nodes; i++) {
		const struct oval_node *node = &d->nodes[i];
		struct found f = { .n_names = 0 };

		if (node->kind != OVAL_NODE_TEST || is_negated(node) || !is_package(node, a, &f))
			continue;
		look_around(node, product, &f);
		for (size_t k = 0; f.n_releases == 0 && k < d->n_platforms; k++) {
			struct str release;

			if (release_of(d->platforms[k], product, false, &release))
				add_release(&f, release);
		}
		add_fixes(&f, a, &found);
	}
	fold(&found, a, out);
	vec_fini(&found.items);
}

struct str oval_text_in_line(struct arena *a, struct str text)
{
	char *p = arena_cstr(a, text);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		p[n++] = text.p[i] == '\n' ? ' ' : text.p[i];
		for (int more = 0;
			text.p[i] == '\n' && more < 2 && i + 1 < text.n && text.p[i + 1] == '\n';
			more++)
			i++;
	}
	return str_n(p, n);
}
