/*
 * The table of drivers.
 */
#include "base/base.h"

#include "package/package_priv.h"

static const struct package_db_driver *const drivers[] = {
	&package_rpm_sqlite,
	&package_rpm_ndb,
	&package_rpm_bdb,
};

void package_list_init(struct package_list *l)
{
	*l = (struct package_list){ .items = VEC_INIT };
}

void package_list_fini(struct package_list *l)
{
	vec_fini(&l->items);
}

const struct package_db_driver *package_db_driver_at(size_t i)
{
	return i < ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

const struct package_db_driver *package_db_driver_for(struct str path)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		for (const char *const *p = drivers[i]->paths; *p; p++)
			if (str_eq(path, str_of(*p)))
				return drivers[i];
	return NULL;
}
