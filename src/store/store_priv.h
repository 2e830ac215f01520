/*
 * What drivers of the store share: the table of functions that a driver is, the form in which puts
 * are staged, folded and compared (advisory.c), what an edit makes of a vulnerability (edit.c), and
 * how the rows that are read of a layer become a view (layer_view.c).
 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include "store/store.h"

/* What a partial update covers: all that is in a namespace, or all of a name. */
enum store_cover { STORE_COVER_NAMESPACE, STORE_COVER_NAME };

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
	int (*update_put_cve)(
		struct store_update *u, const struct cve_record *c, struct err *err) MUST_CHECK;
	int (*update_cover)(struct store_update *u, enum store_cover what, struct str name,
		struct err *err) MUST_CHECK;
	int (*update_commit)(struct store_update *u, const struct source_state *state,
		struct store_update_result *out, struct err *err) MUST_CHECK;
	/* All of one store; what is done to them is undone when one fails. */
	int (*update_commit_all)(struct store *s, struct store_update_part *parts, size_t n,
		struct err *err) MUST_CHECK;
	void (*update_rest)(struct store_update *u);
	/* Frees u, after a commit as well as instead of one. */
	void (*update_free)(struct store_update *u);

	int (*source_get)(struct store *s, struct str source, struct arena *a,
		struct source_state *out, struct err *err) MUST_CHECK;
	int (*source_list)(struct store *s, struct arena *a, struct source_state **out, size_t *n,
		struct err *err) MUST_CHECK;
	int (*source_touch)(
		struct store *s, const struct source_state *state, struct err *err) MUST_CHECK;

	int (*visit)(struct store *s, struct store_visitor *v, struct err *err) MUST_CHECK;

	int (*source_fail)(struct store *s, struct str source, int64_t when, struct str message,
		struct err *err) MUST_CHECK;

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
	bool accepts_shrinking;
	bool broken; /* a put was lost: a commit would delete what it said */
};

/* All drivers: store_driver_at(0), … until NULL. */
const struct store_driver *store_driver_at(size_t i);

extern const struct store_driver store_pgsql_driver;
extern const struct store_driver store_sqlite_driver;

/* Instead of LIMIT_STORE_BUSY_MS, which holds from store_open() on. */
void store_set_busy_timeout(struct store *s, unsigned ms);

/* --- check.c: what no driver should have to check */

/* UTF-8 without NUL: what every database takes as text. Queries may name packages that are not. */
bool store_is_text(struct str s);
/* Whether a layer can have this name. */
bool store_is_layer_name(struct str s);
/* Text, not empty, of a bounded length: a name of anything else. */
bool store_is_name(struct str s);

/* -ERR_USAGE for a store that was opened for reading only. */
int store_check_writable(const struct store *s, struct err *err) MUST_CHECK;
/* -ERR_INPUT, naming `what`, for what is not text or has more than limit bytes. */
int store_check_text(const char *what, struct str s, uint64_t limit, struct err *err) MUST_CHECK;
/* As store_check_text(), for what has to be a name. */
int store_check_name(const char *what, struct str s, struct err *err) MUST_CHECK;

/*
 * The version scheme of a namespace that has `known` (or none) when somebody says that it is
 * `given` (or does not know): *out is one of them. -ERR_INPUT when they contradict each other.
 */
int store_merge_scheme(struct str name_space, struct str known, struct str given, struct str *out,
	struct err *err) MUST_CHECK;

/* The source that edits belong to where no feed has the vulnerability. It is in no list. */
#define STORE_SOURCE_API STR("api")

/* A random UUID (version 4, RFC 4122), NUL-terminated. */
enum { STORE_UUID_SIZE = 37 };
int store_uuid(char out[static STORE_UUID_SIZE], struct err *err) MUST_CHECK;

/* How long threads wait for a connection, instead of LIMIT_POOL_WAIT_MS. */
void store_pool_set_wait(struct store_pool *p, unsigned ms);

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
	struct str arches; /* empty: all */
	size_t order;      /* among the fixes of its advisory, as they came */
};

/* What is stored of an advisory: its texts but the description, which is named by its hash. */
struct advisory_record {
	enum severity severity;
	struct str link;
	struct str metadata;
	struct span description_hash; /* empty: no description */
	struct str_vec cves;          /* in byte order, each once */
	VEC_OF(struct fix_record) fixes;
};

void advisory_record_fini(struct advisory_record *r);

/*
 * Checks a put and appends it to out (which is cleared first) as a record; description_hash is NULL
 * when it has none. -ERR_INPUT when it cannot be stored. Without versions it needs no scheme.
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

/* The CVEs as databases hold them: separated by spaces. */
void advisory_append_cves(const struct advisory_record *r, struct buf *out);
/* The words of a text that databases hold: an array in a; views in text. */
const struct str *store_words(struct str text, struct arena *a, size_t *n);

/* Makes *out the canonical record of r (whose fixes are in order); cleared first. */
int advisory_canonical(
	const struct advisory_record *r, struct buf *out, struct err *err) MUST_CHECK;

/* Bytes of what a list shows of a vulnerability. */
size_t vulnerability_text_bytes(const struct stored_vulnerability *v);

/* Rows of a source that had `before` which a partial update has not met. */
static inline uint64_t store_uncovered(const struct store_update_result *met, uint64_t before)
{
	uint64_t n = met->changed + met->deleted + met->unchanged;

	return before > n ? before - n : 0;
}

/*
 * Before what a partial update has not met is counted: -ERR_INPUT when too little is left of what
 * was there.
 */
int store_check_shrinking(const struct store_update *u, bool covers_names,
	const struct store_update_result *met, struct err *err) MUST_CHECK;

