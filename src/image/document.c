/*
 * Image documents: OCI index and manifest (https://github.com/opencontainers/image-spec:
 * image-index.md, manifest.md), image configuration (config.md), and the manifest.json of docker
 * save (a list of {Config, RepoTags, Layers}). One reader takes them all: their members do not
 * clash. Unknown members are skipped; of several of one name the last counts, as for the runtimes.
 */
#include "image/image_priv.h"

void document_init(struct document *d)
{
	*d = (struct document){ .arena = ARENA_INIT };
}

void document_fini(struct document *d)
{
	vec_for_each(image, &d->docker_images) {
		vec_fini(&image->tags);
		vec_fini(&image->layers);
	}
	vec_fini(&d->docker_images);
	vec_fini(&d->manifests);
	vec_fini(&d->layers);
	vec_fini(&d->diff_ids);
	arena_fini(&d->arena);
}

/* --- reading JSON
 * ------------------------------------------------------------------------------------------- */

/* A list of strings, or null. */
static int read_strings(
	struct json_reader *r, struct arena *a, struct str_vec *out, struct err *err)
{
	struct json_token t;
	int code = json_next(r, &t, err);

	vec_clear(out);
	if (code <= 0 || t.type == JSON_NULL)
		return code < 0 ? code : 0;
	if (t.type != JSON_ARRAY_BEGIN)
		return err_set(err, ERR_INPUT, "expected a list of strings, found %s",
			json_type_to_str(t.type));
	while ((code = json_next(r, &t, err)) > 0 && t.type != JSON_ARRAY_END) {
		if (t.type != JSON_STRING)
			return err_set(err, ERR_INPUT, "expected a string, found %s",
				json_type_to_str(t.type));
		vec_push(out, arena_str(a, t.text));
	}
	return code < 0 ? code : 0;
}

/*
 * Enters an object, or skips null: 1 or 0. Anything else is skipped too (0), since the members of
 * other documents may have the same name with another type.
 */
static int enter_object(struct json_reader *r, struct err *err)
{
	struct json_token t;
	int code = json_next(r, &t, err);

	if (code <= 0)
		return code;
	if (t.type == JSON_ARRAY_BEGIN) {
		code = json_skip_container(r, err);
		return code < 0 ? code : 0;
	}
	return t.type == JSON_OBJECT_BEGIN;
}

static int read_platform_member(
	struct json_reader *r, struct arena *a, struct str key, struct platform *p, struct err *err)
{
	if (str_eq(key, STR("os")))
		return json_read_string(r, a, &p->os, err);
	if (str_eq(key, STR("architecture")))
		return json_read_string(r, a, &p->architecture, err);
	if (str_eq(key, STR("variant")))
		return json_read_string(r, a, &p->variant, err);
	return json_skip_value(r, err);
}

static int read_platform(
	struct json_reader *r, struct arena *a, struct platform *p, struct err *err)
{
	struct str key;
	int code = enter_object(r, err);

	if (code <= 0)
		return code;
	while ((code = json_next_key(r, NULL, &key, err)) > 0) {
		code = read_platform_member(r, a, key, p, err);
		if (code < 0)
			return code;
	}
	return code;
}

static int read_annotations(
	struct json_reader *r, struct arena *a, struct str *ref_name, struct err *err)
{
	struct str key;
	int code = enter_object(r, err);

	if (code <= 0)
		return code;
	while ((code = json_next_key(r, NULL, &key, err)) > 0) {
		bool is_ref = str_eq(key, STR("org.opencontainers.image.ref.name"));
		bool is_name = str_eq(key, STR("io.containerd.image.name"));

		if (is_ref || (is_name && ref_name->n == 0))
			code = json_read_string(r, a, ref_name, err);
		else
			code = json_skip_value(r, err);
		if (code < 0)
			return code;
	}
	return code;
}

/* A descriptor whose "{" was read. */
static int read_descriptor(
	struct json_reader *r, struct arena *a, struct descriptor *d, struct err *err)
{
	struct str key;
	int code;

	while ((code = json_next_key(r, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("mediaType")))
			code = json_read_string(r, a, &d->media_type, err);
		else if (str_eq(key, STR("digest")))
			code = json_read_string(r, a, &d->digest, err);
		else if (str_eq(key, STR("size")))
			code = json_read_u64(r, &d->size, err);
		else if (str_eq(key, STR("platform")))
			code = read_platform(r, a, &d->platform, err);
		else if (str_eq(key, STR("annotations")))
			code = read_annotations(r, a, &d->ref_name, err);
		else
			code = json_skip_value(r, err);
		if (code < 0)
			return code;
	}
	return code;
}

static int read_descriptors(
	struct json_reader *r, struct arena *a, struct descriptor_vec *out, struct err *err)
{
	struct json_token t;
	int code = json_next(r, &t, err);

