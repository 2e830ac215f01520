/*
 * Conformance of a driver: layers, what they inherit, and their vulnerabilities.
 */
#include "layers_test.h"

/* --- storing */

static void test_unknown_layer_is_not_there(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_layer layer;
	struct chain_link *chain;
	struct layer_view view;
	struct err err = ERR_INIT;

	assert_false(test_has_layer(s, "a"));
	assert_int_equal(store_layer_get(s, STR("a"), &a, &layer, &err), 0);
	assert_int_equal(store_layer_chain(s, STR("a"), &a, &chain, &err), 0);
	assert_int_equal(
		store_layer_read(s, STR("a"), LAYER_PART_VULNERABILITIES, &a, &view, &err), 0);
	layer_view_fini(&view);
	assert_fails(store_layer_delete(s, STR("a"), &err), &err, ERR_NOT_FOUND, "a");
}

static void test_layer_is_read_as_it_was_put(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_view view;
	struct stored_layer layer;
	struct err err = ERR_INIT;

	test_layer(s, "base", NULL, "bash=1.0");
	test_layer(s, "top", "base", "bash=1.0@base curl=7.0");
	assert_int_equal(store_layer_get(s, STR("top"), &a, &layer, &err), 1);
	assert_str(layer.name, "top");
	assert_str(layer.parent, "base");
	assert_str(layer.name_space, "debian:12");
	assert_str(layer.scheme, "dpkg");
	assert_int_equal(layer.engine_version, 3);
	assert_int_equal(layer.id, test_state(s, "top").id);
	assert_true(layer.id > test_state(s, "base").id);

	assert_int_equal(store_layer_read(s, STR("top"), LAYER_PART_NONE, &a, &view, &err), 1);
	assert_int_equal(view.features.n, 0);
	assert_str(view.layer.name, "top");
	layer_view_fini(&view);
	assert_int_equal(store_layer_read(s, STR("top"), LAYER_PART_FEATURES, &a, &view, &err), 1);
	assert_int_equal(view.features.n, 2);
	assert_int_equal(view.state.id, layer.id);
	assert_int_equal(view.state.generation, test_state(s, "top").generation);
	const struct layer_feature *f = &view.features.v[0];
	assert_str(f->name_space, "debian:12");
	assert_str(f->scheme, "dpkg");
	assert_str(f->name, "bash");
	assert_str(f->version, "1.0");
	assert_str(f->package, "bash");
	assert_true(str_eq(str_from_span(f->key), str_from_span(test_key(&a, "1.0"))));
	assert_int_equal(f->added_by, test_state(s, "base").id);
	assert_str(f->added_by_name, "base");
	assert_int_equal(view.features.v[1].added_by, layer.id);
	assert_str(view.features.v[1].added_by_name, "top");
	layer_view_fini(&view);
}

static void test_layer_needs_no_namespace_and_no_features(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_put put = { .name = STR("scratch"), .engine_version = 1 };
	struct stored_layer layer;
	struct err err = ERR_INIT;

	assert_int_equal(store_layer_put(s, &put, &err), 1);
	put.name = STR("heir");
	put.parent = STR("scratch");
	put.inherits = true;
	assert_int_equal(store_layer_put(s, &put, &err), 1);
	assert_int_equal(store_layer_get(s, STR("heir"), &a, &layer, &err), 1);
	assert_str(layer.name_space, "");
	assert_str(layer.scheme, "");
	assert_features(s, "scratch", "");
	assert_features(s, "heir", "");
}

static void test_features_are_in_order_and_once(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "zlib=1 bash=2 bash=10 bash=1 zlib=1 Bash=3");
	assert_features(s, "a", "Bash=3@a bash=1@a bash=10@a bash=2@a zlib=1@a");
}

static void test_features_of_several_namespaces(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_feature f[2];
	struct layer_put put = { .name = STR("a"), .features = f, .n_features = 2 };
	struct layer_view view;
	struct err err = ERR_INIT;

	(void)test_parse_features(s, &a, "bash=1", "debian:12", &f[0], 1);
	(void)test_parse_features(s, &a, "bash=1", "debian:11", &f[1], 1);
	assert_int_equal(store_layer_put(s, &put, &err), 1);
	assert_int_equal(store_layer_read(s, STR("a"), LAYER_PART_FEATURES, &a, &view, &err), 1);
	assert_int_equal(view.features.n, 2);
	assert_str(view.features.v[0].name_space, "debian:11");
	assert_str(view.features.v[1].name_space, "debian:12");
	layer_view_fini(&view);
}

