/*
 * What the files of an update share.
 */
#ifndef STORE_PGSQL_UPDATE_PRIV_H
#define STORE_PGSQL_UPDATE_PRIV_H

#include "store/pgsql/pgsql_priv.h"
#include "store/staging.h"

/* For statements over whole tables, in this transaction: hash joins, in the order in which they are
 * written; what the planner makes of tables that have just been filled is not to be relied on. */
#define PG_PLAN_WHOLE_TABLES                                             \
	"SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on;" \
	" SET LOCAL enable_nestloop = off;"
/* Back to lookups, which is how what is prepared has to be planned. */
#define PG_PLAN_LOOKUPS                                                    \
	"SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;" \
	" SET LOCAL enable_nestloop = on;"

/* As many differences make the planner's idea of the tables wrong. */
enum { ANALYZE_FROM = 5000 };

/* The temporary tables of an update. */
enum pg_copy_table {
	COPY_ADVISORY, /* staged_advisory: an advisory that is new or changed */
	COPY_FIX,      /* staged_fix */
	COPY_TEXT,     /* staged_text: descriptions; some that are there already, some twice */
	COPY_CVE,  /* staged_cve: records that are new or changed; without a hash: that vanished */
	COPY_GONE, /* staged_gone: rows that vanished or were superseded */
	COPY_COUNT
};

struct pg_update {
	struct store_update base;
	struct pg_store *store;
	struct str source; /* in the arena */
	struct store_staging *staging;
	struct arena arena;

	/* Of the commit: */
	const struct source_state *state;
	struct store_update_result result;
	bool has_row; /* the source has one: it was updated, or failed to be, before */
	int64_t source_id;
	int64_t updated_at;  /* of the source, before; 0: never */
	uint64_t advisories; /* likewise */
	bool copied;         /* there is a difference, and so there are the temporary tables */
	int64_t n_advisories;
	bool notifies;
	struct map schemes; /* of the namespaces of what was copied: name → version scheme's name */
	struct buf rows[COPY_COUNT]; /* to be sent */
	struct content_hash *sent_texts;
};

/* --- update_copy.c: rows on their way into the temporary tables */

/* An advisory that is new, or (old_id) takes the place of a row. */
int pg_copy_advisory(struct pg_update *u, const struct staged_advisory *a, int64_t old_id,
	struct err *err) MUST_CHECK;
/* A row that vanished, or was superseded. */
int pg_copy_gone(struct pg_update *u, int64_t id, bool superseded, struct err *err) MUST_CHECK;
/* A record that is new or changed, or (of which only the name counts) vanished. */
int pg_copy_cve(
	struct pg_update *u, const struct staged_cve *c, bool gone, struct err *err) MUST_CHECK;
/* Sends what is left. */
int pg_copy_end(struct pg_update *u, struct err *err) MUST_CHECK;
/* Gives the tables names with a number, so that another update can have its own; and back. */
int pg_copy_set_aside(struct pg_update *u, size_t number, struct err *err) MUST_CHECK;
int pg_copy_bring_back(struct pg_update *u, size_t number, struct err *err) MUST_CHECK;
/* Drops the tables, on success and on failure. */
void pg_copy_fini(struct pg_update *u);

/* --- update_cve.c */

/* Copies what differs of the records of CVEs, and counts them. Inside a transaction. */
int pg_merge_cves(struct pg_update *u, bool partial, struct err *err) MUST_CHECK;

/* --- update_write.c: from the temporary tables into the data, inside transactions */

/* Makes the namespaces and packages that are new. A callback for pg_transaction(). */
int pg_write_names(struct pg_store *s, void *update, struct err *err) MUST_CHECK;
int pg_write_differences(struct pg_update *u, struct err *err) MUST_CHECK;
/*
 * Behind the commit: notifications of what touches layers that came after the others were made, and
 * may have been read before the commit was seen. A callback for pg_transaction().
 */
int pg_notify_late(struct pg_store *s, void *update, struct err *err) MUST_CHECK;

#endif
