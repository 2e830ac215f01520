/*
 * codec/tar.h against what Python's tarfile found in the same archives (the .list files beside
 * them), whole, in pieces, with skipping and cut short, and against headers that lie.
 */
#include "../test.h"

#include "codec/digest.h"
#include "codec/tar.h"

/* A stream over memory that can skip, and counts what was read. */
struct skipping_stream {
	struct stream stream;
	struct span left;
	size_t bytes_read;
};

static ssize_t skipping_read(struct stream *s, void *p, size_t n, struct err *err UNUSED)
{
	struct skipping_stream *m = (struct skipping_stream *)s;

	n = min_size(n, m->left.n);
	if (n)
		memcpy(p, m->left.p, n);
	m->left = span_n(m->left.p + n, m->left.n - n);
	m->bytes_read += n;
	return (ssize_t)n;
}

static int skipping_skip(struct stream *s, uint64_t n, struct err *err)
{
	struct skipping_stream *m = (struct skipping_stream *)s;

	if (n > m->left.n)
		return err_set(err, ERR_INPUT, "the stream ends too early");
	m->left = span_n(m->left.p + n, m->left.n - n);
	return 0;
}

static struct skipping_stream skipping_stream(struct span content)
{
	return (struct skipping_stream){ .stream = { .read = skipping_read, .skip = skipping_skip },
		.left = content };
}

static ssize_t failing_read(
	struct stream *s UNUSED, void *p UNUSED, size_t n UNUSED, struct err *err)
{
	return err_set(err, ERR_UPSTREAM, "the line is dead");
}

static const char *const fixtures[] = { "v7", "ustar", "gnu", "pax", "sparse-gnu", "sparse-pax-0.0",
	"sparse-pax-0.1", "sparse-pax-1.0", "without-end" };

static const char *const type_names[] = {
	[TAR_FILE] = "file",
	[TAR_DIR] = "dir",
	[TAR_SYMLINK] = "symlink",
	[TAR_HARDLINK] = "hardlink",
	[TAR_OTHER] = "other",
};

static struct span read_fixture(const char *name, const char *suffix)
{
	_cleanup_free_ char *path = NULL;
	size_t n;

	assert_true(asprintf(&path, "codec/%s%s", name, suffix) > 0);
	char *p = test_read_data(path, &n);

	return span_n(p, n);
}

/* One line of a .list for an entry; with_body: the body is read, else its digest is left out. */
static void describe(
	struct buf *out, const struct tar_entry *e, struct tar_reader *t, bool with_body)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf body = BUF_INIT(4 * MIB);
	char text[DIGEST_TEXT_SIZE] = "sha256:-";
	struct str path = e->path;

	if (with_body) {
		if (e->type == TAR_FILE)
			assert_ok(tar_read_body(t, &body, &err), &err);
		struct digest d = digest_of(buf_span(&body));

		digest_format(&d, text);
		assert_int_equal(body.n, e->type == TAR_FILE ? e->size : 0);
	}
	if (e->type == TAR_DIR && str_ends(path, STR("/")))
		path.n--;
	buf_printf(out, "%s\t%" PRIu64 "\t%" PRId64 "\t%s\t", type_names[e->type], e->size,
		(int64_t)e->offset, text + strlen("sha256:"));
	buf_append_str(out, path);
	buf_append_char(out, '\t');
	buf_append_str(out, e->link);
	buf_append_char(out, '\n');
}

/* The .list of an archive as this reader sees it; the result of the last call. */
static int list(struct stream *s, struct buf *out, bool with_body, struct err *err)
{
	_cleanup_(tar_closep) struct tar_reader *t = tar_open(s);
	struct tar_entry e;
	int r;

	while ((r = tar_next(t, &e, err)) > 0)
		describe(out, &e, t, with_body);
	return r;
}

static void assert_listed(struct stream *s, struct span expected)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);

	assert_ok(list(s, &got, true, &err), &err);
	assert_str(buf_str(&got), (const char *)expected.p);
}

