/*
 * SHA-256 (FIPS 180-4) by OpenSSL's EVP, see digest.h. The algorithm is looked up once, for the
 * whole process, without reading OpenSSL's configuration: the digest works where files cannot be
 * opened, and starts faster.
 */
#include "base/base.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "codec/digest.h"

struct digest_ctx {
	EVP_MD_CTX *evp;
};

static EVP_MD *sha256;

/* There is nothing to do without SHA-256, and nothing but a broken installation lacks it. */
static void check(bool ok)
{
	if (ok)
		return;
	(void)fputs("OpenSSL does not provide SHA-256\n", stderr);
	abort();
}

static void fetch_sha256(void)
{
	check(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1);
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	check(sha256 != NULL);
}

static void start(struct digest_ctx *ctx)
{
	check(EVP_DigestInit_ex2(ctx->evp, sha256, NULL) == 1);
}

struct digest_ctx *digest_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct digest_ctx *ctx = xmalloc(sizeof(*ctx));

	check(pthread_once(&once, fetch_sha256) == 0);
	ctx->evp = EVP_MD_CTX_new();
	check(ctx->evp != NULL);
	start(ctx);
	return ctx;
}

void digest_free(struct digest_ctx *ctx)
{
	if (!ctx)
		return;
	EVP_MD_CTX_free(ctx->evp);
	free(ctx);
}

void digest_update(struct digest_ctx *ctx, const void *p, size_t n)
{
	check(EVP_DigestUpdate(ctx->evp, p, n) == 1);
}

struct digest digest_final(struct digest_ctx *ctx)
{
	struct digest d;

	check(EVP_DigestFinal_ex(ctx->evp, d.bytes, NULL) == 1);
	start(ctx);
	return d;
}

struct digest digest_of(struct span content)
{
	struct digest_ctx *ctx = digest_new();

	if (content.n)
		digest_update(ctx, content.p, content.n);
	struct digest d = digest_final(ctx);

	digest_free(ctx);
	return d;
}

void digest_format(const struct digest *d, char out[static DIGEST_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *p = out + sizeof("sha256:") - 1;

	memcpy(out, "sha256:", sizeof("sha256:") - 1);
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		*p++ = digits[d->bytes[i] >> 4];
		*p++ = digits[d->bytes[i] & 0x0f];
	}
	*p = '\0';
}

/* parse_hex() takes upper case too. */
static bool has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (ascii_is_upper(s.p[i]))
			return true;
	}
	return false;
}

int digest_parse(struct str text, struct digest *out, struct err *err)
{
	struct digest d;
	struct str algorithm, hex;
	struct str shown = str_head(text, 2 * DIGEST_TEXT_SIZE);

	if (!str_cut(text, ':', &algorithm, &hex) || algorithm.n == 0)
		return err_set(err, ERR_INPUT, "\"%" PRIstr "\" is no digest", STR_ARG(shown));
	if (!str_eq(algorithm, STR("sha256")))
		return err_set(err, ERR_UNSUPPORTED,
			"\"%" PRIstr "\" has another algorithm than sha256", STR_ARG(shown));
	if (hex.n != 2 * DIGEST_BYTES || has_upper(hex) || !parse_hex(hex, d.bytes, DIGEST_BYTES))
		return err_set(
			err, ERR_INPUT, "\"%" PRIstr "\" is no sha256 digest", STR_ARG(shown));
	*out = d;
	return 0;
}
