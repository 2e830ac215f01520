/*
 * Zip archives as Python's zipfile and other writers make them, and damaged ones.
 */
#include "../test.h"

#include "codec/codec.h"

/* "path=content;" for every member. */
static int list(struct str archive, size_t chunk, uint64_t max, struct buf *out, struct err *err)
{
	struct stream_mem m;
	struct str path;
	char piece[5];
	int r;

	stream_mem_init(&m, span_from_str(archive), chunk);
	_cleanup_(zip_closep) struct zip_reader *z = zip_open(&m.stream, max);
	while ((r = zip_next(z, &path, err)) > 0) {
		ssize_t n;

		buf_printf(out, "%" PRIstr "=", STR_ARG(path));
		while ((n = stream_read(zip_body(z), piece, sizeof(piece), err)) > 0)
			buf_append(out, piece, (size_t)n);
		if (n < 0)
			return (int)n;
		buf_append_char(out, ';');
	}
	return r;
}

/* What every sample holds. */
#define CONTENT "a.json={\"id\": \"A\"};empty=;dir/=;dir/b.json="

static void test_archives_of_several_writers_are_read(void **state UNUSED)
{
	/* Made by zipfile to a file and to a pipe (data descriptors), stored, with ZIP64, and as
	 * Go's writer does. */
	static const char *const names[] = { "zip/file.zip", "zip/pipe.zip", "zip/stored.zip",
		"zip/zip64.zip", "zip/no-signature.zip" };
	static const size_t chunks[] = { 0, 1, 7 };

	for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(chunks); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_buf_ struct buf out = BUF_INIT(MIB);
		size_t n;
		_cleanup_free_ char *archive = test_read_data(names[i / ARRAY_LEN(chunks)], &n);

		assert_ok(list(str_n(archive, n), chunks[i % ARRAY_LEN(chunks)], MIB, &out, &err),
			&err);
		assert_true(str_starts(buf_str(&out), STR(CONTENT "xyzzy xyzzy")));
		assert_true(str_ends(buf_str(&out), STR(" xyzzy;")));
		assert_int_equal(out.n, strlen(CONTENT) + 3000 * 6);
	}
}

static void test_members_that_nobody_reads_are_passed_over(void **state UNUSED)
{
	static const char *const names[] = { "zip/file.zip", "zip/pipe.zip", "zip/stored.zip" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct stream_mem m;
		struct str path;
		size_t n, members = 0;
		int r;
		_cleanup_free_ char *archive = test_read_data(names[i], &n);

		stream_mem_init(&m, span_n(archive, n), 0);
		_cleanup_(zip_closep) struct zip_reader *z = zip_open(&m.stream, MIB);
		while ((r = zip_next(z, &path, &err)) > 0)
			members++;
		assert_ok(r, &err);
		assert_int_equal(members, 4);
	}
}

static void test_archive_cut_anywhere_fails(void **state UNUSED)
{
	static const char *const names[] = { "zip/file.zip", "zip/pipe.zip" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n;
		_cleanup_free_ char *archive = test_read_data(names[i], &n);
		ptrdiff_t directory = str_find(str_n(archive, n), STR("PK\1\2"));

		assert_true(directory > 0);
		for (size_t cut = 0; cut < (size_t)directory + 4; cut++) {
			_cleanup_err_ struct err err = ERR_INIT;
			_cleanup_buf_ struct buf out = BUF_INIT(MIB);

			assert_fails(list(str_n(archive, cut), 0, MIB, &out, &err), &err, ERR_INPUT,
				"zip: truncated");
		}
	}
}

/* Replaces bytes of the sample, and expects a failure. */
static void check_damage(
	size_t at, const char *bytes, size_t n_bytes, enum err_code code, const char *message)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	size_t n;
	_cleanup_free_ char *archive = test_read_data("zip/file.zip", &n);

	memcpy(archive + at, bytes, n_bytes);
	assert_fails(list(str_n(archive, n), 0, MIB, &out, &err), &err, code, message);
}

static void test_damage_is_found(void **state UNUSED)
{
	check_damage(0, "Q", 1, ERR_INPUT, "no zip archive");
	check_damage(6, "\1", 1, ERR_UNSUPPORTED, "encrypted");
	check_damage(8, "\14", 1, ERR_UNSUPPORTED, "compression method 12");
	check_damage(14, "\0\0\0\0", 4, ERR_INPUT, "wrong checksum of a.json");
	check_damage(22, "\1\0\0\0", 4, ERR_INPUT, "a.json has another size than it says");
	check_damage(18, "\3\0\0\0", 4, ERR_INPUT, "data of a.json are too short");
	check_damage(36, "\7", 1, ERR_INPUT, "damaged data of a.json");
}

static void test_archive_beyond_the_limit_is_refused(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	size_t n;
	_cleanup_free_ char *archive = test_read_data("zip/file.zip", &n);

	assert_fails(list(str_n(archive, n), 0, 10000, &out, &err), &err, ERR_TOO_LARGE,
		"more than 10000 bytes");
}

static void test_archive_without_members_is_empty(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);

	assert_ok(
		list(STR("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 0, MIB, &out, &err), &err);
	assert_int_equal(out.n, 0);
}

static void test_member_without_a_name_is_one(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT(MIB);
	static const char archive[] = "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				      "PK\5\6";

	assert_ok(list(str_n(archive, sizeof(archive) - 1), 0, MIB, &out, &err), &err);
	assert_str(buf_str(&out), "=;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_archives_of_several_writers_are_read),
		cmocka_unit_test(test_members_that_nobody_reads_are_passed_over),
		cmocka_unit_test(test_archive_cut_anywhere_fails),
		cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_archive_beyond_the_limit_is_refused),
		cmocka_unit_test(test_archive_without_members_is_empty),
		cmocka_unit_test(test_member_without_a_name_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
