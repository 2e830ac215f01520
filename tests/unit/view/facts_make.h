/*
 * Facts from text, one a line, for tests and benchmarks:
 *
 *   release PATH ID NAMESPACE SCHEME
 *   DRIVER PATH NAME=VERSION …   or DRIVER PATH ! ERROR
 *   link PATH TARGET, directory PATH, hidden PATH, opaque PATH   ("." is the root)
 */
#ifndef TESTS_UNIT_VIEW_FACTS_MAKE_H
#define TESTS_UNIT_VIEW_FACTS_MAKE_H

#include "analyze/analyze.h"

static inline struct str facts_word(struct str *rest, struct arena *a)
{
	struct str word = STR_NULL;

	if (!str_next_word(rest, &word) || str_eq(word, STR(".")))
		return STR_NULL;
	return arena_str(a, word);
}

static inline void facts_make_database(struct fact *f, struct str rest, struct arena *a)
{
	struct str word;

	f->kind = FACT_DATABASE;
	while (str_next_word(&rest, &word)) {
		struct package p = { 0 };

		if (str_eq(word, STR("!"))) {
			f->error = arena_str(a, str_trim(rest));
			return;
		}
		(void)str_cut(arena_str(a, word), '=', &p.name, &p.version);
		vec_push(&f->packages.items, p);
	}
}

static inline void facts_add(struct layer_facts *facts, struct str line)
{
	static const char *const words[FACT_KIND_COUNT] = { [FACT_RELEASE] = "release",
		[FACT_DATABASE] = "database",
		[FACT_LINK] = "link",
		[FACT_DIRECTORY] = "directory",
		[FACT_HIDDEN] = "hidden",
		[FACT_OPAQUE] = "opaque" };
	struct arena *a = &facts->arena;
	struct str kind = facts_word(&line, a);
	struct fact f = { .path = facts_word(&line, a) };

	for (int k = 0; k < FACT_KIND_COUNT; k++) {
		if (str_eq(kind, str_of(words[k])))
			f.kind = (enum fact_kind)k;
	}
	f.driver = package_db_driver_by_name(kind);
	if (f.driver) {
		facts_make_database(&f, line, a);
	} else if (f.kind == FACT_LINK) {
		f.target = facts_word(&line, a);
	} else if (f.kind == FACT_RELEASE) {
		f.release.path = f.path;
		f.release.found = true;
		f.release.distro.id = facts_word(&line, a);
		f.release.distro.name_space = facts_word(&line, a);
		f.release.distro.scheme = facts_word(&line, a);
	}
	vec_push(&facts->facts, f);
}

#endif
