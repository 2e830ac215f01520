/*
 * What a plain scalar of YAML is, decided as by gopkg.in/yaml.v2 at cd8b52f (2017), which the
 * original reads its files with: the words of YAML 1.1, Go's integers with prefixes, underscores
 * anywhere, no numbers of base 60.
 */
#include "config/config_priv.h"

/* Longer things are no numbers; 64 binary digits with sign and prefix are. */
enum { NUMBER_MAX = 96 };

static bool is_one_of(struct str s, const char *words)
{
	struct str rest = str_of(words), word;

	while (str_next_word(&rest, &word)) {
		if (str_eq(s, word))
			return true;
	}
	return false;
}

bool scalar_bool(struct str plain)
{
	return is_one_of(plain, "y Y yes Yes YES true True TRUE on On ON");
}

static bool is_false(struct str plain)
{
	return is_one_of(plain, "n N no No NO false False FALSE off Off OFF");
}

static bool is_null(struct str plain)
{
	return plain.n == 0 || is_one_of(plain, "~ null Null NULL");
}

static bool is_special_float(struct str plain)
{
	return is_one_of(
		plain, ".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF");
}

/* Takes digits off the front; how many there were. */
static size_t skip_digits(struct str *s)
{
	size_t n = 0;

	while (n < s->n && ascii_is_digit(s->p[n]))
		n++;
	*s = str_skip(*s, n);
	return n;
}

static bool skip_sign(struct str *s)
{
	if (s->n == 0 || (s->p[0] != '+' && s->p[0] != '-'))
		return false;
	*s = str_skip(*s, 1);
	return true;
}

/* [-+]?[0-9]*\.?[0-9]+([eE][-+][0-9]+)? */
static bool is_float(struct str s)
{
	(void)skip_sign(&s);
	size_t digits = skip_digits(&s);
	if (str_skip_prefix(&s, STR(".")))
		digits = skip_digits(&s);
	if (digits == 0)
		return false;
	if (s.n == 0)
		return true;
	s.p++;
	s.n--;
	return (s.p[-1] == 'e' || s.p[-1] == 'E') && skip_sign(&s) && skip_digits(&s) > 0 &&
	       s.n == 0;
}

static struct str without_underscores(struct str s, char out[static NUMBER_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_')
			continue;
		if (n == NUMBER_MAX)
			return STR_NULL;
		out[n++] = s.p[i];
	}
	return str_n(out, n);
}

static unsigned digit_value(char c)
{
	if (ascii_is_digit(c))
		return (unsigned)(c - '0');
	c = ascii_to_lower(c);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Go's ParseInt with base 0, and "0b" as yaml.v2 adds it (in lower case only). */
static bool parse_magnitude(struct str s, uint64_t *out)
{
	unsigned base = 10;
	uint64_t v = 0;

	if (str_skip_prefix(&s, STR("0x")) || str_skip_prefix(&s, STR("0X")))
		base = 16;
	else if (str_skip_prefix(&s, STR("0b")))
		base = 2;
	else if (s.n > 1 && str_skip_prefix(&s, STR("0")))
		base = 8;
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = digit_value(s.p[i]);

		if (digit >= base || __builtin_mul_overflow(v, base, &v) ||
			__builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return true;
}

static bool parse_integer(struct str plain, uint64_t *magnitude, bool *negative)
{
	char digits[NUMBER_MAX];

	/* An underscore in front makes it text. */
	if (plain.n == 0 || !(ascii_is_digit(plain.p[0]) || plain.p[0] == '+' || plain.p[0] == '-'))
		return false;
	struct str s = without_underscores(plain, digits);
	*negative = str_starts(s, STR("-"));
	(void)skip_sign(&s);
	if (!parse_magnitude(s, magnitude))
		return false;
	return !*negative || *magnitude <= (uint64_t)INT64_MAX + 1;
}

static bool is_number(struct str plain)
{
	char digits[NUMBER_MAX];
	uint64_t magnitude;
	bool negative;

	if (is_special_float(plain) || parse_integer(plain, &magnitude, &negative))
		return true;
	if (plain.n == 0 || plain.p[0] == '_')
		return false;
	return is_float(without_underscores(plain, digits));
}

enum node_kind scalar_kind(struct str plain)
{
	if (is_null(plain))
		return NODE_NULL;
	if (scalar_bool(plain) || is_false(plain))
		return NODE_BOOL;
	return is_number(plain) ? NODE_NUMBER : NODE_TEXT;
}

bool scalar_u64(struct str plain, uint64_t *out)
{
	uint64_t magnitude;
	bool negative;

	if (!parse_integer(plain, &magnitude, &negative) || (negative && magnitude > 0))
		return false;
	*out = magnitude;
	return true;
}
