/*
 * The table of package databases, lists of packages, and what the drivers have in common. See
 * package.h.
 */
#include "base/base.h"

#include "package/package_priv.h"

static const struct package_db_driver *const drivers[] = {
	&package_apk,
	&package_dpkg_status,
	&package_dpkg_status_d,
	&package_rpm_sqlite,
	&package_rpm_ndb,
	&package_rpm_bdb,
};

const struct package_db_driver *package_db_driver_at(size_t i)
{
	return i < ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

const struct package_db_driver *package_db_driver_by_name(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (str_eq(name, str_of(drivers[i]->name)))
			return drivers[i];
	}
	return NULL;
}

/* Beside each database of status.d lie the checksums of the package's files. */
static bool is_no_database(struct str path)
{
	return str_ends(path, STR(".md5sums"));
}

static bool pattern_has(struct str pattern, struct str path)
{
	if (!str_ends(pattern, STR("/")))
		return str_eq(pattern, path);
	return str_skip_prefix(&path, pattern) && path.n && str_find_char(path, '/') < 0 &&
	       !is_no_database(path);
}

const struct package_db_driver *package_db_driver_for(struct str path)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		for (const char *const *p = drivers[i]->paths; *p; p++) {
			if (pattern_has(str_of(*p), path))
				return drivers[i];
		}
	}
	return NULL;
}

void package_list_init(struct package_list *l)
{
	*l = (struct package_list){ .items = VEC_INIT };
}

void package_list_fini(struct package_list *l)
{
	vec_fini(&l->items);
}

int package_list_add(struct package_list *l, size_t first, const struct package *p, struct err *err)
{
	if (l->items.n - first >= LIMIT_PACKAGES)
		return err_set(err, ERR_TOO_LARGE, "more than %d packages", LIMIT_PACKAGES);
	vec_push(&l->items, *p);
	return 0;
}

/* Azure Linux's and CBL-Mariner's are known by the end of their release: "1.1.1k-25.cm2". */
static bool is_of_microsoft(struct str version)
{
	struct str tag;

	(void)str_rcut(version, '.', NULL, &tag);
	if (!str_skip_prefix(&tag, STR("azl")) && !str_skip_prefix(&tag, STR("cm")))
		return false;
	for (size_t i = 0; i < tag.n; i++) {
		if (!ascii_is_digit(tag.p[i]))
			return false;
	}
	return tag.n > 0;
}

/* Of rpm distributions, Microsoft's advisories alone are about source packages. */
static bool names_source(struct str scheme, const struct package *p)
{
	return p->source.n && (str_eq(scheme, STR("dpkg")) || str_eq(scheme, STR("apk")) ||
				      (str_eq(scheme, STR("rpm")) && is_of_microsoft(p->version)));
}

/* "nodejs:12" of "nodejs:12:8030020201124152102:229f0a1c"; empty when it is no label. */
static struct str module_stream(struct str label)
{
	struct str name, rest, stream;

	if (!str_cut(label, ':', &name, &rest) || name.n == 0)
		return STR_NULL;
	(void)str_cut(rest, ':', &stream, NULL);
	return stream.n ? str_head(label, name.n + 1 + stream.n) : STR_NULL;
}

/* What sets an rpm package apart from that of the same name in the distribution; empty: nothing. */
static struct str variant_of(const struct package *p)
{
	struct str module = module_stream(p->module);

	if (module.n)
		return module;
	if (str_find(p->version, STR(".ksplice")) >= 0)
		return STR("ksplice");
	return str_find(p->version, STR("_fips")) >= 0 ? STR("fips") : STR_NULL;
}

struct str package_advisory_name(struct str scheme, const struct package *p, struct arena *a)
{
	struct str variant = str_eq(scheme, STR("rpm")) ? variant_of(p) : STR_NULL;

	if (variant.n)
		return arena_printf(a, "%" PRIstr "::%" PRIstr, STR_ARG(variant), STR_ARG(p->name));
	return names_source(scheme, p) ? p->source : p->name;
}

struct str package_advisory_source(struct str scheme, const struct package *p, struct arena *a)
{
	struct str variant;

	if (!str_eq(scheme, STR("rpm")) || p->source.n == 0)
		return STR_NULL;
	variant = variant_of(p);
	return arena_printf(a, "%" PRIstr "%ssrc::%" PRIstr, STR_ARG(variant),
		variant.n ? "::" : "", STR_ARG(p->source));
}

struct str package_advisory_version(struct str scheme, const struct package *p)
{
	return names_source(scheme, p) && p->source_version.n ? p->source_version : p->version;
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

int package_check_field(struct str value, const char *what, struct err *err)
{
	if (value.n > LIMIT_PACKAGE_FIELD)
		return err_set(err, ERR_TOO_LARGE, "a %s of %zu bytes", what, value.n);
	for (size_t i = 0; i < value.n; i++) {
		if (is_control(value.p[i]))
			return err_set(err, ERR_INPUT, "a control character in the %s", what);
	}
	return 0;
}

struct str package_copy_shared(struct arena *a, struct str value, struct str like)
{
	return str_eq(value, like) ? like : arena_str(a, value);
}

struct str package_copy_vendor(struct arena *a, struct str vendor, struct str like)
{
	vendor = str_head(vendor, LIMIT_PACKAGE_FIELD);
	if (str_eq(vendor, like))
		return like;
	char *copy = arena_cstr(a, vendor);

	for (size_t i = 0; i < vendor.n; i++) {
		if (is_control(copy[i]))
			copy[i] = '?';
	}
	return str_n(copy, vendor.n);
}
