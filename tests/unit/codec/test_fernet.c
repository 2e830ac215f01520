/*
 * Fernet tokens: the vectors of the specification (generate.json, verify.json, invalid.json), and
 * every way to be wrong. Another implementation's opinion: fernet_python.py.
 */
#include "../test.h"

#include "codec/codec.h"

#define SECRET "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
#define TOKEN                                                                              \
	"gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7J" \
	"cbmrR64jVmpU4IwqDA=="

/* 1985-10-26T01:20:00-07:00 */
enum { THEN = 499162800 };

static struct fernet_key key_of(const char *text)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct fernet_key key;

	assert_ok(fernet_key_parse(str_of(text), &key, &err), &err);
	return key;
}

static void test_the_vector_is_generated(void **state UNUSED)
{
	static const uint8_t iv[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct fernet_key key = key_of(SECRET);
	_cleanup_buf_ struct buf out = BUF_INIT(KIB);
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(fernet_encrypt_with_iv(&key, span_from_str(STR("hello")), THEN, iv, &out, &err),
		&err);
	assert_str(buf_str(&out), TOKEN);
}

static void test_vectors_are_verified(void **state UNUSED)
{
	static const struct {
		int64_t now, ttl_s;
	} cases[] = { { THEN + 1, 60 }, { THEN + 1, -1 }, { THEN + 60, 60 }, { THEN - 60, 60 },
		{ THEN, 0 }, { 0, -1 }, { INT64_MAX, -1 }, { THEN + 7, INT64_MAX } };
	struct fernet_key key = key_of(SECRET);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;

		buf_append_str(&out, STR("say "));
		assert_ok(
			fernet_decrypt(&key, STR(TOKEN), cases[i].ttl_s, cases[i].now, &out, &err),
			&err);
		assert_str(buf_str(&out), "say hello");
	}
}

static void test_invalid_vectors_are_refused(void **state UNUSED)
{
	static const struct {
		const char *token, *message;
		int64_t now;
	} cases[] = {
		{ "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtw"
		  "caX1YdykQUFBQUFBQUFBQQ==",
			"not made with this key", THEN + 1 },
		{ "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==", "no token",
			THEN + 1 },
		{ "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtw"
		  "caX1YdykRtfsH-p1YsUD2Q==",
			"base64", THEN + 1 },
		{ "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6o"
		  "xq5nmxbx_v7mrfyudzUm",
			"no token", THEN + 1 },
		{ "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYRE"
		  "u2FWke6CnJNYIbkuKNqOhw==",
			"padding", THEN + 1 },
		{ "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJ"
		  "mw2Xc2a6kBd-iX9b_qXQcw==",
			"future", THEN + 1 },
		{ "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtw"
		  "caX1YdykRtfsH-p1YsUD2Q==",
			"expired", THEN + 91 },
		{ "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgH"
		  "Sv49TF2AUEZ1TIvcZjK1zQ==",
			"padding", THEN + 1 },
		{ TOKEN, "expired", THEN + 61 },
		{ TOKEN, "expired", INT64_MAX },
		{ TOKEN, "future", THEN - 61 },
		{ "", "no token", THEN },
	};
	struct fernet_key key = key_of(SECRET);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(KIB);
		_cleanup_err_ struct err err = ERR_INIT;

		assert_fails(
			fernet_decrypt(&key, str_of(cases[i].token), 60, cases[i].now, &out, &err),
			&err, ERR_INPUT, cases[i].message);
		assert_int_equal(out.n, 0);
	}
}

