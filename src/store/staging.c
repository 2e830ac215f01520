/*
 * Staging of an update: a temporary database of its own, on disk (SQLite removes its file at once,
 * so that a crash leaves nothing), whose memory is limited by its page cache. Puts are appended as
 * records; the sort that brings the puts of an advisory together is SQLite's, which spills to disk.
 * Descriptions are kept apart, each once.
 */
#include "store/staging.h"

#include "store/sqlite/sqlite_priv.h"
#include "version/version.h"

enum staging_statement {
	STAGE_PUT,
	STAGE_CVE_PUT,
	STAGE_CVES,
	STAGE_CVE_HAS,
	STAGE_COVER,
	STAGE_COVERS,
	STAGE_COVERED,
	STAGE_SORTED,
	STAGE_TEXT_ADD,
	STAGE_TEXT_GET,
	STAGE_DEFER,
	STAGE_DEFERRED,
	STAGE_COUNT
};

static const char *const staging_sql[STAGE_COUNT] = {
	[STAGE_PUT] = "INSERT INTO put (name, namespace, record) VALUES (?, ?, ?)",
	[STAGE_CVE_PUT] = "INSERT OR REPLACE INTO cve (name, severity, metadata) VALUES (?, ?, ?)",
	[STAGE_CVES] = "SELECT name, severity, metadata FROM cve ORDER BY name",
	[STAGE_CVE_HAS] = "SELECT 1 FROM cve WHERE name = ?",
	[STAGE_COVER] = "INSERT OR IGNORE INTO covered (what, name) VALUES (?, ?)",
	[STAGE_COVERS] = ("SELECT 1 FROM covered WHERE (what = ?1 AND name = ?2)"
			  " OR (what = ?3 AND name = ?4)"),
	[STAGE_COVERED] = "SELECT name FROM covered WHERE what = ? ORDER BY name",
	[STAGE_SORTED] = "SELECT name, namespace, record FROM put ORDER BY namespace, name, id",
	[STAGE_TEXT_ADD] = "INSERT OR IGNORE INTO text (hash, body) VALUES (?, ?)",
	[STAGE_TEXT_GET] = "SELECT body FROM text WHERE hash = ?",
	[STAGE_DEFER] = "INSERT INTO deferred VALUES (NULL, ?, ?, ?, ?, ?)",
	[STAGE_DEFERRED] = "SELECT old_id, name, namespace, hash, record FROM deferred ORDER BY id",
};

static const char staging_schema[] =
	"CREATE TABLE put (id INTEGER PRIMARY KEY, name TEXT, namespace TEXT, record BLOB);"
	"CREATE TABLE cve (name TEXT PRIMARY KEY, severity INTEGER, metadata TEXT) WITHOUT ROWID;"
	"CREATE TABLE covered (what INTEGER, name TEXT, PRIMARY KEY (what, name)) WITHOUT ROWID;"
	"CREATE TABLE text (hash BLOB PRIMARY KEY, body TEXT);"
	"CREATE TABLE deferred (id INTEGER PRIMARY KEY, old_id INTEGER, name TEXT, namespace TEXT,"
	" hash BLOB, record BLOB)";

/* Hashes of texts that were staged lately, in no order: feeds repeat texts close together. */
enum { RECENT_TEXTS = 4096 };

struct name_space {
	const struct version_scheme *scheme;
};

struct store_staging {
	struct sqlite_db db;
	struct map name_spaces; /* name → struct name_space, in the arena */
	struct arena arena;
	struct buf record;
	uint64_t covered[2]; /* how much is, by enum store_cover */
	bool has_cves;
	bool put_before_covers; /* something that may turn out not to be covered */
	struct content_hash recent[RECENT_TEXTS];
	struct buf last_text; /* and its hash: releases repeat a text at once */
	struct content_hash last_hash;

	/* Where store_staging_next() is: the statement stands on the row after the group. */
	struct query rows;
	int more; /* 1: it stands on a row */
	struct query text;
	struct query deferred;
	struct query cves;   /* where store_staging_next_cve() is */
	struct query covers; /* where store_staging_next_covered() is */

	struct buf name, name_space, puts, canonical; /* of the advisory that was read last */
	struct staged_advisory current;
};

