/*
 * Configurations: defaults, both samples of the Quay documentation, every key, and what is said of
 * each mistake.
 */
#include "check.h"

static int parse(
	struct str text, struct config *c, struct config_problems *problems, struct err *err)
{
	return config_parse(span_n(text.p, text.n), "F", c, problems, err);
}

/* A text without errors, with these warnings; c is then to be released. */
static void take(const char *text, const char *warnings, struct config *c)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_err_ struct err err = ERR_INIT;

	assert_ok(parse(str_of(text), c, &problems, &err), &err);
	assert_problems(&problems, warnings);
}

/* A text with these problems, errors among them. */
static void refuse(const char *text, const char *expected)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	struct config c;

	assert_int_equal(parse(str_of(text), &c, &problems, &err), -ERR_INPUT);
	assert_problems(&problems, expected);
	assert_true(problems.errors > 0);
}

static void assert_defaults(const struct config *c)
{
	assert_int_equal(c->database.type, CONFIG_SQLITE);
	assert_null(c->database.source);
	assert_null(c->database.path);
	assert_int_equal(c->database.connections, 10);
	assert_int_equal(c->database.cachesize, 16384);
	assert_null(c->api.address);
	assert_int_equal(c->api.port, 6060);
	assert_int_equal(c->api.health_port, 6061);
	assert_int_equal(c->api.timeout_ms, 900000);
	assert_null(c->api.cert_file);
	assert_null(c->api.key_file);
	assert_null(c->api.ca_file);
	assert_int_equal(c->updater.interval_ms, 3600000);
	assert_true(c->updater.sources[CONFIG_SOURCE_DEBIAN].enabled);
	assert_null(c->updater.sources[CONFIG_SOURCE_DEBIAN].url);
	assert_false(c->notifier.enabled);
	assert_int_equal(c->notifier.attempts, 5);
	assert_int_equal(c->notifier.renotify_interval_ms, 7200000);
	assert_false(c->notifier.all);
	assert_null(c->notifier.http.endpoint);
	assert_false(c->layer_sources.limited);
	assert_int_equal(c->layer_sources.local_paths.n, 0);
}

static void test_what_is_not_there_has_its_default(void **state UNUSED)
{
	static const char *const texts[] = { "", "# nothing\n", "---\n", "null\n", "{}\n",
		"jwtproxy:\n  x: 1\n" };
	_cleanup_config_ struct config c;

	config_defaults(&c);
	assert_defaults(&c);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_config_ struct config parsed;

		take(texts[i], "warning: there is no key \"clair\"; the defaults are used\n",
			&parsed);
		assert_defaults(&parsed);
	}
	_cleanup_config_ struct config empty;
	take("clair:\n", "1:1: warning: clair.database: missing; the embedded database is used\n",
		&empty);
	assert_defaults(&empty);
}

