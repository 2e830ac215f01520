/*
 * Bringing a source up to date, see feed_update(): the driver reads what has changed (session.c)
 * into the store's staging area. Only when all of it has gone well does the store commit.
 */
#include "base/base.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed/session_priv.h"
#include "net/net.h"

/* A note is one line of some words. */
#define NOTE_SHOWN 300

void feed_result_fini(struct feed_result *r)
{
	for (size_t i = 0; i < r->n_notes; i++)
		free(r->first_notes[i]);
	*r = (struct feed_result){ 0 };
}

/* --- what the driver finds ------------------------------------------------------------------ */

int session_need_update(struct feed_session *s, struct err *err)
{
	if (s->update)
		return 0;
	s->blame = BLAME_STORE;
	int r = store_update_begin(s->store, str_of(s->o->driver->name), &s->update, err);
	if (r < 0)
		return r;
	s->blame = BLAME_CONTENT;
	store_update_set_notify(s->update, s->o->notify);
	if (s->o->accept_shrinking)
		store_update_accept_shrinking(s->update);
	return 0;
}

/* Keeps a note; it holds words of the feed, which must not reach a terminal as they are. */
static void sink_note(struct feed_sink *sink, const char *what)
{
	struct feed_session *s = (struct feed_session *)sink;
	struct feed_result *result = &s->result;

	result->skipped++;
	if (result->n_notes == ARRAY_LEN(result->first_notes))
		return;
	char *text = strndup(what, NOTE_SHOWN);
	if (!text)
		abort();
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	result->first_notes[result->n_notes++] = text;
}

/* What became of a put: what cannot be stored is noted, other failures are the store's. */
static int judge_put(
	struct feed_session *s, int r, struct str where, struct str name, const struct err *err)
{
	if (r == -ERR_INPUT) {
		_cleanup_arena_ struct arena a = ARENA_INIT;

		sink_note(&s->sink, arena_printf(&a, "%" PRIstr "%s%" PRIstr ": %s", STR_ARG(where),
					    where.n ? " " : "", STR_ARG(name),
					    err ? err_msg(err) : "cannot be stored")
					    .p);
	} else if (r < 0) {
		s->blame = BLAME_STORE;
	} else {
		s->puts++;
	}
	return r;
}

static int sink_put(struct feed_sink *sink, const struct advisory *a, struct err *err)
{
	struct feed_session *s = (struct feed_session *)sink;
	int r = session_need_update(s, err);

	if (r < 0)
		return r;
	r = store_update_put(s->update, a, err);
	return judge_put(s, r, a->name_space, a->name, err);
}

static int sink_put_cve(struct feed_sink *sink, const struct cve_record *c, struct err *err)
{
	struct feed_session *s = (struct feed_session *)sink;
	int r = session_need_update(s, err);

	if (r < 0)
		return r;
	r = store_update_put_cve(s->update, c, err);
	return judge_put(s, r, STR_NULL, c->name, err);
}

static int cover(struct feed_session *s, struct str what,
	int (*how)(struct store_update *u, struct str what, struct err *err), struct err *err)
{
	int r = session_need_update(s, err);

	s->partial = true;
	if (r == 0 && (r = how(s->update, what, err)) < 0)
		s->blame = BLAME_STORE;
	return r;
}

static int sink_cover_namespace(struct feed_sink *sink, struct str name_space, struct err *err)
{
	return cover((struct feed_session *)sink, name_space, store_update_cover_namespace, err);
}

