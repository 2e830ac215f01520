/*
 * codec/digest.h: published vectors (FIPS 180-4 examples), pieces, threads, and the text form.
 */
#include "../test.h"

#include <pthread.h>

#include "codec/digest.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define TWO   "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"

static void assert_digest(struct digest d, const char *expected)
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(&d, text);
	assert_string_equal(text, expected);
}

static void computes_published_vectors(void **state UNUSED)
{
	assert_digest(digest_of(span_n(NULL, 0)), EMPTY);
	assert_digest(digest_of(span_n("abc", 3)), ABC);
	assert_digest(digest_of(span_from_str(STR("abcdbcdecdefdefgefghfghighijhijk"
						  "ijkljklmklmnlmnomnopnopq"))),
		TWO);
}

static void starts_anew_after_the_end(void **state UNUSED)
{
	_cleanup_(digest_freep) struct digest_ctx *ctx = digest_new();

	digest_update(ctx, "a", 1);
	digest_update(ctx, "", 0);
	digest_update(ctx, "bc", 2);
	assert_digest(digest_final(ctx), ABC);
	assert_digest(digest_final(ctx), EMPTY);
}

static void *compute(void *arg)
{
	*(struct digest *)arg = digest_of(span_n("abc", 3));
	return NULL;
}

static void computes_in_threads(void **state UNUSED)
{
	pthread_t threads[4];
	struct digest digests[4];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, compute, &digests[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_digest(digests[i], ABC);
	}
}

static void parses_what_it_formats(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct digest d, abc = digest_of(span_n("abc", 3));

	assert_ok(digest_parse(STR(ABC), &d, &err), &err);
	assert_true(digest_eq(&d, &abc));
	assert_ok(digest_parse(STR(EMPTY), &d, &err), &err);
	assert_false(digest_eq(&d, &abc));
}

static void refuses_other_texts(void **state UNUSED)
{
	static const struct {
		struct str text;
		enum err_code code;
	} cases[] = {
		{ STR_INIT(""), ERR_INPUT },
		{ STR_INIT(":"), ERR_INPUT },
		{ STR_INIT("sha256"), ERR_INPUT },
		{ STR_INIT("sha256:"), ERR_INPUT },
		{ STR_INIT(ABC "0"), ERR_INPUT },
		{ STR_INIT(ABC "\n"), ERR_INPUT },
		{ STR_INIT(
			  "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"),
			ERR_INPUT },
		{ STR_INIT(
			  "sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
			ERR_INPUT },
		{ STR_INIT(
			  "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
			ERR_INPUT },
		{ STR_INIT("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
			ERR_INPUT },
		{ STR_INIT(
			  "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
			ERR_UNSUPPORTED },
		{ STR_INIT("sha512:00"), ERR_UNSUPPORTED },
		{ STR_INIT("sha256+b64u:00"), ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct digest d;

		assert_fails(digest_parse(cases[i].text, &d, &err), &err, cases[i].code, "\"");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(computes_published_vectors),
		cmocka_unit_test(starts_anew_after_the_end),
		cmocka_unit_test(computes_in_threads),
		cmocka_unit_test(parses_what_it_formats),
		cmocka_unit_test(refuses_other_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
