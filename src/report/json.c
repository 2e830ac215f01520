/*
 * The report as JSON, as docs/report.md and docs/report.schema.json describe it. Members are only
 * ever added to it.
 */
#include "report/report_priv.h"

static void write_distribution(struct json_writer *w, const struct distro *d)
{
	json_key(w, "distribution");
	json_object_begin(w);
	json_member(w, "id", d->id);
	json_member(w, "version", d->version);
	json_member(w, "namespace", d->name_space);
	json_member_nonempty(w, "name", d->name);
	json_object_end(w);
}

static void write_vulnerability(struct json_writer *w, const struct report_vulnerability *v)
{
	json_object_begin(w);
	json_member(w, "id", v->id);
	json_member(w, "severity", str_of(severity_to_str(v->severity)));
	json_member(w, "package", v->package);
	json_member(w, "installed", v->installed);
	json_member_nonempty(w, "fixed_in", v->fixed_in);
	json_member(w, "state", str_of(fix_state_to_str(v->state)));
	json_member_nonempty(w, "link", v->link);
	json_member_nonempty(w, "description", v->description);
	json_member_nonempty(w, "layer", v->layer);
	if (v->n_cves) {
		json_key(w, "cves");
		json_array_begin(w);
		for (size_t i = 0; i < v->n_cves; i++)
			json_string(w, v->cves[i]);
		json_array_end(w);
	}
	json_object_end(w);
}

static void write_package(struct json_writer *w, const struct report_package *p)
{
	json_object_begin(w);
	json_member(w, "name", p->package.name);
	json_member(w, "version", p->package.version);
	json_member_nonempty(w, "arch", p->package.arch);
	json_member_nonempty(w, "source", p->package.source);
	json_member_nonempty(w, "source_version", p->package.source_version);
	json_member_nonempty(w, "module", p->package.module);
	json_member_nonempty(w, "vendor", p->package.vendor);
	json_member_nonempty(w, "database", p->database);
	json_member_nonempty(w, "layer", p->layer);
	json_object_end(w);
}

static void write_unevaluated(struct json_writer *w, const struct report_unevaluated *u)
{
	json_object_begin(w);
	json_member(w, "name", u->name);
	json_member(w, "version", u->version);
	json_member(w, "reason", u->reason);
	json_object_end(w);
}

static void write_error(struct json_writer *w, const struct report_error *e)
{
	json_object_begin(w);
	json_member_nonempty(w, "layer", e->layer);
	json_member(w, "message", e->message);
	json_object_end(w);
}

/* Lowest first; one whose digest is not known keeps its place. */
static void write_layers(struct json_writer *w, const struct report_target *t)
{
	json_key(w, "layers");
	json_array_begin(w);
	vec_for_each(layer, &t->layers) {
		if (layer->n)
			json_string(w, *layer);
		else
			json_null(w);
	}
	json_array_end(w);
}

/* The severity's name in lower case, as a key. */
static void write_severity_key(struct json_writer *w, enum severity s)
{
	_cleanup_free_ char *name = xstrdup(severity_to_str(s));

	for (char *c = name; *c; c++)
		*c = ascii_to_lower(*c);
	json_key(w, name);
}

static void write_summary(struct json_writer *w, const struct report_summary *s)
{
	json_key(w, "summary");
	json_object_begin(w);
	json_member_u64(w, "findings", s->findings);
	json_key(w, "by_severity");
	json_object_begin(w);
	for (int i = SEVERITY_COUNT - 1; i >= 0; i--) {
		write_severity_key(w, (enum severity)i);
		json_u64(w, s->by_severity[i]);
	}
	json_object_end(w);
	json_member_u64(w, "fixable", s->fixable);
	json_member_u64(w, "hidden", s->hidden);
	json_member_u64(w, "packages", s->packages);
	json_member_u64(w, "evaluated", s->evaluated);
	json_member_u64(w, "not_evaluated", s->not_evaluated);
	json_object_end(w);
}

static void write_target(
	struct json_writer *w, const struct report_target *t, const struct report_options *o)
{
	struct report_summary summary = report_summarize(t, o);

	json_object_begin(w);
	json_member(w, "target", t->target);
	json_member_nonempty(w, "digest", t->digest);
	if (t->has_distro)
		write_distribution(w, &t->distro);
	write_layers(w, t);
	json_key(w, "vulnerabilities");
	json_array_begin(w);
	vec_for_each(v, &t->vulnerabilities) {
		if (report_shows(o, v))
			write_vulnerability(w, v);
	}
	json_array_end(w);
	if (o->list_packages) {
		json_key(w, "packages");
		json_array_begin(w);
		vec_for_each(p, &t->packages)
			write_package(w, p);
		json_array_end(w);
	}
	json_key(w, "not_evaluated");
	json_array_begin(w);
	vec_for_each(u, &t->not_evaluated)
		write_unevaluated(w, u);
	json_array_end(w);
	if (t->errors.n) {
		json_key(w, "errors");
		json_array_begin(w);
		vec_for_each(e, &t->errors)
			write_error(w, e);
		json_array_end(w);
	}
	write_summary(w, &summary);
	json_object_end(w);
}

void report_write_json(const struct report *r, const struct report_options *o, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, JSON_WRITER_PRETTY);
	json_object_begin(&w);
	json_key(&w, "targets");
	json_array_begin(&w);
	vec_for_each(t, &r->targets)
		write_target(&w, t, o);
	json_array_end(&w);
	json_object_end(&w);
	buf_append_char(out, '\n');
}