static void test_shown_name_and_package_may_differ(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_feature f = { .name_space = STR("debian:12"),
		.scheme = STR("dpkg"),
		.name = STR("libssl3"),
		.version = STR("1.0"),
		.package = STR("openssl"),
		.key = test_key(&a, "1.0") };
	struct layer_put put = { .name = STR("a"), .features = &f, .n_features = 1 };
	struct store_update *u = test_begin(s, "debian");
	struct err err = ERR_INIT;

	test_put(u, "debian:12", "CVE-1", "openssl", "", "2.0");
	test_put(u, "debian:12", "CVE-2", "libssl3", "", "2.0");
	(void)test_commit(u, 1);
	assert_int_equal(store_layer_put(s, &put, &err), 1);
	assert_features(s, "a", "libssl3=1.0@a");
	assert_findings(s, "a", "libssl3/1.0:CVE-1=2.0");
}

static void test_unknown_parent_is_not_found(void **state)
{
	struct store *s = store_of(state);
	struct err err = ERR_INIT;

	assert_fails(test_try_layer(s, (struct test_layer){ "b", "a", "bash=1" }, &err), &err,
		ERR_NOT_FOUND, "parent");
	assert_false(test_has_layer(s, "b"));
}

static void test_feature_of_a_layer_that_is_gone_is_not_found(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_feature f;
	struct layer_put put = {
		.name = STR("top"), .parent = STR("base"), .features = &f, .n_features = 1
	};
	struct err err = ERR_INIT;

	test_layer(s, "base", NULL, "bash=1");
	test_layer(s, "other", NULL, "bash=1");
	(void)test_parse_features(s, &a, "bash=1@base", "debian:12", &f, 1);
	test_delete_layer(s, "base");
	test_layer(s, "base", NULL, "bash=1");
	assert_fails(store_layer_put(s, &put, &err), &err, ERR_NOT_FOUND, "top");
	(void)test_parse_features(s, &a, "bash=1@other", "debian:12", &f, 1);
	assert_fails(store_layer_put(s, &put, &err), &err, ERR_NOT_FOUND, "top");
	assert_false(test_has_layer(s, "top"));
}

static void test_names_have_up_to_128_characters(void **state)
{
	struct store *s = store_of(state);
	static const char *const names[] = { "sha256:ab/c d%2F\"'\\", "\xc3\xa9", "'; DROP TABLE" };
	char name[2 * LIMIT_LAYER_NAME + 2];
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_layer child;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		test_layer(s, names[i], NULL, "bash=1");
		assert_true(test_has_layer(s, names[i]));
		test_delete_layer(s, names[i]);
	}
	memset(name, 'x', LIMIT_LAYER_NAME);
	name[LIMIT_LAYER_NAME] = '\0';
	test_layer(s, name, NULL, "bash=1");
	assert_true(test_has_layer(s, name));
	test_layer(s, "child", name, NULL);
	assert_int_equal(store_layer_get(s, STR("child"), &a, &child, &err), 1);
	assert_str(child.parent, name);
	for (size_t i = 0; i < LIMIT_LAYER_NAME; i++)
		memcpy(name + 2 * i, "\xc3\xa9", 2);
	name[2 * LIMIT_LAYER_NAME] = '\0';
	test_layer(s, name, NULL, "bash=1");
	assert_true(test_has_layer(s, name));
	memset(name, 'x', LIMIT_LAYER_NAME + 1);
	name[LIMIT_LAYER_NAME + 1] = '\0';
	assert_fails(test_try_layer(s, (struct test_layer){ name }, &err), &err, ERR_INPUT, "128");
	assert_false(test_has_layer(s, name));
	assert_fails(test_try_layer(s, (struct test_layer){ "a", name }, &err), &err, ERR_NOT_FOUND,
		"parent");
}

