/*
 * The words of store/severity.c, for a build that has no store.
 */
#include "store/store.h"

const char *severity_to_str(enum severity s)
{
	static const char *const names[SEVERITY_COUNT] = { "Unknown", "Negligible", "Low", "Medium",
		"High", "Critical", "Defcon1" };

	return names[s];
}

const char *fix_state_to_str(enum fix_state s)
{
	static const char *const names[FIX_STATE_COUNT] = { "affected", "fixed", "fix_deferred",
		"will_not_fix", "end_of_life" };

	return names[s];
}
