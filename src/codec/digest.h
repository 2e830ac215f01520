/*
 * SHA-256, by OpenSSL's EVP, and content digests as OCI writes them ("sha256:" and 64 lower-case
 * hexadecimal digits;
 * https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests).
 */
#ifndef CODEC_DIGEST_H
#define CODEC_DIGEST_H

#include "base/base.h"

enum { DIGEST_BYTES = 32, DIGEST_TEXT_SIZE = sizeof("sha256:") + 64 };

/* A SHA-256 value. */
struct digest {
	uint8_t bytes[DIGEST_BYTES];
};

/* A running computation; opaque. */
struct digest_ctx;

/*
 * The first one sets OpenSSL up for the process without its configuration file, unless somebody has
 * set it up before: where TLS is used, OPENSSL_init_ssl() or curl_global_init() come first.
 * Thread-safe.
 */
struct digest_ctx *digest_new(void);
void digest_free(struct digest_ctx *ctx);
DEFINE_CLEANUP(struct digest_ctx *, digest_free)
void digest_update(struct digest_ctx *ctx, const void *p, size_t n);
/* The value of everything so far; the computation starts anew afterwards. */
struct digest digest_final(struct digest_ctx *ctx);

struct digest digest_of(struct span content);

/* "sha256:…" NUL-terminated. */
void digest_format(const struct digest *d, char out[static DIGEST_TEXT_SIZE]);
/* Strictly "sha256:" and 64 hexadecimal digits in lower case; -ERR_UNSUPPORTED for another
 * algorithm. */
int digest_parse(struct str text, struct digest *out, struct err *err) MUST_CHECK;

static inline bool digest_eq(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

#endif
