/*
 * apk: number{.number}[letter]{_suffix[number]}[~hash][-rnumber], apk-package(5), as apk-tools 3
 * orders it. Numbers compare by value, modulo 2^64, since apk lets them wrap; but a component other
 * than the first that begins with 0 compares as text and is below any that does not (a decimal
 * fraction, so to say: 1.01 < 1.1). Suffixes: alpha beta pre rc are below nothing, cvs svn git hg p
 * above. What apk-tools 3 refuses but 2 allowed, and old branches contain, is a version too: digits
 * right after the letter ("6.6.2p1"), compared by value, behind which components may go on.
 *
 * Key: the first number, then a class byte for each token, in the order that apk gives to the
 * possible continuations of equal beginnings, and the token's value: a number; the letter; text
 * (hash, component with leading zero) up to 0x00; nothing for a suffix, whose class says it all.
 */
#include "version/version_priv.h"

enum {
	KEY_TEXT_END = 0x00,
	KEY_ALPHA = 0x01,
	KEY_BETA,
	KEY_PRE,
	KEY_RC,
	KEY_END,
	KEY_REVISION,
	KEY_HASH,
	KEY_SUFFIX_NUMBER,
	KEY_CVS,
	KEY_SVN,
	KEY_GIT,
	KEY_HG,
	KEY_P,
	KEY_LETTER,
	KEY_FRACTION,
	KEY_COMPONENT,
};

static const struct {
	struct str name;
	uint8_t class;
} suffixes[] = {
	{ STR_INIT("alpha"), KEY_ALPHA },
	{ STR_INIT("beta"), KEY_BETA },
	{ STR_INIT("pre"), KEY_PRE },
	{ STR_INIT("rc"), KEY_RC },
	{ STR_INIT("cvs"), KEY_CVS },
	{ STR_INIT("svn"), KEY_SVN },
	{ STR_INIT("git"), KEY_GIT },
	{ STR_INIT("hg"), KEY_HG },
	{ STR_INIT("p"), KEY_P },
};

/* 0 for what is no suffix. */
static uint8_t suffix_class(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (str_eq(suffixes[i].name, name))
			return suffixes[i].class;
	}
	return 0;
}

static struct str take_lower(struct str *s)
{
	size_t n = 0;

	while (n < s->n && ascii_is_lower(s->p[n]))
		n++;
	struct str word = str_head(*s, n);
	*s = str_skip(*s, n);
	return word;
}

static struct str take_hash(struct str *s)
{
	size_t n = 0;

	while (n < s->n && (ascii_is_digit(s->p[n]) || (s->p[n] >= 'a' && s->p[n] <= 'f')))
		n++;
	struct str hash = str_head(*s, n);
	*s = str_skip(*s, n);
	return hash;
}

static void append_text(struct buf *key, uint8_t class, struct str text)
{
	buf_append_u8(key, class);
	buf_append_str(key, text);
	buf_append_u8(key, KEY_TEXT_END);
}

static uint64_t wrapped_value(struct str digits)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.n; i++)
		value = value * 10 + (uint64_t)(digits.p[i] - '0');
	return value;
}

/* As many digits always fit into 64 bits. */
enum { NEVER_WRAPS = 19 };

static void append_number(struct buf *key, struct str digits)
{
	char text[sizeof("18446744073709551615")];

	if (digits.n > NEVER_WRAPS) {
		(void)snprintf(text, sizeof(text), "%" PRIu64, wrapped_value(digits));
		digits = str_of(text);
	}
	version_append_number(key, digits);
}

static void append_classed_number(struct buf *key, uint8_t class, struct str digits)
{
	buf_append_u8(key, class);
	append_number(key, digits);
}

/* {.number}[letter], and again after digits that follow the letter. */
static int append_components(struct buf *key, struct str *rest, struct err *err)
{
	for (;;) {
		while (str_skip_prefix(rest, STR("."))) {
			struct str digits = version_take_digits(rest);

			if (digits.n == 0)
				return err_set(err, ERR_INPUT, "no number follows a dot");
			if (digits.p[0] == '0')
				append_text(key, KEY_FRACTION, digits);
			else
				append_classed_number(key, KEY_COMPONENT, digits);
		}
		if (rest->n == 0 || !ascii_is_lower(rest->p[0]))
			return 0;
		buf_append_u8(key, KEY_LETTER);
		buf_append_char(key, rest->p[0]);
		*rest = str_skip(*rest, 1);
		struct str digits = version_take_digits(rest);
		if (digits.n == 0)
			return 0;
		append_classed_number(key, KEY_COMPONENT, digits);
	}
}

static int append_suffixes(struct buf *key, struct str *rest, struct err *err)
{
	while (str_skip_prefix(rest, STR("_"))) {
		struct str name = take_lower(rest);
		uint8_t class = suffix_class(name);

		if (!class)
			return err_set(err, ERR_INPUT, "\"_%" PRIstr "\" is no suffix",
				STR_ARG(str_head(name, 32)));
		buf_append_u8(key, class);
		struct str digits = version_take_digits(rest);
		if (digits.n)
			append_classed_number(key, KEY_SUFFIX_NUMBER, digits);
	}
	return 0;
}

