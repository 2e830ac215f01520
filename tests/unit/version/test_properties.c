/*
 * Properties on random strings, made of pieces that each scheme gives a meaning to: keys and
 * reference agree, the order is total and transitive, and what is a version agrees with a grammar
 * written apart. The seed is fixed; CLAIR_TEST_SEED sets another.
 */
#include "check.h"

#include <regex.h>

#include "version/version_priv.h"

enum { POOL = 120, ROUNDS = 40, LONGEST = 64 };

static uint64_t random_state;

static size_t random_below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % n);
}

static int seed(void **state UNUSED)
{
	const char *text = getenv("CLAIR_TEST_SEED");

	random_state = 20261124;
	if (text && !parse_u64(str_of(text), &random_state))
		return -1;
	print_message("CLAIR_TEST_SEED=%" PRIu64 "\n", random_state);
	return 0;
}

/* Ends in NULL. */
static const char *const dpkg_pieces[] = { "0", "1", "9", "00", "10", "99999999999999999999", "a",
	"z", "A", "rc", "~", "~", ".", ".", "+", "-", "-", ":", "1:", "0:", "_", " ", "\xc3\xa9",
	"\x80", "\x7f", "\n", NULL };
static const char *const rpm_pieces[] = { "0", "1", "9", "00", "10", "99999999999999999999", "a",
	"z", "A", "rc", "~", "~", "^", "^", ".", ".", "+", "-", "-", ":", "1:", "0:", "_", " ",
	"\xc3\xa9", NULL };
static const char *const apk_pieces[] = { "0", "1", "9", "00", "10", "18446744073709551616", "a",
	"b", "z", ".", ".0", ".1", ".01", ".10", "_p", "_rc", "_alpha", "_cvs", "_p1", "_p0",
	"_pre2", "~a", "~0f", "~1", "-r0", "-r1", "-r01", "-", "~", "_", "A", " ", NULL };

static size_t piece_count(const char *const *pieces)
{
	size_t n = 0;

	while (pieces[n])
		n++;
	return n;
}

static void random_string(const char *const *pieces, struct buf *out)
{
	size_t count = piece_count(pieces), length = random_below(8);

	buf_clear(out);
	for (size_t i = 0; i < length; i++)
		buf_append_str(out, str_of(pieces[random_below(count)]));
}

/* One piece put in, or one byte or all the rest taken out, so that near neighbours meet. */
static void random_change(const char *const *pieces, struct str from, struct buf *out)
{
	size_t at = random_below(from.n + 1), kind = random_below(4);

	buf_clear(out);
	buf_append_str(out, str_head(from, at));
	if (kind < 2)
		buf_append_str(out, str_of(pieces[random_below(piece_count(pieces))]));
	if (kind < 3)
		buf_append_str(out, str_skip(from, at + (kind == 2)));
}

static void fill_pool(
	const struct version_scheme *s, const char *const *pieces, struct buf pool[static POOL])
{
	for (size_t i = 0; i < POOL;) {
		if (i && random_below(3))
			random_change(pieces, buf_str(&pool[random_below(i)]), &pool[i]);
		else
			random_string(pieces, &pool[i]);
		if (pool[i].n <= LONGEST && version_is_valid(s, buf_str(&pool[i])))
			i++;
	}
}

static const struct version_scheme *sorting;

static int by_reference(const void *a, const void *b)
{
	return sorting->compare(buf_str(a), buf_str(b));
}

/* In the sorted pool every later one has to be the same or above: total and transitive. */
static void check_sorted(const struct version_scheme *s, struct buf pool[static POOL])
{
	sorting = s;
	qsort(pool, POOL, sizeof(pool[0]), by_reference);
	for (size_t i = 0; i < POOL; i++) {
		for (size_t k = i; k < POOL; k++) {
			char order = order_by_reference(s, buf_str(&pool[i]), buf_str(&pool[k]));

			if (order == '>' || (i == k && order != '='))
				fail_msg("%s: the order of \"%s\" and \"%s\" is not transitive",
					s->name, buf_cstr(&pool[i]), buf_cstr(&pool[k]));
			check_order(s, buf_str(&pool[i]), order, buf_str(&pool[k]));
		}
	}
}

