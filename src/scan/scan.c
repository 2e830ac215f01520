/*
 * The sequence of a scan.
 */
#include "scan/scan_priv.h"

/* Links may lead to links: how often layers are analyzed again for where they lead. */
enum { EXTRA_ROUNDS_MAX = 4 };

const struct sandbox_job *const scan_jobs[] = { &analyze_layer_job, &analyze_files_job,
	&image_index_job, &image_unpack_job, &image_document_job, NULL };

struct scan *scan_new(const struct scan_options *o)
{
	struct scan *s = xcalloc(1, sizeof(*s));

	s->options = *o;
	return s;
}

static void image_scan_free(struct image_scan *image)
{
	vec_for_each(l, &image->layers) {
		layer_facts_fini(&l->facts);
		err_clear(&l->error);
	}
	vec_fini(&image->layers);
	vec_fini(&image->matches.items);
	view_fini(&image->view);
	arena_fini(&image->arena);
	free(image);
}

void scan_free(struct scan *s)
{
	if (!s)
		return;
	vec_for_each(t, &s->report.targets)
		report_target_fini(t);
	vec_fini(&s->report.targets);
	vec_for_each(image, &s->images)
		image_scan_free(*image);
	vec_fini(&s->images);
	vec_for_each(source, &s->sources)
		image_source_close(*source);
	vec_fini(&s->sources);
	free(s);
}

struct report *scan_report(struct scan *s)
{
	return &s->report;
}

/* Folds the layers that are there. */
static void build_view(struct image_scan *image)
{
	VEC_OF(const struct layer_facts *) chain = VEC_INIT;

	view_fini(&image->view);
	/* A layer that failed is empty here: what the others say is still worth reporting. */
	vec_for_each(l, &image->layers)
		vec_push(&chain, &l->facts);
	view_build(chain.v, chain.n, &image->view);
	vec_fini(&chain);
}

/* Adds what the view misses to extras, in memory of a. */
static void add_missing(const struct view *v, struct arena *a, struct wanted_extras *extras)
{
	vec_for_each(e, &v->missing.items)
		vec_push(&extras->items, (struct wanted_extra){ .path = arena_str(a, e->path),
						 .like = arena_str(a, e->like) });
}

/* Facts for another round, with what the view misses searched for as well. */
static void forget_facts(
	struct scan *s, struct image_scan *image, const struct wanted_extras *extras)
{
	vec_for_each(l, &image->layers) {
		if (!l->done || layer_facts_cover(&l->facts, extras))
			continue;
		atomic_fetch_sub(&s->facts_bytes, layer_facts_cost(&l->facts));
		layer_facts_fini(&l->facts);
		layer_facts_init(&l->facts);
		l->done = l->from_cache = false;
	}
}

static void analyze_and_fold(
	struct scan *s, const struct image_source *source, struct image_scan *image)
{
	struct wanted_extras extras = { .items = VEC_INIT };

	layers_analyze(s, source, &image->layers, NULL);
	build_view(image);
	for (int round = 0; round < EXTRA_ROUNDS_MAX && image->view.missing.items.n; round++) {
		add_missing(&image->view, &image->arena, &extras);
		forget_facts(s, image, &extras);
		layers_analyze(s, source, &image->layers, &extras);
		build_view(image);
	}
	vec_fini(&extras.items);
}

/* The digest that the layer goes by in the report. */
static struct str layer_name(struct image_scan *image, const struct layer_scan *l)
{
	char text[DIGEST_TEXT_SIZE];

	if (!l->layer)
		return STR_NULL;
	if (l->layer->digest.n || !l->has_stored)
		return l->layer->digest;
	digest_format(&l->stored, text);
	return arena_str(&image->arena, str_of(text));
}

static void add_errors(struct image_scan *image, struct report_target *t)
{
	for (size_t i = 0; i < image->layers.n; i++) {
		const struct layer_scan *l = &image->layers.v[i];

		if (l->error.code != ERR_NONE)
			vec_push(&t->errors,
				(struct report_error){
					.layer = t->layers.n ? t->layers.v[i] : STR_NULL,
					.message = str_of(err_msg(&l->error)) });
	}
	vec_for_each(e, &image->view.errors)
		vec_push(&t->errors,
			(struct report_error){
				.layer = t->layers.n ? t->layers.v[e->layer] : STR_NULL,
				.message = arena_printf(&image->arena, "%" PRIstr ": %" PRIstr,
					STR_ARG(e->database), STR_ARG(e->reason)) });
	if (image->view.missing.items.n)
		vec_push(&t->errors,
			(struct report_error){
				.message = arena_printf(&image->arena,
					"links lead to %" PRIstr ", which was not read",
					STR_ARG(image->view.missing.items.v[0].path)) });
}

