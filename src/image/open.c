/*
 * Recognises a target and opens it: by the prefix it was given, else by what it is.
 */
#include "image/image_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const char *const kind_names[IMAGE_KIND_COUNT] = {
	[IMAGE_AUTO] = "auto",
	[IMAGE_DOCKER_ARCHIVE] = "docker-archive",
	[IMAGE_OCI_LAYOUT] = "oci-layout",
	[IMAGE_LAYER] = "layer",
	[IMAGE_DIRECTORY] = "dir",
};

const char *image_kind_to_str(enum image_kind k)
{
	return (size_t)k < IMAGE_KIND_COUNT ? kind_names[k] : "?";
}

/* --- access to what was opened
 * ------------------------------------------------------------------------------ */

bool source_has(const struct source *s, struct str name)
{
	if (!s->is_directory)
		return members_get(&s->members, name) != NULL;
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	struct stat st;

	return fstatat(s->fd, arena_cstr(&scratch, name), &st, 0) == 0 && S_ISREG(st.st_mode);
}

static int open_in_layout(const struct source *s, struct str name, uint64_t *size, struct err *err)
{
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	const char *path = arena_cstr(&scratch, name);
	struct stat st;

	_cleanup_close_ int fd =
		openat(s->fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return err_set_errno(
			err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
	if (fstat(fd, &st) < 0)
		return err_set_errno(err, ERR_IO, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file", path);
	*size = (uint64_t)st.st_size;
	return take_fd(&fd);
}

static int read_range(
	int fd, uint64_t offset, uint64_t size, struct str name, struct buf *out, struct err *err)
{
	void *to = size <= out->max ? buf_reserve(out, (size_t)size) : NULL;

	if (!to)
		return err_set(err, ERR_TOO_LARGE,
			"%" PRIstr ": a manifest of %" PRIu64 " bytes, at most %" PRIu64,
			STR_ARG(name), size, LIMIT_MANIFEST);
	ssize_t n = io_pread_full(fd, to, (size_t)size, offset, "manifest", err);
	if (n < 0)
		return (int)n;
	if ((uint64_t)n < size)
		return err_set(err, ERR_INPUT, "%" PRIstr ": truncated", STR_ARG(name));
	buf_commit(out, (size_t)n);
	return 0;
}

int source_document(struct source *s, struct str name, struct buf *out, struct err *err)
{
	if (s->is_directory) {
		uint64_t size;
		_cleanup_close_ int fd = open_in_layout(s, name, &size, err);

		return fd < 0 ? fd : read_range(fd, 0, size, name, out, err);
	}
	const struct member *m = members_get(&s->members, name);
	if (!m)
		return err_set(err, ERR_NOT_FOUND, "%" PRIstr " is not in it", STR_ARG(name));
	if (m->is_document) {
		buf_append_str(out, m->content);
		return buf_check(out, "manifest", err);
	}
	if (m->offset == UINT64_MAX || s->public.streamed)
		return err_set(err, ERR_INPUT, "%" PRIstr " is no manifest", STR_ARG(name));
	return read_range(s->fd, m->offset, m->size, name, out, err);
}

struct image *source_add_image(struct source *s, struct str name)
{
	struct image image = { .name = arena_str(&s->arena, name) };

	vec_push(&s->public.images, image);
	return &s->public.images.v[s->public.images.n - 1];
}

int source_check_images(const struct source *s, struct err *err)
{
	return s->public.images.n < LIMIT_IMAGES
		       ? 0
		       : err_set(err, ERR_TOO_LARGE, "more than %d images", LIMIT_IMAGES);
}

struct str image_member_name(const struct image_source *source, struct str name)
{
	const struct member *m = members_get(&((const struct source *)source)->members, name);

	return m ? m->name : name;
}

int image_source_fd(const struct image_source *source)
{
	const struct source *s = (const struct source *)source;

	return s->is_directory || source->kind == IMAGE_DIRECTORY ? -1 : s->fd;
}

int image_layer_open(const struct image_source *source, const struct image_layer *l,
	uint64_t *offset, uint64_t *size, struct err *err)
{
	const struct source *s = (const struct source *)source;

	if (s->is_directory) {
		int fd = open_in_layout(s, l->name, size, err);

		if (fd >= 0 && *size != l->size) {
			(void)close(fd);
			return err_set(err, ERR_MISMATCH,
				"it has %" PRIu64 " bytes, its manifest says %" PRIu64, *size,
				l->size);
		}
		*offset = 0;
		return fd;
	}
	if (l->offset == UINT64_MAX)
		return err_set(err, ERR_UNSUPPORTED, "%" PRIstr " is stored as a sparse file",
			STR_ARG(l->name));
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_set_errno(err, ERR_IO, errno, "%" PRIstr, STR_ARG(l->name));
	*offset = l->offset;
	*size = l->size;
	return fd;
}

/* --- opening
 * --------------------------------------------------------------------------------------------------
 */

/* The target's own name, or with the image's behind it when there are several. */
static void name_images(struct source *s)
{
	vec_for_each(image, &s->public.images) {
		if (s->public.images.n > 1 && image->name.n)
			image->name = arena_printf(&s->arena, "%" PRIstr " (%" PRIstr ")",
				STR_ARG(s->target), STR_ARG(image->name));
		else
			image->name = s->target;
	}
}

/* A tag chooses among the images of an archive or layout. */
static int refuse_tag(const struct source *s, struct err *err)
{
	if (s->tag.n == 0)
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		"there is no image \"%" PRIstr "\": it is a %s, which has no tags", STR_ARG(s->tag),
		s->public.kind == IMAGE_DIRECTORY ? "directory" : "layer");
}

static void become_layer(struct source *s)
{
	s->public.kind = IMAGE_LAYER;
	s->public.streamed = false;
	struct image *image = source_add_image(s, s->target);
	vec_push(&image->layers,
		(struct image_layer){
			.name = str_of(s->public.path), .offset = 0, .size = s->public.size });
}

/* From the members to the images: 1 when they are no archive's. */
static int resolve(struct source *s, struct err *err)
{
	members_find_root(&s->members);
	bool docker = source_has(s, STR("manifest.json")), oci = source_has(s, STR("index.json"));
	int r;

	if (s->public.kind == IMAGE_AUTO && !docker && !oci)
		return 1;
	if (s->public.kind == IMAGE_AUTO)
		s->public.kind = docker ? IMAGE_DOCKER_ARCHIVE : IMAGE_OCI_LAYOUT;
	r = s->public.kind == IMAGE_DOCKER_ARCHIVE ? docker_resolve(s, err) : oci_resolve(s, err);
	name_images(s);
	return r;
}

static int open_archive(struct source *s, struct err *err)
{
	uint8_t head[8];
	ssize_t n = io_pread_full(s->fd, head, sizeof(head), 0, s->public.path, err);

	if (n < 0)
		return (int)n;
	if (s->public.kind == IMAGE_LAYER) {
		become_layer(s);
		return 0;
	}
	if (compression_detect(span_n(head, (size_t)n)) != COMPRESSION_NONE) {
		s->public.streamed = true;
		return 0;
	}
	int r = archive_index(s->fd, s->public.size, s->forced, &s->members, err);
	if (r == 0)
		r = resolve(s, err);
	if (r == 1) {
		r = refuse_tag(s, err);
		if (r == 0)
			become_layer(s);
	}
	return r;
}

int image_source_stream(struct image_source *source, struct stream *in,
	struct image_member_sink *sink, struct err *err)
{
	struct source *s = (struct source *)source;
	int r = archive_stream(in, source->size, s->forced, &s->members, sink, err);

	if (r == 0)
		r = resolve(s, err);
	if (r == 1 && refuse_tag(s, err) < 0)
		r = -(int)ERR_NOT_FOUND;
	if (r == 1)
		become_layer(s);
	return r < 0 ? err_wrap(err, "%" PRIstr, STR_ARG(s->target)) : r;
}

static int open_directory(struct source *s, struct err *err)
{
	struct stat st;

	if (s->public.kind == IMAGE_AUTO)
		s->public.kind = fstatat(s->fd, "oci-layout", &st, 0) == 0 &&
						 fstatat(s->fd, "index.json", &st, 0) == 0
					 ? IMAGE_OCI_LAYOUT
					 : IMAGE_DIRECTORY;
	if (s->public.kind == IMAGE_DIRECTORY) {
		int tagged = refuse_tag(s, err);

		if (tagged < 0)
			return tagged;
		(void)source_add_image(s, s->target);
		return 0;
	}
	if (s->public.kind != IMAGE_OCI_LAYOUT)
		return err_set(err, ERR_UNSUPPORTED, "a directory is no %s",
			image_kind_to_str(s->public.kind));
	s->is_directory = true;
	int r = oci_resolve(s, err);
	name_images(s);
	return r;
}

/* The path, and the tag behind it when the path as a whole does not exist. */
static void split_tag(struct source *s, struct str path)
{
	struct str before, tag;
	const char *whole = arena_cstr(&s->arena, path);

	s->public.path = whole;
	if (access(whole, F_OK) == 0 || s->public.kind == IMAGE_LAYER ||
		s->public.kind == IMAGE_DIRECTORY)
		return;
	/* A tag may itself be "registry:5000/name:tag": the shortest path that exists counts. */
	for (size_t i = 1; i < path.n; i++) {
		if (path.p[i] != ':')
			continue;
		before = str_head(path, i);
		tag = str_skip(path, i + 1);
		const char *shorter = arena_cstr(&s->arena, before);
		if (access(shorter, F_OK) == 0 && tag.n) {
			s->public.path = shorter;
			s->tag = arena_str(&s->arena, tag);
			return;
		}
	}
}

static void split_prefix(struct source *s)
{
	struct str path = s->target;

	for (int k = IMAGE_AUTO + 1; k < IMAGE_KIND_COUNT; k++) {
		struct str rest = s->target;

		if (str_skip_prefix(&rest, str_of(kind_names[k])) &&
			str_skip_prefix(&rest, STR(":"))) {
			s->public.kind = (enum image_kind)k;
			s->forced = true;
			path = rest;
		}
	}
	split_tag(s, path);
}

static int open_target(struct source *s, struct err *err)
{
	struct stat st;

	if (stat(s->public.path, &st) < 0)
		return err_set_errno(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "open");
	bool directory = S_ISDIR(st.st_mode);
	if (!directory && !S_ISREG(st.st_mode))
		return err_set(err, ERR_UNSUPPORTED, "neither a regular file nor a directory");
	if (!directory && s->public.kind == IMAGE_DIRECTORY)
		return err_set(err, ERR_UNSUPPORTED, "not a directory");
	s->fd = open(s->public.path, O_CLOEXEC | (directory ? O_PATH | O_DIRECTORY : O_RDONLY));
	if (s->fd < 0)
		return err_set_errno(err, ERR_IO, errno, "open");
	if (directory)
		return open_directory(s, err);
	s->public.size = (uint64_t)st.st_size;
	if (st.st_size == 0)
		return err_set(err, ERR_INPUT, "the file is empty");
	return open_archive(s, err);
}

int image_source_open(const char *target, const struct image_options *o, struct image_source **out,
	struct err *err)
{
	struct source *s = xcalloc(1, sizeof(*s));
	int r = 0;

	*s = (struct source){ .arena = ARENA_INIT, .fd = -1, .want = platform_host() };
	members_init(&s->members);
	s->target = arena_str(&s->arena, str_of(target));
	s->public.kind = o->kind;
	s->forced = o->kind != IMAGE_AUTO;
	s->platform_given = o->platform != NULL;
	split_prefix(s);
	if (o->platform)
		r = platform_parse(arena_str(&s->arena, str_of(o->platform)), &s->want, err);
	if (r == 0) {
		r = open_target(s, err);
		if (r < 0)
			r = err_wrap(err, "%s", target);
	}
	if (r < 0) {
		image_source_close(&s->public);
		return r;
	}
	*out = &s->public;
	return 0;
}

void image_source_release(struct image_source *source)
{
	struct source *s = (struct source *)source;

	cleanup_close(&s->fd);
	s->fd = -1;
}

void image_source_close(struct image_source *source)
{
	struct source *s = (struct source *)source;

	if (!s)
		return;
	vec_for_each(image, &source->images)
		vec_fini(&image->layers);
	vec_fini(&source->images);
	members_fini(&s->members);
	cleanup_close(&s->fd);
	arena_fini(&s->arena);
	free(s);
}
