/*
 * The API on a real database: what one request leaves behind, others see.
 */
#include "api_peer.h"

#include "../store/store_test.h"

static struct peer peer;
static struct store_pool *pool;
static char *path;

/* A layer with one package, bash 1.0, in place of what would be found in it. */
static void index_layer(
	void *ctx, const struct index_request *r, index_done_fn *done, void *done_ctx)
{
	static uint8_t key_bytes[VERSION_KEY_MAX];
	_cleanup_buf_ struct buf key = BUF_INIT(VERSION_KEY_MAX);
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s = NULL;

	(void)ctx;
	assert_ok(version_key(version_scheme_by_name(STR("dpkg")), STR("1.0"), &key, &err), &err);
	memcpy(key_bytes, key.p, key.n);
	const struct layer_feature feature = {
		.name_space = STR("debian:9"),
		.scheme = STR("dpkg"),
		.name = STR("bash"),
		.version = STR("1.0"),
		.package = STR("bash"),
		.key = span_n(key_bytes, key.n),
	};
	const struct layer_put put = {
		.name = r->name,
		.parent = r->parent,
		.name_space = STR("debian:9"),
		.scheme = STR("dpkg"),
		.engine_version = INDEX_ENGINE_VERSION,
		.facts = span_from_str(STR("facts")),
		.inherits = r->parent.n > 0,
		.features = &feature,
		.n_features = 1,
	};
	assert_ok(store_pool_take(pool, &s, &err), &err);
	assert_ok(store_layer_put(s, &put, &err), &err);
	store_pool_give(pool, s);
	done(done_ctx, &(struct index_result){ .status = INDEX_DONE });
}

static int setup(void **state)
{
	struct api_options o = {
		.threads = 2,
		.queue = 16,
		.index = index_layer,
		.notify = STORE_NOTIFY_ALL,
	};

	(void)state;
	log_set_level(LOG_PANIC);
	path = test_new_path();
	store_close(test_open(path, STORE_CREATE));
	pool = store_pool_new(path, 0, 4);
	o.stores = pool;
	o.health_store = pool;
	peer_start(&peer, &o);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	peer_stop(&peer);
	store_pool_free(pool);
	test_remove_path(path);
	return 0;
}

#define VULNERABILITIES "/v1/namespaces/debian:9/vulnerabilities"

static void post_vulnerability(const char *name, const char *fixed_in)
{
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);

	buf_printf(&body,
		"{\"Vulnerability\":{\"Name\":\"%s\",\"NamespaceName\":\"debian:9\",\"Severity\":"
		"\"high\",\"FixedIn\":[{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":"
		"\"%s\"}]}}",
		name, fixed_in);
	_cleanup_answer_ struct answer a =
		client_put(peer.v1, "POST " VULNERABILITIES, buf_cstr(&body));
	if (a.status != 201)
		fail_msg("%s", buf_cstr(&a.body));
}

static void post_layer(const char *name, const char *parent)
{
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);

	buf_printf(&body, "{\"Layer\":{\"Name\":\"%s\",\"ParentName\":\"%s\"}}", name, parent);
	_cleanup_answer_ struct answer a = client_put(peer.v1, "POST /v1/layers", buf_cstr(&body));
	assert_int_equal(a.status, 201);
}

static const char not_found[] = "{\"Error\":{\"Message\":\"the resource cannot be found\"}}\n";

#define LAYER(name, parent, vulnerabilities)                                           \
	"{\"Layer\":{\"Name\":\"" name "\",\"NamespaceName\":\"debian:9\"," parent     \
	"\"IndexedByVersion\":3,\"Features\":[{\"Name\":\"bash\",\"NamespaceName\":"   \
	"\"debian:9\",\"VersionFormat\":\"dpkg\",\"Version\":\"1.0\"," vulnerabilities \
	"\"AddedBy\":\"a\"}]}}\n"
