/*
 * Fernet, see fernet.h. A token is version (1 byte), time (8, big-endian), IV (16), ciphertext (a
 * multiple of 16), HMAC (32) of all that is before it. The HMAC is checked before anything else is
 * believed, so that nobody can try paddings.
 */
#include "base/base.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "codec/base64.h"
#include "codec/fernet.h"

enum {
	VERSION = 0x80,
	BLOCK = 16,
	HALF_KEY = FERNET_KEY_BYTES / 2,
	HEAD = 1 + 8 + FERNET_IV_BYTES,
	MAC = 32,
	SMALLEST = HEAD + BLOCK + MAC,
};

DEFINE_CLEANUP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free)

int fernet_key_parse(struct str text, struct fernet_key *out, struct err *err)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT(FERNET_KEY_BYTES);
	bool ok;

	if (text.n == 2 * (size_t)FERNET_KEY_BYTES) {
		void *p = buf_reserve(&bytes, FERNET_KEY_BYTES);
		assert(p);
		ok = parse_hex(text, p, FERNET_KEY_BYTES);
		buf_commit(&bytes, FERNET_KEY_BYTES);
	} else {
		ok = base64_decode(text, BASE64_ANY_SLACK, &bytes);
	}
	ok = ok && bytes.n == FERNET_KEY_BYTES;
	if (ok)
		memcpy(out->bytes, bytes.p, FERNET_KEY_BYTES);
	if (bytes.p)
		OPENSSL_cleanse(bytes.p, bytes.cap);
	return ok ? 0 : err_set(err, ERR_INPUT, "no key: expected base64 of 32 bytes");
}

int fernet_key_generate(struct fernet_key *out, struct err *err)
{
	if (RAND_bytes(out->bytes, FERNET_KEY_BYTES) != 1)
		return err_set(err, ERR_INTERNAL, "OpenSSL gives no random bytes");
	return 0;
}

void fernet_key_wipe(struct fernet_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

static int compute_mac(const struct fernet_key *key, struct span signed_part,
	uint8_t mac[static MAC], struct err *err)
{
	size_t n = 0;

	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key->bytes, HALF_KEY, signed_part.p,
		    signed_part.n, mac, MAC, &n) ||
		n != MAC)
		return err_set(err, ERR_INTERNAL, "OpenSSL computes no HMAC");
	return 0;
}

/* Encrypts or decrypts, with padding, to a place that has room for a block more than `in`. Returns
 * how many bytes that gave, or -1. */
static ssize_t run_cipher(
	const struct fernet_key *key, const uint8_t *iv, struct span in, bool encrypt, uint8_t *out)
{
	_cleanup_(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;

	if (!ctx || in.n > LIMIT_FERNET_TOKEN)
		return -1;
	if (EVP_CipherInit_ex2(ctx, EVP_aes_128_cbc(), key->bytes + HALF_KEY, iv, encrypt, NULL) !=
		1)
		return -1;
	if (in.n && EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) != 1)
		return -1;
	if (EVP_CipherFinal_ex(ctx, out + n, &last) != 1)
		return -1;
	return n + last;
}

int fernet_encrypt_with_iv(const struct fernet_key *key, struct span plain, int64_t now,
	const uint8_t iv[static FERNET_IV_BYTES], struct buf *out, struct err *err)
{
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN / 4 * 3);
	uint8_t mac[MAC];

	assert(now >= 0);
	buf_append_u8(&token, VERSION);
	buf_append_u64(&token, (uint64_t)now);
	buf_append(&token, iv, FERNET_IV_BYTES);
	uint8_t *p = plain.n < token.max ? buf_reserve(&token, plain.n + BLOCK + MAC) : NULL;
	if (!p)
		return err_set(err, ERR_TOO_LARGE, "a token of more than %" PRIu64 " bytes",
			LIMIT_FERNET_TOKEN);
	ssize_t n = run_cipher(key, iv, plain, true, p);
	if (n < 0)
		return err_set(err, ERR_INTERNAL, "OpenSSL does not encrypt");
	buf_commit(&token, (size_t)n);
	int r = compute_mac(key, buf_span(&token), mac, err);
	if (r < 0)
		return r;
	buf_append(&token, mac, MAC);
	base64_encode(buf_span(&token), BASE64_URL, true, out);
	return buf_check(out, "token", err);
}

int fernet_encrypt(const struct fernet_key *key, struct span plain, int64_t now, struct buf *out,
	struct err *err)
{
	uint8_t iv[FERNET_IV_BYTES];

	if (RAND_bytes(iv, sizeof(iv)) != 1)
		return err_set(err, ERR_INTERNAL, "OpenSSL gives no random bytes");
	return fernet_encrypt_with_iv(key, plain, now, iv, out, err);
}

/* Whether a token of this time is still, or already, good. */
static int check_time(uint64_t made, int64_t ttl_s, int64_t now, struct err *err)
{
	uint64_t t = (uint64_t)now;

	if (ttl_s < 0)
		return 0;
	if (made > t + FERNET_MAX_SKEW_S)
		return err_set(err, ERR_INPUT, "the token is of the future");
	if (t > made && t - made > (uint64_t)ttl_s)
		return err_set(err, ERR_INPUT, "the token has expired");
	return 0;
}

/* The parts of an authentic token. */
static int open_token(const struct fernet_key *key, struct span token, uint64_t *made,
	struct span *ciphertext, struct err *err)
{
	struct span signed_part = span_n(token.p, token.n < MAC ? 0 : token.n - MAC);
	uint8_t mac[MAC];

	if (token.n < SMALLEST || (token.n - HEAD - MAC) % BLOCK || token.p[0] != VERSION)
		return err_set(err, ERR_INPUT, "no token");
	int r = compute_mac(key, signed_part, mac, err);
	if (r < 0)
		return r;
	if (CRYPTO_memcmp(mac, token.p + signed_part.n, MAC) != 0)
		return err_set(err, ERR_INPUT, "the token was not made with this key");
	*made = 0;
	for (int i = 1; i <= 8; i++)
		*made = *made << 8 | token.p[i];
	*ciphertext = span_n(token.p + HEAD, token.n - HEAD - MAC);
	return 0;
}

int fernet_decrypt(const struct fernet_key *key, struct str token, int64_t ttl_s, int64_t now,
	struct buf *out, struct err *err)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT(LIMIT_FERNET_TOKEN);
	struct span ciphertext;
	uint64_t made = 0;

	assert(now >= 0);
	if (token.n > LIMIT_FERNET_TOKEN)
		return err_set(err, ERR_TOO_LARGE, "a token of more than %" PRIu64 " bytes",
			LIMIT_FERNET_TOKEN);
	if (!base64_decode(token, BASE64_URL, &bytes))
		return err_set(err, ERR_INPUT, "no token: no URL-safe base64");
	int r = open_token(key, buf_span(&bytes), &made, &ciphertext, err);
	if (r == 0)
		r = check_time(made, ttl_s, now, err);
	if (r < 0)
		return r;
	_cleanup_free_ uint8_t *plain = xmalloc(ciphertext.n + BLOCK);
	ssize_t n = run_cipher(
		key, (const uint8_t *)bytes.p + HEAD - FERNET_IV_BYTES, ciphertext, false, plain);
	if (n < 0)
		return err_set(err, ERR_INPUT, "no token: wrong padding");
	if ((size_t)n > out->max - out->n)
		return err_set(err, ERR_TOO_LARGE, "a token with more than %zu bytes", out->max);
	buf_append(out, plain, (size_t)n);
	return 0;
}
