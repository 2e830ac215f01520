/*
 * What the tests of layers, edits and notifications share: layers in short words, and what is read
 * of them as text.
 */
#ifndef TESTS_UNIT_STORE_LAYERS_TEST_H
#define TESTS_UNIT_STORE_LAYERS_TEST_H

#include "conformance.h"

/* How the features of a layer are written: "bash=1.0 curl=2@base", with the layer that introduced
 * them. A version "?" cannot be compared. NULL: inherited. */
static inline size_t test_parse_features(struct store *s, struct arena *a, const char *text,
	const char *name_space, struct layer_feature *out, size_t max)
{
	struct str rest = str_of(text), word, version, layer;
	struct err err = ERR_INIT;
	size_t n = 0;

	while (str_next_word(&rest, &word)) {
		struct layer_feature *f = &out[n++];

		assert_true(n <= max);
		*f = (struct layer_feature){ .name_space = str_of(name_space),
			.scheme = STR("dpkg") };
		assert_true(str_cut(word, '=', &f->name, &version));
		if (str_cut(version, '@', &f->version, &layer)) {
			struct stored_layer l;

			assert_int_equal(store_layer_get(s, layer, a, &l, &err), 1);
			f->added_by = l.id;
		}
		f->package = f->name;
		if (!str_eq(f->version, STR("?")))
			f->key = test_key(a, arena_cstr(a, f->version));
	}
	return n;
}

struct test_layer {
	const char *name;
	const char *parent;
	const char *features;
	uint32_t engine_version; /* 0: 3 */
	const char *name_space;  /* NULL: debian:12 */
	const char *facts;
};

static inline int test_try_layer(struct store *s, struct test_layer l, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_feature features[64];
	const char *name_space = l.name_space ? l.name_space : "debian:12";
	struct layer_put put = {
		.name = str_of(l.name),
		.parent = str_of(l.parent),
		.name_space = str_of(name_space),
		.scheme = STR("dpkg"),
		.engine_version = l.engine_version ? l.engine_version : 3,
		.facts = span_from_str(str_of(l.facts ? l.facts : l.name)),
		.inherits = !l.features,
		.features = features,
		.n_features = test_parse_features(
			s, &a, l.features, name_space, features, ARRAY_LEN(features)),
	};

	return store_layer_put(s, &put, err);
}

static inline void test_layer(
	struct store *s, const char *name, const char *parent, const char *features)
{
	struct err err = ERR_INIT;
	int r = test_try_layer(s,
		(struct test_layer){ .name = name, .parent = parent, .features = features }, &err);

	assert_ok(r, &err);
	assert_int_equal(r, 1);
}

/* "bash=1.0@base curl=2@child", in a. */
static inline const char *test_features(struct store *s, struct arena *a, const char *layer)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct layer_view view;
	struct err err = ERR_INIT;
	int r = store_layer_read(s, str_of(layer), LAYER_PART_FEATURES, a, &view, &err);

	assert_ok(r, &err);
	if (r == 0)
		return "no layer";
	assert_int_equal(view.matches.n, 0);
	vec_for_each(f, &view.features)
		buf_printf(&text, "%s%" PRIstr "=%" PRIstr "@%" PRIstr, text.n ? " " : "",
			STR_ARG(f->name), STR_ARG(f->version), STR_ARG(f->added_by_name));
	layer_view_fini(&view);
	return arena_cstr(a, buf_str(&text));
}

#define assert_features(store, layer, expected)                                            \
	do {                                                                               \
		struct arena arena_ = ARENA_INIT;                                          \
		assert_string_equal(test_features((store), &arena_, (layer)), (expected)); \
		arena_fini(&arena_);                                                       \
	} while (0)

/* "bash/1.0:CVE-1=2.0 …", in a. */
static inline const char *test_findings(struct store *s, struct arena *a, const char *layer)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct layer_view view;
	struct err err = ERR_INIT;

	assert_ok(store_layer_read(s, str_of(layer), LAYER_PART_VULNERABILITIES, a, &view, &err),
		&err);
	vec_for_each(m, &view.matches) {
		assert_true(m->feature < view.features.n);
		const struct layer_feature *f = &view.features.v[m->feature];

		buf_printf(&text, "%s%" PRIstr "/%" PRIstr ":%" PRIstr "=%" PRIstr,
			text.n ? " " : "", STR_ARG(f->name), STR_ARG(f->version), STR_ARG(m->name),
			STR_ARG(m->fixed_by));
	}
	layer_view_fini(&view);
	return arena_cstr(a, buf_str(&text));
}

