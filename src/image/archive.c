/*
 * Members of an image archive (docker save, OCI layout in a tar). An uncompressed archive is
 * listed, and members are read at their place afterwards; a compressed one is read through once:
 * small documents are kept, and what looks like a layer is passed on as it comes. The tar itself is
 * walked in a worker.
 */
#include "image/image_priv.h"

/* Frames of both jobs. */
enum {
	FRAME_NO_ARCHIVE = 1, /* the first entry is that of a layer */
	FRAME_MEMBER,         /* an entry, encoded; of the unpacking job its content follows */
	FRAME_DATA,
	FRAME_MEMBER_END,
};

enum { FLAG_FORCE = 1 };

/* --- in the workers
 * ----------------------------------------------------------------------------------------- */

static bool is_hex_name(struct str s)
{
	uint8_t raw[32];

	return parse_hex(str_head(s, 64), raw, sizeof(raw));
}

/* Whether an archive of images may have a member of this name: docker save, skopeo, buildah,
 * podman, kaniko, bazel. */
static bool is_archive_member(struct str path)
{
	static const struct str names[] = { STR_INIT("manifest.json"), STR_INIT("repositories"),
		STR_INIT("index.json"), STR_INIT("oci-layout"), STR_INIT("blobs") };
	struct str top, rest;
	/* A layout may have been packed together with its directory. */
	bool inside = str_cut(path, '/', &top, &rest);
	struct str second = rest;

	(void)str_cut(rest, '/', &second, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(top, names[i]) || (inside && str_eq(second, names[i])))
			return true;
	}
	(void)str_skip_prefix(&top, STR("sha256:"));
	return is_hex_name(top);
}

static int emit_member(
	const struct sandbox_io *io, const struct tar_entry *e, struct arena *a, struct err *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT(4 * LIMIT_PATH);
	struct str path = path_normalize(a, e->path), link = STR_NULL;

	if (e->type == TAR_SYMLINK)
		link = path_resolve_link(a, path, e->link);
	else if (e->type == TAR_HARDLINK)
		link = path_normalize(a, e->link);
	buf_append_u64(&out, e->offset);
	buf_append_u64(&out, e->size);
	buf_append_lstr(&out, path);
	buf_append_lstr(&out, link);
	int r = buf_check(&out, "name of a member", err);
	return r < 0 ? r : sandbox_emit(io, FRAME_MEMBER, buf_span(&out), err);
}

static int emit_content(
	const struct sandbox_io *io, struct tar_reader *tar, char *chunk, size_t n, struct err *err)
{
	ssize_t got;

	while ((got = tar_read(tar, chunk, n, err)) > 0) {
		int r = sandbox_emit(io, FRAME_DATA, span_n(chunk, (size_t)got), err);

		if (r < 0)
			return r;
	}
	return got < 0 ? (int)got : sandbox_emit(io, FRAME_MEMBER_END, (struct span){ 0 }, err);
}

static int walk(const struct sandbox_io *io, struct stream *in, bool force, bool with_content,
	struct err *err)
{
	enum { CHUNK = 256 * 1024 };
	_cleanup_(tar_closep) struct tar_reader *tar = tar_open(in);
	_cleanup_free_ char *chunk = xmalloc(CHUNK);
	struct tar_entry e;
	bool first = true;
	int r;

	while ((r = tar_next(tar, &e, err)) > 0) {
		_cleanup_arena_ struct arena scratch = ARENA_INIT;
		struct str path = path_normalize(&scratch, e.path);

		if (path.n == 0 || e.type == TAR_DIR)
			continue;
		if (first && !force && !is_archive_member(path))
			return sandbox_emit(io, FRAME_NO_ARCHIVE, (struct span){ 0 }, err);
		first = false;
		if (e.type == TAR_OTHER)
			continue;
		r = emit_member(io, &e, &scratch, err);
		if (r == 0 && with_content && e.type == TAR_FILE)
			r = emit_content(io, tar, chunk, CHUNK, err);
		if (r < 0)
			return r;
	}
	if (r == 0 && first && !force)
		return sandbox_emit(io, FRAME_NO_ARCHIVE, (struct span){ 0 }, err);
	return r;
}

static int run_index(const struct sandbox_io *io, struct span params, struct err *err)
{
	struct reader r = reader_of(params);
	bool force = reader_u8(&r) & FLAG_FORCE;
	struct stream_fd in;

	stream_fd_init_range(&in, io->in_fd, 0, reader_be64(&r), "the archive");
	return walk(io, &in.stream, force, false, err);
}

