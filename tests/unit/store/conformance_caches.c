/*
 * Conformance of a driver: states of sources, and the caches of facts and digests.
 */
#include "conformance.h"

static void test_source_is_told_after_its_update(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state source;
	struct err err = ERR_INIT;

	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 0);
	struct store_update *u = test_begin(s, "debian");
	test_put(u, "debian:11", "CVE-1", "bash", "", "1");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1");
	test_put(u, "debian:12", "CVE-1", "dash", "", "1");
	(void)test_commit(u, 1700000000);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_str(source.name, "debian");
	assert_str(source.location, "https://example.org/feed");
	assert_str(source.etag, "\"1\"");
	assert_str(source.last_modified, "yesterday");
	assert_str(source.digest, "sha256:00");
	assert_int_equal(source.updated_at, 1700000000);
	assert_int_equal(source.checked_at, 1700000000);
	assert_int_equal(source.advisories, 2);
}

static void test_update_without_change_is_a_check(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state source;
	struct err err = ERR_INIT;

	for (int64_t now = 10; now < 30; now += 10) {
		struct store_update *u = test_begin(s, "debian");
		test_put(u, "debian:11", "CVE-1", "bash", "", "1");
		(void)test_commit(u, now);
	}
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_int_equal(source.updated_at, 10);
	assert_int_equal(source.checked_at, 20);
	assert_int_equal(source.advisories, 1);
}

static void test_sources_are_listed_by_name(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state *sources;
	size_t n;
	struct err err = ERR_INIT;

	assert_ok(store_source_list(s, &a, &sources, &n, &err), &err);
	assert_int_equal(n, 0);
	(void)test_commit(test_begin(s, "ubuntu"), 1);
	(void)test_commit(test_begin(s, "alpine"), 2);
	assert_ok(store_source_list(s, &a, &sources, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_str(sources[0].name, "alpine");
	assert_int_equal(sources[0].updated_at, 2);
	assert_str(sources[1].name, "ubuntu");
}

static void test_touch_keeps_what_it_is_not_told(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state touch = { .name = STR("debian"), .checked_at = 50 }, source;
	struct err err = ERR_INIT;

	assert_fails(store_source_touch(s, &touch, &err), &err, ERR_NOT_FOUND, "debian");
	(void)test_commit(test_begin(s, "debian"), 10);
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_int_equal(source.updated_at, 10);
	assert_int_equal(source.checked_at, 50);
	assert_str(source.etag, "\"1\"");
	touch.etag = STR("\"2\"");
	touch.location = source.location;
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_str(source.etag, "\"2\"");
	assert_str(source.last_modified, "yesterday");
}

static void test_validators_do_not_outlive_their_location(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state touch = { .name = STR("debian"), .location = STR("/mirror") }, source;
	struct err err = ERR_INIT;

	(void)test_commit(test_begin(s, "debian"), 10);
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_str(source.location, "/mirror");
	assert_str(source.etag, "");
	assert_str(source.last_modified, "");
	assert_str(source.digest, "sha256:00");
}

static void assert_documents(struct store *s, const char *expected)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state source;

	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, NULL), 1);
	assert_str(source.documents, expected);
}

static void test_documents_are_kept(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state set = { .name = STR("debian"),
		.location = STR("/mirror"),
		.documents = STR("one\n\xc3\xa9"),
		.updated_at = 10 };
	struct source_state touch = { .name = STR("debian") }, *sources;
	struct store_update_result result;
	struct err err = ERR_INIT;
	size_t n;

	assert_ok(store_update_commit(test_begin(s, "debian"), &set, &result, &err), &err);
	assert_documents(s, "one\n\xc3\xa9");
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_documents(s, "one\n\xc3\xa9");
	touch.documents = STR("two");
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_documents(s, "two");
	assert_ok(store_source_list(s, &a, &sources, &n, &err), &err);
	assert_str(sources[0].documents, "");
	/* Those of another location. */
	touch.documents = STR_NULL;
	touch.location = STR("/elsewhere");
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_documents(s, "");
	char *large = xcalloc(LIMIT_SOURCE_DOCUMENTS + 1, 1);
	memset(large, 'x', LIMIT_SOURCE_DOCUMENTS + 1);
	set.documents = str_n(large, LIMIT_SOURCE_DOCUMENTS);
	assert_ok(store_update_commit(test_begin(s, "debian"), &set, &result, &err), &err);
	assert_documents(s, arena_cstr(&a, set.documents));
	set.documents.n++;
	assert_ok(store_update_commit(test_begin(s, "debian"), &set, &result, &err), &err);
	assert_documents(s, "");
	free(large);
}