static void test_what_is_no_text_is_refused(void **state)
{
	struct store *s = store_of(state);
	static const struct str bad[] = { STR_INIT(""), STR_INIT("\xff"), STR_INIT("a\0b"),
		STR_INIT("\xed\xa0\x80") };
	const struct layer_feature good = { STR("debian:12"), STR("dpkg"), STR("bash"), STR("1"),
		STR("bash"), span_n("x", 1), 0, STR_NULL };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_view view;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct layer_feature f[3] = { good, good, good };
		struct layer_put put = { .name = bad[i] };

		assert_fails(store_layer_put(s, &put, &err), &err, ERR_INPUT, "name");
		assert_int_equal(
			store_layer_read(s, bad[i], LAYER_PART_FEATURES, &a, &view, &err), 0);
		assert_fails(store_layer_delete(s, bad[i], &err), &err, ERR_NOT_FOUND, "");
		f[0].name = bad[i];
		f[1].package = bad[i];
		f[2].name_space = bad[i];
		for (size_t k = 0; k < 3; k++) {
			put = (struct layer_put){
				.name = STR("a"), .features = &f[k], .n_features = 1
			};
			assert_fails(store_layer_put(s, &put, &err), &err, ERR_INPUT, "feature 0");
		}
	}
	struct layer_put put = { .name = STR("a"), .name_space = STR("\xff") };
	assert_fails(store_layer_put(s, &put, &err), &err, ERR_INPUT, "namespace");
	put = (struct layer_put){
		.name = STR("a"), .name_space = STR("debian:12"), .scheme = STR("foo")
	};
	assert_fails(store_layer_put(s, &put, &err), &err, ERR_INPUT, "scheme \"foo\"");
	assert_false(test_has_layer(s, "a"));
}

static void test_read_only_store_puts_no_layer(void **state)
{
	struct fixture *f = *state;
	struct layer_put put = { .name = STR("b") };
	struct err err = ERR_INIT;

	test_layer(f->store, "a", NULL, "bash=1");
	struct store *s = test_open(f->location, STORE_READ_ONLY);
	assert_features(s, "a", "bash=1@a");
	assert_fails(store_layer_put(s, &put, &err), &err, ERR_USAGE, "reading");
	assert_fails(store_layer_delete(s, STR("a"), &err), &err, ERR_USAGE, "reading");
	store_close(s);
}

static void test_scheme_of_a_namespace_is_the_first_that_is_known(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct layer_put put = { .name = STR("a"), .name_space = STR("debian:12") };
	struct stored_namespace ns;
	struct err err = ERR_INIT;

	assert_int_equal(store_layer_put(s, &put, &err), 1);
	assert_int_equal(store_namespace_get(s, STR("debian:12"), &a, &ns, &err), 1);
	assert_str(ns.scheme, "");
	int64_t generation = test_state(s, "a").generation;
	test_layer(s, "b", NULL, "bash=1");
	assert_int_equal(store_namespace_get(s, STR("debian:12"), &a, &ns, &err), 1);
	assert_str(ns.scheme, "dpkg");
	/* What is shown of layer a has changed. */
	assert_int_not_equal(test_state(s, "a").generation, generation);
	put = (struct layer_put){
		.name = STR("c"), .name_space = STR("debian:12"), .scheme = STR("rpm")
	};
	assert_fails(store_layer_put(s, &put, &err), &err, ERR_INPUT, "dpkg");
	assert_false(test_has_layer(s, "c"));
	put.scheme = STR_NULL;
	assert_int_equal(store_layer_put(s, &put, &err), 1);
}

/* --- chains */

static const char *chain_text(struct store *s, struct arena *a, const char *layer)
{
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct chain_link *links;
	struct err err = ERR_INIT;
	int n = store_layer_chain(s, str_of(layer), a, &links, &err);

	assert_ok(n, &err);
	for (int i = 0; i < n; i++)
		buf_printf(&text, "%s%" PRIstr ":%" PRIstr, i ? " " : "", STR_ARG(links[i].name),
			STR_ARG(str_from_span(links[i].facts)));
	return arena_cstr(a, buf_str(&text));
}

static void test_chain_has_the_lowest_layer_first(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(test_try_layer(s, (struct test_layer){ "a", .facts = "x" }, &err), 1);
	assert_int_equal(test_try_layer(s, (struct test_layer){ "b", "a", .facts = "y" }, &err), 1);
	assert_int_equal(test_try_layer(s, (struct test_layer){ "c", "b", .facts = "x" }, &err), 1);
	assert_int_equal(test_try_layer(s, (struct test_layer){ "d", "b", .facts = "" }, &err), 1);
	assert_string_equal(chain_text(s, &a, "a"), "a:x");
	assert_string_equal(chain_text(s, &a, "c"), "a:x b:y c:x");
	assert_string_equal(chain_text(s, &a, "d"), "a:x b:y d:");
	/* The facts of c stay when a's, which are the same, are replaced. */
	assert_int_equal(
		test_try_layer(
			s, (struct test_layer){ "a", .facts = "z", .engine_version = 4 }, &err),
		1);
	assert_string_equal(chain_text(s, &a, "c"), "a:z b:y c:x");
}

