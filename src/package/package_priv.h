/*
 * package, internal: the drivers of the table in package.c, one file each.
 */
#ifndef PACKAGE_PACKAGE_PRIV_H
#define PACKAGE_PACKAGE_PRIV_H

#include "package/package.h"

extern const struct package_db_driver package_rpm_bdb, package_rpm_ndb, package_rpm_sqlite,
	package_dpkg_status, package_dpkg_status_d, package_apk;

#endif
