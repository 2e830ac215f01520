#include "base/base.h"

#include "feed/format/rpm_words.h"
#include "feed/oval_advisory.h"
#include "feed/sink.h"
#include "version/version.h"

/* No name or version is near it. */
#define NAME_SHOWN 100

static bool is_cve(struct str s)
{
	return str_starts(s, STR("CVE-")) && feed_is_word(s) && s.n <= NAME_SHOWN;
}

static void add_cve(struct str *list, size_t *n, struct map *seen, struct str cve)
{
	if (!is_cve(cve) || map_has(seen, cve))
		return;
	map_set(seen, cve, seen);
	list[(*n)++] = cve;
}

void oval_cves(const struct oval_definition *d, struct arena *a, const struct str **out, size_t *n)
{
	_cleanup_map_ struct map seen = MAP_INIT;
	struct str *list = arena_alloc(a, (d->n_cves + d->n_references + 1) * sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < d->n_cves; i++)
		add_cve(list, n, &seen, d->cves[i].id);
	for (size_t i = 0; i < d->n_references; i++) {
		if (str_eq_nocase(d->references[i].source, STR("CVE")))
			add_cve(list, n, &seen, d->references[i].id);
	}
	*out = list;
}

struct str oval_link(const struct oval_definition *d, struct str source)
{
	for (size_t i = 0; i < d->n_references; i++) {
		if (str_eq_nocase(d->references[i].source, source))
			return d->references[i].url;
	}
	return d->n_references ? d->references[0].url : STR_NULL;
}

enum severity oval_severity(struct str word)
{
	static const struct {
		struct str word;
		enum severity severity;
	} words[] = {
		{ STR_INIT("n/a"), SEVERITY_NEGLIGIBLE },
		{ STR_INIT("low"), SEVERITY_LOW },
		{ STR_INIT("moderate"), SEVERITY_MEDIUM },
		{ STR_INIT("important"), SEVERITY_HIGH },
		{ STR_INIT("critical"), SEVERITY_CRITICAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq_nocase(words[i].word, word))
			return words[i].severity;
	}
	return SEVERITY_UNKNOWN;
}

static void note(const struct oval_put *p, const struct oval_fix *fix, const char *what)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;

	p->sink->note(p->sink, arena_printf(&a, "%" PRIstr ": %" PRIstr ": %s: %" PRIstr,
				       STR_ARG(str_head(p->advisory.name, NAME_SHOWN)),
				       STR_ARG(str_head(fix->package, NAME_SHOWN)), what,
				       STR_ARG(str_head(fix->version, NAME_SHOWN)))
				       .p);
}

static size_t convert(
	const struct oval_put *p, const struct oval_fix *fixes, size_t n, struct advisory_fix *out)
{
	const struct version_scheme *rpm = version_scheme_by_name(STR("rpm"));
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct advisory_fix fix = { .package = fixes[i].package,
			.fixed_version = fixes[i].version,
			.state = FIX_STATE_FIXED,
			.severity = p->advisory.severity,
			.arches = fixes[i].arches };

		if (fix.fixed_version.n == 0) {
			if (!p->state || !p->state(p->definition, &fixes[i], &fix.state))
				continue;
		} else if (!feed_is_word(fix.fixed_version) ||
			   !version_is_valid(rpm, fix.fixed_version)) {
			note(p, &fixes[i], "no version");
			continue;
		}
		out[kept++] = fix;
	}
	return kept;
}

int oval_put_release(const struct oval_put *p, const struct oval_fix *fixes, size_t n,
	const struct str *prefixes, size_t n_prefixes, struct err *err)
{
	_cleanup_arena_ struct arena a = ARENA_INIT;
	struct advisory_fix *list = arena_alloc(&a, (n + 1) * sizeof(*list));
	struct advisory advisory = p->advisory;
	int r = 0;

	advisory.fixes = list;
	advisory.n_fixes = convert(p, fixes, n, list);
	if (advisory.n_fixes == 0)
		return 0;
	if (p->covering)
		r = p->sink->cover_name(p->sink, advisory.name, err);
	for (size_t i = 0; i < n_prefixes && r == 0; i++) {
		_cleanup_err_ struct err refused = ERR_INIT;

		advisory.name_space = arena_printf(
			&a, "%" PRIstr "%" PRIstr, STR_ARG(prefixes[i]), STR_ARG(fixes[0].release));
		r = p->sink->put(p->sink, &advisory, &refused);
		if (r < 0 && r != -ERR_INPUT)
			return err_move(err, &refused);
		r = 0;
	}
	return r;
}