static void test_every_key(void **state UNUSED)
{
	_cleanup_config_ struct config c;

	take("clair:\n"
	     "  database:\n"
	     "    type: pgsql\n"
	     "    options:\n"
	     "      source: host=db password=x\n"
	     "      connections: 20\n"
	     "      cachesize: 0x10\n"
	     "  api:\n"
	     "    address: ::1\n"
	     "    port: 7070\n"
	     "    healthport: 7071\n"
	     "    timeout: 1m30s\n"
	     "    paginationkey: XxoPtCUzrUv4JV5dS-yQ-MdW7yLEJnRMwigVY_bpgtQ\n"
	     "    certfile: /a/cert\n"
	     "    keyfile: /a/key\n"
	     "    cafile: /a/ca\n"
	     "  updater:\n"
	     "    interval: 0\n"
	     "    sources:\n"
	     "      debian: {enabled: false, url: /mirror/debian.json}\n"
	     "  notifier:\n"
	     "    attempts: 7\n"
	     "    renotifyinterval: 1h\n"
	     "    all: on\n"
	     "    http:\n"
	     "      endpoint: https://q/notify\n"
	     "      servername: quay\n"
	     "      cafile: /b/ca\n"
	     "      certfile: /b/cert\n"
	     "      keyfile: /b/key\n"
	     "      proxy: socks5://proxy:1080\n"
	     "  layer_sources:\n"
	     "    local_paths: [/srv/layers, '/data/']\n",
		"", &c);
	assert_int_equal(c.database.type, CONFIG_PGSQL);
	assert_string_equal(c.database.source, "host=db password=x");
	assert_int_equal(c.database.connections, 20);
	assert_int_equal(c.database.cachesize, 16);
	assert_string_equal(c.api.address, "::1");
	assert_int_equal(c.api.port, 7070);
	assert_int_equal(c.api.health_port, 7071);
	assert_int_equal(c.api.timeout_ms, 90000);
	assert_int_equal(c.api.pagination_key[0], 0x5f);
	assert_int_equal(c.api.pagination_key[31], 0xd4);
	assert_false(c.api.pagination_key_generated);
	assert_string_equal(c.api.cert_file, "/a/cert");
	assert_string_equal(c.api.key_file, "/a/key");
	assert_string_equal(c.api.ca_file, "/a/ca");
	assert_int_equal(c.updater.interval_ms, 0);
	assert_string_equal(c.updater.sources[CONFIG_SOURCE_DEBIAN].name, "debian");
	assert_false(c.updater.sources[CONFIG_SOURCE_DEBIAN].enabled);
	assert_string_equal(c.updater.sources[CONFIG_SOURCE_DEBIAN].url, "/mirror/debian.json");
	assert_true(c.notifier.enabled);
	assert_int_equal(c.notifier.attempts, 7);
	assert_int_equal(c.notifier.renotify_interval_ms, 3600000);
	assert_true(c.notifier.all);
	assert_string_equal(c.notifier.http.endpoint, "https://q/notify");
	assert_string_equal(c.notifier.http.server_name, "quay");
	assert_string_equal(c.notifier.http.ca_file, "/b/ca");
	assert_string_equal(c.notifier.http.cert_file, "/b/cert");
	assert_string_equal(c.notifier.http.key_file, "/b/key");
	assert_string_equal(c.notifier.http.proxy, "socks5://proxy:1080");
	assert_true(c.layer_sources.limited);
	assert_int_equal(c.layer_sources.local_paths.n, 2);
	assert_str(c.layer_sources.local_paths.v[0], "/srv/layers");
	assert_str(c.layer_sources.local_paths.v[1], "/data/");
	assert_int_equal(config_place_of(&c, "clair.api.port").line, 10);
	assert_int_equal(config_place_of(&c, "clair.api.port").column, 11);
	assert_int_equal(config_place_of(&c, "clair.database.options.path").line, 0);
}

/* --- samples -----------------------------------------------------------------------------------
 */

static void take_sample(const char *name, const char *warnings, struct config *c)
{
	size_t n;
	_cleanup_free_ char *text = test_read_data(name, &n);

	take(text, warnings, c);
	assert_int_equal(c->database.type, CONFIG_PGSQL);
	assert_string_equal(c->database.source,
		"postgresql://postgres@db.mycompany.com:5432/clairtest?sslmode=disable");
	assert_int_equal(c->database.cachesize, 16384);
	assert_int_equal(c->api.port, 6062);
	assert_int_equal(c->api.health_port, 6061);
	assert_int_equal(c->api.timeout_ms, 900000);
	assert_int_equal(c->updater.interval_ms, 6 * 3600000);
	assert_true(c->notifier.enabled);
	assert_int_equal(c->notifier.attempts, 3);
	assert_int_equal(c->notifier.renotify_interval_ms, 3600000);
	assert_string_equal(c->notifier.http.endpoint, "https://quay.mycompany.com/secscan/notify");
	assert_string_equal(c->notifier.http.proxy, "http://localhost:6063");
}

#define NESTED                                                                              \
	"warning: clair.updater.notifier: belongs beside \"updater\", not below it; it is " \
	"read as clair.notifier\n"
#define NO_PAGINATION_KEY                                                              \
	"warning: clair.api.paginationkey: none, so each start makes up another one; " \
	"instances that work together need the same\n"

static void test_sample_for_several_instances(void **state UNUSED)
{
	_cleanup_config_ struct config c;

	take_sample("config/quay-ha.yaml", "22:5: " NESTED, &c);
	assert_int_equal(c.api.pagination_key[0], 0x5f);
}

static void test_sample_for_one_instance(void **state UNUSED)
{
	_cleanup_config_ struct config c;

	take_sample("config/quay-single.yaml", "8:3: " NO_PAGINATION_KEY "22:5: " NESTED, &c);
	assert_int_equal(c.api.pagination_key[0], 0);
}

