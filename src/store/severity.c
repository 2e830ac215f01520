/*
 * Severities as the /v1 API writes them, and fix states as reports do.
 */
#include "store/store.h"

static const char *const severity_names[SEVERITY_COUNT] = {
	[SEVERITY_UNKNOWN] = "Unknown",
	[SEVERITY_NEGLIGIBLE] = "Negligible",
	[SEVERITY_LOW] = "Low",
	[SEVERITY_MEDIUM] = "Medium",
	[SEVERITY_HIGH] = "High",
	[SEVERITY_CRITICAL] = "Critical",
	[SEVERITY_DEFCON1] = "Defcon1",
};

static const char *const fix_state_names[FIX_STATE_COUNT] = {
	[FIX_STATE_AFFECTED] = "affected",
	[FIX_STATE_FIXED] = "fixed",
	[FIX_STATE_DEFERRED] = "fix_deferred",
	[FIX_STATE_WILL_NOT_FIX] = "will_not_fix",
	[FIX_STATE_END_OF_LIFE] = "end_of_life",
	[FIX_STATE_FIXED_IN_PRO] = "fixed_in_pro",
};

const char *severity_to_str(enum severity s)
{
	return (size_t)s < SEVERITY_COUNT ? severity_names[s] : severity_names[SEVERITY_UNKNOWN];
}

bool severity_from_str(struct str s, enum severity *out)
{
	for (size_t i = 0; i < SEVERITY_COUNT; i++) {
		if (str_eq_nocase(s, str_of(severity_names[i]))) {
			*out = (enum severity)i;
			return true;
		}
	}
	return false;
}

const char *fix_state_to_str(enum fix_state s)
{
	return (size_t)s < FIX_STATE_COUNT ? fix_state_names[s]
					   : fix_state_names[FIX_STATE_AFFECTED];
}

bool fix_state_from_str(struct str s, enum fix_state *out)
{
	for (size_t i = 0; i < FIX_STATE_COUNT; i++) {
		if (str_eq(s, str_of(fix_state_names[i]))) {
			*out = (enum fix_state)i;
			return true;
		}
	}
	return false;
}
