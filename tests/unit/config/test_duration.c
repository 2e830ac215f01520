/*
 * Durations: what Go's time.ParseDuration takes (its own test table among it), and what it does
 * not.
 */
#include "../test.h"

#include "config/config_priv.h"

#define NS INT64_C(1)
#define US (1000 * NS)
#define MS (1000 * US)
#define S  (1000 * MS)
#define M  (60 * S)
#define H  (60 * M)

static void test_durations_are_read_as_go_reads_them(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{ "0", 0 },
		{ "+0", 0 },
		{ "-0", 0 },
		{ "0s", 0 },
		{ "5s", 5 * S },
		{ "30s", 30 * S },
		{ "900s", 900 * S },
		{ "1478s", 1478 * S },
		{ "-5s", -5 * S },
		{ "+5s", 5 * S },
		{ "5.0s", 5 * S },
		{ "5.6s", 5 * S + 600 * MS },
		{ "5.s", 5 * S },
		{ ".5s", 500 * MS },
		{ "1.0s", 1 * S },
		{ "1.004s", 1 * S + 4 * MS },
		{ "1.0040s", 1 * S + 4 * MS },
		{ "100.00100s", 100 * S + 1 * MS },
		{ "10ns", 10 * NS },
		{ "11us", 11 * US },
		{ "12\xc2\xb5s", 12 * US },
		{ "12\xce\xbcs", 12 * US },
		{ "13ms", 13 * MS },
		{ "14s", 14 * S },
		{ "15m", 15 * M },
		{ "16h", 16 * H },
		{ "3h30m", 3 * H + 30 * M },
		{ "1h30m", 90 * M },
		{ "10.5s4m", 4 * M + 10 * S + 500 * MS },
		{ "-2m3.4s", -(2 * M + 3 * S + 400 * MS) },
		{ "1h2m3s4ms5us6ns", 1 * H + 2 * M + 3 * S + 4 * MS + 5 * US + 6 * NS },
		{ "39h9m14.425s", 39 * H + 9 * M + 14 * S + 425 * MS },
		{ "52763797000ns", 52763797000 * NS },
		{ "0.3333333333333333333h", 20 * M },
		{ "1.1h", 66 * M },
		{ "9223372036854775807ns", INT64_MAX },
		{ "-9223372036854775807ns", -INT64_MAX },
		{ "9223372036.854775807s", INT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ns = 1;

		if (!duration_parse(str_of(cases[i].text), &ns))
			fail_msg("\"%s\" was refused", cases[i].text);
		if (ns != cases[i].ns)
			fail_msg("%s: %" PRId64 " instead of %" PRId64, cases[i].text, ns,
				cases[i].ns);
	}
}

static void test_what_go_refuses_is_refused(void **state UNUSED)
{
	static const char *const texts[] = { "", "3", "-", "+", "s", ".", "-.", ".s", "+.s", "1d",
		"1w", "1 s", " 1s", "1s ", "1S", "1H", "1h 30m", "--1s", "+-1s", "1s-", "-1s-1s",
		"1.1.1s", "1,5s", "x1s", "1sec", "5m5", "00", "0x1s", "1\xc2s",
		"9223372036854775808ns", "9223372036854775807us", "9223372036.854775808s",
		"3000000h", "2562047h48m", "99999999999999999999s" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int64_t ns = 77;

		if (duration_parse(str_of(texts[i]), &ns))
			fail_msg("\"%s\" was taken for %" PRId64, texts[i], ns);
		assert_int_equal(ns, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations_are_read_as_go_reads_them),
		cmocka_unit_test(test_what_go_refuses_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