static int sink_cover_name(struct feed_sink *sink, struct str name, struct err *err)
{
	return cover((struct feed_session *)sink, name, store_update_cover_name, err);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static struct str reader_suffix(struct feed_session *s)
{
	return arena_printf(&s->arena, ";reader=%u", s->o->driver->revision);
}

/*
 * What was remembered counts for the same location only, since validators are the word of one, and
 * for the same reader, since what another one made of the source says nothing.
 */
static void recall(struct feed_session *s)
{
	const struct source_state *before = &s->before;
	struct str digest = before->digest;
	struct str suffix = reader_suffix(s);

	if (!s->known || !str_ends(digest, suffix))
		return;
	digest.n -= suffix.n;
	if (before->documents.n > 0) {
		if (str_eq(before->location, s->location)) {
			documents_parse(&s->remembered, before->documents);
			documents_parse(&s->now, before->documents);
		}
		return;
	}
	/* One document: its content is the same wherever it lies. */
	struct document_state state = { .digest = digest };
	if (str_eq(before->location, s->location)) {
		state.etag = before->etag;
		state.last_modified = before->last_modified;
	}
	documents_note(
		&s->remembered, url_without_credentials(&s->arena, str_of(s->where)).p, &state);
}

static int find_place(struct feed_session *s, struct err *err)
{
	enum location_kind kind;
	struct stat st;
	int r = location_resolve(s->o->location, &s->arena, &kind, &s->where, err);

	if (r < 0)
		return r;
	if (kind == LOCATION_HTTP) {
		s->where = s->o->location;
		s->place = FEED_HTTP;
		return 0;
	}
	if (stat(s->where, &st) < 0)
		return err_set_errno(
			err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", s->where);
	s->place = S_ISDIR(st.st_mode) ? FEED_DIRECTORY : FEED_FILE;
	return 0;
}

static int begin(struct feed_session *s, struct err *err)
{
	const char *credentials = s->o->credentials;

	s->blame = BLAME_LOCATION;
	int r = find_place(s, err);
	if (r < 0)
		return r;
	if (credentials && access(credentials, R_OK) < 0)
		return err_set_errno(err, ERR_USAGE, errno, "credentials %s", credentials);
	s->blame = BLAME_STORE;
	r = store_source_get(s->store, str_of(s->o->driver->name), &s->arena, &s->before, err);
	if (r < 0)
		return r;
	s->known = r > 0 && s->before.updated_at > 0;
	recall(s);
	s->blame = BLAME_CONTENT;
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int parse_only(struct stream *in, const char *location UNUSED, void *ctx,
	struct feed_sink *sink, struct err *err)
{
	const struct feed_driver *driver = ctx;

	return driver->parse(in, sink, err);
}

/* A source of one document. */
static int read_document(struct feed_session *s, struct err *err)
{
	struct feed_driver driver = *s->o->driver;
	struct feed_part part = {
		.locations = &s->where,
		.n_locations = 1,
		.parse = parse_only,
		.ctx = &driver,
	};
	int r = feed_read_part(s, &part, err);

	return r < 0 ? r : 0;
}

static int read_source(struct feed_session *s, struct err *err)
{
	int r = s->o->driver->read ? s->o->driver->read(s, err) : read_document(s, err);

	if (r == 0 && feed_is_cancelled(s))
		return err_set(err, ERR_CANCELLED, "cancelled");
	if (r == 0 && s->changed && !s->partial && s->puts == 0 && !s->o->accept_shrinking) {
		s->blame = BLAME_CONTENT;
		return err_set(err, ERR_INPUT, "holds no advisories");
	}
	return r;
}

/* --- the end of it ---------------------------------------------------------------------------- */

/* What the source is now, for the store. */
static int describe(
	struct feed_session *s, struct buf *text, struct source_state *out, struct err *err)
{
	bool single = s->documents == 1 && !s->o->driver->read;
	int r = documents_format(&s->now, text, err);

	*out = (struct source_state){
		.name = str_of(s->o->driver->name),
		.location = s->location,
		.updated_at = clock_wall_s(),
	};
	out->checked_at = out->updated_at;
	if (single) {
		out->etag = s->etag;
		out->last_modified = s->last_modified;
		out->digest = s->digest;
	} else {
		char digest[DIGEST_TEXT_SIZE];
		struct digest d = digest_of(buf_span(text));

		digest_format(&d, digest);
		out->digest = arena_str(&s->arena, str_of(digest));
		out->documents = buf_str(text);
	}
	out->digest = arena_printf(
		&s->arena, "%" PRIstr "%" PRIstr, STR_ARG(out->digest), STR_ARG(reader_suffix(s)));
	return r;
}

static int commit(struct feed_session *s, const struct source_state *state, struct err *err)
{
	struct feed_progress *progress = s->o->progress;
	struct feed_result *result = &s->result;
	int r = session_need_update(s, err);

	if (r < 0)
		return r;
	s->blame = BLAME_STORE;
	if (progress && progress->writing)
		progress->writing(progress);
	if (s->o->commit_lock)
		(void)pthread_mutex_lock(s->o->commit_lock);
	r = store_update_commit(take_ptr(s->update), state, &result->changes, err);
	if (s->o->commit_lock)
		(void)pthread_mutex_unlock(s->o->commit_lock);
	/* What was refused is the content's fault. */
	if (r == -ERR_INPUT)
		s->blame = BLAME_CONTENT;
	if (r < 0)
		return r;
	result->advisories =
		result->changes.inserted + result->changes.changed + result->changes.unchanged;
	return 0;
}

/* The store has it all: notes that it was looked at. */
static int touch(struct feed_session *s, struct source_state *state, struct err *err)
{
	store_update_abort(take_ptr(s->update));
	state->updated_at = s->before.updated_at;
	state->advisories = s->before.advisories;
	state->digest = s->before.digest;
	s->blame = BLAME_STORE;
	int r = store_source_touch(s->store, state, err);
	if (r < 0)
		return r;
	/* Notes are about what was read; nothing of it was taken. */
	feed_result_fini(&s->result);
	s->result.up_to_date = true;
	s->result.advisories = s->before.advisories;
	return 0;
}

static int run(struct feed_session *s, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(LIMIT_FEED_DOCUMENTS);
	struct source_state state;
	int r = begin(s, err);

	if (r == 0)
		r = read_source(s, err);
	if (r == 0)
		r = describe(s, &text, &state, err);
	if (r < 0)
		return r;
	return s->changed || !s->known ? commit(s, &state, err) : touch(s, &state, err);
}

static void session_fini(struct feed_session *s)
{
	store_update_abort(s->update);
	documents_fini(&s->remembered);
	documents_fini(&s->now);
	feed_result_fini(&s->result);
	arena_fini(&s->arena);
}

/* Notes in the store why it failed, for those who ask there; a database that failed cannot. */
static void note_failure(struct feed_session *s, const struct err *cause)
{
	_cleanup_err_ struct err err = ERR_INIT;

	store_update_abort(take_ptr(s->update));
	if (store_source_fail(s->store, str_of(s->o->driver->name), clock_wall_s(),
		    str_of(err_msg(cause)), &err) < 0)
		log_debug("%s: the failure could not be noted: %s", s->o->driver->name,
			err_msg(&err));
}

/* Drivers name places as they were given; no message shows a password. */
static void hide_credentials(struct feed_session *s, struct err *failure)
{
	struct str given = str_of(s->o->location);
	struct str msg = arena_str(&s->arena, str_of(err_msg(failure)));
	ptrdiff_t start = str_find(given, STR("://"));
	ptrdiff_t at;

	if (start < 0 || s->location.n >= given.n)
		return;
	/* "user:password@" */
	struct str secret = str_n(given.p + start + 3, given.n - s->location.n);
	while ((at = str_find(msg, secret)) >= 0) {
		struct str behind = str_skip(msg, (size_t)at + secret.n);

		msg = arena_printf(&s->arena, "%" PRIstr "%" PRIstr,
			STR_ARG(str_head(msg, (size_t)at)), STR_ARG(behind));
	}
	(void)err_set(failure, failure->code, "%" PRIstr, STR_ARG(msg));
}

int feed_update(struct store *store, const struct feed_update_options *o, struct feed_result *out,
	struct err *err)
{
	_cleanup_(session_fini) struct feed_session s = {
		.sink = { .put = sink_put,
			.put_cve = sink_put_cve,
			.cover_namespace = sink_cover_namespace,
			.cover_name = sink_cover_name,
			.note = sink_note },
		.o = o,
		.store = store,
	};

	_cleanup_err_ struct err failure = ERR_INIT;

	documents_init(&s.remembered);
	documents_init(&s.now);
	s.location = url_without_credentials(&s.arena, str_of(o->location));
	int r = run(&s, &failure);
	if (r < 0) {
		if (s.blame == BLAME_CONTENT)
			(void)err_wrap(&failure, "%s", s.location.p);
		hide_credentials(&s, &failure);
		if (r != -ERR_CANCELLED && s.blame != BLAME_STORE)
			note_failure(&s, &failure);
		(void)err_wrap(&failure, "%s", o->driver->name);
		return err_move(err, &failure);
	}
	*out = s.result;
	s.result = (struct feed_result){ 0 };
	return 0;
}
