#include "base/base.h"

#include "feed/format/oval.h"
#include "feed/format/photon_oval.h"
#include "feed/format/rpm_words.h"
#include "feed/sink.h"

#define NAME_SHOWN 100

struct reading {
	struct str name_space;
	struct feed_sink *sink;
};

static const struct oval_reference *reference(const struct oval_definition *d, struct str source)
{
	for (size_t i = 0; i < d->n_references; i++) {
		if (str_eq(d->references[i].source, source))
			return &d->references[i];
	}
	return NULL;
}

static size_t list_cves(const struct oval_definition *d, struct arena *a, struct str **out)
{
	size_t n = 0;

	*out = arena_alloc(a, (d->n_cves + 1) * sizeof(**out));
	for (size_t i = 0; i < d->n_cves; i++) {
		struct str id = str_trim(d->cves[i].id);

		if (str_starts(id, STR("CVE-")) && feed_is_word(id))
			(*out)[n++] = id;
	}
	return n;
}

static size_t list_fixes(
	const struct oval_definition *d, struct arena *a, struct advisory_fix **out)
{
	size_t n = 0;

	*out = arena_alloc(a, (d->n_nodes + 1) * sizeof(**out));
	for (size_t i = 0; i < d->n_nodes; i++) {
		const struct oval_test *t = d->nodes[i].test;

		if (d->nodes[i].kind != OVAL_NODE_TEST || t->kind != OVAL_TEST_RPM ||
			t->evr_operation != OVAL_LESS || t->n_names != 1)
			continue;
		struct str version = rpm_without_epoch_0(str_trim(t->evr));
		if (version.n == 0)
			continue;
		(*out)[n++] = (struct advisory_fix){ .package = t->names[0],
			.fixed_version = version,
			.state = FIX_STATE_FIXED,
			.severity = rpm_severity(d->severity) };
	}
	return n;
}

static int put_definition(void *ctx, const struct oval_definition *d, struct err *err)
{
	struct reading *r = ctx;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err refused = ERR_INIT;
	const struct oval_reference *page = reference(d, STR("PHSA"));
	struct str *cves, title = d->title, name;
	struct advisory_fix *fixes;

	/* "PHSA-2020:00001 sqlite Security Update. (Important)" */
	if (!str_next_word(&title, &name) || !str_starts(name, STR("PHSA-")) ||
		!feed_is_word(name)) {
		r->sink->note(
			r->sink, arena_printf(&a, "definition %" PRIstr ": no name of an advisory",
					 STR_ARG(str_head(d->id, NAME_SHOWN)))
					 .p);
		return 0;
	}
	struct advisory advisory = {
		.name_space = r->name_space,
		.scheme = STR("rpm"),
		.name = name,
		.severity = rpm_severity(d->severity),
		.link = page ? page->url : STR_NULL,
		.description = feed_cut_text(str_trim(d->description)),
		.n_cves = list_cves(d, &a, &cves),
		.n_fixes = list_fixes(d, &a, &fixes),
	};
	advisory.cves = cves;
	advisory.fixes = fixes;
	int e = r->sink->put(r->sink, &advisory, &refused);
	return e < 0 && e != -ERR_INPUT ? err_move(err, &refused) : 0;
}

int photon_oval_parse(
	struct stream *in, struct str name_space, struct feed_sink *sink, struct err *err)
{
	struct reading r = { .name_space = name_space, .sink = sink };

	return oval_read(in, put_definition, &r, err);
}
