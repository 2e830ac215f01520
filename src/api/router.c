/*
 * The routes. A path is matched after it was decoded, as the original does it: a name that holds a
 * slash can be stored, but not be asked for.
 */
#include "api/api_priv.h"

static const struct route routes[] = {
	{ "POST", "layers", "v1/postLayer", layer_post },
	{ "GET", "layers/*", "v1/getLayer", layer_get },
	{ "DELETE", "layers/*", "v1/deleteLayer", layer_delete },
	{ "GET", "namespaces", "v1/getNamespaces", namespaces_get },
	{ "GET", "namespaces/*/vulnerabilities", "v1/getVulnerabilities", vulnerabilities_get },
	{ "POST", "namespaces/*/vulnerabilities", "v1/postVulnerability", vulnerability_post },
	{ "GET", "namespaces/*/vulnerabilities/*", "v1/getVulnerability", vulnerability_get },
	{ "PUT", "namespaces/*/vulnerabilities/*", "v1/putVulnerability", vulnerability_put },
	{ "DELETE", "namespaces/*/vulnerabilities/*", "v1/deleteVulnerability",
		vulnerability_delete },
	{ "GET", "namespaces/*/vulnerabilities/*/fixes", "v1/getFixes", fixes_get },
	{ "PUT", "namespaces/*/vulnerabilities/*/fixes/*", "v1/putFix", fix_put },
	{ "DELETE", "namespaces/*/vulnerabilities/*/fixes/*", "v1/deleteFix", fix_delete },
	{ "GET", "notifications/*", "v1/getNotification", notification_get },
	{ "DELETE", "notifications/*", "v1/deleteNotification", notification_delete },
	{ "GET", "metrics", "v1/getMetrics", metrics_get },
};

/* Whether the path is of this form; its parameters, which are not empty, go to params. */
static bool matches(struct str pattern, struct str path, struct str params[ROUTE_PARAMS])
{
	size_t n = 0;
	bool more_pattern = true, more_path = true;

	while (more_pattern && more_path) {
		struct str want, got;

		more_pattern = str_cut(pattern, '/', &want, &pattern);
		more_path = str_cut(path, '/', &got, &path);
		if (str_eq(want, STR("*")) && got.n)
			params[n++] = got;
		else if (!str_eq(want, got))
			return false;
	}
	return !more_pattern && !more_path;
}

const struct route *route_find(struct str method, struct str path, struct str params[ROUTE_PARAMS],
	char allow[static ALLOW_SIZE])
{
	_cleanup_buf_ struct buf methods = BUF_INIT(ALLOW_SIZE - 1);

	allow[0] = '\0';
	if (!str_skip_prefix(&path, STR("/v1/")))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!matches(str_of(routes[i].pattern), path, params))
			continue;
		if (str_eq(str_of(routes[i].method), method))
			return &routes[i];
		buf_printf(&methods, "%s%s", methods.n ? ", " : "", routes[i].method);
	}
	memcpy(allow, buf_cstr(&methods), methods.n + 1);
	return NULL;
}
