/*
 * Where layers come from, and what is said of those that cannot be had or read.
 */
#include "index_test.h"
#include "layer_server.h"

#include <endian.h>
#include <lzma.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <zlib.h>
#include <zstd.h>

#define NOT_FOUND    "could not find layer"
#define NO_ARCHIVE   "tarutil: could not extract the archive"
#define FILE_TOO_BIG "tarutil: could not extract one or more files from the archive: file too big"

/* A Debian layer with bash 1. */
static void make_layer(struct buf *tar)
{
	tar_make(tar, DEBIAN("12") STATUS PACKAGE("bash", "1") "\n");
}

#define THE_LAYER "debian:12: bash 1 debian:12 a"

static void gzip(struct buf *out, struct str plain)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)plain.p, .avail_in = (uInt)plain.n };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.avail_out = (uInt)plain.n + 1000;
	z.next_out = buf_reserve(out, z.avail_out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_commit(out, z.total_out);
	(void)deflateEnd(&z);
}

static void xz(struct buf *out, struct str plain)
{
	size_t n = 0, room = plain.n + 1000;
	uint8_t *to = buf_reserve(out, room);

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL,
				 (const uint8_t *)plain.p, plain.n, to, &n, room),
		LZMA_OK);
	buf_commit(out, n);
}

static void zstd(struct buf *out, struct str plain)
{
	size_t room = ZSTD_compressBound(plain.n);
	void *to = buf_reserve(out, room);
	size_t n = ZSTD_compress(to, room, plain.p, plain.n, 1);

	assert_false(ZSTD_isError(n));
	buf_commit(out, n);
}

/* 800 MiB of zeros as one MiB of them, packed, over and over. */
static void make_bomb(struct buf *out)
{
	static Bytef zeros[1 << 20], packed[1 << 14];
	z_stream z = { .next_in = zeros, .avail_in = sizeof(zeros) };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	assert_int_equal(deflate(&z, Z_FULL_FLUSH), Z_OK);
	buf_append(out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
	uLong crc = 0;
	for (int i = 0; i < 800; i++) {
		buf_append(out, packed, z.total_out);
		crc = crc32(crc, zeros, sizeof(zeros));
	}
	/* An empty last block and the trailer: nothing but its size is wrong with it. */
	const uint32_t trailer[] = { htole32((uint32_t)crc), htole32(800U << 20) };
	buf_append(out, "\3\0", 2);
	buf_append(out, trailer, sizeof(trailer));
	(void)deflateEnd(&z);
}

/* Posts what a server has at a path. */
static void get(struct fixture *f, const struct layer_server *s, const char *path,
	enum index_status status, const char *message)
{
	char url[128];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", s->port, path);
	struct index_request r = request_of("a", "", url);
	assert_answer(f, &r, status, message);
}

static void assert_not_stored(void)
{
	assert_int_equal(
		store_layer_get(test_store(), STR("a"), NULL, &(struct stored_layer){ 0 }, NULL),
		0);
}

/* --- downloads
 * ------------------------------------------------------------------------------------------- */

static void test_layer_is_downloaded(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB), packed = BUF_INIT(MIB);
	struct fixture f = { 0 };
	struct layer_server s;

	make_layer(&tar);
	gzip(&packed, buf_str(&tar));
	const struct page pages[] = { { .path = "/plain", .body = buf_str(&tar) },
		{ .path = "/gzip", .body = buf_str(&packed) },
		{ .path = "/moved",
			.head = STR("HTTP/1.1 307 Temporary Redirect\r\nLocation: /gzip\r\n") },
		{ .path = "/partial",
			.head = STR("HTTP/1.1 206 Partial Content\r\n"),
			.body = buf_str(&tar) },
		{ .path = NULL } };
	const char *const paths[] = { "/plain", "/gzip?signature=x", "/moved", "/partial" };

	fixture_init(&f);
	server_start(&s, pages);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		fake_store_clear();
		get(&f, &s, paths[i], INDEX_DONE, "");
		assert_layer("a", THE_LAYER);
	}
	server_stop(&s);
	server_fini(&s);
	fixture_fini(&f);
}

