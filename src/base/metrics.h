/*
 * Metrics: counters, gauges and histograms with labels, written as Prometheus reads them (text
 * format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * All families of the program stand in one table, metrics_table.c: one definition and one line
 * there, and nothing has to be registered. A module updates them by name:
 *
 *     metric_observe(metric_of(&metric_api_response_duration_ms, "200", "v1/getLayer"), 12.5);
 *     metric_add(metric_of(&metric_updater_errors), 1);
 *
 * Any thread may do so: updates are atomic additions, finding a series takes no lock, making a new
 * one takes a mutex. A series stays for the life of the process, so its pointer may be kept where
 * every nanosecond counts.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

enum { METRIC_LABELS = 3, METRIC_CHAINS = 32 };

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* One combination of label values; opaque. */
struct metric;

struct metric_family {
	const char *name;
	const char *help;
	enum metric_kind kind;
	/* Names in the order of the alphabet, as they are written; NULL behind the last. */
	const char *labels[METRIC_LABELS + 1];
	/* Of a histogram: upper bounds, ascending; "+Inf" is added. */
	const double *bounds;
	size_t bound_count;
	/* Private: the series there are, by hash. */
	struct metric *_Atomic chains[METRIC_CHAINS];
	size_t series; /* under the lock */
};

/*
 * The series with these label values (const char *, in the order of the family's labels). A value
 * that is no UTF-8 or longer than LIMIT_METRIC_LABEL counts as "other"; so do all values once the
 * family has LIMIT_METRIC_SERIES series. (A NULL in front is there for the comma behind it.)
 */
#define metric_of(family, ...) \
	metric_find((family), &((const char *const[]){ NULL, ##__VA_ARGS__, NULL })[1])
struct metric *metric_find(struct metric_family *f, const char *const *values);

/* Counters. */
void metric_add(struct metric *m, uint64_t n);
/* Gauges. */
void metric_set(struct metric *m, double value);
void metric_change(struct metric *m, double by);
/* Histograms. */
void metric_observe(struct metric *m, double value);

/*
 * Appends the families, each with its series ordered by label values. One without labels is there
 * from the beginning, one with labels with its first series. Updates at the same time are in it or
 * not; buckets and count of a histogram always agree.
 */
void metrics_write(struct metric_family *const *families, size_t n, struct buf *out);

/* Appends all families of the program and the usual process_… metrics, as far as /proc tells them.
 * A few KiB; at most some MiB, should every family be full. */
void metrics_write_all(struct buf *out);

/* Appends process_cpu_seconds_total and its like, of this process only (workers are others). */
void metrics_write_process(struct buf *out);

/* The families of Clair 2.0.7, with its names; values in the unit of the name. */
extern struct metric_family metric_api_response_duration_ms; /* code, route */
extern struct metric_family metric_notifier_backend_errors;  /* backend */
extern struct metric_family metric_notifier_latency_ms;
extern struct metric_family metric_pgsql_cache_hits;           /* object */
extern struct metric_family metric_pgsql_cache_queries;        /* object */
extern struct metric_family metric_pgsql_concurrent_lock_vafv; /* no such lock exists here: 0 */
extern struct metric_family metric_pgsql_errors;               /* request */
extern struct metric_family metric_pgsql_query_duration_ms;    /* query, subquery */
extern struct metric_family metric_updater_duration_s;         /* gauge: of the last update */
extern struct metric_family metric_updater_errors;
extern struct metric_family metric_updater_notes; /* gauge: of the last update */

/* Ours. */
extern struct metric_family metric_index_layers;           /* result */
extern struct metric_family metric_index_queued;           /* gauge */
extern struct metric_family metric_index_running;          /* gauge */
extern struct metric_family metric_updater_advisories;     /* gauge; source */
extern struct metric_family metric_updater_success_time_s; /* gauge; source */

#endif
