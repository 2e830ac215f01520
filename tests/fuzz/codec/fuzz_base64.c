/*
 * Base64: what is taken by the strict rules is the one text of its bytes, slack takes whatever the
 * strict rules take, and what was encoded comes back.
 */
#include "base/base.h"

#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_decoding(struct str text, enum base64_alphabet alphabet)
{
	_cleanup_buf_ struct buf strict = BUF_INIT(SIZE_MAX / 2), again = BUF_INIT(SIZE_MAX / 2),
				 slack = BUF_INIT(SIZE_MAX / 2), any = BUF_INIT(SIZE_MAX / 2);

	if (!base64_decode(text, alphabet, &strict)) {
		check(strict.n == 0);
		return;
	}
	base64_encode(buf_span(&strict), alphabet, str_ends(text, STR("=")), &again);
	check(str_eq(buf_str(&again), text));
	check(base64_decode(text, BASE64_ANY, &any));
	check(str_eq(buf_str(&any), buf_str(&strict)));
	check(base64_decode(text, BASE64_ANY_SLACK, &slack));
	check(str_eq(buf_str(&slack), buf_str(&strict)));
}

static void check_round_trip(struct span bytes, enum base64_alphabet alphabet, bool padded)
{
	_cleanup_buf_ struct buf text = BUF_INIT(SIZE_MAX / 2), back = BUF_INIT(SIZE_MAX / 2);

	base64_encode(bytes, alphabet, padded, &text);
	check(!padded || text.n % 4 == 0);
	check(base64_decode(buf_str(&text), alphabet, &back));
	check(str_eq(buf_str(&back), str_from_span(bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span bytes = span_n(data, n);

	for (int a = BASE64_STANDARD; a <= BASE64_URL; a++) {
		check_decoding(str_from_span(bytes), (enum base64_alphabet)a);
		check_round_trip(bytes, (enum base64_alphabet)a, true);
		check_round_trip(bytes, (enum base64_alphabet)a, false);
	}
	_cleanup_buf_ struct buf slack = BUF_INIT(SIZE_MAX / 2);
	if (!base64_decode(str_from_span(bytes), BASE64_ANY_SLACK, &slack))
		check(slack.n == 0);
	return 0;
}
