/*
 * What a terminal would obey, or show as something else than it is, is replaced: see text.h. The
 * ranges are those of Unicode's general categories Cc, Cf and Zl, as far as they act on text.
 */
#include "base/base.h"

/* Whether a code point would move the cursor, reorder or hide text, or break the line. */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C ||
	       (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

/* The code point of a valid sequence of n bytes. */
static uint32_t decode(const char *p, size_t n)
{
	static const uint8_t lead_bits[5] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	uint32_t c = (uint8_t)p[0] & lead_bits[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)p[i] & 0x3FU);
	return c;
}

size_t text_append_clean(struct buf *out, struct str s)
{
	size_t width = 0;

	for (size_t i = 0; i < s.n; width++) {
		size_t n = utf8_check(s.p + i, s.n - i);

		if (n == 0 || is_harmful(decode(s.p + i, n)))
			buf_append_str(out, STR("\xEF\xBF\xBD"));
		else
			buf_append(out, s.p + i, n);
		i += n ? n : 1;
	}
	return width;
}
