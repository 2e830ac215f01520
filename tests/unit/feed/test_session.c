/*
 * Sources of several documents: only the parts that have changed are read, the others stay.
 */
#include "../test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "feed/session.h"
#include "version/version.h"

/* A driver whose documents are lines "CVE PACKAGE VERSION", of a directory a/ (two documents, the
 * second may be missing) and of a document b. */
static unsigned parsed; /* documents */

static int parse(struct stream *in, const char *location UNUSED, void *ctx, struct feed_sink *sink,
	struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(MIB);
	char chunk[64];
	ssize_t r;

	parsed++;
	while ((r = stream_read(in, chunk, sizeof(chunk), err)) > 0)
		buf_append(&text, chunk, (size_t)r);
	if (r < 0)
		return (int)r;
	for (struct str line, rest = buf_str(&text); str_cut(rest, '\n', &line, &rest);) {
		struct advisory_fix fix = { .state = FIX_STATE_FIXED };
		struct advisory a = { .name_space = str_of(ctx),
			.scheme = STR("dpkg"),
			.link = STR("https://x.example/"),
			.fixes = &fix,
			.n_fixes = 1 };

		if (!str_cut(line, ' ', &a.name, &line) ||
			!str_cut(line, ' ', &fix.package, &fix.fixed_version))
			return err_set(err, ERR_INPUT, "malformed line");
		r = sink->put(sink, &a, err);
		if (r < 0)
			return (int)r;
	}
	return 0;
}

static int read_part(
	struct feed_session *s, const char *name_space, const char *const *names, struct err *err)
{
	const struct str name_spaces[] = { str_of(name_space) };
	const char *locations[2];
	char ctx[32];
	struct feed_part part = { .name_spaces = name_spaces,
		.n_name_spaces = 1,
		.locations = locations,
		.may_miss = true,
		.parse = parse,
		.ctx = ctx };

	(void)snprintf(ctx, sizeof(ctx), "%s", name_space);
	for (; part.n_locations < 2 && names[part.n_locations]; part.n_locations++)
		locations[part.n_locations] =
			feed_join(s, feed_location(s), names[part.n_locations]);
	int r = feed_read_part(s, &part, err);
	return r < 0 ? r : 0;
}

static int read_source(struct feed_session *s, struct err *err)
{
	static const char *const a[] = { "a1", "a2" };
	static const char *const b[] = { "b1", NULL };

	assert_int_equal(feed_place(s), FEED_DIRECTORY);
	int r = read_part(s, "debian:11", a, err);
	return r < 0 ? r : read_part(s, "debian:12", b, err);
}

static const struct feed_driver driver = { .name = "several",
	.title = "several documents",
	.default_url = "",
	.revision = 1,
	.read = read_source };

struct fixture {
	char dir[sizeof("/tmp/clair-test-XXXXXX")];
	struct arena arena;
	const char *source;
	struct store *store;
	struct feed_result result;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memcpy(f->dir, "/tmp/clair-test-XXXXXX", sizeof(f->dir));
	if (!mkdtemp(f->dir))
		return -1;
	f->source = arena_printf(&f->arena, "%s/source", f->dir).p;
	if (mkdir(f->source, 0700) < 0)
		return -1;
	*state = f;
	return store_open(
		arena_printf(&f->arena, "%s/db", f->dir).p, STORE_CREATE, &f->store, &f->err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "source/a1", "source/a2", "source/b1", "db", "db-wal",
		"db-shm" };

	store_close(f->store);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlink(arena_printf(&f->arena, "%s/%s", f->dir, names[i]).p);
	(void)rmdir(f->source);
	int r = rmdir(f->dir);
	feed_result_fini(&f->result);
	err_clear(&f->err);
	arena_fini(&f->arena);
	free(f);
	return r;
}

static void write_document(struct fixture *f, const char *name, const char *content)
{
	const char *path = arena_printf(&f->arena, "%s/%s", f->source, name).p;
	int fd = io_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &f->err);

	assert_true(fd >= 0);
	assert_ok(io_write_all(fd, content, strlen(content), path, &f->err), &f->err);
	assert_int_equal(close(fd), 0);
}

static int update(struct fixture *f)
{
	feed_result_fini(&f->result);
	parsed = 0;
	return feed_update(f->store,
		&(struct feed_update_options){ .driver = &driver, .location = f->source },
		&f->result, &f->err);
}

