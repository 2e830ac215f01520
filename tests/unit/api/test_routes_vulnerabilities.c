/*
 * Namespaces, vulnerabilities, fixes and notifications: requests and answers, and what the store is
 * asked to do.
 */
#include "routes_test.h"

static void namespaces_are_listed(void **state)
{
	(void)state;
	expect(peer.v1, "GET /v1/namespaces", NULL, 200,
		"{\"Namespaces\":[{\"Name\":\"debian:9\",\"VersionFormat\":\"dpkg\"},{\"Name\":"
		"\"alpine:v3.8\",\"VersionFormat\":\"dpkg\"},{\"Name\":\"foo:1\"}]}\n");
	fake.empty = true;
	expect(peer.v1, "GET /v1/namespaces", NULL, 200, "{\"Namespaces\":null}\n");
}

#define VULNERABILITY(name)                                                            \
	"{\"Name\":\"" name "\",\"NamespaceName\":\"debian:9\",\"Description\":\"d\"," \
	"\"Link\":\"l\",\"Severity\":\"Medium\""
#define FIXES                                                                            \
	"[{\"Name\":\"bash\",\"NamespaceName\":\"debian:9\",\"VersionFormat\":\"dpkg\"," \
	"\"Version\":\"4.4\"},{\"Name\":\"zlib\",\"NamespaceName\":\"debian:9\","        \
	"\"VersionFormat\":\"dpkg\",\"Version\":\"None\"}]"

static void a_vulnerability_is_shown_with_and_without_fixes(void **state)
{
	(void)state;
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-1", NULL, 200,
		"{\"Vulnerability\":" VULNERABILITY("CVE-1") "}}\n");
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-1?fixedIn", NULL, 200,
		"{\"Vulnerability\":" VULNERABILITY("CVE-1") ",\"FixedIn\":" FIXES "}}\n");
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes", NULL, 200,
		"{\"Features\":" FIXES "}\n");
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities/CVE-none/fixes", NULL, 200,
		"{\"Features\":null}\n");
	fake.empty = true;
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities/v", NULL, 404, not_found);
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities/v/fixes", NULL, 404, not_found);
}

/* The text behind "NextPage":" in an answer. */
static char *next_page(const struct answer *a)
{
	static const struct str key = STR_INIT("\"NextPage\":\"");
	ptrdiff_t at = str_find(buf_str(&a->body), key);
	struct str token;

	if (at < 0)
		fail_msg("no next page");
	(void)str_cut(str_skip(buf_str(&a->body), (size_t)at + key.n), '"', &token, NULL);
	char *copy = xcalloc(token.n + 1, 1);
	memcpy(copy, token.p, token.n);
	return copy;
}