static void finds_what_python_finds(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		struct span tar = read_fixture(fixtures[i], ".tar");
		struct span expected = read_fixture(fixtures[i], ".list");
		struct stream_mem whole, dribble;
		struct skipping_stream skipping = skipping_stream(tar);

		stream_mem_init(&whole, tar, 0);
		assert_listed(&whole.stream, expected);
		stream_mem_init(&dribble, tar, 1);
		assert_listed(&dribble.stream, expected);
		assert_listed(&skipping.stream, expected);
		free((void *)(uintptr_t)tar.p);
		free((void *)(uintptr_t)expected.p);
	}
}

static void offsets_point_at_the_bodies(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		struct span tar = read_fixture(fixtures[i], ".tar");
		struct skipping_stream in = skipping_stream(tar);
		_cleanup_(tar_closep) struct tar_reader *t = tar_open(&in.stream);
		struct tar_entry e;

		while (tar_next(t, &e, &err) > 0) {
			_cleanup_buf_ struct buf body = BUF_INIT(4 * MIB);

			if (e.offset == UINT64_MAX || e.type != TAR_FILE)
				continue;
			assert_ok(tar_read_body(t, &body, &err), &err);
			assert_true(e.offset + e.size <= tar.n);
			if (e.size)
				assert_memory_equal(body.p, tar.p + e.offset, e.size);
		}
		free((void *)(uintptr_t)tar.p);
	}
}

static void finds_the_same_without_reading_bodies(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_buf_ struct buf read = BUF_INIT(MIB);
		_cleanup_buf_ struct buf skipped = BUF_INIT(MIB);
		struct span tar = read_fixture(fixtures[i], ".tar");
		struct skipping_stream skipping = skipping_stream(tar);
		struct stream_mem dribble;

		stream_mem_init(&dribble, tar, 1);
		assert_ok(list(&dribble.stream, &read, false, &err), &err);
		assert_ok(list(&skipping.stream, &skipped, false, &err), &err);
		assert_str(buf_str(&read), buf_cstr(&skipped));
		assert_true(read.n > 0);
		free((void *)(uintptr_t)tar.p);
	}
}

/* The entries of an archive that was cut are the first ones of the whole archive. */
static void assert_prefix(struct span tar, size_t cut, struct str whole)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);
	struct stream_mem in;

	stream_mem_init(&in, span_n(tar.p, cut), 0);
	int r = list(&in.stream, &got, false, &err);

	if (!str_starts(whole, buf_str(&got)))
		fail_msg("cut at %zu: other entries", cut);
	if (r < 0 && err.code != ERR_INPUT)
		fail_msg("cut at %zu: %s", cut, err_msg(&err));
	/* What is accepted ends between two blocks, and nothing of the last body is missing. */
	if (r == 0 && cut % 512 != 0 && cut < tar.n - 1024)
		fail_msg("cut at %zu: accepted", cut);
}

static void is_consistent_when_cut_at_any_offset(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_buf_ struct buf whole = BUF_INIT(MIB);
		struct span tar = read_fixture(fixtures[i], ".tar");
		size_t step = tar.n < 16384 ? 1 : 37;
		struct stream_mem in;

		stream_mem_init(&in, tar, 0);
		assert_ok(list(&in.stream, &whole, false, &err), &err);
		for (size_t cut = 0; cut < tar.n; cut += step)
			assert_prefix(tar, cut, buf_str(&whole));
		free((void *)(uintptr_t)tar.p);
	}
}

static void reports_a_body_that_is_cut(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct span tar = read_fixture("v7", ".tar");

	/* dir/file has its body of 800 bytes at 1024. */
	for (size_t cut = 1024; cut < 1024 + 800; cut++) {
		_cleanup_buf_ struct buf got = BUF_INIT(MIB);
		struct stream_mem in;
		struct skipping_stream skipping = skipping_stream(span_n(tar.p, cut));

		stream_mem_init(&in, span_n(tar.p, cut), 0);
		assert_fails(list(&in.stream, &got, false, &err), &err, ERR_INPUT, "tar: ");
		assert_fails(list(&skipping.stream, &got, false, &err), &err, ERR_INPUT, "");
	}
	free((void *)(uintptr_t)tar.p);
}

