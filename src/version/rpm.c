/*
 * rpm: [epoch:]version[-release], rpm-version(7). Digits before the first colon are the epoch; the
 * release begins after the last hyphen. Version and release are compared alike: segments of ASCII
 * letters or of digits, every other byte separates and does nothing else; ~ sorts before the end, ^
 * behind the end but before any further segment.
 *
 * Key: the epoch as a number, then version and, where there is one, release, each as: { 0x01 for ~;
 * 0x03 for ^; 0x04, letters, 0x00; 0x05, number }; 0x02 at its end. A missing release thus sorts
 * before every release, an empty one too, as rpm has it.
 *
 * As in rpm, a colon behind anything but digits belongs to the version. Refused beyond what rpm
 * refuses: an epoch or version that is there but empty, which no package can have.
 */
#include "version/version_priv.h"

enum {
	KEY_LETTERS_END = 0x00,
	KEY_TILDE = 0x01,
	KEY_END = 0x02,
	KEY_CARET = 0x03,
	KEY_LETTERS = 0x04,
	KEY_NUMBER = 0x05,
};

struct rpm_version {
	struct str epoch; /* digits; empty: 0 */
	struct str version;
	struct str release;
	bool has_release;
};

static int split(struct str v, struct rpm_version *out, struct err *err)
{
	struct rpm_version parts = { .epoch = STR_NULL };
	struct str rest = v;

	if (v.n == 0)
		return err_set(err, ERR_INPUT, "it is empty");
	if (str_find_char(v, '\0') >= 0)
		return err_set(err, ERR_INPUT, "there is a NUL byte inside");
	struct str digits = version_take_digits(&rest);
	if (str_skip_prefix(&rest, STR(":"))) {
		if (digits.n == 0)
			return err_set(err, ERR_INPUT, "the epoch is empty");
		parts.epoch = digits;
		v = rest;
	}
	parts.version = v;
	if (str_find_char(v, '-') >= 0)
		parts.has_release = str_rcut(v, '-', &parts.version, &parts.release);
	if (parts.version.n == 0)
		return err_set(err, ERR_INPUT, "there is nothing between epoch and release");
	*out = parts;
	return 0;
}

static bool is_separator(char c)
{
	return !ascii_is_alpha(c) && !ascii_is_digit(c) && c != '~' && c != '^';
}

static struct str skip_separators(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_separator(s.p[n]))
		n++;
	return str_skip(s, n);
}

static struct str take_letters(struct str *s)
{
	size_t n = 0;

	while (n < s->n && ascii_is_alpha(s->p[n]))
		n++;
	struct str letters = str_head(*s, n);
	*s = str_skip(*s, n);
	return letters;
}

static void append_part(struct buf *key, struct str part)
{
	while ((part = skip_separators(part)).n) {
		char c = part.p[0];

		if (c == '~' || c == '^') {
			buf_append_u8(key, c == '~' ? KEY_TILDE : KEY_CARET);
			part = str_skip(part, 1);
		} else if (ascii_is_digit(c)) {
			buf_append_u8(key, KEY_NUMBER);
			version_append_number(key, version_take_digits(&part));
		} else {
			buf_append_u8(key, KEY_LETTERS);
			buf_append_str(key, take_letters(&part));
			buf_append_u8(key, KEY_LETTERS_END);
		}
	}
	buf_append_u8(key, KEY_END);
}

static int rpm_append_key(struct str v, struct buf *key, struct err *err)
{
	struct rpm_version parts = { .epoch = STR_NULL };
	int r = split(v, &parts, err);

	if (r < 0)
		return r;
	version_append_number(key, parts.epoch);
	append_part(key, parts.version);
	if (parts.has_release)
		append_part(key, parts.release);
	return 0;
}

/* Both begin with a segment: numbers are above letters. */
static int compare_segments(struct str *a, struct str *b)
{
	bool a_is_number = ascii_is_digit(a->p[0]), b_is_number = ascii_is_digit(b->p[0]);

	if (a_is_number != b_is_number)
		return a_is_number ? 1 : -1;
	if (a_is_number)
		return version_compare_digits(version_take_digits(a), version_take_digits(b));
	return str_cmp(take_letters(a), take_letters(b));
}

static int compare_parts(struct str a, struct str b)
{
	for (;;) {
		a = skip_separators(a);
		b = skip_separators(b);

		bool a_tilde = str_skip_prefix(&a, STR("~")),
		     b_tilde = str_skip_prefix(&b, STR("~"));
		if (a_tilde != b_tilde)
			return a_tilde ? -1 : 1;
		if (a_tilde)
			continue;
		if (a.n == 0 || b.n == 0)
			return (a.n > 0) - (b.n > 0);
		bool a_caret = str_skip_prefix(&a, STR("^")),
		     b_caret = str_skip_prefix(&b, STR("^"));
		if (a_caret != b_caret)
			return a_caret ? -1 : 1;
		if (a_caret)
			continue;
		int order = compare_segments(&a, &b);
		if (order)
			return order;
	}
}

static int rpm_compare(struct str a, struct str b)
{
	struct rpm_version left = { .epoch = STR_NULL }, right = { .epoch = STR_NULL };

	if (split(a, &left, NULL) < 0 || split(b, &right, NULL) < 0)
		return 0;
	int order = version_compare_digits(left.epoch, right.epoch);
	if (!order)
		order = compare_parts(left.version, right.version);
	if (!order && left.has_release && right.has_release)
		order = compare_parts(left.release, right.release);
	else if (!order)
		order = left.has_release - right.has_release;
	return order;
}

const struct version_scheme version_rpm = {
	.name = "rpm",
	.append_key = rpm_append_key,
	.compare = rpm_compare,
};
