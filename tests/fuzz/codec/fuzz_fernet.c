/*
 * Fernet: a token that is accepted holds what is encrypted to it again; bytes that are encrypted
 * come back. The input is a token, and a text.
 */
#include "base/base.h"

#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct fernet_key key = { .bytes = { 1, 2, 3 } };
	struct str in = str_n((const char *)data, n);
	_cleanup_buf_ struct buf plain = BUF_INIT(LIMIT_FERNET_TOKEN);
	_cleanup_buf_ struct buf token = BUF_INIT(LIMIT_FERNET_TOKEN);
	_cleanup_buf_ struct buf back = BUF_INIT(LIMIT_FERNET_TOKEN);
	_cleanup_err_ struct err err = ERR_INIT;
	struct fernet_key parsed;

	int r = fernet_decrypt(&key, in, 1000, 1000, &plain, &err);
	check(r == 0 || (plain.n == 0 && err.msg));
	err_clear(&err);
	r = fernet_key_parse(in, &parsed, &err);
	check(r == 0 || err.msg);
	err_clear(&err);
	if (n > LIMIT_FERNET_TOKEN / 2)
		return 0;
	check(fernet_encrypt(&key, span_n(data, n), 1000, &token, &err) == 0);
	check(fernet_decrypt(&key, buf_str(&token), 0, 1000, &back, &err) == 0);
	check(str_eq(buf_str(&back), in));
	return 0;
}
