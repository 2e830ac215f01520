/*
 * One turn: with no notification in hand, one is taken from the store; then one attempt to send it,
 * or the note that it was sent. No connection to the database is held meanwhile: the receiver may
 * fetch and delete the notification before it answers.
 */
#include "notify/notify_priv.h"

#include "codec/codec.h"
#include "net/net.h"
#include "store/store.h"

/* --- the store
 * ---------------------------------------------------------------------------------------- */

static int take(struct notifier *n, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct store *s;
	struct str name;
	int r = store_pool_take(n->options.pool, &s, err);

	if (r < 0)
		return r;
	r = store_notification_take(s, str_of(n->options.owner),
		(int64_t)(n->options.renotify_interval_ms / 1000), NOTIFIER_LOCK_S, &a, &name, err);
	store_pool_give(n->options.pool, s);
	if (r <= 0)
		return r;
	n->name = xstrdup(arena_cstr(&a, name));
	n->attempts = 0;
	n->backoff_s = 0;
	n->next_attempt_ms = 0;
	n->sent = false;
	log_event(LOG_INFO, "found and locked a notification",
		LOG_CSTR("notification name", n->name));
	return 1;
}

/* Keeps the lock for some seconds more. 0 when somebody else has it. */
static int keep_lock(struct notifier *n, uint64_t seconds, struct err *err)
{
	struct store *s;
	int r = store_pool_take(n->options.pool, &s, err);

	if (r < 0)
		return r;
	r = store_lock(
		s, str_of(n->name), str_of(n->options.owner), (int64_t)seconds, true, NULL, err);
	store_pool_give(n->options.pool, s);
	return r;
}

static void observe_latency(struct store *s, const char *name)
{
	const struct notification_page nothing = { .old_id = -1, .new_id = -1 };
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct notification_page next;
	struct stored_notification stored;

	/* Who was told may have deleted it, which is as good; only the metric misses it. */
	if (store_notification_get(s, str_of(name), 0, nothing, &a, &stored, &next, NULL) != 1)
		return;
	/* Clocks differ, and jump. */
	int64_t seconds = clock_wall_s() - stored.created_at;
	metric_observe(
		metric_of(&metric_notifier_latency_ms), seconds > 0 ? (double)seconds * 1000 : 0);
}

static int note_sent(struct notifier *n, struct err *err)
{
	struct store *s;
	int r = store_pool_take(n->options.pool, &s, err);

	if (r < 0)
		return r;
	r = store_notification_sent(s, str_of(n->name), err);
	if (r == 0)
		observe_latency(s, n->name);
	store_pool_give(n->options.pool, s);
	return r;
}

void notifier_release(struct notifier *n)
{
	_cleanup_err_ struct err err = ERR_INIT;
	struct store *s;

	if (!n->name)
		return;
	int r = store_pool_take(n->options.pool, &s, &err);
	if (r == 0) {
		r = store_unlock(s, str_of(n->name), str_of(n->options.owner), &err);
		store_pool_give(n->options.pool, s);
	}
	if (r < 0)
		log_event(LOG_WARNING, "could not release the lock of a notification",
			LOG_CSTR("notification name", n->name), LOG_ERR(&err));
	free(take_ptr(n->name));
}

/* --- sending
 * ---------------------------------------------------------------------------------------- */

static int post(struct notifier *n, struct err *err)
{
	_cleanup_buf_ struct buf body = BUF_INIT(KIB);
	struct json_writer w;
	long status = 0;

	json_writer_init(&w, &body, JSON_WRITER_HTML_ESCAPE);
	json_object_begin(&w);
	json_key(&w, "Notification");
	json_object_begin(&w);
	json_member(&w, "Name", str_of(n->name));
	json_object_end(&w);
	json_object_end(&w);
	int r = buf_check(&body, "the notification", err);
	if (r < 0)
		return r;
	const struct http_post_options o = {
		.url = n->options.endpoint,
		.content_type = "application/json",
		.body = buf_str(&body),
		.timeout_ms = NOTIFIER_TIMEOUT_MS,
		/* Not from the environment, as the original: what is told goes to one place. */
		.proxy = n->options.proxy ? n->options.proxy : "",
		.server_name = n->options.server_name,
		.ca_file = n->options.ca_file,
		.cert_file = n->options.cert_file,
		.key_file = n->options.key_file,
		.cancel = &n->sleeper.stopped,
	};
	r = http_post(&o, &status, err);
	if (r == 0 && status != 200 && status != 201)
		r = err_set(err, ERR_UPSTREAM, "got status %ld, expected 200/201", status);
	return r;
}

