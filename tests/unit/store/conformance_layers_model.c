/*
 * Conformance of a driver: random layers, edits and updates, against a model that is some tables.
 */
#include "layers_test.h"

enum { LAYERS = 10, PACKAGES = 3, VERSIONS = 4, NAMES = 6, ROUNDS = 300, NONE = -1 };

static uint64_t random_state;

static unsigned next_random(unsigned below)
{
	random_state = random_state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(random_state >> 33) % below;
}

/* Of each package and version who introduced it, or NONE. */
struct features {
	int added_by[PACKAGES][VERSIONS];
};

struct model_layer {
	bool there;
	int parent; /* or NONE */
	uint32_t engine_version;
	bool inherits;
	struct features own;
};

/* Versions below fixed of a package are affected; 0: none; VERSIONS: all, unfixed. */
struct model_vulnerability {
	unsigned fixed[PACKAGES];
	bool there; /* of the source "api": without fixes, too */
};

struct model {
	struct model_layer layers[LAYERS];
	struct model_vulnerability feed[NAMES]; /* CVE-0 …, of the feed */
	struct model_vulnerability api[NAMES];  /* API-0 …, by edits */
};

static const struct features no_features = { { { NONE, NONE, NONE, NONE },
	{ NONE, NONE, NONE, NONE }, { NONE, NONE, NONE, NONE } } };

static const struct features *features_of(const struct model *m, int layer)
{
	while (layer != NONE && m->layers[layer].inherits)
		layer = m->layers[layer].parent;
	return layer == NONE ? &no_features : &m->layers[layer].own;
}

static const char *layer_name(struct arena *a, int i)
{
	return arena_printf(a, "layer-%d", i).p;
}

/* --- layers */

/* Some of the parent's, and some of its own. */
static struct features random_features(const struct model *m, int layer)
{
	struct features f = no_features;
	int parent = m->layers[layer].parent;
	const struct features *below = parent == NONE ? &no_features : features_of(m, parent);

	for (unsigned p = 0; p < PACKAGES; p++) {
		for (unsigned v = 0; v < VERSIONS; v++) {
			if (next_random(3) == 0)
				f.added_by[p][v] = below->added_by[p][v] != NONE
							   ? below->added_by[p][v]
							   : layer;
		}
	}
	return f;
}

static const char *features_text(
	struct arena *a, const struct features *f, int layer, bool with_owner)
{
	_cleanup_buf_ struct buf text = BUF_INIT(16 * KIB);

	for (unsigned p = 0; p < PACKAGES; p++) {
		for (unsigned v = 0; v < VERSIONS; v++) {
			int owner = f->added_by[p][v];

			if (owner == NONE)
				continue;
			buf_printf(&text, "%sp%u=%u", text.n ? " " : "", p, v);
			if (with_owner || owner != layer)
				buf_printf(&text, "@%s", layer_name(a, owner));
		}
	}
	return arena_cstr(a, buf_str(&text));
}

static void put_layer(struct store *s, struct model *m)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int i = (int)next_random(LAYERS), parent = (int)next_random(LAYERS + 1) - 1;
	struct model_layer *l = &m->layers[i], before = *l;
	uint32_t engine_version = 1 + next_random(4);
	struct err err = ERR_INIT;

	bool has_parent = parent != NONE && parent != i && m->layers[parent].there;
	if (!l->there)
		*l = (struct model_layer){ .there = true, .parent = has_parent ? parent : NONE };
	bool stale = before.there && before.engine_version >= engine_version;
	l->engine_version = engine_version;
	l->inherits = next_random(2);
	struct features own = random_features(m, i);
	l->own = own;
	int r = test_try_layer(s,
		(struct test_layer){ .name = layer_name(&a, i),
			.parent = l->parent == NONE ? NULL : layer_name(&a, l->parent),
			.features = l->inherits ? NULL : features_text(&a, &own, i, false),
			.engine_version = engine_version,
			.facts = arena_printf(&a, "%u", next_random(5)).p },
		&err);
	assert_ok(r, &err);
	assert_int_equal(r, !stale);
	if (stale)
		*l = before;
}

