/*
 * Shared inside version/: the schemes, and numbers of any length.
 */
#ifndef VERSION_VERSION_PRIV_H
#define VERSION_VERSION_PRIV_H

#include "base/base.h"

#include "version/version.h"

extern const struct version_scheme version_dpkg;
extern const struct version_scheme version_rpm;
extern const struct version_scheme version_apk;

/* Takes the decimal digits at the front of *s, possibly none. */
struct str version_take_digits(struct str *s);

/*
 * Appends a number such that memcmp orders numbers by value and no number is a prefix of another:
 * how many digits there are without leading zeros (one byte; 0xFF and four bytes, big-endian, from
 * 255 on), then those digits. No digits at all are zero.
 */
void version_append_number(struct buf *key, struct str digits);

/* The order of two runs of digits by value: negative, 0 or positive. */
int version_compare_digits(struct str a, struct str b);

#endif