static void test_chain_has_a_limit(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct chain_link *links;
	const char *parent = "l0", *name = NULL;
	struct err err = ERR_INIT;

	test_layer(s, "l0", NULL, "bash=1");
	for (int i = 1; i <= LIMIT_LAYERS; i++) {
		name = arena_printf(&a, "l%d", i).p;
		assert_int_equal(
			test_try_layer(s, (struct test_layer){ name, parent, .facts = "x" }, &err),
			1);
		if (i + 1 == LIMIT_LAYERS)
			assert_int_equal(
				store_layer_chain(s, str_of(name), &a, &links, &err), LIMIT_LAYERS);
		parent = name;
	}
	assert_fails(store_layer_chain(s, str_of(name), &a, &links, &err), &err, ERR_TOO_LARGE,
		"layers");
	/* Yet it can be read and deleted. */
	assert_features(s, name, "bash=1@l0");
	test_delete_layer(s, "l0");
	assert_false(test_has_layer(s, name));
}

static void test_layers_inherit_from_the_layer_that_has_a_list(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=1 curl=1");
	test_layer(s, "b", "a", NULL);
	test_layer(s, "c", "b", NULL);
	test_layer(s, "d", "c", "bash=1@a zlib=1");
	test_layer(s, "e", "d", NULL);
	assert_features(s, "b", "bash=1@a curl=1@a");
	assert_features(s, "c", "bash=1@a curl=1@a");
	assert_features(s, "d", "bash=1@a zlib=1@d");
	assert_features(s, "e", "bash=1@a zlib=1@d");
}

/* --- again */

static int put_version(struct store *s, const char *name, const char *features, uint32_t version)
{
	struct err err = ERR_INIT;
	int r = test_try_layer(s,
		(struct test_layer){
			.name = name, .features = features, .engine_version = version },
		&err);

	assert_ok(r, &err);
	return r;
}

static void test_same_or_older_engine_changes_nothing(void **state)
{
	struct store *s = store_of(state);

	assert_int_equal(put_version(s, "a", "bash=1", 3), 1);
	struct layer_state before = test_state(s, "a");
	assert_int_equal(put_version(s, "a", "bash=2", 3), 0);
	assert_int_equal(put_version(s, "a", "bash=2", 2), 0);
	assert_features(s, "a", "bash=1@a");
	assert_int_equal(test_state(s, "a").generation, before.generation);
}

static void test_newer_engine_replaces(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct stored_layer layer;
	struct err err = ERR_INIT;

	test_layer(s, "base", NULL, "bash=1");
	test_layer(s, "a", "base", "bash=1@base curl=1");
	test_layer(s, "b", "a", "curl=1@a zlib=1");
	struct layer_state before = test_state(s, "a");
	/* Its parent stays, whatever is said now. */
	assert_int_equal(
		test_try_layer(
			s, (struct test_layer){ "a", "nobody", "bash=1@base curl=2", 4 }, &err),
		1);
	assert_int_equal(test_state(s, "a").id, before.id);
	assert_int_not_equal(test_state(s, "a").generation, before.generation);
	assert_int_equal(store_layer_get(s, STR("a"), &a, &layer, &err), 1);
	assert_int_equal(layer.engine_version, 4);
	assert_str(layer.parent, "base");
	assert_features(s, "a", "bash=1@base curl=2@a");
	assert_features(s, "b", "curl=1@a zlib=1@b");
}

static void test_heirs_follow_a_replaced_layer(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=1");
	test_layer(s, "b", "a", "curl=1");
	test_layer(s, "c", "b", NULL);
	test_layer(s, "d", "c", NULL);
	test_layer(s, "own", "c", "zlib=1");
	test_layer(s, "e", "own", NULL);
	assert_features(s, "d", "curl=1@b");
	/* b inherits from now on: so do c and d, from a. */
	assert_int_equal(put_version(s, "b", NULL, 4), 1);
	assert_features(s, "b", "bash=1@a");
	assert_features(s, "d", "bash=1@a");
	assert_features(s, "e", "zlib=1@own");
	/* And back. */
	assert_int_equal(put_version(s, "b", "dash=1", 5), 1);
	assert_features(s, "a", "bash=1@a");
	assert_features(s, "b", "dash=1@b");
	assert_features(s, "c", "dash=1@b");
	assert_features(s, "d", "dash=1@b");
	assert_features(s, "e", "zlib=1@own");
}