static void test_layer_that_is_not_to_be_had(void **state UNUSED)
{
	struct fixture f = { 0 };
	struct layer_server s;
	const struct page pages[] = { { .path = "/401",
					      .head = STR("HTTP/1.1 401 Unauthorized\r\n"),
					      .body = STR("who are you") },
		{ .path = "/500", .head = STR("HTTP/1.1 500 Oops\r\n") },
		{ .path = "/304", .head = STR("HTTP/1.1 304 Not Modified\r\n") },
		{ .path = "/round", .head = STR("HTTP/1.1 302 Found\r\nLocation: /round\r\n") },
		{ .path = "/file",
			.head = STR("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n") },
		{ .path = NULL } };
	const char *const paths[] = { "/401", "/500", "/304", "/round", "/file", "/404" };

	fixture_init(&f);
	server_start(&s, pages);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		get(&f, &s, paths[i], INDEX_BAD_REQUEST, NOT_FOUND);
	server_stop(&s);
	/* Nobody listens any more. */
	get(&f, &s, "/404", INDEX_BAD_REQUEST, NOT_FOUND);
	assert_not_stored();
	server_fini(&s);
	fixture_fini(&f);
}

static void test_download_that_is_cut_or_stalls(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);
	struct fixture f = { .options = { .stall_s = 1 } };
	struct layer_server s;

	make_layer(&tar);
	const struct page pages[] = { { .path = "/cut", .body = buf_str(&tar), .missing = 100 },
		{ .path = "/stalls", .body = buf_str(&tar), .missing = 100, .held = true },
		{ .path = "/silent", .gated = true }, { .path = NULL } };

	fixture_init(&f);
	server_start(&s, pages);
	get(&f, &s, "/cut", INDEX_UNPROCESSABLE, NO_ARCHIVE);
	get(&f, &s, "/stalls", INDEX_UNPROCESSABLE, NO_ARCHIVE);
	get(&f, &s, "/silent", INDEX_BAD_REQUEST, NOT_FOUND);
	assert_not_stored();
	server_stop(&s);
	server_fini(&s);
	fixture_fini(&f);
}

static bool saw(const struct layer_server *s, const char *text)
{
	return str_find(buf_str(&s->requests), str_of(text)) >= 0;
}

static void test_headers_go_with_the_download(void **state UNUSED)
{
	static const struct index_header headers[] = {
		{ STR_INIT("Authorization"), STR_INIT("Bearer abc+/=") },
		{ STR_INIT("X-Empty"), STR_INIT("") },
		{ STR_INIT("connection"), STR_INIT("close, X-Mine") },
		{ STR_INIT("x-mine"), STR_INIT("1") },
		{ STR_INIT("Host"), STR_INIT("elsewhere") },
		{ STR_INIT("Content-Length"), STR_INIT("77") },
		{ STR_INIT("Transfer-Encoding"), STR_INIT("chunked") },
		{ STR_INIT("TE"), STR_INIT("trailers") },
		{ STR_INIT("Proxy-Authorization"), STR_INIT("Basic eA==") },
		{ STR_INIT("Upgrade"), STR_INIT("h2c") },
		{ STR_INIT("Accept-Encoding"), STR_INIT("br") },
	};
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);
	struct fixture f = { 0 };
	struct layer_server s;
	char url[64];

	make_layer(&tar);
	const struct page pages[] = { { .path = "/x", .body = buf_str(&tar) }, { .path = NULL } };
	fixture_init(&f);
	server_start(&s, pages);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/x", s.port);
	struct index_request r = request_of("a", "", url);
	r.headers = headers;
	r.n_headers = ARRAY_LEN(headers);
	assert_answer(&f, &r, INDEX_DONE, "");
	server_stop(&s);
	assert_true(saw(&s, "\r\nAuthorization: Bearer abc+/=\r\n"));
	assert_true(saw(&s, "\r\nX-Empty:\r\n") || saw(&s, "\r\nX-Empty: \r\n"));
	(void)snprintf(url, sizeof(url), "\r\nHost: 127.0.0.1:%u\r\n", s.port);
	assert_true(saw(&s, url));
	static const char *const unseen[] = { "elsewhere", "x-mine", "Content-Length", "chunked",
		"trailers", "eA==", "h2c", "br\r\n" };
	for (size_t i = 0; i < ARRAY_LEN(unseen); i++)
		assert_false(saw(&s, unseen[i]));
	server_fini(&s);
	fixture_fini(&f);
}