/* Whether a commit makes a difference. */
static inline bool store_has_changes(const struct store_update_result *r)
{
	return r->inserted + r->changed + r->deleted + r->cves_inserted + r->cves_changed +
		       r->cves_deleted >
	       0;
}

/* --- cve.c: records of CVEs */

/* -ERR_INPUT for one that cannot be stored. */
int cve_check(const struct cve_record *c, struct err *err) MUST_CHECK;
struct content_hash cve_hash(const struct cve_record *c);

/* The record of a vulnerability's name, as a row has it: of none severity is 0, metadata empty. */
struct cve_of_row {
	int64_t severity;
	struct str metadata;
};

/* What a vulnerability has when its CVE has that; metadata as it is, or in a. */
int64_t cve_merge_severity(int64_t severity, int64_t of_cve);
struct str cve_merge_metadata(struct str metadata, struct str nvd, struct arena *a);
void stored_vulnerability_add_cve(
	struct stored_vulnerability *v, const struct cve_of_row *c, struct arena *a);

/* --- edit.c: what store_vulnerability_put() makes of a vulnerability */

struct vulnerability_edit {
	/* Its arguments; a->scheme is the namespace's, or empty. */
	const struct advisory *a;
	const struct str *not_affected;
	size_t n_not_affected;
	unsigned flags;
};

/* What is to be stored. */
struct edited_vulnerability {
	bool changed; /* something differs from what was there */
	struct advisory_record content;
	struct content_hash hash;
	/* Whose hash content.description_hash is, when it is the edit's; else what was there. */
	bool new_description;
	struct buf record, canonical; /* what content views */
};

#define EDITED_VULNERABILITY_INIT                                                            \
	{                                                                                    \
		.content = { .fixes = VEC_INIT }, .record = BUF_INIT(LIMIT_ADVISORY_RECORD), \
		.canonical = BUF_INIT(LIMIT_ADVISORY_RECORD),                                \
	}
void edited_vulnerability_fini(struct edited_vulnerability *v);

/*
 * Merges an edit with what is there (NULL: nothing; its fixes in the order of advisory_fold()) into
 * *out, which views both. A fix whose version the edit only repeats stays as it is, with its state.
 * -ERR_INPUT as advisory_encode(); -ERR_NOT_FOUND with VULNERABILITY_FIXES_ONLY when nothing is
 * there, or not what is to be removed.
 */
int vulnerability_edit(const struct vulnerability_edit *e, const struct advisory_record *old,
	struct edited_vulnerability *out, struct err *err) MUST_CHECK;

/* --- layer_view.c: what is read of a layer, put in order */

struct view_feature;
struct view_match;

struct view_builder {
	struct arena *a;
	struct layer_view *out;
	VEC_OF(struct view_feature) features;
	VEC_OF(struct view_match) matches;
	struct map known;         /* vulnerabilities by the bytes of their ids */
	struct str last_texts[4]; /* of the feature before: they repeat */
	uint64_t text_bytes;      /* of the vulnerabilities */
};

/* Initializes b; what is added is copied to a, and comes into *out at the end. */
void view_builder_init(struct view_builder *b, struct arena *a, struct layer_view *out);
void view_builder_fini(struct view_builder *b);

/* The feature with this id (of the database, each once), in any order. */
void view_builder_add_feature(struct view_builder *b, int64_t id, const struct layer_feature *f);

/* A fix that applies to a feature, of whose namespace the vulnerability is: match.feature and
 * .name_space are not looked at. */
struct view_fix {
	int64_t feature_id;
	int64_t vulnerability_id;
	int64_t severity;
	int64_t state;
	struct span fixed_key;
	struct cve_of_row cve;
	struct str source; /* name of the vulnerability's */
	struct layer_match match;
};

/* In any order. -ERR_INPUT for a severity or state that is none, -ERR_TOO_LARGE beyond
 * LIMIT_MATCHES or LIMIT_VIEW_TEXTS. */
int view_builder_add_fix(
	struct view_builder *b, const struct view_fix *fix, struct err *err) MUST_CHECK;
/* Orders features and matches, and leaves one match for each feature and name. */
void view_builder_finish(struct view_builder *b);

/* --- match_fold.c: rows of matching */

/* A row of the join; views are copied. */
struct match_row {
	size_t query;
	int64_t vulnerability_id;
	int64_t severity; /* as the database has it, checked here */
	int64_t state;
	struct span fixed_key;
	struct str fixed_version;
	struct str arches;
	struct str name;
	struct str link;
	struct str description;
	struct str source;
	struct str cves;
};

/* A match with what orders it. */
struct ordered_match {
	struct match match;
	int64_t vulnerability_id;
	struct span fixed_key;
	struct str source;
};

struct match_fold {
	struct arena *a;   /* of the call: what matches point to */
	const char *label; /* names the database in errors */
	const struct match_query *queries;
	struct map vulnerabilities; /* by the bytes of the id */
	VEC_OF(struct ordered_match) rows;
};

/* queries outlive f. */
void match_fold_init(struct match_fold *f, const struct match_query *queries, struct arena *a,
	const char *label);
void match_fold_fini(struct match_fold *f);
/* Forgets the rows, before they are read again: the same id may be another vulnerability then. */
void match_fold_restart(struct match_fold *f);
/* Whether a fix for these architectures is about a package of that one. */
bool store_arch_matches(struct str arches, struct str arch);
/* A row for another architecture is left out. -ERR_INPUT for what no match can have, -ERR_TOO_LARGE
 * beyond LIMIT_MATCHES rows. */
int match_fold_add(struct match_fold *f, const struct match_row *row, struct err *err) MUST_CHECK;
/* Appends the matches as store_match() promises them. */
void match_fold_finish(struct match_fold *f, struct match_list *out);

#endif