/* An archive under construction. */
struct builder {
	uint8_t bytes[256 * 1024];
	size_t n;
};

static void seal(uint8_t *h)
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += h[i];
	(void)snprintf((char *)h + 148, 8, "%06o", sum);
}

static uint8_t *add_header(struct builder *b, const char *name, char type, uint64_t size)
{
	uint8_t *h = b->bytes + b->n;

	assert_true(b->n + 512 <= sizeof(b->bytes));
	memset(h, 0, 512);
	(void)snprintf((char *)h, 100, "%s", name);
	memcpy(h + 100,
		"0000644\0"
		"0000000\0"
		"0000000\0",
		24);
	assert_true(size < (1ULL << 33));
	(void)snprintf((char *)h + 124, 12, "%011" PRIo64, size & 077777777777);
	memcpy(h + 136, "00000000000", 12);
	h[156] = (uint8_t)type;
	memcpy(h + 257,
		"ustar\0"
		"00",
		8);
	seal(h);
	b->n += 512;
	return h;
}

static void add_body(struct builder *b, const void *p, size_t n)
{
	size_t padded = (n + 511) / 512 * 512;

	assert_true(b->n + padded <= sizeof(b->bytes));
	memset(b->bytes + b->n, 0, padded);
	memcpy(b->bytes + b->n, p, n);
	b->n += padded;
}

static void add_member(struct builder *b, const char *name, char type, const char *body)
{
	(void)add_header(b, name, type, strlen(body));
	add_body(b, body, strlen(body));
}

static int list_built(const struct builder *b, bool with_body, struct buf *got, struct err *err)
{
	struct skipping_stream in = skipping_stream(span_n(b->bytes, b->n));

	return list(&in.stream, got, with_body, err);
}

static void assert_built_fails(const struct builder *b, enum err_code code, const char *text)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);

	assert_fails(list_built(b, false, &got, &err), &err, code, text);
}

static void refuses_sizes_that_lie(void **state UNUSED)
{
	static const struct {
		uint8_t size[12];
	} cases[] = {
		{ { 0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			0xff } }, /* 8 EiB - 1 */
		{ { 0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x01 } },
		{ { 0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x00 } },
		{ { 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0 } }, /* 8 EiB */
		{ { 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			0xff } }, /* -1 */
		{ { 0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0 } },
		{ "77777777777" }, /* 8 GiB */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct builder *b = xcalloc(1, sizeof(*b));
		uint8_t *h = add_header(b, "file", '0', 0);

		memcpy(h + 124, cases[i].size, 12);
		seal(h);
		add_body(b, "body", 4);
		add_member(b, "next", '0', "next");
		assert_built_fails(b, ERR_INPUT, "");
		free(b);
	}
}

static void does_not_read_a_body_beyond_the_maximum(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct builder *b = xcalloc(1, sizeof(*b));
	static const char body[200000];
	struct tar_entry e;

	(void)add_header(b, "large", '0', sizeof(body));
	add_body(b, body, sizeof(body));
	add_member(b, "next", '0', "next");
	struct skipping_stream in = skipping_stream(span_n(b->bytes, b->n));
	_cleanup_(tar_closep) struct tar_reader *t = tar_open(&in.stream);
	_cleanup_buf_ struct buf out = BUF_INIT(sizeof(body) - 1);

	assert_int_equal(tar_next(t, &e, &err), 1);
	assert_fails(tar_read_body(t, &out, &err), &err, ERR_TOO_LARGE, "large");
	assert_true(in.bytes_read < 20000);
	assert_int_equal(tar_next(t, &e, &err), 1);
	assert_str(e.path, "next");
	assert_ok(tar_read_body(t, &out, &err), &err);
	assert_str(buf_str(&out), "next");
	free(b);
}

