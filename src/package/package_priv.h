/*
 * What the files of package/ share: the drivers, and what they have in common.
 */
#ifndef PACKAGE_PACKAGE_PRIV_H
#define PACKAGE_PACKAGE_PRIV_H

#include "package/package.h"

extern const struct package_db_driver package_rpm_bdb, package_rpm_ndb, package_rpm_sqlite,
	package_dpkg_status, package_dpkg_status_d, package_apk;

/*
 * Whether a name, version or the like is one: -ERR_TOO_LARGE beyond LIMIT_PACKAGE_FIELD, -ERR_INPUT
 * for control characters (it goes to terminals and databases). `what` names the field.
 */
int package_check_field(struct str value, const char *what, struct err *err) MUST_CHECK;

/*
 * A copy in a, or `like` itself when it says the same: neighbours in a database mostly share
 * architecture, maintainer and source.
 */
struct str package_copy_shared(struct arena *a, struct str value, struct str like);

/*
 * The same for a vendor or maintainer, which is only shown: cut at LIMIT_PACKAGE_FIELD, control
 * characters replaced by '?'.
 */
struct str package_copy_vendor(struct arena *a, struct str vendor, struct str like);

/*
 * Appends p, -ERR_TOO_LARGE when the database that began at item number `first` has
 * LIMIT_PACKAGES already.
 */
int package_list_add(
	struct package_list *l, size_t first, const struct package *p, struct err *err) MUST_CHECK;

#endif
