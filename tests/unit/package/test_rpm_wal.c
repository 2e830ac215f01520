/*
 * SQLite's write-ahead log, as SQLite wrote it and as a crash leaves it. The .states.tsv beside a
 * log tells what SQLite had committed when the log had so many bytes.
 */
#include "rpm_test.h"

/* Steps that meet every part of a frame in what is valid; wide ones in what follows. */
static size_t step_at(size_t n)
{
	return n < 9000 ? 5 : 101;
}

static const char *const samples[] = { "wal", "wal-fresh" };

struct sample {
	struct span main, log, states;
};

static struct sample read_sample(const char *name)
{
	char path[64];
	struct sample s;

	(void)snprintf(path, sizeof(path), "%s.sqlite", name);
	s.main = read_database(path);
	(void)snprintf(path, sizeof(path), "%s.sqlite-wal", name);
	s.log = read_database(path);
	(void)snprintf(path, sizeof(path), "%s.states.tsv", name);
	s.states = read_database(path);
	return s;
}

static void free_sample(struct sample s)
{
	free_database(s.main);
	free_database(s.log);
	free_database(s.states);
}

static struct str without_keys(struct arena *a, struct str names)
{
	struct buf out = BUF_INIT(KIB);
	struct str name;

	while (names.n) {
		(void)str_cut(names, ',', &name, &names);
		if (str_eq(name, STR("gpg-pubkey")))
			continue;
		if (out.n)
			buf_append_char(&out, ',');
		buf_append_str(&out, name);
	}
	struct str result = arena_str(a, buf_str(&out));
	buf_fini(&out);
	return result;
}

/* The names when the first n bytes of the log are there; false when not even the table is. */
static bool state_after(struct arena *a, struct span states, size_t n, struct str *names)
{
	struct str rest = str_from_span(states), line, bytes, listed;
	bool found = false;

	while (str_next_line(&rest, &line)) {
		uint32_t from;
		assert_true(str_cut(line, '\t', &bytes, &listed));
		assert_true(parse_u32(bytes, &from));
		if (from > n)
			break;
		*names = without_keys(a, listed);
		found = true;
	}
	return found;
}

static void assert_state(struct parsed *p, bool there, struct str names, const char *what, size_t n)
{
	if (there && p->result < 0)
		fail_msg("%s %zu: %s", what, n, err_msg(&p->err));
	if (there)
		assert_str(names, parsed_names(p));
	else
		assert_fails(p->result, &p->err, ERR_INPUT, "no such table");
}

static void test_log_counts_up_to_its_last_commit(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct sample s = read_sample(samples[i]);
		for (size_t n = 0; n <= s.log.n; n += step_at(n)) {
			struct str names = STR_NULL;
			uint8_t *cut = xmalloc(n + (n == 0));
			memcpy(cut, s.log.p, n);
			struct parsed p = parse(&package_rpm_sqlite, s.main, span_n(cut, n));
			bool there = state_after(&p.arena, s.states, n, &names);
			assert_state(&p, there, names, "cut at", n);
			parsed_free(&p);
			free(cut);
		}
		free_sample(s);
	}
}

/* Damage anywhere ends the log at the commit before: checksums cover every byte. */
static void test_damaged_log_ends_before_the_damage(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct sample s = read_sample(samples[i]);
		for (size_t at = 0; at < s.log.n; at += step_at(at)) {
			uint8_t *log = (uint8_t *)(uintptr_t)s.log.p;
			struct str names = STR_NULL;
			log[at] ^= 0x40;
			struct parsed p = parse(&package_rpm_sqlite, s.main, s.log);
			bool there = state_after(&p.arena, s.states, at, &names);
			assert_state(&p, there, names, "damage at", at);
			parsed_free(&p);
			log[at] ^= 0x40;
		}
		free_sample(s);
	}
}

/* Every length of the log, and never past its end: the copy has just that length. */
static void test_log_may_end_anywhere(void **state UNUSED)
{
	struct sample s = read_sample("wal-fresh");
	uint32_t pages = 0;

	for (size_t n = 0; n <= s.log.n; n++) {
		uint8_t *cut = xmalloc(n + (n == 0));
		struct err err = ERR_INIT;
		struct rpm_wal wal;

		memcpy(cut, s.log.p, n);
		assert_ok(rpm_wal_open(&wal, span_n(cut, n), s.main.n, &err), &err);
		assert_true(wal.page_count >= pages);
		pages = wal.page_count;
		rpm_wal_close(&wal);
		free(cut);
	}
	assert_true(pages > 1);
	free_sample(s);
}