static void reads_a_body_in_pieces(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct builder *b = xcalloc(1, sizeof(*b));
	struct tar_entry e;
	char piece[3];

	add_member(b, "file", '0', "abcde");
	struct skipping_stream in = skipping_stream(span_n(b->bytes, b->n));
	_cleanup_(tar_closep) struct tar_reader *t = tar_open(&in.stream);

	assert_int_equal(tar_next(t, &e, &err), 1);
	assert_int_equal(tar_read(t, piece, 3, &err), 3);
	assert_memory_equal(piece, "abc", 3);
	assert_int_equal(tar_read(t, piece, 3, &err), 2);
	assert_memory_equal(piece, "de", 2);
	assert_int_equal(tar_read(t, piece, 3, &err), 0);
	assert_int_equal(tar_next(t, &e, &err), 0);
	assert_int_equal(tar_next(t, &e, &err), 0);
	assert_int_equal(tar_read(t, piece, 3, &err), 0);
	free(b);
}

static void refuses_a_wrong_header_checksum(void **state UNUSED)
{
	struct builder *b = xcalloc(1, sizeof(*b));

	add_member(b, "first", '0', "body");
	uint8_t *h = add_header(b, "second", '0', 0);

	h[1] ^= 1;
	assert_built_fails(b, ERR_INPUT, "tar: ");
	free(b);
}

static void ignores_what_follows_the_end(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);
	struct builder *b = xcalloc(1, sizeof(*b));
	static const char zeros[1024];

	add_member(b, "file", '0', "");
	add_body(b, zeros, sizeof(zeros));
	add_body(b, "garbage", 7);
	assert_ok(list_built(b, false, &got, &err), &err);
	assert_str(buf_str(&got), "file\t0\t512\t-\tfile\t\n");
	free(b);
}

static void accepts_empty_archives(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);
	struct builder *b = xcalloc(1, sizeof(*b));
	static const size_t sizes[] = { 0, 512, 1024, 10240 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		b->n = sizes[i];
		assert_ok(list_built(b, false, &got, &err), &err);
		assert_int_equal(got.n, 0);
	}
	free(b);
}

static void refuses_what_is_no_archive(void **state UNUSED)
{
	static const struct str cases[] = { STR_INIT("a"), STR_INIT("PK\x03\x04 and so on"),
		STR_INIT("\x1f\x8b\x08"), STR_INIT("\0\0\0") };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct builder *b = xcalloc(1, sizeof(*b));

		memcpy(b->bytes, cases[i].p, cases[i].n);
		b->n = cases[i].n;
		assert_built_fails(b, ERR_INPUT, "tar: ");
		b->n = 600;
		if (cases[i].p[0])
			assert_built_fails(b, ERR_INPUT, "tar: ");
		free(b);
	}
}

static void passes_on_failures_of_the_stream(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct stream s = { .read = failing_read };
	_cleanup_(tar_closep) struct tar_reader *t = tar_open(&s);
	struct tar_entry e;

	assert_fails(tar_next(t, &e, &err), &err, ERR_UPSTREAM, "the line is dead");
	assert_fails(tar_next(t, &e, &err), &err, ERR_UPSTREAM, "the line is dead");
	assert_fails((int)tar_read(t, &e, 1, &err), &err, ERR_UPSTREAM, "the line is dead");
}

static void refuses_names_beyond_the_limit(void **state UNUSED)
{
	static char name[LIMIT_PATH + 2];
	static char huge[200000];
	struct builder *b = xcalloc(1, sizeof(*b));

	memset(name, 'n', sizeof(name) - 1);
	add_member(b, "././@LongLink", 'L', name);
	add_member(b, "short", '0', "");
	assert_built_fails(b, ERR_TOO_LARGE, "name");
	b->n = 0;
	memset(huge, 'n', sizeof(huge) - 1);
	add_member(b, "././@LongLink", 'K', huge);
	uint8_t *h = add_header(b, "short", '2', 0);

	h[157] = 't';
	seal(h);
	assert_built_fails(b, ERR_TOO_LARGE, "name");
	b->n = 0;
	(void)add_header(b, "././@LongLink", 'L', GIB);
	add_member(b, "short", '0', "");
	assert_built_fails(b, ERR_INPUT, "");
	free(b);
}