static void test_headers_cannot_make_other_headers(void **state UNUSED)
{
	static const struct index_header bad[] = {
		{ STR_INIT("X"), STR_INIT("1\r\nY: 2") },
		{ STR_INIT("X\r\nY"), STR_INIT("1") },
		{ STR_INIT("X Y"), STR_INIT("1") },
		{ STR_INIT(""), STR_INIT("1") },
	};
	struct fixture f = { 0 };
	struct layer_server s;
	char url[64];

	const struct page pages[] = { { .path = NULL } };
	fixture_init(&f);
	server_start(&s, pages);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/x", s.port);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct index_request r = request_of("a", "", url);

		r.headers = &bad[i];
		r.n_headers = 1;
		assert_answer(&f, &r, INDEX_BAD_REQUEST, NOT_FOUND);
	}
	server_stop(&s);
	assert_int_equal(s.connections, 0);
	server_fini(&s);
	fixture_fini(&f);
}

/* Tokens and signatures are nobody's business but the server's. */
static void test_log_holds_no_secrets(void **state UNUSED)
{
	static const struct index_header header = { STR_INIT("Authorization"),
		STR_INIT("SECRET-1") };
	_cleanup_buf_ struct buf log = BUF_INIT(MIB);
	_cleanup_free_ char *path = NULL;
	struct fixture f = { 0 };
	struct layer_server s;
	struct err err = ERR_INIT;
	char url[128];

	const struct page pages[] = { { .path = "/cut", .body = STR("no archive"), .missing = 9 },
		{ .path = "/moved",
			.head = STR("HTTP/1.1 302 Found\r\nLocation: /gone?s=SECRET-3\r\n") },
		{ .path = "/empty" }, { .path = NULL } };
	const char *const paths[] = { "/404", "/cut", "/moved", "/empty" };
	/* Paths of files, to be exact. */
	const char *const mistyped[] = { " http://me:SECRET-2@127.0.0.1/x?signature=SECRET-3",
		"htp://me:SECRET-2@127.0.0.1/x", "http:/127.0.0.1/x?signature=SECRET-3" };

	fixture_init(&f);
	server_start(&s, pages);
	path = xstrdup(fixture_file(&f, STR_NULL));
	assert_ok(log_set_output_path(path, &err), &err);
	log_set_level(LOG_DEBUG);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct answer a = ANSWER_INIT;

		(void)snprintf(url, sizeof(url),
			"http://me:SECRET-2@127.0.0.1:%u%s?signature=SECRET-3#SECRET-4", s.port,
			paths[i]);
		struct index_request r = request_of("a", "", url);
		r.headers = &header;
		r.n_headers = 1;
		indexer_submit(f.ix, &r, answer_take, &a);
		answer_wait(&a);
		assert_null(strstr(a.message, "SECRET"));
	}
	for (size_t i = 0; i < ARRAY_LEN(mistyped); i++) {
		struct index_request r = request_of("b", "", mistyped[i]);

		assert_answer(&f, &r, INDEX_BAD_REQUEST, NOT_FOUND);
	}
	server_stop(&s);
	log_set_level(LOG_PANIC);
	log_set_output_fd(STDERR_FILENO);
	int fd = io_open(path, O_RDONLY, 0, &err);
	assert_ok(fd, &err);
	assert_ok(io_read_to_end(fd, &log, path, &err), &err);
	(void)close(fd);
	assert_true(str_find(buf_str(&log), STR("SECRET")) < 0);
	assert_true(str_find(buf_str(&log), STR("/404")) > 0);
	assert_true(str_find(buf_str(&log), STR("processed layer")) > 0);
	server_fini(&s);
	fixture_fini(&f);
}