static void vulnerabilities_are_listed_in_pages(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(4 * KIB);

	(void)state;
	expect(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=%2B10", NULL, 200,
		"{\"Vulnerabilities\":[" VULNERABILITY("CVE-1") "}," VULNERABILITY(
			"CVE-2") "}]}\n");
	assert_int_equal(fake.limit, 10);
	_cleanup_answer_ struct answer a =
		client_get(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=1");
	_cleanup_free_ char *token = next_page(&a);
	buf_printf(&request, "GET /v1/namespaces/debian:9/vulnerabilities?limit=1&page=%s", token);
	_cleanup_answer_ struct answer next = client_get(peer.v1, buf_cstr(&request));
	assert_int_equal(next.status, 200);
	assert_int_equal(fake.start_id, 12);
	_cleanup_answer_ struct answer none =
		client_get(peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=0");
	assert_true(
		str_starts(buf_str(&none.body), STR("{\"Vulnerabilities\":null,\"NextPage\":")));
}

static void huge_limits_are_pages_of_a_bounded_size(void **state)
{
	(void)state;
	(void)client_visit(
		peer.v1, "GET /v1/namespaces/debian:9/vulnerabilities?limit=9223372036854775807");
	assert_int_equal(fake.limit, LIMIT_API_PAGE_VULNERABILITIES);
	(void)client_visit(peer.v1, "GET /v1/notifications/n?limit=9223372036854775807");
	assert_int_equal(fake.limit, LIMIT_API_PAGE_LAYERS);
}

static void limits_and_pages_that_are_none_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "must provide limit query parameter" },
		{ "?limit=1;page=x", "must provide limit query parameter" },
		{ "?limit=abc&limit=1",
			"invalid limit format: strconv.Atoi: parsing \\\"abc\\\": invalid syntax" },
		{ "?limit=",
			"invalid limit format: strconv.Atoi: parsing \\\"\\\": invalid syntax" },
		{ "?limit=1_0",
			"invalid limit format: strconv.Atoi: parsing \\\"1_0\\\": invalid syntax" },
		{ "?limit=%22%0a%c2%80%ff%c3%a9",
			"invalid limit format: strconv.Atoi: parsing "
			"\\\"\\\\\\\"\\\\n\\\\u0080\\\\xffé\\\": invalid syntax" },
		{ "?limit=99999999999999999999",
			"invalid limit format: strconv.Atoi: parsing \\\"99999999999999999999\\\": "
			"value out of range" },
		{ "?limit=-9223372036854775809",
			"invalid limit format: strconv.Atoi: parsing \\\"-9223372036854775809\\\": "
			"value out of range" },
		{ "?limit=-2", "limit value should not be less than zero" },
		{ "?limit=-9223372036854775808", "limit value should not be less than zero" },
		{ "?limit=1&page=", "invalid page format: invalid or expired pagination token" },
		{ "?limit=1&page=x", "invalid page format: invalid or expired pagination token" },
	};

	(void)state;
	fake.empty = true; /* limit and page are looked at before */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf list = BUF_INIT(KIB), note = BUF_INIT(KIB),
					 expected = BUF_INIT(KIB);

		buf_printf(&list, "GET /v1/namespaces/n/vulnerabilities%s", cases[i][0]);
		buf_printf(&note, "GET /v1/notifications/n%s", cases[i][0]);
		buf_printf(&expected, "{\"Error\":{\"Message\":\"%s\"}}\n", cases[i][1]);
		expect(peer.v1, buf_cstr(&list), NULL, 400, buf_cstr(&expected));
		expect(peer.v1, buf_cstr(&note), NULL, 400, buf_cstr(&expected));
	}
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities?limit=-1", NULL, 400,
		"{\"Error\":{\"Message\":\"limit value should not be less than zero\"}}\n");
	expect(peer.v1, "GET /v1/namespaces/n/vulnerabilities?limit=1", NULL, 404, not_found);
	expect(peer.v1, "GET /v1/notifications/n?limit=1", NULL, 404, not_found);
}

static void a_posted_vulnerability_is_stored_and_echoed(void **state)
{
	(void)state;
	expect(peer.v1, "POST /v1/namespaces/whatever/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"CVE-1\",\"NamespaceName\":\"debian:9\","
		"\"Severity\":\"high\",\"Description\":\"d\",\"Link\":\"l\",\"Metadata\":{\"b\":1.0,"
		"\"a\":2},\"FixedIn\":[{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":"
		"\"4.3\"},{\"Name\":\"zlib\",\"NamespaceName\":\"debian:9\",\"Version\":\"None\"},"
		"{\"Name\":\"gone\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"},{\"Name\":"
		"\"never\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MAXV#\"},{\"Name\":\"bash\","
		"\"VersionFormat\":\"dpkg\",\"Version\":\"4.4\"}]}}",
		201,
		"{\"Vulnerability\":{\"Name\":\"CVE-1\",\"NamespaceName\":\"debian:9\","
		"\"Description\":\"d\",\"Link\":\"l\",\"Severity\":\"high\",\"Metadata\":{\"a\":2,"
		"\"b\":1},\"FixedIn\":[{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":"
		"\"4.3\"},{\"Name\":\"zlib\",\"NamespaceName\":\"debian:9\",\"Version\":\"None\"},"
		"{\"Name\":\"gone\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"},{\"Name\":"
		"\"never\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MAXV#\"},{\"Name\":\"bash\","
		"\"VersionFormat\":\"dpkg\",\"Version\":\"4.4\"}]}}\n");
	assert_str(fake.asked, "put debian:9 CVE-1");
	assert_str(fake.put.scheme, "dpkg");
	assert_int_equal(fake.put.severity, SEVERITY_HIGH);
	assert_str(fake.put.metadata, "{\"a\":2,\"b\":1}");
	assert_int_equal(fake.put.n_fixes, 3);
	assert_str(fake.put.fixes[0].package, "zlib");
	assert_str(fake.put.fixes[0].fixed_version, "");
	assert_int_equal(fake.put.fixes[0].state, FIX_STATE_AFFECTED);
	assert_str(fake.put.fixes[1].package, "never");
	assert_str(fake.put.fixes[2].package, "bash");
	assert_str(fake.put.fixes[2].fixed_version, "4.4");
	assert_int_equal(fake.put.fixes[2].state, FIX_STATE_FIXED);
	assert_int_equal(fake.put.fixes[2].severity, SEVERITY_HIGH);
	assert_str(fake.not_affected, "gone ");
	assert_int_equal(fake.put_flags, 0);
	assert_int_equal(fake.notify, STORE_NOTIFY_ALL);
	assert_int_equal(edits, 1);
}

