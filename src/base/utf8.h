/*
 * UTF-8, strictly (RFC 3629, Unicode table 3-7): no overlong forms, no surrogates, nothing beyond
 * U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How long a sequence that starts with this byte is: 1 … 4, or 0 when none starts with it. */
static inline size_t utf8_sequence_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xC2 || first > 0xF4)
		return 0;
	return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* The length, 1 … 4, of the well-formed sequence that the n bytes at p start with, or 0. */
static inline size_t utf8_check(const char *p, size_t n)
{
	const uint8_t *u = (const uint8_t *)p;
	size_t length = n ? utf8_sequence_length(u[0]) : 0;

	if (length == 0 || length > n)
		return 0;
	if (length == 1)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if ((u[i] & 0xC0) != 0x80)
			return 0;
	}
	/* The second byte's range is narrower where the form would be overlong, a surrogate, or too
	 * large. */
	if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F) ||
		(u[0] == 0xF0 && u[1] < 0x90) || (u[0] == 0xF4 && u[1] > 0x8F))
		return 0;
	return length;
}

/* The code point of the well-formed sequence of n bytes, 1 … 4, at p. */
static inline uint32_t utf8_decode(const char *p, size_t n)
{
	static const uint8_t lead_bits[5] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	uint32_t c = (uint8_t)p[0] & lead_bits[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)p[i] & 0x3FU);
	return c;
}

/* Writes the code point (a Unicode scalar value) to out and returns how many bytes that took. */
static inline size_t utf8_encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

#endif