static void report_image(
	struct scan *s, const struct image *from, enum image_kind kind, struct image_scan *image)
{
	struct report_target t;
	struct err why = ERR_INIT;

	report_target_init(&t);
	t.target = from->name;
	t.digest = from->digest;
	vec_for_each(l, &image->layers) {
		if (l->layer)
			vec_push(&t.layers, layer_name(image, l));
	}
	if (kind == IMAGE_LAYER)
		t.digest = t.layers.v[0];
	t.has_distro = image->view.has_distro;
	t.distro = image->view.distro;
	add_errors(image, &t);
	/* What was found of the image, and the other images, are still worth reporting. */
	if (match_view(s, image, &t, &why) < 0)
		vec_push(&t.errors, (struct report_error){ .message = arena_str(&image->arena,
								   str_of(err_msg(&why))) });
	err_clear(&why);
	vec_push(&s->report.targets, t);
}

static struct image_scan *image_scan_new(
	const struct image_source *source, const struct image *from)
{
	struct image_scan *image = xcalloc(1, sizeof(*image));
	size_t n = source->kind == IMAGE_DIRECTORY ? 1 : from->layers.n;

	for (size_t i = 0; i < n; i++) {
		struct layer_scan l = {
			.layer = source->kind == IMAGE_DIRECTORY ? NULL : &from->layers.v[i]
		};

		layer_facts_init(&l.facts);
		vec_push(&image->layers, l);
	}
	return image;
}

static void scan_source(struct scan *s, const struct image_source *source)
{
	for (size_t i = 0; i < source->images.n; i++) {
		struct image_scan *image = image_scan_new(source, &source->images.v[i]);

		vec_push(&s->images, image);
		analyze_and_fold(s, source, image);
		report_image(s, &source->images.v[i], source->kind, image);
	}
}

/* Images of a source that was read through, reported when nothing is missing in any (or this is the
 * last round). */
static bool report_streamed(struct scan *s, const struct image_source *source,
	struct streamed_layers *streamed, bool last_round, struct arena *a,
	struct wanted_extras *extras)
{
	VEC_OF(struct image_scan *) images = VEC_INIT;
	size_t missing = extras->items.n;

	for (size_t i = 0; i < source->images.n; i++) {
		struct image_scan *image = image_scan_new(source, &source->images.v[i]);

		vec_for_each(l, &image->layers)
			streamed_layers_take(streamed, source, l);
		build_view(image);
		add_missing(&image->view, a, extras);
		vec_push(&images, image);
	}
	missing = extras->items.n - missing;
	for (size_t i = 0; i < images.n; i++) {
		if (missing && !last_round) {
			image_scan_free(images.v[i]);
			continue;
		}
		vec_push(&s->images, images.v[i]);
		layers_remember(s, &images.v[i]->layers);
		report_image(s, &source->images.v[i], source->kind, images.v[i]);
	}
	vec_fini(&images);
	return missing && !last_round;
}

/* Reads a compressed archive through; once more when links lead to where it was not searched. */
static int scan_streamed(
	struct scan *s, const char *target, struct image_source *source, struct err *err)
{
	const struct image_options o = { .platform = s->options.platform };
	struct wanted_extras extras = { .items = VEC_INIT };
	_cleanup_arena_ struct arena scratch = ARENA_INIT;
	int r = 1;

	for (int round = 0; r == 1; round++) {
		_cleanup_(streamed_layers_freep) struct streamed_layers *streamed = NULL;

		atomic_store(&s->facts_bytes, 0);
		r = streamed_layers_read(s, source, &extras, &streamed, err);
		if (r == 1) {
			scan_source(s, source);
			r = 0;
			break;
		}
		if (r == 0)
			r = report_streamed(
				s, source, streamed, round == EXTRA_ROUNDS_MAX, &scratch, &extras);
		if (r == 1) {
			struct image_source *again;

			r = image_source_open(target, &o, &again, err);
			if (r == 0) {
				vec_push(&s->sources, again);
				source = again;
				r = 1;
			}
		}
	}
	vec_fini(&extras.items);
	return r;
}

int scan_add(struct scan *s, const char *target, struct err *err)
{
	const struct image_options o = { .platform = s->options.platform };
	struct image_source *source;
	int r = image_source_open(target, &o, &source, err);

	if (r < 0)
		return r;
	vec_push(&s->sources, source);
	atomic_store(&s->facts_bytes, 0);
	if (source->streamed)
		r = scan_streamed(s, target, source, err);
	else
		scan_source(s, source);
	/* What the report points to stays, the files need not. */
	vec_for_each(it, &s->sources)
		image_source_release(*it);
	return r;
}
