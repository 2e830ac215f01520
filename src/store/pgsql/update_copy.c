/*
 * The way of an update's differences into temporary tables: COPY in binary form
 * (https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.4), in pieces of
 * LIMIT_PGSQL_COPY, so that memory does not grow with the feed.
 */
#include "store/pgsql/update_priv.h"

/* The ids of advisories are given as they come, so that their order is that of the names. */
static const char tables_sql[] =
	"CREATE TEMPORARY TABLE staged_advisory (position bigint, old_id bigint,"
	" namespace text COLLATE \"C\", name text COLLATE \"C\", severity smallint, link text,"
	" description_hash bytea, metadata text, content_hash bytea, cves text,"
	" id bigint DEFAULT nextval('vulnerability_id_seq'));"
	"CREATE TEMPORARY TABLE staged_fix (position bigint, package text COLLATE \"C\","
	" introduced_key bytea, introduced_version text, fixed_key bytea, fixed_version text,"
	" state smallint, severity smallint, arches text);"
	"CREATE TEMPORARY TABLE staged_cve (name text COLLATE \"C\", severity smallint,"
	" metadata text, hash bytea);"
	"CREATE TEMPORARY TABLE staged_text (hash bytea, body text);"
	"CREATE TEMPORARY TABLE staged_gone (id bigint, superseded smallint)";

static const char drop_sql[] =
	"DROP TABLE IF EXISTS staged_advisory, staged_fix, staged_text, staged_cve, staged_gone";

static const char copy_advisory_sql[] =
	"COPY staged_advisory (position, old_id, namespace, name, severity, link,"
	" description_hash, metadata, content_hash, cves) FROM STDIN (FORMAT binary)";

static const char *const copy_sql[COPY_COUNT] = {
	[COPY_ADVISORY] = copy_advisory_sql,
	[COPY_FIX] = "COPY staged_fix FROM STDIN (FORMAT binary)",
	[COPY_TEXT] = "COPY staged_text FROM STDIN (FORMAT binary)",
	[COPY_CVE] = "COPY staged_cve FROM STDIN (FORMAT binary)",
	[COPY_GONE] = "COPY staged_gone FROM STDIN (FORMAT binary)",
};

static const uint8_t copy_head[19] = "PGCOPY\n\377\r\n"; /* no flags, no extension */

/* Texts whose hash is at its place were sent: releases repeat the texts of one another. */
enum { SENT_TEXTS = 32768 };

/* --- fields */

static void start_row(struct buf *b, uint16_t fields)
{
	if (b->n == 0)
		buf_append(b, copy_head, sizeof(copy_head));
	buf_append_u8(b, (uint8_t)(fields >> 8));
	buf_append_u8(b, (uint8_t)fields);
}

static void add_str(struct buf *b, struct str s)
{
	buf_append_lstr(b, s);
}

static void add_blob(struct buf *b, struct span s)
{
	buf_append_lstr(b, str_from_span(s));
}

static void add_i64(struct buf *b, int64_t v)
{
	buf_append_u32(b, 8);
	buf_append_u64(b, (uint64_t)v);
}

static void add_i16(struct buf *b, unsigned v)
{
	buf_append_u32(b, 2);
	buf_append_u8(b, (uint8_t)(v >> 8));
	buf_append_u8(b, (uint8_t)v);
}

/* --- sending */

static int send_rows(struct pg_store *s, const struct buf *rows, struct err *err)
{
	PGresult *result;
	int r = pg_wait(s, &result, err);

	if (r < 0)
		return r;
	if (PQresultStatus(result) != PGRES_COPY_IN)
		r = pg_fail(s, result, err);
	PQclear(result);
	if (r == 0 && (PQputCopyData(s->conn, rows->p, (int)rows->n) < 0 ||
			      PQputCopyEnd(s->conn, NULL) < 0))
		r = pg_fail(s, NULL, err);
	if (r == 0 && (r = pg_wait(s, &result, err)) == 0) {
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			r = pg_fail(s, result, err);
		PQclear(result);
	}
	pg_drain(s);
	return r;
}

static int flush(struct pg_update *u, enum pg_copy_table table, struct err *err)
{
	struct buf *rows = &u->rows[table];
	struct pg_store *s = u->store;

	if (rows->n == 0)
		return 0;
	buf_append_u8(rows, 0xff); /* the end: a row of -1 fields */
	buf_append_u8(rows, 0xff);
	int r = buf_check(rows, "rows for the database", err);
	if (r == 0 && !PQsendQuery(s->conn, copy_sql[table]))
		r = pg_fail(s, NULL, err);
	if (r == 0)
		r = send_rows(s, rows, err);
	buf_clear(rows);
	return r;
}

static int flush_full(struct pg_update *u, enum pg_copy_table table, struct err *err)
{
	return u->rows[table].n < LIMIT_PGSQL_COPY ? 0 : flush(u, table, err);
}

/* Makes the tables for the first difference: mostly there is none. */
static int start(struct pg_update *u, struct err *err)
{
	if (u->copied)
		return 0;
	for (int i = 0; i < COPY_COUNT; i++)
		buf_init(&u->rows[i], LIMIT_PGSQL_COPY + 2 * LIMIT_ADVISORY_RECORD);
	u->sent_texts = xcalloc(SENT_TEXTS, sizeof(*u->sent_texts));
	u->copied = true;
	return pg_exec(u->store, tables_sql, err);
}

/* --- rows */