#define assert_findings(store, layer, expected)                                            \
	do {                                                                               \
		struct arena arena_ = ARENA_INIT;                                          \
		assert_string_equal(test_findings((store), &arena_, (layer)), (expected)); \
		arena_fini(&arena_);                                                       \
	} while (0)

/* Ids and generations of a layer that is there. */
static inline struct layer_state test_state(struct store *s, const char *layer)
{
	struct layer_state state = { .id = 0 };
	struct err err = ERR_INIT;
	int r = store_layer_state(s, str_of(layer), &state, &err);

	assert_ok(r, &err);
	assert_int_equal(r, 1);
	return state;
}

static inline bool test_has_layer(struct store *s, const char *layer)
{
	struct layer_state state;
	struct err err = ERR_INIT;
	int r = store_layer_state(s, str_of(layer), &state, &err);

	assert_ok(r, &err);
	return r == 1;
}

static inline void test_delete_layer(struct store *s, const char *layer)
{
	struct err err = ERR_INIT;

	assert_ok(store_layer_delete(s, str_of(layer), &err), &err);
}

/* An edit of debian:12 by store_vulnerability_put(). Fixes as "bash=1.0 curl=": "curl=" is
 * unfixed; a package behind "-" is not affected. */
struct test_edit {
	const char *name;
	const char *fixes;
	enum severity severity;
	const char *description;
	unsigned flags;
	enum store_notify notify;
	const char *scheme; /* NULL: dpkg */
	const char *name_space;
};

static inline int test_try_edit(struct store *s, struct test_edit e, struct err *err)
{
	struct str rest = str_of(e.fixes), word, not_affected[16];
	struct advisory_fix fixes[16];
	size_t n = 0, n_not_affected = 0;

	while (str_next_word(&rest, &word)) {
		assert_true(n < ARRAY_LEN(fixes) && n_not_affected < ARRAY_LEN(not_affected));
		if (str_skip_prefix(&word, STR("-"))) {
			not_affected[n_not_affected++] = word;
			continue;
		}
		fixes[n] = (struct advisory_fix){ .severity = e.severity };
		assert_true(str_cut(word, '=', &fixes[n].package, &fixes[n].fixed_version));
		fixes[n].state = fixes[n].fixed_version.n ? FIX_STATE_FIXED : FIX_STATE_AFFECTED;
		n++;
	}
	struct advisory a = {
		.name_space = str_of(e.name_space ? e.name_space : "debian:12"),
		.scheme = str_of(e.scheme ? e.scheme : "dpkg"),
		.name = str_of(e.name),
		.severity = e.severity,
		.description = str_of(e.description),
		.fixes = fixes,
		.n_fixes = n,
	};
	return store_vulnerability_put(s, &a, not_affected, n_not_affected, e.flags, e.notify, err);
}

/* Whether something changed. */
static inline bool test_edit(struct store *s, struct test_edit e)
{
	struct err err = ERR_INIT;
	int r = test_try_edit(s, e, &err);

	assert_ok(r, &err);
	return r == 1;
}

/* "Medium text; bash=1.0 curl=", in a; "none" when there is none. */
static inline const char *test_vulnerability(
	struct store *s, struct arena *a, const char *name_space, const char *name)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct stored_vulnerability v;
	struct err err = ERR_INIT;
	int r = store_vulnerability_get(s, str_of(name_space), str_of(name), a, &v, &err);

	assert_ok(r, &err);
	if (r == 0)
		return "none";
	assert_str(v.name, name);
	assert_str(v.name_space, name_space);
	buf_printf(&text, "%s %" PRIstr ";", severity_to_str(v.severity), STR_ARG(v.description));
	for (size_t i = 0; i < v.n_fixes; i++) {
		const struct advisory_fix *f = &v.fixes[i];

		buf_printf(&text, " %" PRIstr "=%" PRIstr "%s%" PRIstr, STR_ARG(f->package),
			STR_ARG(f->introduced), f->introduced.n ? "-" : "",
			STR_ARG(f->fixed_version));
	}
	return arena_cstr(a, buf_str(&text));
}

#define assert_vulnerability(store, name, expected)                                             \
	do {                                                                                    \
		struct arena arena_ = ARENA_INIT;                                               \
		assert_string_equal(                                                            \
			test_vulnerability((store), &arena_, "debian:12", (name)), (expected)); \
		arena_fini(&arena_);                                                            \
	} while (0)

#endif
