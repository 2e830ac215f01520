/*
 * One turn: is an update due, is the lock free, then all feeds, a few at once. "updater/last"
 * is set only when every feed succeeded; a feed that failed keeps its old data, and the others are
 * updated all the same.
 */
#include "updater/updater_priv.h"

static const struct str lock_name = STR_INIT("updater");
static const struct str last_key = STR_INIT("updater/last");

/* How often the progress of a feed is logged. */
enum { PROGRESS_MS = 10000 };

/* --- when
 * ---------------------------------------------------------------------------------------- */

/* After failures in a row. */
static uint64_t retry_ms(const struct updater *u)
{
	uint64_t ms = UPDATER_RETRY_S * UINT64_C(1000);

	for (unsigned i = 1; i < u->failures && ms < u->options.interval_ms; i++)
		ms *= 2;
	return ms < u->options.interval_ms ? ms : u->options.interval_ms;
}

static uint64_t failed(struct updater *u, const char *what, struct err *err)
{
	u->failures++;
	log_event(LOG_ERROR, what, LOG_ERR(err));
	err_clear(err);
	return retry_ms(u);
}

/* How long until an update is due: 0 when it is, also when there never was one. */
static int get_due(struct updater *u, struct store *s, uint64_t *ms, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct str text;
	uint64_t last, now = (uint64_t)clock_wall_s();
	int r = store_key_get(s, last_key, &a, &text, err);

	*ms = 0;
	if (r <= 0)
		return r;
	if (!parse_u64(text, &last))
		return err_set(
			err, ERR_INPUT, "\"updater/last\" is no time: %" PRIstr, STR_ARG(text));
	/* A time in the future is a clock that was wrong. */
	uint64_t passed = now > last ? now - last : 0;
	if (passed < u->options.interval_ms / 1000)
		*ms = u->options.interval_ms - passed * 1000;
	return 0;
}

/* --- the lock
 * ---------------------------------------------------------------------------------------- */

uint64_t updater_renew_lock(struct updater *u)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s;
	int r = store_pool_take(u->options.pool, &s, &err);

	if (r == 0) {
		r = store_lock(
			s, lock_name, str_of(u->options.owner), UPDATER_LOCK_S, true, NULL, &err);
		store_pool_give(u->options.pool, s);
	}
	if (r < 0) {
		/* It still holds for a while. */
		log_event(LOG_WARNING, "could not renew the update lock", LOG_ERR(&err));
		return UPDATER_LOCK_RETRY_S * UINT64_C(1000);
	}
	if (r == 0) {
		log_warning("the update lock was lost to another instance, the update is broken "
			    "off");
		atomic_store(&u->cancel, true);
	}
	return UPDATER_LOCK_RENEW_S * UINT64_C(1000);
}

static void *keep_lock(void *arg)
{
	struct updater *u = arg;

	uint64_t ms = UPDATER_LOCK_RENEW_S * UINT64_C(1000);

	while (sleeper_sleep(&u->keeper, ms) == SLEEP_TIME)
		ms = updater_renew_lock(u);
	return NULL;
}

/* --- the feeds
 * ---------------------------------------------------------------------------------------- */

struct logged_progress {
	struct feed_progress base;
	const char *feed;
	uint64_t logged_ms;
};

static void on_bytes(struct feed_progress *base, uint64_t done, uint64_t total, uint64_t advisories)
{
	struct logged_progress *p = (struct logged_progress *)base;
	uint64_t now = clock_monotonic_ms();

	if (now - p->logged_ms < PROGRESS_MS)
		return;
	p->logged_ms = now;
	log_event(LOG_INFO, "fetching update", LOG_CSTR("updater name", p->feed),
		LOG_U64("bytes", done), LOG_U64("total bytes", total == UINT64_MAX ? 0 : total),
		LOG_U64("advisories", advisories));
}

static void log_result(const struct feed_driver *d, const struct feed_result *r)
{
	for (size_t i = 0; i < r->n_notes; i++)
		log_event(LOG_WARNING, "fetcher note", LOG_CSTR("updater name", d->name),
			LOG_CSTR("note", r->first_notes[i]));
	log_event(LOG_INFO, "finished fetching", LOG_CSTR("updater name", d->name),
		LOG_BOOL("up to date", r->up_to_date), LOG_U64("advisories", r->advisories),
		LOG_U64("new", r->changes.inserted), LOG_U64("changed", r->changes.changed),
		LOG_U64("removed", r->changes.deleted),
		LOG_U64("notifications", r->changes.notifications), LOG_U64("skipped", r->skipped));
	metric_set(metric_of(&metric_updater_advisories, d->name), (double)r->advisories);
	metric_set(metric_of(&metric_updater_success_time_s, d->name), (double)clock_wall_s());
}

static const struct updater_source *settings_of(
	const struct updater *u, const struct feed_driver *d)
{
	for (size_t i = 0; i < u->options.n_sources; i++) {
		if (strcmp(u->options.sources[i].name, d->name) == 0)
			return &u->options.sources[i];
	}
	return NULL;
}

/* One turn's feeds, several at once. */
struct feed_run {
	struct updater *u;
	pthread_mutex_t commit_lock;
	atomic_uint_least64_t notes;
	atomic_int result; /* 0 when every feed succeeded */
};

