/*
 * Bringing a source up to date from files, in a real store. (Over HTTP: tests/e2e/test_update.py.)
 */
#include "../test.h"

#include <fcntl.h>

#include "feed/feed.h"

struct fixture {
	char dir[sizeof("/tmp/clair-test-XXXXXX")];
	struct arena arena;
	const char *feed; /* path of the feed */
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
	f->feed = arena_printf(&f->arena, "%s/feed.json", f->dir).p;
	*state = f;
	return store_open(
		arena_printf(&f->arena, "%s/db", f->dir).p, STORE_CREATE, &f->store, &f->err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "feed.json", "db", "db-wal", "db-shm" };

	store_close(f->store);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlink(arena_printf(&f->arena, "%s/%s", f->dir, names[i]).p);
	int r = rmdir(f->dir);
	feed_result_fini(&f->result);
	err_clear(&f->err);
	arena_fini(&f->arena);
	free(f);
	return r;
}

static void write_feed(struct fixture *f, struct str content)
{
	int fd = io_open(f->feed, O_WRONLY | O_CREAT | O_TRUNC, 0600, &f->err);

	assert_true(fd >= 0);
	assert_ok(io_write_all(fd, content.p, content.n, f->feed, &f->err), &f->err);
	assert_int_equal(close(fd), 0);
}

/* A feed of n CVEs of one package in bookworm, from number `first` on. */
static void write_cves(struct fixture *f, unsigned first, unsigned n)
{
	_cleanup_buf_ struct buf b = BUF_INIT(MIB);

	buf_append_str(&b, STR("{\"zlib\":{"));
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b,
			"%s\"CVE-2024-%04u\":{\"releases\":{\"bookworm\":{\"status\":\"open\"}}}",
			i ? "," : "", first + i);
	buf_append_str(&b, STR("}}"));
	write_feed(f, buf_str(&b));
}

static int update_from(struct fixture *f, const char *location, bool accept_shrinking)
{
	feed_result_fini(&f->result);
	return feed_update(f->store,
		&(struct feed_update_options){ .driver = feed_driver_by_name(STR("debian")),
			.location = location,
			.accept_shrinking = accept_shrinking },
		&f->result, &f->err);
}

static int update(struct fixture *f)
{
	return update_from(f, f->feed, false);
}

static struct source_state source(struct fixture *f)
{
	struct source_state state;

	assert_int_equal(store_source_get(f->store, STR("debian"), &f->arena, &state, &f->err), 1);
	return state;
}

static void test_changes_are_written_and_counted(void **state)
{
	struct fixture *f = *state;

	write_cves(f, 1, 4);
	assert_ok(update(f), &f->err);
	assert_false(f->result.up_to_date);
	assert_int_equal(f->result.changes.inserted, 4);
	assert_int_equal(f->result.advisories, 4);
	write_cves(f, 2, 4);
	assert_ok(update(f), &f->err);
	assert_int_equal(f->result.changes.inserted, 1);
	assert_int_equal(f->result.changes.deleted, 1);
	assert_int_equal(f->result.changes.unchanged, 3);
	assert_int_equal(f->result.advisories, 4);
	struct source_state s = source(f);
	assert_int_equal(s.advisories, 4);
	assert_str(s.location, f->feed);
	assert_true(str_starts(s.digest, STR("sha256:")));
	assert_true(s.updated_at > 0 && s.checked_at == s.updated_at);
}

static void test_same_content_is_up_to_date(void **state)
{
	struct fixture *f = *state;
	const char *url = arena_printf(&f->arena, "file://%s", f->feed).p;

	write_cves(f, 1, 4);
	assert_ok(update(f), &f->err);
	assert_ok(update(f), &f->err);
	assert_true(f->result.up_to_date);
	assert_int_equal(f->result.advisories, 4);
	assert_ok(update_from(f, url, false), &f->err);
	assert_true(f->result.up_to_date);
	assert_str(source(f).location, url);
}

static void test_feed_cut_short_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct source_state s;
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/debian-good.json", &n);

	while (document[n - 1] != '}')
		n--;
	/* The driver's own test cuts at every byte. */
	for (size_t cut = 0; cut < n; cut += 13) {
		write_feed(f, str_n(document, cut));
		assert_fails(update(f), &f->err, ERR_INPUT,
			arena_printf(&f->arena, "debian: %s: line ", f->feed).p);
		assert_int_equal(
			store_source_get(f->store, STR("debian"), &f->arena, &s, &f->err), 1);
		assert_int_equal(s.updated_at, 0);
		assert_true(s.failed_at > 0 && s.error.n > 0);
	}
	assert_int_equal(store_has_namespace(f->store, STR("debian:12"), &f->err), 0);
	write_feed(f, str_n(document, n));
	assert_ok(update(f), &f->err);
	assert_int_equal(store_has_namespace(f->store, STR("debian:12"), &f->err), 1);
}

static void test_shrunk_feed_is_refused_unless_accepted(void **state)
{
	static const struct {
		unsigned n;
		bool fine;
	} cases[] = { { 5, true }, { 4, true }, { 1, false }, { 0, false } };
	struct fixture *f = *state;

	write_cves(f, 1, 9);
	assert_ok(update(f), &f->err);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_cves(f, 1, cases[i].n);
		if (cases[i].fine)
			assert_ok(update(f), &f->err);
		else
			assert_fails(update(f), &f->err, ERR_INPUT, "holds ");
	}
	assert_int_equal(source(f).advisories, 4);
	assert_ok(update_from(f, f->feed, true), &f->err);
	assert_int_equal(f->result.changes.deleted, 4);
	assert_int_equal(f->result.advisories, 0);
}