static void test_notifier_beside_the_updater_wins(void **state UNUSED)
{
	static const char *const texts[] = {
		"clair:\n"
		"  database: {type: sqlite}\n"
		"  updater:\n"
		"    notifier: {attempts: 3, http: {endpoint: http://nested/}}\n"
		"  notifier: {http: {endpoint: http://beside/}}\n",
		"clair:\n"
		"  notifier: {http: {endpoint: http://beside/}}\n"
		"  database: {type: sqlite}\n"
		"  updater:\n"
		"    notifier: {attempts: 3, http: {endpoint: http://nested/}}\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_config_ struct config c;

		take(texts[i],
			i == 0 ? "4:5: warning: clair.updater.notifier: without effect, because "
				 "there is clair.notifier\n"
			       : "5:5: warning: clair.updater.notifier: without effect, because "
				 "there is clair.notifier\n",
			&c);
		assert_string_equal(c.notifier.http.endpoint, "http://beside/");
		assert_int_equal(c.notifier.attempts, 5);
	}
}

static void test_braces_around_a_value_are_left_out(void **state UNUSED)
{
	_cleanup_config_ struct config c;

	take("clair:\n"
	     "  database:\n"
	     "    type: {sqlite}\n"
	     "    options:\n"
	     "      path: { /x/y.db }\n"
	     "  api:\n"
	     "    port: { 7000 }\n",
		"3:11: warning: clair.database.type: the braces around the value are taken for "
		"part of a placeholder and left out\n"
		"5:13: warning: clair.database.options.path: the braces around the value are taken "
		"for part of a placeholder and left out\n"
		"7:11: warning: clair.api.port: the braces around the value are taken for part of a "
		"placeholder and left out\n",
		&c);
	assert_string_equal(c.database.path, "/x/y.db");
	assert_int_equal(c.api.port, 7000);
	refuse("clair:\n  database: {type: {a, b}}\n",
		"2:20: error: clair.database.type: expected \"pgsql\" or \"sqlite\", found a "
		"mapping\n");
	refuse("clair:\n  database: {type: {a: b}}\n",
		"2:20: error: clair.database.type: expected \"pgsql\" or \"sqlite\", found a "
		"mapping\n");
}

/* --- keys --------------------------------------------------------------------------------------
 */

static void test_unknown_keys_are_warnings(void **state UNUSED)
{
	_cleanup_config_ struct config c;

	take("clair:\n"
	     "  database: {type: sqlite, colour: red}\n"
	     "  api:\n"
	     "    pagnationkey: hunter2\n"
	     "    healthPort: 1\n"
	     "    servername: x\n"
	     "    whatever: {a: [b]}\n"
	     "    postgresql://u:hunter2@db/x: 1\n"
	     "  databsae: x\n"
	     "updater: {interval: 1h}\n"
	     "5: x\n",
		"2:28: warning: clair.database.colour: not known, so without effect\n"
		"4:5: warning: clair.api.pagnationkey: not known, so without effect; is "
		"\"paginationkey\" meant?\n"
		"5:5: warning: clair.api.healthPort: not known, so without effect; is "
		"\"healthport\" meant?\n"
		"6:17: warning: clair.api.servername: has no effect here\n"
		"7:5: warning: clair.api.whatever: not known, so without effect\n"
		"8:5: warning: clair.api: a key that is not known has no effect\n"
		"9:3: warning: clair.databsae: not known, so without effect; is \"database\" meant?\n"
		"10:1: warning: updater: without effect here; it belongs below \"clair\"\n"
		"11:1: warning: 5: not known, so without effect\n",
		&c);
	assert_int_equal(c.api.health_port, 6061);
}

static void test_keys_without_a_value_have_their_default(void **state UNUSED)
{
	_cleanup_config_ struct config c;

	take("clair:\n"
	     "  database:\n"
	     "    type:\n"
	     "    options: {path: , connections: ~, fixturepath: }\n"
	     "  api:\n"
	     "    port:\n"
	     "    timeout: null\n"
	     "    paginationkey: ''\n"
	     "    servername:\n"
	     "    certfile: ''\n"
	     "    keyfile:\n"
	     "  updater:\n"
	     "    interval:\n"
	     "  notifier:\n"
	     "    http:\n"
	     "      endpoint:\n"
	     "      proxy: \"\"\n"
	     "  layer_sources: {local_paths: }\n",
		"3:10: warning: clair.database.type: without a value, so the default is used\n"
		"4:36: warning: clair.database.options.connections: without a value, so the default "
		"is used\n"
		"6:10: warning: clair.api.port: without a value, so the default is used\n"
		"7:14: warning: clair.api.timeout: without a value, so the default is used\n"
		"13:14: warning: clair.updater.interval: without a value, so the default is used\n"
		"18:32: warning: clair.layer_sources.local_paths: without a value, so the default "
		"is used\n",
		&c);
	assert_defaults(&c);
}

