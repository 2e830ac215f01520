/*
 * Keeps of a layer's entries what matters, whatever their order, and turns it into facts. Whiteouts
 * are those of the OCI image specification, layer.md#whiteouts (".wh.NAME", ".wh..wh..opq"), which
 * are AUFS's.
 */
#include "analyze/analyze_priv.h"

static const struct str whiteout_prefix = STR_INIT(".wh.");
static const struct str whiteout_opaque = STR_INIT(".wh..wh..opq");
static const struct str whiteout_reserved = STR_INIT(".wh..wh.");

void collector_init(struct collector *c, const struct wanted_extras *extras)
{
	*c = (struct collector){ .arena = ARENA_INIT, .by_key = MAP_INIT };
	wanted_init(&c->wanted, extras);
}

static void content_release(struct collector *c, struct content *content)
{
	if (!content || --content->users > 0)
		return;
	c->kept_bytes -= content->bytes.n;
	buf_fini(&content->bytes);
	free(content);
}

void collector_fini(struct collector *c)
{
	vec_for_each(k, &c->kept)
		content_release(c, (*k)->content);
	vec_fini(&c->kept);
	map_fini(&c->by_key);
	arena_fini(&c->arena);
	wanted_fini(&c->wanted);
}

/* What hides lower layers and what is there now can both be said of one path. */
static struct str key_of(struct arena *a, enum fact_kind kind, bool is_whiteout, struct str path)
{
	char group = kind == FACT_OPAQUE ? 'o' : is_whiteout ? 'h' : 'e';

	return arena_printf(a, "%c%" PRIstr, group, STR_ARG(path));
}

static int keep(struct collector *c, struct kept value, struct err *err)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct str key = key_of(&scratch, value.kind, value.is_whiteout, value.path);
	struct kept *k = map_get(&c->by_key, key);

	if (!k) {
		if (c->kept.n == LIMIT_WANTED_FILES) {
			content_release(c, value.content);
			return err_set(err, ERR_TOO_LARGE,
				"more than %d package databases and release files",
				LIMIT_WANTED_FILES);
		}
		k = arena_alloc(&c->arena, sizeof(*k));
		map_set(&c->by_key, key, k);
		vec_push(&c->kept, k);
	}
	content_release(c, k->content);
	value.path = arena_str(&c->arena, value.path);
	*k = value;
	if (c->kept_bytes > LIMIT_WANTED_TOTAL)
		return err_set(err, ERR_TOO_LARGE,
			"package databases of more than %" PRIu64 " MiB in all",
			LIMIT_WANTED_TOTAL / MIB);
	return 0;
}

static int keep_file(struct collector *c, struct wanted_path wanted, struct str path, uint64_t size,
	const struct body *body, struct err *err)
{
	uint64_t max = wanted.role == WANTED_RELEASE ? LIMIT_RELEASE_FILE : LIMIT_WANTED_FILE;
	struct content *content;

	c->file_too_big = size > max;
	if (c->file_too_big)
		return err_set(err, ERR_TOO_LARGE,
			"%" PRIstr ": file too big (%" PRIu64 " bytes, at most %" PRIu64 ")",
			STR_ARG(path), size, max);
	content = xcalloc(1, sizeof(*content));
	*content = (struct content){ .bytes = BUF_INIT(max), .users = 1 };
	int r = body->read(body->ctx, &content->bytes, err);
	c->kept_bytes += content->bytes.n;
	if (r < 0) {
		c->file_too_big = content->bytes.overflowed;
		content_release(c, content);
		return r;
	}
	return keep(c,
		(struct kept){ .kind = wanted.role == WANTED_RELEASE ? FACT_RELEASE : FACT_DATABASE,
			.wanted = wanted,
			.path = path,
			.content = content },
		err);
}

/* A second name of a file that this layer holds too. */
static int keep_hard_link(struct collector *c, struct wanted_path wanted, struct str path,
	struct str target, struct err *err)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	const struct kept *other =
		map_get(&c->by_key, key_of(&scratch, FACT_DATABASE, false, target));

	if (other && other->content) {
		other->content->users++;
		return keep(c,
			(struct kept){ .kind = wanted.role == WANTED_RELEASE ? FACT_RELEASE
									     : FACT_DATABASE,
				.wanted = wanted,
				.path = path,
				.content = other->content },
			err);
	}
	return keep(c,
		(struct kept){
			.kind = FACT_LINK, .wanted = wanted, .path = path, .target = target },
		err);
}

