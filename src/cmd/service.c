/*
 * The service from start to stop. The API and health answer from the beginning, with 500 as long as
 * the database is not there; the updater and the notifier start with the database.
 *
 * Stopping: nothing new is accepted; what runs is finished within LIMIT_STOP_MS, then broken off;
 * locks are released. A second signal ends the process at once, and so does LIMIT_STOP_ALL_MS: a
 * database that has stopped answering holds its callers for longer than anybody waits. Of all
 * threads only the main one, and while stopping one that looks after that, take signals.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "api/api.h"
#include "cmd/serve_priv.h"
#include "index/index.h"
#include "net/net.h"
#include "notify/notify.h"
#include "updater/updater.h"

/* How often a database that cannot be reached is tried at the start. */
enum { DATABASE_RETRY_MS = 2000 };

/* Sent by the thread that waits for the database when it has done so. */
enum { SIGNAL_DATABASE = SIGUSR1 };

/* Requests that are worked on at once, however many connections there may be: what a work queue
 * takes. */
enum { API_THREADS_MAX = 256 };

struct service {
	const struct serve_flags *flags;
	const struct config *config;
	char owner[UUID_TEXT_SIZE]; /* of locks */
	char *location;             /* of the database; heap */
	sigset_t signals;
	pthread_t database; /* the thread that waits for it */
	bool database_awaited;
	struct sleeper database_sleeper;
	atomic_bool database_done; /* guards these two */
	int database_result;
	struct err database_error;
	struct fernet_key pagination_key;
	struct store_pool *pool;
	struct store_pool *health_pool; /* one connection, which requests cannot use up */
	/* An update has a connection for as long as it lasts, and its lock is renewed beside it. */
	struct store_pool *updater_pool;
	struct indexer *indexer;
	struct api *api;
	struct http_tls *tls;
	struct http_server *main_server, *health_server;
	struct updater *updater;
	struct updater_source sources[CONFIG_SOURCE_COUNT];
	/* Threads of the API and of the updater wake it as soon as it is there. */
	struct notifier *_Atomic notifier;
};

/* --- the database
 * ---------------------------------------------------------------------------------------- */

static char *database_location(const struct config *c)
{
	char *text;

	if (c->database.type == CONFIG_SQLITE)
		return c->database.path ? xstrdup(c->database.path) : cmd_default_database();
	if (asprintf(&text, "pgsql:%s", c->database.source) < 0)
		abort();
	return text;
}

static int make_directory(const char *path, struct err *err)
{
	struct str dir = path_dirname(str_of(path));
	_cleanup_arena_ struct arena scratch = ARENA_INIT;

	return dir.n ? io_mkdirs(arena_cstr(&scratch, dir), err) : 0;
}

/* Whether waiting may help. */
static bool is_temporary(int r)
{
	return r == -ERR_UPSTREAM || r == -ERR_BUSY;
}

/* Opens a first connection, which makes or migrates the schema. */
static int try_database(struct service *s, struct err *err)
{
	struct store *store;
	int r = store_pool_take(s->pool, &store, err);

	if (r < 0)
		return r;
	r = store_ping(store, err);
	store_pool_give(s->pool, store);
	return r;
}

/* A thread: connecting to a database that does not answer takes a while, and signals do not wait.
 */
static void *wait_for_database(void *arg)
{
	struct service *s = arg;
	struct err *why = &s->database_error;
	int r;

	while ((r = try_database(s, why)) < 0 && is_temporary(r)) {
		log_event(
			LOG_WARNING, "the database cannot be reached, trying again", LOG_ERR(why));
		err_clear(why);
		if (sleeper_sleep(&s->database_sleeper, DATABASE_RETRY_MS) == SLEEP_STOPPED)
			return NULL;
	}
	s->database_result = r;
	atomic_store(&s->database_done, true);
	(void)kill(getpid(), SIGNAL_DATABASE);
	return NULL;
}

static int await_database(struct service *s, struct err *err)
{
	int r = thread_start(&s->database, "database", wait_for_database, s);

	if (r != 0)
		return err_set_errno(err, ERR_BUSY, r, "a thread does not start");
	s->database_awaited = true;
	return 0;
}

static void end_wait_for_database(struct service *s)
{
	sleeper_stop(&s->database_sleeper);
	if (s->database_awaited)
		(void)pthread_join(s->database, NULL);
	err_clear(&s->database_error);
}

/* --- signals
 * ---------------------------------------------------------------------------------------- */

static int block_signals(struct service *s, struct err *err)
{
	(void)sigemptyset(&s->signals);
	(void)sigaddset(&s->signals, SIGINT);
	(void)sigaddset(&s->signals, SIGTERM);
	(void)sigaddset(&s->signals, SIGHUP);
	(void)sigaddset(&s->signals, SIGCHLD);
	(void)sigaddset(&s->signals, SIGNAL_DATABASE);
	int r = pthread_sigmask(SIG_BLOCK, &s->signals, NULL);
	if (r != 0)
		return err_set_errno(err, ERR_INTERNAL, r, "signals");
	(void)signal(SIGPIPE, SIG_IGN);
	return 0;
}

