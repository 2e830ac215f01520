/*
 * What drivers of the store share: the table of functions that a driver is, and (advisory.c) the
 * form in which puts are staged, folded and compared.
 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include "store/store.h"

/*
 * A driver embeds struct store and struct store_update as the first members of its own. Arguments
 * were checked: a store opened with STORE_READ_ONLY never sees a writing call.
 */
struct store_driver {
	const char *name;
	/* Whether this location is for this driver; the first one in the table gets it. */
	bool (*accepts)(struct str location);

	int (*open)(const char *location, unsigned flags, struct store **out,
		struct err *err) MUST_CHECK;
	void (*close)(struct store *s);
	/* How long a call waits for other processes before it fails with -ERR_BUSY. */
	void (*set_busy_timeout)(struct store *s, unsigned ms);

	int (*update_begin)(struct store *s, struct str source, struct store_update **out,
		struct err *err) MUST_CHECK;
	int (*update_put)(
		struct store_update *u, const struct advisory *a, struct err *err) MUST_CHECK;
	int (*update_commit)(struct store_update *u, const struct source_state *state,
		struct store_update_result *out, struct err *err) MUST_CHECK;
	/* Frees u, after a commit as well as instead of one. */
	void (*update_free)(struct store_update *u);

	int (*source_get)(struct store *s, struct str source, struct arena *a,
		struct source_state *out, struct err *err) MUST_CHECK;
	int (*source_list)(struct store *s, struct arena *a, struct source_state **out, size_t *n,
		struct err *err) MUST_CHECK;
	int (*source_touch)(
		struct store *s, const struct source_state *state, struct err *err) MUST_CHECK;

	int (*has_namespace)(struct store *s, struct str name_space, struct err *err) MUST_CHECK;
	int (*match)(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
		struct match_list *out, struct err *err) MUST_CHECK;

	int (*facts_get)(struct store *s, const struct digest *layer, uint32_t engine_version,
		struct arena *a, struct span *out, struct err *err) MUST_CHECK;
	int (*facts_put)(struct store *s, const struct digest *layer, uint32_t engine_version,
		struct span facts, struct err *err) MUST_CHECK;
	int (*file_digest_get)(struct store *s, const struct file_stamp *stamp, struct digest *out,
		struct err *err) MUST_CHECK;
	int (*file_digest_put)(struct store *s, const struct file_stamp *stamp,
		const struct digest *d, struct err *err) MUST_CHECK;

	int (*ping)(struct store *s, struct err *err) MUST_CHECK;

	int (*layer_get)(struct store *s, struct str name, struct arena *a,
		struct stored_layer *out, struct err *err) MUST_CHECK;
	int (*layer_chain)(struct store *s, struct str name, struct arena *a,
		struct chain_link **out, struct err *err) MUST_CHECK;
	int (*layer_put)(struct store *s, const struct layer_put *put, struct err *err) MUST_CHECK;
	int (*layer_delete)(struct store *s, struct str name, struct err *err) MUST_CHECK;
	int (*layer_state)(struct store *s, struct str name, struct layer_state *out,
		struct err *err) MUST_CHECK;
	int (*layer_read)(struct store *s, struct str name, enum layer_part part, struct arena *a,
		struct layer_view *out, struct err *err) MUST_CHECK;

	int (*namespace_list)(struct store *s, struct arena *a, struct stored_namespace **out,
		size_t *n, struct err *err) MUST_CHECK;
	int (*namespace_get)(struct store *s, struct str name, struct arena *a,
		struct stored_namespace *out, struct err *err) MUST_CHECK;
	int (*vulnerability_get)(struct store *s, struct str name_space, struct str name,
		struct arena *a, struct stored_vulnerability *out, struct err *err) MUST_CHECK;
	int (*vulnerability_list)(struct store *s, struct str name_space, int64_t start_id,
		size_t limit, struct arena *a, struct stored_vulnerability **out, size_t *n,
		int64_t *next_id, struct err *err) MUST_CHECK;
	int (*vulnerability_put)(struct store *s, const struct advisory *a,
		const struct str *not_affected, size_t n_not_affected, unsigned flags,
		enum store_notify notify, struct err *err) MUST_CHECK;
	int (*vulnerability_delete)(struct store *s, struct str name_space, struct str name,
		enum store_notify notify, struct err *err) MUST_CHECK;