static int add_whiteout(struct collector *c, struct str path, struct err *err)
{
	struct str dir = path_dirname(path), name = path_basename(path);

	if (str_eq(name, whiteout_opaque)) {
		if (wanted_lookup(&c->wanted, dir).role == WANTED_NOT)
			return 0;
		return keep(c, (struct kept){ .kind = FACT_OPAQUE, .path = dir }, err);
	}
	if (str_starts(name, whiteout_reserved))
		return 0;
	name = str_skip(name, whiteout_prefix.n);
	/* No names of files; runtimes refuse them. */
	if (name.n == 0 || str_eq(name, STR(".")) || str_eq(name, STR("..")))
		return 0;
	struct str hidden = path_resolve_link(&c->arena, path, name);
	if (wanted_lookup(&c->wanted, hidden).role == WANTED_NOT)
		return 0;
	return keep(
		c, (struct kept){ .kind = FACT_HIDDEN, .is_whiteout = true, .path = hidden }, err);
}

static int add_normalized(struct collector *c, enum tar_type type, struct str path,
	struct str raw_target, uint64_t size, const struct body *body, struct err *err)
{
	if (str_starts(path_basename(path), whiteout_prefix))
		return add_whiteout(c, path, err);
	struct wanted_path wanted = wanted_lookup(&c->wanted, path);
	if (wanted.role == WANTED_NOT || path.n == 0)
		return 0;
	bool leaf = wanted.role != WANTED_ANCESTOR && wanted.role != WANTED_FOLDER;
	switch (type) {
	case TAR_FILE:
		if (leaf)
			return keep_file(c, wanted, path, size, body, err);
		break;
	case TAR_DIR:
		return keep(c,
			(struct kept){ .kind = FACT_DIRECTORY, .wanted = wanted, .path = path },
			err);
	case TAR_SYMLINK:
		return keep(c,
			(struct kept){ .kind = FACT_LINK,
				.wanted = wanted,
				.path = path,
				.target = path_resolve_link(&c->arena, path, raw_target) },
			err);
	case TAR_HARDLINK:
		if (leaf)
			return keep_hard_link(
				c, wanted, path, path_normalize(&c->arena, raw_target), err);
		break;
	case TAR_OTHER:
		break;
	}
	/* Something else stands where a directory or file was wanted: it hides what lower layers
	 * had there. */
	return keep(c, (struct kept){ .kind = FACT_HIDDEN, .path = path }, err);
}

/* Most paths need no work beyond their first bytes; this tells those that do. */
static bool is_plain(struct str path)
{
	return path.n && path.p[path.n - 1] != '/' && !str_starts(path, STR(".")) &&
	       !memmem(path.p, path.n, "//", 2) && !memmem(path.p, path.n, "/.", 2);
}

int collector_add(struct collector *c, enum tar_type type, struct str raw_path, struct str link,
	uint64_t size, const struct body *body, struct err *err)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct str path = raw_path;

	while (str_skip_prefix(&path, STR("./")) || str_skip_prefix(&path, STR("/")))
		continue;
	if (type == TAR_DIR && str_ends(path, STR("/")))
		path.n--;
	if (!is_plain(path))
		path = path_normalize(&scratch, path);
	return add_normalized(c, type, path, link, size, body, err);
}

/* Parses a database; that it cannot be parsed is a fact too. */
static void read_database(
	const struct collector *c, const struct kept *k, struct fact *fact, struct layer_facts *out)
{
	struct err why = ERR_INIT;
	struct package_db_content in = { .path = k->path, .main = buf_span(&k->content->bytes) };

	if (k->wanted.driver->companion_suffix) {
		_cleanup_arena_ struct arena scratch = ARENA_INIT;
		struct str path = arena_printf(&scratch, "%" PRIstr "%s", STR_ARG(k->path),
			k->wanted.driver->companion_suffix);
		struct str key = key_of(&scratch, FACT_DATABASE, false, path);
		const struct kept *companion = map_get(&c->by_key, key);

		if (companion && companion->content)
			in.companion = buf_span(&companion->content->bytes);
	}
	fact->driver = k->wanted.driver;
	if (k->wanted.driver->parse(&in, &out->arena, &fact->packages, &why) < 0) {
		fact->packages.items.n = 0;
		fact->error = arena_str(&out->arena, str_of(err_msg(&why)));
		err_clear(&why);
	}
}

int collector_finish(struct collector *c, struct layer_facts *out, struct err *err UNUSED)
{
	vec_for_each(it, &c->kept) {
		struct kept *k = *it;
		struct fact fact = { .kind = k->kind, .path = arena_str(&out->arena, k->path) };

		if (k->wanted.role == WANTED_COMPANION)
			continue;
		fact.target = arena_str(&out->arena, k->target);
		if (k->kind == FACT_RELEASE)
			distro_read_file(k->wanted.like, buf_str(&k->content->bytes), &out->arena,
				&fact.release);
		if (k->kind == FACT_DATABASE)
			read_database(c, k, &fact, out);
		vec_push(&out->facts, fact);
	}
	return 0;
}
