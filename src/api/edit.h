/*
 * Edits of vulnerabilities: from what a client sent to what the store takes.
 */
#ifndef API_EDIT_H
#define API_EDIT_H

#include "api/decode.h"
#include "store/store.h"

/* Fixes, and packages that are not affected; arrays in an arena. */
struct fix_edit {
	struct advisory_fix *fixes;
	size_t n_fixes;
	struct str *not_affected;
	size_t n_not_affected;
	struct str scheme; /* of the versions; empty: they do not tell */
};

/*
 * Checks the versions of a list, in the words of the API, for a vulnerability of that severity in
 * the namespace. Of two entries for one package the last counts. -ERR_INPUT with the message for
 * the client.
 */
int fix_edit_read(const struct feature_body *features, size_t n, struct str name_space,
	enum severity severity, struct arena *a, struct fix_edit *out, struct err *err) MUST_CHECK;

/* Whether every entry is of the namespace, or says none, and names a package; -ERR_INPUT. */
int fix_edit_check_names(const struct feature_body *features, size_t n, struct str name_space,
	struct err *err) MUST_CHECK;

#endif
