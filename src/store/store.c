/*
 * The store's public functions: they find the driver for a location, check what no driver should
 * have to check, and pass on.
 */
#include "store/store_priv.h"

static const struct store_driver *const drivers[] = {
	&store_pgsql_driver,
	&store_sqlite_driver,
};

const struct store_driver *store_driver_at(size_t i)
{
	return i < ARRAY_LEN(drivers) ? drivers[i] : NULL;
}

int store_open(const char *location, unsigned flags, struct store **out, struct err *err)
{
	const struct store_driver *driver;

	for (size_t i = 0; (driver = store_driver_at(i)); i++) {
		if (!driver->accepts(str_of(location)))
			continue;
		int r = driver->open(location, flags, out, err);
		if (r == 0) {
			(*out)->driver = driver;
			(*out)->read_only = flags & STORE_READ_ONLY;
		}
		return r;
	}
	return err_set(
		err, ERR_UNSUPPORTED, "no kind of database has locations like \"%s\"", location);
}

bool store_location_is_file(struct str location)
{
	return !store_pgsql_driver.accepts(location);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	assert(s->open_updates == 0);
	s->driver->close(s);
}

void store_set_busy_timeout(struct store *s, unsigned ms)
{
	s->driver->set_busy_timeout(s, ms);
}

int store_ping(struct store *s, struct err *err)
{
	return s->driver->ping(s, err);
}

/* What a feed may be called. */
static int check_source(const struct store *s, struct str source, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r == 0 && !store_is_name(source))
		r = err_set(err, ERR_USAGE, "a source needs a name");
	if (r == 0 && str_eq(source, STORE_SOURCE_API))
		r = err_set(err, ERR_USAGE, "no feed can be the source of edits");
	return r;
}

int store_update_begin(
	struct store *s, struct str source, struct store_update **out, struct err *err)
{
	int r = check_source(s, source, err);

	if (r == 0)
		r = s->driver->update_begin(s, source, out, err);
	if (r < 0)
		return r;
	(*out)->store = s;
	s->open_updates++;
	return 0;
}

int store_update_put(struct store_update *u, const struct advisory *a, struct err *err)
{
	int r = u->store->driver->update_put(u, a, err);

	if (r < 0 && r != -ERR_INPUT)
		u->broken = true;
	return r;
}

int store_update_put_cve(struct store_update *u, const struct cve_record *c, struct err *err)
{
	int r = cve_check(c, err);

	if (r == 0)
		r = u->store->driver->update_put_cve(u, c, err);
	if (r < 0 && r != -ERR_INPUT)
		u->broken = true;
	return r;
}

static int cover(struct store_update *u, enum store_cover what, struct str name, struct err *err)
{
	int r = store_check_name(
		what == STORE_COVER_NAME ? "a covered name" : "a covered namespace", name, err);

	if (r == 0)
		r = u->store->driver->update_cover(u, what, name, err);
	if (r < 0 && r != -ERR_INPUT)
		u->broken = true;
	return r;
}

int store_update_cover_namespace(struct store_update *u, struct str name_space, struct err *err)
{
	return cover(u, STORE_COVER_NAMESPACE, name_space, err);
}

int store_update_cover_name(struct store_update *u, struct str name, struct err *err)
{
	return cover(u, STORE_COVER_NAME, name, err);
}

/* Servers may send anything; what no database could hold, or should, is as if not sent. */
static struct str storable(struct str s)
{
	return s.n <= LIMIT_PATH && store_is_text(s) ? s : STR_NULL;
}

static struct source_state storable_state(const struct source_state *state)
{
	struct source_state copy = *state;

	copy.location = storable(state->location);
	copy.etag = storable(state->etag);
	copy.last_modified = storable(state->last_modified);
	copy.digest = storable(state->digest);
	if (state->documents.n > LIMIT_SOURCE_DOCUMENTS || !store_is_text(state->documents))
		copy.documents = STR_NULL;
	return copy;
}

int store_update_commit(struct store_update *u, const struct source_state *state,
	struct store_update_result *out, struct err *err)
{
	struct store_update_result result = { .inserted = 0 };
	struct source_state clean = storable_state(state);
	int r;

