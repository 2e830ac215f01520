/*
 * Base64: the vectors of RFC 4648, both alphabets, what is refused, and OpenSSL's opinion of texts
 * of every length.
 */
#include "../test.h"

#include <openssl/evp.h>

#include "codec/codec.h"

static struct span bytes_of(struct str s)
{
	return span_n(s.p, s.n);
}

static void assert_encodes(
	struct str bytes, enum base64_alphabet alphabet, bool padded, const char *expected)
{
	_cleanup_buf_ struct buf out = BUF_INIT(KIB);

	base64_encode(bytes_of(bytes), alphabet, padded, &out);
	assert_str(buf_str(&out), expected);
}

static void assert_decodes(struct str text, enum base64_alphabet alphabet, const char *expected)
{
	_cleanup_buf_ struct buf out = BUF_INIT(KIB);

	if (!base64_decode(text, alphabet, &out))
		fail_msg("\"%" PRIstr "\" was refused", STR_ARG(text));
	assert_str(buf_str(&out), expected);
}

static void assert_refused(const char *text, enum base64_alphabet alphabet)
{
	_cleanup_buf_ struct buf out = BUF_INIT(KIB);

	buf_append_str(&out, STR("before"));
	if (base64_decode(str_of(text), alphabet, &out))
		fail_msg("\"%s\" was taken", text);
	assert_str(buf_str(&out), "before");
	assert_false(out.overflowed);
}

static void test_vectors_of_the_standard(void **state UNUSED)
{
	static const struct {
		const char *bytes, *padded, *bare;
	} vectors[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	};

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		for (int a = BASE64_STANDARD; a <= BASE64_URL; a++) {
			struct str bytes = str_of(vectors[i].bytes);

			assert_encodes(bytes, (enum base64_alphabet)a, true, vectors[i].padded);
			assert_encodes(bytes, (enum base64_alphabet)a, false, vectors[i].bare);
		}
		for (int a = BASE64_STANDARD; a <= BASE64_ANY_SLACK; a++) {
			enum base64_alphabet alphabet = (enum base64_alphabet)a;

			assert_decodes(str_of(vectors[i].padded), alphabet, vectors[i].bytes);
			assert_decodes(str_of(vectors[i].bare), alphabet, vectors[i].bytes);
		}
	}
}

static void test_alphabets_differ_in_two_characters(void **state UNUSED)
{
	assert_encodes(STR("\xfb\xff\xfe"), BASE64_STANDARD, true, "+//+");
	assert_encodes(STR("\xfb\xff\xfe"), BASE64_URL, true, "-__-");
	assert_decodes(STR("+//+"), BASE64_STANDARD, "\xfb\xff\xfe");
	assert_decodes(STR("-__-"), BASE64_URL, "\xfb\xff\xfe");
	assert_decodes(STR("+//+"), BASE64_ANY, "\xfb\xff\xfe");
	assert_decodes(STR("-__-"), BASE64_ANY, "\xfb\xff\xfe");
	assert_decodes(STR("-__-"), BASE64_ANY_SLACK, "\xfb\xff\xfe");
	assert_refused("-__-", BASE64_STANDARD);
	assert_refused("+//+", BASE64_URL);
	assert_refused("+__+", BASE64_ANY);
	assert_refused("+__+", BASE64_ANY_SLACK);
}

static void test_what_is_no_base64_is_refused(void **state UNUSED)
{
	static const char *const texts[] = { "A", "AAAAA", "=", "==", "====", "A=", "A==", "A===",
		"AA=", "AAA==", "AAAA=", "AAAA==", "AAAA====", "AA==AA==", "A=AA", "=AAA", "AA A",
		" AAA", "AAA\n", "AA==\n", "AA*A", "AA\xc3\xa4", "AAA.", "AAA,", "AA@A", "AA[A",
		"AA`A", "AA{A", "AA:A" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (int a = BASE64_STANDARD; a <= BASE64_ANY_SLACK; a++)
			assert_refused(texts[i], (enum base64_alphabet)a);
	}
	_cleanup_buf_ struct buf out = BUF_INIT(KIB);
	assert_false(base64_decode(STR("AA\0A"), BASE64_ANY, &out));
}

static void test_bits_without_meaning_have_to_be_clear_unless_slack_is_allowed(void **state UNUSED)
{
	static const struct {
		const char *text, *bytes;
	} cases[] = { { "Zh==", "f" }, { "Zv", "f" }, { "Zm9=", "fo" }, { "Zm+", "fo" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_refused(cases[i].text, BASE64_STANDARD);
		assert_refused(cases[i].text, BASE64_ANY);
		assert_decodes(str_of(cases[i].text), BASE64_ANY_SLACK, cases[i].bytes);
	}
}

static void test_what_does_not_fit_leaves_the_buffer_as_it_was(void **state UNUSED)
{
	_cleanup_buf_ struct buf out = BUF_INIT(3);

	assert_false(base64_decode(STR("Zm9vYg=="), BASE64_ANY, &out));
	assert_int_equal(out.n, 0);
	assert_true(base64_decode(STR("Zm9v"), BASE64_ANY, &out));
	assert_str(buf_str(&out), "foo");
	assert_false(base64_decode(STR("Zg"), BASE64_ANY, &out));
	assert_true(base64_decode(STR(""), BASE64_ANY, &out));
	assert_str(buf_str(&out), "foo");
}

/* Bytes of a fixed pattern in which every value occurs in every place of a group. */
static void test_openssl_agrees_at_every_length(void **state UNUSED)
{
	enum { COUNT = 600 };
	uint8_t bytes[COUNT];
	unsigned char expected[COUNT * 2];

	for (size_t i = 0; i < COUNT; i++)
		bytes[i] = (uint8_t)(i * 167 + i / 256);
	for (size_t n = 0; n <= COUNT; n++) {
		_cleanup_buf_ struct buf text = BUF_INIT(4 * KIB), back = BUF_INIT(4 * KIB);

		(void)EVP_EncodeBlock(expected, bytes, (int)n);
		base64_encode(span_n(bytes, n), BASE64_STANDARD, true, &text);
		assert_str(buf_str(&text), (const char *)expected);
		assert_true(base64_decode(buf_str(&text), BASE64_STANDARD, &back));
		assert_int_equal(back.n, n);
		if (n > 0)
			assert_memory_equal(back.p, bytes, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_of_the_standard),
		cmocka_unit_test(test_alphabets_differ_in_two_characters),
		cmocka_unit_test(test_what_is_no_base64_is_refused),
		cmocka_unit_test(
			test_bits_without_meaning_have_to_be_clear_unless_slack_is_allowed),
		cmocka_unit_test(test_what_does_not_fit_leaves_the_buffer_as_it_was),
		cmocka_unit_test(test_openssl_agrees_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