static int run_unpack(const struct sandbox_io *io, struct span params, struct err *err)
{
	struct reader r = reader_of(params);
	bool force = reader_u8(&r) & FLAG_FORCE;
	_cleanup_(decompress_closep) struct stream *plain = NULL;

	int code = decompress_open(io->input, LIMIT_LAYER_UNCOMPRESSED, &plain, err);
	return code < 0 ? code : walk(io, plain, force, true, err);
}

const struct sandbox_job image_index_job = {
	.name = "archive listing", .prepare = tar_init, .run = run_index
};
const struct sandbox_job image_unpack_job = {
	.name = "archive reading", .prepare = tar_init, .run = run_unpack
};

/* --- members
 * ------------------------------------------------------------------------------------------------
 */

void members_init(struct members *m)
{
	*m = (struct members){ .arena = ARENA_INIT, .by_name = MAP_INIT };
}

void members_fini(struct members *m)
{
	map_fini(&m->by_name);
	arena_fini(&m->arena);
}

/* The member of exactly this name, or of this name in the directory that everything is in. */
static const struct member *find(const struct members *m, struct str name)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	const struct member *found = map_get(&m->by_name, name);

	if (!found && m->root.n)
		found = map_get(&m->by_name, arena_printf(&scratch, "%" PRIstr "/%" PRIstr,
						     STR_ARG(m->root), STR_ARG(name)));
	return found;
}

const struct member *members_get(const struct members *m, struct str name)
{
	enum { LINKS_MAX = 40 };
	const struct member *found = find(m, name);

	for (int i = 0; found && found->link.n; i++)
		found = i < LINKS_MAX ? map_get(&m->by_name, found->link) : NULL;
	return found;
}

void members_find_root(struct members *m)
{
	size_t pos = 0;
	struct str name;
	void *value;

	if (map_has(&m->by_name, STR("index.json")) || map_has(&m->by_name, STR("manifest.json")))
		return;
	while (map_next(&m->by_name, &pos, &name, &value)) {
		struct str base = path_basename(name), dir = path_dirname(name);

		/* The map has no order: the first by name. */
		if (str_find_char(dir, '/') < 0 && (m->root.n == 0 || str_cmp(dir, m->root) < 0) &&
			(str_eq(base, STR("index.json")) || str_eq(base, STR("manifest.json"))))
			m->root = dir;
	}
}

static int members_add(struct members *m, struct span encoded, struct member **out, struct err *err)
{
	struct reader r = reader_of(encoded);
	struct member *member = arena_alloc(&m->arena, sizeof(*member));

	member->offset = reader_be64(&r);
	member->size = reader_be64(&r);
	member->name = arena_str(&m->arena, reader_lstr(&r));
	member->link = arena_str(&m->arena, reader_lstr(&r));
	if (!reader_ok(&r) || r.n)
		return err_set(err, ERR_INPUT, "the reader of the archive answers nonsense");
	if (++m->n > LIMIT_ARCHIVE_MEMBERS)
		return err_set(err, ERR_TOO_LARGE, "more than %d members", LIMIT_ARCHIVE_MEMBERS);
	if (m->arena.used_bytes > LIMIT_DOCUMENTS_TOTAL)
		return err_set(err, ERR_TOO_LARGE, "names of members of more than %" PRIu64 " MiB",
			LIMIT_DOCUMENTS_TOTAL / MIB);
	/* Of several members of one name the last counts. */
	map_set(&m->by_name, member->name, member);
	*out = member;
	return 0;
}

/* --- listing
 * ------------------------------------------------------------------------------------------------
 */

struct listing {
	struct members *members;
	bool no_archive;
};

static int take_listing(void *ctx, uint8_t type, struct span payload, struct err *err)
{
	struct listing *l = ctx;
	struct member *member;

	if (type == FRAME_NO_ARCHIVE) {
		l->no_archive = true;
		return 0;
	}
	return members_add(l->members, payload, &member, err);
}

static void encode_params(bool force, uint64_t size, struct buf *out)
{
	buf_append_u8(out, force ? FLAG_FORCE : 0);
	buf_append_u64(out, size);
}

int archive_index(int fd, uint64_t size, bool force, struct members *out, struct err *err)
{
	_cleanup_buf_ struct buf params = BUF_INIT(64);
	struct listing l = { .members = out };

	encode_params(force, size, &params);
	int r = sandbox_run(&image_index_job, buf_span(&params), fd, NULL, sandbox_limits_for(size),
		take_listing, &l, err);
	return r < 0 ? r : l.no_archive;
}

/* --- reading through
 * ---------------------------------------------------------------------------------------- */

