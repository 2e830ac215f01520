/*
 * Version schemes as the API calls them.
 */
#ifndef API_FORMAT_H
#define API_FORMAT_H

#include "version/version.h"

/* The word for a scheme: Alpine's is "dpkg". */
struct str version_format(struct str scheme);
/* The scheme that the word means in a namespace; NULL for an unknown word. */
const struct version_scheme *version_format_scheme(struct str format, struct str name_space);

#endif
