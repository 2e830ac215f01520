/*
 * What a terminal would obey, or show as something else than it is, is replaced: see text.h. The
 * ranges are those of Unicode's general categories Cc, Cf and Zl, as far as they act on text.
 */
#include "base/base.h"

bool text_is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C ||
	       (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

size_t text_append_clean(struct buf *out, struct str s)
{
	size_t width = 0;

	for (size_t i = 0; i < s.n; width++) {
		size_t n = utf8_check(s.p + i, s.n - i);

		if (n == 0 || text_is_harmful(utf8_decode(s.p + i, n)))
			buf_append_str(out, STR("\xEF\xBF\xBD"));
		else
			buf_append(out, s.p + i, n);
		i += n ? n : 1;
	}
	return width;
}