/* --- files
 * ------------------------------------------------------------------------------------------- */

static void assert_file(
	struct fixture *f, const char *path, enum index_status status, const char *message)
{
	struct index_request r = request_of("a", "", path);

	assert_answer(f, &r, status, message);
}

static void test_only_regular_files_are_layers(void **state UNUSED)
{
	struct fixture f = { 0 };
	char fifo[64];

	fixture_init(&f);
	(void)snprintf(fifo, sizeof(fifo), "%s/fifo", f.folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_file(&f, fifo, INDEX_BAD_REQUEST, NOT_FOUND);
	assert_file(&f, f.folder, INDEX_BAD_REQUEST, NOT_FOUND);
	assert_file(&f, "/dev/zero", INDEX_BAD_REQUEST, NOT_FOUND);
	assert_file(&f, "/nonexistent/layer.tar", INDEX_BAD_REQUEST, NOT_FOUND);
	struct index_request r = request_of("a", "", "");
	r.path = STR("/etc/passwd\0x");
	assert_answer(&f, &r, INDEX_BAD_REQUEST, NOT_FOUND);
	assert_int_equal(unlink(fifo), 0);
	fixture_fini(&f);
}

static void test_packed_files(void **state UNUSED)
{
	static void (*const packers[])(struct buf * out, struct str plain) = { gzip, xz, zstd };
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB), packed = BUF_INIT(MIB);
	struct fixture f = { 0 };

	fixture_init(&f);
	make_layer(&tar);
	for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
		fake_store_clear();
		buf_clear(&packed);
		packers[i](&packed, buf_str(&tar));
		assert_file(&f, fixture_file(&f, buf_str(&packed)), INDEX_DONE, "");
		assert_layer("a", THE_LAYER);
	}
	fixture_fini(&f);
}

/* An indexer that reads files below one folder, or none. */
static void limit(struct fixture *f, const char *const *paths, size_t n)
{
	indexer_free(f->ix);
	f->options.local_limited = true;
	f->options.local_paths = paths;
	f->options.n_local_paths = n;
	fixture_start(f);
}

static void test_files_can_be_limited_to_folders(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB);
	struct fixture f = { 0 };
	char file[64], in[128], out[128], link_in[128], allowed[64], beside[80];

	fixture_init(&f);
	make_layer(&tar);
	(void)snprintf(file, sizeof(file), "%s", fixture_file(&f, buf_str(&tar)));
	(void)snprintf(allowed, sizeof(allowed), "%s/layers", f.folder);
	(void)snprintf(beside, sizeof(beside), "%s-2", allowed);
	(void)snprintf(in, sizeof(in), "%s/in", allowed);
	(void)snprintf(link_in, sizeof(link_in), "%s/link", allowed);
	(void)snprintf(out, sizeof(out), "%s/out", beside);
	assert_int_equal(mkdir(allowed, 0700) + mkdir(beside, 0700), 0);
	assert_int_equal(link(file, in) + link(file, out) + symlink(file, link_in), 0);
	const char *const paths[] = { "/nonexistent", allowed };
	limit(&f, paths, 2);
	assert_file(&f, file, INDEX_BAD_REQUEST, NOT_FOUND);
	assert_file(&f, out, INDEX_BAD_REQUEST, NOT_FOUND);
	assert_file(&f, link_in, INDEX_BAD_REQUEST, NOT_FOUND);
	assert_not_stored();
	assert_file(&f, in, INDEX_DONE, "");
	fake_store_clear();
	limit(&f, NULL, 0);
	assert_file(&f, in, INDEX_BAD_REQUEST, NOT_FOUND);
	(void)(unlink(in) + unlink(out) + unlink(link_in));
	assert_int_equal(rmdir(allowed) + rmdir(beside), 0);
	fixture_fini(&f);
}

static void test_local_paths_are_absolute(void **state UNUSED)
{
	const char *const paths[] = { "layers" };
	const struct indexer_options o = {
		.queue = 1, .local_limited = true, .local_paths = paths, .n_local_paths = 1
	};
	struct err err = ERR_INIT;
	struct indexer *ix;

	assert_fails(indexer_new(&o, &ix, &err), &err, ERR_USAGE, "layers: not an absolute path");
}

