/*
 * The thread of the updater.
 */
#include "updater/updater_priv.h"

static void *run(void *arg)
{
	struct updater *u = arg;

	if (u->options.interval_ms == 0) {
		log_info("updater service is disabled.");
		return NULL;
	}
	log_event(
		LOG_INFO, "updater service started", LOG_CSTR("lock identifier", u->options.owner));
	while (!sleeper_is_stopped(&u->sleeper)) {
		uint64_t ms = updater_turn(u);

		if (sleeper_sleep(&u->sleeper, ms) == SLEEP_STOPPED)
			break;
	}
	log_info("updater service stopped");
	return NULL;
}

int updater_start(const struct updater_options *o, struct updater **out, struct err *err)
{
	struct updater *u = xcalloc(1, sizeof(*u));

	u->options = *o;
	sleeper_init(&u->sleeper);
	int r = thread_start(&u->thread, "updater", run, u);
	if (r != 0) {
		sleeper_fini(&u->sleeper);
		free(u);
		return err_set_errno(err, ERR_IO, r, "updater: a thread");
	}
	*out = u;
	return 0;
}

void updater_stop(struct updater *u)
{
	if (!u)
		return;
	/* In this order: a turn that begins clears the one before it looks at the other. */
	sleeper_stop(&u->sleeper);
	atomic_store(&u->cancel, true);
}

void updater_free(struct updater *u)
{
	if (!u)
		return;
	updater_stop(u);
	(void)pthread_join(u->thread, NULL);
	sleeper_fini(&u->sleeper);
	free(u);
}
