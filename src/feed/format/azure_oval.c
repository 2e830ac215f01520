#include "base/base.h"

#include "feed/format/azure_oval.h"
#include "feed/format/oval.h"
#include "feed/format/rpm_words.h"
#include "feed/sink.h"

#define NAME_SHOWN 100

struct reading {
	struct str name_space;
	struct feed_sink *sink;
};

static void note(struct reading *r, const struct oval_definition *d, const char *problem)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	r->sink->note(r->sink,
		arena_printf(&a, "%" PRIstr " definition %" PRIstr ": %s", STR_ARG(r->name_space),
			STR_ARG(str_head(d->id, NAME_SHOWN)), problem)
			.p);
}

/* "0: 1.57.0-1.cm2" is how some stand there. */
static struct str version_of(const struct oval_test *t, struct arena *a)
{
	struct str epoch, version;

	if (!str_cut(str_trim(t->evr), ':', &epoch, &version))
		return str_trim(t->evr);
	epoch = str_trim(epoch);
	version = str_trim(version);
	return rpm_without_epoch_0(
		arena_printf(a, "%" PRIstr ":%" PRIstr, STR_ARG(epoch), STR_ARG(version)));
}

/* The fix that the criteria are; false when they make no sense. */
static bool read_fix(const struct oval_definition *d, struct arena *a, struct advisory_fix *out)
{
	bool found = false;

	for (size_t i = 0; i < d->n_nodes; i++) {
		const struct oval_test *t = d->nodes[i].test;

		if (d->nodes[i].kind != OVAL_NODE_TEST || t->kind != OVAL_TEST_RPM ||
			t->evr.n == 0 || t->n_names != 1)
			continue;
		out->package = t->names[0];
		if (t->evr_operation == OVAL_LESS) {
			out->fixed_version = version_of(t, a);
			found = true;
		} else if (t->evr_operation == OVAL_LESS_OR_EQUAL) {
			found = true;
		} else if (t->evr_operation == OVAL_GREATER ||
			   t->evr_operation == OVAL_GREATER_OR_EQUAL) {
			out->introduced = version_of(t, a);
		}
	}
	out->state = out->fixed_version.n ? FIX_STATE_FIXED : FIX_STATE_AFFECTED;
	return found;
}

/* What Microsoft calls not applicable stands among the rest, and is told by these words. */
static bool is_applicable(const struct oval_definition *d)
{
	return str_find(d->description, STR("no longer is or was never applicable")) < 0;
}

static int put_definition(void *ctx, const struct oval_definition *d, struct err *err)
{
	struct reading *r = ctx;
	_cleanup_arena_ struct arena a = ARENA_INIT;
	_cleanup_err_ struct err refused = ERR_INIT;
	struct str name = d->n_references ? str_trim(d->references[0].id) : STR_NULL;
	enum severity severity = rpm_severity(d->severity);
	struct advisory_fix fix = { .severity = severity };

	if (!is_applicable(d))
		return 0;
	if (!feed_is_word(name) || !str_starts(name, STR("CVE-"))) {
		note(r, d, "no name of a CVE");
		return 0;
	}
	if (!read_fix(d, &a, &fix)) {
		note(r, d, "no package");
		return 0;
	}
	struct advisory advisory = {
		.name_space = r->name_space,
		.scheme = STR("rpm"),
		.name = name,
		.severity = severity,
		.link = d->references[0].url,
		.description = feed_cut_text(str_trim(d->description)),
		.fixes = &fix,
		.n_fixes = 1,
	};
	int e = r->sink->put(r->sink, &advisory, &refused);
	return e < 0 && e != -ERR_INPUT ? err_move(err, &refused) : 0;
}

int azure_oval_parse(
	struct stream *in, struct str name_space, struct feed_sink *sink, struct err *err)
{
	struct reading r = { .name_space = name_space, .sink = sink };

	return oval_read(in, put_definition, &r, err);
}
