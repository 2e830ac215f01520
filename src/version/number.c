/*
 * Decimal numbers of any length inside versions: the encoding that all schemes' keys share, and the
 * exact comparison of the reference comparators. Versions do contain numbers beyond 64 bits
 * (timestamps glued to serial numbers, hashes that happen to be decimal); dpkg and rpm compare them
 * exactly.
 */
#include "version/version_priv.h"

enum { LONG_NUMBER = 255 };

struct str version_take_digits(struct str *s)
{
	size_t n = 0;

	while (n < s->n && ascii_is_digit(s->p[n]))
		n++;
	struct str digits = str_head(*s, n);
	*s = str_skip(*s, n);
	return digits;
}

static struct str skip_zeros(struct str digits)
{
	size_t n = 0;

	while (n < digits.n && digits.p[n] == '0')
		n++;
	return str_skip(digits, n);
}

void version_append_number(struct buf *key, struct str digits)
{
	digits = skip_zeros(digits);
	if (digits.n < LONG_NUMBER) {
		buf_append_u8(key, (uint8_t)digits.n);
	} else {
		buf_append_u8(key, LONG_NUMBER);
		buf_append_u32(key, (uint32_t)digits.n);
	}
	buf_append_str(key, digits);
}

int version_compare_digits(struct str a, struct str b)
{
	a = skip_zeros(a);
	b = skip_zeros(b);
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return str_cmp(a, b);
}
