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

static bool names_source(struct str scheme, const struct package *p)
{
	return p->source.n && (str_eq(scheme, STR("dpkg")) || str_eq(scheme, STR("apk")));
}

struct str package_advisory_name(struct str scheme, const struct package *p)
{
	return names_source(scheme, p) ? p->source : p->name;
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
