/*
 * A file of everything into a database, see dump.h: an update of each source is staged, and they
 * are committed together when the file has been read to its end.
 */
#include "store/dump_priv.h"

struct importer {
	struct store_visitor visitor;
	struct store *store;
	struct arena arena;
	VEC_OF(struct store_update_part) parts; /* the last one is being read */
};

static struct source_state copy_state(struct arena *a, const struct source_state *s)
{
	return (struct source_state){
		.name = arena_str(a, s->name),
		.location = arena_str(a, s->location),
		.etag = arena_str(a, s->etag),
		.last_modified = arena_str(a, s->last_modified),
		.digest = arena_str(a, s->digest),
		.documents = arena_str(a, s->documents),
		.updated_at = s->updated_at,
		.checked_at = s->checked_at,
	};
}

static int import_source(struct store_visitor *v, const struct source_state *state, struct err *err)
{
	struct importer *i = (struct importer *)v;
	struct store_update_part part = { .state = copy_state(&i->arena, state) };

	if (i->parts.n >= LIMIT_DUMP_SOURCES)
		return err_set(err, ERR_TOO_LARGE, "more than %d sources", LIMIT_DUMP_SOURCES);
	if (str_eq(state->name, STORE_SOURCE_API))
		return err_set(err, ERR_INPUT, "the file holds edits");
	if (i->parts.n > 0)
		store_update_rest(i->parts.v[i->parts.n - 1].update);
	int r = store_update_begin(i->store, part.state.name, &part.update, err);
	if (r < 0)
		return r;
	/* The file is whole: its digest will tell. */
	store_update_accept_shrinking(part.update);
	vec_push(&i->parts, part);
	return 0;
}

static int import_advisory(struct store_visitor *v, const struct advisory *a, struct err *err)
{
	struct importer *i = (struct importer *)v;

	return store_update_put(i->parts.v[i->parts.n - 1].update, a, err);
}

static int import_cve(struct store_visitor *v, const struct cve_record *c, struct err *err)
{
	struct importer *i = (struct importer *)v;

	return store_update_put_cve(i->parts.v[i->parts.n - 1].update, c, err);
}

static int read_and_commit(
	struct importer *i, struct stream *in, struct dump_counts *counts, struct err *err)
{
	_cleanup_(decompress_closep) struct stream *plain = NULL;
	int r = decompress_open(in, LIMIT_FEED_UNCOMPRESSED, &plain, err);

	if (r == 0)
		r = dump_read(plain, &i->visitor, counts, err);
	if (r == 0 && i->parts.n > 0)
		r = store_update_commit_all(i->store, i->parts.v, i->parts.n, err);
	return r;
}

int store_import(struct store *s, struct stream *in, struct dump_counts *counts, struct err *err)
{
	struct importer i = {
		.visitor = { .source = import_source,
			.advisory = import_advisory,
			.cve = import_cve },
		.store = s,
		.arena = ARENA_INIT,
		.parts = VEC_INIT,
	};
	int r = store_check_writable(s, err);

	if (r == 0)
		r = read_and_commit(&i, in, counts, err);
	vec_for_each(part, &i.parts)
		store_update_abort(part->update);
	vec_fini(&i.parts);
	arena_fini(&i.arena);
	return r;
}
