/*
 * OCI image layouts (https://github.com/opencontainers/image-spec/blob/main/image-layout.md), in a
 * directory or a tar: index.json names manifests, or indexes of them for several platforms; every
 * blob is called by its digest, which is checked for everything that is read here.
 */
#include "image/image_priv.h"

/* Indexes may be nested; two are usual (the layout's own, and that of the platforms). */
enum { INDEX_DEPTH_MAX = 4 };

static struct str blob_name(struct arena *a, struct str digest)
{
	struct str algorithm, hex;

	(void)str_cut(digest, ':', &algorithm, &hex);
	return arena_printf(a, "blobs/%" PRIstr "/%" PRIstr, STR_ARG(algorithm), STR_ARG(hex));
}

/* Reads the document that a descriptor names. */
static int read_blob(
	struct source *s, const struct descriptor *d, struct document *out, struct err *err)
{
	_cleanup_buf_ struct buf raw = BUF_INIT(LIMIT_MANIFEST);
	struct digest claimed, computed;
	int r = digest_parse(d->digest, &claimed, err);

	if (r < 0)
		return r;
	struct str name = blob_name(&s->arena, d->digest);
	r = source_document(s, name, &raw, err);
	if (r < 0)
		return r;
	computed = digest_of(buf_span(&raw));
	if (!digest_eq(&claimed, &computed)) {
		char text[DIGEST_TEXT_SIZE];

		digest_format(&computed, text);
		return err_set(err, ERR_MISMATCH, "%" PRIstr ": its content has the digest %s",
			STR_ARG(name), text);
	}
	return document_read(buf_span(&raw), name, out, err);
}

/* Attestations and signatures stand among the images with the platform unknown/unknown. */
static bool is_image(const struct descriptor *d)
{
	return !str_eq(d->platform.architecture, STR("unknown"));
}

static int add_layers(
	struct source *s, const struct document *manifest, struct image *image, struct err *err)
{
	if (manifest->layers.n > LIMIT_LAYERS)
		return err_set(err, ERR_TOO_LARGE, "%zu layers, at most %d are read",
			manifest->layers.n, LIMIT_LAYERS);
	vec_for_each(d, &manifest->layers) {
		struct digest ignored;
		struct image_layer layer = { .digest = arena_str(&s->arena, d->digest),
			.size = d->size };
		int r = digest_parse(d->digest, &ignored, err);

		if (r < 0)
			return r;
		layer.name = blob_name(&s->arena, d->digest);
		if (!source_has(s, layer.name))
			return err_set(err, ERR_INPUT, "layer %" PRIstr " is not in it",
				STR_ARG(d->digest));
		if (!s->is_directory) {
			const struct member *m = members_get(&s->members, layer.name);

			layer.name = m->name;
			layer.offset = m->offset;
			if (m->size != d->size)
				return err_set(err, ERR_MISMATCH,
					"layer %" PRIstr " has %" PRIu64
					" bytes, its manifest says %" PRIu64,
					STR_ARG(d->digest), m->size, d->size);
		}
		vec_push(&image->layers, layer);
	}
	return 0;
}

static int check_platform(struct source *s, const struct document *manifest,
	const struct descriptor *d, struct platform *out, struct err *err)
{
	struct document config;
	int r;

	*out = d->platform;
	document_init(&config);
	r = read_blob(s, &manifest->config, &config, err);
	if (r == 0) {
		out->os = arena_str(
			&s->arena, config.platform.os.n ? config.platform.os : d->platform.os);
		out->architecture = arena_str(&s->arena, config.platform.architecture.n
								 ? config.platform.architecture
								 : d->platform.architecture);
		out->variant = arena_str(&s->arena,
			config.platform.variant.n ? config.platform.variant : d->platform.variant);
		if (s->platform_given && !platform_matches(&s->want, out))
			r = err_set(err, ERR_NOT_FOUND, "the image is for %" PRIstr "/%" PRIstr,
				STR_ARG(out->os), STR_ARG(out->architecture));
	}
	document_fini(&config);
	return r;
}

static int add_image(struct source *s, const struct document *manifest, const struct descriptor *d,
	struct str ref_name, struct err *err)
{
	struct platform platform;
	int r = check_platform(s, manifest, d, &platform, err);

	if (r < 0)
		return r;
	struct image *image = source_add_image(s, ref_name);
	image->digest = arena_str(&s->arena, d->digest);
	image->platform = platform;
	return add_layers(s, manifest, image, err);
}

