/*
 * Answers as JSON, see render.h.
 */
#include "api/render.h"

#include "api/format.h"
#include "api/json_tree.h"

static void begin(struct json_writer *w, struct buf *out)
{
	json_writer_init(w, out, JSON_WRITER_HTML_ESCAPE);
	json_object_begin(w);
}

static void end(struct json_writer *w)
{
	json_object_end(w);
	buf_append_char(w->out, '\n');
}

void render_error(struct str message, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Error");
	json_object_begin(&w);
	json_member_nonempty(&w, "Message", message);
	json_object_end(&w);
	end(&w);
}

/*
 * Metadata in Go's form: what feeds have stored may be written in another. What is no object, or
 * has no members, is left out.
 */
static void write_metadata(struct json_writer *w, struct str text)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_buf_ struct buf form = BUF_INIT(8 * MIB);
	struct json_node *root = NULL;

	if (text.n == 0 || json_tree_read(span_from_str(text), &a, &root, NULL) < 0 ||
		root->type != JSON_OBJECT_BEGIN || root->n == 0 ||
		json_tree_write(root, &form, NULL) < 0 || form.overflowed)
		return;
	json_key(w, "Metadata");
	json_raw(w, buf_str(&form));
}

/* --- layers */

void render_posted_layer(const struct layer_body *layer, unsigned engine_version, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Layer");
	json_object_begin(&w);
	json_member_nonempty(&w, "Name", layer->name);
	json_member_nonempty(&w, "Path", layer->path);
	if (layer->headers.n) {
		json_key(&w, "Headers");
		json_object_begin(&w);
		for (size_t i = 0; i < layer->headers.n; i++) {
			json_key_str(&w, layer->headers.v[i].name);
			json_string(&w, layer->headers.v[i].value);
		}
		json_object_end(&w);
	}
	json_member_nonempty(&w, "ParentName", layer->parent);
	json_member_nonempty(&w, "Format", layer->format);
	json_member_u64(&w, "IndexedByVersion", engine_version);
	json_object_end(&w);
	end(&w);
}

static void write_match(struct json_writer *w, const struct layer_match *m)
{
	json_object_begin(w);
	json_member_nonempty(w, "Name", m->name);
	json_member_nonempty(w, "NamespaceName", m->name_space);
	json_member_nonempty(w, "Description", m->description);
	json_member_nonempty(w, "Link", m->link);
	json_member(w, "Severity", str_of(severity_to_str(m->severity)));
	write_metadata(w, m->metadata);
	json_member_nonempty(w, "FixedBy", m->fixed_by);
	json_object_end(w);
}

/* The feature with this index, and its matches, which start at *match. */
static void write_layer_feature(
	struct json_writer *w, const struct layer_view *view, size_t index, size_t *match)
{
	const struct layer_feature *f = &view->features.v[index];

	json_object_begin(w);
	json_member_nonempty(w, "Name", f->name);
	json_member_nonempty(w, "NamespaceName", f->name_space);
	json_member_nonempty(w, "VersionFormat", version_format(f->scheme));
	json_member_nonempty(w, "Version", f->version);
	if (*match < view->matches.n && view->matches.v[*match].feature == index) {
		json_key(w, "Vulnerabilities");
		json_array_begin(w);
		while (*match < view->matches.n && view->matches.v[*match].feature == index)
			write_match(w, &view->matches.v[(*match)++]);
		json_array_end(w);
	}
	json_member_nonempty(w, "AddedBy", f->added_by_name);
	json_object_end(w);
}

void render_layer(const struct layer_view *view, enum layer_part part, struct buf *out)
{
	struct json_writer w;
	size_t match = 0;

	begin(&w, out);
	json_key(&w, "Layer");
	json_object_begin(&w);
	json_member_nonempty(&w, "Name", view->layer.name);
	json_member_nonempty(&w, "NamespaceName", view->layer.name_space);
	json_member_nonempty(&w, "ParentName", view->layer.parent);
	if (view->layer.engine_version)
		json_member_u64(&w, "IndexedByVersion", view->layer.engine_version);
	if (part != LAYER_PART_NONE && view->features.n) {
		json_key(&w, "Features");
		json_array_begin(&w);
		for (size_t i = 0; i < view->features.n; i++)
			write_layer_feature(&w, view, i, &match);
		json_array_end(&w);
	}
	json_object_end(&w);
	end(&w);
}

/* --- namespaces */

void render_namespaces(const struct stored_namespace *v, size_t n, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Namespaces");
	if (n == 0) {
		json_null(&w);
	} else {
		json_array_begin(&w);
		for (size_t i = 0; i < n; i++) {
			json_object_begin(&w);
			json_member_nonempty(&w, "Name", v[i].name);
			json_member_nonempty(&w, "VersionFormat", version_format(v[i].scheme));
			json_object_end(&w);
		}
		json_array_end(&w);
	}
	end(&w);
}

/* --- vulnerabilities and fixes */

static void write_sent_feature(struct json_writer *w, const struct feature_body *f)
{
	json_object_begin(w);
	json_member_nonempty(w, "Name", f->name);
	json_member_nonempty(w, "NamespaceName", f->name_space);
	json_member_nonempty(w, "VersionFormat", f->format);
	json_member_nonempty(w, "Version", f->version);
	json_member_nonempty(w, "AddedBy", f->added_by);
	json_object_end(w);
}

void render_sent_feature(const struct feature_body *f, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Feature");
	write_sent_feature(&w, f);
	end(&w);
}

