/*
 * What the tests of the store share: a folder for databases that goes away at the end, and short
 * ways to put advisories and to ask.
 */
#ifndef TESTS_UNIT_STORE_STORE_TEST_H
#define TESTS_UNIT_STORE_STORE_TEST_H

#include "../test.h"

#include "store/store.h"
#include "version/version.h"

/* A path in a new folder; heap. */
static inline char *test_new_path(void)
{
	char dir[] = "/tmp/clair-store-XXXXXX";

	if (!mkdtemp(dir))
		fail_msg("no temporary folder");
	char *path = xmalloc(sizeof(dir) + sizeof("/test.db"));
	(void)snprintf(path, sizeof(dir) + sizeof("/test.db"), "%s/test.db", dir);
	return path;
}

/* Cuts the path to its folder's. */
static inline char *test_folder(char *path)
{
	struct str folder;

	assert_true(str_rcut(str_of(path), '/', &folder, NULL));
	path[folder.n] = '\0';
	return path;
}

/* Removes the database and its folder, and frees the path. */
static inline void test_remove_path(char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	char name[4096];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
	assert_int_equal(rmdir(test_folder(path)), 0);
	free(path);
}

static inline struct store *test_open(const char *location, unsigned flags)
{
	struct store *s = NULL;
	struct err err = ERR_INIT;

	assert_ok(store_open(location, flags, &s, &err), &err);
	return s;
}

/* A commit may leave any number of advisories. */
static inline struct store_update *test_begin(struct store *s, const char *source)
{
	struct store_update *u = NULL;
	struct err err = ERR_INIT;

	assert_ok(store_update_begin(s, str_of(source), &u, &err), &err);
	store_update_accept_shrinking(u);
	return u;
}

static inline int test_try_put(struct store_update *u, const char *name_space, const char *name,
	const char *package, const char *introduced, const char *fixed, struct err *err)
{
	struct advisory_fix fix = {
		.package = str_of(package),
		.introduced = str_of(introduced),
		.fixed_version = str_of(fixed),
		.state = fixed && *fixed ? FIX_STATE_FIXED : FIX_STATE_AFFECTED,
		.severity = SEVERITY_LOW,
	};
	struct advisory a = {
		.name_space = str_of(name_space),
		.scheme = STR("dpkg"),
		.name = str_of(name),
		.severity = SEVERITY_MEDIUM,
		.link = STR("https://example.org/"),
		.description = str_of(name),
		.fixes = &fix,
		.n_fixes = 1,
	};

	return store_update_put(u, &a, err);
}

/* Versions from introduced to fixed of package are affected; "" for all, and for unfixed. */
static inline void test_put(struct store_update *u, const char *name_space, const char *name,
	const char *package, const char *introduced, const char *fixed)
{
	struct err err = ERR_INIT;

	assert_ok(test_try_put(u, name_space, name, package, introduced, fixed, &err), &err);
}

/* Puts CVE-1 of debian:12. */
static inline void test_put_full(struct store_update *u, enum severity severity, const char *link,
	const char *description, const char *metadata, const struct advisory_fix *fixes, size_t n)
{
	struct advisory a = {
		.name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = STR("CVE-1"),
		.severity = severity,
		.link = str_of(link),
		.description = str_of(description),
		.metadata = str_of(metadata),
		.fixes = fixes,
		.n_fixes = n,
	};
	struct err err = ERR_INIT;

	assert_ok(store_update_put(u, &a, &err), &err);
}

static inline int test_try_commit(
	struct store_update *u, int64_t now, struct store_update_result *out, struct err *err)
{
	struct source_state state = {
		.location = STR("https://example.org/feed"),
		.etag = STR("\"1\""),
		.last_modified = STR("yesterday"),
		.digest = STR("sha256:00"),
		.updated_at = now,
		.checked_at = now,
	};

	return store_update_commit(u, &state, out, err);
}

static inline struct store_update_result test_commit(struct store_update *u, int64_t now)
{
	struct store_update_result result = { .inserted = 0 };
	struct err err = ERR_INIT;

	assert_ok(test_try_commit(u, now, &result, &err), &err);
	return result;
}

#define assert_result(result, n_inserted, n_changed, n_deleted, n_unchanged) \
	do {                                                                 \
		struct store_update_result result_ = (result);               \
		assert_int_equal(result_.inserted, (n_inserted));            \
		assert_int_equal(result_.changed, (n_changed));              \
		assert_int_equal(result_.deleted, (n_deleted));              \
		assert_int_equal(result_.unchanged, (n_unchanged));          \
	} while (0)

static inline struct span test_key(struct arena *a, const char *version)
{
	_cleanup_buf_ struct buf key = BUF_INIT(LIMIT_VERSION);
	struct err err = ERR_INIT;

	assert_ok(version_key(version_scheme_by_name(STR("dpkg")), str_of(version), &key, &err),
		&err);
	return span_from_str(arena_str(a, buf_str(&key)));
}

/* "name=fixed name=fixed …" of what affects a version, in arena a. */
static inline const char *test_match(struct store *s, struct arena *a, const char *name_space,
	const char *package, const char *version)
{
	struct match_query query = { str_of(name_space), str_of(package), test_key(a, version) };
	struct match_list list = { VEC_INIT };
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct err err = ERR_INIT;

	assert_ok(store_match(s, &query, 1, a, &list, &err), &err);
	vec_for_each(m, &list.items)
		buf_printf(&text, "%s%" PRIstr "=%" PRIstr, text.n ? " " : "", STR_ARG(m->name),
			STR_ARG(m->fixed_version));
	vec_fini(&list.items);
	return arena_cstr(a, buf_str(&text));
}

#define assert_match(store, name_space, package, version, expected)                       \
	do {                                                                              \
		struct arena arena_ = ARENA_INIT;                                         \
		assert_string_equal(                                                      \
			test_match((store), &arena_, (name_space), (package), (version)), \
			(expected));                                                      \
		arena_fini(&arena_);                                                      \
	} while (0)

#endif