static void versions_of_alpine_are_of_apk(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a = client_put(peer.v1,
		"POST /v1/namespaces/n/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"v\",\"NamespaceName\":\"alpine:v3.8\",\"Severity\":"
		"\"Low\",\"FixedIn\":[{\"Name\":\"musl\",\"VersionFormat\":\"dpkg\",\"Version\":"
		"\"1.1.19-r10\"}]}}");

	assert_int_equal(a.status, 201);
	assert_str(fake.put.scheme, "apk");
}

static void the_scheme_is_the_namespaces_where_no_version_tells(void **state)
{
	(void)state;
	fake.scheme_of_namespace = STR("rpm");
	_cleanup_answer_ struct answer a = client_put(peer.v1,
		"POST /v1/namespaces/n/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"v\",\"NamespaceName\":\"centos:7\",\"Severity\":"
		"\"Low\",\"FixedIn\":[{\"Name\":\"musl\",\"Version\":\"None\"}]}}");

	assert_int_equal(a.status, 201);
	assert_str(fake.put.scheme, "rpm");
}

static void vulnerabilities_that_are_none_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "failed to provide vulnerability" },
		{ "{\"Vulnerability\":{}}", "failed to parse Severity from input" },
		{ "{\"Vulnerability\":{\"Severity\":\"Lowest\"}}",
			"failed to parse Severity from input" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"Name\":\"v\"}}",
			"insertVulnerability needs at least the Name and the Namespace" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"FixedIn\":[{\"Name\":\"f\","
		  "\"Version\":\"1\"}]}}",
			"unknown version format" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"FixedIn\":[{\"Name\":\"f\","
		  "\"VersionFormat\":\"dpkg\",\"Version\":\"\"}]}}",
			"invalid version" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"FixedIn\":[{\"Name\":\"f\","
		  "\"VersionFormat\":\"dpkg\",\"Version\":\"1:2:3 4\"}]}}",
			"invalid version" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"Name\":\"v\",\"NamespaceName\":\"n\","
		  "\"FixedIn\":[{\"Name\":\"f\",\"NamespaceName\":\"m\",\"Version\":\"None\"}]}}",
			"could not insert an invalid vulnerability that contains FixedIn "
			"FeatureVersion that are not in the same namespace as the Vulnerability" },
		{ "{\"Vulnerability\":{\"Severity\":\"Low\",\"Name\":\"v\",\"NamespaceName\":\"n\","
		  "\"FixedIn\":[{\"Version\":\"None\"}]}}",
			"could not find/insert invalid Feature" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf expected = BUF_INIT(KIB);

		buf_printf(&expected, "{\"Error\":{\"Message\":\"%s\"}}\n", cases[i][1]);
		expect(peer.v1, "POST /v1/namespaces/n/vulnerabilities", cases[i][0], 400,
			buf_cstr(&expected));
	}
	assert_int_equal(edits, 0);
}

static void names_of_the_url_win_in_a_put(void **state)
{
	(void)state;
	expect(peer.v1, "PUT /v1/namespaces/debian:9/vulnerabilities/CVE-1",
		"{\"Vulnerability\":{\"Name\":\"other\",\"Severity\":\"Low\"}}", 200,
		"{\"Vulnerability\":{\"Name\":\"other\",\"Severity\":\"Low\"}}\n");
	assert_str(fake.asked, "put debian:9 CVE-1");
	expect(peer.v1, "PUT /v1/namespaces/n/vulnerabilities/v",
		"{\"Vulnerability\":{\"FixedIn\":[{}]}}", 400,
		"{\"Error\":{\"Message\":\"Vulnerability.FixedIn must be empty\"}}\n");
}

