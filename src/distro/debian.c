/*
 * What Debian and Ubuntu images tell about their release besides os-release: the sources of apt
 * (sources.list(5): one-line style and deb822 style) and etc/debian_version.
 *
 * The first source of the component "main" whose suite is a release's code name decides; this is
 * how an image of unstable, whose other files only speak of the next release, is known. Suites with
 * more to their names (bookworm-backports, bookworm-pgdg) are somebody's additions.
 */
#include "base/base.h"

#include "codec/codec.h"
#include "distro/distro_priv.h"

static bool claim_of_suite(struct str suite, struct release_claim *claim)
{
	if (debian_release_of_codename(suite).n)
		claim->id = STR("debian");
	else if (ubuntu_release_of_codename(suite).n)
		claim->id = STR("ubuntu");
	else
		return false;
	claim->version = suite;
	return true;
}

/* Suites that disagree say nothing: packages of a second release are often pinned, or source
 * packages only. */
struct agreement {
	struct release_claim claim;
	bool found;
	bool conflict;
};

static void agree(struct agreement *a, struct str suite)
{
	struct release_claim claim = { .id = STR_NULL };

	if (!claim_of_suite(suite, &claim))
		return;
	if (a->found && !(str_eq(a->claim.id, claim.id) && str_eq(a->claim.version, claim.version)))
		a->conflict = true;
	a->claim = claim;
	a->found = true;
}

static bool has_word(struct str list, struct str wanted)
{
	struct str word;

	while (str_next_word(&list, &word)) {
		if (str_eq(word, wanted))
			return true;
	}
	return false;
}

/* The next word; white space between brackets (options, names of discs) does not end it. */
static bool next_source_word(struct str *rest, struct str *word)
{
	bool bracketed = false;
	size_t n = 0;

	*rest = str_trim(*rest);
	for (; n < rest->n && (bracketed || !ascii_is_space(rest->p[n])); n++) {
		if (rest->p[n] == '[')
			bracketed = true;
		else if (rest->p[n] == ']')
			bracketed = false;
	}
	*word = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	return n > 0;
}

/* deb [options] uri suite component…; deb-src installs nothing. */
static void take_line(struct str line, struct agreement *a)
{
	struct str type, uri, suite;

	(void)str_cut(line, '#', &line, NULL);
	if (!next_source_word(&line, &type) || !str_eq(type, STR("deb")) ||
		!next_source_word(&line, &uri))
		return;
	if (uri.p[0] == '[' && !next_source_word(&line, &uri))
		return;
	if (next_source_word(&line, &suite) && has_word(line, STR("main")))
		agree(a, suite);
}

static void take_list(struct str content, struct agreement *a)
{
	struct str line;

	while (str_next_line(&content, &line))
		take_line(line, a);
}

struct source {
	struct str types, suites, components, enabled;
};

static void take_source(const struct source *s, struct agreement *a)
{
	struct str suites = s->suites, suite;

	if (str_eq_nocase(s->enabled, STR("no")) || !has_word(s->components, STR("main")) ||
		(s->types.n && !has_word(s->types, STR("deb"))))
		return;
	while (str_next_word(&suites, &suite))
		agree(a, suite);
}

static void take_stanzas(struct str content, struct agreement *a)
{
	struct stanza_reader reader;
	struct stanza_field field;
	struct source source = { .suites = STR_NULL };
	int event;

	stanza_reader_init(&reader, content);
	/* A negative event is a line that is no field: a comment, and no concern here. */
	while ((event = stanza_next(&reader, &field, NULL)) != STANZA_END) {
		if (event == STANZA_BREAK) {
			take_source(&source, a);
			source = (struct source){ .suites = STR_NULL };
		} else if (event == STANZA_FIELD && str_eq_nocase(field.name, STR("Types"))) {
			source.types = field.value;
		} else if (event == STANZA_FIELD && str_eq_nocase(field.name, STR("Suites"))) {
			source.suites = field.value;
		} else if (event == STANZA_FIELD && str_eq_nocase(field.name, STR("Components"))) {
			source.components = field.value;
		} else if (event == STANZA_FIELD && str_eq_nocase(field.name, STR("Enabled"))) {
			source.enabled = field.value;
		}
	}
}

static int parse_apt_sources(
	struct str path, struct str content, struct arena *a, struct distro *out)
{
	struct agreement agreement = { .found = false };

	if (str_ends(path, STR(".sources")))
		take_stanzas(content, &agreement);
	else
		take_list(content, &agreement);
	return agreement.found && !agreement.conflict ? distro_describe(&agreement.claim, a, out)
						      : 0;
}

/* "12.5", "4.0r9", or "trixie/sid" on testing and unstable alike. */
static int parse_debian_version(
	struct str path UNUSED, struct str content, struct arena *a, struct distro *out)
{
	struct release_claim claim = { .id = STR("debian") };
	struct str line;

	if (!str_next_line(&content, &line))
		return 0;
	line = str_head(str_trim(line), LIMIT_RELEASE_WORD);
	claim.version = str_ends(line, STR("/sid")) ? STR("unstable") : line;
	claim.name = arena_printf(a, "Debian GNU/Linux %" PRIstr, STR_ARG(line));
	return distro_describe(&claim, a, out);
}

static const char *const apt_paths[] = { "etc/apt/sources.list",
	"etc/apt/sources.list.d/debian.sources", "etc/apt/sources.list.d/ubuntu.sources", NULL };
static const char *const debian_version_paths[] = { "etc/debian_version", NULL };

const struct release_detector release_apt_sources = {
	.name = "apt-sources",
	.paths = apt_paths,
	.parse = parse_apt_sources,
};

const struct release_detector release_debian_version = {
	.name = "debian-version",
	.paths = debian_version_paths,
	.parse = parse_debian_version,
};
