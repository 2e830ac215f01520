#include "base/base.h"

#include "feed/sink.h"

void feed_note(struct feed_sink *sink, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	sink->note(sink, text);
}

bool feed_is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
			return false;
	}
	return s.n > 0 && s.n <= LIMIT_PACKAGE_FIELD;
}

struct str feed_cut_text(struct str text)
{
	if (text.n <= LIMIT_ADVISORY_TEXT)
		return text;
	text.n = LIMIT_ADVISORY_TEXT;
	while (text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
		text.n--;
	return text;
}