static int open_temporary(struct store_staging *g, struct err *err)
{
	char sql[256];
	int rc = sqlite_db_init(&g->db, "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		"temporary file (the directory is $SQLITE_TMPDIR or $TMPDIR)", staging_sql);

	if (rc != SQLITE_OK)
		return sqlite_db_fail(&g->db, rc, err);
	(void)snprintf(sql, sizeof(sql),
		"PRAGMA temp_store = FILE; PRAGMA secure_delete = OFF; PRAGMA journal_mode = OFF;"
		" PRAGMA synchronous = OFF; PRAGMA cache_size = -%" PRIu64,
		LIMIT_STAGING_CACHE / KIB);
	int r = sqlite_exec(&g->db, sql, err);
	if (r == 0)
		r = sqlite_exec(&g->db, "BEGIN", err);
	return r < 0 ? r : sqlite_exec(&g->db, staging_schema, err);
}

int store_staging_new(struct store_staging **out, struct err *err)
{
	struct store_staging *g = xcalloc(1, sizeof(*g));

	map_init(&g->name_spaces);
	arena_init(&g->arena);
	buf_init(&g->record, LIMIT_ADVISORY_RECORD);
	buf_init(&g->last_text, LIMIT_ADVISORY_TEXT);
	buf_init(&g->name, LIMIT_PACKAGE_FIELD);
	buf_init(&g->name_space, LIMIT_PACKAGE_FIELD);
	buf_init(&g->puts, LIMIT_ADVISORY_RECORD);
	buf_init(&g->canonical, LIMIT_ADVISORY_RECORD);
	int r = open_temporary(g, err);
	if (r < 0) {
		store_staging_free(g);
		return r;
	}
	*out = g;
	return 0;
}

void store_staging_free(struct store_staging *g)
{
	sqlite_db_fini(&g->db);
	map_fini(&g->name_spaces);
	arena_fini(&g->arena);
	buf_fini(&g->record);
	buf_fini(&g->last_text);
	buf_fini(&g->name);
	buf_fini(&g->name_space);
	buf_fini(&g->puts);
	buf_fini(&g->canonical);
	advisory_record_fini(&g->current.content);
	free(g);
}

static const struct version_scheme *known_scheme(
	const struct store_staging *g, struct str name_space)
{
	const struct name_space *known = map_get(&g->name_spaces, name_space);

	return known ? known->scheme : NULL;
}

/* All advisories of a namespace have one scheme. */
static int note_namespace(struct store_staging *g, const struct advisory *a, struct err *err)
{
	const struct version_scheme *known = known_scheme(g, a->name_space);

	if (known && str_eq(str_of(known->name), a->scheme))
		return 0;
	if (known)
		return err_set(err, ERR_INPUT,
			"advisory %" PRIstr ": versions of %" PRIstr " are %s's, not %" PRIstr "'s",
			STR_ARG(a->name), STR_ARG(a->name_space), known->name, STR_ARG(a->scheme));
	if (g->name_spaces.n >= LIMIT_NAMESPACES)
		return err_set(err, ERR_TOO_LARGE, "more than %d namespaces", LIMIT_NAMESPACES);
	struct name_space *new = arena_alloc(&g->arena, sizeof(*new));
	new->scheme = version_scheme_by_name(a->scheme);
	map_set(&g->name_spaces, a->name_space, new);
	return 0;
}

static int add_text(struct store_staging *g, struct str text, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&g->db, STAGE_TEXT_ADD);

	query_bind_blob(&q, content_hash_span(&g->last_hash));
	query_bind_str(&q, text);
	return query_run(&q, err);
}

/* Stages a description unless that was done; its hash is g->last_hash then. */
static int stage_text(struct store_staging *g, struct str text, struct err *err)
{
	if (str_eq(text, buf_str(&g->last_text)))
		return 0;
	buf_clear(&g->last_text);
	buf_append_str(&g->last_text, text);
	g->last_hash = content_hash_of(span_from_str(text));
	struct content_hash *recent = &g->recent[get_be16(g->last_hash.bytes) % RECENT_TEXTS];
	if (memcmp(recent, &g->last_hash, sizeof(*recent)) == 0)
		return 0;
	*recent = g->last_hash;
	int r = add_text(g, text, err);
	if (r < 0)
		buf_clear(&g->last_text);
	return r;
}