static bool descends(const struct model *m, int layer, int from)
{
	while (layer != NONE && layer != from)
		layer = m->layers[layer].parent;
	return layer == from;
}

static void delete_layer(struct store *s, struct model *m)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	int i = (int)next_random(LAYERS);
	bool doomed[LAYERS];
	struct err err = ERR_INIT;

	if (!m->layers[i].there)
		return;
	test_delete_layer(s, layer_name(&a, i));
	for (int k = 0; k < LAYERS; k++)
		doomed[k] = m->layers[k].there && descends(m, k, i);
	for (int k = 0; k < LAYERS; k++) {
		if (doomed[k])
			m->layers[k].there = false;
	}
	assert_fails(
		store_layer_delete(s, str_of(layer_name(&a, i)), &err), &err, ERR_NOT_FOUND, "");
}

/* --- vulnerabilities */

static bool affects(const struct model_vulnerability *v, unsigned package, unsigned version)
{
	return version < v->fixed[package];
}

static bool has_fixes(const struct model_vulnerability *v)
{
	for (unsigned p = 0; p < PACKAGES; p++) {
		if (v->fixed[p])
			return true;
	}
	return false;
}

/* Whether a layer introduces a feature that it affects. */
static bool touches(const struct model *m, const struct model_vulnerability *v)
{
	for (int i = 0; i < LAYERS; i++) {
		const struct model_layer *l = &m->layers[i];

		for (unsigned p = 0; p < PACKAGES * VERSIONS && l->there && !l->inherits; p++) {
			if (l->own.added_by[p / VERSIONS][p % VERSIONS] == i &&
				affects(v, p / VERSIONS, p % VERSIONS))
				return true;
		}
	}
	return false;
}

static const char *version(struct arena *a, unsigned fixed)
{
	return fixed >= VERSIONS ? "" : arena_printf(a, "%u", fixed).p;
}

static void update(struct store *s, struct model *m, int round)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct model old = *m;
	struct store_update *u = test_begin(s, "debian");
	uint64_t notifications = 0;

	for (unsigned i = next_random(4); i > 0; i--)
		m->feed[next_random(NAMES)].fixed[next_random(PACKAGES)] =
			next_random(VERSIONS + 1);
	for (unsigned i = 0; i < NAMES; i++) {
		for (unsigned p = 0; p < PACKAGES; p++) {
			if (m->feed[i].fixed[p])
				test_put(u, "debian:12", arena_printf(&a, "CVE-%u", i).p,
					arena_printf(&a, "p%u", p).p, "",
					version(&a, m->feed[i].fixed[p]));
		}
		if (memcmp(m->feed[i].fixed, old.feed[i].fixed, sizeof(old.feed[i].fixed)) != 0)
			notifications += touches(m, &m->feed[i]) || touches(m, &old.feed[i]);
	}
	struct store_update_result r = test_commit(u, round + 1);
	assert_int_equal(r.notifications, round ? notifications : 0);
}

static int64_t count_notifications(struct store *s)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str name;
	int64_t n = 0;
	struct err err = ERR_INIT;

	while (store_notification_take(s, STR("me"), 0, 1000, &a, &name, &err) == 1) {
		assert_ok(store_notification_delete(s, name, &err), &err);
		n++;
	}
	return n;
}

