/*
 * Version schemes in the API's words, which knew two of them: Alpine's versions went as "dpkg", and
 * clients see and send that word still.
 */
#include "api/format.h"

struct str version_format(struct str scheme)
{
	return str_eq(scheme, STR("apk")) ? STR("dpkg") : scheme;
}

const struct version_scheme *version_format_scheme(struct str format, struct str name_space)
{
	if (str_eq(format, STR("dpkg")) && str_starts(name_space, STR("alpine:")))
		format = STR("apk");
	return version_scheme_by_name(format);
}