#define FOUND(severity, fixed_by)                                                  \
	"\"Vulnerabilities\":[{\"Name\":\"CVE-1\",\"NamespaceName\":\"debian:9\"," \
	"\"Severity\":\"" severity "\"" fixed_by "}],"

static void an_edit_shows_in_layers_at_once(void **state)
{
	(void)state;
	post_layer("a", "");
	post_layer("b", "a");
	expect(peer.v1, "GET /v1/layers/b?vulnerabilities", NULL, 200,
		LAYER("b", "\"ParentName\":\"a\",", ""));
	post_vulnerability("CVE-1", "2.0");
	expect(peer.v1, "GET /v1/layers/b?vulnerabilities", NULL, 200,
		LAYER("b", "\"ParentName\":\"a\",", FOUND("High", ",\"FixedBy\":\"2.0\"")));
	_cleanup_answer_ struct answer put = client_put(peer.v1, "PUT " VULNERABILITIES "/CVE-1",
		"{\"Vulnerability\":{\"Severity\":\"Low\"}}");
	assert_int_equal(put.status, 200);
	expect(peer.v1, "GET /v1/layers/a?vulnerabilities", NULL, 200,
		LAYER("a", "", FOUND("Low", ",\"FixedBy\":\"2.0\"")));
	_cleanup_answer_ struct answer fix =
		client_put(peer.v1, "PUT " VULNERABILITIES "/CVE-1/fixes/bash",
			"{\"Feature\":{\"Name\":\"bash\",\"Version\":\"None\"}}");
	assert_int_equal(fix.status, 200);
	expect(peer.v1, "GET /v1/layers/a?vulnerabilities", NULL, 200,
		LAYER("a", "", FOUND("Low", "")));
	expect(peer.v1, "DELETE " VULNERABILITIES "/CVE-1/fixes/bash", NULL, 200, "");
	expect(peer.v1, "GET /v1/layers/a?vulnerabilities", NULL, 200, LAYER("a", "", ""));
	expect(peer.v1, "DELETE " VULNERABILITIES "/CVE-1/fixes/bash", NULL, 404, not_found);
	expect(peer.v1, "DELETE /v1/layers/a", NULL, 200, "");
	expect(peer.v1, "GET /v1/layers/b?vulnerabilities", NULL, 404, not_found);
}

static void a_list_goes_on_where_its_page_ends(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(4 * KIB), names = BUF_INIT(KIB);
	static const struct str key = STR_INIT("\"NextPage\":\""), name = STR_INIT("{\"Name\":\"");
	unsigned pages = 0;

	(void)state;
	post_vulnerability("CVE-1", "1");
	post_vulnerability("CVE-2", "None");
	post_vulnerability("CVE-3", "3");
	buf_printf(&request, "GET " VULNERABILITIES "?limit=2");
	for (bool more = true; more; pages++) {
		_cleanup_answer_ struct answer a = client_get(peer.v1, buf_cstr(&request));
		struct str rest = buf_str(&a.body), token;
		ptrdiff_t at;

		while ((at = str_find(rest, name)) >= 0) {
			struct str found;

			rest = str_skip(rest, (size_t)at + name.n);
			(void)str_cut(rest, '"', &found, NULL);
			buf_printf(&names, "%" PRIstr " ", STR_ARG(found));
		}
		at = str_find(buf_str(&a.body), key);
		more = at >= 0;
		if (!more)
			continue;
		(void)str_cut(str_skip(buf_str(&a.body), (size_t)at + key.n), '"', &token, NULL);
		buf_clear(&request);
		buf_printf(
			&request, "GET " VULNERABILITIES "?limit=2&page=%" PRIstr, STR_ARG(token));
	}
	assert_int_equal(pages, 2);
	assert_str(buf_str(&names), "CVE-1 CVE-2 CVE-3 ");
	_cleanup_answer_ struct answer none =
		client_get(peer.v1, "GET " VULNERABILITIES "?limit=0");
	assert_true(
		str_starts(buf_str(&none.body), STR("{\"Vulnerabilities\":null,\"NextPage\":\"")));
	expect(peer.v1, "GET /v1/namespaces/debian:10/vulnerabilities?limit=1", NULL, 404,
		not_found);
	expect(peer.v1, "GET /v1/namespaces", NULL, 200,
		"{\"Namespaces\":[{\"Name\":\"debian:9\",\"VersionFormat\":\"dpkg\"}]}\n");
}