static void edit(struct store *s, struct model *m)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf fixes = BUF_INIT(KIB);
	unsigned i = next_random(NAMES);
	struct model_vulnerability *v = &m->api[i], old = *v;

	(void)count_notifications(s);
	for (unsigned p = 0; p < PACKAGES; p++) {
		if (next_random(2))
			continue;
		v->fixed[p] = next_random(VERSIONS + 1);
		if (v->fixed[p])
			buf_printf(&fixes, " p%u=%s", p, version(&a, v->fixed[p]));
		else
			buf_printf(&fixes, " -p%u", p);
	}
	v->there = true;
	bool differs = !old.there || memcmp(v->fixed, old.fixed, sizeof(old.fixed)) != 0;
	assert_int_equal(test_edit(s, (struct test_edit){ arena_printf(&a, "API-%u", i).p,
					      buf_cstr(&fixes) }),
		differs);
	assert_int_equal(count_notifications(s), differs && (touches(m, v) || touches(m, &old)));
}

static void withdraw(struct store *s, struct model *m)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	unsigned i = next_random(NAMES);
	struct str name = arena_printf(&a, "API-%u", i);
	struct err err = ERR_INIT;

	(void)count_notifications(s);
	int r = store_vulnerability_delete(s, STR("debian:12"), name, STORE_NOTIFY_TOUCHING, &err);
	assert_int_equal(r, m->api[i].there ? 0 : -ERR_NOT_FOUND);
	err_clear(&err);
	assert_int_equal(count_notifications(s), m->api[i].there && touches(m, &m->api[i]) ? 1 : 0);
	m->api[i] = (struct model_vulnerability){ .there = false };
}

/* --- whether they agree */

static void append_findings(struct buf *text, struct arena *a, const struct model_vulnerability *v,
	const char *prefix, unsigned p, unsigned n)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (affects(&v[i], p, n))
			buf_printf(text, "%sp%u/%u:%s-%u=%s", text->n ? " " : "", p, n, prefix, i,
				version(a, v[i].fixed[p]));
	}
}

static const char *findings_text(struct arena *a, const struct model *m, const struct features *f)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);

	for (unsigned p = 0; p < PACKAGES; p++) {
		for (unsigned v = 0; v < VERSIONS; v++) {
			if (f->added_by[p][v] == NONE)
				continue;
			append_findings(&text, a, m->api, "API", p, v);
			append_findings(&text, a, m->feed, "CVE", p, v);
		}
	}
	return arena_cstr(a, buf_str(&text));
}

static void check(struct store *s, const struct model *m)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf vulnerability = BUF_INIT(KIB);

	for (int i = 0; i < LAYERS; i++) {
		const char *name = layer_name(&a, i);

		assert_int_equal(test_has_layer(s, name), m->layers[i].there);
		if (!m->layers[i].there)
			continue;
		const struct features *f = features_of(m, i);
		assert_string_equal(test_features(s, &a, name), features_text(&a, f, i, true));
		assert_string_equal(test_findings(s, &a, name), findings_text(&a, m, f));
	}
	for (unsigned i = 0; i < NAMES; i++) {
		const struct model_vulnerability *v = &m->feed[i];

		buf_clear(&vulnerability);
		buf_printf(&vulnerability, has_fixes(v) ? "Medium CVE-%u;" : "none", i);
		for (unsigned p = 0; p < PACKAGES; p++) {
			if (v->fixed[p])
				buf_printf(&vulnerability, " p%u=%s", p, version(&a, v->fixed[p]));
		}
		assert_vulnerability(s, arena_printf(&a, "CVE-%u", i).p, buf_cstr(&vulnerability));
	}
}

static void test_random_layers_agree_with_a_model(void **state)
{
	static struct model m;
	struct store *s = store_of(state);

	random_state = 4711;
	memset(&m, 0, sizeof(m));
	update(s, &m, 0);
	for (int round = 1; round < ROUNDS; round++) {
		unsigned action = next_random(16);

		if (action < 8)
			put_layer(s, &m);
		else if (action < 10)
			delete_layer(s, &m);
		else if (action < 13)
			edit(s, &m);
		else if (action < 14)
			withdraw(s, &m);
		else
			update(s, &m, round);
		check(s, &m);
	}
}

int conformance_layers_model(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_random_layers_agree_with_a_model),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