/* The next signal; 0 when the time is over first. UINT64_MAX: no time. */
static int next_signal(const struct service *s, uint64_t ms)
{
	const struct timespec time = { .tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000 };
	int number;

	do
		number = sigtimedwait(&s->signals, NULL, ms == UINT64_MAX ? NULL : &time);
	while (number < 0 && errno == EINTR);
	return number < 0 ? 0 : number;
}

static void reload(struct service *s)
{
	_cleanup_err_ struct err err = ERR_INIT;

	if (log_reopen(&err) < 0) {
		log_event(LOG_ERROR, "could not open the log anew", LOG_ERR(&err));
		err_clear(&err);
	}
	if (s->tls && http_tls_reload(s->tls, &err) < 0) {
		log_event(LOG_ERROR, "could not read the certificate anew", LOG_ERR(&err));
		err_clear(&err);
	}
	log_info("Received hangup, reopened logs and certificates");
}

/* --- start
 * ---------------------------------------------------------------------------------------- */

static void on_notifications(void *ctx)
{
	struct service *s = ctx;

	notifier_wake(atomic_load(&s->notifier));
}

static enum store_notify notify_policy(const struct config *c)
{
	return c->notifier.all ? STORE_NOTIFY_ALL : STORE_NOTIFY_TOUCHING;
}

static void submit_layer(
	void *ctx, const struct index_request *request, index_done_fn *done, void *done_ctx)
{
	indexer_submit(ctx, request, done, done_ctx);
}

static int start_api(struct service *s, struct err *err)
{
	const struct config *c = s->config;
	VEC_OF(const char *) local_paths = VEC_INIT;

	vec_for_each(path, &c->layer_sources.local_paths)
		vec_push(&local_paths, path->p);
	const struct indexer_options indexing = {
		.pool = s->pool,
		.queue = LIMIT_INDEX_QUEUE,
		.insecure_tls = s->flags->insecure_tls,
		.local_limited = c->layer_sources.limited,
		.local_paths = local_paths.v,
		.n_local_paths = local_paths.n,
	};
	int r = indexer_new(&indexing, &s->indexer, err);
	vec_fini(&local_paths);
	if (r < 0)
		return r;
	const struct api_options o = {
		.pagination_key = &s->pagination_key,
		.stores = s->pool,
		.health_store = s->health_pool,
		.threads = min_size(c->database.connections, API_THREADS_MAX),
		.queue = LIMIT_API_QUEUE,
		.index = submit_layer,
		.index_ctx = s->indexer,
		.notify = notify_policy(c),
		.edited = on_notifications,
		.edited_ctx = s,
	};
	return api_new(&o, &s->api, err);
}

static int start_servers(struct service *s, struct err *err)
{
	const struct config *c = s->config;
	int r = 0;

	if (c->api.cert_file)
		r = http_tls_new(c->api.cert_file, c->api.key_file, c->api.ca_file, &s->tls, err);
	if (r < 0)
		return r;
	struct http_server_options o = {
		.address = c->api.address,
		.port = c->api.health_port,
		.threads = 1,
		.max_connections = LIMIT_HEALTH_CONNECTIONS,
	};

	api_serve_health(s->api, &o);
	if ((r = http_server_start(&o, &s->health_server, err)) < 0)
		return err_wrap(err, "health API");
	log_event(LOG_INFO, "starting health API",
		LOG_U64("port", http_server_port(s->health_server)));
	o = (struct http_server_options){
		.address = c->api.address,
		.port = c->api.port,
		.tls = s->tls,
		.threads = parallel_cpus(),
	};
	api_serve_v1(s->api, c->api.timeout_ms, &o);
	if ((r = http_server_start(&o, &s->main_server, err)) < 0)
		return err_wrap(err, "main API");
	log_event(LOG_INFO, "starting main API", LOG_U64("port", http_server_port(s->main_server)));
	return 0;
}

/* What needs the database. */
static int start_loops(struct service *s, struct err *err)
{
	const struct config *c = s->config;
	const struct notifier_options notifying = {
		.pool = s->pool,
		.owner = s->owner,
		.endpoint = c->notifier.http.endpoint,
		.attempts = c->notifier.attempts,
		.renotify_interval_ms = c->notifier.renotify_interval_ms,
		.proxy = c->notifier.http.proxy,
		.server_name = c->notifier.http.server_name,
		.ca_file = c->notifier.http.ca_file,
		.cert_file = c->notifier.http.cert_file,
		.key_file = c->notifier.http.key_file,
	};
	for (size_t i = 0; i < CONFIG_SOURCE_COUNT; i++)
		s->sources[i] = (struct updater_source){ .name = c->updater.sources[i].name,
			.location = c->updater.sources[i].url,
			.credentials = c->updater.sources[i].credentials_file,
			.disabled = !c->updater.sources[i].enabled };
	const struct updater_options updating = {
		.pool = s->updater_pool,
		.owner = s->owner,
		.interval_ms = c->updater.interval_ms,
		.notify = notify_policy(c),
		.sources = s->sources,
		.n_sources = CONFIG_SOURCE_COUNT,
		.mirror = c->updater.mirror,
		.credentials = c->updater.credentials_file,
		.notified = on_notifications,
		.ctx = s,
	};
	struct notifier *notifier = NULL;
	int r = notifier_start(&notifying, &notifier, err);

	atomic_store(&s->notifier, notifier);
	return r < 0 ? r : updater_start(&updating, &s->updater, err);
}