static void test_pages_come_from_the_last_committed_frame(void **state UNUSED)
{
	struct sample s = read_sample("wal");
	struct err err = ERR_INIT;
	struct rpm_wal wal;

	assert_ok(rpm_wal_open(&wal, s.log, s.main.n, &err), &err);
	assert_int_equal(wal.page_size, 512);
	assert_in_range(wal.page_count, 1, s.main.n / 512 + s.log.n / 536);
	assert_null(rpm_wal_page(&wal, 0));
	assert_null(rpm_wal_page(&wal, wal.page_count + 1));
	assert_null(rpm_wal_page(&wal, UINT32_MAX));
	for (uint32_t page = 1; page <= wal.page_count; page++) {
		const uint8_t *p = rpm_wal_page(&wal, page);
		if (p) {
			assert_int_equal(get_be32(p - 24), page);
			assert_true(p + 512 <= s.log.p + s.log.n);
		}
	}
	rpm_wal_close(&wal);
	free_sample(s);
}

static void test_what_is_no_log_is_ignored(void **state UNUSED)
{
	static const char zeros[4096];
	struct sample s = read_sample("wal");
	struct parsed p = parse(&package_rpm_sqlite, s.main, span_n(zeros, sizeof(zeros)));

	assert_ok(p.result, &p.err);
	assert_string_equal(parsed_names(&p), "alpha,beta");
	parsed_free(&p);
	free_sample(s);
}

static void checksum(const uint8_t *p, size_t n, uint32_t sum[2])
{
	for (size_t i = 0; i < n; i += 8) {
		sum[0] += get_be32(p + i) + sum[1];
		sum[1] += get_be32(p + i + 4) + sum[0];
	}
}

/* A log whose one frame commits a database of `pages` pages; big-endian checksums. */
static void make_log(uint8_t log[32 + 24 + 512], uint32_t page, uint32_t pages)
{
	uint32_t sum[2] = { 0, 0 };

	memset(log, 0, 32 + 24 + 512);
	put_be32(log, 0x377f0683);
	put_be32(log + 4, 3007000);
	put_be32(log + 8, 512);
	checksum(log, 24, sum);
	put_be32(log + 24, sum[0]);
	put_be32(log + 28, sum[1]);
	put_be32(log + 32, page);
	put_be32(log + 36, pages);
	checksum(log + 32, 8, sum);
	checksum(log + 56, 512, sum);
	put_be32(log + 48, sum[0]);
	put_be32(log + 52, sum[1]);
}

static void test_both_byte_orders_of_checksums_are_known(void **state UNUSED)
{
	uint8_t log[32 + 24 + 512];
	struct err err = ERR_INIT;
	struct rpm_wal wal;

	make_log(log, 3, 7);
	assert_ok(rpm_wal_open(&wal, span_n(log, sizeof(log)), 3072, &err), &err);
	assert_int_equal(wal.page_count, 7);
	assert_ptr_equal(rpm_wal_page(&wal, 3), log + 56);
	assert_null(rpm_wal_page(&wal, 2));
	rpm_wal_close(&wal);
}

static void test_pages_that_exist_nowhere_are_damage(void **state UNUSED)
{
	static const uint32_t counts[] = { 8, UINT32_MAX };
	uint8_t log[32 + 24 + 512];
	struct err err = ERR_INIT;
	struct rpm_wal wal;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		make_log(log, 3, counts[i]);
		assert_fails(rpm_wal_open(&wal, span_n(log, sizeof(log)), 3072, &err), &err,
			ERR_INPUT, "pages out of 6 in the file and 1 in the log");
		rpm_wal_close(&wal);
	}
}

static void test_log_of_other_page_size_is_refused(void **state UNUSED)
{
	uint8_t log[32 + 24 + 512];
	struct span main = read_database("fedora35.sqlite");

	make_log(log, 3, (uint32_t)(main.n / 512));
	struct parsed p = parse(&package_rpm_sqlite, main, span_n(log, sizeof(log)));
	assert_fails(p.result, &p.err, ERR_INPUT,
		"pages of 4096 bytes, but of 512 in the write-ahead log");
	parsed_free(&p);
	free_database(main);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_counts_up_to_its_last_commit),
		cmocka_unit_test(test_damaged_log_ends_before_the_damage),
		cmocka_unit_test(test_log_may_end_anywhere),
		cmocka_unit_test(test_pages_come_from_the_last_committed_frame),
		cmocka_unit_test(test_what_is_no_log_is_ignored),
		cmocka_unit_test(test_both_byte_orders_of_checksums_are_known),
		cmocka_unit_test(test_pages_that_exist_nowhere_are_damage),
		cmocka_unit_test(test_log_of_other_page_size_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