static void check_scheme(const struct version_scheme *s, const char *const *pieces)
{
	struct buf pool[POOL];

	for (size_t i = 0; i < POOL; i++)
		buf_init(&pool[i], 4 * LONGEST);
	for (size_t round = 0; round < ROUNDS; round++) {
		fill_pool(s, pieces, pool);
		check_sorted(s, pool);
	}
	for (size_t i = 0; i < POOL; i++)
		buf_fini(&pool[i]);
}

static void test_dpkg_keys_agree_with_the_reference(void **state UNUSED)
{
	check_scheme(&version_dpkg, dpkg_pieces);
}

static void test_rpm_keys_agree_with_the_reference(void **state UNUSED)
{
	check_scheme(&version_rpm, rpm_pieces);
}

static void test_apk_keys_agree_with_the_reference(void **state UNUSED)
{
	check_scheme(&version_apk, apk_pieces);
}

/* Whether v is a version, by an extended regular expression (v has no NUL byte). */
static void check_grammar(
	const struct version_scheme *s, const char *const *pieces, const char *grammar)
{
	_cleanup_buf_ struct buf v = BUF_INIT(4 * LONGEST);
	size_t valid = 0, count = 200000;
	regex_t regex;

	assert_int_equal(regcomp(&regex, grammar, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t i = 0; i < count; i++) {
		random_string(pieces, &v);
		bool expected = regexec(&regex, buf_cstr(&v), 0, NULL, 0) == 0;

		if (version_is_valid(s, buf_str(&v)) != expected)
			fail_msg("%s: \"%s\" should be %s", s->name, buf_cstr(&v),
				expected ? "a version" : "none");
		valid += expected;
	}
	regfree(&regex);
	assert_in_range(valid, count / 50, count - count / 50);
}

static void test_dpkg_validity_agrees_with_a_grammar(void **state UNUSED)
{
	/* Without a colon; or an epoch of at most nine digits, as the pieces make them. */
	check_grammar(&version_dpkg, dpkg_pieces,
		"^[ \t]*("
		"([^ \t:-]+|[^ \t:]+-[^ \t:-]+)"
		"|(\n*([+]?0*[0-9]{1,9}|-0+)):([^ \t-]+|[^ \t]+-[^ \t-]+)"
		")[ \t]*$");
}

static void test_rpm_validity_agrees_with_a_grammar(void **state UNUSED)
{
	/* Three openings: an epoch; digits without a colon behind them, or none. */
	check_grammar(&version_rpm, rpm_pieces,
		"^([0-9]+:([^-]+|.+-[^-]*)"
		"|[0-9]+|[0-9]+-[^-]*|[0-9]*([^0-9:-])([^-]*|.*-[^-]*)"
		"|[0-9]+-.*|-.*-[^-]*)$");
}

static void test_apk_validity_agrees_with_a_grammar(void **state UNUSED)
{
	check_grammar(&version_apk, apk_pieces,
		"^[0-9]+([.][0-9]+)*([a-z][0-9]+([.][0-9]+)*)*[a-z]?"
		"(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(~[0-9a-f]+)?(-r[0-9]+)?$");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dpkg_keys_agree_with_the_reference),
		cmocka_unit_test(test_rpm_keys_agree_with_the_reference),
		cmocka_unit_test(test_apk_keys_agree_with_the_reference),
		cmocka_unit_test(test_dpkg_validity_agrees_with_a_grammar),
		cmocka_unit_test(test_rpm_validity_agrees_with_a_grammar),
		cmocka_unit_test(test_apk_validity_agrees_with_a_grammar),
	};

	return cmocka_run_group_tests(tests, seed, NULL);
}