static void test_without_a_type_the_options_tell_the_database(void **state UNUSED)
{
	_cleanup_config_ struct config pgsql, sqlite;

	take("clair: {database: {options: {source: 'host=x'}}, api: {paginationkey: "
	     "5f1a0fb42533ad4bf8255e5d4bec90f8c756ef22c426744cc2281563f6e982d4}}\n",
		"", &pgsql);
	assert_int_equal(pgsql.database.type, CONFIG_PGSQL);
	assert_int_equal(pgsql.api.pagination_key[31], 0xd4);
	take("clair: {database: {options: {path: x}}}\n", "", &sqlite);
	assert_int_equal(sqlite.database.type, CONFIG_SQLITE);
	assert_string_equal(sqlite.database.path, "x");
}

static void test_options_of_the_other_database_are_warnings(void **state UNUSED)
{
	_cleanup_config_ struct config sqlite, pgsql;

	take("clair:\n"
	     "  database:\n"
	     "    type: sqlite\n"
	     "    options:\n"
	     "      source: host=x\n"
	     "      connections: 3\n"
	     "      cachesize: 3\n"
	     "      managedatabaselifecycle: true\n",
		"5:15: warning: clair.database.options.source: has no effect on SQLite\n"
		"8:32: warning: clair.database.options.managedatabaselifecycle: has no effect here\n",
		&sqlite);
	take("clair:\n"
	     "  database:\n"
	     "    type: pgsql\n"
	     "    options: {source: 'host=x', path: /x}\n",
		"1:1: " NO_PAGINATION_KEY
		"4:39: warning: clair.database.options.path: has no effect on PostgreSQL\n",
		&pgsql);
}

/* --- wrong values ------------------------------------------------------------------------------
 */

#define KEY_EXPECTED                                                                      \
	"error: clair.api.paginationkey: expected a key of 32 bytes, in base64 or as 64 " \
	"hexadecimal digits, found "

static void test_wrong_values_are_all_told_with_their_place(void **state UNUSED)
{
	refuse("clair:\n"
	       "  database:\n"
	       "    type: mysql\n"
	       "    options:\n"
	       "      source: [hunter2]\n"
	       "      path: {}\n"
	       "      connections: 0\n"
	       "      cachesize: '1'\n"
	       "  api:\n"
	       "    address: localhost\n"
	       "    port: 65536\n"
	       "    healthport: yes\n"
	       "    timeout: 900\n"
	       "    paginationkey: hunter2\n"
	       "    certfile: \"a\\0b\"\n"
	       "    keyfile: 5\n"
	       "  updater:\n"
	       "    interval: 1 day\n"
	       "  notifier:\n"
	       "    attempts: many\n"
	       "    renotifyinterval: -1h\n"
	       "    all: 1\n"
	       "    http:\n"
	       "      endpoint: quay\n"
	       "      proxy: hunter2:6063\n"
	       "  layer_sources:\n"
	       "    local_paths: /srv\n",
		"3:11: error: clair.database.type: expected \"pgsql\" or \"sqlite\", found the text "
		"\"mysql\"\n"
		"5:15: error: clair.database.options.source: expected a PostgreSQL connection "
		"string, found a list\n"
		"6:13: error: clair.database.options.path: expected the name of a file, found a "
		"mapping\n"
		"7:20: error: clair.database.options.connections: expected a number from 1 to 1000, "
		"found the number 0\n"
		"8:18: error: clair.database.options.cachesize: expected a number from 0 on, found "
		"the text \"1\", in quotes\n"
		"10:14: error: clair.api.address: expected an IP address, found the text "
		"\"localhost\"\n"
		"11:11: error: clair.api.port: expected a port (0 to 65535), found the number "
		"65536\n"
		"12:17: error: clair.api.healthport: expected a port (0 to 65535), found the truth "
		"value yes\n"
		"13:14: error: clair.api.timeout: expected a duration above 0 with its unit, such "
		"as 900s or 1h30m, found the number 900\n"
		"14:20: " KEY_EXPECTED "a shorter one\n"
		"15:15: error: clair.api.certfile: expected the name of a file, found a NUL "
		"character\n"
		"18:15: error: clair.updater.interval: expected a duration with its unit, such as "
		"6h or 1h30m, or 0, found the text \"1 day\"\n"
		"20:15: error: clair.notifier.attempts: expected a number from 1 to 1000, found the "
		"text \"many\"\n"
		"21:23: error: clair.notifier.renotifyinterval: expected a duration with its unit, "
		"such as 2h or 1h30m, or 0, found the text \"-1h\"\n"
		"22:10: error: clair.notifier.all: expected true or false, found the number 1\n"
		"24:17: error: clair.notifier.http.endpoint: expected an http or https URL, found "
		"something else\n"
		"25:14: error: clair.notifier.http.proxy: expected an http, https or socks5 URL, "
		"found something else\n"
		"27:18: error: clair.layer_sources.local_paths: expected a list of absolute paths, "
		"found the text \"/srv\"\n");
}