static int update_in(struct feed_run *run, const struct feed_driver *d, struct store *s)
{
	struct updater *u = run->u;
	const struct updater_source *settings = settings_of(u, d);
	struct logged_progress progress = {
		.base = { .bytes = on_bytes }, .feed = d->name, .logged_ms = clock_monotonic_ms()
	};
	const struct feed_update_options o = {
		.driver = d,
		.location = settings && settings->location ? settings->location : d->default_url,
		.notify = u->options.notify,
		.progress = &progress.base,
		.cancel = &u->cancel,
		.mirror = u->options.mirror,
		.credentials = settings && settings->credentials ? settings->credentials
								 : u->options.credentials,
		.commit_lock = &run->commit_lock,
	};
	_cleanup_err_ struct err err = ERR_INIT;
	struct feed_result result = { 0 };
	int r = feed_update(s, &o, &result, &err);

	if (r == 0) {
		log_result(d, &result);
		atomic_fetch_add(&run->notes, result.skipped);
		if (result.changes.notifications && u->options.notified)
			u->options.notified(u->options.ctx);
	} else if (r != -ERR_CANCELLED) {
		metric_add(metric_of(&metric_updater_errors), 1);
		log_event(LOG_ERROR, "an error occured when fetching update",
			LOG_CSTR("updater name", d->name), LOG_ERR(&err));
	}
	feed_result_fini(&result);
	return r;
}

static void update_feed(void *ctx, size_t i)
{
	struct feed_run *run = ctx;
	const struct feed_driver *d = feed_driver_at(i);
	const struct updater_source *settings = settings_of(run->u, d);
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s;

	if ((settings && settings->disabled) || atomic_load(&run->u->cancel))
		return;
	int r = store_pool_take(run->u->options.pool, &s, &err);
	if (r < 0) {
		log_event(LOG_ERROR, "updater: the database cannot be reached", LOG_ERR(&err));
	} else {
		r = update_in(run, d, s);
		store_pool_give(run->u->options.pool, s);
	}
	if (r < 0)
		atomic_store(&run->result, r);
}

/* 0 when every feed succeeded. */
static int update_feeds(struct updater *u)
{
	struct feed_run run = { .u = u, .commit_lock = PTHREAD_MUTEX_INITIALIZER };
	uint64_t start = clock_monotonic_ms();
	size_t n = 0;

	log_info("updating vulnerabilities");
	while (feed_driver_at(n))
		n++;
	parallel_for(n, min_size(parallel_cpus(), UPDATER_FEEDS_AT_ONCE), update_feed, &run);
	(void)pthread_mutex_destroy(&run.commit_lock);
	int result = atomic_load(&run.result);
	if (atomic_load(&u->cancel))
		result = -ERR_CANCELLED;
	metric_set(metric_of(&metric_updater_notes), (double)atomic_load(&run.notes));
	metric_set(metric_of(&metric_updater_duration_s),
		(double)(clock_monotonic_ms() - start) / 1000);
	log_info(
		"%s", result == 0 ? "update finished" : "update finished, not all of it succeeded");
	return result;
}

/* --- the turn
 * ---------------------------------------------------------------------------------------- */

static int set_last(struct store *s, struct err *err)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, clock_wall_s());
	return store_key_put(s, last_key, str_of(text), err);
}

/* The lock is held. */
static uint64_t update(struct updater *u, struct store *s)
{
	_cleanup_err_ struct err err = ERR_INIT;
	pthread_t keeper;

	atomic_store(&u->cancel, false);
	if (sleeper_is_stopped(&u->sleeper))
		atomic_store(&u->cancel, true);
	sleeper_init(&u->keeper);
	int r = thread_start(&keeper, "update-lock", keep_lock, u);
	if (r != 0) {
		sleeper_fini(&u->keeper);
		(void)err_set_errno(&err, ERR_IO, r, "a thread");
		return failed(u, "could not keep the update lock", &err);
	}
	r = update_feeds(u);
	sleeper_stop(&u->keeper);
	(void)pthread_join(keeper, NULL);
	sleeper_fini(&u->keeper);
	if (r < 0) {
		u->failures++;
		return retry_ms(u);
	}
	if (set_last(s, &err) < 0)
		return failed(u, "could not note the time of the update", &err);
	u->failures = 0;
	return u->options.interval_ms;
}

static uint64_t turn(struct updater *u, struct store *s)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct str owner = str_of(u->options.owner);
	int64_t until = 0;
	uint64_t ms;

	if (get_due(u, s, &ms, &err) < 0)
		return failed(u, "an error occured while getting the last update time", &err);
	if (ms > 0)
		return ms;
	int r = store_lock(s, lock_name, owner, UPDATER_LOCK_S, false, &until, &err);
	if (r < 0)
		return failed(u, "could not take the update lock", &err);
	if (r == 0) {
		int64_t left = until - clock_wall_s();

		log_event(LOG_DEBUG, "update lock is already taken",
			LOG_I64("lock expiration", until));
		/* Its owner may be done, or dead, before that: clocks differ. */
		ms = left > 0 && left < UPDATER_LOCK_S ? (uint64_t)left * 1000 : 1000;
		return ms < u->options.interval_ms ? ms : u->options.interval_ms;
	}
	/* Another instance may have finished between the two. */
	if (get_due(u, s, &ms, &err) < 0)
		ms = failed(u, "an error occured while getting the last update time", &err);
	else if (ms == 0)
		ms = update(u, s);
	if (store_unlock(s, lock_name, owner, &err) < 0)
		log_event(LOG_WARNING, "could not release the update lock", LOG_ERR(&err));
	return ms;
}

uint64_t updater_turn(struct updater *u)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s;

	if (store_pool_take(u->options.pool, &s, &err) < 0)
		return failed(u, "updater: the database cannot be reached", &err);
	uint64_t ms = turn(u, s);
	store_pool_give(u->options.pool, s);
	return ms;
}