static int start(struct service *s, struct err *err)
{
	const struct config *c = s->config;
	int r;

	net_init();
	if ((r = http_raise_fd_limit(err)) < 0 || (r = uuid_random(s->owner, err)) < 0)
		return r;
	s->location = database_location(c);
	if (c->database.type == CONFIG_SQLITE && (r = make_directory(s->location, err)) < 0)
		return r;
	s->pool = store_pool_new(s->location, STORE_CREATE, c->database.connections);
	s->health_pool = store_pool_new(s->location, 0, 1);
	s->updater_pool = store_pool_new(s->location, STORE_CREATE, UPDATER_CONNECTIONS);
	memcpy(s->pagination_key.bytes, c->api.pagination_key, sizeof(s->pagination_key.bytes));
	if ((r = start_api(s, err)) < 0)
		return r;
	return start_servers(s, err);
}

/* --- the run
 * ---------------------------------------------------------------------------------------- */

/* What waiting for the database came to. */
static int database_came(struct service *s, struct err *err)
{
	/* Anybody may send signals. */
	if (!atomic_load(&s->database_done) || s->updater)
		return 0;
	if (s->database_result < 0)
		return err_move(err, &s->database_error);
	return start_loops(s, err);
}

/*
 * Takes a signal that came. 1: the service is to end; 0: go on; a negative code: it cannot go on.
 */
static int take_signal(struct service *s, int number, struct err *err)
{
	switch (number) {
	case SIGINT:
	case SIGTERM:
		return 1;
	case SIGHUP:
		reload(s);
		return 0;
	case SIGCHLD:
		/* Whoever supervises this process starts it anew, with a new one. */
		return sandbox_is_running() ? 0
					    : err_set(err, ERR_INTERNAL,
						      "the process that starts workers has ended");
	case SIGNAL_DATABASE:
		return database_came(s, err);
	default:
		return 0;
	}
}

/* While it stops: another signal, or too much time, ends the process. */
static void *watch_stop(void *arg)
{
	const struct service *s = arg;
	uint64_t now, end = clock_monotonic_ms() + LIMIT_STOP_ALL_MS;
	int number = 0;

	while (number != SIGINT && number != SIGTERM && (now = clock_monotonic_ms()) < end)
		number = next_signal(s, end - now);
	if (number == SIGINT || number == SIGTERM)
		log_info("Received a second interruption, stopping at once");
	else
		log_warning("the stop takes too long, stopping at once");
	_exit(CMD_FAILURE);
}

/* Until a signal ends it: 0, or why it cannot go on. */
static int serve(struct service *s, struct err *err)
{
	int r = await_database(s, err);

	while (r == 0)
		r = take_signal(s, next_signal(s, UINT64_MAX), err);
	return r < 0 ? r : 0;
}

static void stop(struct service *s)
{
	pthread_t watch;
	bool watched = thread_start(&watch, "stop", watch_stop, s) == 0;

	if (s->main_server)
		http_server_stop_accepting(s->main_server);
	updater_stop(s->updater);
	notifier_stop(s->notifier);
	if (s->indexer)
		indexer_stop(s->indexer, LIMIT_STOP_MS);
	if (s->main_server && !http_server_drain(s->main_server, LIMIT_STOP_DRAIN_MS))
		log_warning("some requests were not answered before the stop");
	http_server_free(s->main_server);
	log_info("main API stopped");
	http_server_free(s->health_server);
	log_info("health API stopped");
	end_wait_for_database(s);
	updater_free(s->updater);
	api_free(s->api);
	indexer_free(s->indexer);
	/* After all who wake it: a request may still be at work that nobody waits for any more. */
	notifier_free(atomic_load(&s->notifier));
	store_pool_free(s->updater_pool);
	store_pool_free(s->health_pool);
	store_pool_free(s->pool);
	fernet_key_wipe(&s->pagination_key);
	http_tls_free(s->tls);
	free(s->location);
	if (watched) {
		(void)pthread_cancel(watch);
		(void)pthread_join(watch, NULL);
	}
}

int service_run(const struct serve_flags *flags, const struct config *config)
{
	struct service s = { .flags = flags, .config = config, .database_error = ERR_INIT };
	_cleanup_err_ struct err err = ERR_INIT;
	int r = block_signals(&s, &err);

	sleeper_init(&s.database_sleeper);
	if (r == 0)
		r = start(&s, &err);
	if (r == 0)
		r = serve(&s, &err);
	if (r < 0)
		log_event(LOG_FATAL, "the service cannot run", LOG_ERR(&err));
	else
		log_info("Received interruption, gracefully stopping ...");
	stop(&s);
	sleeper_fini(&s.database_sleeper);
	return r < 0 ? CMD_FAILURE : CMD_OK;
}