static void what_the_store_cannot_hold_is_the_clients_fault(void **state)
{
	(void)state;
	fake.fails = ERR_INPUT;
	fake.scheme_of_namespace = STR("dpkg");
	expect(peer.v1, "POST /v1/namespaces/n/vulnerabilities",
		"{\"Vulnerability\":{\"Name\":\"v\",\"NamespaceName\":\"n\",\"Severity\":\"Low\","
		"\"FixedIn\":[{\"Name\":\"f\",\"VersionFormat\":\"rpm\",\"Version\":\"1\"}]}}",
		400, "{\"Error\":{\"Message\":\"secret of the database\"}}\n");
}

static void vulnerabilities_are_deleted_with_a_notification(void **state)
{
	(void)state;
	expect(peer.v1, "DELETE /v1/namespaces/debian:9/vulnerabilities/CVE-1", NULL, 200, "");
	assert_str(fake.asked, "delete debian:9 CVE-1");
	assert_int_equal(fake.notify, STORE_NOTIFY_ALL);
	assert_int_equal(edits, 1);
	fake.empty = true;
	expect(peer.v1, "DELETE /v1/namespaces/n/vulnerabilities/v", NULL, 404, not_found);
	assert_int_equal(edits, 1);
}

static void a_fix_is_put_with_a_notification(void **state)
{
	(void)state;
	expect(peer.v1, "PUT /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes/bash",
		"{\"Feature\":{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":\"4.5\"}}",
		200,
		"{\"Feature\":{\"Name\":\"bash\",\"VersionFormat\":\"dpkg\",\"Version\":\"4.5\"}}\n");
	assert_str(fake.asked, "put debian:9 CVE-1");
	assert_int_equal(fake.put_flags, VULNERABILITY_FIXES_ONLY);
	assert_int_equal(fake.notify, STORE_NOTIFY_ALL);
	assert_int_equal(edits, 1);
	assert_int_equal(fake.put.n_fixes, 1);
	assert_int_equal(fake.put.fixes[0].severity, SEVERITY_MEDIUM);
	assert_str(fake.put.scheme, "dpkg");
	/* Removing what is not there changes nothing. */
	expect(peer.v1, "PUT /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes/x",
		"{\"Feature\":{\"Name\":\"x\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"}}",
		200,
		"{\"Feature\":{\"Name\":\"x\",\"VersionFormat\":\"dpkg\",\"Version\":\"#MINV#\"}}\n");
	assert_str(fake.asked, "get debian:9 CVE-1");
}

static void fixes_that_are_none_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "{}", "failed to provide feature" },
		{ "{\"Feature\":{}}", "feature name in URL and JSON do not match" },
		{ "{\"Feature\":{\"Name\":\"f\"}}", "unknown version format" },
		{ "{\"Feature\":{\"Name\":\"f\",\"VersionFormat\":\"rpm\"}}", "invalid version" },
		{ "{\"Feature\":{\"Name\":\"f\",\"NamespaceName\":\"m\",\"Version\":\"None\"}}",
			"could not insert an invalid vulnerability that contains FixedIn "
			"FeatureVersion that are not in the same namespace as the Vulnerability" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_buf_ struct buf expected = BUF_INIT(KIB);

		buf_printf(&expected, "{\"Error\":{\"Message\":\"%s\"}}\n", cases[i][1]);
		expect(peer.v1, "PUT /v1/namespaces/n/vulnerabilities/v/fixes/f", cases[i][0], 400,
			buf_cstr(&expected));
	}
	fake.empty = true;
	expect(peer.v1, "PUT /v1/namespaces/n/vulnerabilities/v/fixes/f",
		"{\"Feature\":{\"Name\":\"f\",\"Version\":\"None\"}}", 404, not_found);
}

static void a_fix_is_deleted(void **state)
{
	(void)state;
	expect(peer.v1, "DELETE /v1/namespaces/debian:9/vulnerabilities/CVE-1/fixes/bash", NULL,
		200, "");
	assert_str(fake.not_affected, "bash ");
	assert_int_equal(fake.put_flags, VULNERABILITY_FIXES_ONLY);
	fake.empty = true;
	expect(peer.v1, "DELETE /v1/namespaces/n/vulnerabilities/v/fixes/f", NULL, 404, not_found);
}

/* --- notifications */