	vec_clear(out);
	if (code <= 0 || t.type == JSON_NULL)
		return code < 0 ? code : 0;
	if (t.type != JSON_ARRAY_BEGIN)
		return err_set(err, ERR_INPUT, "expected a list of descriptors, found %s",
			json_type_to_str(t.type));
	while ((code = json_next(r, &t, err)) > 0 && t.type != JSON_ARRAY_END) {
		struct descriptor d = { 0 };

		if (t.type != JSON_OBJECT_BEGIN)
			return err_set(err, ERR_INPUT, "expected a descriptor, found %s",
				json_type_to_str(t.type));
		code = read_descriptor(r, a, &d, err);
		if (code < 0)
			return code;
		vec_push(out, d);
	}
	return code < 0 ? code : 0;
}

static int read_rootfs(struct json_reader *r, struct document *d, struct err *err)
{
	struct str key;
	int code = enter_object(r, err);

	if (code <= 0)
		return code;
	while ((code = json_next_key(r, NULL, &key, err)) > 0) {
		code = str_eq(key, STR("diff_ids")) ? read_strings(r, &d->arena, &d->diff_ids, err)
						    : json_skip_value(r, err);
		if (code < 0)
			return code;
	}
	return code;
}

static int read_config_descriptor(struct json_reader *r, struct document *d, struct err *err)
{
	int code = enter_object(r, err);

	return code <= 0 ? code : read_descriptor(r, &d->arena, &d->config, err);
}

static int read_object(struct json_reader *r, struct document *d, struct err *err)
{
	struct str key;
	int code;

	while ((code = json_next_key(r, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("mediaType")))
			code = json_read_string(r, &d->arena, &d->media_type, err);
		else if (str_eq(key, STR("config")))
			code = read_config_descriptor(r, d, err);
		else if (str_eq(key, STR("manifests")))
			code = read_descriptors(r, &d->arena, &d->manifests, err);
		else if (str_eq(key, STR("layers")))
			code = read_descriptors(r, &d->arena, &d->layers, err);
		else if (str_eq(key, STR("rootfs")))
			code = read_rootfs(r, d, err);
		else
			code = read_platform_member(r, &d->arena, key, &d->platform, err);
		if (code < 0)
			return code;
	}
	return code;
}

static int read_docker_image(struct json_reader *r, struct document *d, struct err *err)
{
	struct docker_image image = { 0 };
	struct str key;
	int code;

	while ((code = json_next_key(r, NULL, &key, err)) > 0) {
		if (str_eq(key, STR("Config")))
			code = json_read_string(r, &d->arena, &image.config, err);
		else if (str_eq(key, STR("RepoTags")))
			code = read_strings(r, &d->arena, &image.tags, err);
		else if (str_eq(key, STR("Layers")))
			code = read_strings(r, &d->arena, &image.layers, err);
		else
			code = json_skip_value(r, err);
		if (code < 0)
			break;
	}
	vec_push(&d->docker_images, image);
	return code;
}

static int read_docker_manifest(struct json_reader *r, struct document *d, struct err *err)
{
	struct json_token t;
	int code;

	d->is_docker_manifest = true;
	while ((code = json_next(r, &t, err)) > 0 && t.type != JSON_ARRAY_END) {
		if (t.type != JSON_OBJECT_BEGIN)
			return err_set(err, ERR_INPUT, "expected an image, found %s",
				json_type_to_str(t.type));
		code = read_docker_image(r, d, err);
		if (code < 0)
			return code;
	}
	return code < 0 ? code : 0;
}

int document_parse(struct stream *in, struct document *d, struct err *err)
{
	_cleanup_(json_reader_freep) struct json_reader *r = json_reader_new(in);
	struct json_token t;
	int code = json_next(r, &t, err);

	if (code < 0)
		return code;
	if (t.type == JSON_ARRAY_BEGIN)
		code = read_docker_manifest(r, d, err);
	else if (t.type == JSON_OBJECT_BEGIN)
		code = read_object(r, d, err);
	else
		code = err_set(err, ERR_INPUT, "expected an object or a list, found %s",
			json_type_to_str(t.type));
	if (code < 0)
		return code;
	/* Nothing but white space may follow. */
	return json_next(r, &t, err);
}

/* --- the byte form that leaves the worker
 * ------------------------------------------------------------------- */

static void put_strings(struct buf *out, const struct str_vec *l)
{
	buf_append_u32(out, (uint32_t)l->n);
	vec_for_each(s, l)
		buf_append_lstr(out, *s);
}

static void put_platform(struct buf *out, const struct platform *p)
{
	buf_append_lstr(out, p->os);
	buf_append_lstr(out, p->architecture);
	buf_append_lstr(out, p->variant);
}

