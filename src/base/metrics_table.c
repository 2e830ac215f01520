/*
 * All families of metrics. A new one: a definition, a line in the table (by name), a declaration in
 * metrics.h.
 */
#include "base/base.h"

/* 9.375 · 2^i, as the original has them. */
static const double api_bounds_ms[] = { 9.375, 18.75, 37.5, 75, 150, 300, 600, 1200, 2400, 4800 };

/* Those of Prometheus' clients, which the original uses, and beyond: they end at 10. */
static const double default_bounds_ms[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
	25, 50, 100, 250, 500, 1000, 2500, 5000, 10000 };

/* A notification waits for seconds to days. */
static const double latency_bounds_ms[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
	100, 1000, 10000, 60000, 300000, 900000, 3600000, 21600000, 86400000 };

#define BOUNDS(array) .bounds = (array), .bound_count = ARRAY_LEN(array)

struct metric_family metric_api_response_duration_ms = {
	.name = "clair_api_response_duration_milliseconds",
	.help = "Time from a request of the API to the end of its response.",
	.kind = METRIC_HISTOGRAM,
	.labels = { "code", "route" },
	BOUNDS(api_bounds_ms),
};

struct metric_family metric_index_layers = {
	.name = "clair_index_layers_total",
	.help = "Posted layers, by what came of them: indexed, known, failed, or busy.",
	.kind = METRIC_COUNTER,
	.labels = { "result" },
};

struct metric_family metric_index_queued = {
	.name = "clair_index_queued_layers",
	.help = "Posted layers that wait for a thread.",
	.kind = METRIC_GAUGE,
};

struct metric_family metric_index_running = {
	.name = "clair_index_running_layers",
	.help = "Posted layers that are being indexed.",
	.kind = METRIC_GAUGE,
};

struct metric_family metric_notifier_backend_errors = {
	.name = "clair_notifier_backend_errors_total",
	.help = "Notifications that could not be sent, each attempt counted.",
	.kind = METRIC_COUNTER,
	.labels = { "backend" },
};

struct metric_family metric_notifier_latency_ms = {
	.name = "clair_notifier_latency_milliseconds",
	.help = "Time from the making of a notification until it was sent.",
	.kind = METRIC_HISTOGRAM,
	BOUNDS(latency_bounds_ms),
};

struct metric_family metric_pgsql_cache_hits = {
	.name = "clair_pgsql_cache_hits_total",
	.help = "Lookups that the cache of the database driver answered.",
	.kind = METRIC_COUNTER,
	.labels = { "object" },
};

struct metric_family metric_pgsql_cache_queries = {
	.name = "clair_pgsql_cache_queries_total",
	.help = "Lookups in the cache of the database driver.",
	.kind = METRIC_COUNTER,
	.labels = { "object" },
};

struct metric_family metric_pgsql_concurrent_lock_vafv = {
	.name = "clair_pgsql_concurrent_lock_vafv_total",
	.help = "Transactions that wait for the lock of a table that is not needed any more.",
	.kind = METRIC_GAUGE,
};

struct metric_family metric_pgsql_errors = {
	.name = "clair_pgsql_errors_total",
	.help = "Failed requests to the database.",
	.kind = METRIC_COUNTER,
	.labels = { "request" },
};

struct metric_family metric_pgsql_query_duration_ms = {
	.name = "clair_pgsql_query_duration_milliseconds",
	.help = "Time that queries of the database took.",
	.kind = METRIC_HISTOGRAM,
	.labels = { "query", "subquery" },
	BOUNDS(default_bounds_ms),
};

struct metric_family metric_updater_advisories = {
	.name = "clair_updater_advisories",
	.help = "Advisories of a data source after its last update by this instance.",
	.kind = METRIC_GAUGE,
	.labels = { "source" },
};

struct metric_family metric_updater_duration_s = {
	.name = "clair_updater_duration_seconds",
	.help = "Time that the last update of the advisories took.",
	.kind = METRIC_GAUGE,
};

struct metric_family metric_updater_errors = {
	.name = "clair_updater_errors_total",
	.help = "Data sources that could not be updated, each time counted.",
	.kind = METRIC_COUNTER,
};

struct metric_family metric_updater_success_time_s = {
	.name = "clair_updater_last_success_time_seconds",
	.help = "When a data source was last updated, or found up to date, by this instance.",
	.kind = METRIC_GAUGE,
	.labels = { "source" },
};

struct metric_family metric_updater_notes = {
	.name = "clair_updater_notes_total",
	.help = "Notes that data sources gave during the last update.",
	.kind = METRIC_GAUGE,
};

static struct metric_family *const table[] = {
	&metric_api_response_duration_ms,
	&metric_index_layers,
	&metric_index_queued,
	&metric_index_running,
	&metric_notifier_backend_errors,
	&metric_notifier_latency_ms,
	&metric_pgsql_cache_hits,
	&metric_pgsql_cache_queries,
	&metric_pgsql_concurrent_lock_vafv,
	&metric_pgsql_errors,
	&metric_pgsql_query_duration_ms,
	&metric_updater_advisories,
	&metric_updater_duration_s,
	&metric_updater_errors,
	&metric_updater_success_time_s,
	&metric_updater_notes,
};

void metrics_write_all(struct buf *out)
{
	metrics_write(table, ARRAY_LEN(table), out);
	metrics_write_process(out);
}