/* Left for later: its lock stays a while, so that others have their turn and the receiver rest. */
static void give_up(struct notifier *n)
{
	_cleanup_err_ struct err err = ERR_INIT;

	log_event(LOG_INFO, "giving up on sending notification : max attempts exceeded",
		LOG_CSTR("notification name", n->name), LOG_CSTR("sender name", NOTIFIER_SENDER),
		LOG_U64("max attempts", n->options.attempts));
	if (keep_lock(n, NOTIFIER_LATER_S, &err) < 0)
		log_event(LOG_WARNING, "could not shorten the lock of a notification",
			LOG_CSTR("notification name", n->name), LOG_ERR(&err));
	n->given_up_ms = clock_monotonic_ms();
	free(take_ptr(n->name));
}

static uint64_t next_backoff_s(uint64_t s)
{
	if (s == 0)
		return NOTIFIER_BACKOFF_S;
	return 2 * s < NOTIFIER_BACKOFF_MAX_S ? 2 * s : NOTIFIER_BACKOFF_MAX_S;
}

static uint64_t leave_to_other(struct notifier *n)
{
	log_event(LOG_WARNING, "another instance has taken over a notification",
		LOG_CSTR("notification name", n->name));
	free(take_ptr(n->name));
	return 0;
}

static uint64_t wait_for_next_attempt(struct notifier *n)
{
	_cleanup_err_ struct err err = ERR_INIT;

	n->backoff_s = next_backoff_s(n->backoff_s);
	n->next_attempt_ms = clock_monotonic_ms() + n->backoff_s * 1000;
	int r = keep_lock(n, n->backoff_s + NOTIFIER_LOCK_S, &err);
	if (r < 0)
		log_event(LOG_WARNING, "could not renew the lock of a notification",
			LOG_CSTR("notification name", n->name), LOG_ERR(&err));
	if (r == 0)
		return leave_to_other(n);
	log_event(LOG_INFO, "waiting before retrying to send notification",
		LOG_U64("duration", n->backoff_s), LOG_CSTR("notification name", n->name),
		LOG_CSTR("sender name", NOTIFIER_SENDER), LOG_U64("attempts", n->attempts + 1),
		LOG_U64("max attempts", n->options.attempts));
	return n->backoff_s * 1000;
}

static uint64_t attempt(struct notifier *n)
{
	_cleanup_err_ struct err err = ERR_INIT;
	int r = post(n, &err);

	if (r == 0) {
		log_event(LOG_INFO, "successfully sent notification",
			LOG_CSTR("notification name", n->name));
		n->sent = true;
		return 0;
	}
	if (sleeper_is_stopped(&n->sleeper))
		return 0;
	metric_add(metric_of(&metric_notifier_backend_errors, NOTIFIER_SENDER), 1);
	log_event(LOG_ERROR, "could not send notification via notifier",
		LOG_CSTR("sender name", NOTIFIER_SENDER), LOG_CSTR("notification name", n->name),
		LOG_ERR(&err));
	n->attempts++;
	if (n->attempts < n->options.attempts)
		return wait_for_next_attempt(n);
	give_up(n);
	return 0;
}

/* --- the turn
 * ---------------------------------------------------------------------------------------- */

/* Until the queue is looked at again, without being woken: the lock of what was left for later ends
 * before that. */
static uint64_t idle_ms(struct notifier *n)
{
	const uint64_t later = NOTIFIER_LATER_S * UINT64_C(1000);
	uint64_t passed = clock_monotonic_ms() - n->given_up_ms;

	if (n->given_up_ms && passed < later)
		return later - passed + 1000;
	n->given_up_ms = 0;
	return NOTIFIER_CHECK_S * UINT64_C(1000);
}

static uint64_t database_failed(const char *what, struct err *err)
{
	log_event(LOG_WARNING, what, LOG_ERR(err));
	return NOTIFIER_DATABASE_RETRY_S * UINT64_C(1000);
}

uint64_t notifier_turn(struct notifier *n)
{
	_cleanup_err_ struct err err = ERR_INIT;
	int r;

	if (!n->name && (r = take(n, &err)) <= 0)
		return r < 0 ? database_failed("could not get notification to send", &err)
			     : idle_ms(n);
	if (n->sent) {
		if (note_sent(n, &err) < 0)
			return database_failed("could not note that a notification was sent", &err);
		notifier_release(n);
		return 0;
	}
	uint64_t now = clock_monotonic_ms();
	if (now < n->next_attempt_ms)
		return n->next_attempt_ms - now;
	/* The lock may have run out meanwhile, if it could not be renewed before the wait. */
	if (n->attempts > 0) {
		if ((r = keep_lock(n, NOTIFIER_LOCK_S, &err)) < 0)
			return database_failed("could not renew the lock of a notification", &err);
		if (r == 0)
			return leave_to_other(n);
	}
	return attempt(n);
}
