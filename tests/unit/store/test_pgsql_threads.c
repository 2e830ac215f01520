/*
 * What is PostgreSQL's own: several instances at once on one database, here threads with a
 * connection each. Threads only note what went wrong; the test looks at it when they have ended.
 */
#include "pgsql_test.h"

enum { THREADS = 4, ROUNDS = 30 };

struct instance {
	const char *location;
	int number;
	pthread_t thread;
	char failure[300];
	uint64_t done;
};

static void note(struct instance *i, const struct err *err)
{
	if (i->failure[0] == '\0')
		(void)snprintf(i->failure, sizeof(i->failure), "%s", err_msg(err));
}

static uint64_t run_instances(const char *location, void *(*run)(void *))
{
	struct instance i[THREADS];
	uint64_t done = 0;

	for (int n = 0; n < THREADS; n++) {
		i[n] = (struct instance){ .location = location, .number = n };
		assert_int_equal(pthread_create(&i[n].thread, NULL, run, &i[n]), 0);
	}
	for (int n = 0; n < THREADS; n++)
		assert_int_equal(pthread_join(i[n].thread, NULL), 0);
	for (int n = 0; n < THREADS; n++) {
		if (i[n].failure[0])
			fail_msg("instance %d: %s", n, i[n].failure);
		done += i[n].done;
	}
	return done;
}

/* --- starting */

static void *create(void *aux)
{
	struct instance *i = aux;
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s = NULL;

	if (store_open(i->location, STORE_CREATE, &s, &err) < 0)
		note(i, &err);
	store_close(s);
	return NULL;
}

static void test_schema_is_made_once(void **state UNUSED)
{
	char *location = test_pgsql_new_location();

	(void)run_instances(location, create);
	assert_int_equal(test_pgsql_number(location, "SELECT count(*) FROM clair_schema"), 1);
	assert_int_equal(test_pgsql_number(location, "SELECT count(*) FROM generation"), 1);
	test_pgsql_remove_location(location);
}

/* --- the same layers */

static int put_layer(struct store *s, const char *name, const char *parent, uint32_t engine,
	const char *version, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_feature features[20];

	/* In an order of its own: nobody may rely on it. */
	for (size_t n = 0; n < ARRAY_LEN(features); n++) {
		size_t k = version[0] % 2 ? n : ARRAY_LEN(features) - 1 - n;

		features[n] = (struct layer_feature){ .name_space = STR("debian:12"),
			.scheme = STR("dpkg"),
			.name = arena_printf(&a, "p%zu", k),
			.version = str_of(version),
			.package = arena_printf(&a, "p%zu", k),
			.key = span_from_str(str_of(version)) };
	}
	struct layer_put put = { .name = str_of(name),
		.parent = str_of(parent),
		.name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.engine_version = engine,
		.facts = span_from_str(str_of(version)),
		.features = features,
		.n_features = ARRAY_LEN(features) };

	return store_layer_put(s, &put, err);
}

static void *post_the_same(void *aux)
{
	struct instance *i = aux;
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s = NULL;
	int r = store_open(i->location, 0, &s, &err);

	for (int n = 0; r >= 0 && n < ROUNDS; n++) {
		char name[20], parent[20] = "", version[20];

		(void)snprintf(name, sizeof(name), "layer%d", n);
		(void)snprintf(version, sizeof(version), "%d", n + i->number);
		if (n > 0)
			(void)snprintf(parent, sizeof(parent), "layer%d", n - 1);
		r = put_layer(s, name, parent, 3, version, &err);
		i->done += r > 0;
	}
	if (r < 0)
		note(i, &err);
	store_close(s);
	return NULL;
}

static void test_layer_that_all_post_is_stored_by_one(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run_instances(f->location, post_the_same), ROUNDS);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM layer"), ROUNDS);
	assert_int_equal(
		test_pgsql_number(f->location, "SELECT count(*) FROM layer_feature"), ROUNDS * 20);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM namespace"), 1);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM package"), 20);
}

/* --- posts, replacements and deletions */

static bool passes(int r)
{
	return r >= 0 || r == -ERR_NOT_FOUND;
}