static void assert_failure(struct store *s, int64_t updated_at, int64_t when, const char *error)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state source, *sources;
	size_t n;

	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, NULL), 1);
	assert_int_equal(source.updated_at, updated_at);
	assert_int_equal(source.failed_at, when);
	assert_str(source.error, error);
	assert_int_equal(store_source_list(s, &a, &sources, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(sources[0].failed_at, when);
	assert_str(sources[0].error, error);
}

static void test_failure_is_told_until_it_works(void **state)
{
	struct store *s = store_of(state);
	struct source_state touch = { .name = STR("debian"), .checked_at = 60 };
	struct str debian = STR("debian");
	struct err err = ERR_INIT;

	assert_ok(store_source_fail(s, debian, 5, STR("no such\nhost"), &err), &err);
	assert_failure(s, 0, 5, "no such\xef\xbf\xbdhost");
	assert_fails(store_source_touch(s, &touch, &err), &err, ERR_NOT_FOUND, "debian");
	assert_failure(s, 0, 5, "no such\xef\xbf\xbdhost");
	(void)test_commit(test_begin(s, "debian"), 10);
	assert_failure(s, 10, 0, "");
	assert_ok(store_source_fail(s, debian, 20, STR("a\xff"), &err), &err);
	assert_failure(s, 10, 20, "a\xef\xbf\xbd");
	assert_ok(store_source_fail(s, debian, 30, STR("again"), &err), &err);
	assert_failure(s, 10, 30, "again");
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_failure(s, 10, 0, "");
	assert_fails(store_source_fail(s, STR("api"), 1, STR(""), &err), &err, ERR_USAGE, "edits");
}

static void test_what_was_replaced_meanwhile_is_not_touched(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state touch = { .name = STR("debian"),
		.location = STR("/elsewhere"),
		.etag = STR("\"old\""),
		.digest = STR("sha256:11"),
		.checked_at = 99 };
	struct source_state source;
	struct err err = ERR_INIT;

	(void)test_commit(test_begin(s, "debian"), 10);
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_str(source.digest, "sha256:00");
	assert_str(source.etag, "\"1\"");
	assert_str(source.location, "https://example.org/feed");
	assert_int_equal(source.checked_at, 10);
	/* The connection is fit for more. */
	touch.digest = STR("sha256:00");
	assert_ok(store_source_touch(s, &touch, &err), &err);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_int_equal(source.checked_at, 99);
}

static void test_odd_validators_are_as_if_not_sent(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct source_state odd = { .name = STR("debian"),
		.etag = STR("\"\xff\""),
		.last_modified = STR("a\0b"),
		.updated_at = 1 };
	struct store_update_result result;
	struct source_state source;
	struct err err = ERR_INIT;

	assert_ok(store_update_commit(test_begin(s, "debian"), &odd, &result, &err), &err);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_str(source.etag, "");
	assert_str(source.last_modified, "");
	odd.last_modified = STR("today");
	assert_ok(store_source_touch(s, &odd, &err), &err);
	assert_int_equal(store_source_get(s, STR("debian"), &a, &source, &err), 1);
	assert_str(source.etag, "");
	assert_str(source.last_modified, "today");
}

static void test_facts_come_back(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct digest one = { { 1 } }, two = { { 2 } };
	struct span facts;
	struct err err = ERR_INIT;

	assert_int_equal(store_facts_get(s, &one, 7, &a, &facts, &err), 0);
	assert_ok(store_facts_put(s, &one, 7, span_n("a\0b", 3), &err), &err);
	assert_ok(store_facts_put(s, &two, 7, span_n(NULL, 0), &err), &err);
	assert_int_equal(store_facts_get(s, &one, 7, &a, &facts, &err), 1);
	assert_int_equal(facts.n, 3);
	assert_memory_equal(facts.p, "a\0b", 3);
	assert_int_equal(store_facts_get(s, &two, 7, &a, &facts, &err), 1);
	assert_int_equal(facts.n, 0);
	assert_int_equal(store_facts_get(s, &one, 8, &a, &facts, &err), 0);
}

static void test_facts_are_replaced(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct digest d = { { 1 } };
	struct span facts;
	struct err err = ERR_INIT;

	assert_ok(store_facts_put(s, &d, 7, span_n("old", 3), &err), &err);
	assert_ok(store_facts_put(s, &d, 7, span_n("newer", 5), &err), &err);
	assert_int_equal(store_facts_get(s, &d, 7, &a, &facts, &err), 1);
	assert_str(str_from_span(facts), "newer");
	assert_ok(store_facts_put(s, &d, UINT32_MAX, span_n("next", 4), &err), &err);
	assert_int_equal(store_facts_get(s, &d, UINT32_MAX, &a, &facts, &err), 1);
	assert_str(str_from_span(facts), "next");
	assert_int_equal(store_facts_get(s, &d, 7, &a, &facts, &err), 0);
}

static void test_too_large_facts_are_refused(void **state)
{
	struct digest d = { { 1 } };
	struct err err = ERR_INIT;

	assert_fails(store_facts_put(store_of(state), &d, 1, span_n("", LIMIT_FACTS + 1), &err),
		&err, ERR_TOO_LARGE, "facts");
}

static void test_file_digest_holds_for_its_stamp_only(void **state)
{
	struct store *s = store_of(state);
	const struct file_stamp stamp = { UINT64_MAX, 2, UINT64_MAX - 1, -4, INT64_MAX };
	const struct file_stamp others[] = {
		{ 1, 2, UINT64_MAX - 1, -4, INT64_MAX },
		{ UINT64_MAX, 3, UINT64_MAX - 1, -4, INT64_MAX },
		{ UINT64_MAX, 2, UINT64_MAX, -4, INT64_MAX },
		{ UINT64_MAX, 2, UINT64_MAX - 1, -5, INT64_MAX },
		{ UINT64_MAX, 2, UINT64_MAX - 1, -4, INT64_MIN },
	};
	struct digest d = { { 1, 2, 3 } }, got;
	struct err err = ERR_INIT;

	assert_int_equal(store_file_digest_get(s, &stamp, &got, &err), 0);
	assert_ok(store_file_digest_put(s, &stamp, &d, &err), &err);
	assert_int_equal(store_file_digest_get(s, &stamp, &got, &err), 1);
	assert_true(digest_eq(&got, &d));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(store_file_digest_get(s, &others[i], &got, &err), 0);
	d.bytes[0] = 9;
	assert_ok(store_file_digest_put(s, &stamp, &d, &err), &err);
	assert_int_equal(store_file_digest_get(s, &stamp, &got, &err), 1);
	assert_true(digest_eq(&got, &d));
}

int conformance_caches(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_source_is_told_after_its_update),
		TEST(test_update_without_change_is_a_check),
		TEST(test_sources_are_listed_by_name),
		TEST(test_touch_keeps_what_it_is_not_told),
		TEST(test_validators_do_not_outlive_their_location),
		TEST(test_documents_are_kept),
		TEST(test_failure_is_told_until_it_works),
		TEST(test_what_was_replaced_meanwhile_is_not_touched),
		TEST(test_odd_validators_are_as_if_not_sent),
		TEST(test_facts_come_back),
		TEST(test_facts_are_replaced),
		TEST(test_too_large_facts_are_refused),
		TEST(test_file_digest_holds_for_its_stamp_only),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
