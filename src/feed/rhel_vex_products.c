/*
 * Products are relationships: a component (with a package URL) of a platform (with a CPE). For
 * modules, older documents have the module in between: a package of a module of a platform. Until
 * 2024 components without a fix had no package URL, only the name of their source package as id.
 */
#include "feed/rhel_vex_products.h"

#include "feed/format/purl.h"

/* How many relationships may stand on one another: real ones are two. */
#define NESTED_MAX 5

/* --- platforms ------------------------------------------------------------------------------- */

static bool release_of(struct str version, unsigned *out)
{
	struct str major = version;
	uint32_t n = 0;

	(void)str_cut(version, '.', &major, NULL);
	if (!parse_u32(major, &n) || n == 0 || n > RHEL_RELEASE_MAX)
		return false;
	*out = n;
	return true;
}

/*
 * "cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/a:redhat:rhel_eus:8.6::appstream". Extras are
 * add-ons that every subscription has (Supplementary, Extras of 6 and 7).
 */
static bool is_platform(struct str cpe, struct rhel_product *out)
{
	static const struct {
		struct str prefix;
		enum rhel_stream stream;
	} products[] = {
		{ STR_INIT("enterprise_linux_"), RHEL_STREAM_EXTENDED },
		{ STR_INIT("enterprise_linux"), RHEL_STREAM_BASE },
		{ STR_INIT("rhel_extras"), RHEL_STREAM_BASE },
		{ STR_INIT("rhel_eus"), RHEL_STREAM_EXTENDED },
		{ STR_INIT("rhel_aus"), RHEL_STREAM_EXTENDED },
		{ STR_INIT("rhel_tus"), RHEL_STREAM_EXTENDED },
		{ STR_INIT("rhel_e4s"), RHEL_STREAM_EXTENDED },
		{ STR_INIT("rhel_els"), RHEL_STREAM_EXTENDED },
		{ STR_INIT("rhel_mission_critical"), RHEL_STREAM_EXTENDED },
	};
	struct str rest = cpe, part, product, version;

	if (!str_skip_prefix(&rest, STR("cpe:/")) && !str_skip_prefix(&rest, STR("cpe:2.3:")))
		return false;
	(void)str_cut(rest, ':', &part, &rest);
	if (!str_skip_prefix(&rest, STR("redhat:")) || !str_cut(rest, ':', &product, &rest))
		return false;
	(void)str_cut(rest, ':', &version, NULL);
	for (size_t i = 0; i < ARRAY_LEN(products); i++) {
		if (!str_starts(product, products[i].prefix))
			continue;
		out->stream = products[i].stream;
		return release_of(version, &out->release);
	}
	return false;
}

/* --- modules --------------------------------------------------------------------------------- */

/* "nodejs:16" of "nodejs:16:8060020220523160029:ad008a3a"; empty when it is none. */
static struct str module_stream(struct str label, struct arena *a)
{
	struct str name, stream;

	if (!str_cut(label, ':', &name, &stream) || name.n == 0)
		return STR_NULL;
	(void)str_cut(stream, ':', &stream, NULL);
	if (stream.n == 0)
		return STR_NULL;
	return arena_printf(a, "%" PRIstr ":%" PRIstr, STR_ARG(name), STR_ARG(stream));
}

/* The module that a product in between stands for. */
static struct str module_of(const struct csaf_product *p, struct arena *a)
{
	struct purl purl;

	if (!purl_parse(p->purl, a, &purl))
		return module_stream(p->id, a);
	if (!str_eq(purl.type, STR("rpmmod")))
		return STR_NULL;
	return module_stream(
		arena_printf(a, "%" PRIstr ":%" PRIstr, STR_ARG(purl.name), STR_ARG(purl.version)),
		a);
}

/* --- components ------------------------------------------------------------------------------ */

static bool is_source(struct str arch)
{
	return str_eq(arch, STR("src")) || str_eq(arch, STR("nosrc"));
}

static int bad(const struct csaf_product *p, const char *why, struct err *err)
{
	return err_set(
		err, ERR_INPUT, "product %" PRIstr ": %s", STR_ARG(str_head(p->id, 200)), why);
}

/* A package URL: 1, or 0 when it is of something else. */
static int set_purl(
	const struct csaf_product *p, struct arena *a, struct rhel_product *out, struct err *err)
{
	struct purl purl;

	if (!purl_parse(p->purl, a, &purl))
		return bad(p, "malformed package URL", err);
	if (!str_eq(purl.type, STR("rpm")) || !str_eq(purl.name_space, STR("redhat")))
		return 0;
	struct str epoch = purl_qualifier(&purl, STR("epoch"), a);
	struct str module = purl_qualifier(&purl, STR("rpmmod"), a);

	out->name = purl.name;
	out->arch = purl_qualifier(&purl, STR("arch"), a);
	out->source = is_source(out->arch);
	if (purl.version.n)
		out->version = arena_printf(a, "%" PRIstr ":%" PRIstr,
			STR_ARG(epoch.n ? epoch : STR("0")), STR_ARG(purl.version));
	if (module.n == 0)
		return 1;
	out->module = module_stream(module, a);
	return out->module.n ? 1 : bad(p, "malformed module", err);
}

/* "kernel-0:4.18.0-372.el8.x86_64"; false when it is none. */
static bool set_nevra(struct str id, struct rhel_product *out)
{
	struct str rest, version, release, arch;

	if (!str_rcut(id, '.', &rest, &arch) || !str_rcut(rest, '-', &rest, &release) ||
		!str_rcut(rest, '-', &rest, &version) || str_find_char(version, ':') < 0 ||
		rest.n == 0)
		return false;
	out->name = rest;
	out->version = str_n(version.p, (size_t)(release.p + release.n - version.p));
	out->arch = arch;
	out->source = is_source(arch);
	return true;
}

/* "kernel", "python39-devel:3.9/PyYAML": a source package, by its id. */
static void set_id(struct str id, struct arena *a, struct rhel_product *out)
{
	struct str module, name;

	if (set_nevra(id, out))
		return;
	out->name = id;
	out->source = true;
	if (str_cut(id, '/', &module, &name) && module_stream(module, a).n) {
		out->module = module_stream(module, a);
		out->name = name;
	}
}

/* Names end in terminals and queries; one with "/" or "@" is that of a container image. */
static bool is_package_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '/' || s.p[i] == '@' ||
			s.p[i] == ':')
			return false;
	}
	return s.n > 0 && s.n <= LIMIT_PACKAGE_FIELD;
}

int rhel_product(
	const struct csaf_product *p, struct arena *a, struct rhel_product *out, struct err *err)
{
	const struct csaf_product *component = p->component, *platform = p->platform;
	struct rhel_product product = { .release = 0 };
	struct str module = STR_NULL;

	if (!component || !platform)
		return 0;
	for (int i = 0; i < NESTED_MAX && platform->platform; i++) {
		if (platform->component && module.n == 0)
			module = module_of(platform->component, a);
		platform = platform->platform;
	}
	if (!is_platform(platform->cpe, &product))
		return 0;
	for (int i = 0; i < NESTED_MAX && component->component; i++)
		component = component->component;
	if (component->purl.n) {
		int r = set_purl(component, a, &product, err);

		if (r <= 0)
			return r;
	} else {
		set_id(component->id, a, &product);
	}
	if (product.module.n == 0)
		product.module = module;
	if (!is_package_name(product.name))
		return component->purl.n ? bad(component, "malformed name", err) : 0;
	*out = product;
	return 1;
}