/* Many records of one advisory are one, so the first has to be counted by what it says. */
static void test_repeated_advisories_do_not_hide_shrinking(void **state)
{
	struct fixture *f = *state;
	_cleanup_buf_ struct buf b = BUF_INIT(MIB);

	write_cves(f, 1, 9);
	assert_ok(update(f), &f->err);
	buf_append_char(&b, '{');
	for (int i = 0; i < 100; i++)
		buf_printf(&b,
			"%s\"p%d\":{\"CVE-2024-0001\":{\"releases\":{\"sid\":{\"status\":\"open\"}}}}",
			i ? "," : "", i);
	buf_append_char(&b, '}');
	write_feed(f, buf_str(&b));
	assert_fails(update(f), &f->err, ERR_INPUT, "holds 1 advisories, fewer than half of the 9");
}

static void test_feed_without_advisories_is_refused(void **state)
{
	struct fixture *f = *state;

	write_feed(f, STR("{}"));
	assert_fails(update(f), &f->err, ERR_INPUT, "no advisories");
}

static void test_notes_are_counted_kept_and_clean(void **state)
{
	struct fixture *f = *state;
	_cleanup_buf_ struct buf b = BUF_INIT(MIB);

	buf_append_str(&b, STR("{\"a\":{\"CVE-2024-0001\":{\"releases\":{\"sid\":{\"status\":"
			       "\"open\"},\"trixie\":{\"status\":\"resolved\",\"fixed_version\":"
			       "\"no version\"}}}}"));
	for (int i = 0; i < 20; i++)
		buf_printf(&b, ",\"\\u001b%0500d\":{}", i);
	buf_append_char(&b, '}');
	write_feed(f, buf_str(&b));
	assert_ok(update(f), &f->err);
	assert_int_equal(f->result.skipped, 21);
	assert_int_equal(f->result.n_notes, 10);
	assert_non_null(strstr(f->result.first_notes[0], "debian:13 CVE-2024-0001: "));
	assert_memory_equal(f->result.first_notes[1], "package ?000", 12);
	for (size_t i = 0; i < f->result.n_notes; i++)
		assert_true(strlen(f->result.first_notes[i]) <= 300);
}

struct counting_progress {
	struct feed_progress base;
	uint64_t done;
	uint64_t total;
};

static void count(
	struct feed_progress *p, uint64_t done, uint64_t total, uint64_t advisories UNUSED)
{
	struct counting_progress *c = (struct counting_progress *)p;

	assert_true(done > c->done && done <= total);
	c->done = done;
	c->total = total;
}

static void test_progress_is_told_up_to_the_end(void **state)
{
	struct fixture *f = *state;
	struct counting_progress p = { .base = { .bytes = count } };
	size_t n;
	_cleanup_free_ char *document = test_read_data("feed/debian-good.json", &n);

	write_feed(f, str_n(document, n));
	assert_ok(
		feed_update(f->store,
			&(struct feed_update_options){ .driver = feed_driver_by_name(STR("debian")),
				.location = f->feed,
				.progress = &p.base },
			&f->result, &f->err),
		&f->err);
	assert_int_equal(p.done, n);
	assert_int_equal(p.total, n);
}

static void test_wrong_locations_are_told(void **state)
{
	static const struct {
		const char *location;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ "/nonexistent/feed", ERR_NOT_FOUND, "debian: /nonexistent/feed" },
		{ "/", ERR_IO, "debian: " },
		{ "ftp://user:secret@host/x", ERR_UNSUPPORTED, "debian: ftp://host/x" },
		{ "http://user:secret@127.0.0.1:1/", ERR_UPSTREAM,
			"debian: http://127.0.0.1:1/: " },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_fails(update_from(f, cases[i].location, false), &f->err, cases[i].code,
			cases[i].message);
}

/* Cancels when the first bytes have arrived. */
struct cancelling_progress {
	struct feed_progress base;
	atomic_bool cancel;
};

static void cancel(struct feed_progress *base, uint64_t done UNUSED, uint64_t total UNUSED,
	uint64_t advisories UNUSED)
{
	atomic_store(&((struct cancelling_progress *)base)->cancel, true);
}

static void test_cancelled_update_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct cancelling_progress p = { .base = { .bytes = cancel } };
	struct feed_update_options o = { .driver = feed_driver_by_name(STR("debian")),
		.location = f->feed,
		.progress = &p.base,
		.cancel = &p.cancel };
	struct source_state state_after;

	write_cves(f, 1, 4);
	assert_int_equal(feed_update(f->store, &o, &f->result, &f->err), -ERR_CANCELLED);
	assert_int_equal(
		store_source_get(f->store, STR("debian"), &f->arena, &state_after, NULL), 0);
}

#define update_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		update_test(test_changes_are_written_and_counted),
		update_test(test_same_content_is_up_to_date),
		update_test(test_feed_cut_short_writes_nothing),
		update_test(test_shrunk_feed_is_refused_unless_accepted),
		update_test(test_repeated_advisories_do_not_hide_shrinking),
		update_test(test_feed_without_advisories_is_refused),
		update_test(test_notes_are_counted_kept_and_clean),
		update_test(test_progress_is_told_up_to_the_end),
		update_test(test_cancelled_update_writes_nothing),
		update_test(test_wrong_locations_are_told),
	};

	if (setenv("no_proxy", "*", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