static void test_delete_takes_all_descendants(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=1");
	test_layer(s, "b", "a", "bash=1@a curl=1");
	test_layer(s, "b1", "b", NULL);
	test_layer(s, "b2", "b1", "curl=1@b");
	test_layer(s, "c", "a", NULL);
	int64_t last = test_state(s, "b2").id;
	test_delete_layer(s, "b");
	assert_true(test_has_layer(s, "a"));
	assert_true(test_has_layer(s, "c"));
	assert_false(test_has_layer(s, "b"));
	assert_false(test_has_layer(s, "b1"));
	assert_false(test_has_layer(s, "b2"));
	assert_features(s, "c", "bash=1@a");
	test_delete_layer(s, "c");
	/* Ids are never used twice. */
	test_layer(s, "b2", "a", NULL);
	assert_true(test_state(s, "b2").id > last);
	assert_features(s, "b2", "bash=1@a");
}

/* --- vulnerabilities */

static void test_layer_has_the_vulnerabilities_of_its_features(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-2", "bash", "", "2.0");
	test_put(u, "debian:12", "CVE-1", "bash", "", "1.1");
	test_put(u, "debian:12", "CVE-3", "bash", "", "");
	test_put(u, "debian:12", "CVE-4", "bash", "1.5", "3.0");
	test_put(u, "debian:12", "CVE-5", "bash", "", "0.9");
	test_put(u, "debian:11", "CVE-6", "bash", "", "9.0");
	test_put(u, "debian:12", "CVE-1", "curl", "", "2.0");
	(void)test_commit(u, 1);
	test_layer(s, "a", NULL, "curl=1.0 bash=1.0 bash=1.5 none=1.0");
	test_layer(s, "b", "a", NULL);
	assert_findings(s, "a",
		"bash/1.0:CVE-1=1.1 bash/1.0:CVE-2=2.0 bash/1.0:CVE-3= "
		"bash/1.5:CVE-2=2.0 bash/1.5:CVE-3= bash/1.5:CVE-4=3.0 curl/1.0:CVE-1=2.0");
	assert_findings(s, "b",
		"bash/1.0:CVE-1=1.1 bash/1.0:CVE-2=2.0 bash/1.0:CVE-3= "
		"bash/1.5:CVE-2=2.0 bash/1.5:CVE-3= bash/1.5:CVE-4=3.0 curl/1.0:CVE-1=2.0");
}

static void test_versions_that_cannot_be_compared_match_nothing(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "");
	test_put(u, "debian:12", "CVE-2", "bash", "", "1");
	(void)test_commit(u, 1);
	test_layer(s, "a", NULL, "bash=?");
	assert_features(s, "a", "bash=?@a");
	assert_findings(s, "a", "");
}

static void test_match_tells_of_the_vulnerability(void **state)
{
	struct store *s = store_of(state);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	const struct advisory_fix fix = { .package = STR("bash"),
		.fixed_version = STR("2"),
		.state = FIX_STATE_FIXED,
		.severity = SEVERITY_LOW };
	struct store_update *u = test_begin(s, "debian");
	struct layer_view view;
	struct err err = ERR_INIT;

	test_put_full(u, SEVERITY_CRITICAL, "https://x/", "text", "{\"a\":1}", &fix, 1);
	(void)test_commit(u, 1);
	test_layer(s, "a", NULL, "bash=1");
	assert_int_equal(
		store_layer_read(s, STR("a"), LAYER_PART_VULNERABILITIES, &a, &view, &err), 1);
	assert_int_equal(view.matches.n, 1);
	const struct layer_match *m = &view.matches.v[0];
	assert_int_equal(m->feature, 0);
	assert_str(m->name, "CVE-1");
	assert_str(m->name_space, "debian:12");
	assert_str(m->description, "text");
	assert_str(m->link, "https://x/");
	assert_int_equal(m->severity, SEVERITY_CRITICAL);
	assert_str(m->metadata, "{\"a\":1}");
	assert_str(m->fixed_by, "2");
	layer_view_fini(&view);
}

static void test_last_of_several_fixes_counts(void **state)
{
	struct store *s = store_of(state);
	struct store_update *u = test_begin(s, "debian");

	test_put(u, "debian:12", "CVE-1", "bash", "", "9");
	test_put(u, "debian:12", "CVE-1", "bash", "1", "10");
	test_put(u, "debian:12", "CVE-1", "bash", "4", "5");
	(void)test_commit(u, 1);
	test_layer(s, "a", NULL, "bash=0 bash=4 bash=9");
	assert_findings(s, "a", "bash/0:CVE-1=9 bash/4:CVE-1=10 bash/9:CVE-1=10");
}

