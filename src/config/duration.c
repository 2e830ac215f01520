/*
 * Durations as Go writes them, see config_priv.h.
 */
#include "config/config_priv.h"

/* In the order in which they are tried: no unit but "m" is the start of a later one. */
static const struct {
	struct str name;
	int64_t ns;
} units[] = {
	{ STR_INIT("ns"), 1 },
	{ STR_INIT("us"), 1000 },
	{ STR_INIT("\xc2\xb5s"), 1000 }, /* U+00B5, micro */
	{ STR_INIT("\xce\xbcs"), 1000 }, /* U+03BC, mu */
	{ STR_INIT("ms"), 1000000 },
	{ STR_INIT("s"), 1000000000 },
	{ STR_INIT("m"), INT64_C(60) * 1000000000 },
	{ STR_INIT("h"), INT64_C(3600) * 1000000000 },
};

/* A unit ends where the next number begins. */
static bool take_unit(struct str *s, int64_t *ns)
{
	size_t n = 0;

	while (n < s->n && s->p[n] != '.' && !ascii_is_digit(s->p[n]))
		n++;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (!str_eq(str_head(*s, n), units[i].name))
			continue;
		*ns = units[i].ns;
		*s = str_skip(*s, n);
		return true;
	}
	return false;
}

/* Digits off the front; false when the number is too large. */
static bool take_digits(struct str *s, int64_t *value, size_t *count)
{
	*value = 0;
	*count = 0;
	while (*count < s->n && ascii_is_digit(s->p[*count])) {
		if (__builtin_mul_overflow(*value, 10, value) ||
			__builtin_add_overflow(*value, s->p[*count] - '0', value))
			return false;
		(*count)++;
	}
	*s = str_skip(*s, *count);
	return true;
}

/* Digits behind the point, as a part of one; those beyond double's precision change nothing. */
static double take_fraction(struct str *s, size_t *count)
{
	double value = 0, place = 0.1;

	for (*count = 0; *count < s->n && ascii_is_digit(s->p[*count]); (*count)++) {
		value += place * (s->p[*count] - '0');
		place /= 10;
	}
	*s = str_skip(*s, *count);
	return value;
}

/* One number with its unit. */
static bool take_part(struct str *s, int64_t *ns)
{
	int64_t whole, unit;
	size_t before, after = 0;
	double fraction = 0;

	if (!take_digits(s, &whole, &before))
		return false;
	if (str_skip_prefix(s, STR(".")))
		fraction = take_fraction(s, &after);
	if (before + after == 0 || !take_unit(s, &unit))
		return false;
	/* 1.1 h is 66 min, whatever the last bit of the fraction. */
	int64_t part = (int64_t)(fraction * (double)unit + 0.5);
	return !__builtin_mul_overflow(whole, unit, ns) && !__builtin_add_overflow(*ns, part, ns);
}

bool duration_parse(struct str text, int64_t *ns)
{
	struct str s = text;
	bool negative = str_skip_prefix(&s, STR("-"));
	int64_t sum = 0, part;

	if (!negative)
		(void)str_skip_prefix(&s, STR("+"));
	if (str_eq(s, STR("0"))) {
		*ns = 0;
		return true;
	}
	if (s.n == 0)
		return false;
	while (s.n > 0) {
		if (!take_part(&s, &part) || __builtin_add_overflow(sum, part, &sum))
			return false;
	}
	*ns = negative ? -sum : sum;
	return true;
}
