/*
 * What formats of advisories for rpm distributions share: names, versions and texts. Pure.
 */
#ifndef FEED_FORMAT_RPM_WORDS_H
#define FEED_FORMAT_RPM_WORDS_H

#include "store/store.h"

/* "[epoch:]version-release", without an epoch that is 0 or missing. In a. */
struct str rpm_evr(struct arena *a, struct str epoch, struct str version, struct str release);

/* A version without "0:" or "(none):" in front. */
struct str rpm_without_epoch_0(struct str evr);

/* The name by which a package of a module ("nodejs:12") is known: "nodejs:12::npm"; without module
 * its own. In a. */
struct str rpm_module_package(struct arena *a, struct str module, struct str name);

/* "low", "moderate" or "medium", "important" or "high", "critical", in any case; else unknown. */
enum severity rpm_severity(struct str word);

/* Adds an architecture to a list of them, separated by spaces, unless it is there. In a. */
void rpm_add_arch(struct str *arches, struct str arch, struct arena *a);
/* The list as a fix has it: none when one is noarch, since that is for all. */
struct str rpm_arches(struct str arches);

#endif
