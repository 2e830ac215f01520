/*
 * Random UUIDs (RFC 9562, version 4).
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/attr.h"
#include "base/err.h"

enum { UUID_TEXT_SIZE = 37 };

/* "0b6a8f3e-…" in lower case into out, NUL-terminated. -ERR_IO when the kernel has no randomness.
 */
int uuid_random(char out[static UUID_TEXT_SIZE], struct err *err) MUST_CHECK;

#endif