static void a_notification_is_shown_with_its_page(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a =
		client_get(peer.v1, "GET /v1/notifications/0de1b966?limit=100");
	struct str head, rest, page, tail;

	assert_int_equal(a.status, 200);
	(void)str_cut(buf_str(&a.body), 'P', &head, &rest);
	assert_str(head, "{\"Notification\":{\"Name\":\"0de1b966\",\"Created\":\"1795520804\","
			 "\"Notified\":\"1795520805\",\"Limit\":100,\"");
	assert_true(str_skip_prefix(&rest, STR("age\":\"")));
	(void)str_cut(rest, '"', &page, &tail);
	assert_true(str_starts(page, STR("gAAAAA")));
	assert_str(tail,
		",\"New\":{\"Vulnerability\":" VULNERABILITY(
			"CVE-none") "},"
				    "\"OrderedLayersIntroducingVulnerability\":[{\"Index\":1,\"LayerName\":"
				    "\"a\"},{\"Index\":4,\"LayerName\":\"b\"}],"
				    "\"LayersIntroducingVulnerability\":[\"a\",\"b\"]}}}\n");
	assert_int_equal(fake.page.old_id, 0);
	assert_int_equal(fake.page.new_id, 0);
}

static void the_next_page_of_a_notification_goes_on(void **state)
{
	_cleanup_buf_ struct buf request = BUF_INIT(4 * KIB), same = BUF_INIT(4 * KIB);

	(void)state;
	_cleanup_answer_ struct answer a = client_get(peer.v1, "GET /v1/notifications/n?limit=1");
	_cleanup_free_ char *token = next_page(&a);
	buf_printf(&request, "GET /v1/notifications/n?limit=1&page=%s", token);
	_cleanup_answer_ struct answer next = client_get(peer.v1, buf_cstr(&request));
	assert_int_equal(fake.page.old_id, -1);
	assert_int_equal(fake.page.new_id, 4);
	/* It is named by the very token that was sent. */
	buf_printf(&same, "\"Page\":\"%s\",\"NextPage\"", token);
	assert_true(str_find(buf_str(&next.body), buf_str(&same)) > 0);
}

static void limits_of_zero_and_minus_one_show_no_layers(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer zero =
		client_get(peer.v1, "GET /v1/notifications/n?limit=0");

	assert_true(str_find(buf_str(&zero.body), STR("\"Limit\"")) < 0);
	assert_true(str_find(buf_str(&zero.body), STR("\"NextPage\"")) > 0);
	assert_true(str_find(buf_str(&zero.body), STR("Layers")) < 0);
	_cleanup_answer_ struct answer none =
		client_get(peer.v1, "GET /v1/notifications/n?limit=-1");
	assert_true(str_find(buf_str(&none.body), STR("\"Limit\":-1,")) > 0);
	assert_true(str_find(buf_str(&none.body), STR("\"NextPage\"")) < 0);
	assert_int_equal(fake.limit, 0);
}

static void a_deleted_notification_is_still_shown(void **state)
{
	(void)state;
	_cleanup_answer_ struct answer a =
		client_get(peer.v1, "GET /v1/notifications/deleted?limit=10");

	assert_true(str_find(buf_str(&a.body), STR("\"Deleted\":\"1795520806\"")) > 0);
	assert_true(
		str_find(buf_str(&a.body), STR(",\"Old\":{\"Vulnerability\":" VULNERABILITY(
						   "CVE-1") ",\"FixedIn\":" FIXES "}}}}\n")) > 0);
}

static void notifications_are_deleted(void **state)
{
	(void)state;
	expect(peer.v1, "DELETE /v1/notifications/n", NULL, 200, "");
	assert_str(fake.asked, "delete notification n ");
	fake.empty = true;
	expect(peer.v1, "DELETE /v1/notifications/n", NULL, 404, not_found);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(namespaces_are_listed),
		T(a_vulnerability_is_shown_with_and_without_fixes),
		T(vulnerabilities_are_listed_in_pages),
		T(huge_limits_are_pages_of_a_bounded_size),
		T(limits_and_pages_that_are_none_are_refused),
		T(a_posted_vulnerability_is_stored_and_echoed),
		T(versions_of_alpine_are_of_apk),
		T(the_scheme_is_the_namespaces_where_no_version_tells),
		T(vulnerabilities_that_are_none_are_refused),
		T(names_of_the_url_win_in_a_put),
		T(what_the_store_cannot_hold_is_the_clients_fault),
		T(vulnerabilities_are_deleted_with_a_notification),
		T(a_fix_is_put_with_a_notification),
		T(fixes_that_are_none_are_refused),
		T(a_fix_is_deleted),
		T(a_notification_is_shown_with_its_page),
		T(the_next_page_of_a_notification_goes_on),
		T(limits_of_zero_and_minus_one_show_no_layers),
		T(a_deleted_notification_is_still_shown),
		T(notifications_are_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