static int append_hash_and_revision(struct buf *key, struct str *rest, struct err *err)
{
	if (str_skip_prefix(rest, STR("~"))) {
		struct str hash = take_hash(rest);

		if (hash.n == 0)
			return err_set(err, ERR_INPUT, "no hash follows the tilde");
		append_text(key, KEY_HASH, hash);
	}
	if (str_skip_prefix(rest, STR("-r"))) {
		struct str digits = version_take_digits(rest);

		if (digits.n == 0)
			return err_set(err, ERR_INPUT, "the revision has no number");
		append_classed_number(key, KEY_REVISION, digits);
	}
	return 0;
}

static int apk_append_key(struct str v, struct buf *key, struct err *err)
{
	struct str rest = v;
	struct str first = version_take_digits(&rest);

	if (first.n == 0)
		return err_set(err, ERR_INPUT, "it does not begin with a digit");
	append_number(key, first);
	int r = append_components(key, &rest, err);
	if (r >= 0)
		r = append_suffixes(key, &rest, err);
	if (r >= 0)
		r = append_hash_and_revision(key, &rest, err);
	if (r < 0)
		return r;
	if (rest.n)
		return err_set(err, ERR_INPUT, "byte %zu does not belong there", v.n - rest.n + 1);
	buf_append_u8(key, KEY_END);
	return 0;
}

/*
 * The reference: tokens of both sides in step. The kinds stand in the order in which they sort when
 * two versions differ in kind; the suffixes below nothing are a kind apart from those above.
 */
enum token_kind {
	TOKEN_SUFFIX_BELOW,
	TOKEN_END,
	TOKEN_REVISION,
	TOKEN_HASH,
	TOKEN_SUFFIX_NUMBER,
	TOKEN_SUFFIX_ABOVE,
	TOKEN_LETTER,
	TOKEN_LETTER_NUMBER,
	TOKEN_COMPONENT,
	TOKEN_FIRST,
};

struct token {
	enum token_kind kind;
	struct str text; /* without the punctuation in front */
};

static struct token suffix_token(struct str *rest)
{
	struct str name = take_lower(rest);
	bool below = str_eq(name, STR("alpha")) || str_eq(name, STR("beta")) ||
		     str_eq(name, STR("pre")) || str_eq(name, STR("rc"));

	return (struct token){ below ? TOKEN_SUFFIX_BELOW : TOKEN_SUFFIX_ABOVE, name };
}

static struct token number_token(enum token_kind before, struct str *rest)
{
	enum token_kind kind = before == TOKEN_LETTER ? TOKEN_LETTER_NUMBER : TOKEN_SUFFIX_NUMBER;

	return (struct token){ kind, version_take_digits(rest) };
}

static struct token next_token(enum token_kind before, struct str *rest)
{
	struct str letter = str_head(*rest, 1);

	if (rest->n && ascii_is_digit(rest->p[0]))
		return number_token(before, rest);
	if (rest->n && ascii_is_lower(rest->p[0])) {
		*rest = str_skip(*rest, 1);
		return (struct token){ TOKEN_LETTER, letter };
	}
	if (str_skip_prefix(rest, STR(".")))
		return (struct token){ TOKEN_COMPONENT, version_take_digits(rest) };
	if (str_skip_prefix(rest, STR("_")))
		return suffix_token(rest);
	if (str_skip_prefix(rest, STR("~")))
		return (struct token){ TOKEN_HASH, take_hash(rest) };
	if (str_skip_prefix(rest, STR("-r")))
		return (struct token){ TOKEN_REVISION, version_take_digits(rest) };
	return (struct token){ TOKEN_END, STR_NULL };
}

static int suffix_rank(struct str name)
{
	int i = 0;

	while (i < (int)ARRAY_LEN(suffixes) && !str_eq(suffixes[i].name, name))
		i++;
	return i;
}

static int compare_values(struct str a, struct str b)
{
	uint64_t left = wrapped_value(a), right = wrapped_value(b);

	return (left > right) - (left < right);
}

static int compare_tokens(struct token a, struct token b)
{
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	switch (a.kind) {
	case TOKEN_SUFFIX_BELOW:
	case TOKEN_SUFFIX_ABOVE:
		return suffix_rank(a.text) - suffix_rank(b.text);
	case TOKEN_COMPONENT:
		if (str_starts(a.text, STR("0")) || str_starts(b.text, STR("0")))
			return str_cmp(a.text, b.text);
		return compare_values(a.text, b.text);
	case TOKEN_END:
	case TOKEN_HASH:
	case TOKEN_LETTER:
		return str_cmp(a.text, b.text);
	default:
		return compare_values(a.text, b.text);
	}
}

static int apk_compare(struct str a, struct str b)
{
	struct token left = { TOKEN_FIRST, version_take_digits(&a) };
	struct token right = { TOKEN_FIRST, version_take_digits(&b) };
	int order = compare_tokens(left, right);

	while (!order && left.kind != TOKEN_END) {
		left = next_token(left.kind, &a);
		right = next_token(right.kind, &b);
		order = compare_tokens(left, right);
	}
	return order;
}

const struct version_scheme version_apk = {
	.name = "apk",
	.append_key = apk_append_key,
	.compare = apk_compare,
};