static void test_sections_have_to_be_mappings(void **state UNUSED)
{
	refuse("hunter2\n",
		"1:1: error: expected a mapping with the key \"clair\", found something else\n");
	refuse("clair:\n"
	       "  database: [hunter2]\n"
	       "  api: 5\n"
	       "  updater: true\n"
	       "  notifier: hunter2\n"
	       "  layer_sources: []\n",
		"2:13: error: clair.database: expected a mapping of keys to values, found a list\n"
		"3:8: error: clair.api: expected a mapping of keys to values, found a number\n"
		"4:12: error: clair.updater: expected a mapping of keys to values, found a truth "
		"value\n"
		"5:13: error: clair.notifier: expected a mapping of keys to values, found something "
		"else\n"
		"6:18: error: clair.layer_sources: expected a mapping of keys to values, found a "
		"list\n");
}

static void test_pagination_keys(void **state UNUSED)
{
	static const char *const right[] = {
		"XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ=",
		"XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ",
		"XxoPtCUzrUv4JV5dS-yQ-MdW7yLEJnRMwigVY_bpgtQ=",
		"XxoPtCUzrUv4JV5dS-yQ-MdW7yLEJnRMwigVY_bpgtQ",
		/* The last character's two low bits mean nothing. */
		"XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtT=",
		"5f1a0fb42533ad4bf8255e5d4bec90f8c756ef22c426744cc2281563f6e982d4",
		"5F1A0FB42533AD4BF8255E5D4BEC90F8C756EF22C426744CC2281563F6E982D4",
	};
	static const struct {
		const char *key, *found;
	} wrong[] = {
		{ "XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgg==", "a shorter one\n" },
		{ "XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQA", "a longer one\n" },
		{ "XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY_bpgtQ=", "something else\n" },
		{ "XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ==", "something else\n" },
		{ "5f1a0fb42533ad4bf8255e5d4bec90f8c756ef22c426744cc2281563f6e982dg",
			"something else\n" },
		{ "5f1a0fb42533ad4bf8255e5d4bec90f8c756ef22c426744cc2281563f6e982",
			"a longer one\n" },
		{ "12345", "something else\n" },
		{ "secret", "a shorter one\n" },
	};
	static const uint8_t expected[] = { 0x5f, 0x1a, 0x0f, 0xb4, 0x25, 0x33, 0xad, 0x4b, 0xf8,
		0x25, 0x5e, 0x5d, 0x4b, 0xec, 0x90, 0xf8, 0xc7, 0x56, 0xef, 0x22, 0xc4, 0x26, 0x74,
		0x4c, 0xc2, 0x28, 0x15, 0x63, 0xf6, 0xe9, 0x82, 0xd4 };

	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);
		_cleanup_config_ struct config c;

		buf_printf(&text, "clair: {database: {type: sqlite}, api: {paginationkey: %s}}",
			right[i]);
		take(buf_cstr(&text), "", &c);
		assert_memory_equal(c.api.pagination_key, expected, sizeof(expected));
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB), problem = BUF_INIT(KIB);

		buf_printf(&text, "clair: {database: {type: sqlite}, api: {paginationkey: %s}}",
			wrong[i].key);
		buf_printf(&problem, "1:56: " KEY_EXPECTED "%s", wrong[i].found);
		refuse(buf_cstr(&text), buf_cstr(&problem));
	}
}