enum { HEAD_BYTES = 512 };

struct reading {
	struct members *members;
	struct image_member_sink *sink;
	struct member *current; /* NULL between members */
	struct buf head;        /* the start of a member, until it is known what it is */
	bool decided;
	bool is_layer;
	bool no_archive;
};

/* By what it is like, or by its name: image archives hold layers and JSON. */
static bool looks_like_layer(struct str name, struct span head)
{
	if (compression_detect(head) != COMPRESSION_NONE || str_ends(name, STR(".tar")))
		return true;
	if (head.n < HEAD_BYTES)
		return false;
	return memcmp(head.p + 257, "ustar", 5) == 0 ||
	       (head.p[0] == 0 && memcmp(head.p, head.p + 1, HEAD_BYTES - 1) == 0);
}

static int keep_document(struct reading *r, struct err *err)
{
	struct members *m = r->members;

	m->document_bytes += r->head.n;
	if (m->document_bytes > LIMIT_DOCUMENTS_TOTAL)
		return err_set(err, ERR_TOO_LARGE, "manifests of more than %" PRIu64 " MiB",
			LIMIT_DOCUMENTS_TOTAL / MIB);
	r->current->content = arena_str(&m->arena, buf_str(&r->head));
	r->current->is_document = true;
	return 0;
}

/* What the member is, once there is enough of it (or all). */
static int decide(struct reading *r, struct err *err)
{
	r->decided = true;
	r->is_layer = looks_like_layer(r->current->name, buf_span(&r->head));
	if (!r->is_layer)
		return 0;
	int code = r->sink->begin(r->sink->ctx, r->current->name, r->current->size, err);
	return code < 0 ? code : r->sink->data(r->sink->ctx, buf_span(&r->head), err);
}

static int take_data(struct reading *r, struct span bytes, struct err *err)
{
	if (!r->current)
		return err_set(err, ERR_INPUT, "the reader of the archive answers nonsense");
	if (r->decided && r->is_layer)
		return r->sink->data(r->sink->ctx, bytes, err);
	/* Too large for a document and no layer: nothing that an image needs. */
	if (r->current->size > LIMIT_MANIFEST && r->decided)
		return 0;
	buf_append(&r->head, bytes.p, bytes.n);
	int code = buf_check(&r->head, "member", err);
	if (code == 0 && !r->decided && r->head.n >= HEAD_BYTES)
		code = decide(r, err);
	return code;
}

static int take_end(struct reading *r, struct err *err)
{
	int code = 0;

	if (!r->current)
		return err_set(err, ERR_INPUT, "the reader of the archive answers nonsense");
	if (!r->decided)
		code = decide(r, err);
	if (code == 0 && r->is_layer)
		code = r->sink->end(r->sink->ctx, err);
	else if (code == 0 && r->current->size <= LIMIT_MANIFEST)
		code = keep_document(r, err);
	r->current = NULL;
	return code;
}

static int take_member(struct reading *r, struct span payload, struct err *err)
{
	struct member *member;

	/* Else the digest of one member would be that of two. */
	if (r->current)
		return err_set(err, ERR_INPUT, "the reader of the archive answers nonsense");
	int code = members_add(r->members, payload, &member, err);
	if (code < 0)
		return code;
	r->decided = r->is_layer = false;
	buf_clear(&r->head);
	r->current = member->link.n ? NULL : member;
	return 0;
}

static int take_reading(void *ctx, uint8_t type, struct span payload, struct err *err)
{
	struct reading *r = ctx;

	switch (type) {
	case FRAME_NO_ARCHIVE:
		r->no_archive = true;
		return 0;
	case FRAME_MEMBER:
		return take_member(r, payload, err);
	case FRAME_DATA:
		return take_data(r, payload, err);
	case FRAME_MEMBER_END:
		return take_end(r, err);
	default:
		return err_set(err, ERR_INPUT, "the reader of the archive answers nonsense");
	}
}

int archive_stream(struct stream *in, uint64_t size, bool force, struct members *out,
	struct image_member_sink *sink, struct err *err)
{
	_cleanup_buf_ struct buf params = BUF_INIT(64);
	struct reading r = {
		.members = out, .sink = sink, .head = BUF_INIT(LIMIT_MANIFEST + SANDBOX_FRAME_MAX)
	};

	encode_params(force, size, &params);
	int code = sandbox_run(&image_unpack_job, buf_span(&params), -1, in,
		sandbox_limits_for(size), take_reading, &r, err);
	buf_fini(&r.head);
	return code < 0 ? code : r.no_archive;
}
