/*
 * Text to numbers, strictly: the whole view has to be the number, no sign, no space, no overflow.
 * The output is untouched on failure.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

bool parse_u64(struct str s, uint64_t *out) MUST_CHECK;
bool parse_u32(struct str s, uint32_t *out) MUST_CHECK;

/* 2·n hexadecimal digits, either case, into n bytes. */
bool parse_hex(struct str s, uint8_t *out, size_t n) MUST_CHECK;

#endif