static void *post_and_delete(void *aux)
{
	struct instance *i = aux;
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s = NULL;
	int r = store_open(i->location, 0, &s, &err);

	for (unsigned n = 0; passes(r) && n < ROUNDS * 2; n++) {
		char version[20];
		uint32_t engine = 3 + n / 10;

		err_clear(&err);
		(void)snprintf(version, sizeof(version), "%u", n);
		r = put_layer(s, "base", "", engine, version, &err);
		if (passes(r))
			r = put_layer(s, "middle", "base", engine, version, &err);
		if (passes(r))
			r = put_layer(s, "top", "middle", engine, version, &err);
		if (passes(r) && n % 5 == (unsigned)i->number)
			r = store_layer_delete(s, n % 2 ? STR("base") : STR("middle"), &err);
	}
	if (!passes(r))
		note(i, &err);
	store_close(s);
	return NULL;
}

static void test_tree_stays_whole(void **state)
{
	struct fixture *f = *state;

	(void)run_instances(f->location, post_and_delete);
	assert_int_equal(
		test_pgsql_number(f->location, "SELECT count(*) FROM layer WHERE name <> 'base'"
					       " AND parent_id IS NULL"),
		0);
	assert_int_equal(test_pgsql_number(f->location,
				 "SELECT count(*) FROM layer l WHERE 20 <> (SELECT count(*)"
				 " FROM layer_feature WHERE layer_id = l.id)"),
		0);
	assert_int_equal(test_pgsql_number(f->location,
				 "SELECT count(*) FROM layer_content c WHERE NOT EXISTS"
				 " (SELECT FROM layer WHERE content_id = c.id)"),
		0);
}

/* --- updates */

static void *update(void *aux)
{
	struct instance *i = aux;
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s = NULL;
	int r = store_open(i->location, 0, &s, &err);

	for (int n = 0; r >= 0 && n < 10; n++) {
		struct store_update *u = NULL;
		struct store_update_result result;
		char version[20];

		(void)snprintf(version, sizeof(version), "%d", n * THREADS + i->number + 1);
		r = store_update_begin(s, i->number % 2 ? STR("odd") : STR("even"), &u, &err);
		if (r == 0)
			r = test_try_put(u, "debian:12", "CVE-1", "bash", "", version, &err);
		if (r == 0)
			r = test_try_commit(take_ptr(u), n, &result, &err);
		store_update_abort(u);
		if (r == 0)
			r = put_layer(s, "base", "", (uint32_t)n, version, &err);
	}
	if (r < 0)
		note(i, &err);
	store_close(s);
	return NULL;
}

static void test_updates_take_turns(void **state)
{
	struct fixture *f = *state;

	(void)run_instances(f->location, update);
	assert_int_equal(test_pgsql_number(f->location,
				 "SELECT count(*) FROM vulnerability WHERE deleted_at IS NULL"),
		2);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM fix"), 2);
	assert_int_equal(test_pgsql_number(f->location, "SELECT count(*) FROM vulnerability"),
		test_pgsql_number(f->location, "SELECT count(*) + 2 FROM deleted_fix"));
	assert_int_equal(test_pgsql_number(f->location, "SELECT sum(advisories) FROM source"), 2);
}

/* --- notifications */

static void *take_all(void *aux)
{
	struct instance *i = aux;
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct store *s = NULL;
	struct str name;
	int r = store_open(i->location, 0, &s, &err);

	while (r >= 0 &&
		(r = store_notification_take(s, STR("me"), 1000, 1000, &a, &name, &err)) > 0)
		i->done++;
	if (r < 0)
		note(i, &err);
	store_close(s);
	return NULL;
}

static void test_each_notification_is_taken_once(void **state)
{
	struct fixture *f = *state;

	test_pgsql_do(f->location, "INSERT INTO notification (name, created_at) SELECT 'n' || i, 1"
				   " FROM generate_series(1, 200) i");
	assert_int_equal(run_instances(f->location, take_all), 200);
}

int pgsql_threads(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_is_made_once),
		PG_TEST(test_layer_that_all_post_is_stored_by_one),
		PG_TEST(test_tree_stays_whole),
		PG_TEST(test_updates_take_turns),
		PG_TEST(test_each_notification_is_taken_once),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
