/*
 * Conformance of a driver: random updates, against a model that is a table.
 */
#include "conformance.h"

enum { MODEL_NAMES = 40, MODEL_PACKAGES = 4, MODEL_VERSIONS = 6, MODEL_ROUNDS = 40 };

static uint64_t random_state;

static unsigned next_random(unsigned below)
{
	random_state = random_state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(random_state >> 33) % below;
}

/* fixed[name][package]: 0: no fix, else affected up to version fixed-1; MODEL_VERSIONS: unfixed. */
struct model {
	unsigned fixed[MODEL_NAMES][MODEL_PACKAGES];
};

static bool model_has(const struct model *m, unsigned name)
{
	for (unsigned p = 0; p < MODEL_PACKAGES; p++) {
		if (m->fixed[name][p])
			return true;
	}
	return false;
}

static void model_change(struct model *m)
{
	for (unsigned i = next_random(20); i > 0; i--)
		m->fixed[next_random(MODEL_NAMES)][next_random(MODEL_PACKAGES)] =
			next_random(MODEL_VERSIONS + 1);
}

static void model_put(struct store_update *u, const struct model *m)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	unsigned from = next_random(MODEL_NAMES);

	for (unsigned i = 0; i < MODEL_NAMES; i++) {
		unsigned name = (from + i) % MODEL_NAMES;

		for (unsigned p = 0; p < MODEL_PACKAGES; p++) {
			unsigned fixed = m->fixed[name][p];

			if (fixed)
				test_put(u, name % 3 ? "debian:12" : "debian:11",
					arena_printf(&a, "CVE-%02u", name).p,
					arena_printf(&a, "p%u", p).p, "",
					fixed == MODEL_VERSIONS ? ""
								: arena_printf(&a, "%u", fixed).p);
		}
	}
}

static void model_check_counts(
	const struct model *old, const struct model *new, struct store_update_result r)
{
	struct store_update_result expected = { .inserted = 0 };

	for (unsigned i = 0; i < MODEL_NAMES; i++) {
		bool was = model_has(old, i), is = model_has(new, i);

		if (was && is && memcmp(old->fixed[i], new->fixed[i], sizeof(old->fixed[i])) == 0)
			expected.unchanged++;
		else if (was && is)
			expected.changed++;
		else if (was)
			expected.deleted++;
		else if (is)
			expected.inserted++;
	}
	assert_result(r, expected.inserted, expected.changed, expected.deleted, expected.unchanged);
}

static int cmp_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void model_check_match(struct store *s, const struct model *m, const char *name_space,
	unsigned package, unsigned version)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const char *lines[MODEL_NAMES];
	size_t n = 0;
	_cleanup_buf_ struct buf expected = BUF_INIT(64 * KIB);

	for (unsigned i = 0; i < MODEL_NAMES; i++) {
		unsigned fixed = m->fixed[i][package];

		if (strcmp(i % 3 ? "debian:12" : "debian:11", name_space) != 0 || fixed == 0 ||
			(fixed != MODEL_VERSIONS && version >= fixed))
			continue;
		lines[n++] = fixed == MODEL_VERSIONS ? arena_printf(&a, "CVE-%02u=", i).p
						     : arena_printf(&a, "CVE-%02u=%u", i, fixed).p;
	}
	qsort(lines, n, sizeof(*lines), cmp_text);
	for (size_t i = 0; i < n; i++)
		buf_printf(&expected, "%s%s", i ? " " : "", lines[i]);
	assert_match(s, name_space, arena_printf(&a, "p%u", package).p,
		arena_printf(&a, "%u", version).p, buf_cstr(&expected));
}

static void test_random_updates_agree_with_a_model(void **state)
{
	static struct model model, old;
	struct store *s = store_of(state);

	random_state = 4711;
	memset(&model, 0, sizeof(model));
	for (int round = 0; round < MODEL_ROUNDS; round++) {
		struct store_update *u = test_begin(s, "debian");

		old = model;
		model_change(&model);
		model_put(u, &model);
		model_check_counts(&old, &model, test_commit(u, round + 1));
		for (unsigned p = 0; p < MODEL_PACKAGES; p++) {
			for (unsigned v = 0; v <= MODEL_VERSIONS; v++) {
				model_check_match(s, &model, "debian:12", p, v);
				model_check_match(s, &model, "debian:11", p, v);
			}
		}
	}
}

int conformance_model(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_random_updates_agree_with_a_model),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