static void test_durations_become_milliseconds(void **state UNUSED)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = { { "900s", 900000 }, { "1h30m", 5400000 }, { "1ns", 1 }, { "1500us", 2 },
		{ "2ms", 2 }, { "'15s'", 15000 }, { "2562047h", UINT64_C(9223369200000) } };
	static const char *const wrong[] = { "0", "0s", "-1s", "1", "900", "1.5", "900 s", "yes",
		"~x", "'900'" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);
		_cleanup_config_ struct config c;

		buf_printf(&text, "clair: {database: {type: sqlite}, api: {timeout: %s}}",
			cases[i].text);
		take(buf_cstr(&text), "", &c);
		assert_int_equal(c.api.timeout_ms, cases[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);
		struct err err = ERR_INIT;
		struct config c;

		buf_printf(
			&text, "clair: {database: {type: sqlite}, api: {timeout: %s}}", wrong[i]);
		assert_fails(parse(buf_str(&text), &c, &problems, &err), &err, ERR_INPUT,
			"F:1:50: clair.api.timeout: expected a duration above 0");
	}
}

static void test_urls(void **state UNUSED)
{
	static const char *const right[] = { "http://quay/x", "https://u:p@quay:8443/x?y=z",
		"HTTPS://quay", "http://[::1]:80/" };
	static const char *const wrong[] = { "quay", "ftp://quay/", "http://", "http:///x",
		"'http://a b'", "http:/quay", "/secscan/notify", "'http://a\\b'", "http://?x",
		"QUAY_ENDPOINT/secscan/notify", "socks5://x" };

	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);
		_cleanup_config_ struct config c;

		buf_printf(&text,
			"clair:\n  database: {type: sqlite}\n  notifier:\n    http:\n      endpoint: %s\n",
			right[i]);
		take(buf_cstr(&text), "", &c);
		assert_string_equal(c.notifier.http.endpoint, right[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);

		buf_printf(&text,
			"clair:\n  database: {type: sqlite}\n  notifier:\n    http:\n      endpoint: %s\n",
			wrong[i]);
		refuse(buf_cstr(&text),
			"5:17: error: clair.notifier.http.endpoint: expected an http or https URL, "
			"found something else\n");
	}
}

static void test_local_paths(void **state UNUSED)
{
	_cleanup_config_ struct config none;

	take("clair: {database: {type: sqlite}, layer_sources: {local_paths: []}}", "", &none);
	assert_true(none.layer_sources.limited);
	assert_int_equal(none.layer_sources.local_paths.n, 0);
#define PATHS "error: clair.layer_sources.local_paths: expected a list of absolute paths, found "
	static const struct {
		const char *list, *problem;
	} wrong[] = {
		{ "[/a, srv]", "2:23: " PATHS
			       "a path that does not begin with \"/\", or has parts \".\" or "
			       "\"..\"\n" },
		{ "[/a/../b]", "2:19: " PATHS
			       "a path that does not begin with \"/\", or has parts \".\" or "
			       "\"..\"\n" },
		{ "[/a/.]", "2:19: " PATHS
			    "a path that does not begin with \"/\", or has parts \".\" or "
			    "\"..\"\n" },
		{ "[[/a]]", "2:19: " PATHS "an element that is no path\n" },
		{ "[~]", "2:19: " PATHS "an element that is no path\n" },
		{ "[\"/a\\0\"]", "2:19: " PATHS "a NUL character\n" },
		{ "{/a: /b}", "2:18: " PATHS "a mapping\n" },
	};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);

		buf_printf(&text,
			"clair: {database: {type: sqlite}, layer_sources: {\n    local_paths: %s}}",
			wrong[i].list);
		refuse(buf_cstr(&text), wrong[i].problem);
	}
}

/* --- what keys mean together -------------------------------------------------------------------
 */

