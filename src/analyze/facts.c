/*
 * Layer facts and their byte form: a magic word, the extras, then one record a fact; all integers
 * big-endian, all strings behind their length. Read as strictly as foreign data, since a worker
 * that was taken over may have written it.
 */
#include "analyze/analyze_priv.h"

static const struct str magic = STR_INIT("clair facts 1\n");

void layer_facts_init(struct layer_facts *f)
{
	*f = (struct layer_facts){ .arena = ARENA_INIT };
}

void layer_facts_fini(struct layer_facts *f)
{
	vec_for_each(fact, &f->facts)
		package_list_fini(&fact->packages);
	vec_fini(&f->facts);
	vec_fini(&f->extras.items);
	arena_fini(&f->arena);
}

bool layer_facts_cover(const struct layer_facts *f, const struct wanted_extras *extras)
{
	vec_for_each(wanted, &extras->items) {
		bool found = false;

		vec_for_each(have, &f->extras.items)
			found = found || (str_eq(have->path, wanted->path) &&
						 str_eq(have->like, wanted->like));
		if (!found)
			return false;
	}
	return true;
}

void extras_encode(const struct wanted_extras *e, struct buf *out)
{
	buf_append_u32(out, (uint32_t)e->items.n);
	vec_for_each(x, &e->items) {
		buf_append_lstr(out, x->path);
		buf_append_lstr(out, x->like);
	}
}

int extras_decode(struct reader *r, struct arena *a, struct wanted_extras *out, struct err *err)
{
	uint32_t n = reader_be32(r);

	for (uint32_t i = 0; i < n && reader_ok(r); i++) {
		struct str path = arena_str(a, reader_lstr(r));
		struct str like = arena_str(a, reader_lstr(r));

		vec_push(&out->items, (struct wanted_extra){ .path = path, .like = like });
	}
	return reader_ok(r) ? 0 : err_set(err, ERR_INPUT, "truncated list of paths");
}

/* The fields of a package, in the order of the byte form. */
#define PACKAGE_FIELDS(X) X(name) X(version) X(arch) X(source) X(source_version) X(module) X(vendor)

static void put_packages(const struct package_list *l, struct buf *out)
{
	buf_append_u32(out, (uint32_t)l->items.n);
	vec_for_each(p, &l->items) {
#define X(field) buf_append_lstr(out, p->field);
		PACKAGE_FIELDS(X)
#undef X
	}
}

static void get_packages(struct reader *r, struct arena *a, struct package_list *l)
{
	uint32_t n = reader_be32(r);

	r->failed = r->failed || n > LIMIT_PACKAGES;
	for (uint32_t i = 0; i < n && reader_ok(r); i++) {
		struct package p = { 0 };

#define X(field) p.field = arena_str(a, reader_lstr(r));
		PACKAGE_FIELDS(X)
#undef X
		vec_push(&l->items, p);
	}
}

static void put_release(const struct release_file *f, struct buf *out)
{
	buf_append_u8(out, f->found);
	buf_append_lstr(out, f->path);
	buf_append_lstr(out, f->distro.id);
	buf_append_lstr(out, f->distro.version);
	buf_append_lstr(out, f->distro.name_space);
	buf_append_lstr(out, f->distro.name);
	buf_append_lstr(out, f->distro.scheme);
}

static void get_release(struct reader *r, struct arena *a, struct release_file *f)
{
	uint8_t found = reader_u8(r);

	r->failed = r->failed || found > 1;
	f->found = found == 1;
	f->path = arena_str(a, reader_lstr(r));
	f->distro.id = arena_str(a, reader_lstr(r));
	f->distro.version = arena_str(a, reader_lstr(r));
	f->distro.name_space = arena_str(a, reader_lstr(r));
	f->distro.name = arena_str(a, reader_lstr(r));
	f->distro.scheme = arena_str(a, reader_lstr(r));
}