static void passes_over_entries_without_a_name(void **state UNUSED)
{
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf got = BUF_INIT(MIB);
	struct builder *b = xcalloc(1, sizeof(*b));

	add_member(b, "first", '0', "");
	add_member(b, "", '0', "body");
	add_member(b, "last", '0', "");
	assert_ok(list_built(b, false, &got, &err), &err);
	assert_str(buf_str(&got), "file\t0\t512\t-\tfirst\t\nfile\t0\t2048\t-\tlast\t\n");
	free(b);
}

/* Whatever becomes of damaged special headers: no crash, and any failure is that of bad input. */
static void survives_damaged_special_headers(void **state UNUSED)
{
	static const struct {
		char type;
		const char *body;
	} cases[] = {
		{ 'x', "" },
		{ 'x', "5" },
		{ 'x', "99 path=x\n" },
		{ 'x', "0 path=x\n" },
		{ 'x', "-1 path=x\n" },
		{ 'x', "99999999999999999999 path=x\n" },
		{ 'x', "9 path=xx" },
		{ 'x', "5 pa\n" },
		{ 'x', "27 size=9223372036854775807\n" },
		{ 'x', "11 size=-5\n" },
		{ 'x', "28 size=99999999999999999999\n" },
		{ 'x', "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n" },
		{ 'x', "25 GNU.sparse.map=0,1,2,\n" },
		{ 'x', "26 GNU.sparse.map=9,9,1,1\n" },
		{ 'x', "62 GNU.sparse.map=9223372036854775807,9223372036854775807\n" },
		{ 'x', "40 GNU.sparse.size=9223372036854775807\n22 GNU.sparse.map=0,1\n" },
		{ 'x', "40 GNU.sparse.offset=9223372036854775807\n"
		       "42 GNU.sparse.numbytes=9223372036854775807\n" },
		{ 'x', "27 SUN.holesdata= 0 4 9 1 \n" },
		{ 'g', "11 path=xy\n" },
		{ 'L', "" },
		{ 'K', "" },
		{ 'V', "" },
		{ 'S', "body" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_buf_ struct buf got = BUF_INIT(MIB);
		struct builder *b = xcalloc(1, sizeof(*b));

		add_member(b, "special", cases[i].type, cases[i].body);
		add_member(b, "file", '0', "body of the file");
		int r = list_built(b, false, &got, &err);

		if (r < 0 && err.code != ERR_INPUT)
			fail_msg("case %zu: %s", i, err_msg(&err));
		free(b);
	}
}

static void bounds_special_headers_in_a_row(void **state UNUSED)
{
	struct builder *b = xcalloc(1, sizeof(*b));

	for (size_t i = 0; i < 200; i++)
		add_member(b, "special", 'x', "9 a=bcde\n");
	add_member(b, "file", '0', "");
	assert_built_fails(b, ERR_INPUT, "");
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_python_finds),
		cmocka_unit_test(offsets_point_at_the_bodies),
		cmocka_unit_test(finds_the_same_without_reading_bodies),
		cmocka_unit_test(is_consistent_when_cut_at_any_offset),
		cmocka_unit_test(reports_a_body_that_is_cut),
		cmocka_unit_test(refuses_sizes_that_lie),
		cmocka_unit_test(does_not_read_a_body_beyond_the_maximum),
		cmocka_unit_test(reads_a_body_in_pieces),
		cmocka_unit_test(refuses_a_wrong_header_checksum),
		cmocka_unit_test(ignores_what_follows_the_end),
		cmocka_unit_test(accepts_empty_archives),
		cmocka_unit_test(refuses_what_is_no_archive),
		cmocka_unit_test(passes_on_failures_of_the_stream),
		cmocka_unit_test(refuses_names_beyond_the_limit),
		cmocka_unit_test(passes_over_entries_without_a_name),
		cmocka_unit_test(survives_damaged_special_headers),
		cmocka_unit_test(bounds_special_headers_in_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
