/*
 * What the service asks of the database, measured: the driver's functions, each with the name that
 * the original has for it in clair_pgsql_query_duration_milliseconds and clair_pgsql_errors_total.
 */
#include "store/pgsql/pgsql_priv.h"

/* Counts a call that began at start_ns and came to r; r. */
static int observe(const char *query, uint64_t start_ns, int r)
{
	metric_observe(metric_of(&metric_pgsql_query_duration_ms, query, "all"),
		(double)(clock_monotonic_ns() - start_ns) / 1e6);
	/* What was asked wrongly, or for what is not there, is no error of the database. */
	if (r < 0 && r != -ERR_NOT_FOUND && r != -ERR_INPUT && r != -ERR_USAGE)
		metric_add(metric_of(&metric_pgsql_errors, query), 1);
	return r;
}

int pgsql_observed_layer_get(struct store *s, struct str name, struct arena *a,
	struct stored_layer *out, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("FindLayer", start, pgsql_layer_get(s, name, a, out, err));
}

int pgsql_observed_layer_chain(
	struct store *s, struct str name, struct arena *a, struct chain_link **out, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("FindLayerChain", start, pgsql_layer_chain(s, name, a, out, err));
}

int pgsql_observed_layer_put(struct store *s, const struct layer_put *put, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("InsertLayer", start, pgsql_layer_put(s, put, err));
}

int pgsql_observed_layer_delete(struct store *s, struct str name, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("DeleteLayer", start, pgsql_layer_delete(s, name, err));
}

int pgsql_observed_layer_state(
	struct store *s, struct str name, struct layer_state *out, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("FindLayerState", start, pgsql_layer_state(s, name, out, err));
}

int pgsql_observed_layer_read(struct store *s, struct str name, enum layer_part part,
	struct arena *a, struct layer_view *out, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("FindLayer", start, pgsql_layer_read(s, name, part, a, out, err));
}

int pgsql_observed_namespace_list(
	struct store *s, struct arena *a, struct stored_namespace **out, size_t *n, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("ListNamespaces", start, pgsql_namespace_list(s, a, out, n, err));
}

int pgsql_observed_namespace_get(struct store *s, struct str name, struct arena *a,
	struct stored_namespace *out, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("FindNamespace", start, pgsql_namespace_get(s, name, a, out, err));
}

int pgsql_observed_vulnerability_get(struct store *s, struct str name_space, struct str name,
	struct arena *a, struct stored_vulnerability *out, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("findVulnerability", start,
		pgsql_vulnerability_get(s, name_space, name, a, out, err));
}

int pgsql_observed_vulnerability_list(struct store *s, struct str name_space, int64_t start_id,
	size_t limit, struct arena *a, struct stored_vulnerability **out, size_t *n,
	int64_t *next_id, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("listVulnerabilities", start,
		pgsql_vulnerability_list(s, name_space, start_id, limit, a, out, n, next_id, err));
}

int pgsql_observed_vulnerability_put(struct store *s, const struct advisory *v,
	const struct str *not_affected, size_t n_not_affected, unsigned flags,
	enum store_notify notify, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("insertVulnerability", start,
		pgsql_vulnerability_put(s, v, not_affected, n_not_affected, flags, notify, err));
}

int pgsql_observed_vulnerability_delete(struct store *s, struct str name_space, struct str name,
	enum store_notify notify, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("DeleteVulnerability", start,
		pgsql_vulnerability_delete(s, name_space, name, notify, err));
}

int pgsql_observed_notification_get(struct store *s, struct str name, size_t limit,
	struct notification_page page, struct arena *a, struct stored_notification *out,
	struct notification_page *next, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("GetNotification", start,
		pgsql_notification_get(s, name, limit, page, a, out, next, err));
}

int pgsql_observed_notification_take(struct store *s, struct str owner, int64_t renotify_s,
	int64_t lock_s, struct arena *a, struct str *name, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("GetAvailableNotification", start,
		pgsql_notification_take(s, owner, renotify_s, lock_s, a, name, err));
}

int pgsql_observed_notification_sent(struct store *s, struct str name, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("SetNotificationNotified", start, pgsql_notification_sent(s, name, err));
}

int pgsql_observed_notification_delete(struct store *s, struct str name, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("DeleteNotification", start, pgsql_notification_delete(s, name, err));
}

int pgsql_observed_lock(struct store *s, struct str name, struct str owner, int64_t seconds,
	bool renew, int64_t *until, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("Lock", start, pgsql_lock(s, name, owner, seconds, renew, until, err));
}

int pgsql_observed_unlock(struct store *s, struct str name, struct str owner, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("Unlock", start, pgsql_unlock(s, name, owner, err));
}

int pgsql_observed_lock_find(struct store *s, struct str name, struct arena *a, struct str *owner,
	int64_t *until, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("FindLock", start, pgsql_lock_find(s, name, a, owner, until, err));
}

int pgsql_observed_key_get(
	struct store *s, struct str key, struct arena *a, struct str *value, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("GetKeyValue", start, pgsql_key_get(s, key, a, value, err));
}

int pgsql_observed_key_put(struct store *s, struct str key, struct str value, struct err *err)
{
	uint64_t start = clock_monotonic_ns();

	return observe("InsertKeyValue", start, pgsql_key_put(s, key, value, err));
}