static void test_postgresql_needs_a_source(void **state UNUSED)
{
	refuse("clair:\n  api: {paginationkey: XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ=}\n"
	       "  database:\n    type: pgsql\n",
		"4:11: error: clair.database.options.source: missing, but PostgreSQL needs it\n");
	refuse("clair:\n  api: {paginationkey: XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ=}\n"
	       "  database:\n    type: pgsql\n    options:\n      source:\n",
		"5:5: error: clair.database.options.source: missing, but PostgreSQL needs it\n");
	refuse("clair:\n  api: {paginationkey: XxoPtCUzrUv4JV5dS+yQ+MdW7yLEJnRMwigVY/bpgtQ=}\n"
	       "  database: {type: pgsql, options: {source: { POSTGRES_CONNECTION_STRING }}}\n",
		"3:45: warning: clair.database.options.source: the braces around the value are "
		"taken for part of a placeholder and left out\n"
		"3:47: error: clair.database.options.source: expected a PostgreSQL connection "
		"string (postgresql://… or key=value …), found something else\n");
}

static void test_the_ports_have_to_differ(void **state UNUSED)
{
	_cleanup_config_ struct config chosen;

	refuse("clair:\n  database: {type: sqlite}\n  api:\n    port: 6061\n",
		"4:11: error: clair.api.healthport: expected another port than clair.api.port, "
		"found 6061 for both\n");
	refuse("clair:\n  database: {type: sqlite}\n  api:\n    port: 7000\n    healthport: 7000\n",
		"5:17: error: clair.api.healthport: expected another port than clair.api.port, "
		"found 7000 for both\n");
	take("clair:\n  database: {type: sqlite}\n  api: {port: 0, healthport: 0}\n", "", &chosen);
	assert_int_equal(chosen.api.port, 0);
}

static void test_certificates_and_keys_come_together(void **state UNUSED)
{
	refuse("clair:\n  database: {type: sqlite}\n  api: {certfile: a}\n"
	       "  notifier: {http: {keyfile: b}}\n",
		"3:19: error: clair.api.certfile: a certificate needs its key, clair.api.keyfile\n"
		"4:30: error: clair.notifier.http.keyfile: a key needs its certificate, "
		"clair.notifier.http.certfile\n");
	refuse("clair:\n  database: {type: sqlite}\n  api: {cafile: a}\n"
	       "  notifier: {http: {cafile: b}}\n",
		"3:17: error: clair.api.cafile: asking for client certificates needs TLS: "
		"clair.api.certfile and clair.api.keyfile\n");
}

/* --- problems ----------------------------------------------------------------------------------
 */

static void test_the_error_is_the_first_one_and_counts_the_others(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	struct err err = ERR_INIT;
	struct config c;

	assert_int_equal(
		parse(STR("clair:\n  unknown: 1\n  api: {port: a, healthport: b, timeout: c}\n"
			  "  database: {type: sqlite}\n"),
			&c, &problems, &err),
		-ERR_INPUT);
	assert_string_equal(err_msg(&err),
		"F:3:15: clair.api.port: expected a port (0 to 65535), found the text \"a\" (and 2 "
		"more errors)");
	err_clear(&err);
	assert_int_equal(problems.errors, 3);
	assert_int_equal(problems.warnings, 1);
}

static void test_only_so_many_problems_are_kept(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_err_ struct err err = ERR_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	_cleanup_config_ struct config c;

	buf_append_str(&text, STR("clair:\n  database: {type: sqlite}\n"));
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "  unknown%d: 1\n", i);
	assert_ok(parse(buf_str(&text), &c, &problems, &err), &err);
	assert_int_equal(problems.warnings, 1000);
	assert_int_equal(problems.list.n, LIMIT_CONFIG_PROBLEMS);
}

static void test_errors_are_kept_before_warnings(void **state UNUSED)
{
	_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT(64 * KIB);
	struct err err = ERR_INIT;
	struct config c;

	buf_append_str(&text, STR("clair:\n  database: {type: sqlite}\n"));
	for (int i = 0; i < 100; i++)
		buf_printf(&text, "  unknown%d: 1\n", i);
	buf_append_str(&text, STR("  api: {port: a, healthport: b}\n"));
	assert_fails(parse(buf_str(&text), &c, &problems, &err), &err, ERR_INPUT,
		"F:103:15: clair.api.port: expected a port (0 to 65535), found the text \"a\" (and 1 "
		"more error)");
	assert_int_equal(problems.list.n, LIMIT_CONFIG_PROBLEMS);
	assert_false(problems.list.v[97].is_error);
	assert_true(problems.list.v[98].is_error && problems.list.v[99].is_error);
}

