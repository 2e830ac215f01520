/*
 * Reports to print: "full" (every kind of entry), "clean" (nothing found), "empty" (no packages, no
 * distribution), "unknown" (packages that nothing is known of), "hostile" (bytes that must not
 * reach a terminal), "many" (several targets), "none" (no target).
 */
#ifndef TESTS_UNIT_REPORT_SAMPLES_H
#define TESTS_UNIT_REPORT_SAMPLES_H

#include "report/report.h"

/* False when there is no sample of that name. The report is to be released by sample_fini(). */
bool sample_init(struct report *r, struct str name) MUST_CHECK;
void sample_fini(struct report *r);

/* sample_name_at(0), … until NULL. */
const char *sample_name_at(size_t i);

#endif
