/*
 * Facts as text, one a line, for tests to compare:
 *
 *   release PATH NAMESPACE       ("-": it names none)
 *   DRIVER PATH NAME=VERSION …   or DRIVER PATH ! ERROR
 *   link PATH > TARGET, directory PATH, hidden PATH, opaque PATH
 */
#ifndef TESTS_UNIT_ANALYZE_FACTS_TEXT_H
#define TESTS_UNIT_ANALYZE_FACTS_TEXT_H

#include "analyze/analyze.h"

static inline void fact_database_text(const struct fact *f, struct buf *out)
{
	buf_printf(out, "%s %" PRIstr, f->driver->name, STR_ARG(f->path));
	if (f->error.n)
		buf_printf(out, " ! %" PRIstr, STR_ARG(f->error));
	vec_for_each(p, &f->packages.items)
		buf_printf(out, " %" PRIstr "=%" PRIstr, STR_ARG(p->name), STR_ARG(p->version));
}

static inline void facts_text(const struct layer_facts *facts, struct buf *out)
{
	static const char *const words[FACT_KIND_COUNT] = { [FACT_LINK] = "link",
		[FACT_DIRECTORY] = "directory",
		[FACT_HIDDEN] = "hidden",
		[FACT_OPAQUE] = "opaque",
		[FACT_RELEASE] = "release" };

	vec_for_each(f, &facts->facts) {
		if (f->kind == FACT_DATABASE)
			fact_database_text(f, out);
		else
			buf_printf(out, "%s %" PRIstr, words[f->kind], STR_ARG(f->path));
		if (f->kind == FACT_LINK)
			buf_printf(out, " > %" PRIstr, STR_ARG(f->target));
		if (f->kind == FACT_RELEASE)
			buf_printf(out, " %" PRIstr,
				STR_ARG(f->release.found ? f->release.distro.name_space
							 : STR("-")));
		buf_append_char(out, '\n');
	}
}

#endif
