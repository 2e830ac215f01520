/*
 * Checks that the tests of all schemes share: an order has to hold by keys and by the reference
 * comparator, both ways round.
 */
#ifndef TESTS_UNIT_VERSION_CHECK_H
#define TESTS_UNIT_VERSION_CHECK_H

#include "../test.h"

#include "version/version.h"

static inline char order_char(int order)
{
	return order < 0 ? '<' : order > 0 ? '>' : '=';
}

/* '<', '=', '>' by keys; '?' when either is no version. */
static inline char order_by_key(const struct version_scheme *s, struct str a, struct str b)
{
	int order;

	if (version_compare(s, a, b, &order, NULL) < 0)
		return '?';
	return order_char(order);
}

static inline char order_by_reference(const struct version_scheme *s, struct str a, struct str b)
{
	return order_char(s->compare(a, b));
}

static inline char reversed(char order)
{
	return order == '<' ? '>' : order == '>' ? '<' : order;
}

static inline void check_order(
	const struct version_scheme *s, struct str a, char expected, struct str b)
{
	const char got[] = { order_by_key(s, a, b), order_by_reference(s, a, b),
		reversed(order_by_key(s, b, a)), reversed(order_by_reference(s, b, a)) };

	for (size_t i = 0; i < sizeof(got); i++) {
		if (got[i] != expected)
			fail_msg("%s: \"%" PRIstr "\" %c \"%" PRIstr "\" expected, got %c from %s",
				s->name, STR_ARG(a), expected, STR_ARG(b), got[i],
				i % 2 ? "the reference" : "the keys");
	}
}

/* Versions that all are equal, or each below the next. NULL ends the list. */
static inline void check_list(const struct version_scheme *s, char order, const char *const *list)
{
	for (size_t i = 0; list[i]; i++) {
		for (size_t k = i; list[k]; k++)
			check_order(s, str_of(list[i]), k == i ? '=' : order, str_of(list[k]));
	}
}

static inline void check_invalid(const struct version_scheme *s, struct str v, const char *why)
{
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_err_ struct err err = ERR_INIT;

	assert_false(version_is_valid(s, v));
	assert_fails(version_key(s, v, &key, &err), &err, ERR_INPUT, why);
}

static inline void check_valid(const struct version_scheme *s, struct str v)
{
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(version_key(s, v, &key, &err), &err);
	assert_true(version_is_valid(s, v));
}

#endif