static void test_texts_of_every_length_come_back(void **state UNUSED)
{
	static char text[100];
	_cleanup_err_ struct err err = ERR_INIT;
	struct fernet_key key;

	assert_ok(fernet_key_generate(&key, &err), &err);
	for (size_t n = 0; n < sizeof(text); n++) {
		_cleanup_buf_ struct buf token = BUF_INIT(KIB);
		_cleanup_buf_ struct buf again = BUF_INIT(KIB);
		_cleanup_buf_ struct buf out = BUF_INIT(KIB);

		text[n] = (char)n;
		assert_ok(fernet_encrypt(&key, span_n(text, n), THEN, &token, &err), &err);
		assert_ok(fernet_encrypt(&key, span_n(text, n), THEN, &again, &err), &err);
		/* Each has an IV of its own. */
		assert_false(str_eq(buf_str(&token), buf_str(&again)));
		assert_ok(fernet_decrypt(&key, buf_str(&token), 60, THEN, &out, &err), &err);
		assert_true(str_eq(buf_str(&out), str_n(text, n)));
		/* Without its padding. */
		struct str bare = buf_str(&token);
		while (str_ends(bare, STR("=")))
			bare.n--;
		buf_clear(&out);
		assert_ok(fernet_decrypt(&key, bare, 60, THEN, &out, &err), &err);
		assert_true(str_eq(buf_str(&out), str_n(text, n)));
	}
}

static void test_every_changed_character_is_noticed(void **state UNUSED)
{
	struct fernet_key key = key_of(SECRET);
	char token[] = TOKEN;
	_cleanup_err_ struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(token) - 1; i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(KIB);
		char c = token[i];

		token[i] = c == 'A' ? 'B' : 'A';
		assert_fails(fernet_decrypt(&key, str_of(token), -1, THEN, &out, &err), &err,
			ERR_INPUT, "token");
		token[i] = c;
		/* And cut here. */
		if (i < sizeof(token) - 3)
			assert_fails(fernet_decrypt(&key, str_n(token, i), -1, THEN, &out, &err),
				&err, ERR_INPUT, "token");
	}
}

static void test_what_is_too_large_is_refused(void **state UNUSED)
{
	static char text[LIMIT_FERNET_TOKEN];
	struct fernet_key key = key_of(SECRET);
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	_cleanup_buf_ struct buf small = BUF_INIT(4);
	_cleanup_err_ struct err err = ERR_INIT;

	assert_fails(fernet_encrypt(&key, span_n(text, sizeof(text)), 0, &out, &err), &err,
		ERR_TOO_LARGE, "token");
	assert_fails(fernet_encrypt(&key, span_n(text, 1), 0, &small, &err), &err, ERR_TOO_LARGE,
		"token");
	assert_fails(fernet_decrypt(&key, str_n(text, sizeof(text)), -1, 0, &out, &err), &err,
		ERR_INPUT, "base64");
	buf_clear(&small);
	assert_fails(fernet_decrypt(&key, STR(TOKEN), -1, 0, &small, &err), &err, ERR_TOO_LARGE,
		"more than 4");
	assert_int_equal(small.n, 0);
}

static void test_keys_have_three_forms(void **state UNUSED)
{
	static const char *const good[] = {
		"XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ=",
		"XxoPtCUzrUv4JV5dS-yQ-MdW7yLEJnRMwigVY_bpgtQ=",
		"XxoPtCUzrUv4JV5dS-yQ-MdW7yLEJnRMwigVY_bpgtQ",
		"5f1a0fb42533ad4bf8255e5d4bec90f8c756ef22c426744cc2281563f6e982d4",
	};
	static const char *const bad[] = {
		"",
		"short",
		"XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgg==",
		"XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtTU",
		"5f1a0fb42533ad4bf8255e5d4bec90f8c756ef22c426744cc2281563f6e982dx",
	};
	struct fernet_key first = key_of(good[0]);

	for (size_t i = 1; i < ARRAY_LEN(good); i++) {
		struct fernet_key key = key_of(good[i]);
		assert_memory_equal(key.bytes, first.bytes, FERNET_KEY_BYTES);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct fernet_key key = first;

		assert_fails(fernet_key_parse(str_of(bad[i]), &key, &err), &err, ERR_INPUT, "key");
		assert_memory_equal(key.bytes, first.bytes, FERNET_KEY_BYTES);
	}
	fernet_key_wipe(&first);
	assert_int_equal(first.bytes[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_vector_is_generated),
		cmocka_unit_test(test_vectors_are_verified),
		cmocka_unit_test(test_invalid_vectors_are_refused),
		cmocka_unit_test(test_texts_of_every_length_come_back),
		cmocka_unit_test(test_every_changed_character_is_noticed),
		cmocka_unit_test(test_what_is_too_large_is_refused),
		cmocka_unit_test(test_keys_have_three_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