static void put_descriptor(struct buf *out, const struct descriptor *d)
{
	buf_append_lstr(out, d->media_type);
	buf_append_lstr(out, d->digest);
	buf_append_u64(out, d->size);
	put_platform(out, &d->platform);
	buf_append_lstr(out, d->ref_name);
}

static void put_descriptors(struct buf *out, const struct descriptor_vec *l)
{
	buf_append_u32(out, (uint32_t)l->n);
	vec_for_each(d, l)
		put_descriptor(out, d);
}

void document_encode(const struct document *d, struct buf *out)
{
	buf_append_lstr(out, d->media_type);
	put_descriptor(out, &d->config);
	put_descriptors(out, &d->manifests);
	put_descriptors(out, &d->layers);
	put_platform(out, &d->platform);
	put_strings(out, &d->diff_ids);
	buf_append_u8(out, d->is_docker_manifest);
	buf_append_u32(out, (uint32_t)d->docker_images.n);
	vec_for_each(image, &d->docker_images) {
		buf_append_lstr(out, image->config);
		put_strings(out, &image->tags);
		put_strings(out, &image->layers);
	}
}

static struct str get_str(struct reader *r, struct arena *a)
{
	return arena_str(a, reader_lstr(r));
}

static void get_strings(struct reader *r, struct arena *a, struct str_vec *l)
{
	uint32_t n = reader_be32(r);

	for (uint32_t i = 0; i < n && reader_ok(r); i++)
		vec_push(l, get_str(r, a));
}

static void get_platform(struct reader *r, struct arena *a, struct platform *p)
{
	p->os = get_str(r, a);
	p->architecture = get_str(r, a);
	p->variant = get_str(r, a);
}

static struct descriptor get_descriptor(struct reader *r, struct arena *a)
{
	struct descriptor d = { 0 };

	d.media_type = get_str(r, a);
	d.digest = get_str(r, a);
	d.size = reader_be64(r);
	get_platform(r, a, &d.platform);
	d.ref_name = get_str(r, a);
	return d;
}

static void get_descriptors(struct reader *r, struct arena *a, struct descriptor_vec *l)
{
	uint32_t n = reader_be32(r);

	for (uint32_t i = 0; i < n && reader_ok(r); i++)
		vec_push(l, get_descriptor(r, a));
}

int document_decode(struct span encoded, struct document *d, struct err *err)
{
	struct reader r = reader_of(encoded);

	d->media_type = get_str(&r, &d->arena);
	d->config = get_descriptor(&r, &d->arena);
	get_descriptors(&r, &d->arena, &d->manifests);
	get_descriptors(&r, &d->arena, &d->layers);
	get_platform(&r, &d->arena, &d->platform);
	get_strings(&r, &d->arena, &d->diff_ids);
	uint8_t is_docker_manifest = reader_u8(&r);
	d->is_docker_manifest = is_docker_manifest == 1;
	r.failed = r.failed || is_docker_manifest > 1;
	uint32_t n = reader_be32(&r);
	for (uint32_t i = 0; i < n && reader_ok(&r); i++) {
		struct docker_image image = { .config = get_str(&r, &d->arena) };

		get_strings(&r, &d->arena, &image.tags);
		get_strings(&r, &d->arena, &image.layers);
		vec_push(&d->docker_images, image);
	}
	return reader_ok(&r) && r.n == 0
		       ? 0
		       : err_set(err, ERR_INPUT, "the reader of manifests answers nonsense");
}

/* --- the job
 * ------------------------------------------------------------------------------------------------
 */

static int run_document(const struct sandbox_io *io, struct span params UNUSED, struct err *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT(16 * LIMIT_MANIFEST);
	struct document d;

	document_init(&d);
	int r = document_parse(io->input, &d, err);
	if (r == 0) {
		document_encode(&d, &out);
		r = buf_check(&out, "manifest", err);
	}
	if (r == 0)
		r = sandbox_emit(io, 1, buf_span(&out), err);
	document_fini(&d);
	return r;
}

const struct sandbox_job image_document_job = { .name = "manifest reader", .run = run_document };

static int take_frame(void *ctx, uint8_t type UNUSED, struct span payload, struct err *err)
{
	buf_append(ctx, payload.p, payload.n);
	return buf_check(ctx, "manifest", err);
}

int document_read(struct span content, struct str name, struct document *d, struct err *err)
{
	_cleanup_buf_ struct buf encoded = BUF_INIT(16 * LIMIT_MANIFEST);
	struct stream_mem in;

	stream_mem_init(&in, content, 0);
	int r = sandbox_run(&image_document_job, (struct span){ 0 }, -1, &in.stream,
		sandbox_limits_for(content.n), take_frame, &encoded, err);
	if (r == 0)
		r = document_decode(buf_span(&encoded), d, err);
	return r < 0 ? err_wrap(err, "%" PRIstr, STR_ARG(name)) : 0;
}
