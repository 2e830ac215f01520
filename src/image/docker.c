/*
 * docker save archives: manifest.json lists the images, each with its configuration and its layers
 * as member names; the configuration (rootfs.diff_ids) has the SHA-256 of each uncompressed layer.
 */
#include "image/image_priv.h"

static int add_layers(struct source *s, const struct docker_image *from,
	const struct document *config, struct image *image, struct err *err)
{
	if (from->layers.n != config->diff_ids.n)
		return err_set(err, ERR_INPUT, "%zu layers, but %zu of them in the configuration",
			from->layers.n, config->diff_ids.n);
	if (from->layers.n > LIMIT_LAYERS)
		return err_set(err, ERR_TOO_LARGE, "%zu layers, at most %d are read",
			from->layers.n, LIMIT_LAYERS);
	for (size_t i = 0; i < from->layers.n; i++) {
		struct str name = path_normalize(&s->arena, from->layers.v[i]);
		const struct member *m = members_get(&s->members, name);
		struct digest ignored;

		if (!m)
			return err_set(err, ERR_INPUT, "layer %" PRIstr " is not in the archive",
				STR_ARG(from->layers.v[i]));
		int r = digest_parse(config->diff_ids.v[i], &ignored, err);
		if (r < 0)
			return err_wrap(err, "layer %" PRIstr, STR_ARG(name));
		vec_push(&image->layers,
			(struct image_layer){ .digest = arena_str(&s->arena, config->diff_ids.v[i]),
				.is_diff_id = true,
				.name = m->name,
				.offset = m->offset,
				.size = m->size });
	}
	return 0;
}

static int add_image(struct source *s, const struct docker_image *from, struct err *err)
{
	_cleanup_buf_ struct buf raw = BUF_INIT(LIMIT_MANIFEST);
	struct str config_name = path_normalize(&s->arena, from->config);
	struct document config;
	char text[DIGEST_TEXT_SIZE];

	int r = source_check_images(s, err);
	if (r == 0)
		r = source_document(s, config_name, &raw, err);
	if (r < 0)
		return r;
	struct digest digest = digest_of(buf_span(&raw));
	digest_format(&digest, text);
	document_init(&config);
	r = document_read(buf_span(&raw), config_name, &config, err);
	if (r == 0) {
		struct image *image =
			source_add_image(s, from->tags.n ? from->tags.v[0] : STR_NULL);

		image->digest = arena_str(&s->arena, str_of(text));
		image->platform = (struct platform){ .os = arena_str(&s->arena, config.platform.os),
			.architecture = arena_str(&s->arena, config.platform.architecture),
			.variant = arena_str(&s->arena, config.platform.variant) };
		r = s->platform_given && !platform_matches(&s->want, &image->platform)
			    ? err_set(err, ERR_NOT_FOUND, "the image is for %" PRIstr "/%" PRIstr,
				      STR_ARG(image->platform.os),
				      STR_ARG(image->platform.architecture))
			    : add_layers(s, from, &config, image, err);
	}
	document_fini(&config);
	return r;
}

static bool has_tag(const struct docker_image *image, struct str tag)
{
	if (tag.n == 0)
		return true;
	vec_for_each(t, &image->tags) {
		struct str short_tag;

		(void)str_rcut(*t, ':', NULL, &short_tag);
		if (str_eq(*t, tag) || str_eq(short_tag, tag))
			return true;
	}
	return false;
}

int docker_resolve(struct source *s, struct err *err)
{
	_cleanup_buf_ struct buf raw = BUF_INIT(LIMIT_MANIFEST);
	struct document d;
	int r = source_document(s, STR("manifest.json"), &raw, err);

	if (r < 0)
		return r;
	document_init(&d);
	r = document_read(buf_span(&raw), STR("manifest.json"), &d, err);
	if (r == 0 && !d.is_docker_manifest)
		r = err_set(err, ERR_INPUT, "manifest.json: expected a list of images");
	for (size_t i = 0; r == 0 && i < d.docker_images.n; i++) {
		if (has_tag(&d.docker_images.v[i], s->tag))
			r = add_image(s, &d.docker_images.v[i], err);
	}
	if (r == 0 && s->public.images.n == 0)
		r = s->tag.n ? err_set(err, ERR_NOT_FOUND,
				       "there is no image \"%" PRIstr "\" in it", STR_ARG(s->tag))
			     : err_set(err, ERR_INPUT, "manifest.json lists no images");
	document_fini(&d);
	return r;
}
