/*
 * feed: data sources of security advisories, and bringing one up to date in the store.
 */
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

/* Where a driver puts what it reads. */
struct feed_sink {
	/* Takes one advisory; -ERR_INPUT: it cannot be stored (which the sink has noted), go on
	 * with the next; other codes end the parse. */
	int (*put)(struct feed_sink *sink, const struct advisory *a, struct err *err);
	/* Takes what is known of a CVE; returns as put. */
	int (*put_cve)(struct feed_sink *sink, const struct cve_record *c, struct err *err);
	/*
	 * The update covers only parts of the source (store_update_cover_namespace(), …_name()):
	 * this namespace, this name.
	 */
	int (*cover_namespace)(struct feed_sink *sink, struct str name_space, struct err *err);
	int (*cover_name)(struct feed_sink *sink, struct str name, struct err *err);
	/* Tells of a record that was skipped and why. */
	void (*note)(struct feed_sink *sink, const char *what);
};

struct feed_session;

struct feed_driver {
	const char *name;  /* "debian" */
	const char *title; /* for people: "Debian security tracker" */
	const char *default_url;
	/*
	 * To be raised whenever the same feed would give other advisories: what an older revision
	 * read is read again, also when the feed has not changed.
	 */
	unsigned revision;
	/*
	 * Reads the whole (decompressed) feed and puts its advisories. A record that does not make
	 * sense is skipped with a note; a document that does not parse is -ERR_INPUT.
	 */
	int (*parse)(struct stream *in, struct feed_sink *sink, struct err *err);
	/*
	 * Instead of parse, for a source of several documents: reads those that have changed (see
	 * feed/session.h). 0, also when nothing had.
	 */
	int (*read)(struct feed_session *s, struct err *err);
};

/* All drivers: feed_driver_at(0), … until NULL. */
const struct feed_driver *feed_driver_at(size_t i);
const struct feed_driver *feed_driver_by_name(struct str name);

struct feed_progress {
	/* Called as bytes arrive and advisories are found in them; total is UINT64_MAX when
	 * unknown. */
	void (*bytes)(struct feed_progress *p, uint64_t done, uint64_t total, uint64_t advisories);
	/* All is read; what differs is being written. May be NULL. */
	void (*writing)(struct feed_progress *p);
};

struct feed_result {
	bool up_to_date; /* nothing had changed, nothing was written */
	struct store_update_result changes;
	uint64_t advisories;   /* in the store from this source now */
	uint64_t skipped;      /* records that were skipped */
	char *first_notes[10]; /* why, of the first ten; heap, owned */
	size_t n_notes;
};

void feed_result_fini(struct feed_result *r);

struct feed_update_options {
	const struct feed_driver *driver;
	const char *location; /* an http(s) URL, a path or a file:// URL */
	/* Takes a feed that holds no advisory at all, or fewer than half of those of the last
	 * update, which is refused as damaged (-ERR_INPUT) otherwise. */
	bool accept_shrinking;
	enum store_notify notify;
	struct feed_progress *progress; /* may be NULL */
	/* May be NULL. Once true, the update ends soon with -ERR_CANCELLED, unless it is being
	 * committed already. */
	const atomic_bool *cancel;
	/* A URL in front of every http or https URL that is fetched, without its scheme:
	 * "https://mirror/feeds/" + "publisher/path". NULL: none. */
	const char *mirror;
	const char *credentials; /* a file of user names and passwords by host (netrc), or NULL */
	/* Held while the update is written, so that several at once do not wait for each other
	 * inside the database, where their time is limited. May be NULL. */
	pthread_mutex_t *commit_lock;
};

/*
 * Brings a source up to date; what is read is compressed or not, by content. The request is
 * conditional on what the store remembers of the same location; content that is the same (by
 * SHA-256) as at the last update is not written again. One transaction; on failure the store is as
 * it was. Credentials in a URL are neither kept nor shown.
 */
int feed_update(struct store *s, const struct feed_update_options *o, struct feed_result *out,
	struct err *err) MUST_CHECK;

#endif
