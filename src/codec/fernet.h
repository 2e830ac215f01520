/*
 * Fernet tokens (https://github.com/fernet/spec/blob/master/Spec.md): short texts that only a
 * holder of the key can read and make, with the time they were made at. By OpenSSL: AES-128-CBC,
 * then HMAC-SHA256 over everything, as URL-safe base64. Other implementations with the same key
 * read the tokens made here and the other way round. Pure functions: any thread.
 */
#ifndef CODEC_FERNET_H
#define CODEC_FERNET_H

#include "base/base.h"

enum { FERNET_KEY_BYTES = 32, FERNET_IV_BYTES = 16, FERNET_MAX_SKEW_S = 60 };

/* 16 bytes to sign with and 16 to encrypt with. A secret: fernet_key_wipe() when it is done with.
 */
struct fernet_key {
	uint8_t bytes[FERNET_KEY_BYTES];
};

/* 64 hexadecimal digits, or base64 of either alphabet, padded or not; -ERR_INPUT for all else. The
 * message does not show the text. */
int fernet_key_parse(struct str text, struct fernet_key *out, struct err *err) MUST_CHECK;
/* A random key. */
int fernet_key_generate(struct fernet_key *out, struct err *err) MUST_CHECK;
void fernet_key_wipe(struct fernet_key *key);

/*
 * Appends the token of `plain`, made at `now` (seconds since 1970, not negative), padded with "=".
 * -ERR_TOO_LARGE when it does not fit or exceeds LIMIT_FERNET_TOKEN.
 */
int fernet_encrypt(const struct fernet_key *key, struct span plain, int64_t now, struct buf *out,
	struct err *err) MUST_CHECK;
/* The same with a given IV, which must never be used twice: for tests. */
int fernet_encrypt_with_iv(const struct fernet_key *key, struct span plain, int64_t now,
	const uint8_t iv[static FERNET_IV_BYTES], struct buf *out, struct err *err) MUST_CHECK;

/*
 * Appends what a token holds. -ERR_INPUT, and *out as it was, unless it was made with this key, not
 * more than ttl_s seconds before `now` and not more than FERNET_MAX_SKEW_S after it; a negative
 * ttl_s: at any time. The padding may be missing.
 */
int fernet_decrypt(const struct fernet_key *key, struct str token, int64_t ttl_s, int64_t now,
	struct buf *out, struct err *err) MUST_CHECK;

#endif