	if (u->broken)
		r = err_set(err, ERR_USAGE, "an update that lost an advisory cannot be committed");
	else
		r = u->store->driver->update_commit(u, &clean, &result, err);
	store_update_abort(u);
	if (r == 0)
		*out = result;
	return r;
}

int store_update_commit_all(
	struct store *s, struct store_update_part *parts, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		parts[i].state = storable_state(&parts[i].state);
		parts[i].result = (struct store_update_result){ .inserted = 0 };
		if (r == 0 && parts[i].update->broken)
			r = err_set(err, ERR_USAGE,
				"an update that lost an advisory cannot be committed");
	}
	if (r == 0)
		r = s->driver->update_commit_all(s, parts, n, err);
	for (size_t i = 0; i < n; i++) {
		store_update_abort(parts[i].update);
		parts[i].update = NULL;
	}
	return r;
}

void store_update_rest(struct store_update *u)
{
	u->store->driver->update_rest(u);
}

int store_visit(struct store *s, struct store_visitor *v, struct err *err)
{
	return s->driver->visit(s, v, err);
}

void store_update_accept_shrinking(struct store_update *u)
{
	u->accepts_shrinking = true;
}

void store_update_set_notify(struct store_update *u, enum store_notify notify)
{
	u->notify = notify;
}

void store_update_abort(struct store_update *u)
{
	if (!u)
		return;
	u->store->open_updates--;
	u->store->driver->update_free(u);
}

int store_source_get(struct store *s, struct str source, struct arena *a, struct source_state *out,
	struct err *err)
{
	if (str_eq(source, STORE_SOURCE_API))
		return 0;
	return s->driver->source_get(s, source, a, out, err);
}

int store_source_list(
	struct store *s, struct arena *a, struct source_state **out, size_t *n, struct err *err)
{
	size_t feeds = 0;
	int r = s->driver->source_list(s, a, out, n, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < *n; i++) {
		if (!str_eq((*out)[i].name, STORE_SOURCE_API))
			(*out)[feeds++] = (*out)[i];
	}
	*n = feeds;
	return r;
}

int store_source_touch(struct store *s, const struct source_state *state, struct err *err)
{
	struct source_state clean = storable_state(state);
	int r = store_check_writable(s, err);

	return r < 0 ? r : s->driver->source_touch(s, &clean, err);
}

int store_source_fail(
	struct store *s, struct str source, int64_t when, struct str message, struct err *err)
{
	/* A byte becomes three when it is none of UTF-8. */
	_cleanup_buf_ struct buf clean = BUF_INIT(3 * LIMIT_SOURCE_ERROR);
	int r = check_source(s, source, err);

	if (r < 0)
		return r;
	(void)text_append_clean(&clean, str_head(message, LIMIT_SOURCE_ERROR));
	return s->driver->source_fail(s, source, when, buf_str(&clean), err);
}

int store_has_namespace(struct store *s, struct str name_space, struct err *err)
{
	return s->driver->has_namespace(s, name_space, err);
}

int store_match(struct store *s, const struct match_query *queries, size_t n, struct arena *a,
	struct match_list *out, struct err *err)
{
	return n == 0 ? 0 : s->driver->match(s, queries, n, a, out, err);
}

int store_facts_get(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct arena *a, struct span *out, struct err *err)
{
	return s->driver->facts_get(s, layer, engine_version, a, out, err);
}

int store_facts_put(struct store *s, const struct digest *layer, uint32_t engine_version,
	struct span facts, struct err *err)
{
	int r = store_check_writable(s, err);

	if (r == 0 && facts.n > LIMIT_FACTS)
		r = err_set(err, ERR_TOO_LARGE, "facts of %zu bytes", facts.n);
	return r < 0 ? r : s->driver->facts_put(s, layer, engine_version, facts, err);
}

int store_file_digest_get(
	struct store *s, const struct file_stamp *stamp, struct digest *out, struct err *err)
{
	return s->driver->file_digest_get(s, stamp, out, err);
}

int store_file_digest_put(
	struct store *s, const struct file_stamp *stamp, const struct digest *d, struct err *err)
{
	int r = store_check_writable(s, err);

	return r < 0 ? r : s->driver->file_digest_put(s, stamp, d, err);
}