/* Says which platforms there are instead. */
static int no_platform(const struct source *s, const struct descriptor_vec *list, struct err *err)
{
	_cleanup_buf_ struct buf have = BUF_INIT(64 * KIB);

	vec_for_each(d, list) {
		if (is_image(d))
			buf_printf(&have, "%s%" PRIstr "/%" PRIstr "%s%" PRIstr, have.n ? ", " : "",
				STR_ARG(d->platform.os), STR_ARG(d->platform.architecture),
				d->platform.variant.n ? "/" : "", STR_ARG(d->platform.variant));
	}
	return err_set(err, ERR_NOT_FOUND,
		"there is no image for %" PRIstr "/%" PRIstr "%s%" PRIstr " in it, but for %s",
		STR_ARG(s->want.os), STR_ARG(s->want.architecture), s->want.variant.n ? "/" : "",
		STR_ARG(s->want.variant), have.n ? buf_cstr(&have) : "none");
}

/*
 * Of the descriptors that are the same image for different platforms, the one that is wanted: one
 * that says so before one that does not say what it is for. A single image is taken whatever its
 * platform is, unless one was asked for.
 */
static int choose_platform(const struct source *s, const struct descriptor_vec *list,
	const struct descriptor **out, struct err *err)
{
	const struct descriptor *only = NULL, *silent = NULL;
	size_t images = 0;

	vec_for_each(d, list) {
		if (!is_image(d))
			continue;
		if (d->platform.architecture.n && platform_matches(&s->want, &d->platform)) {
			*out = d;
			return 0;
		}
		if (d->platform.architecture.n == 0 && !silent)
			silent = d;
		only = d;
		images++;
	}
	if (images == 0)
		return err_set(err, ERR_INPUT, "the index lists no images");
	if (!silent && (images > 1 || s->platform_given))
		return no_platform(s, list, err);
	*out = silent ? silent : only;
	return 0;
}

/* Follows nested indexes down to the manifest for the wanted platform. */
static int add_described(
	struct source *s, const struct descriptor *d, struct str ref_name, struct err *err)
{
	struct document documents[INDEX_DEPTH_MAX];
	int depth = 0, r = 0;
	bool found = false;

	while (r == 0 && !found && depth < INDEX_DEPTH_MAX) {
		struct document *doc = &documents[depth++];

		document_init(doc);
		r = read_blob(s, d, doc, err);
		if (r < 0)
			break;
		if (doc->manifests.n == 0) {
			found = true;
			r = add_image(s, doc, d, ref_name, err);
		} else {
			r = choose_platform(s, &doc->manifests, &d, err);
		}
	}
	if (r == 0 && !found)
		r = err_set(
			err, ERR_INPUT, "indexes are nested more than %d deep", INDEX_DEPTH_MAX);
	while (depth > 0)
		document_fini(&documents[--depth]);
	return r;
}

/* The tag of "registry/name:tag", or the whole. */
static bool names_tag(struct str ref_name, struct str tag)
{
	struct str short_tag;

	(void)str_rcut(ref_name, ':', NULL, &short_tag);
	return tag.n == 0 || str_eq(ref_name, tag) || str_eq(short_tag, tag);
}

static bool is_alone(const struct descriptor *d)
{
	return d->ref_name.n == 0 && d->platform.architecture.n == 0;
}

/* One image for each name in the index; entries of one name are platforms of one image. */
static int add_by_name(struct source *s, const struct document *index, struct err *err)
{
	_cleanup_map_ struct map done = MAP_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < index->manifests.n; i++) {
		const struct descriptor *first = &index->manifests.v[i], *chosen = first;
		struct descriptor_vec same = VEC_INIT;

		/* Without name and platform it is an image of its own. */
		bool alone = is_alone(first);

		if (!is_image(first) || !names_tag(first->ref_name, s->tag) ||
			(!alone && map_has(&done, first->ref_name)))
			continue;
		if (!alone)
			map_set(&done, first->ref_name, &done);
		for (size_t k = i; k < index->manifests.n; k++) {
			const struct descriptor *d = &index->manifests.v[k];

			if (alone ? d == first
				  : (str_eq(d->ref_name, first->ref_name) && !is_alone(d)))
				vec_push(&same, *d);
		}
		r = source_check_images(s, err);
		if (r == 0)
			r = choose_platform(s, &same, &chosen, err);
		if (r == 0)
			r = add_described(s, chosen, first->ref_name, err);
		vec_fini(&same);
	}
	return r;
}

int oci_resolve(struct source *s, struct err *err)
{
	_cleanup_buf_ struct buf raw = BUF_INIT(LIMIT_MANIFEST);
	struct document index;
	int r = source_document(s, STR("index.json"), &raw, err);

	if (r < 0)
		return r;
	document_init(&index);
	r = document_read(buf_span(&raw), STR("index.json"), &index, err);
	if (r == 0)
		r = add_by_name(s, &index, err);
	if (r == 0 && s->public.images.n == 0)
		r = s->tag.n ? err_set(err, ERR_NOT_FOUND,
				       "there is no image \"%" PRIstr "\" in it", STR_ARG(s->tag))
			     : err_set(err, ERR_INPUT, "index.json lists no images");
	document_fini(&index);
	return r;
}
