/*
 * The thread of the notifier.
 */
#include "notify/notify_priv.h"

static void *run(void *arg)
{
	struct notifier *n = arg;

	if (!n->options.endpoint || n->options.endpoint[0] == '\0') {
		log_info("notifier service is disabled");
		return NULL;
	}
	log_event(LOG_INFO, "sender configured", LOG_CSTR("sender name", NOTIFIER_SENDER));
	log_event(LOG_INFO, "notifier service started",
		LOG_CSTR("lock identifier", n->options.owner));
	while (!sleeper_is_stopped(&n->sleeper)) {
		uint64_t ms = notifier_turn(n);

		if (ms > 0 && sleeper_sleep(&n->sleeper, ms) == SLEEP_STOPPED)
			break;
	}
	notifier_release(n);
	log_info("notifier service stopped");
	return NULL;
}

int notifier_start(const struct notifier_options *o, struct notifier **out, struct err *err)
{
	struct notifier *n = xcalloc(1, sizeof(*n));

	n->options = *o;
	sleeper_init(&n->sleeper);
	int r = thread_start(&n->thread, "notifier", run, n);
	if (r != 0) {
		sleeper_fini(&n->sleeper);
		free(n);
		return err_set_errno(err, ERR_IO, r, "notifier: a thread");
	}
	*out = n;
	return 0;
}

void notifier_wake(struct notifier *n)
{
	if (n)
		sleeper_wake(&n->sleeper);
}

void notifier_stop(struct notifier *n)
{
	if (n)
		sleeper_stop(&n->sleeper);
}

void notifier_free(struct notifier *n)
{
	if (!n)
		return;
	notifier_stop(n);
	(void)pthread_join(n->thread, NULL);
	sleeper_fini(&n->sleeper);
	free(n->name);
	free(n);
}
