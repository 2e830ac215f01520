/*
 * SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012): a keyed hash whose
 * collisions cannot be found without the key, for tables over keys that somebody else chooses.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/str.h"

static inline uint64_t siphash_rotate(uint64_t v, int bits)
{
	return v << bits | v >> (64 - bits);
}

static inline void siphash_rounds(uint64_t v[static 4], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = siphash_rotate(v[1], 13) ^ v[0];
		v[3] = siphash_rotate(v[3], 16) ^ v[2];
		v[0] = siphash_rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = siphash_rotate(v[1], 17) ^ v[2];
		v[3] = siphash_rotate(v[3], 21) ^ v[0];
		v[2] = siphash_rotate(v[2], 32);
	}
}

/*
 * SipHash-c-d of s: c rounds a word, d at the end. 2 and 4 are the authors' choice for a message
 * authentication code, 1 and 3 are enough for a table whose hashes nobody sees.
 */
static inline uint64_t siphash(int c, int d, const uint64_t key[static 2], struct str s)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
		key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U };
	uint64_t last = (uint64_t)s.n << 56;
	size_t i = 0;

	for (; s.n - i >= 8; i += 8) {
		uint64_t w = get_le64((const uint8_t *)s.p + i);

		v[3] ^= w;
		siphash_rounds(v, c);
		v[0] ^= w;
	}
	for (int shift = 0; i < s.n; i++, shift += 8)
		last |= (uint64_t)(uint8_t)s.p[i] << shift;
	v[3] ^= last;
	siphash_rounds(v, c);
	v[0] ^= last;
	v[2] ^= 0xff;
	siphash_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