static void test_first_source_of_a_name_counts(void **state)
{
	struct store *s = store_of(state);
	static const char *const sources[] = { "beta", "alpha" };

	for (size_t i = 0; i < 2; i++) {
		struct store_update *u = test_begin(s, sources[i]);

		test_put(u, "debian:12", "CVE-1", "bash", "", i == 0 ? "9" : "3");
		test_put(u, "debian:12", i == 0 ? "CVE-2" : "CVE-3", "bash", "", "9");
		(void)test_commit(u, 1);
	}
	test_layer(s, "a", NULL, "bash=1 bash=5");
	assert_findings(s, "a",
		"bash/1:CVE-1=3 bash/1:CVE-2=9 bash/1:CVE-3=9 "
		"bash/5:CVE-1=9 bash/5:CVE-2=9 bash/5:CVE-3=9");
}

static void test_generation_changes_with_the_data(void **state)
{
	struct store *s = store_of(state);

	test_layer(s, "a", NULL, "bash=1");
	int64_t g = test_state(s, "a").generation;
	test_layer(s, "b", "a", NULL);
	test_layer(s, "c", NULL, "curl=1");
	test_delete_layer(s, "c");
	assert_int_equal(test_state(s, "a").generation, g);
	for (int i = 0; i < 3; i++) {
		struct store_update *u = test_begin(s, "debian");

		test_put(u, "debian:12", "CVE-1", "bash", "", i == 0 ? "2" : "3");
		(void)test_commit(u, i + 1);
		int64_t now = test_state(s, "b").generation;
		/* The third says nothing new. */
		assert_int_equal(now != g, i < 2);
		g = now;
	}
	assert_int_equal(put_version(s, "b", NULL, 4), 1);
	assert_int_not_equal(test_state(s, "a").generation, g);
}

/* --- several connections */

static void test_connections_see_each_others_layers(void **state)
{
	struct fixture *f = *state;
	struct store *s = f->store, *other = test_open(f->location, 0);
	struct err err = ERR_INIT;

	test_layer(s, "a", NULL, "bash=1");
	assert_features(other, "a", "bash=1@a");
	test_layer(other, "b", "a", "bash=1@a curl=1");
	assert_features(s, "b", "bash=1@a curl=1@b");
	assert_int_equal(test_try_layer(s, (struct test_layer){ "b", "a", "x=1" }, &err), 0);
	assert_int_equal(test_state(s, "b").id, test_state(other, "b").id);
	int64_t g = test_state(s, "a").generation;
	struct store_update *u = test_begin(other, "debian");
	test_put(u, "debian:12", "CVE-1", "bash", "", "2");
	(void)test_commit(u, 1);
	assert_findings(s, "b", "bash/1:CVE-1=2");
	assert_int_not_equal(test_state(s, "a").generation, g);
	test_delete_layer(other, "a");
	assert_false(test_has_layer(s, "b"));
	store_close(other);
}

int conformance_layers(const char *group)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_layer_is_not_there),
		TEST(test_layer_is_read_as_it_was_put),
		TEST(test_layer_needs_no_namespace_and_no_features),
		TEST(test_features_are_in_order_and_once),
		TEST(test_features_of_several_namespaces),
		TEST(test_shown_name_and_package_may_differ),
		TEST(test_unknown_parent_is_not_found),
		TEST(test_feature_of_a_layer_that_is_gone_is_not_found),
		TEST(test_names_have_up_to_128_characters),
		TEST(test_what_is_no_text_is_refused),
		TEST(test_read_only_store_puts_no_layer),
		TEST(test_scheme_of_a_namespace_is_the_first_that_is_known),
		TEST(test_chain_has_the_lowest_layer_first),
		TEST(test_chain_has_a_limit),
		TEST(test_layers_inherit_from_the_layer_that_has_a_list),
		TEST(test_same_or_older_engine_changes_nothing),
		TEST(test_newer_engine_replaces),
		TEST(test_heirs_follow_a_replaced_layer),
		TEST(test_delete_takes_all_descendants),
		TEST(test_layer_has_the_vulnerabilities_of_its_features),
		TEST(test_versions_that_cannot_be_compared_match_nothing),
		TEST(test_match_tells_of_the_vulnerability),
		TEST(test_last_of_several_fixes_counts),
		TEST(test_first_source_of_a_name_counts),
		TEST(test_generation_changes_with_the_data),
		TEST(test_connections_see_each_others_layers),
	};

	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}