static size_t count_matches(struct fixture *f, const char *name_space, const char *package)
{
	_cleanup_buf_ struct buf key = BUF_INIT(KIB);
	struct match_list matches = { .items = VEC_INIT };

	assert_ok(
		version_key(version_scheme_by_name(STR("dpkg")), STR("1"), &key, &f->err), &f->err);
	struct match_query q = {
		.name_space = str_of(name_space), .package = str_of(package), .key = buf_span(&key)
	};
	assert_ok(store_match(f->store, &q, 1, &f->arena, &matches, &f->err), &f->err);
	size_t n = matches.items.n;
	vec_fini(&matches.items);
	return n;
}

static void test_only_changed_parts_are_read(void **state)
{
	struct fixture *f = *state;

	write_document(f, "a1", "CVE-2024-1 zlib 2\n");
	write_document(f, "a2", "CVE-2024-1 bash 2\n");
	write_document(f, "b1", "CVE-2024-1 zlib 2\nCVE-2024-2 zlib 2\n");
	assert_ok(update(f), &f->err);
	assert_int_equal(parsed, 3);
	assert_int_equal(count_matches(f, "debian:11", "bash"), 1);

	assert_ok(update(f), &f->err);
	assert_int_equal(parsed, 0);
	assert_true(f->result.up_to_date);
	assert_int_equal(f->result.advisories, 3);

	/* One document of a part means all of them: they say the part together. */
	write_document(f, "a2", "CVE-2024-3 bash 2\n");
	assert_ok(update(f), &f->err);
	assert_int_equal(parsed, 2);
	assert_int_equal(f->result.changes.inserted, 1);
	assert_int_equal(f->result.changes.changed, 1);
	assert_int_equal(f->result.changes.deleted, 0);
	assert_int_equal(count_matches(f, "debian:11", "zlib"), 1);
	assert_int_equal(count_matches(f, "debian:12", "zlib"), 2);

	write_document(f, "b1", "CVE-2024-2 zlib 2\n");
	assert_ok(update(f), &f->err);
	assert_int_equal(parsed, 1);
	assert_int_equal(f->result.changes.deleted, 1);
	assert_int_equal(count_matches(f, "debian:11", "bash"), 1);
}

static void test_missing_document_is_missed_only_when_it_may_be(void **state)
{
	struct fixture *f = *state;

	write_document(f, "a1", "CVE-2024-1 zlib 2\n");
	write_document(f, "b1", "CVE-2024-1 zlib 2\n");
	assert_ok(update(f), &f->err);
	assert_int_equal(parsed, 2);
	assert_int_equal(unlink(arena_printf(&f->arena, "%s/b1", f->source).p), 0);
	assert_fails(update(f), &f->err, ERR_NOT_FOUND, "b1");
	assert_int_equal(count_matches(f, "debian:12", "zlib"), 1);
}

static void test_failure_of_one_document_leaves_all_as_it_was(void **state)
{
	struct fixture *f = *state;

	write_document(f, "a1", "CVE-2024-1 zlib 2\n");
	write_document(f, "b1", "CVE-2024-1 zlib 2\n");
	assert_ok(update(f), &f->err);
	write_document(f, "a1", "CVE-2024-2 zlib 2\n");
	write_document(f, "b1", "nonsense\n");
	assert_fails(update(f), &f->err, ERR_INPUT, "source/b1: malformed line");
	assert_int_equal(count_matches(f, "debian:11", "zlib"), 1);
	write_document(f, "b1", "CVE-2024-1 zlib 2\n");
	/* What was read in vain is read again. */
	assert_ok(update(f), &f->err);
	assert_int_equal(parsed, 1);
	assert_int_equal(f->result.changes.inserted, 1);
}

static void test_part_that_shrinks_is_refused(void **state)
{
	struct fixture *f = *state;

	write_document(f, "a1", "CVE-2024-1 zlib 2\nCVE-2024-2 zlib 2\nCVE-2024-3 zlib 2\n");
	write_document(f, "b1", "CVE-2024-1 zlib 2\nCVE-2024-2 zlib 2\nCVE-2024-3 zlib 2\n");
	assert_ok(update(f), &f->err);
	write_document(f, "b1", "CVE-2024-1 zlib 2\n");
	assert_fails(update(f), &f->err, ERR_INPUT, "fewer than half");
	assert_int_equal(count_matches(f, "debian:12", "zlib"), 3);
}

#define session_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		session_test(test_only_changed_parts_are_read),
		session_test(test_missing_document_is_missed_only_when_it_may_be),
		session_test(test_failure_of_one_document_leaves_all_as_it_was),
		session_test(test_part_that_shrinks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
