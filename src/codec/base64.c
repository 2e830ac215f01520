/*
 * Base64, see base64.h.
 */
#include "base/base.h"

#include "codec/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The first `bytes` (1 … 3) of a group, as one more character than that. */
static void encode_group(struct buf *out, const uint8_t *p, size_t bytes, const char *alphabet)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < bytes ? p[i] : 0U);
	for (size_t i = 0; i <= bytes; i++)
		buf_append_char(out, alphabet[bits >> (18 - 6 * i) & 0x3F]);
}

void base64_encode(struct span bytes, enum base64_alphabet alphabet, bool padded, struct buf *out)
{
	const char *characters = alphabet == BASE64_STANDARD ? standard : url;

	assert(alphabet == BASE64_STANDARD || alphabet == BASE64_URL);
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = min_size(bytes.n - i, 3);

		encode_group(out, bytes.p + i, n, characters);
		for (size_t k = n; padded && k < 3; k++)
			buf_append_char(out, '=');
	}
}

/* 0 … 63, or -1. Whether it is one of the two characters that differ goes to the masks. */
static int value_of(char c, unsigned *seen)
{
	if (ascii_is_upper(c))
		return c - 'A';
	if (ascii_is_lower(c))
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '/')
		*seen |= 1U << BASE64_STANDARD;
	else if (c == '-' || c == '_')
		*seen |= 1U << BASE64_URL;
	else
		return -1;
	return c == '+' || c == '-' ? 62 : 63;
}

static bool alphabet_allows(enum base64_alphabet alphabet, unsigned seen)
{
	if (alphabet == BASE64_STANDARD || alphabet == BASE64_URL)
		return (seen & ~(1U << alphabet)) == 0;
	return seen != (1U << BASE64_STANDARD | 1U << BASE64_URL);
}

/* Without the padding; false when there is a wrong number of "=", or of characters. */
static bool strip_padding(struct str *text)
{
	size_t padding = 0;

	while (padding < 2 && padding < text->n && text->p[text->n - 1 - padding] == '=')
		padding++;
	if (padding > 0 && text->n % 4 != 0)
		return false;
	text->n -= padding;
	return text->n % 4 != 1 && (padding == 0 || text->n % 4 == 4 - padding);
}

static bool decode(struct buf *out, struct str text, enum base64_alphabet alphabet)
{
	unsigned seen = 0, bits = 0, held = 0;

	for (size_t i = 0; i < text.n; i++) {
		int v = value_of(text.p[i], &seen);

		if (v < 0)
			return false;
		bits = bits << 6 | (unsigned)v;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		buf_append_u8(out, (uint8_t)(bits >> held));
		bits &= (1U << held) - 1;
	}
	return alphabet_allows(alphabet, seen) && (bits == 0 || alphabet == BASE64_ANY_SLACK);
}

bool base64_decode(struct str text, enum base64_alphabet alphabet, struct buf *out)
{
	size_t before = out->n;

	if (!strip_padding(&text) || out->overflowed)
		return false;
	if (decode(out, text, alphabet) && !out->overflowed)
		return true;
	out->n = before;
	out->overflowed = false;
	return false;
}