/* --- what is in them
 * ------------------------------------------------------------------------------------------- */

static void test_what_is_no_archive(void **state UNUSED)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(MIB), packed = BUF_INIT(MIB),
				 bomb = BUF_INIT(16 * MIB);
	struct fixture f = { 0 };

	fixture_init(&f);
	make_layer(&tar);
	gzip(&packed, buf_str(&tar));
	assert_file(&f, fixture_file(&f, STR("no archive")), INDEX_UNPROCESSABLE, NO_ARCHIVE);
	make_bomb(&bomb);
	assert_file(&f, fixture_file(&f, buf_str(&bomb)), INDEX_UNPROCESSABLE, NO_ARCHIVE);
	assert_file(&f, fixture_file(&f, str_head(buf_str(&packed), packed.n / 2)),
		INDEX_UNPROCESSABLE, NO_ARCHIVE);
	assert_file(&f, fixture_file(&f, str_head(buf_str(&tar), 700)), INDEX_UNPROCESSABLE,
		NO_ARCHIVE);
	buf_clear(&tar);
	tar_put_header(&tar, '0', STR("var/lib/rpm/Packages"), STR_NULL, LIMIT_WANTED_FILE + 1);
	assert_file(&f, fixture_file(&f, buf_str(&tar)), INDEX_UNPROCESSABLE, FILE_TOO_BIG);
	assert_not_stored();
	fixture_fini(&f);
}

static void test_requests_that_are_none(void **state UNUSED)
{
	char name[600] = "";
	struct fixture f = { 0 };

	fixture_init(&f);
	struct index_request r = { 0 };
	assert_answer(
		&f, &r, INDEX_BAD_REQUEST, "could not process a layer which does not have a name");
	r.name = STR("a");
	assert_answer(
		&f, &r, INDEX_BAD_REQUEST, "could not process a layer which does not have a path");
	r.path = STR("/nonexistent");
	assert_answer(&f, &r, INDEX_BAD_REQUEST,
		"could not process a layer which does not have a format");
	/* As the original: the format is looked at when the layer was found. */
	r.format = STR("Foo");
	assert_answer(&f, &r, INDEX_BAD_REQUEST, NOT_FOUND);
	r.path = str_of(fixture_file(&f, STR_NULL));
	assert_answer(&f, &r, INDEX_BAD_REQUEST, "unsupported image format 'Foo'");
	r.name = STR("a\0b");
	assert_answer(&f, &r, INDEX_BAD_REQUEST,
		"could not process a layer whose name is not UTF-8 text");
	r.name = STR("\xff");
	assert_answer(&f, &r, INDEX_BAD_REQUEST,
		"could not process a layer whose name is not UTF-8 text");
	/* Characters, not bytes. */
	for (int i = 0; i < 129; i++)
		memcpy(name + 2 * (size_t)i, "\xc3\xa4", 3);
	r.name = str_of(name);
	assert_answer(&f, &r, INDEX_BAD_REQUEST,
		"could not process a layer whose name has more than 128 characters");
	r.name.n -= 2;
	r.format = STR("docker");
	assert_answer(&f, &r, INDEX_DONE, "");
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layer_is_downloaded),
		cmocka_unit_test(test_layer_that_is_not_to_be_had),
		cmocka_unit_test(test_download_that_is_cut_or_stalls),
		cmocka_unit_test(test_headers_go_with_the_download),
		cmocka_unit_test(test_headers_cannot_make_other_headers),
		cmocka_unit_test(test_log_holds_no_secrets),
		cmocka_unit_test(test_only_regular_files_are_layers),
		cmocka_unit_test(test_packed_files),
		cmocka_unit_test(test_files_can_be_limited_to_folders),
		cmocka_unit_test(test_local_paths_are_absolute),
		cmocka_unit_test(test_what_is_no_archive),
		cmocka_unit_test(test_requests_that_are_none),
	};

	if (index_test_begin())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