static void test_what_is_shown_is_short_and_fit_for_a_terminal(void **state UNUSED)
{
	refuse("clair: {database: {type: \"a\\e[31m\\u202e\\u20ac\"}}",
		"1:26: error: clair.database.type: expected \"pgsql\" or \"sqlite\", found the text "
		"\"a\xef\xbf\xbd[31m\xef\xbf\xbd\xe2\x82\xac\", in quotes\n");
	refuse("clair: {database: {type: "
	       "1234567890123456789012345678901234567\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac}}",
		"1:26: error: clair.database.type: expected \"pgsql\" or \"sqlite\", found the text "
		"\"1234567890123456789012345678901234567\xe2\x82\xac…\"\n");
}

/* A configuration in which every value is a secret, and wrong. */
static void test_secrets_are_in_no_message(void **state UNUSED)
{
	static const char *const values[] = { "hunter2", "'hunter2'", "[hunter2]", "{hunter2: x}",
		"{hunter2}", "postgresql://u:hunter2@db/x", "http://u:hunter2@quay:port/x",
		"{a: hunter2, b: hunter2}", "!hunter2 x", "&hunter2 hunter2", "*hunter2",
		"{ hunter2 }/x", "\"hunter2", "hunter2: hunter2", "@hunter2" };
	static const char *const keys[] = { "database: {type: pgsql, options: {source: %s}}",
		"api: {paginationkey: %s}", "notifier: {http: {endpoint: %s}}",
		"notifier: {http: {proxy: %s}}", "database: %s", "notifier: %s",
		"api:\n    paginationkey: %s", "database:\n    options:\n      source: %s\n" };

	for (size_t i = 0; i < ARRAY_LEN(values) * ARRAY_LEN(keys); i++) {
		_cleanup_config_problems_ struct config_problems problems = CONFIG_PROBLEMS_INIT;
		_cleanup_err_ struct err err = ERR_INIT;
		_cleanup_buf_ struct buf text = BUF_INIT(KIB);
		struct str head, tail, key = str_of(keys[i % ARRAY_LEN(keys)]);
		struct config c;

		(void)str_cut(key, '%', &head, &tail);
		buf_printf(&text, "clair:\n  %" PRIstr "%s%" PRIstr "\n", STR_ARG(head),
			values[i / ARRAY_LEN(keys)], STR_ARG(str_skip(tail, 1)));
		if (parse(buf_str(&text), &c, &problems, &err) >= 0)
			config_fini(&c);
		vec_for_each(problem, &problems.list) {
			if (str_find(problem->message, STR("hunter2: not known")) >= 0)
				continue; /* as the name of a key */
			if (str_find(problem->message, STR("hunter2")) >= 0)
				fail_msg(
					"%s: %" PRIstr, buf_cstr(&text), STR_ARG(problem->message));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_not_there_has_its_default),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_sample_for_several_instances),
		cmocka_unit_test(test_sample_for_one_instance),
		cmocka_unit_test(test_notifier_beside_the_updater_wins),
		cmocka_unit_test(test_braces_around_a_value_are_left_out),
		cmocka_unit_test(test_unknown_keys_are_warnings),
		cmocka_unit_test(test_keys_without_a_value_have_their_default),
		cmocka_unit_test(test_without_a_type_the_options_tell_the_database),
		cmocka_unit_test(test_options_of_the_other_database_are_warnings),
		cmocka_unit_test(test_wrong_values_are_all_told_with_their_place),
		cmocka_unit_test(test_sections_have_to_be_mappings),
		cmocka_unit_test(test_pagination_keys),
		cmocka_unit_test(test_durations_become_milliseconds),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_local_paths),
		cmocka_unit_test(test_postgresql_needs_a_source),
		cmocka_unit_test(test_the_ports_have_to_differ),
		cmocka_unit_test(test_certificates_and_keys_come_together),
		cmocka_unit_test(test_the_error_is_the_first_one_and_counts_the_others),
		cmocka_unit_test(test_only_so_many_problems_are_kept),
		cmocka_unit_test(test_errors_are_kept_before_warnings),
		cmocka_unit_test(test_what_is_shown_is_short_and_fit_for_a_terminal),
		cmocka_unit_test(test_secrets_are_in_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
