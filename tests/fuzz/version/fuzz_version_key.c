/*
 * Version keys: the first byte chooses the scheme, lines are versions (the first three). Keys have
 * to order as the reference comparator does, both ways round and transitively.
 */
#include "base/base.h"

#include "version/version.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* The order of a valid pair, after checking it from all sides. */
static int checked_order(const struct version_scheme *s, struct str a, struct str b)
{
	int order, back;

	CHECK(version_compare(s, a, b, &order, NULL) == 0);
	CHECK(version_compare(s, b, a, &back, NULL) == 0);
	CHECK(order == -back);
	CHECK(sign(s->compare(a, b)) == order);
	CHECK(sign(s->compare(b, a)) == back);
	return order;
}

static void check_key(const struct version_scheme *s, struct str v)
{
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_err_ struct err err = ERR_INIT;
	int r = version_key(s, v, &key, &err);

	CHECK(r == 0 || r == -ERR_INPUT);
	CHECK(err.code == (enum err_code) - r);
	CHECK(version_is_valid(s, v) == (r == 0));
	if (r == 0) {
		CHECK(str_cmp(str_from_span(version_key_min()), buf_str(&key)) < 0);
		CHECK(str_cmp(buf_str(&key), str_from_span(version_key_max())) < 0);
		CHECK(checked_order(s, v, v) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str v[3], rest = str_n((const char *)data, size);
	const struct version_scheme *s = version_scheme_at(size ? data[0] % 3 : 0);
	size_t n = 0;

	rest = str_skip(rest, 1);
	while (n < ARRAY_LEN(v) && str_next_line(&rest, &v[n])) {
		check_key(s, v[n]);
		n += version_is_valid(s, v[n]);
	}
	if (n >= 2)
		(void)checked_order(s, v[0], v[1]);
	if (n == 3) {
		int ab = checked_order(s, v[0], v[1]), bc = checked_order(s, v[1], v[2]);
		int ac = checked_order(s, v[0], v[2]);

		if (ab == bc || bc == 0)
			CHECK(ac == ab);
		else if (ab == 0)
			CHECK(ac == bc);
	}
	return 0;
}