	int (*notification_get)(struct store *s, struct str name, size_t limit,
		struct notification_page page, struct arena *a, struct stored_notification *out,
		struct notification_page *next, struct err *err) MUST_CHECK;
	int (*notification_take)(struct store *s, struct str owner, int64_t renotify_s,
		int64_t lock_s, struct arena *a, struct str *name, struct err *err) MUST_CHECK;
	int (*notification_sent)(struct store *s, struct str name, struct err *err) MUST_CHECK;
	int (*notification_delete)(struct store *s, struct str name, struct err *err) MUST_CHECK;

	int (*lock)(struct store *s, struct str name, struct str owner, int64_t seconds, bool renew,
		int64_t *until, struct err *err) MUST_CHECK;
	int (*unlock)(
		struct store *s, struct str name, struct str owner, struct err *err) MUST_CHECK;
	int (*lock_find)(struct store *s, struct str name, struct arena *a, struct str *owner,
		int64_t *until, struct err *err) MUST_CHECK;
	int (*key_get)(struct store *s, struct str key, struct arena *a, struct str *value,
		struct err *err) MUST_CHECK;
	int (*key_put)(
		struct store *s, struct str key, struct str value, struct err *err) MUST_CHECK;
};

struct store {
	const struct store_driver *driver;
	bool read_only;
	size_t open_updates;
};

struct store_update {
	struct store *store;
	enum store_notify notify;
	bool broken; /* a put was lost: a commit would delete what it said */
};

/* All drivers: store_driver_at(0), … until NULL. */
const struct store_driver *store_driver_at(size_t i);

extern const struct store_driver store_pgsql_driver;
extern const struct store_driver store_sqlite_driver;

/* Instead of LIMIT_STORE_BUSY_MS, which holds from store_open() on. */
void store_set_busy_timeout(struct store *s, unsigned ms);

/* UTF-8 without NUL: what every database takes as text. Queries may name packages that are not. */
bool store_is_text(struct str s);

/* --- advisory.c: puts as records */

/* The first half of a SHA-256: enough to tell contents apart, and half the index. */
enum { CONTENT_HASH_BYTES = 16 };

struct content_hash {
	uint8_t bytes[CONTENT_HASH_BYTES];
};

struct content_hash content_hash_of(struct span content);

static inline struct span content_hash_span(const struct content_hash *h)
{
	return span_n(h->bytes, CONTENT_HASH_BYTES);
}

/* A fix with the keys of its versions. */
struct fix_record {
	struct str package;
	struct span introduced_key;
	struct str introduced;
	struct span fixed_key;
	struct str fixed_version;
	enum fix_state state;
	enum severity severity;
	size_t order; /* among the fixes of its advisory, as they came */
};

/* What is stored of an advisory: its texts but the description, which is named by its hash. */
struct advisory_record {
	enum severity severity;
	struct str link;
	struct str metadata;
	struct span description_hash; /* empty: no description */
	VEC_OF(struct fix_record) fixes;
};

void advisory_record_fini(struct advisory_record *r);

/*
 * Checks a put and appends it to out (which is cleared first) as a record; description_hash is NULL
 * when it has none. -ERR_INPUT when it cannot be stored.
 */
int advisory_encode(const struct advisory *a, const struct content_hash *description_hash,
	struct buf *out, struct err *err) MUST_CHECK;

/*
 * Folds the records of one advisory, one after the other in puts, into *out: highest severity,
 * first non-empty texts, fixes ordered by package and introduced key, the latest of equal ones.
 * Views in puts. canonical, cleared first, becomes the one record that says the same: equal for
 * equal content.
 */
int advisory_fold(struct span puts, struct advisory_record *out, struct buf *canonical,
	struct err *err) MUST_CHECK;

#endif