int layer_facts_encode(const struct layer_facts *f, struct buf *out, struct err *err)
{
	buf_append_str(out, magic);
	extras_encode(&f->extras, out);
	buf_append_u32(out, (uint32_t)f->facts.n);
	vec_for_each(fact, &f->facts) {
		buf_append_u8(out, (uint8_t)fact->kind);
		buf_append_lstr(out, fact->path);
		if (fact->kind == FACT_LINK)
			buf_append_lstr(out, fact->target);
		if (fact->kind == FACT_RELEASE)
			put_release(&fact->release, out);
		if (fact->kind == FACT_DATABASE) {
			buf_append_lstr(out, str_of(fact->driver->name));
			buf_append_lstr(out, fact->error);
			put_packages(&fact->packages, out);
		}
	}
	return buf_check(out, "facts of a layer", err);
}

static int get_fact(struct reader *r, struct layer_facts *f, struct err *err)
{
	struct fact fact = { .kind = (enum fact_kind)reader_u8(r) };

	fact.path = arena_str(&f->arena, reader_lstr(r));
	if (fact.kind >= FACT_KIND_COUNT)
		return err_set(err, ERR_INPUT, "facts of a layer: unknown kind %d", (int)fact.kind);
	if (fact.kind == FACT_LINK)
		fact.target = arena_str(&f->arena, reader_lstr(r));
	if (fact.kind == FACT_RELEASE)
		get_release(r, &f->arena, &fact.release);
	if (fact.kind == FACT_DATABASE) {
		struct str driver = reader_lstr(r);

		fact.driver = package_db_driver_by_name(driver);
		if (!fact.driver)
			return err_set(
				err, ERR_INPUT, "facts of a layer: unknown kind of database");
		fact.error = arena_str(&f->arena, reader_lstr(r));
		get_packages(r, &f->arena, &fact.packages);
	}
	vec_push(&f->facts, fact);
	return 0;
}

int layer_facts_decode(struct span encoded, struct layer_facts *f, struct err *err)
{
	struct reader r = reader_of(encoded);

	if (!str_eq(str_from_span(reader_bytes(&r, magic.n)), magic))
		return err_set(err, ERR_INPUT, "facts of a layer: not in a known form");
	int code = extras_decode(&r, &f->arena, &f->extras, err);
	if (code < 0)
		return code;
	uint32_t n = reader_be32(&r);
	if (n > LIMIT_WANTED_FILES)
		return err_set(err, ERR_INPUT, "facts of a layer: %" PRIu32 " of them", n);
	for (uint32_t i = 0; i < n && reader_ok(&r); i++) {
		code = get_fact(&r, f, err);
		if (code < 0)
			return code;
	}
	if (!reader_ok(&r))
		return err_set(err, ERR_INPUT, "facts of a layer: truncated or damaged");
	if (r.n > 0)
		return err_set(err, ERR_INPUT, "facts of a layer: trailing bytes");
	return 0;
}

int facts_emit(const struct sandbox_io *io, const struct layer_facts *f, struct err *err)
{
	_cleanup_buf_ struct buf encoded = BUF_INIT(LIMIT_FACTS);
	int r = layer_facts_encode(f, &encoded, err);

	return r < 0 ? r : sandbox_emit(io, ANALYZE_FRAME_FACTS, buf_span(&encoded), err);
}

int facts_answer_take(void *ctx, uint8_t type, struct span payload, struct err *err)
{
	struct facts_answer *a = ctx;

	if (type == ANALYZE_FRAME_FACTS) {
		buf_append(&a->encoded, payload.p, payload.n);
		return buf_check(&a->encoded, "facts of a layer", err);
	}
	if (type == ANALYZE_FRAME_DIFF_ID && payload.n == DIGEST_BYTES) {
		memcpy(a->diff_id.bytes, payload.p, DIGEST_BYTES);
		a->has_diff_id = true;
		return 0;
	}
	if (type == ANALYZE_FRAME_FILE_TOO_BIG) {
		a->file_too_big = true;
		return 0;
	}
	return err_set(err, ERR_INPUT, "the analysis answers nonsense");
}