void render_sent_vulnerability(const struct vulnerability_body *v, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Vulnerability");
	json_object_begin(&w);
	json_member_nonempty(&w, "Name", v->name);
	json_member_nonempty(&w, "NamespaceName", v->name_space);
	json_member_nonempty(&w, "Description", v->description);
	json_member_nonempty(&w, "Link", v->link);
	json_member_nonempty(&w, "Severity", v->severity);
	write_metadata(&w, v->metadata);
	json_member_nonempty(&w, "FixedBy", v->fixed_by);
	if (v->fixed_in.n) {
		json_key(&w, "FixedIn");
		json_array_begin(&w);
		for (size_t i = 0; i < v->fixed_in.n; i++)
			write_sent_feature(&w, &v->fixed_in.v[i]);
		json_array_end(&w);
	}
	json_object_end(&w);
	end(&w);
}

static void write_fix(
	struct json_writer *w, const struct stored_vulnerability *v, const struct advisory_fix *f)
{
	json_object_begin(w);
	json_member_nonempty(w, "Name", f->package);
	json_member_nonempty(w, "NamespaceName", v->name_space);
	json_member_nonempty(w, "VersionFormat", version_format(v->scheme));
	struct str version = fix_public_version(f->state, f->fixed_version);
	json_member(w, "Version", version.n ? version : STR("None"));
	json_object_end(w);
}

/* Fixes for different architectures. */
static bool looks_the_same(const struct advisory_fix *a, const struct advisory_fix *b)
{
	return str_eq(a->package, b->package) && str_eq(a->introduced, b->introduced) &&
	       str_eq(fix_public_version(a->state, a->fixed_version),
		       fix_public_version(b->state, b->fixed_version));
}

static void write_fixes(struct json_writer *w, const struct stored_vulnerability *v)
{
	json_array_begin(w);
	for (size_t i = 0; i < v->n_fixes; i++) {
		if (i == 0 || !looks_the_same(&v->fixes[i - 1], &v->fixes[i]))
			write_fix(w, v, &v->fixes[i]);
	}
	json_array_end(w);
}

static void write_vulnerability(
	struct json_writer *w, const struct stored_vulnerability *v, bool with_fixes)
{
	json_object_begin(w);
	json_member_nonempty(w, "Name", v->name);
	json_member_nonempty(w, "NamespaceName", v->name_space);
	json_member_nonempty(w, "Description", v->description);
	json_member_nonempty(w, "Link", v->link);
	json_member(w, "Severity", str_of(severity_to_str(v->severity)));
	write_metadata(w, v->metadata);
	if (with_fixes && v->n_fixes) {
		json_key(w, "FixedIn");
		write_fixes(w, v);
	}
	json_object_end(w);
}

void render_vulnerability(const struct stored_vulnerability *v, bool with_fixes, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Vulnerability");
	write_vulnerability(&w, v, with_fixes);
	end(&w);
}

void render_vulnerabilities(
	const struct stored_vulnerability *v, size_t n, struct str next_page, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Vulnerabilities");
	if (n == 0) {
		json_null(&w);
	} else {
		json_array_begin(&w);
		for (size_t i = 0; i < n; i++)
			write_vulnerability(&w, &v[i], false);
		json_array_end(&w);
	}
	json_member_nonempty(&w, "NextPage", next_page);
	end(&w);
}

void render_fixes(const struct stored_vulnerability *v, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Features");
	if (v->n_fixes)
		write_fixes(&w, v);
	else
		json_null(&w);
	end(&w);
}

/* --- notifications */

static void write_side(struct json_writer *w, const char *key, const struct notification_side *side)
{
	if (!side->exists)
		return;
	json_key(w, key);
	json_object_begin(w);
	json_key(w, "Vulnerability");
	write_vulnerability(w, &side->vulnerability, true);
	if (side->n_layers) {
		json_key(w, "OrderedLayersIntroducingVulnerability");
		json_array_begin(w);
		for (size_t i = 0; i < side->n_layers; i++) {
			json_object_begin(w);
			json_key(w, "Index");
			json_i64(w, side->layers[i].index);
			json_member(w, "LayerName", side->layers[i].name);
			json_object_end(w);
		}
		json_array_end(w);
		json_key(w, "LayersIntroducingVulnerability");
		json_array_begin(w);
		for (size_t i = 0; i < side->n_layers; i++)
			json_string(w, side->layers[i].name);
		json_array_end(w);
	}
	json_object_end(w);
}

/* Seconds since 1970, as text. */
static void write_time(struct json_writer *w, const char *key, int64_t seconds)
{
	char text[24];

	if (seconds == 0)
		return;
	(void)snprintf(text, sizeof(text), "%" PRId64, seconds);
	json_member(w, key, str_of(text));
}

void render_notification(const struct stored_notification *n, int64_t limit, struct str page,
	struct str next_page, struct buf *out)
{
	struct json_writer w;

	begin(&w, out);
	json_key(&w, "Notification");
	json_object_begin(&w);
	json_member_nonempty(&w, "Name", n->name);
	write_time(&w, "Created", n->created_at);
	write_time(&w, "Notified", n->notified_at);
	write_time(&w, "Deleted", n->deleted_at);
	if (limit) {
		json_key(&w, "Limit");
		json_i64(&w, limit);
	}
	json_member_nonempty(&w, "Page", page);
	json_member_nonempty(&w, "NextPage", next_page);
	write_side(&w, "Old", &n->before);
	write_side(&w, "New", &n->after);
	json_object_end(&w);
	end(&w);
}
