/*
 * dpkg: [epoch:]upstream[-revision], deb-version(7). The epoch ends at the first colon, the
 * revision begins after the last hyphen. Upstream and revision are compared alike: alternately a
 * run of non-digits (~ before the end, the end before letters, letters before all else) and a
 * number.
 *
 * Key: the epoch as a number, then upstream and revision, each as: { for each non-digit one byte
 * (two for a non-ASCII one); 0x02; number } until nothing is left; 0x02. An empty part is one round
 * without digits, so that a missing revision equals "0".
 *
 * A version here is whatever dpkg accepts, with or without a warning; what it refuses as an error
 * is none.
 */
#include "version/version_priv.h"

enum {
	KEY_TILDE = 0x01,
	KEY_END = 0x02,       /* of the non-digits, and of the part */
	KEY_NON_ASCII = 0x7f, /* the byte follows; after the letters, before the rest */
	KEY_OTHER = 0x80,     /* added to the ASCII code */
};

struct dpkg_version {
	struct str epoch; /* digits; empty: 0 */
	struct str upstream;
	struct str revision;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct str trim_blanks(struct str v)
{
	while (v.n && is_blank(v.p[0]))
		v = str_skip(v, 1);
	while (v.n && is_blank(v.p[v.n - 1]))
		v.n--;
	return v;
}

/* dpkg reads the epoch by strtol(3): white space and a sign are fine in front, "-0" is zero. */
static int parse_epoch(struct str text, struct str *epoch, struct err *err)
{
	uint64_t value;

	while (text.n && ascii_is_space(text.p[0]))
		text = str_skip(text, 1);
	bool negative = str_starts(text, STR("-"));
	if (negative || str_starts(text, STR("+")))
		text = str_skip(text, 1);
	struct str digits = version_take_digits(&text);
	if (digits.n == 0)
		return err_set(err, ERR_INPUT, "the epoch is empty or not a number");
	if (text.n)
		return err_set(err, ERR_INPUT, "the epoch is not a number");
	if (!parse_u64(digits, &value) || value > INT32_MAX)
		return err_set(err, ERR_INPUT, "the epoch is too large");
	if (negative && value)
		return err_set(err, ERR_INPUT, "the epoch is negative");
	*epoch = digits;
	return 0;
}

static int check_characters(struct str v, struct err *err)
{
	for (size_t i = 0; i < v.n; i++) {
		if (is_blank(v.p[i]))
			return err_set(err, ERR_INPUT, "there is space inside");
		if (v.p[i] == '\0')
			return err_set(err, ERR_INPUT, "there is a NUL byte inside");
	}
	return 0;
}

static int split(struct str v, struct dpkg_version *out, struct err *err)
{
	struct dpkg_version parts = { .epoch = STR_NULL };
	struct str epoch;

	v = trim_blanks(v);
	if (v.n == 0)
		return err_set(err, ERR_INPUT, "it is empty");
	int r = check_characters(v, err);
	if (r < 0)
		return r;
	if (str_cut(v, ':', &epoch, &parts.upstream)) {
		r = parse_epoch(epoch, &parts.epoch, err);
		if (r < 0)
			return r;
		if (parts.upstream.n == 0)
			return err_set(err, ERR_INPUT, "nothing follows the epoch");
	} else {
		parts.upstream = v;
	}
	if (str_find_char(parts.upstream, '-') >= 0) {
		(void)str_rcut(parts.upstream, '-', &parts.upstream, &parts.revision);
		if (parts.revision.n == 0)
			return err_set(err, ERR_INPUT, "the revision is empty");
	}
	if (parts.upstream.n == 0)
		return err_set(err, ERR_INPUT, "the upstream version is empty");
	*out = parts;
	return 0;
}

static void append_non_digit(struct buf *key, char c)
{
	uint8_t byte = (uint8_t)c;

	if (c == '~') {
		buf_append_u8(key, KEY_TILDE);
	} else if (ascii_is_alpha(c)) {
		buf_append_u8(key, byte);
	} else if (byte >= 0x80) {
		buf_append_u8(key, KEY_NON_ASCII);
		buf_append_u8(key, byte);
	} else {
		buf_append_u8(key, byte | KEY_OTHER);
	}
}

static void append_part(struct buf *key, struct str part)
{
	do {
		size_t i = 0;

		for (; i < part.n && !ascii_is_digit(part.p[i]); i++)
			append_non_digit(key, part.p[i]);
		buf_append_u8(key, KEY_END);
		part = str_skip(part, i);
		version_append_number(key, version_take_digits(&part));
	} while (part.n);
	buf_append_u8(key, KEY_END);
}

static int dpkg_append_key(struct str v, struct buf *key, struct err *err)
{
	struct dpkg_version parts = { .epoch = STR_NULL };
	int r = split(v, &parts, err);

	if (r < 0)
		return r;
	version_append_number(key, parts.epoch);
	append_part(key, parts.upstream);
	append_part(key, parts.revision);
	return 0;
}

/*
 * Where dpkg puts the next character among the non-digits; a digit counts as the end. Bytes beyond
 * ASCII are negative chars on the architectures that matter, which dpkg lifts by 256 as it does the
 * other non-letters: they come to lie between letters and punctuation.
 */
static int rank(struct str s)
{
	if (s.n == 0 || ascii_is_digit(s.p[0]))
		return 0;
	if (s.p[0] == '~')
		return -1;
	if (ascii_is_alpha(s.p[0]))
		return s.p[0];
	return (signed char)s.p[0] + 256;
}

static int compare_parts(struct str a, struct str b)
{
	while (a.n || b.n) {
		while (rank(a) || rank(b)) {
			int order = rank(a) - rank(b);

			if (order)
				return order;
			a = str_skip(a, 1);
			b = str_skip(b, 1);
		}
		int order =
			version_compare_digits(version_take_digits(&a), version_take_digits(&b));
		if (order)
			return order;
	}
	return 0;
}

static int dpkg_compare(struct str a, struct str b)
{
	struct dpkg_version left = { .epoch = STR_NULL }, right = { .epoch = STR_NULL };

	if (split(a, &left, NULL) < 0 || split(b, &right, NULL) < 0)
		return 0;
	int order = version_compare_digits(left.epoch, right.epoch);
	if (!order)
		order = compare_parts(left.upstream, right.upstream);
	if (!order)
		order = compare_parts(left.revision, right.revision);
	return order;
}

const struct version_scheme version_dpkg = {
	.name = "dpkg",
	.append_key = dpkg_append_key,
	.compare = dpkg_compare,
};