static int copy_text(struct pg_update *u, struct span hash, struct err *err)
{
	struct buf *b = &u->rows[COPY_TEXT];
	struct str body;

	if (hash.n != CONTENT_HASH_BYTES)
		return 0;
	struct content_hash *sent = &u->sent_texts[get_be16(hash.p) % SENT_TEXTS];
	if (memcmp(sent->bytes, hash.p, hash.n) == 0)
		return 0;
	int r = store_staging_text(u->staging, hash, &body, err);
	if (r < 0)
		return r;
	memcpy(sent->bytes, hash.p, hash.n);
	start_row(b, 2);
	add_blob(b, hash);
	add_str(b, body);
	return flush_full(u, COPY_TEXT, err);
}

static int copy_fixes(struct pg_update *u, const struct staged_advisory *a, struct err *err)
{
	struct buf *b = &u->rows[COPY_FIX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->content.fixes.n; i++) {
		const struct fix_record *f = &a->content.fixes.v[i];

		start_row(b, 9);
		add_i64(b, u->n_advisories);
		add_str(b, f->package);
		add_blob(b, f->introduced_key);
		add_str(b, f->introduced);
		add_blob(b, f->fixed_key);
		add_str(b, f->fixed_version);
		add_i16(b, f->state);
		add_i16(b, f->severity);
		add_str(b, f->arches);
		r = flush_full(u, COPY_FIX, err);
	}
	return r;
}

static void note_scheme(struct pg_update *u, const struct staged_advisory *a)
{
	if (!map_has(&u->schemes, a->name_space))
		map_set(&u->schemes, a->name_space, arena_cstr(&u->arena, a->scheme));
}

int pg_copy_advisory(
	struct pg_update *u, const struct staged_advisory *a, int64_t old_id, struct err *err)
{
	_cleanup_buf_ struct buf cves = BUF_INIT(LIMIT_ADVISORY_RECORD);
	struct buf *b = &u->rows[COPY_ADVISORY];
	int r = start(u, err);

	if (r == 0 && old_id)
		r = pg_copy_gone(u, old_id, true, err);
	if (r == 0)
		r = copy_text(u, a->content.description_hash, err);
	if (r < 0)
		return r;
	note_scheme(u, a);
	u->n_advisories++;
	advisory_append_cves(&a->content, &cves);
	start_row(b, 10);
	add_i64(b, u->n_advisories);
	add_i64(b, old_id);
	add_str(b, a->name_space);
	add_str(b, a->name);
	add_i16(b, a->content.severity);
	add_str(b, a->content.link);
	add_blob(b, a->content.description_hash);
	add_str(b, a->content.metadata);
	add_blob(b, content_hash_span(&a->hash));
	add_str(b, buf_str(&cves));
	if ((r = flush_full(u, COPY_ADVISORY, err)) < 0)
		return r;
	return copy_fixes(u, a, err);
}

int pg_copy_gone(struct pg_update *u, int64_t id, bool superseded, struct err *err)
{
	int r = start(u, err);

	if (r < 0)
		return r;
	start_row(&u->rows[COPY_GONE], 2);
	add_i64(&u->rows[COPY_GONE], id);
	add_i16(&u->rows[COPY_GONE], superseded);
	return flush_full(u, COPY_GONE, err);
}

int pg_copy_cve(struct pg_update *u, const struct staged_cve *c, bool gone, struct err *err)
{
	struct buf *b = &u->rows[COPY_CVE];
	int r = start(u, err);

	if (r < 0)
		return r;
	start_row(b, 4);
	add_str(b, c->record.name);
	add_i16(b, c->record.severity);
	add_str(b, c->record.metadata);
	add_blob(b, gone ? span_n(NULL, 0) : content_hash_span(&c->hash));
	return flush_full(u, COPY_CVE, err);
}

int pg_copy_end(struct pg_update *u, struct err *err)
{
	int r = 0;

	for (int i = 0; r == 0 && i < COPY_COUNT; i++)
		r = flush(u, (enum pg_copy_table)i, err);
	return r;
}

static int rename_tables(struct pg_update *u, const char *from, const char *to, struct err *err)
{
	static const char *const tables[] = { "staged_advisory", "staged_fix", "staged_text",
		"staged_cve", "staged_gone" };
	char sql[128];
	int r = 0;

	for (size_t i = 0; u->copied && r == 0 && i < ARRAY_LEN(tables); i++) {
		(void)snprintf(sql, sizeof(sql), "ALTER TABLE %s%s RENAME TO %s%s", tables[i], from,
			tables[i], to);
		r = pg_exec(u->store, sql, err);
	}
	return r;
}

static void free_rows(struct pg_update *u)
{
	for (int i = 0; i < COPY_COUNT; i++)
		buf_fini(&u->rows[i]);
	free(u->sent_texts);
	u->sent_texts = NULL;
}

int pg_copy_set_aside(struct pg_update *u, size_t number, struct err *err)
{
	char suffix[24];

	free_rows(u);
	(void)snprintf(suffix, sizeof(suffix), "_%zu", number);
	return rename_tables(u, "", suffix, err);
}

int pg_copy_bring_back(struct pg_update *u, size_t number, struct err *err)
{
	char suffix[24];

	(void)snprintf(suffix, sizeof(suffix), "_%zu", number);
	return rename_tables(u, suffix, "", err);
}

void pg_copy_fini(struct pg_update *u)
{
	_cleanup_err_ struct err err = ERR_INIT;

	/* What cannot be dropped goes with the connection. */
	if (u->copied && pg_exec(u->store, drop_sql, &err) < 0)
		u->store->farewell = true;
	free_rows(u);
}
