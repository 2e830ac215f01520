/*
 * Clocks and their text forms, see clock.h.
 */
#include "base/base.h"

uint64_t clock_monotonic_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		abort();
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

uint64_t clock_monotonic_ms(void)
{
	return clock_monotonic_ns() / 1000000U;
}

int64_t clock_wall_s(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		abort();
	return ts.tv_sec;
}

void clock_format_rfc3339(int64_t seconds, char out[static CLOCK_RFC3339_SIZE])
{
	time_t t = seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(out, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

void clock_format_age(int64_t seconds, char out[static CLOCK_AGE_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i + 1 < ARRAY_LEN(units) && seconds < units[i].seconds)
		i++;
	int64_t count = seconds / units[i].seconds;
	(void)snprintf(out, CLOCK_AGE_SIZE, "%" PRId64 " %s%s", count, units[i].name,
		count == 1 ? "" : "s");
}