int store_staging_put_cve(struct store_staging *g, const struct cve_record *c, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&g->db, STAGE_CVE_PUT);

	query_bind_str(&q, c->name);
	query_bind_i64(&q, c->severity);
	query_bind_str(&q, c->metadata);
	g->has_cves = true;
	return query_run(&q, err);
}

bool store_staging_has_cves(const struct store_staging *g)
{
	return g->has_cves;
}

int store_staging_next_cve(struct store_staging *g, struct staged_cve *out, struct err *err)
{
	if (!g->cves.stmt)
		g->cves = query_start(&g->db, STAGE_CVES);
	int r = query_step(&g->cves, err);
	if (r > 0) {
		out->record = (struct cve_record){
			.name = query_str(&g->cves, 0),
			.severity = (enum severity)query_i64(&g->cves, 1),
			.metadata = query_str(&g->cves, 2),
		};
		out->hash = cve_hash(&out->record);
	} else {
		query_fini(&g->cves);
		g->cves.stmt = NULL;
	}
	return r;
}

int store_staging_has_cve(struct store_staging *g, struct str name, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&g->db, STAGE_CVE_HAS);

	query_bind_str(&q, name);
	return query_step(&q, err);
}

int store_staging_cover(
	struct store_staging *g, enum store_cover what, struct str name, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&g->db, STAGE_COVER);

	query_bind_i64(&q, what);
	query_bind_str(&q, name);
	int r = query_run(&q, err);
	if (r == 0)
		g->covered[what] += (uint64_t)sqlite3_changes64(g->db.handle);
	return r;
}

uint64_t store_staging_covered(const struct store_staging *g, enum store_cover what)
{
	return g->covered[what];
}

static bool is_partial(const struct store_staging *g)
{
	return g->covered[STORE_COVER_NAMESPACE] + g->covered[STORE_COVER_NAME] > 0;
}

int store_staging_next_covered(
	struct store_staging *g, enum store_cover what, struct str *out, struct err *err)
{
	if (!g->covers.stmt) {
		g->covers = query_start(&g->db, STAGE_COVERED);
		query_bind_i64(&g->covers, what);
	}
	int r = query_step(&g->covers, err);
	if (r > 0)
		*out = query_str(&g->covers, 0);
	if (r <= 0) {
		query_fini(&g->covers);
		g->covers.stmt = NULL; /* from the front, next time */
	}
	return r;
}

static int check_covered(
	struct store_staging *g, struct str name_space, struct str name, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&g->db, STAGE_COVERS);

	query_bind_i64(&q, STORE_COVER_NAMESPACE);
	query_bind_str(&q, name_space);
	query_bind_i64(&q, STORE_COVER_NAME);
	query_bind_str(&q, name);
	int r = query_step(&q, err);
	if (r == 0)
		r = err_set(err, ERR_INPUT,
			"advisory %" PRIstr " of %" PRIstr ": the update does not cover it",
			STR_ARG(name), STR_ARG(name_space));
	return r < 0 ? r : 0;
}

int store_staging_put(struct store_staging *g, const struct advisory *a, struct err *err)
{
	bool has_text = a->description.n > 0 && a->description.n <= LIMIT_ADVISORY_TEXT;
	_cleanup_query_ struct query q = query_start(&g->db, STAGE_PUT);
	int r = has_text ? stage_text(g, a->description, err) : 0;

	if (r == 0 && a->scheme.n == 0)
		r = err_set(err, ERR_INPUT, "advisory %" PRIstr ": no version scheme",
			STR_ARG(a->name));
	if (r == 0)
		r = advisory_encode(a, has_text ? &g->last_hash : NULL, &g->record, err);
	if (r == 0)
		r = note_namespace(g, a, err);
	if (r == 0 && is_partial(g))
		r = check_covered(g, a->name_space, a->name, err);
	if (r < 0)
		return r;
	g->put_before_covers = g->put_before_covers || !is_partial(g);
	query_bind_str(&q, a->name);
	query_bind_str(&q, a->name_space);
	query_bind_blob(&q, buf_span(&g->record));
	return query_run(&q, err);
}

void store_staging_rest(struct store_staging *g)
{
	(void)sqlite3_db_cacheflush(g->db.handle);
	(void)sqlite3_db_release_memory(g->db.handle);
	buf_fini(&g->record);
	buf_fini(&g->last_text); /* and so the last hash is of none */
}