static void what_does_not_go_with_a_namespace_is_refused(void **state)
{
	(void)state;
	post_vulnerability("CVE-1", "1");
	_cleanup_answer_ struct answer a = client_put(peer.v1, "POST " VULNERABILITIES,
		"{\"Vulnerability\":{\"Name\":\"v\",\"NamespaceName\":\"debian:9\",\"Severity\":"
		"\"Low\",\"FixedIn\":[{\"Name\":\"f\",\"VersionFormat\":\"rpm\",\"Version\":\"1\"}]"
		"}}");
	assert_int_equal(a.status, 400);
	_cleanup_answer_ struct answer nul = client_put(peer.v1, "POST " VULNERABILITIES,
		"{\"Vulnerability\":{\"Name\":\"a\\u0000\",\"NamespaceName\":\"debian:9\","
		"\"Severity\":\"Low\"}}");
	assert_int_equal(nul.status, 400);
}

static void an_edit_makes_a_notification_with_pages_of_layers(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(KIB);
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s = NULL;
	struct str name;

	(void)state;
	post_layer("a", "");
	post_vulnerability("CVE-1", "2.0");
	assert_ok(store_pool_take(pool, &s, &err), &err);
	assert_int_equal(store_notification_take(s, STR("me"), 3600, 60, &a, &name, &err), 1);
	store_pool_give(pool, s);
	buf_printf(&request, "GET /v1/notifications/%" PRIstr "?limit=10", STR_ARG(name));
	_cleanup_answer_ struct answer shown = client_get(peer.v1, buf_cstr(&request));
	assert_int_equal(shown.status, 200);
	assert_true(str_ends(buf_str(&shown.body),
		STR("\"New\":{\"Vulnerability\":{\"Name\":\"CVE-1\",\"NamespaceName\":\"debian:9\","
		    "\"Severity\":\"High\",\"FixedIn\":[{\"Name\":\"bash\",\"NamespaceName\":"
		    "\"debian:9\",\"VersionFormat\":\"dpkg\",\"Version\":\"2.0\"}]},"
		    "\"OrderedLayersIntroducingVulnerability\":[{\"Index\":1,\"LayerName\":\"a\"}],"
		    "\"LayersIntroducingVulnerability\":[\"a\"]}}}\n")));
	assert_true(str_find(buf_str(&shown.body), STR("NextPage")) < 0);
	assert_true(str_find(buf_str(&shown.body), STR("Deleted")) < 0);
	buf_clear(&request);
	buf_printf(&request, "DELETE /v1/notifications/%" PRIstr, STR_ARG(name));
	expect(peer.v1, buf_cstr(&request), NULL, 200, "");
	buf_clear(&request);
	buf_printf(&request, "GET /v1/notifications/%" PRIstr "?limit=0", STR_ARG(name));
	_cleanup_answer_ struct answer deleted = client_get(peer.v1, buf_cstr(&request));
	assert_true(str_find(buf_str(&deleted.body), STR("\"Deleted\":\"")) > 0);
	assert_true(str_find(buf_str(&deleted.body), STR("\"NextPage\":\"")) > 0);
	expect(peer.v1, "DELETE /v1/notifications/none", NULL, 404, not_found);
}

static void the_database_is_healthy(void **state)
{
	(void)state;
	expect(peer.health, "GET /health", NULL, 200, "");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_edit_shows_in_layers_at_once),
		T(a_list_goes_on_where_its_page_ends),
		T(what_does_not_go_with_a_namespace_is_refused),
		T(an_edit_makes_a_notification_with_pages_of_layers),
		T(the_database_is_healthy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
