/*
 * package: the package databases that an image may hold, read in memory. Parsers are pure functions
 * over foreign bytes and run in the sandbox.
 */
#ifndef PACKAGE_PACKAGE_H
#define PACKAGE_PACKAGE_H

#include "base/base.h"

/* One installed package. All views lie in the arena of the parse; absent fields are empty. */
struct package {
	struct str name;
	struct str version; /* as the database's own tool prints it; an epoch of 0 is left out */
	struct str arch;
	struct str source;         /* source package (dpkg), origin (apk), name of the source rpm */
	struct str source_version; /* of the source package; the epoch of an rpm's own version is
				      put in front */
	struct str module;         /* rpm module label "name:stream:version:context[:arch]" */
	struct str vendor;         /* rpm Vendor, dpkg Maintainer, apk maintainer */
};

struct package_list {
	VEC_OF(struct package) items;
};

void package_list_init(struct package_list *l);
void package_list_fini(struct package_list *l);

/*
 * The name and version that advisories of this scheme speak of: the source's for dpkg, apk
 * and rpm packages of Azure Linux and CBL-Mariner. An rpm package of a module stream is another one
 * than that of the distribution itself, and so are Oracle's live patches and certified builds,
 * which their versions tell: "nodejs:12::npm", "ksplice::openssl", "fips::openssl". In a, where it
 * is made up.
 */
struct str package_advisory_name(struct str scheme, const struct package *p, struct arena *a);
struct str package_advisory_version(struct str scheme, const struct package *p);
/*
 * The second name of an rpm package, by which advisories speak of all that is built from a source
 * package: "src::vim", "nodejs:12::src::nodejs". In a; empty when there is none.
 */
struct str package_advisory_source(struct str scheme, const struct package *p, struct arena *a);

struct package_db_content {
	struct str path;       /* normalized, for messages */
	struct span main;      /* the database file */
	struct span companion; /* its companion (a write-ahead log), or empty */
};

struct package_db_driver {
	const char *name;   /* "dpkg", "dpkg-status.d", "apk", "rpm-bdb", "rpm-ndb", "rpm-sqlite" */
	const char *scheme; /* the version scheme of its packages */
	/*
	 * Paths of the database relative to the root of the image, NULL-terminated. One that ends
	 * in "/" means every regular file directly in that folder, each a database of its own.
	 */
	const char *const *paths;
	/* Suffix of the companion's path behind the database's ("-wal"), or NULL. */
	const char *companion_suffix;
	/*
	 * Of several databases in one folder only those of the highest rank count (an rpm database
	 * that was converted leaves its old files behind). Drivers with rank 0 do not exclude each
	 * other.
	 */
	int rank;
	/*
	 * Appends the installed packages to *out in the order of the database, views in a.
	 * -ERR_INPUT when it is damaged (what is in *out then is to be thrown away), -ERR_TOO_LARGE
	 * beyond LIMIT_PACKAGES or another limit.
	 */
	int (*parse)(const struct package_db_content *in, struct arena *a, struct package_list *out,
		struct err *err);
};

/* All drivers: package_db_driver_at(0), … until NULL. */
const struct package_db_driver *package_db_driver_at(size_t i);
const struct package_db_driver *package_db_driver_by_name(struct str name);

/* The driver of a database at this (normalized) path, or NULL. */
const struct package_db_driver *package_db_driver_for(struct str path);

#endif