int store_staging_start(struct store_staging *g, struct err *err)
{
	g->rows = query_start(&g->db, STAGE_SORTED);
	g->more = query_step(&g->rows, err);
	return g->more < 0 ? g->more : 0;
}

/* Collects the rows of one advisory. */
static int read_group(struct store_staging *g, struct err *err)
{
	buf_clear(&g->name);
	buf_clear(&g->name_space);
	buf_clear(&g->puts);
	buf_append_str(&g->name, query_str(&g->rows, 0));
	buf_append_str(&g->name_space, query_str(&g->rows, 1));
	do {
		buf_append_str(&g->puts, query_str(&g->rows, 2));
		g->more = query_step(&g->rows, err);
		if (g->more < 0)
			return g->more;
	} while (g->more && str_eq(query_str(&g->rows, 0), buf_str(&g->name)) &&
		 str_eq(query_str(&g->rows, 1), buf_str(&g->name_space)));
	int r = buf_check(&g->puts, "all that is said of it", err);
	return r < 0 ? err_wrap(err, "advisory %s", buf_cstr(&g->name)) : 0;
}

static void set_current(struct store_staging *g)
{
	const struct version_scheme *scheme = known_scheme(g, buf_str(&g->name_space));

	g->current.name = buf_str(&g->name);
	g->current.name_space = buf_str(&g->name_space);
	g->current.scheme = scheme ? str_of(scheme->name) : STR_NULL;
	g->current.record = buf_span(&g->canonical);
}

int store_staging_next(struct store_staging *g, const struct staged_advisory **out, struct err *err)
{
	while (g->more) {
		int r = read_group(g, err);

		if (r == 0)
			r = advisory_fold(
				buf_span(&g->puts), &g->current.content, &g->canonical, err);
		if (r < 0)
			return r;
		if (g->current.content.fixes.n == 0)
			continue;
		set_current(g);
		if (is_partial(g) && g->put_before_covers &&
			(r = check_covered(g, g->current.name_space, g->current.name, err)) < 0)
			return r;
		g->current.hash = content_hash_of(g->current.record);
		*out = &g->current;
		return 1;
	}
	query_fini(&g->rows);
	return 0;
}

int store_staging_text(struct store_staging *g, struct span hash, struct str *out, struct err *err)
{
	query_fini(&g->text);
	g->text = query_start(&g->db, STAGE_TEXT_GET);
	query_bind_blob(&g->text, hash);
	int r = query_step(&g->text, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_INTERNAL, "a staged description is missing");
	*out = query_str(&g->text, 0);
	return 0;
}

int store_staging_defer(
	struct store_staging *g, int64_t old_id, const struct staged_advisory *a, struct err *err)
{
	_cleanup_query_ struct query q = query_start(&g->db, STAGE_DEFER);

	query_bind_i64(&q, old_id);
	if (a) {
		query_bind_str(&q, a->name);
		query_bind_str(&q, a->name_space);
		query_bind_blob(&q, content_hash_span(&a->hash));
		query_bind_blob(&q, a->record);
	} else {
		for (int i = 0; i < 4; i++)
			query_bind_null(&q);
	}
	return query_run(&q, err);
}

int store_staging_next_deferred(struct store_staging *g, int64_t *old_id,
	const struct staged_advisory **out, struct err *err)
{
	if (!g->deferred.stmt)
		g->deferred = query_start(&g->db, STAGE_DEFERRED);
	int r = query_step(&g->deferred, err);
	if (r <= 0)
		return r;
	*old_id = query_i64(&g->deferred, 0);
	*out = NULL;
	struct span hash = query_blob(&g->deferred, 3);
	if (hash.n != CONTENT_HASH_BYTES)
		return 1;
	memcpy(g->current.hash.bytes, hash.p, hash.n);
	buf_clear(&g->name);
	buf_clear(&g->name_space);
	buf_append_str(&g->name, query_str(&g->deferred, 1));
	buf_append_str(&g->name_space, query_str(&g->deferred, 2));
	r = advisory_fold(query_blob(&g->deferred, 4), &g->current.content, &g->canonical, err);
	if (r < 0)
		return r;
	set_current(g);
	*out = &g->current;
	return 1;
}
