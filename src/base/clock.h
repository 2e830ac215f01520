/*
 * Time. Durations and deadlines use the monotonic clock; what is stored or shown is wall time in
 * whole seconds since 1970 UTC.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/str.h"

uint64_t clock_monotonic_ns(void);
uint64_t clock_monotonic_ms(void);

/* Seconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_s(void);

enum { CLOCK_RFC3339_SIZE = sizeof("-292277026596-01-01T00:00:00Z") };

/* "2026-11-24T08:30:00Z" into out, NUL-terminated. */
void clock_format_rfc3339(int64_t seconds, char out[static CLOCK_RFC3339_SIZE]);

enum { CLOCK_AGE_SIZE = 32 };

/* A duration for people: "45 seconds", "3 minutes", "5 hours", "12 days". Negative counts as 0. */
void clock_format_age(int64_t seconds, char out[static CLOCK_AGE_SIZE]);

#endif
